"""A cell of SQL reads upstream tables under the names it uses for them."""

from __future__ import annotations

import traceback

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowbook.errors import FlowSyntaxError, UsageError
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId
from flowbook.nodes.sql import SqlNode

ROWS = [{"city": "Oslo", "t": 1.5}, {"city": "Rome", "t": 20.0}]


def ask(context, made, sql, **inputs):
    node = made.node(SqlNode, "monthly", body=sql, line=3)
    return node.run(context, inputs).to_dict("list")


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(ROWS),
        pl.DataFrame(ROWS),
        pa.Table.from_pylist(ROWS),
        ROWS,
        {"city": ["Oslo", "Rome"], "t": [1.5, 20.0]},
    ],
    ids=["pandas", "polars", "arrow", "rows", "columns"],
)
def test_any_table_can_be_queried(context, made, table):
    found = ask(context, made, "select city from clean where t > $above", clean=table, above=10)
    assert found == {"city": ["Rome"]}


def test_a_dict_of_plain_values_is_a_table_of_one_row(context, made):
    found = ask(context, made, "select days + 1 as d from climate", climate={"days": 4, "x": "y"})
    assert found == {"d": [5]}


def test_rows_need_not_all_have_the_same_keys(context, made):
    found = ask(context, made, "select count(b) as n from r", r=[{"a": 1}, {"a": 2, "b": 3}])
    assert found == {"n": [1]}


@pytest.mark.parametrize(
    "sql",
    [
        "select city from clean.df where t > 10",
        "select df.city from clean.df where df.t > 10",
        "select clean.df.city from clean.df where clean.df.t > 10",
        "select q.city from clean.df as q join clean.df r using (city) where q.t > 10",
        "with x as (select * from clean.df) select city from x where t > 10 -- clean.df",
        "select city from CLEAN.df where t > 10 and city <> 'clean.df'".replace("CLEAN", "clean"),
    ],
)
def test_a_port_of_a_node_is_a_table_under_its_dotted_name(context, made, sql):
    assert ask(context, made, sql, **{"clean.df": pd.DataFrame(ROWS)}) == {"city": ["Rome"]}


def test_only_parameters_the_query_uses_are_bound(context, made):
    found = ask(context, made, "select $a + 1 as b", a=1, unused=2)
    assert found == {"b": [2]}


def test_a_list_can_be_a_parameter(context, made):
    found = ask(context, made, "select unnest($a) as b", a=[1, 2])
    assert found == {"b": [1, 2]}


def test_a_value_used_as_a_table_is_named(context, made):
    with pytest.raises(UsageError, match="input 'limit_' of sql node 'monthly' is a int") as caught:
        ask(context, made, "select * from limit_", limit_=3)
    assert "$limit_" in str(caught.value)


@pytest.mark.parametrize("sql", ["select\n  nope\nfrom clean", "select\n  1 +* 2\nfrom clean"])
def test_an_error_in_the_query_shows_the_cells_line(context, made, sql):
    node = made.node(SqlNode, "monthly", body=sql, line=3)
    with pytest.raises(FlowSyntaxError) as caught:
        node.run(context, {"clean": ROWS})
    assert (caught.value.cell, caught.value.line) == ("cell-1", 4)
    assert "LINE" not in str(caught.value)
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (frame.filename, frame.lineno, frame.name) == (node.filename, 4, "monthly")
    assert frame.line in ("nope", "1 +* 2")


def test_an_error_without_a_line_is_found_by_the_name_it_quotes(context, made):
    class Forgetful(type(context)):
        def query(self, sql, tables, parameters):
            raise ValueError('Referenced column "nope" not found')

    node = made.node(SqlNode, "monthly", body="select\n  nope\nfrom clean", line=3)
    with pytest.raises(FlowSyntaxError) as caught:
        node.run(Forgetful(), {"clean": ROWS})
    assert caught.value.line == 4


def test_an_error_without_a_line_is_told_whole(context, made):
    with pytest.raises(FlowSyntaxError, match=r"(?i)convert.*node 'monthly'") as caught:
        ask(context, made, "select cast(city as integer) from clean", clean=ROWS)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("select a, b from t", "select a,b\nfrom t -- all\n", True),
        ("select a from t", "select /* one */ a from t", True),
        ("select a from t", "select A from t", False),
        ("select 'a  b'", "select 'a b'", False),
        ("select 'a'", 'select "a"', False),
        ("select 1", "select 1.0", False),
        ("select a < b", "select a <= b", False),
        ("select $n", "select $m", False),
        ("select 'open", "select  'open", False),
    ],
)
def test_layout_and_comments_of_a_query_mean_nothing(one, other, same):
    meanings = [
        SqlNode.meaning(NodeSpec(NodeId("a"), kind="sql", body=text)) for text in (one, other)
    ]
    assert (meanings[0] == meanings[1]) is same
