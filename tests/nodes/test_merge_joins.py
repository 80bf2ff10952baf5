"""Every kind of join gives what pandas and Polars give, in every family of tables."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.errors import UsageError
from flowbook.nodes.joining import CLASHES, Rules, join
from flowbook.nodes.matching import Matcher, Side
from flowbook.nodes.tables import named_family
from flowbook.store.query import Tables

FAMILIES = ("pandas", "polars", "arrow", "rows")
HOWS = ("inner", "left", "right", "outer", "semi", "anti", "cross")
SCHEMA = {"k": pl.Int64, "j": pl.String, "v": pl.Int64}
keys = st.one_of(st.none(), st.integers(0, 3))
texts = st.one_of(st.none(), st.sampled_from(["a", "b", ""]))
row = st.tuples(keys, texts, st.one_of(st.none(), st.integers(5, 8)))
rows = st.lists(row.map(lambda one: dict(zip(SCHEMA, one, strict=True))), max_size=8)


def polars(table, **more):
    return pl.DataFrame(table, schema={**SCHEMA, **more})


def made(name, table):
    """The table in a family, with its types also where it is empty."""
    if name == "rows":
        return table
    frame = polars(table)
    if name == "polars":
        return frame
    arrow = pa.table({column: frame[column].to_arrow() for column in frame.columns})
    if name == "arrow":
        return arrow
    return pd.DataFrame(
        {
            "k": pd.array(frame["k"].to_list(), dtype="Int64"),
            "j": pd.array(frame["j"].to_list(), dtype="str"),
            "v": pd.array(frame["v"].to_list(), dtype="Int64"),
        }
    )


def plain(maker, table):
    """Rows as tuples in the order of sorted columns; whole floats as ints."""
    return [tuple((name, whole(row[name])) for name in sorted(row)) for row in maker.records(table)]


def whole(value):
    if isinstance(value, float) and math.isnan(value):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def by_polars(left, right, how, on, nulls_match):
    """What Polars joins, and right rows alone with their keys."""
    one, two = polars(left), polars(right)
    if how == "cross":
        return one.join(two, how="cross", suffix="_b").to_dicts()
    kind = {"outer": "full"}.get(how, how)
    if how == "right":  # its columns come in another order, and its keys from the right
        return [
            {**{name: row.get(name) for name in SCHEMA}, **row}
            for row in two.join(one, on=on, how="left", suffix="_a", nulls_equal=nulls_match)
            .rename({name: f"{name}_b" for name in SCHEMA if name not in on})
            .rename({f"{name}_a": name for name in SCHEMA if name not in on})
            .to_dicts()
        ]
    options = {} if how in ("semi", "anti") else {"suffix": "_b", "coalesce": True}
    return one.join(two, on=on, how=kind, nulls_equal=nulls_match, **options).to_dicts()


def joined(name, left, right, on, **rules):
    maker = named_family(name)
    sides = Side("a", made(name, left), tuple(on)), Side("b", made(name, right), tuple(on))
    return maker, join(*sides, Rules(maker, **rules))


def told(table):
    return Counter(
        tuple((name, whole(row[name])) for name in sorted(row) if row[name] is not None)
        for row in table
    )


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=40, deadline=None)
@given(left=rows, right=rows, on=st.sampled_from([["k"], ["j"], ["k", "j"]]), match=st.booleans())
def test_rows_are_those_of_polars(name, how, left, right, on, match):
    if name == "rows" and not (left and right):
        return  # an empty list has no columns that clash
    maker, found = joined(name, left, right, on, how=how, nulls_match=match)
    wanted = by_polars(left, right, how, on, match)
    assert told(maker.records(found)) == told(wanted)


@pytest.mark.parametrize("how", ["inner", "left", "right", "outer", "cross"])
@settings(max_examples=60, deadline=None)
@given(left=rows, right=rows, on=st.sampled_from([["k"], ["k", "j"]]))
def test_rows_and_their_order_are_those_of_pandas(how, left, right, on):
    maker, found = joined("pandas", left, right, on, how=how, nulls_match=True)
    options = {} if how == "cross" else {"on": on}
    frames = made("pandas", left), made("pandas", right)
    wanted = frames[0].merge(frames[1], how=how, suffixes=("", "_b"), **options)
    assert list(found.columns) == list(wanted.columns)
    mine, theirs = plain(maker, found), plain(maker, wanted)
    if how == "outer":  # pandas sorts these by their key
        mine, theirs = sorted(mine, key=repr), sorted(theirs, key=repr)
    assert mine == theirs


@pytest.mark.parametrize("clash", [one for one in CLASHES if one != "error"])
@pytest.mark.parametrize("how", [one for one in HOWS if one not in ("semi", "anti")])
@pytest.mark.parametrize("name", ["pandas", "polars", "arrow"])
@settings(max_examples=15, deadline=None)
@given(left=rows, right=rows, match=st.booleans())
def test_lists_of_dicts_are_joined_as_frames_are(name, how, clash, left, right, match):
    if not left or not right:
        return  # an empty list has no columns to give
    rules = {"how": how, "clash": clash, "nulls_match": match}
    maker, found = joined(name, left, right, ["k"], **rules)
    _, wanted = joined("rows", left, right, ["k"], **rules)
    assert plain(maker, found) == plain(named_family("rows"), wanted)
    assert maker.columns(found) == list(wanted[0] if wanted else maker.columns(found))


@pytest.mark.parametrize("how", [one for one in HOWS if one != "cross"])
@pytest.mark.parametrize("name", ["pandas", "polars", "arrow"])
@settings(max_examples=15, deadline=None)
@given(left=rows, right=rows, on=st.sampled_from([["k"], ["j", "k"]]), match=st.booleans())
def test_a_query_pairs_the_rows_a_dict_pairs(tables, name, how, left, right, on, match):
    maker = named_family(name)
    sides = Side("a", made(name, left), tuple(on)), Side("b", made(name, right), tuple(on))
    found = Matcher(maker, match, tables.query, small=0).pairs(*sides, how)
    wanted = Matcher(maker, match).pairs(*sides, how)
    pairs = [list(map(int, one)) for one in found], [list(map(int, one)) for one in wanted]
    assert pairs[0] == pairs[1]


@pytest.fixture(scope="module")
def tables():
    made = Tables()
    yield made
    made.close()


@pytest.mark.parametrize("name", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize(
    "column",
    [
        [1.5, -0.0, 0.0, math.nan, None],
        [True, False, None, True, False],
        ["a", "A", "a ", "é", None],
        [2**62, 2**62 + 1, -5, 0, None],
    ],
    ids=["floats", "bools", "texts", "ints"],
)
@pytest.mark.parametrize("match", [True, False])
def test_a_query_compares_values_as_a_dict_does(tables, name, column, match):
    maker = named_family(name)
    frame = pl.DataFrame({"k": column})
    table = {"pandas": frame.to_pandas, "polars": lambda: frame, "arrow": frame.to_arrow}[name]()
    side, other = Side("a", table, ("k",)), Side("b", maker.picked(table, [4, 3, 2, 1, 0]), ("k",))
    found = Matcher(maker, match, tables.query, small=0).pairs(side, other, "outer")
    wanted = Matcher(maker, match).pairs(side, other, "outer")
    assert [list(map(int, one)) for one in found] == [list(one) for one in wanted]


@pytest.mark.parametrize("name", ["pandas", "polars", "arrow"])
def test_large_tables_are_joined_as_small_ones_are(tables, name):
    random = np.random.default_rng(7)
    left = pl.DataFrame({"k": random.integers(0, 9000, 15_000), "v": np.arange(15_000)})
    right = pl.DataFrame({"k": random.integers(0, 9000, 12_000), "v": np.arange(12_000)})
    make = {"pandas": pl.DataFrame.to_pandas, "polars": lambda f: f, "arrow": pl.DataFrame.to_arrow}
    maker = named_family(name)
    asked = []

    def query(*given):
        asked.append(given[0])
        return tables.query(*given)

    sides = [Side(n, make[name](f), ("k",)) for n, f in (("a", left), ("b", right))]
    found = join(*sides, Rules(maker, "left", query=query))
    assert asked
    wanted = left.join(right, on="k", how="left", suffix="_b", maintain_order="left_right")
    assert plain(maker, found) == plain(named_family("polars"), wanted)


@pytest.mark.parametrize("name", FAMILIES)
def test_keys_may_be_called_differently(name):
    maker = named_family(name)
    left = maker.take([{"id": 1, "x": "a"}, {"id": 2, "x": "b"}])
    right = maker.take([{"who": 2, "y": "c"}, {"who": 3, "y": "d"}])
    found = join(Side("a", left, ("id",)), Side("b", right, ("who",)), Rules(maker, "outer"))
    assert [whole(row["id"]) for row in maker.records(found)] == [1, 2, 3]
    assert maker.columns(found) == ["id", "x", "y"]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize(
    ("expect", "left", "right", "blamed"),
    [
        ("one_to_one", [1, 1], [1], "'a'"),
        ("one_to_many", [1, 1], [1, 1], "'a'"),
        ("many_to_one", [1, 1], [2, 2], "'b'"),
        ("one_to_one", [1], [3, 3, 4, 4], "'b'"),
    ],
)
def test_keys_that_repeat_against_what_is_expected_are_shown(name, expect, left, right, blamed):
    maker = named_family(name)
    sides = [
        Side(n, maker.take([{"k": one} for one in column]), ("k",))
        for n, column in (("a", left), ("b", right))
    ]
    with pytest.raises(UsageError, match=f"{expect}, and {blamed} has several rows.*k: ") as caught:
        join(*sides, Rules(maker, expect=expect))
    if right == [3, 3, 4, 4]:
        assert "k: 3, 4" in str(caught.value)


@pytest.mark.parametrize("expect", ["one_to_many", "many_to_many", ""])
def test_what_is_expected_is_joined(expect):
    maker = named_family("rows")
    left, right = [{"k": 1}], [{"k": 1, "v": 1}, {"k": 1, "v": 2}]
    sides = Side("a", left, ("k",)), Side("b", right, ("k",))
    assert len(join(*sides, Rules(maker, expect=expect))) == 2


@pytest.mark.parametrize("name", FAMILIES)
def test_keys_of_types_that_are_never_equal_are_refused(name):
    maker = named_family(name)
    sides = Side("a", maker.take([{"k": 1}]), ("k",)), Side("b", maker.take([{"k": "1"}]), ("k",))
    with pytest.raises(UsageError, match="'a' has 'k' as int and 'b' has 'k' as string"):
        join(*sides, Rules(maker))


def test_a_clash_is_an_error_when_it_is_to_be_one():
    sides = Side("a", [{"k": 1, "v": 1}], ("k",)), Side("b", [{"k": 1, "v": 2}], ("k",))
    with pytest.raises(UsageError, match="'a' and 'b' both have a column 'v'"):
        join(*sides, Rules(named_family("rows"), clash="error"))


@pytest.mark.parametrize("name", FAMILIES)
def test_big_integer_keys_keep_their_digits(name):
    maker, big = named_family(name), 2**60 + 1
    sides = (
        Side("a", maker.take([{"k": big}]), ("k",)),
        Side("b", maker.take([{"k": big + 1}]), ("k",)),
    )
    found = join(*sides, Rules(maker, "outer"))
    assert [row["k"] for row in maker.records(found)] == [big, big + 1]


@pytest.mark.parametrize(
    ("how", "left", "right"),
    [("left", 1, 0), ("inner", 0, 0), ("outer", 1, 1), ("right", 0, 1), ("anti", 1, 0)],
)
def test_an_empty_list_is_a_table_without_rows(how, left, right):
    maker, some = named_family("rows"), [{"k": 1, "v": 2}]
    one = join(Side("a", some, ("k",)), Side("b", [], ("k",)), Rules(maker, how))
    other = join(Side("a", [], ("k",)), Side("b", some, ("k",)), Rules(maker, how))
    assert (one, other) == (some * left, some * right)


def test_a_list_in_a_key_is_named():
    sides = Side("a", [{"k": [1]}], ("k",)), Side("b", [{"k": [1]}], ("k",))
    with pytest.raises(UsageError, match="has a list in 'k', row 0"):
        join(*sides, Rules(named_family("rows")))
