"""Tables fit the terminal and say what they leave out."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.cli.table import CELL, ROWS, cell, rows_of, table


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_every_kind_of_table_has_columns_and_rows(make):
    columns, rows = rows_of(make({"city": ["Oslo"], "days": [3]}))
    assert (list(columns), rows) == (["city", "days"], [("Oslo", 3)])


@pytest.mark.parametrize("value", [3, "text", {"a": 1}, [1], None])
def test_what_is_no_table_is_none(value):
    assert rows_of(value) is None


def test_numbers_are_right_and_text_is_left():
    head, _, first, _, note = table(["city", "n"], [("Oslo", 3), ("Bergen", 12)])
    assert (head, first, note) == ("city     n", "Oslo     3", "2 rows")


def test_columns_that_do_not_fit_are_named():
    lines = table(["a", "bbbbbbbbbb", "c"], [("x", "y", "z")], width=8)
    assert lines[0] == "a"
    assert lines[-1] == "columns that do not fit: bbbbbbbbbb, c"


def test_rows_that_are_not_shown_are_counted():
    lines = table(["n"], [(n,) for n in range(ROWS + 1000)])
    assert lines[-1] == f"1,040 rows, the first {ROWS} shown"


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ((1.0, 20.0), ["1", "20"]),
        ((1.5, 20.0), ["1.5", "20.0"]),
        ((1.25, 1106.0, None), ["1.25", "1106.00", ""]),
        ((0.001, 2.0), ["0.001", "2"]),
    ],
)
def test_a_column_has_the_decimals_it_needs(column, texts):
    lines = table(["n"], [(value,) for value in column])
    assert [line.strip() for line in lines[2:-1]] == texts


def test_an_empty_table_says_so():
    assert table(["n"], [])[-1] == "0 rows"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NaT, ""),
        (0.0, "0.00"),
        (12.5, "12.50"),
        (1e-7, "1e-07"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (pd.Timestamp("2026-01-02 03:04:05.678"), "2026-01-02 03:04:05"),
        ("two\n lines", "two lines"),
    ],
)
def test_a_cell_is_one_short_line(value, text):
    assert cell(value) == text


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5), st.integers(10, 200))
def test_no_line_of_the_grid_is_wider_than_asked(rows, width):
    lines = table(["first", "second"], rows, width)
    grid = lines[: 2 + len(rows)]
    assert max(map(len, grid)) <= max(width, CELL)
