"""aggregate: the same groups and measures whatever the rows come as."""

# ruff: noqa: DTZ001 - moments without a zone are moments, too

import math
import statistics
from datetime import date, datetime

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.nodes.rows.kinds import MAKERS, plain, ran
from traitlets import TraitError

from flowbook.errors import ExpressionError, UsageError
from flowbook.nodes.rows.grouping import AggregateNode

ORDERS = [
    {"city": "Oslo", "total": 3, "at": datetime(2026, 1, 30, 9)},
    {"city": None, "total": 9, "at": datetime(2026, 1, 31, 23)},
    {"city": "Bergen", "total": None, "at": None},
    {"city": "Oslo", "total": 12, "at": datetime(2026, 2, 1)},
]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "k": st.integers(0, 2) | st.none(),
            "s": st.sampled_from(["a", "ä"]) | st.none(),
            "n": st.integers(-100, 100) | st.none(),
            "größe": st.sampled_from([0.5, -1.5, 2.0, 8.25]) | st.none(),
        }
    ),
    max_size=14,
)
NATIVE = ["sum", "mean", "min", "max", "count"]
REST = ["median", "std", "first", "last", "count_distinct", "list", "join"]


def close(one, other):
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(close, one, other))
    if one is None or other is None or isinstance(one, str):
        return one == other
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)


def alike(one, other):
    return len(one) == len(other) and all(
        a.keys() == b.keys() and all(close(a[name], b[name]) for name in a)
        for a, b in zip(one, other, strict=True)
    )


def test_a_row_per_group_in_the_order_they_are_met_and_null_is_one(family):
    measures = {"orders": "count", "paid": "count total", "revenue": "sum total"}
    told = ran(AggregateNode, family.make(ORDERS), by="city", measures=measures)
    assert isinstance(told, family.type)
    assert plain(told) == [
        {"city": "Oslo", "orders": 2, "paid": 2, "revenue": 15},
        {"city": None, "orders": 1, "paid": 1, "revenue": 9},
        {"city": "Bergen", "orders": 1, "paid": 0, "revenue": 0},
    ]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("mean total", [7.5, 9.0, None]), ("first total", [3, 9, None]),
        ("last total", [12, 9, None]), ("median total", [7.5, 9.0, None]),
        ("list total", [[3, 12], [9], [None]]), ("count_distinct city", [1, 0, 1]),
        ({"fn": "join", "column": "total", "separator": "+"}, None),
        ({"fn": "quantile", "column": "total", "q": 0.25}, [5.25, 9.0, None]),
        ("sum total * 2", [30, 18, 0]), ("max len(city)", [4, None, 6]),
    ],
)  # fmt: skip
def test_measures(family, written, wanted):
    told = plain(ran(AggregateNode, family.make(ORDERS), by="city", measures={"m": written}))
    if wanted is None:
        assert [row["m"] for row in told] in (["3+12", "9", ""], ["3.0+12.0", "9.0", ""])
    else:
        assert alike(
            told,
            [
                {"city": one, "m": m}
                for one, m in zip(["Oslo", None, "Bergen"], wanted, strict=True)
            ],
        )


def test_moments_are_grouped_by_the_unit_they_lie_in(family):
    by = [{"column": "at", "truncate": "month", "as": "month"}]
    told = plain(ran(AggregateNode, family.make(ORDERS), by=by, measures={"n": "count"}))
    assert told == [
        {"month": datetime(2026, 1, 1), "n": 2},
        {"month": None, "n": 1},
        {"month": datetime(2026, 2, 1), "n": 1},
    ]
    text = [{"at": "2026-05-17"}, {"at": "2026-05-31"}]
    told = ran(AggregateNode, text, by=by, measures={"n": "count"})
    assert told == [{"month": date(2026, 5, 1), "n": 2}]


def test_groups_may_be_expressions_and_rows_may_be_one_group(family):
    given = family.make(ORDERS)
    by = [{"expression": "total is None", "as": "open"}, "city"]
    told = plain(ran(AggregateNode, given, by=by, measures={"n": "count"}))
    assert told[0] == {"open": False, "city": "Oslo", "n": 2}
    told = plain(ran(AggregateNode, given, measures={"n": "count", "revenue": "sum total"}))
    assert told == [{"n": 4, "revenue": 24}]


def test_nothing_is_one_group_of_nothing_only_where_all_are_one_group():
    measures = {"n": "count", "revenue": "sum total", "mean": "mean total"}
    empty = pl.DataFrame(schema={"city": pl.String, "total": pl.Int64})
    for none in (empty, empty.to_arrow(), empty.to_pandas()):
        told = ran(AggregateNode, none, by="city", measures=measures)
        assert len(told) == 0
        assert type(told) is type(none)
        told = plain(ran(AggregateNode, none, measures=measures))
        assert told == [{"n": 0, "revenue": 0, "mean": None}]


def test_lists_and_records_are_groups_by_content():
    rows = [{"tags": ["a"]}, {"tags": ["a"]}, {"tags": {"a": 1}}]
    told = ran(AggregateNode, rows, by="tags", measures={"n": "count"})
    assert told == [{"tags": ["a"], "n": 2}, {"tags": {"a": 1}, "n": 1}]
    told = ran(AggregateNode, pd.DataFrame(rows), by="tags", measures={"n": "count"})
    assert told["n"].tolist() == [2, 1]


@settings(max_examples=60, deadline=None)
@given(
    rows=ROWS,
    by=st.lists(st.sampled_from(["k", "s"]), max_size=2, unique=True),
    fns=st.lists(st.sampled_from([*NATIVE, *REST]), min_size=1, max_size=3, unique=True),
    column=st.sampled_from(["n", "größe"]),
)
def test_all_kinds_of_rows_are_grouped_alike(rows, by, fns, column):
    measures = {f"m_{fn}": f"{fn} {column}" for fn in fns if fn != "join"} or {"c": "count"}
    wanted = plain(ran(AggregateNode, rows, by=by, measures=measures))
    for name in ("pandas", "polars", "arrow"):
        if rows:
            given = MAKERS[name](rows)
            told = plain(ran(AggregateNode, given, by=by, measures=measures))
            told = [{c: _nulls(v) for c, v in row.items()} for row in told]
            assert alike(told, wanted), (name, told, wanted)


def _nulls(value):
    return [None if one != one else one for one in value] if isinstance(value, list) else value


@settings(max_examples=60, deadline=None)
@given(rows=ROWS.filter(bool), column=st.sampled_from(["n", "größe"]))
def test_it_groups_as_the_libraries_do(rows, column):
    fns = ["sum", "mean", "min", "max", "count", "median", "std"]
    told = ran(AggregateNode, rows, by="k", measures={fn: f"{fn} {column}" for fn in fns})
    frame = pd.DataFrame(rows).astype({"n": float, "größe": float})
    theirs = frame.groupby("k", dropna=False, sort=False)[column].agg(fns).reset_index()
    assert alike(told, plain(theirs))
    frame = pl.DataFrame(rows, schema_overrides={"n": pl.Int64, "größe": pl.Float64, "k": pl.Int64})
    theirs = frame.group_by("k", maintain_order=True).agg(
        *(getattr(pl.col(column), fn)().alias(fn) for fn in fns)
    )
    assert alike(told, theirs.to_dicts())
    values = [row[column] for row in rows if row["k"] == 1 and row[column] is not None]
    if len(values) > 1:
        found = next(row for row in told if row["k"] == 1)
        assert math.isclose(found["std"], statistics.stdev(values), abs_tol=1e-12)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"measures": {"m": "total sum"}}, "there is no 'total'"),
        ({"measures": {"m": "sums total"}}, "did you mean 'sum'"),
        ({"measures": {"m": "sum"}}, "sum needs a column"),
        ({"measures": {"m": {"fn": "quantile", "column": "a", "q": 2}}}, "from 0 to 1"),
        ({"measures": {"m": {"fn": "sum", "col": "a"}}}, "did you mean 'column'"),
        ({"by": {"column": "at", "truncate": "moon"}, "measures": {}}, "cannot truncate to 'moon'"),
        ({"by": 3}, "is nothing to group by"),
    ],
)
def test_what_is_no_measure_or_group_is_refused(config, message):
    with pytest.raises(TraitError, match=message):
        ran(AggregateNode, ORDERS, **config)


def test_misses_are_told(family):
    given = family.make(ORDERS)
    with pytest.raises(UsageError, match="there is no column 'towns'"):
        ran(AggregateNode, given, by="towns", measures={"n": "count"})
    with pytest.raises(UsageError, match="there is no column 'totl'"):
        ran(AggregateNode, given, by="city", measures={"n": "sum totl"})
    with pytest.raises(ExpressionError, match=r"measures.n of aggregate 'node'"):
        ran(AggregateNode, given, by="city", measures={"n": "sum totl * 2"})
    with pytest.raises(UsageError, match=r"measures.n of aggregate 'node': sum adds numbers"):
        ran(AggregateNode, given, measures={"n": "sum city"})
    with pytest.raises(UsageError, match="two columns 'city'"):
        ran(AggregateNode, given, by="city", measures={"city": "count"})
    with pytest.raises(UsageError, match="nothing to work out"):
        ran(AggregateNode, given)
