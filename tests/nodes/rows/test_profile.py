"""summarise: a row per column, in a table of the same kind."""

from datetime import date

import polars as pl
import pytest
from tests.nodes.rows.kinds import plain, ran

from flowbook.nodes.rows.profile import SummariseNode

ORDERS = [
    {"city": "Oslo", "total": 3, "day": date(2026, 1, 30)},
    {"city": "Bergen", "total": 12, "day": date(2026, 2, 1)},
    {"city": "Oslo", "total": None, "day": None},
]


def test_a_row_per_column(family):
    told = ran(SummariseNode, family.make(ORDERS))
    assert isinstance(told, family.type)
    city, total, day = plain(told)
    assert (city["column"], city["type"], city["count"], city["nulls"]) == ("city", "str", 3, 0)
    assert (city["distinct"], city["lowest"], city["highest"]) == (2, "Bergen", "Oslo")
    assert list(city["top"]) == [{"value": "Oslo", "count": 2}, {"value": "Bergen", "count": 1}]
    assert city["mean"] is None
    assert (total["nulls"], total["mean"], total["min"], total["max"]) == (1, 7.5, 3.0, 12.0)
    assert (total["q25"], total["median"], total["q75"]) == (5.25, 7.5, 9.75)
    assert total["std"] == pytest.approx(6.3639610306789)
    assert (day["type"], day["lowest"], day["highest"]) == ("date", "2026-01-30", "2026-02-01")


def test_numbers_are_those_of_polars():
    frame = pl.DataFrame({"x": [1.5, 2.0, None, 10.0, 4.25]})
    told = ran(SummariseNode, frame).row(0, named=True)
    theirs = dict(frame["x"].describe(interpolation="linear").iter_rows())
    for ours, name in {"mean": "mean", "std": "std", "min": "min", "q25": "25%", "median": "50%",
                       "q75": "75%", "max": "max"}.items():  # fmt: skip
        assert told[ours] == pytest.approx(float(theirs[name]))


def test_lists_of_anything_have_a_profile():
    (told,) = ran(SummariseNode, [1, "a", None, [1], [1]], top=1)
    assert (told["column"], told["type"], told["distinct"]) == ("item", "int | list | str", 3)
    assert told["top"] == [{"value": "[1]", "count": 2}]
    assert ran(SummariseNode, []) == []
    assert len(ran(SummariseNode, pl.DataFrame(schema={"a": pl.Int64}))) == 1
