"""A log says its line and lets its input through."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from traitlets import TraitError

from flowbook.nodes.log import LogNode, words


def test_it_says_its_message_and_passes_its_input_on(made, context):
    rows = [{"a": 1}]
    assert made.node(LogNode, "seen", message="begun").run(context, {"rows": rows}) is rows
    assert context.logged == ["begun · rows: 1 row of a"]


def test_a_level_stands_before_the_line(made, context):
    made.node(LogNode, "seen", message="low", level="warning", value=False).run(context, {"n": 1})
    assert context.logged == ["warning: low"]
    with pytest.raises(TraitError):
        made.node(LogNode, "seen", level="loud")


def test_several_inputs_are_given_by_name(made, context):
    given = made.node(LogNode, "seen").run(context, {"a": 1, "b": None})
    assert given == {"a": 1, "b": None}
    assert context.logged == ["a: 1, b: None"]


def test_without_anything_it_says_its_name(made, context):
    assert made.node(LogNode, "here").run(context, {}) is None
    assert context.logged == ["here"]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.Table.from_pylist, list])
def test_a_table_is_told_by_its_size_and_columns(make):
    table = make([{f"c{n}": n for n in range(7)}] * 1200)
    assert words(table) == "1 200 rows of c0, c1, c2, c3, c4 and 2 more"


def test_what_is_in_a_container_is_not_told():
    told = [words(one) for one in ({"password": "s3cr3t"}, ["s3cr3t"], {"s3cr3t"}, b"s3cr3t")]
    assert told == ["a mapping of password", "1 item", "1 item", "6 bytes"]
