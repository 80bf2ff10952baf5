"""sort, limit, dedupe: one order and one idea of the same for every kind of rows."""

import math

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traitlets import TraitError

from flowbook.errors import UsageError
from flowbook.nodes.rows.ordering import DedupeNode, LimitNode, SortNode
from tests.nodes.rows.kinds import MAKERS, plain, ran

NAN = float("nan")
ORDERS = [
    {"id": 1, "city": "Oslo", "total": 3},
    {"id": 2, "city": None, "total": 9},
    {"id": 3, "city": "Bergen", "total": None},
    {"id": 4, "city": "Oslo", "total": 9},
]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.integers(-3, 3) | st.none(),
            "größe": st.sampled_from([0.5, -1.5, 2.0]) | st.none(),
            "s": st.sampled_from(["", "a", "B", "ä", "日"]) | st.none(),
        }
    ),
    max_size=12,
)
NUMBERED = ROWS.map(lambda rows: [{**row, "id": at} for at, row in enumerate(rows)])


def ids(value):
    return [row["id"] for row in plain(value)]


# ---------------------------------------------------------------- sort


def test_the_first_key_counts_most_and_nulls_stand_last(family):
    given = family.make(ORDERS)
    told = ran(SortNode, given, by=["city", "total desc"])
    assert isinstance(told, family.type)
    assert ids(told) == [3, 4, 1, 2]
    assert ids(ran(SortNode, given, by="total desc")) == [2, 4, 1, 3]
    assert ids(ran(SortNode, given, by={"by": "total", "nulls": "first"})) == [3, 1, 2, 4]


def test_a_key_may_be_an_expression(family):
    assert ids(ran(SortNode, family.make(ORDERS), by="-id")) == [4, 3, 2, 1]
    assert ids(ran(SortNode, family.make(ORDERS), by=["len(city) desc", "id desc"])) == [3, 4, 1, 2]


def test_nan_is_greater_than_every_number_and_less_than_null():
    rows = [{"id": at, "x": x} for at, x in enumerate([NAN, 1.0, None, 2.0])]
    for name in ("records", "polars", "arrow"):
        assert ids(ran(SortNode, MAKERS[name](rows), by="x")) == [1, 3, 0, 2]
        assert ids(ran(SortNode, MAKERS[name](rows), by="x desc")) == [0, 3, 1, 2]
        assert ids(ran(SortNode, MAKERS[name](rows), by="x nulls first")) == [2, 1, 3, 0]
    assert ids(ran(SortNode, pd.DataFrame(rows), by="x")) == [1, 3, 0, 2]


@settings(max_examples=60, deadline=None)
@given(
    rows=NUMBERED,
    by=st.lists(
        st.builds(
            "{} {} nulls {}".format,
            st.sampled_from(["n", "größe", "s"]),
            st.sampled_from(["asc", "desc"]),
            st.sampled_from(["first", "last"]),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_all_kinds_of_rows_are_sorted_alike(rows, by):
    wanted = ids(ran(SortNode, rows, by=by))
    for name in ("pandas", "polars", "arrow"):
        if rows:
            assert ids(ran(SortNode, MAKERS[name](rows), by=by)) == wanted, name


@settings(max_examples=60, deadline=None)
@given(rows=NUMBERED, by=st.sampled_from(["n", "größe", "s"]), desc=st.booleans())
def test_it_sorts_as_the_libraries_do(rows, by, desc):
    frame = pd.DataFrame(rows, columns=["n", "größe", "s", "id"])
    told = ids(ran(SortNode, rows, by=f"{by} {'desc' if desc else 'asc'}"))
    theirs = frame.sort_values(by, ascending=not desc, kind="stable", na_position="last")
    assert told == theirs["id"].tolist()
    frame = pl.DataFrame(
        rows, schema={"n": pl.Int64, "größe": pl.Float64, "s": pl.String, "id": pl.Int64}
    )
    theirs = frame.sort(by, descending=desc, nulls_last=True, maintain_order=True)
    assert told == theirs["id"].to_list()


def test_plain_items_are_sorted_by_themselves_or_by_an_expression():
    assert ran(SortNode, [3, None, 1]) == [1, 3, None]
    assert ran(SortNode, ["bb", "a"], by="len(item)") == ["a", "bb"]
    assert ran(SortNode, []) == []


def test_what_cannot_be_compared_is_told_with_two_rows():
    with pytest.raises(UsageError, match=r"row 0 has 3 and row 2 has 'x'"):
        ran(SortNode, [3, 1, "x"])
    with pytest.raises(UsageError, match=r"'size' gives: row 0 has 1 and row 1 has 'L'"):
        ran(SortNode, pd.DataFrame({"size": [1, "L"]}), by="size")


def test_an_unknown_key_is_refused(family):
    with pytest.raises(UsageError, match="there is no column 'totl'") as told:
        ran(SortNode, family.make(ORDERS), by="totl")
    assert "did you mean 'total'?" in str(told.value)
    with pytest.raises(UsageError, match="does not know what to sort by"):
        ran(SortNode, family.make(ORDERS))
    with pytest.raises(TraitError, match="order is asc or desc"):
        ran(SortNode, ORDERS, by={"by": "id", "order": "up"})


# ---------------------------------------------------------------- limit


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"count": 2}, [1, 2]),
        ({"count": 2, "offset": 3}, [4]),
        ({"count": 2, "take": "last"}, [3, 4]),
        ({"count": 2, "offset": 3, "take": "last"}, [1]),
        ({"count": 9}, [1, 2, 3, 4]),
        ({"count": 0}, []),
        ({"count": 2, "offset": 9}, []),
    ],
)
def test_limit_takes_from_either_end(family, config, wanted):
    told = ran(LimitNode, family.make(ORDERS), **config)
    assert isinstance(told, family.type)
    assert ids(told) == wanted


def test_a_sample_is_the_same_for_a_seed_whatever_the_rows_come_as():
    rows = [{"id": at} for at in range(50)]
    samples = [
        ids(ran(LimitNode, make(rows), count=7, take="sample", seed=4)) for make in MAKERS.values()
    ]
    assert samples[0] == sorted(samples[0])
    assert all(one == samples[0] for one in samples)
    assert ids(ran(LimitNode, rows, count=7, take="sample", seed=5)) != samples[0]
    assert len(ran(LimitNode, rows, count=70, take="sample")) == 50


def test_less_than_nothing_cannot_be_taken():
    with pytest.raises(TraitError):
        ran(LimitNode, [1], count=-1)


# ---------------------------------------------------------------- dedupe


@pytest.mark.parametrize(
    ("keep", "kept", "others"), [("first", [1, 2, 3], [4]), ("last", [2, 3, 4], [1]),
                                 ("none", [2, 3], [1, 4])]
)  # fmt: skip
def test_dedupe_keeps_what_it_is_told_and_gives_the_rest(family, keep, kept, others):
    told = ran(DedupeNode, family.make(ORDERS), by="city", keep=keep, outputs="x duplicates").ports
    assert isinstance(told["x"], family.type)
    assert (ids(told["x"]), ids(told["duplicates"])) == (kept, others)


def test_rows_are_the_same_by_all_columns_or_by_an_expression(family):
    given = family.make([*ORDERS, dict(ORDERS[1])])
    assert ids(ran(DedupeNode, given)) == [1, 2, 3, 4]
    assert ids(ran(DedupeNode, given, by="id % 2")) == [1, 2]


def test_nan_is_the_same_as_nan_and_true_is_not_1():
    rows = [{"id": at, "x": x} for at, x in enumerate([NAN, None, NAN, None, 0.0, -0.0])]
    for name in ("records", "polars", "arrow"):
        assert ids(ran(DedupeNode, MAKERS[name](rows), by="x")) == [0, 1, 4]
    assert ran(DedupeNode, [1, True, 1.0, [1], [1.0], {"a": [1]}, {"a": [1]}]) == [
        1, True, [1], {"a": [1]},
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    rows=NUMBERED,
    by=st.lists(st.sampled_from(["n", "größe", "s"]), min_size=1, max_size=3, unique=True),
    keep=st.sampled_from(["first", "last", "none"]),
)
def test_all_kinds_of_rows_are_deduped_alike_and_as_the_libraries_do(rows, by, keep):
    wanted = ids(ran(DedupeNode, rows, by=by, keep=keep))
    for name in ("pandas", "polars", "arrow"):
        if rows:
            assert ids(ran(DedupeNode, MAKERS[name](rows), by=by, keep=keep)) == wanted, name
    frame = pd.DataFrame(rows, columns=["n", "größe", "s", "id"])
    theirs = frame.drop_duplicates(by, keep=False if keep == "none" else keep)
    assert wanted == theirs["id"].tolist()
    assert not any(math.isnan(one) for one in wanted)
