from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.testing.compare import Comparison, in_order

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_a_value_equals_itself(value):
    assert Comparison().differences(value, value) == []


@given(plain, st.integers())
def test_another_item_is_told_with_its_place(value, extra):
    (told, *_) = Comparison().differences([value, extra], [value, extra + 1])
    assert told.startswith("[1]: ")


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.Table.from_pylist])
def test_tables_of_every_library_equal_their_rows(make):
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    assert Comparison().differences(make(rows), rows) == []
    assert Comparison().differences(rows, make(rows)) == []


def test_a_cell_that_differs_is_told_by_row_and_column():
    found = pd.DataFrame({"city": ["Oslo", "Rome"], "temp": [1.0, 2.0]})
    wanted = [{"city": "Oslo", "temp": 1.0}, {"city": "Rome", "temp": 2.5}]
    assert Comparison().differences(found, wanted) == [
        "[1].temp: 2.0 (float), expected 2.5 (float)"
    ]


def test_rows_that_are_missing_and_columns_too_many_are_told():
    assert Comparison().differences([{"a": 1, "z": 0}], [{"a": 1}, {"a": 2}]) == [
        "it: has 1 items, expected 2",
        "[0].z: is there (0 (int)), and is not expected",
    ]


def test_numbers_are_equal_within_the_tolerance():
    assert Comparison(1e-6).differences(np.array([1.0, 2.0]), [1.0000001, 2.0]) == []
    assert Comparison(1e-9).differences(np.array([1.0, 2.0]), [1.0000001, 2.0]) != []


def test_no_value_is_no_value_whatever_stands_for_it():
    assert (
        Comparison().differences(pd.DataFrame({"a": [1.0, math.nan]}), [{"a": 1.0}, {"a": None}])
        == []
    )


def test_true_is_not_one():
    assert Comparison().differences(True, 1) != []


def test_values_of_hidden_fields_are_not_told():
    (told,) = Comparison(hides=frozenset({"pin"})).differences({"pin": "1234"}, {"pin": "9999"})
    assert "1234" not in told
    assert "9999" not in told


def test_order_is_taken_away_where_it_does_not_matter():
    assert in_order([{"a": 2}, {"a": 1}]) == in_order([{"a": 1}, {"a": 2}])
