import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.cells.header import Header, parse_cell
from flowbook.cells.printing import print_cell
from flowbook.errors import FlowSyntaxError
from flowbook.graph.choices import Backoff, BackoffKind, Losers, On, Role, Ttl
from flowbook.graph.options import (
    OPTIONS,
    Options,
    did_you_mean,
    parse_backoff,
    parse_duration,
    parse_options,
    print_backoff,
    print_duration,
    print_options,
)
from flowbook.graph.schemas import Validate, parse_schemas
from flowbook.ids import NodeId

seconds = st.floats(0, 366 * 86400) | st.integers(0, 100_000).map(float)
quantities = st.dictionaries(
    st.sampled_from(["cpu", "gpu", "mem", "disk.fast"]),
    st.integers(1, 10**12) | st.sampled_from([0.5, 2_000, 3 * 1024**3, 16_000_000_000]),
).map(lambda amounts: tuple(amounts.items()))
words = st.lists(st.text("abc-_", min_size=1), max_size=3).map(tuple)
schemas = st.dictionaries(
    st.sampled_from(["rows", "top", "2xx", "a-b"]),
    st.sampled_from(
        [
            "int", "list[int]", "dict[str, int]", "table",
            {"columns": {"city": "string", "a #b: 'c'": {"dtype": "int", "nullable": False}}},
            {"columns": {}, "extra": False},
            {"type": "object", "properties": {"é \"q\"": {"enum": ["a\nb", "# c", None, 1.5]}}},
        ]
    ),
    max_size=3,
).map(parse_schemas)  # fmt: skip
options = st.builds(
    Options,
    retries=st.integers(0, 9999),
    backoff=st.builds(Backoff, st.sampled_from(BackoffKind), seconds, seconds),
    timeout=st.none() | seconds,
    on=st.sampled_from(On),
    pure=st.booleans(),
    cache=st.booleans() | st.floats(0.001, 366 * 86400).map(Ttl),
    cache_key=st.sampled_from(["", "order.id", "[a, 'b c']"]),
    tags=st.lists(st.text("abc-", min_size=1), max_size=3).map(tuple),
    inside=st.sampled_from(["", "each", "guard.catch", "guard.finally"]),
    join=st.integers(0, 9999),
    losers=st.sampled_from(Losers),
    settled=st.booleans(),
    priority=st.integers(-999, 999),
    needs=quantities,
    memory_limit=st.none() | st.integers(1, 10**15 - 1),
    cpu_limit=st.none() | seconds,
    limit=st.none() | st.integers(1, 999_999),
    limit_key=st.sampled_from(["", "order.id", "[a, 'b c']", "x['#']"]),
    compensate=st.sampled_from(["", "undo", "undo_2"]),
    role=st.sampled_from(Role),
    validate=st.none() | st.sampled_from(Validate),
    inputs=schemas,
    outputs=schemas,
    lock=words,
    cancels=words,
    completes=words,
    checkpoint=st.booleans(),
)


@given(options, st.sets(st.sampled_from(sorted(OPTIONS))), st.sampled_from(["", "1", "a\nb"]))
def test_options_read_back_as_flags_and_as_lines(
    given_options: Options, lines: set[str], body: str
):
    said = print_options(given_options)
    header = Header(
        name=NodeId("one"),
        flags={name: text for name, text in said.items() if name not in lines},
        lines={name: text for name, text in said.items() if name in lines},
    )
    cell = parse_cell(print_cell(header, body))
    assert cell.faults == ()
    assert (cell.header, cell.body) == (header, body)
    assert cell.header is not None
    assert cell.header.options == given_options


@given(options)
def test_printed_options_read_back(given_options: Options):
    assert parse_options(print_options(given_options)) == given_options


@given(seconds)
def test_a_printed_duration_reads_back_exactly(duration: float):
    assert parse_duration(print_duration(duration)) == duration


def test_the_schema_has_a_row_for_every_field():
    assert [row.attribute for row in OPTIONS.values()] == list(Options.__dataclass_fields__)
    assert all(option.help.endswith(".") for option in OPTIONS.values())


@pytest.mark.parametrize(
    ("value", "parsed"),
    [("250ms", 0.25), ("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86400), (3, 3), (" 4 ", 4)],
)
def test_durations_read(value: object, parsed: float):
    assert parse_duration(value) == parsed


@pytest.mark.parametrize("value", ["", "-1s", "1 week", "1e3", True, 1e12, None])
def test_what_is_no_duration_is_refused(value: object):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(value)


@pytest.mark.parametrize(
    ("kind", "delays"),
    [
        (BackoffKind.FIXED, [2, 2, 2]),
        (BackoffKind.LINEAR, [2, 4, 5]),
        (BackoffKind.EXPONENTIAL, [2, 4, 5]),
    ],
)
def test_pauses_grow_to_their_cap(kind: BackoffKind, delays: list[float]):
    assert [Backoff(kind, 2, 5).delay(n) for n in (1, 2, 3)] == delays


def test_a_thousand_failures_do_not_overflow():
    assert Backoff().delay(5000) == 300


@pytest.mark.parametrize(
    ("text", "backoff"),
    [
        ("2s", Backoff(BackoffKind.FIXED, 2)),
        (2, Backoff(BackoffKind.FIXED, 2)),
        ("exponential", Backoff()),
        ("linear 1s max 30s", Backoff(BackoffKind.LINEAR, 1, 30)),
    ],
)
def test_backoffs_read_and_print(text: object, backoff: Backoff):
    assert parse_backoff(text) == backoff
    assert parse_backoff(print_backoff(backoff)) == backoff


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("retries", -1, "0 to 9999"),
        ("retries", True, "0 to 9999"),
        ("retries", "many", "0 to 9999"),
        ("backoff", "1s 2s", "write a backoff"),
        ("backoff", "", "needs its pause"),
        ("timeout", "soon", "write a duration"),
        ("on", "gpu", "auto, inline, thread, process"),
        ("pure", "maybe", "true or false"),
        ("cache", "soon", "true, false or how old"),
        ("cache", 0, "true, false or how old"),
        ("cache_key", 3, "an expression"),
        ("cache_key", "a\nb", "an expression"),
        ("tags", 3, "separated by commas"),
        ("tags", ["two words"], "one word"),
        ("in", "each.catch.more", "name.catch or name.finally"),
        ("in", "two words", "the container's name"),
        ("join", 0, "write all, any"),
        ("join", "some", "write all, any"),
        ("losers", "kill", "cancel, leave"),
        ("priority", "high", "whole number"),
        ("needs", "gpu", "gpu=1"),
        ("needs", "gpu=0", "more than nothing"),
        ("needs", "gpu=1,gpu=2", "once"),
        ("needs", [3], "gpu=1"),
    ],
)
def test_a_refused_value_says_what_would_be_accepted(name: str, value: object, hint: str):
    with pytest.raises(FlowSyntaxError, match=f"option '{name}' cannot be") as refused:
        parse_options({name: value})
    assert hint in refused.value.hint


def test_an_unknown_option_is_told_the_closest_one():
    with pytest.raises(FlowSyntaxError) as refused:
        parse_options({"retry": 1})
    assert refused.value.hint == "did you mean 'retries'?"


def test_a_hint_lists_what_there_is_when_nothing_is_close():
    assert did_you_mean("zzz", ("b", "a", "b")) == "known: a, b"
    assert did_you_mean("zzz", ()) == "there are none yet"


@pytest.mark.parametrize(
    ("text", "cache"),
    [("true", True), (False, False), ("1h", Ttl(3600)), (90, Ttl(90)), (1, Ttl(1)), ("1", Ttl(1))],
)
def test_cache_is_a_switch_or_a_time(text: object, cache: bool | Ttl):
    assert parse_options({"cache": text}).cache == cache
    assert parse_options({"cache": text}) != parse_options({"cache": "7s"})


def test_one_second_is_not_true():
    assert parse_options({"cache": "1s"}) != parse_options({"cache": True})


def test_a_key_may_be_written_in_braces():
    assert parse_options({"cache_key": "{{ order.id }}"}).cache_key == "order.id"
