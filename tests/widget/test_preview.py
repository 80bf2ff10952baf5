from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import math

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowbook.widget.preview import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, preview, type_name
from flowbook.widget.views import ArrayPreview, ImagePreview, TablePreview, TextPreview, TreePreview

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
BARS = (1,) + (0,) * 9 + (1,) + (0,) * 8 + (1,)
DAYS = {"day": [dt.date(2015, 7, 19), None], "rain": [1.5, math.nan], "hot": [True, False]}


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"]
)
def test_tables_of_every_library_look_the_same(make):
    shown = preview(make(DAYS))
    assert isinstance(shown, TablePreview)
    assert [column.name for column in shown.columns] == ["day", "rain", "hot"]
    assert shown.rows == (("2015-07-19", 1.5, True), (None, None, False))
    assert (shown.total, shown.width) == (2, 3)


def test_a_table_is_cut_to_its_first_rows_and_columns():
    wide = pd.DataFrame(np.zeros((5000, 100)), columns=[f"c{i}" for i in range(100)])
    shown = preview(wide)
    assert (len(shown.columns), shown.total, shown.width) == (MOST_COLUMNS, 5000, 100)
    assert 0 < len(shown.rows) <= MOST_ROWS


def test_an_index_that_says_something_is_shown():
    frame = pd.DataFrame({"rain": [1, 2]}, index=pd.Index(["a", "b"], name="city"))
    assert [column.name for column in preview(frame).columns] == ["city", "rain"]
    assert [column.name for column in preview(pd.DataFrame({"rain": [1]})).columns] == ["rain"]


def test_columns_of_one_name_and_an_index_of_a_columns_name_are_no_trouble():
    doubled = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert preview(doubled).rows == ((1, 2),)
    clash = pd.DataFrame({"a": [1]}, index=pd.Index([9], name="a"))
    assert isinstance(preview(clash), TablePreview | TextPreview)


def test_records_read_as_a_table_and_ragged_ones_as_a_tree():
    assert isinstance(preview([{"a": 1}, {"a": 2}]), TablePreview)
    assert isinstance(preview([{"a": 1}, {"b": 2}]), TreePreview)


def test_an_array_shows_its_shape_its_first_values_and_its_figures():
    shown = preview(np.array([[1.5, math.nan], [4.5, 3.0]]))
    assert shown == ArrayPreview(
        "float64", (2, 2), (1.5, None, 4.5, 3.0), 1, 1.5, 4.5, 3.0, None, 3.0, BARS
    )
    large = preview(np.zeros((1000, 1000)))
    assert (large.shape, len(large.values)) == ((1000, 1000), 20)


def test_an_array_of_anything_is_shown_as_far_as_it_goes():
    shown = preview(np.array(["a" * 500, {"b": 1}], dtype=object))
    assert (shown.dtype, shown.shape, shown.min) == ("object", (2,), None)
    assert len(shown.values[0]) < 300
    assert preview(np.zeros((0, 3))).values == ()
    assert isinstance(preview(np.array(1.5)), TreePreview | TextPreview)
    assert isinstance(preview(np.ma.masked_array([1, 2], [0, 1])), TextPreview)


def test_a_lazy_frame_is_not_run_to_be_shown():
    lazy = pl.LazyFrame({"a": [1]}).map_batches(lambda _: pytest.fail("it was run"))
    assert isinstance(preview(lazy), TextPreview)


def test_numbers_a_browser_cannot_hold_travel_as_text():
    shown = preview(pd.DataFrame({"n": [2**60, 1]}))
    assert shown.rows == ((str(2**60),), (1,))
    assert preview(math.inf) == TreePreview("inf")


def test_pictures_are_found_in_every_way_a_value_offers_them():
    class Png:
        def _repr_png_(self):
            return PNG

    class Bundle:
        def _repr_mimebundle_(self, **_):
            return {"image/png": base64.b64encode(PNG).decode()}, {}

    svg = "<svg xmlns='http://www.w3.org/2000/svg'></svg>"
    for value in (PNG, Png(), Bundle()):
        shown = preview(value)
        assert isinstance(shown, ImagePreview)
        assert base64.b64decode(shown.content) == PNG
    assert preview(svg).mime == "image/svg+xml"


def test_a_figure_is_drawn_and_fits():
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 9))
    axes = figure.add_subplot()
    axes.imshow(np.random.default_rng(7).random((400, 400)))
    for value in (figure, axes):
        shown = preview(value)
        assert isinstance(shown, ImagePreview)
        assert len(msgspec.json.encode(shown)) <= MOST_BYTES


def test_plain_data_is_a_tree_cut_where_it_is_long_or_deep():
    @dataclasses.dataclass
    class Point:
        x: int
        at: dt.datetime

    assert preview(Point(1, dt.datetime(2015, 7, 19, 12, tzinfo=dt.UTC))) == TreePreview(
        {"x": 1, "at": "2015-07-19 12:00:00+00:00"}
    )
    assert preview(list(range(1000))).cut
    deep: list = []
    for _ in range(50):
        deep = [deep]
    assert preview(deep).cut
    assert preview(np.float64(1.5)) == TreePreview(1.5)


def test_a_value_that_contains_itself_is_shown():
    loop: list = []
    loop.append(loop)
    assert isinstance(preview(loop), TreePreview)


def test_a_value_whose_own_methods_fail_is_shown_as_text():
    class Broken:
        @property
        def columns(self):
            raise RuntimeError("no columns today")

        def __repr__(self):
            raise RuntimeError("nor a repr")

    shown = preview(Broken())
    assert isinstance(shown, TextPreview)
    assert "RuntimeError" in shown.text


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**6,
        b"x" * 10**6,
        {"k": "v" * 10**6},
        [["v" * 190] * 100] * 100,
        pd.DataFrame({f"c{i}": ["v" * 500] * 60 for i in range(60)}),
        "<svg>" + "x" * 10**6 + "</svg>",
        object(),
        None,
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_preview_is_larger_than_its_limit(value):
    assert len(msgspec.json.encode(preview(value))) <= MOST_BYTES


def test_types_are_named_as_a_reader_knows_them():
    assert type_name([1, 2, 3]) == "list of 3"
    assert type_name(None) == "nothing"
    assert type_name(pd.DataFrame()) == "DataFrame"
