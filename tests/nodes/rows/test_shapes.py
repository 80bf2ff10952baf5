"""What comes in goes out: also relations, lazy frames, indexes, and odd names."""

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.nodes.rows.kinds import ran

from flowbook.errors import UsageError
from flowbook.nodes.rows.grouping import AggregateNode
from flowbook.nodes.rows.items import FilterNode, MapItemsNode
from flowbook.nodes.rows.node import RowsNode
from flowbook.nodes.rows.ordering import LimitNode, SortNode
from flowbook.nodes.rows.shapes import opened
from flowbook.nodes.rows.splitting import SplitNode


def test_a_duckdb_relation_comes_out_as_one():
    relation = duckdb.sql("SELECT range AS n, 'x' || range AS s FROM range(5)")
    told = ran(FilterNode, relation, where="n >= 3")
    assert isinstance(told, duckdb.DuckDBPyRelation)
    assert told.fetchall() == [(3, "x3"), (4, "x4")]
    told = ran(AggregateNode, relation, measures={"total": "sum n"})
    assert told.fetchall() == [(10,)]
    told = ran(SplitNode, relation, into={"low": "n < 2"})
    assert told.ports["low"].fetchall() == [(0, "x0"), (1, "x1")]


def test_a_lazy_polars_frame_comes_out_lazy():
    told = ran(SortNode, pl.LazyFrame({"n": [2, 1]}), by="n")
    assert isinstance(told, pl.LazyFrame)
    assert told.collect()["n"].to_list() == [1, 2]


def test_what_comes_in_is_never_changed(family):
    rows = [{"n": 2, "tags": "a"}, {"n": 1, "tags": "b"}]
    given, before = family.make(rows), family.make(rows)
    for kind, config in (
        (SortNode, {"by": "n"}),
        (MapItemsNode, {"expression": "n + 1", "into": "n"}),
    ):
        ran(kind, given, **config)
    if family.name == "records":
        assert given == before
    else:
        assert given.equals(before)


def test_a_pandas_index_goes_with_its_rows_where_rows_are_chosen():
    frame = pd.DataFrame({"n": [3, 1, 2]}, index=["a", "b", "c"])
    assert list(ran(FilterNode, frame, where="n > 1").index) == ["a", "c"]
    assert list(ran(SortNode, frame, by="n").index) == ["b", "c", "a"]
    assert list(ran(MapItemsNode, frame, expression="str(n)", into="s").index) == ["a", "b", "c"]
    twice = pd.DataFrame({"n": [3, 1]}, index=["a", "a"])
    assert ran(MapItemsNode, twice, expression="n * 2", into="m")["m"].tolist() == [6, 2]


def test_decimals_and_nanoseconds_are_numbers_and_moments_in_expressions():
    table = duckdb.sql("SELECT 1.50::DECIMAL(9, 2) AS price, TIMESTAMP_NS '2026-01-01' AS at")
    assert ran(MapItemsNode, table, expression="price * 2") == [3.0]
    assert ran(MapItemsNode, table, expression="at.isoformat()[:10]") == ["2026-01-01"]
    kept = ran(FilterNode, table, where="price > 1")
    assert str(kept.types[0]) == "DECIMAL(9,2)"


def test_nested_columns_are_lists_and_records_in_expressions():
    rows = [{"a": {"b": [1, 2]}}, {"a": None}]
    for given in (pa.Table.from_pylist(rows), pl.DataFrame(rows), pd.DataFrame(rows), rows):
        assert ran(MapItemsNode, given, expression="a.b[1]") == [2, None]


def test_unicode_and_odd_names_of_columns_are_names_too():
    frame = pl.DataFrame({"größe": [1, 2], "two words": [3, 4], "item": [5, 6]})
    assert ran(MapItemsNode, frame, expression="größe + item['two words'] + item.item") == [9, 12]
    assert ran(SortNode, frame, by="two words desc")["größe"].to_list() == [2, 1]


def test_tuples_ranges_and_generators_are_lists():
    for given in ((1, 2), range(1, 3), (one for one in (1, 2))):
        assert ran(LimitNode, given, count=1) == [1]


def test_columns_without_text_names_and_things_without_rows_are_refused():
    with pytest.raises(UsageError, match="a column is called 0, which is no text"):
        ran(SortNode, pd.DataFrame([[1, 2]]), by="a")
    for odd in (None, 3, "text", {"a": 1}, b"x"):
        with pytest.raises(UsageError, match=r"limit 'node' cannot go over a"):
            ran(LimitNode, odd)


def test_two_columns_of_one_name_are_refused():
    for odd in (pd.DataFrame([[1, 2]], columns=["a", "a"]), pa.table([[1], [2]], names=["a", "a"])):
        with pytest.raises(UsageError, match="two columns of the table are called 'a'"):
            ran(LimitNode, odd)


def test_the_subject_is_over_else_items_else_the_first_input(spec, made):
    rows = made.node(LimitNode, inputs="limit orders", count=1)
    assert rows.run(None, {"orders": [3, 4], "limit": [1, 2]}) == [1]
    rows = made.node(LimitNode, inputs="limit items", count=1)
    assert rows.run(None, {"items": [3, 4], "limit": [1, 2]}) == [3]
    rows = made.node(LimitNode, inputs="limit", count=1, over=[9, 8])
    assert rows.run(None, {"limit": [1, 2]}) == [9]
    rows = made.node(LimitNode, count=1)
    with pytest.raises(UsageError, match="does not know what to work on"):
        rows.run(None, {})


def test_a_record_alone_is_one_only_where_it_may_be():
    assert opened({"a": 1}, "x", single=True).give() == {"a": 1}
    assert not RowsNode.single
