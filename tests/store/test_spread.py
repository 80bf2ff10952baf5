from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from flowbook.store.bars import BARS, SAMPLED
from flowbook.store.spread import Spread, of_series, of_values


def test_what_is_missing_or_endless_is_neither_in_the_median_nor_in_the_bars():
    found = of_values(np.array([1.0, np.nan, 3.0, np.inf, 2.0]))
    assert found.median == 2.0
    assert sum(found.bars) == 3
    assert len(found.bars) == BARS
    assert found.sampled is None


def test_of_very_many_values_some_that_lie_evenly_are_looked_at():
    found = of_values(np.arange(3 * SAMPLED + 1))
    assert found.sampled is not None
    assert SAMPLED / 2 < found.sampled <= SAMPLED
    assert found.median == pytest.approx(1.5 * SAMPLED, rel=0.01)
    assert max(found.bars) - min(found.bars) < SAMPLED / BARS * 0.1


def test_times_have_a_middle_one_and_bars():
    days = np.array(["2020-01-01", "2020-01-05", "2020-01-02", "NaT"], dtype="datetime64[D]")
    found = of_values(days)
    assert found.median == "2020-01-02"
    assert sum(found.bars) == 3


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a", "b"]),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.array([], dtype=float),
        np.array([np.nan]),
    ],
    ids=["text", "bool", "complex", "empty", "missing"],
)
def test_what_is_no_number_has_neither(values):
    assert of_values(values) == Spread()


def test_equal_values_have_a_median_and_no_bars():
    assert of_values(np.array([4, 4, 4])) == Spread(4.0)


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([1, 2, None, 9]),
        pd.Series([1, 2, None, 9], dtype="Int64"),
        pl.Series([1, 2, None, 9]),
    ],
    ids=["pandas", "nullable", "polars"],
)
def test_series_of_every_library_are_spread_alike(series):
    found = of_series(series)
    assert found.median == 2.0
    assert sum(found.bars) == 3


@pytest.mark.parametrize("series", [pd.Series(["a"]), pl.Series(["a"]), pd.Series([], dtype=float)])
def test_a_series_without_numbers_is_not_spread(series):
    assert of_series(series) == Spread()
