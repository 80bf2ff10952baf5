"""Two tables compared: by key, by whole rows, with columns that came and went."""

from __future__ import annotations

import datetime as dt
import random

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import UsageError
from flowbook.store.table_change import ColumnChange
from flowbook.store.table_diff import Comparing, compare_tables


@pytest.fixture(scope="module")
def cursor():
    with duckdb.connect() as connection:
        yield connection


def stored(folder, name, frame):
    path = folder / f"{name}.parquet"
    frame.to_parquet(path)
    return str(path)


def test_rows_are_known_by_a_key_that_is_found(cursor, tmp_path):
    was = pd.DataFrame({"city": ["a", "b", "a"], "id": [1, 2, 3], "mm": [0.5, 1.0, 2.0]})
    now = pd.DataFrame({"city": ["a", "b", "c"], "id": [3, 2, 4], "mm": [2.0, 1.5, 9.0]})
    change = compare_tables(cursor, stored(tmp_path, "a", was), stored(tmp_path, "b", now))
    assert (change.added, change.removed, change.changed) == (1, 1, 1)
    assert (change.key, change.guessed, change.by_column) == (("id",), True, {"mm": 1})
    assert change.samples.columns == ("id", "mm", "city")
    assert change.samples.added == ((4, 9.0, "c"),)
    assert change.samples.removed == ((1, 0.5, "a"),)
    assert change.samples.changed == (((2, 1.0, "b"), (2, 1.5, "b")),)
    assert str(change) == "1 row added, 1 removed, 1 changed (mm) by id"


def test_without_a_key_whole_rows_count_as_often_as_they_are_there(cursor):
    was = [{"word": "a"}, {"word": "a"}, {"word": "b"}]
    now = [{"word": "a"}, {"word": "c"}, {"word": "c"}]
    change = compare_tables(cursor, was, now)
    assert (change.added, change.removed, change.changed, change.key) == (2, 2, 0, ())
    assert set(change.samples.removed) == {("a",), ("b",)}


def test_a_column_that_is_unique_and_shared_is_a_key_and_one_of_new_values_is_not(cursor):
    was = [{"day": i, "v": 1} for i in range(10)]
    later = [{"day": i + 100, "v": 1} for i in range(10)]
    assert compare_tables(cursor, was, [*was[1:], {"day": 99, "v": 1}]).key == ("day",)
    assert compare_tables(cursor, was, later).key == ()


def test_several_columns_that_are_called_like_keys_are_one_together(cursor):
    was = [{"shop_id": s, "item_id": i, "n": s * i} for s in range(3) for i in range(3)]
    now = [*was[:-1], {"shop_id": 2, "item_id": 2, "n": 9}]
    change = compare_tables(cursor, was, now)
    assert (set(change.key), change.changed) == ({"shop_id", "item_id"}, 1)


def test_an_order_is_no_difference_but_is_told(cursor):
    rows = [{"id": i, "v": i % 3} for i in range(50)]
    other = random.Random(1).sample(rows, len(rows))
    for key in (None, ()):
        change = compare_tables(cursor, rows, other, Comparing(key))
        assert not change
        assert (change.moved, str(change)) == (True, "same rows in another order")


def test_columns_that_came_went_or_have_another_type_are_told(cursor):
    was = [{"id": 1, "old": 1, "n": 1}, {"id": 2, "old": 1, "n": 2}]
    now = [{"id": 1, "new": 1, "n": 1.0}, {"id": 2, "new": 1, "n": 2.5}]
    change = compare_tables(cursor, was, now)
    assert set(change.columns) == {
        ColumnChange("old", "BIGINT", ""),
        ColumnChange("n", "BIGINT", "DOUBLE"),
        ColumnChange("new", "", "BIGINT"),
    }
    assert (change.changed, change.by_column) == (1, {"n": 1})


def test_tables_with_nothing_in_common_are_all_rows_gone_and_all_new(cursor):
    change = compare_tables(cursor, [{"a": 1}], [{"b": 1}, {"b": 2}])
    assert (change.added, change.removed, len(change.columns)) == (2, 1, 2)


def test_nulls_and_what_is_no_number_are_like_themselves(cursor, tmp_path):
    frame = pd.DataFrame({"id": [1, 2, 3], "x": [None, float("nan"), 1.0], "t": [None, "a", "b"]})
    nan = [{"id": 1, "x": float("nan")}]
    assert not compare_tables(cursor, nan, nan)
    assert not compare_tables(cursor, *[stored(tmp_path, one, frame) for one in "ab"])


def test_small_differences_of_numbers_can_be_let_pass(cursor):
    was, now = (
        [{"id": 1, "x": 1.0}, {"id": 2, "x": 5.0}],
        [{"id": 1, "x": 1.0 + 1e-9}, {"id": 2, "x": 6.0}],
    )
    assert compare_tables(cursor, was, now).changed == 2
    assert compare_tables(cursor, was, now, Comparing(tolerance=1e-6)).changed == 1


def test_a_key_that_is_there_more_than_once_pairs_rows_one_by_one(cursor):
    was = [{"g": "a", "v": 1}, {"g": "a", "v": 2}, {"g": None, "v": 3}]
    now = [{"g": "a", "v": 1}, {"g": None, "v": 4}]
    change = compare_tables(cursor, was, now, Comparing(("g",)))
    assert (change.added, change.removed) == (0, 1)
    assert change.changed >= 1


def test_a_key_that_is_not_in_both_is_refused(cursor):
    with pytest.raises(UsageError, match="no column 'nope' in both"):
        compare_tables(cursor, [{"id": 1}], [{"id": 1}], Comparing(("nope",)))


def test_times_with_a_zone_and_names_with_quotes_are_shown(cursor, tmp_path):
    zone = dt.timezone(dt.timedelta(hours=2))
    was = pd.DataFrame({'a "b"': [1], "at": [dt.datetime(2026, 5, 1, 12, tzinfo=zone)]})
    now = was.assign(at=[dt.datetime(2026, 5, 1, 13, tzinfo=zone)])
    change = compare_tables(
        cursor, stored(tmp_path, "it's", was), stored(tmp_path, "b", now), Comparing(('a "b"',))
    )
    assert change.samples.changed[0][1] == (1, "2026-05-01 11:00:00+00:00")


def test_only_so_many_rows_are_kept_to_look_at(cursor):
    was, now = [{"id": i} for i in range(100)], [{"id": i} for i in range(50, 200)]
    change = compare_tables(cursor, was, now, Comparing(("id",), samples=3))
    assert (change.added, change.removed) == (100, 50)
    assert [len(one) for one in (change.samples.added, change.samples.removed)] == [3, 3]


rows = st.lists(
    st.fixed_dictionaries({"id": st.integers(0, 30), "v": st.integers(0, 3)}),
    min_size=1, max_size=25, unique_by=lambda row: row["id"],
)  # fmt: skip


@given(rows, rows)
def test_counts_are_those_of_a_comparison_by_hand(was, now):
    one, other = ({row["id"]: row["v"] for row in some} for some in (was, now))
    with duckdb.connect() as connection:
        change = compare_tables(connection, was, now, Comparing(("id",)))
        whole = compare_tables(connection, was, now, Comparing(()))
    differing = sum(one[key] != other[key] for key in one.keys() & other.keys())
    assert change.added == len(other.keys() - one.keys())
    assert change.removed == len(one.keys() - other.keys())
    assert change.changed == differing
    assert (whole.added, whole.removed) == (change.added + differing, change.removed + differing)
