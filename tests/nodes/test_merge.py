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


MORE = [{"city": "Rome", "t": 7}, {"city": "Oslo", "t": 8}]


def test_any_number_of_tables_is_joined(made, table):
    make, rows = table
    inputs = {"a": make(LEFT), "b": make(RIGHT), "c": make(MORE)}
    given = merge(made, inputs, mode="by_key", key="city", how="left")
    found = [(row["city"], row["t"], row["t_b"], row["t_c"]) for row in rows(given)]
    assert found == [("Oslo", 1, None, 8), ("Rome", 20, 5, 7), ("Bern", 9, None, None)]


@pytest.mark.parametrize(
    "key",
    [
        {"a": "city", "b": "town", "c": "city"},
        {"a": ["city"], "b": ["town"], "c": ["city"]},
        {"b": {"city": "town"}, "c": {"city": "city"}},
        {"b": {"city": "town"}, "c": "city"},
    ],
)
def test_each_input_may_have_a_key_of_its_own(made, table, key):
    make, rows = table
    towns = [{"town": row["city"], "x": row["x"]} for row in RIGHT]
    inputs = {"a": make(LEFT), "b": make(towns), "c": make(MORE)}
    given = merge(made, inputs, mode="by_key", key=key)
    assert rows(given) == [{"city": "Rome", "t": 20, "x": "r", "t_c": 7}]


def test_keys_of_different_lengths_are_refused(made):
    with pytest.raises(UsageError, match="1 columns in the key of 'a' and 2 in that of 'b'"):
        merge(made, {"a": LEFT, "b": RIGHT}, mode="by_key", key={"a": "city", "b": ["city", "t"]})


def test_an_input_that_no_key_names_is_told(made):
    with pytest.raises(UsageError, match="no key for input 'b'"):
        merge(made, {"a": LEFT, "b": RIGHT}, mode="by_key", key={"a": "city"})


@pytest.mark.parametrize(
    ("clash", "expected"),
    [
        ("suffix", {"t": 20, "t_b": 5}),
        ("first", {"t": 20}),
        ("last", {"t": 5}),
        ("coalesce", {"t": 20}),
    ],
)
def test_columns_of_one_name_are_settled_as_said(made, table, clash, expected):
    make, rows = table
    given = merge(made, {"a": make(LEFT), "b": make(RIGHT)}, mode="by_key", key="city", clash=clash)
    assert rows(given) == [{"city": "Rome", **expected, "x": "r"}]


def test_the_order_of_columns_is_that_of_the_inputs(made, table):
    make, _ = table
    given = merge(
        made, {"a": make(RIGHT), "b": make(LEFT)}, mode="by_key", key="city", clash="last"
    )
    names = given[0] if isinstance(given, list) else getattr(given, "column_names", None)
    assert list(names or given.columns) == ["city", "t", "x"]


@pytest.mark.parametrize("how", ["cross", "semi", "anti", "right", "full"])
def test_all_kinds_of_joins_keep_the_kind_of_table(made, table, how):
    make, rows = table
    key = [] if how == "cross" else "city"
    given = merge(made, {"a": make(LEFT), "b": make(RIGHT)}, mode="by_key", key=key, how=how)
    assert isinstance(given, type(make(LEFT)))
    assert len(rows(given)) == {"cross": 6, "semi": 1, "anti": 2, "right": 2, "full": 4}[how]


def test_append_says_from_which_input_a_row_is(made, table):
    make, rows = table
    given = merge(made, {"a": make(LEFT), "b": make(RIGHT)}, mode="append", source="of")
    assert [row["of"] for row in rows(given)] == ["a", "a", "a", "b", "b"]


def test_append_leaves_out_what_was_there(made, table):
    make, rows = table
    given = merge(made, {"a": make(LEFT), "b": make(LEFT[::-1])}, mode="append", distinct=True)
    assert rows(given) == LEFT
    assert merge(made, {"a": [1, 2], "b": [2, [3], [3]]}, mode="append", distinct=True) == [
        1,
        2,
        [3],
    ]


def test_append_fills_columns_with_null(made):
    given = merge(made, {"a": LEFT[:1], "b": RIGHT[:1]}, mode="append")
    assert given[0] == {"city": "Oslo", "t": 1, "x": None}


def test_a_source_of_what_is_no_table_is_refused(made):
    with pytest.raises(UsageError, match="input 'b' of merge 'both' is a int, and source"):
        merge(made, {"a": LEFT, "b": 3}, mode="append", source="of")


@pytest.mark.parametrize(("length", "count"), [("shortest", 2), ("longest", 3)])
def test_by_position_cuts_or_fills(made, table, length, count):
    make, rows = table
    inputs = {"a": make(LEFT), "b": make(RIGHT), "c": make(MORE)}
    given = merge(made, inputs, mode="by_position", length=length)
    assert isinstance(given, type(make(LEFT)))
    assert len(rows(given)) == count
    assert rows(given)[1]["t_c"] == 8
    lists = merge(made, {"a": [1, 2, 3], "b": ["x"]}, mode="by_position", length="longest")
    assert lists[1:] == [{"a": 2, "b": None}, {"a": 3, "b": None}]


def test_choose_takes_the_input_that_is_named(made):
    assert merge(made, {"a": 1, "c": 3}, mode="choose", take="c") == 3
    with pytest.raises(UsageError, match="takes 'b', which was not taken"):
        merge(made, {"a": 1, "c": 3}, mode="choose", take="b")


def test_choose_takes_the_first_whose_condition_holds(made, context):
    node = made.node(MergeNode, "both", inputs="a b c", mode="choose", when={"a": "value > 5"})
    assert node.run(context, {"a": 9, "b": 2}) == 9
    assert node.run(context, {"a": 1, "b": 2}) == 2
    with pytest.raises(UsageError, match="takes none of its inputs"):
        node.run(context, {"a": 1})


@pytest.mark.parametrize("other", FAMILIES)
def test_one_query_over_all_inputs(made, context, table, other):
    make, rows = table
    query = "select a.city, b.x from a join b using (city) where a.t > $c"
    node = made.node(MergeNode, "both", inputs="a b c", mode="sql", sql=query)
    given = node.run(context, {"a": make(LEFT), "b": FAMILIES[other][0](RIGHT), "c": 10})
    assert isinstance(given, type(make(LEFT)))
    assert rows(given) == [{"city": "Rome", "x": "r"}]


def test_a_relation_of_duckdb_is_merged_as_an_arrow_table(made):
    import duckdb

    with duckdb.connect() as connection:
        relation = connection.sql("select 'Rome' as city, 3 as z")
        given = merge(made, {"a": relation, "b": RIGHT}, mode="by_key", key="city")
    assert given.to_pylist() == [{"city": "Rome", "z": 3, "t": 5, "x": "r"}]


def test_a_lazy_frame_is_merged_as_a_frame(made):
    lazy = pl.DataFrame(LEFT).lazy()
    given = merge(made, {"a": lazy, "b": RIGHT}, mode="by_key", key="city", how="semi")
    assert given.to_dicts() == [LEFT[1]]


def test_fields_are_edited_in_the_same_node(made, context, table):
    make, rows = table
    edits = {"set": {"n": "{{ t }}", "who": "me"}, "drop": ["x"], "rename": {"city": "town"}}
    node = made.node(MergeNode, "both", inputs="a b", mode="append", fields=edits)
    given = node.run(context, {"a": make(LEFT[:1]), "b": make(RIGHT[:1])})
    assert rows(given) == [
        {"town": "Oslo", "t": 1, "n": 1, "who": "me"},
        {"town": "Rome", "t": 5, "n": 5, "who": "me"},
    ]


@pytest.mark.parametrize(
    "config",
    [{"key": 3}, {"key": {"a": 1}}, {"fields": {"dorp": ["x"]}}, {"how": "outer_"}, {"clash": "x"}],
)
def test_settings_that_cannot_be_are_refused(made, config):
    with pytest.raises(TraitError):
        merge(made, {}, **config)
