"""The cache key: the same for the same code over the same content, and for nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import ExpressionError
from flowbook.events import NodeCompleted
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.choices import Ttl
from flowbook.graph.options import Options
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Binding, FromParam, FromStep, Step, StepIndex
from flowbook.run.recall import Key, NoKey, contents, evaluated, judge, key_of, subject
from flowbook.run.work import Work

ROWS = ValueRef("", ValueFormat.JSON, "list", inline=msgspec.Raw(b"[1,2]"))
FRAME = ValueRef("ab12", ValueFormat.PARQUET, "pandas.DataFrame")


def key(*, own="code", content="", rows=ROWS, city="Oslo"):
    step = Step(
        index=StepIndex(1),
        node=NodeId("clean"),
        kind="python",
        bindings=(
            Binding(PortName("rows"), FromStep(StepIndex(0), PortName("out"))),
            Binding(PortName("city"), FromParam(PortName("city"))),
        ),
        outputs=(PortName("clean"),),
        options=Options(cache=True),
        hash="whole",
        own=own,
    )
    outputs = [{} if rows is None else {PortName("out"): rows}, {}]
    work = Work(lambda context, inputs: None, content=content, opaque="db cannot be pickled")
    return key_of(step, work, contents(step, outputs, {PortName("city"): city}))


def test_the_same_gives_the_same():
    assert key() == key()


@pytest.mark.parametrize(
    "other",
    [
        {"own": "other code"},
        {"content": "other captured names"},
        {"rows": FRAME},
        {"rows": msgspec.structs.replace(FRAME, hash="cd34")},
        {"rows": msgspec.structs.replace(ROWS, inline=msgspec.Raw(b"[1,3]"))},
        {"rows": None},
        {"city": "Rome"},
    ],
)
def test_whatever_differs_gives_another(other):
    assert key(**other).digest != key().digest


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
answers = st.fixed_dictionaries({"own": st.text(), "content": st.text(), "city": plain})


@given(answers, answers)
def test_equal_keys_are_equal_code_names_and_inputs(one, other):
    same = all(repr(one[name]) == repr(other[name]) for name in one)
    equal = key(**one).digest == key(**other).digest
    if same:
        assert equal
    elif equal:  # the order of a mapping's fields is all that may differ
        assert [one["own"], one["content"]] == [other["own"], other["content"]]
        assert one["city"] == other["city"]


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), (None, float("nan")), ("1", 1)])
def test_parameters_that_compare_equal_or_print_alike_are_told_apart(one, other):
    assert key(city=one).digest != key(city=other).digest


def test_what_has_no_known_content_has_no_key():
    unkept = ValueRef("", ValueFormat.NONE, "socket", reason="cannot be kept")
    with pytest.raises(NoKey, match="not exact: rows was not kept as it is"):
        key(rows=unkept)


@pytest.mark.parametrize("flaw", ["redacted", "pictured"])
def test_what_was_kept_as_less_than_it_was_has_no_key(flaw):
    with pytest.raises(NoKey, match="not exact: rows"):
        key(rows=msgspec.structs.replace(ROWS, **{flaw: True}))


def test_captured_names_that_cannot_be_told_are_a_reason():
    with pytest.raises(NoKey, match="captures cannot be told: db cannot be pickled"):
        key(content=None)


# ---------------------------------------------------------------- a key of one's own


def test_a_key_expression_stands_for_all_inputs():
    assert subject({"b": 1, "a": 2}) == subject({"a": 2, "b": 1}) != subject({"a": 2})


def test_a_key_that_is_no_plain_data_is_a_reason():
    with pytest.raises(NoKey, match="key expression failed: it gives a object"):
        subject(object())


def test_a_key_expression_that_fails_is_a_reason():
    def refuse():
        raise ExpressionError("there is no name 'order'", code="name", column=1)

    with pytest.raises(NoKey, match="key expression failed: there is no name 'order'"):
        evaluated(refuse)
    with pytest.raises(NoKey, match="key expression failed: ZeroDivisionError"):
        evaluated(lambda: 1 / 0)


# ---------------------------------------------------------------- why


@dataclass
class Known:
    done: NodeCompleted | None = None
    cleared: float | None = None
    last: NodeCompleted | None = None


def done(**fields):
    parts = {"code": "c", "names": "n", "input:rows": "r", "input:city": "o"}
    given = {"run": "r", "seq": 3, "at": 1000.0, "node": "a", "attempt": 1, "ms": 1.0}
    return NodeCompleted(**(given | {"cache_key": "k", "cache_parts": parts} | fields))


ASKED = Key("k", done().cache_parts)


def test_what_is_known_is_taken():
    assert judge(Known(done()), ASKED, True, 2000.0) == ""


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"code": "x"}, "code changed"),
        ({"names": "x"}, "captured names changed"),
        ({"input:rows": "x"}, "input changed: rows"),
        ({"input:rows": "x", "input:city": "x"}, "input changed: city, rows"),
        ({"code": "x", "input:city": "x"}, "code changed; input changed: city"),
        ({"key": "x"}, "key changed"),
    ],
)
def test_a_miss_says_what_differs_from_the_last_time(changes, why):
    assert judge(Known(last=done()), Key("l", {**ASKED.parts, **changes}), True, 0.0) == why


def test_a_miss_after_a_run_that_kept_its_inputs_back_says_what_can_be_said():
    short = done(cache_parts={"code": "c"})
    assert judge(Known(last=short), Key("l", ASKED.parts), True, 0.0) == "input changed"
    assert judge(Known(last=done(cache_parts={})), ASKED, True, 0.0) == "code or input changed"


def test_the_other_reasons():
    assert judge(Known(), ASKED, True, 0.0) == "first"
    assert judge(Known(done(), cleared=1500.0), ASKED, True, 2000.0) == "cleared"
    pictured = msgspec.structs.replace(FRAME, pictured=True)
    gone = judge(Known(done(outputs={"a": pictured})), ASKED, True, 2000.0)
    assert gone.startswith("value gone")


def test_a_result_is_taken_until_its_time_is_over():
    assert judge(Known(done()), ASKED, Ttl(60.0), 1060.0) == ""
    assert judge(Known(done()), ASKED, Ttl(60.0), 1060.0 + 7200) == "expired 2h ago"


def test_equal_parts_under_another_key_are_not_explained_away():
    assert judge(Known(last=done()), replace(ASKED, digest="l"), True, 0) == "code or input changed"
