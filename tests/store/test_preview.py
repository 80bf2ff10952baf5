"""What a value looks like is known without opening it, is small, and is never in the way."""

import base64
import io
import random
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from flowbook.events.values import ValueFormat
from flowbook.store.disk import Disk, Durability
from flowbook.store.preview import (
    MOST_BYTES,
    ArrayPreview,
    Column,
    Preview,
    TablePreview,
    TextPreview,
    TreePreview,
    Unseen,
    encode,
)
from flowbook.store.values import Objects

CELLS = {"n": [3.0, None, 1.0], "city": ["Oslo", None, "Oslo"], "ok": [True, False, True]}
ROWS = ((3.0, "Oslo", True), (None, None, False), (1.0, "Oslo", True))


@pytest.fixture
def vault(layout):
    return Objects(layout, durability=Durability.OS)


def shown(vault, value):
    """The preview of a value, read with the object gone wherever there is one."""
    ref = vault.put(value)
    for path in vault._layout.objects.rglob(f"{ref.hash}.*"):
        if not path.name.endswith("preview.json"):
            path.unlink()
    found = vault.preview(ref)
    assert (found.type, found.format, found.size) == (ref.type, ref.format, ref.size)
    return found.shown


@pytest.mark.parametrize(
    ("table", "dtypes"),
    [
        (pd.DataFrame(CELLS), ("float64", "str", "bool")),
        (pl.DataFrame(CELLS), ("Float64", "String", "Boolean")),
        (pa.table(CELLS), ("double", "string", "bool")),
        (pa.RecordBatch.from_pydict(CELLS), ("double", "string", "bool")),
    ],
    ids=["pandas", "polars", "arrow", "batch"],
)
def test_a_table_shows_columns_rows_and_a_summary(vault, table, dtypes):
    assert shown(vault, table) == TablePreview(
        columns=(
            Column("n", dtypes[0], nulls=1, min=1.0, max=3.0, mean=2.0),
            Column("city", dtypes[1], nulls=1, distinct=1),
            Column("ok", dtypes[2], nulls=0),
        ),
        rows=ROWS,
        total=3,
        width=3,
    )


def test_an_index_that_says_something_comes_first(vault):
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.to_datetime(["2026-01-01", "2026-01-02"]))
    table = shown(vault, frame.rename_axis("day"))
    assert [column.name for column in table.columns] == ["day", "n"]
    assert table.rows[0] == ("2026-01-01 00:00:00", 1)
    assert (table.columns[0].max, table.width) == ("2026-01-02 00:00:00", 2)


@pytest.mark.parametrize(
    "series", [pd.Series([1, 2], name="n"), pl.Series("n", [1, 2])], ids=["pandas", "polars"]
)
def test_a_series_is_a_table_of_one_column(vault, series):
    table = shown(vault, series)
    assert ([column.name for column in table.columns], table.rows) == (["n"], ((1,), (2,)))


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_only_the_first_rows_and_columns_are_shown(vault, kind):
    table = shown(vault, kind({f"c{i}": list(range(1000)) for i in range(100)}))
    assert (table.total, table.width) == (1000, 100)
    assert (len(table.rows), len(table.columns), len(table.rows[0])) == (20, 60, 60)
    assert table.columns[59].max == 999


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_summary_of_a_huge_table_says_what_it_covers(vault, monkeypatch, kind):
    monkeypatch.setattr("flowbook.store.summary.SUMMARY_CELLS", 20)
    monkeypatch.setattr("flowbook.store.summary.DISTINCT_ROWS", 5)
    table = shown(vault, kind({"n": list(range(50)), "t": ["x"] * 50}))
    assert (table.summarized, table.columns[0].max, table.columns[1].distinct) == (10, 9, None)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_a_table_of_nothing_is_shown(vault, kind):
    assert shown(vault, kind()) == TablePreview((), (), 0, 0)
    assert shown(vault, kind({"a": []})).total == 0


def test_an_array_shows_shape_values_and_a_summary(vault):
    assert shown(vault, np.array([[1.0, np.nan], [4.0, 1.0]])) == ArrayPreview(
        "float64",
        (2, 2),
        (1.0, None, 4.0, 1.0),
        nulls=1,
        min=1.0,
        max=4.0,
        mean=2.0,
        median=1.0,
        bars=(2, *[0] * 18, 1),
    )
    days = shown(vault, np.array(["2026-01-02", "NaT", "2026-01-01"], "M8[D]"))
    assert (days.values, days.nulls) == (("2026-01-02", None, "2026-01-01"), 1)
    assert (days.min, days.max, days.mean) == ("2026-01-01", "2026-01-02", None)


@pytest.mark.parametrize(
    "array",
    [
        np.array(3),
        np.zeros((0, 3)),
        np.full(3, np.nan),
        np.array(["Oslo"]),
        np.zeros(2, [("a", "i4"), ("b", "U3")]),
        np.full(9, 6e4, "float16"),
        np.asfortranarray(np.ones((30, 30))),
    ],
)
def test_any_array_is_shown(vault, array):
    found = shown(vault, array)
    assert (found.shape, len(found.values)) == (array.shape, min(array.size, 20))


def test_a_small_picture_is_shown_whole(vault):
    picture = shown(vault, Image.new("RGB", (30, 20), "red"))
    assert (picture.width, picture.height, picture.mime) == (30, 20, "image/png")
    with Image.open(io.BytesIO(base64.b64decode(picture.content))) as image:
        assert image.size == (30, 20)


def test_a_large_picture_is_shown_smaller(vault):
    noise = Image.frombytes("RGB", (600, 300), random.Random(1).randbytes(600 * 300 * 3))
    picture = shown(vault, noise)
    assert (picture.width, picture.height) == (600, 300)
    with Image.open(io.BytesIO(base64.b64decode(picture.content))) as image:
        assert image.width == 2 * image.height < 600


def test_a_figure_is_shown(vault):
    figure = Figure(figsize=(2, 1), dpi=50)
    figure.subplots().plot([1, 2])
    assert shown(vault, figure).width == 100


@pytest.mark.parametrize(
    ("value", "preview"),
    [
        (3, TreePreview(3)),
        ({"day": date(2026, 1, 1), "n": np.int64(2)}, TreePreview({"day": "2026-01-01", "n": 2})),
        ([1, 2], TreePreview([1, 2], total=2)),
        (list(range(5000)), TreePreview(list(range(100)), cut=True, total=5000)),
        ("Oslo", TextPreview("Oslo", total=4)),
        ("é" * 9000, TextPreview("é" * 8000, cut=True, total=9000)),
        (b"\x00" * 5000, TextPreview(repr(b"\x00" * 64), cut=True, total=5000)),
        (
            [{"a": 1, "b": "x"}, {"a": None, "b": "y"}],
            TablePreview((Column("a", "int"), Column("b", "str")), ((1, "x"), (None, "y")), 2, 2),
        ),
    ],
)
def test_plain_data_and_text_are_cut_to_fit(vault, value, preview):
    found = shown(vault, value)
    if isinstance(preview, TreePreview) and isinstance(value, dict):
        assert found.value == preview.value
    else:
        assert found == preview


def test_a_table_in_a_dict_is_named(vault):
    tree = shown(vault, {"train": pd.DataFrame({"a": [1, 2]}), "weights": np.zeros(3)})
    assert tree.value == {"train": "DataFrame (2, 1)", "weights": "ndarray (3,)"}


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({f"{i}" * 150: ["x" * 500] * 30 for i in range(100)}),
        {f"{i}" * 100: {f"{j}" * 100: "x" * 500 for j in range(100)} for i in range(100)},
        "\ud800\U0001f600\x00" * 9000,
        [["x" * 300] * 100] * 100,
    ],
)
def test_no_preview_is_large(vault, value):
    ref = vault.put(value)
    assert len(encode(vault.preview(ref))) <= MOST_BYTES


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.text() | st.integers(), inner)
            | st.tuples(inner, inner)
        ),
    )
)
def test_any_plain_data_can_be_shown(vault, value):
    found = vault.preview(vault.put(value))
    assert not isinstance(found.shown, Unseen)
    assert len(encode(found)) <= MOST_BYTES


def test_what_is_not_to_be_seen_says_only_why(vault, layout):
    secret = vault.put(["•••"] * 5000, redacted=True)
    pickled = vault.allowing(pickle=True).put(range(3))
    gone = vault.put(range(3))
    for ref, reason in ((secret, "redacted"), (pickled, "pickle"), (gone, gone.reason)):
        found = vault.preview(ref)
        assert found == Preview(ref.type, ref.format, ref.size, found.shown)
        assert reason in found.shown.reason
    assert not list(layout.objects.rglob("*.preview.json"))


@pytest.mark.parametrize("damage", [None, b"", b"{", b"\xff", b'{"type":1}', b"[" * 10_000])
def test_a_missing_or_damaged_preview_is_made_anew(vault, layout, damage):
    ref = vault.put(pd.DataFrame({"a": [1]}))
    before, path = vault.preview(ref), layout.preview(ref.hash)
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    assert vault.preview(ref) == before
    assert path.read_bytes() == encode(before)


def test_a_preview_without_its_object_and_file_is_none(vault, layout):
    ref = vault.put(b"x" * 5000)
    for path in list(layout.objects.rglob(f"{ref.hash}.*")):
        path.unlink()
    assert vault.preview(ref) is None


def test_the_same_bytes_as_text_and_as_bytes_look_different(vault):
    text, data = vault.put("x" * 5000), vault.put(b"x" * 5000)
    assert text.hash == data.hash
    for _ in range(2):
        assert vault.preview(text).shown.text == "x" * 5000
        assert vault.preview(data).shown.text == repr(b"x" * 64)


def test_a_preview_that_cannot_be_written_is_no_error(layout):
    class Full(Disk):
        def publish(self, staged, final, durability):
            if final.name.endswith(".preview.json"):
                raise OSError(28, "No space left on device")
            super().publish(staged, final, durability)

    vault = Objects(layout, disk=Full())
    ref = vault.put("x" * 5000)
    assert ref.format is ValueFormat.TEXT
    assert vault.preview(ref).shown.total == 5000
    assert [path.name for path in layout.objects.rglob("*.*")] == [f"{ref.hash}.txt"]
