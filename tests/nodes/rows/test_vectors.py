"""An expression over whole columns gives what it gives row by row."""

# ruff: noqa: DTZ001 - moments without a zone are moments, too

import math
from datetime import date, datetime

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.nodes.rows.kinds import MAKERS, RealContext

from flowbook.errors import ExpressionError
from flowbook.nodes.rows.expressions import Question, read
from flowbook.nodes.rows.shapes import opened
from flowbook.nodes.rows.vectors import condition, vectorised

INTEGERS = st.integers(-5, 5) | st.sampled_from([0, 1, 2**53 - 1, 2**53 + 1, -(2**62), 2**62 - 1])
FLOATS = st.sampled_from([0.0, -0.0, 0.5, -1.5, 2.0, 1e300, -1e300, 3.25])
CELLS = {
    "a": INTEGERS,
    "b": st.integers(-3, 3) | st.none(),
    "x": FLOATS,
    "y": FLOATS | st.none(),
    "s": st.sampled_from(["", "Oslo", "Åse", "z"]) | st.none(),
    "t": st.booleans(),
    "größe": st.integers(0, 9),
    "d": st.sampled_from([date(2026, 1, 1), date(2026, 2, 1)]),
    "w": st.sampled_from([datetime(2026, 1, 1), datetime(2026, 2, 1, 12)]) | st.none(),
}
TABLES = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=6)
NUMBERS = st.sampled_from(["a", "b", "x", "y", "größe", "2", "0.5", "3", "-1", "rate", "item.b"])


@st.composite
def numeric(draw, depth=2):
    if not depth or draw(st.booleans()):
        return draw(NUMBERS)
    left, right = draw(numeric(depth - 1)), draw(numeric(depth - 1))
    op = draw(st.sampled_from(["+", "-", "*", "/", "//", "%"]))
    return draw(st.sampled_from([f"({left} {op} {right})", f"(-{left})"]))


@st.composite
def conditional(draw, depth=2):
    kind = draw(st.integers(0, 8 if depth else 5))
    if kind == 0:
        op = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
        return f"({draw(numeric())} {op} {draw(numeric())})"
    if kind == 1:
        op = draw(st.sampled_from(["<", ">=", "==", "!="]))
        return f"(s {op} {draw(st.sampled_from(['s', repr('Oslo'), repr('')]))})"
    if kind == 2:
        name, word = (
            draw(st.sampled_from(["b", "s", "y", "a", "w"])),
            draw(st.sampled_from(["", "not "])),
        )
        return draw(st.sampled_from([f"({name} is {word}None)", f"({name} == None)"]))
    if kind == 3:
        return draw(
            st.sampled_from(["t", "(s in ['Oslo', 'z'])", "(b not in [1, 2])", "(a in many)"])
        )
    if kind == 4:
        return f"(1 < {draw(numeric())} <= 4)"
    if kind == 5:
        return draw(st.sampled_from(["(d >= today)", "(w < noon)", "(w != noon)"]))
    inner = draw(conditional(depth - 1)), draw(conditional(depth - 1))
    if kind == 6:
        return f"(not {inner[0]})"
    return f"({inner[0]} {'and' if kind == 7 else 'or'} {inner[1]})"


@st.composite
def chosen(draw):
    return f"({draw(numeric())} if {draw(conditional())} else {draw(numeric())})"


OTHERS = {
    "rate": 3, "many": [1, 0], "today": date(2026, 1, 15), "noon": datetime(2026, 1, 1, 12)
}  # fmt: skip


def same(one, other):
    """Equal, NaN as itself; a whole number may have become a float where a column is one."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, float) and isinstance(other, float) and one == 0 == other:
        return math.copysign(1, one) == math.copysign(1, other)
    return one == other and isinstance(one, bool) == isinstance(other, bool)


@settings(max_examples=400, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    rows=TABLES,
    text=numeric() | conditional() | chosen(),
    kind=st.sampled_from(sorted(set(MAKERS) - {"records"})),
)
def test_both_ways_give_the_same(rows, text, kind):
    table = opened(MAKERS[kind](rows), "test")
    question = Question(RealContext(), OTHERS)
    asked = read(text, "test")
    expr = vectorised(asked, table, OTHERS)
    if expr is None:
        return
    got = table.like(table.frame.select(expr.alias("r"))).values("r")
    wanted = question.values(asked, table)
    assert all(map(same, got, wanted)), (kind, text, got, wanted, rows)
    holds = condition(asked, table, OTHERS)
    if holds is not None:
        kept = table.frame.with_row_index("at").filter(holds)["at"].to_list()
        assert kept == [at for at, value in enumerate(wanted) if value]


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize(
    "text",
    ["a * 2 + x", "a > 1 and s == 'Oslo'", "b is not None and b > 1", "-x", "größe % 2 == 0",
     "a / 4", "s in ['Oslo']", "a if t else b", "0 < a <= 3", "item.a + rate"],
)  # fmt: skip
def test_the_plain_cases_take_whole_columns(kind, text):
    rows = [
        {"a": 1, "b": 2, "x": 0.5, "s": "Oslo", "t": True, "größe": 3},
        {"a": 3, "b": 5, "x": 1.5, "s": None, "t": False, "größe": 4},
    ]
    assert vectorised(read(text, "test"), opened(MAKERS[kind](rows), "test"), OTHERS) is not None


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1 / a", [{"a": 1}, {"a": 0}]),
        ("a * a", [{"a": 2**40}]),
        ("a + 0.5", [{"a": 2**53 + 1}]),
        ("a % 3", [{"a": -1}]),
        ("s.lower()", [{"s": "A"}]),
        ("x * x", [{"x": 1e300}]),
        ("rate * 2", [{"a": 1}]),
    ],
)
def test_what_columns_cannot_do_exactly_is_asked_row_by_row(kind, text, rows):
    assert vectorised(read(text, "test"), opened(MAKERS[kind](rows), "test"), OTHERS) is None


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_a_quotient_is_the_nearest_there_is(kind):
    rows = [{"a": -(2**53) + 1, "x": 0.1}, {"a": 7, "x": 5.3}]
    table = opened(MAKERS[kind](rows), "test")
    for text in ("a / 3", "x / 3", "a / 0.7", "1 / x"):
        asked = read(text, "test")
        got = table.like(table.frame.select(vectorised(asked, table, {}).alias("r"))).values("r")
        assert got == Question(RealContext(), {}).values(asked, table), text


def test_a_column_of_objects_is_asked_row_by_row():
    frame = pd.DataFrame({"a": [1, "x"]})
    assert vectorised(read("a == 1", "test"), opened(frame, "test"), {}) is None
    with pytest.raises(ExpressionError):
        Question(RealContext(), {}).values(read("a > 0", "test"), opened(frame, "test"))
