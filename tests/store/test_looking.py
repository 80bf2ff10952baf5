"""A window of a table is the table there, wherever the table is and in whatever order."""

from __future__ import annotations

import gc

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.errors import UsageError, ValueUnavailable
from flowbook.store.bars import BARS, bars_of
from flowbook.store.grid import MOST_PAGE, Wanted, page
from flowbook.store.layout import Layout
from flowbook.store.looking import Looking
from flowbook.store.values import Objects

ROWS = {
    "n": [3, 1, None, 2, 1],
    "city": ["Oslo", "Bergen", None, "oslo fjord", "Rome"],
    "at": pd.to_datetime(["2026-05-01", "2026-05-02", None, "2026-05-03", "2026-05-04"]),
}


def pandas():
    return pd.DataFrame(ROWS)


def polars():
    return pl.from_pandas(pandas())


def arrow():
    return pa.Table.from_pandas(pandas())


def records():
    return [{"n": n, "city": city} for n, city in zip(ROWS["n"], ROWS["city"], strict=True)]


@pytest.fixture
def vault(tmp_path):
    return Objects(Layout(tmp_path))


@pytest.fixture
def looking(vault):
    found = Looking(vault)
    yield found
    found.close()


@pytest.mark.parametrize("kept", [False, True], ids=["live", "stored"])
@pytest.mark.parametrize("make", [pandas, polars, arrow, records])
class TestEveryTable:
    def grid(self, looking, vault, make, kept):
        self.value = make()  # as long as somebody holds it
        return looking.at(vault.put(self.value) if kept else self.value)

    def test_pages_put_together_are_the_table(self, looking, vault, make, kept):
        grid = self.grid(looking, vault, make, kept)
        whole = page(grid, 0, 100, Wanted())
        parts = [page(grid, start, 2, Wanted()) for start in (0, 2, 4)]
        assert whole.rows == sum((one.rows for one in parts), ())
        assert (whole.total, whole.of, whole.at) == (5, 5, (0, 1, 2, 3, 4))
        assert [row[1] for row in whole.rows] == ["Oslo", "Bergen", None, "oslo fjord", "Rome"]

    def test_a_sorted_page_says_where_its_rows_lie_and_has_what_is_missing_last(
        self, looking, vault, make, kept
    ):
        grid = self.grid(looking, vault, make, kept)
        up = page(grid, 0, 10, Wanted(sort=0))
        assert [row[0] for row in up.rows] == [1, 1, 2, 3, None]
        assert up.at == (1, 4, 3, 0, 2)
        down = page(grid, 1, 2, Wanted(sort=0, descending=True))
        assert (down.at, down.total) == ((3, 1), 5)

    def test_rows_are_found_by_a_text_in_any_column_or_in_one(self, looking, vault, make, kept):
        grid = self.grid(looking, vault, make, kept)
        found = page(grid, 0, 10, Wanted(find="OSLO"))
        assert (found.at, found.total, found.of) == ((0, 3), 2, 5)
        assert page(grid, 0, 10, Wanted(find="oslo", column=0)).total == 0
        assert page(grid, 0, 10, Wanted(find=">= 2", column=0)).at == (0, 3)
        assert page(grid, 0, 10, Wanted(find="!= Rome", column=1, sort=1)).at == (1, 0, 3)

    def test_a_page_beyond_the_end_is_empty(self, looking, vault, make, kept):
        assert page(self.grid(looking, vault, make, kept), 99, 5, Wanted()).rows == ()

    def test_columns_say_their_type_and_what_is_missing(self, looking, vault, make, kept):
        columns = self.grid(looking, vault, make, kept).columns
        assert [one.name for one in columns[:2]] == ["n", "city"]
        if make is not records:
            assert [one.nulls for one in columns] == [1, 1, 1]


def test_what_is_no_table_has_no_grid(looking, vault):
    assert looking.at({"a": 1}) is None
    assert looking.at([1, 2]) is None
    assert looking.at(vault.put("text " * 2000)) is None


def test_a_window_that_is_none_is_refused(looking):
    grid = looking.at(records())
    with pytest.raises(UsageError, match="0 to 1000 rows"):
        page(grid, 0, MOST_PAGE + 1, Wanted())
    with pytest.raises(UsageError, match="no column number 7"):
        page(grid, 0, 1, Wanted(sort=7))


def test_a_column_of_several_types_that_cannot_be_sorted_is_refused(looking):
    with pytest.raises(UsageError, match=r"make a table|cannot be sorted"):
        page(looking.at([{"a": 1}, {"a": object()}]), 0, 10, Wanted(sort=0))


def test_an_index_that_says_something_comes_first(looking, vault):
    frame = pd.DataFrame({"n": [2, 1]}, index=pd.Index(["b", "a"], name="key"))
    for value in (frame, vault.put(frame)):
        found = page(looking.at(value), 0, 10, Wanted(sort=0))
        assert [one.name for one in found.columns] == ["key", "n"]
        assert found.rows == (("a", 1), ("b", 2))


def test_times_with_a_zone_are_told_of_a_stored_table(looking, vault):
    frame = pd.DataFrame({"at": pd.to_datetime(["2026-05-01 10:00+02:00"])})
    ((told,),) = page(looking.at(vault.put(frame)), 0, 1, Wanted()).rows
    assert told == "2026-05-01 08:00:00+00:00"


def test_two_columns_of_one_name_are_two_columns(looking):
    frame = pd.DataFrame([[1, 9], [2, 8]], columns=["n", "n"])
    assert page(looking.at(frame), 0, 9, Wanted(sort=1)).rows == ((2, 8), (1, 9))


def test_a_value_that_is_gone_says_so(looking, vault, tmp_path):
    ref = vault.put(pandas())
    vault.file(ref).unlink()
    with pytest.raises(ValueUnavailable, match="is not there"):
        looking.at(ref)


def test_looking_at_a_frame_does_not_keep_it(looking):
    frame = pandas()
    page(looking.at(frame), 0, 1, Wanted(sort=0))
    assert looking._seen
    del frame
    gc.collect()
    assert not looking._seen


def test_a_million_stored_rows_are_paged_where_the_window_is(looking, vault):
    frame = pl.DataFrame({"n": np.arange(1_000_000), "x": np.arange(1_000_000)[::-1]})
    grid = looking.at(vault.put(frame))
    last = page(grid, 999_990, 100, Wanted())
    assert last.rows[0] == (999_990, 9)
    assert (len(last.rows), last.total) == (10, 1_000_000)
    assert page(grid, 500_000, 1, Wanted(sort=1)).rows == ((499_999, 500_000),)


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.integers(-50, 50)), min_size=1, max_size=60),
    size=st.integers(1, 20),
    descending=st.booleans(),
)
def test_sorted_pages_put_together_are_the_sorted_table(values, size, descending, tmp_path_factory):
    vault = Objects(Layout(tmp_path_factory.mktemp("vault")))
    looking = Looking(vault)
    frame = pl.DataFrame({"n": pl.Series(values, dtype=pl.Int64)})
    way = -1 if descending else 1
    order = sorted(range(len(values)), key=lambda i: (values[i] is None, way * (values[i] or 0), i))
    for value in (frame, vault.put(frame)):
        grid, wanted = looking.at(value), Wanted(sort=0, descending=descending)
        pages = [page(grid, start, size, wanted) for start in range(0, len(values), size)]
        assert [at for one in pages for at in one.at] == order
        assert [row[0] for one in pages for row in one.rows] == [values[i] for i in order]
    looking.close()


def test_bars_say_how_values_are_spread(looking, vault):
    for value in (pandas(), polars(), vault.put(pandas())):
        n, city, at = bars_of(looking.at(value).sample(100))
        assert (len(n), sum(n), n[0], n[-1]) == (BARS, 4, 2, 1)
        assert city == ()
        assert sum(at) == 4


def test_bars_that_there_is_no_time_for_are_left_out():
    assert bars_of([np.array([1, 2])], patience=0.0) == [()]


def test_a_text_is_read_from_memory_and_from_the_store_and_nothing_else_is(looking, vault):
    assert looking.text("hot") == "hot"
    assert looking.text(vault.put("hot" * 9000)) == "hot" * 9000
    assert looking.text(vault.put([1])) is None
    assert looking.text(records()) is None
