"""rename, pivot, unpivot."""

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.nodes.rows.kinds import MAKERS, plain, ran
from traitlets import TraitError

from flowbook.errors import UsageError
from flowbook.nodes.rows.shaping import PivotNode, RenameNode, UnpivotNode

ORDERS = [
    {"Order ID": 1, "cityName": "Oslo", "x": 1.5},
    {"Order ID": 2, "cityName": None, "x": 2.5},
]
SALES = [
    {"city": "Oslo", "year": 2025, "total": 3},
    {"city": "Bergen", "year": 2026, "total": 9},
    {"city": "Oslo", "year": 2026, "total": 4},
    {"city": "Oslo", "year": 2026, "total": 5},
]


def columns(value):
    return list(getattr(value, "column_names", getattr(value, "columns", plain(value)[0])))


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"columns": {"x": "größe"}}, ["Order ID", "cityName", "größe"]),
        ({"case": "snake"}, ["order_id", "city_name", "x"]),
        ({"case": "camel"}, ["orderId", "cityName", "x"]),
        ({"case": "lower", "columns": {"x": "X"}}, ["order id", "cityname", "X"]),
        ({"prefix": "a_", "suffix": "_b", "select": ["x"]}, ["a_x_b"]),
        ({"drop": "x", "order": "cityName"}, ["cityName", "Order ID"]),
        ({"select": ["x", "Order ID"]}, ["x", "Order ID"]),
        ({"columns": {"x": "cityName", "cityName": "x"}}, ["Order ID", "x", "cityName"]),
    ],
)
def test_columns_are_chosen_named_and_put_in_order(family, config, wanted):
    told = ran(RenameNode, family.make(ORDERS), **config)
    assert isinstance(told, family.type)
    assert columns(told) == wanted
    assert len(told) == 2


def test_values_stay_with_their_columns_where_two_change_names(family):
    told = ran(RenameNode, family.make(ORDERS), columns={"x": "cityName", "cityName": "x"})
    assert plain(told)[0] == {"Order ID": 1, "x": "Oslo", "cityName": 1.5}


def test_a_single_record_is_renamed_too():
    assert ran(RenameNode, {"aB": 1}, case="snake") == {"a_b": 1}
    assert ran(RenameNode, [], case="snake") == []


def test_a_clash_and_a_miss_are_refused(family):
    given = family.make(ORDERS)
    with pytest.raises(UsageError, match="would call 'cityName', 'x' all 'cityName'"):
        ran(RenameNode, given, columns={"x": "cityName"})
    for setting in ("select", "drop", "order"):
        with pytest.raises(UsageError, match=f"{setting} of rename 'node': there is no column 'y'"):
            ran(RenameNode, given, **{setting: ["y"]})
    with pytest.raises(UsageError, match="columns of rename 'node': there is no column 'order id'"):
        ran(RenameNode, given, columns={"order id": "id"})
    with pytest.raises(TraitError, match="cannot name a column"):
        ran(RenameNode, given, columns={"x": 3})
    with pytest.raises(UsageError, match="plain items"):
        ran(RenameNode, [1], case="snake")


def test_pivot_makes_columns_of_values(family):
    told = ran(
        PivotNode, family.make(SALES), index="city", columns="year", values="total", fn="sum"
    )
    assert isinstance(told, family.type)
    assert plain(told) == [
        {"city": "Oslo", "2025": 3, "2026": 9},
        {"city": "Bergen", "2025": None, "2026": 9},
    ]


def test_pivot_takes_the_first_and_sorts_columns_where_asked():
    rows = [*reversed(SALES), {"city": None, "year": None, "total": 1}]
    told = ran(PivotNode, rows, index=["city"], columns="year", values="total", sort=True)
    assert list(told[0]) == ["city", "2025", "2026", "null"]
    assert told[0] == {"city": "Oslo", "2025": 3, "2026": 5, "null": None}
    assert told[-1] == {"city": None, "2025": None, "2026": None, "null": 1}


def test_pivot_refuses_what_would_be_two_columns_of_one_name():
    with pytest.raises(UsageError, match="1 and '1' would both be the column '1'"):
        ran(PivotNode, [{"a": 1, "b": 1, "c": 1}, {"a": 1, "b": "1", "c": 1}],
            index="a", columns="b", values="c")  # fmt: skip
    with pytest.raises(UsageError, match="second column 'a'"):
        ran(PivotNode, [{"a": 1, "b": "a", "c": 1}], index="a", columns="b", values="c")
    with pytest.raises(UsageError, match="needs index, columns and values"):
        ran(PivotNode, SALES, index="city")
    with pytest.raises(UsageError, match="there is no column 'yea'"):
        ran(PivotNode, SALES, index="city", columns="yea", values="total")


def test_unpivot_makes_rows_of_cells_column_by_column(family):
    wide = [{"city": "Oslo", "a": 3, "b": 4}, {"city": "Bergen", "a": None, "b": 9}]
    told = ran(UnpivotNode, family.make(wide), keep="city", name_into="year", value_into="n")
    assert isinstance(told, family.type)
    assert plain(told) == [
        {"city": "Oslo", "year": "a", "n": 3},
        {"city": "Bergen", "year": "a", "n": None},
        {"city": "Oslo", "year": "b", "n": 4},
        {"city": "Bergen", "year": "b", "n": 9},
    ]
    told = ran(UnpivotNode, family.make(wide), columns=["a"], drop_nulls=True)
    assert plain(told) == [{"name": "a", "value": 3}]


def test_unpivot_refuses_a_clash_and_a_mix_that_no_table_holds():
    with pytest.raises(UsageError, match="two columns 'name'"):
        ran(UnpivotNode, [{"name": 1, "a": 2}], keep="name")
    mixed = [{"a": 1, "b": "x"}]
    assert len(ran(UnpivotNode, mixed)) == 2
    for name in ("polars", "arrow"):
        with pytest.raises(UsageError, match="column 'value' would hold int, str"):
            ran(UnpivotNode, MAKERS[name](mixed))


LONG = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyä"), st.integers(-5, 5) | st.none()),
    min_size=1,
    max_size=10,
).map(lambda rows: [{"k": k, "c": c, "v": v} for k, c, v in rows])


@settings(max_examples=40, deadline=None)
@given(rows=LONG)
def test_all_kinds_of_rows_are_pivoted_alike_and_as_the_libraries_do(rows):
    config = {"index": "k", "columns": "c", "values": "v", "fn": "max"}
    wanted = ran(PivotNode, rows, **config)
    for name in ("pandas", "polars", "arrow"):
        assert plain(ran(PivotNode, MAKERS[name](rows), **config)) == wanted
    frame = pl.DataFrame(rows, schema_overrides={"v": pl.Int64})
    theirs = frame.pivot("c", index="k", values="v", aggregate_function="max", maintain_order=True)
    assert theirs.to_dicts() == wanted


@settings(max_examples=40, deadline=None)
@given(rows=LONG)
def test_unpivot_is_melt(rows):
    rows = [{**row, "w": 0} for row in rows]
    told = ran(UnpivotNode, rows, keep=["k", "c"])
    theirs = pd.DataFrame(rows).melt(["k", "c"], var_name="name")
    assert plain(theirs) == told
    for name in ("pandas", "polars", "arrow"):
        assert plain(ran(UnpivotNode, MAKERS[name](rows), keep=["k", "c"])) == told
