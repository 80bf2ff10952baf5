"""A merge joins the branches that are live, and tables stay tables."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from traitlets import TraitError

from flowbook.errors import UsageError
from flowbook.nodes.merge import MergeNode

LEFT = [{"city": "Oslo", "t": 1}, {"city": "Rome", "t": 20}, {"city": "Bern", "t": 9}]
RIGHT = [{"city": "Rome", "t": 5, "x": "r"}, {"city": "Lima", "t": 6, "x": "l"}]
FAMILIES = {
    "pandas": (pd.DataFrame, lambda t: t.astype(object).where(t.notna(), None).to_dict("records")),
    "polars": (pl.DataFrame, lambda t: t.to_dicts()),
    "arrow": (pa.Table.from_pylist, lambda t: t.to_pylist()),
    "rows": (list, lambda t: t),
}


@pytest.fixture(params=FAMILIES)
def table(request):
    """Makes a table of one family, and turns one back into rows."""
    return FAMILIES[request.param]


def merge(made, inputs, **config):
    node = made.node(MergeNode, "both", inputs="a b c", **config)
    return node.run(None, inputs)


def test_by_default_inputs_become_a_dict_in_header_order(made):
    given = merge(made, {"c": 3, "a": 1})
    assert given == {"a": 1, "c": 3}
    assert list(given) == ["a", "c"]


def test_choose_takes_the_first_live_input(made):
    assert merge(made, {"c": 3, "b": None}, mode="choose") is None


def test_append_puts_tables_under_each_other(made, table):
    make, rows = table
    given = merge(made, {"a": make(LEFT), "b": make(RIGHT)}, mode="append")
    assert isinstance(given, type(make(LEFT)))
    assert [row["city"] for row in rows(given)] == ["Oslo", "Rome", "Bern", "Rome", "Lima"]
    assert rows(given)[3]["x"] == "r"


def test_append_gathers_what_is_no_table(made):
    given = merge(made, {"a": [1, 2], "b": 3, "c": "four"}, mode="append")
    assert given == [1, 2, 3, "four"]


@pytest.mark.parametrize("other", FAMILIES)
def test_mixed_tables_become_the_first_ones_family(made, table, other):
    make, rows = table
    given = merge(made, {"a": make(LEFT), "b": FAMILIES[other][0](RIGHT)}, mode="append")
    assert isinstance(given, type(make(LEFT)))
    assert len(rows(given)) == 5


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("inner", [("Rome", 20, 5)]),
        ("left", [("Oslo", 1, None), ("Rome", 20, 5), ("Bern", 9, None)]),
        ("outer", [("Oslo", 1, None), ("Rome", 20, 5), ("Bern", 9, None), ("Lima", None, 6)]),
    ],
)
def test_by_key_joins_tables(made, table, how, expected):
    make, rows = table
    given = merge(made, {"a": make(LEFT), "b": make(RIGHT)}, mode="by_key", key="city", how=how)
    assert isinstance(given, type(make(LEFT)))
    found = [(row["city"], row.get("t"), row.get("t_b")) for row in rows(given)]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_by_key_names_the_input_without_the_key(made, table):
    make, _ = table
    with pytest.raises(UsageError, match="input 'b' of merge 'both' has no column 'x'") as caught:
        merge(made, {"a": make(RIGHT), "b": make(LEFT)}, mode="by_key", key=["city", "x"])
    assert "city, t" in str(caught.value)


def test_by_position_puts_tables_side_by_side(made, table):
    make, rows = table
    given = merge(made, {"a": make(LEFT[:2]), "b": make(RIGHT)}, mode="by_position")
    assert isinstance(given, type(make(LEFT)))
    assert rows(given)[1] == {"city": "Rome", "t": 20, "city_b": "Lima", "t_b": 6, "x": "l"}


def test_by_position_pairs_lists(made):
    given = merge(made, {"a": [1, 2], "b": ["x", "y"]}, mode="by_position")
    assert given == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


def test_by_position_tells_unequal_lengths(made, table):
    make, _ = table
    with pytest.raises(UsageError, match="a has 3, b has 2"):
        merge(made, {"a": make(LEFT), "b": make(RIGHT)}, mode="by_position")


@pytest.mark.parametrize(
    ("inputs", "config", "message"),
    [
        ({}, {}, "merge 'both' has no inputs"),
        ({"a": 1}, {"mode": "by_key", "key": "x"}, "input 'a' of merge 'both' is a int"),
        ({"a": 1}, {"mode": "by_position"}, "input 'a' is a int, which has no positions"),
        ({"a": 1}, {"mode": "by_key"}, "has mode by_key and no key"),
    ],
)
def test_what_does_not_fit_is_named(made, inputs, config, message):
    with pytest.raises(UsageError, match=message):
        merge(made, inputs, **config)


def test_an_unknown_mode_is_refused(made):
    with pytest.raises(TraitError, match="mode"):
        merge(made, {}, mode="zip")
