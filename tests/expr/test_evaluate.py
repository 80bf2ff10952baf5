import math
from collections import Counter, OrderedDict, namedtuple
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.errors import ExpressionError
from flowbook.expr.evaluate import evaluate
from flowbook.expr.parse import parse


def value_of(source: str, **names):
    return evaluate(parse(source), names)


numbers = st.integers(-50, 50) | st.sampled_from([0.0, 0.5, -1.25, 3.0]) | st.booleans()
texts = st.sampled_from(["", "a", "ab", "Oslo"])
scalars = numbers | texts | st.none()
NAMES = {"n": 7, "f": 0.5, "s": "Oslo", "xs": [3, 1, 2], "d": {"a": 1, "b": None}, "no": None}

atoms = scalars.map(repr) | st.sampled_from([*NAMES, "d.a", "xs[0]", "xs[-1]", "d['b']", "s[1:]"])
BINARY = ("+", "-", "*", "/", "//", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=", "in",
          "not in", "and", "or")  # fmt: skip


def grown(inner):
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(BINARY), inner),
        st.builds("({!r} % {!r})".format, numbers, numbers),
        st.builds("({} {} {} {} {})".format, inner, st.sampled_from(["<", "=="]), inner,
                  st.sampled_from([">=", "!="]), inner),
        st.builds("({}{})".format, st.sampled_from(["-", "+", "~", "not "]), inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.builds("[{} for v in {} if v]".format, inner, inner),
        st.builds("{{'k': {}}}".format, inner),
        st.builds("f'{{{}}}!'".format, inner.filter(lambda text: not set(text) & set("'\"{}"))),
    )  # fmt: skip


sources = st.recursive(atoms, grown, max_leaves=8)


def by_python(source: str):
    names = {**NAMES, "d": Fields(NAMES["d"])}
    return eval(source, {"__builtins__": {}, **names})


class Fields(dict):
    __getattr__ = dict.__getitem__


@settings(max_examples=300)
@given(sources)
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore:Bitwise inversion")
def test_what_is_answered_is_what_python_answers(source: str):
    try:
        expected = by_python(source)
    except Exception:
        with pytest.raises(ExpressionError):
            evaluate(parse(source), NAMES)
        return
    found = evaluate(parse(source), NAMES)
    assert repr(found) == repr(expected)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("status >= 200 and status < 300", True),
        ("200 <= status < 300", True),
        ("'Hot' if hot > 30 else 'fine'", "fine"),
        ("rows[0].name", "a"),
        ("rows[0]['name'].upper()", "A"),
        ("[r.name for r in rows if r.n > 1]", ["b"]),
        ("{r.name: r.n for r in rows}", {"a": 1, "b": 2}),
        ("{k for k, v in fields.items() if v}", {"x"}),
        ("[a + b for a in [1, 2] for b in [10, 20]]", [11, 21, 12, 22]),
        ("any(r.n > 1 for r in rows)", True),
        ("sum(r.n for r in rows)", 3),
        ("f'{hot:.1f} degrees in {city!s:>6}'", "29.5 degrees in   Oslo"),
        ("fields.get('nothing', 'else')", "else"),
        ("', '.join(sorted(['b', 'a']))", "a, b"),
        ("'a-b'.split('-')", ["a", "b"]),
        ("(1, 2)[1]", 2),
        ("city[::-1]", "olsO"),
        ("nothing is None", True),
        ("day > date('2026-01-01')", True),
        ("(day - date('2026-01-01')).total_seconds() / 86400", 1.0),
        ("{'a': 1} | {'b': 2}", {"a": 1, "b": 2}),
    ],
)
def test_it_says_what_it_looks_like(source: str, value: object):
    names = {
        "status": 204,
        "hot": 29.5,
        "city": "Oslo",
        "nothing": None,
        "rows": [{"name": "a", "n": 1}, {"name": "b", "n": 2}],
        "fields": {"x": 1, "y": 0},
        "day": date(2026, 1, 2),
    }
    assert value_of(source, **names) == value


def test_a_bare_path_passes_any_object_through():
    thing = object()
    assert value_of("clean.df", clean={"df": thing}) is thing
    assert value_of("thing", thing=thing) is thing


def test_an_object_is_not_computed_on():
    with pytest.raises(ExpressionError, match="a object is not plain data") as refused:
        value_of("clean.df == 1", clean={"df": object()})
    assert refused.value.code == "opaque"


def test_numpy_scalars_are_numbers():
    numpy = pytest.importorskip("numpy")
    names = {"n": numpy.int64(3), "f": numpy.float32(0.5), "b": numpy.bool_(True)}
    assert value_of("[n + 1, f, b]", **names) == [4, 0.5, True]
    assert [type(one) for one in value_of("[n + 1, f, b]", **names)] == [int, float, bool]
    assert value_of("sum(xs) + max(xs)", xs=[numpy.float64(1), numpy.float64(2)]) == 5
    assert value_of("rows == [{'n': 1}]", rows=[{"n": numpy.int64(1)}]) is True
    with pytest.raises(ExpressionError, match="ndarray is not plain data"):
        value_of("a + 1", a=numpy.zeros(2))


def test_pandas_timestamps_are_dates():
    pandas = pytest.importorskip("pandas")
    names = {"at": pandas.Timestamp("2026-01-02T03:04:05")}
    assert value_of("at > datetime('2026-01-01')", **names) is True
    with pytest.raises(ExpressionError, match="DataFrame is not plain data"):
        value_of("str(df)", df=pandas.DataFrame({"a": [1]}))


def test_subclasses_count_as_what_they_are():
    point = namedtuple("point", "x y")
    colour = StrEnum("colour", ["RED"])
    level = IntEnum("level", ["LOW"])
    names = {
        "point": point(1, 2),
        "colour": colour.RED,
        "level": level.LOW,
        "ordered": OrderedDict(a=1),
        "counted": Counter("aab"),
    }
    source = "[point[0], colour + '!', level + 1, ordered.a, counted.a]"
    assert value_of(source, **names) == [1, "red!", 2, 1, 2]


def test_a_loop_variable_hides_a_name_only_inside_its_loop():
    assert value_of("[x for x in [x, 2]] + [x]", x=1) == [1, 2, 1]
    assert value_of("[[x for x in [x * 10]][0] + x for x in [1, 2]]", x=5) == [11, 22]


@pytest.mark.parametrize(
    ("source", "code", "column"),
    [
        ("1 +", "syntax", None),
        ("a + nobody", "unknown_name", 5),
        ("d.a + d.missing", "no_field", 7),
        ("xs[9]", "no_field", 1),
        ("1 + 'a'", "type", 1),
        ("(1, 1 < 'a')", "type", 5),
        ("1 / 0", "value", 1),
        ("1 + len(1)", "type", 5),
        ("xs.index(9)", "value", 1),
        ("lower('a')", "forbidden", 1),
        ("max(1, key=2)", "type", 1),
        ("len(1, 2)", "type", 1),
        ("d.a.upper()", "forbidden", 1),
        ("lambda: 1", "forbidden", 1),
        ("[1 for _x in xs]", "forbidden", 8),
    ],
)
def test_an_error_has_a_code_and_a_place(source: str, code: str, column: int | None):
    with pytest.raises(ExpressionError) as refused:
        value_of(source, a=1, d={"a": 1}, xs=[1])
    assert refused.value.code == code
    if column is not None:
        assert refused.value.column == column


def test_a_wrong_name_is_told_the_closest_one():
    with pytest.raises(ExpressionError, match="no value called 'fecth'; did you mean 'fetch'"):
        value_of("fecth.status", fetch={})
    with pytest.raises(ExpressionError, match="no function 'lenn'; did you mean 'len'"):
        value_of("lenn(a)", a=[])


def test_messages_show_no_values():
    for source in ("key + 1", "key < 1", "key.nope()", "int(key)", "[1][key]", "key.x", "d[key]"):
        with pytest.raises(ExpressionError) as refused:
            value_of(source, key="hunter2", d={})
        assert "hunter2" not in str(refused.value)


def test_not_a_number_is_equal_to_nothing():
    assert value_of("[x == x, x < 1, x in [x]]", x=math.nan)[:2] == [False, False]


def test_time_differences_are_added_to_dates():
    names = {"at": datetime.fromisoformat("2026-01-01"), "week": timedelta(days=7)}
    assert value_of("at + week * 2", **names) == datetime.fromisoformat("2026-01-15")
    with pytest.raises(ExpressionError, match="out of range"):
        value_of("at + week * 9999999", **names)


def test_a_large_input_can_be_walked_but_not_computed_on():
    names = {"big": {"rows": [{"n": n} for n in range(300_000)]}}
    assert value_of("big.rows[299_999].n + 1", **names) == 300_000
    with pytest.raises(ExpressionError):
        value_of("big == 1", **names)


PROVIDED = {
    "$env": {"REGION": "eu"},
    "$vars": {"flow": {"total": {"sum": 3}}, "global": {}},
    "$run": {"attempt": 2},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("$env.REGION", "eu"),
        ("$env.REGION.upper()", "EU"),
        ("$vars.flow.total.sum + 1", 4),
        ("vars.flow.total", {"sum": 3}),
        ("[$run.attempt, $vars['flow']['total']['sum']]", [2, 3]),
    ],
)
def test_what_the_project_provides_is_read_like_names(source: str, value):
    assert evaluate(parse(source), PROVIDED) == value


@pytest.mark.parametrize(
    "source", ["$vars.global.x", "1 + $vars.global.x", "$secret.token", "1 + $secret.token"]
)
def test_what_is_not_provided_is_named_in_full(source: str):
    with pytest.raises(ExpressionError) as refused:
        evaluate(parse(source), PROVIDED)
    assert refused.value.code == "no_field"
    assert source.rpartition("$")[2].partition(".")[0] in refused.value.message
