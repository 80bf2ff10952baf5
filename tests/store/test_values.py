"""Every type comes back as it was, or says why it cannot."""

import os
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.errors import ValueUnavailable
from flowbook.events import NodeCompleted, ValueFormat, ValueRef, decode, encode
from flowbook.store.disk import Durability
from flowbook.store.values import INLINE_BYTES, Objects, type_name

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@pytest.fixture
def vault(layout):
    return Objects(layout, durability=Durability.OS)


def journalled(ref):
    """The reference after a trip through an event."""
    event = NodeCompleted(run="r", seq=0, at=0.0, node="n", attempt=1, ms=1.0, outputs={"n": ref})
    return decode(encode(event)).outputs["n"]


def same(a, b):
    """Equal and of equal types, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=json_values)
def test_json_data_comes_back_through_the_journal(vault, value):
    assert same(vault.get(journalled(vault.put(value))), value)


@pytest.mark.parametrize(
    ("value", "type_", "form"),
    [
        (None, "NoneType", ValueFormat.JSON),
        (3, "int", ValueFormat.JSON),
        ("Oslo", "str", ValueFormat.JSON),
        ((1, "a"), "tuple", ValueFormat.JSON),
        ({"when": date(2026, 11, 21), "n": np.int64(3)}, "dict", ValueFormat.JSON),
        (np.float64(1.5), "numpy.float64", ValueFormat.JSON),
        (Decimal("1.10"), "decimal.Decimal", ValueFormat.JSON),
        (datetime(2026, 1, 2, tzinfo=UTC), "datetime.datetime", ValueFormat.JSON),
        ("long " * 2000, "str", ValueFormat.TEXT),
        ("\ud800", "str", ValueFormat.TEXT),
        (b"\x00\xff" * 4000, "bytes", ValueFormat.BYTES),
        (list(range(5000)), "list", ValueFormat.JSON),
    ],
)
def test_plain_data_comes_back_as_it_was(vault, value, type_, form):
    ref = journalled(vault.put(value))
    assert (ref.type, ref.format) == (type_, form)
    assert len(ref.hash) == 64
    assert same(vault.get(ref), value)


FRAME = pd.DataFrame(
    {
        "day": pd.date_range("2012-01-01", periods=3, tz="America/New_York"),
        "rain": [0.5, None, 2.0],
        "kind": pd.Categorical(["sun", "rain", "sun"]),
        "n": pd.array([1, None, 3], dtype="Int64"),
    },
    index=pd.Index(["a", "b", "c"], name="key"),
)


EMPTY = FRAME.iloc[:0].astype({"kind": str})


@pytest.mark.parametrize("frame", [FRAME, EMPTY, FRAME.reset_index(drop=True)])
def test_a_pandas_frame_comes_back_equal(vault, frame):
    ref = journalled(vault.put(frame))
    assert (ref.type, ref.format, ref.rows) == ("pandas.DataFrame", "parquet", len(frame))
    assert ref.columns == ("day", "rain", "kind", "n")
    pd.testing.assert_frame_equal(vault.get(ref), frame)


@pytest.mark.parametrize("name", ["rain", None])
def test_a_pandas_series_comes_back_equal(vault, name):
    series = pd.Series([1.0, 2.0], index=["x", "y"], name=name)
    ref = vault.put(series)
    assert ref.type == "pandas.Series"
    pd.testing.assert_series_equal(vault.get(ref), series)


def test_a_polars_frame_comes_back_equal(vault):
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None], "c": [[1], [2, 3]]})
    ref = vault.put(frame)
    assert (ref.type, ref.rows, ref.columns) == ("polars.DataFrame", 2, ("a", "b", "c"))
    assert vault.get(ref).equals(frame)


def test_an_arrow_table_comes_back_equal(vault):
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    ref = vault.put(table)
    assert (ref.type, ref.columns) == ("pyarrow.Table", ("a", "b"))
    assert vault.get(ref).equals(table)


class Model:
    """A thing of the user's."""


class MyDict(dict):
    """A subclass, which would come back as less than it is."""


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Model(), "Model is no plain data"),
        ({"fit": [1, Model()]}, "at ['fit'][1]"),
        (MyDict(a=1), "MyDict is no plain data"),
        (np.arange(3), "numpy.ndarray is no plain data"),
        (pd.DataFrame({"m": [Model()]}), "Arrow"),
        (lambda: 1, "function is no plain data"),
    ],
)
def test_what_cannot_be_kept_says_why(vault, layout, value, reason):
    ref = journalled(vault.put(value))
    assert (ref.format, ref.hash) == (ValueFormat.NONE, "")
    assert reason in ref.reason
    with pytest.raises(ValueUnavailable, match="brought back") as refused:
        vault.get(ref)
    assert refused.value.reason == ref.reason
    assert not [path for path in layout.objects.rglob("*") if path.is_file()]


def test_a_value_that_contains_itself_is_not_kept(vault):
    loop = []
    loop.append(loop)
    assert vault.put(loop).format is ValueFormat.NONE


def test_small_plain_data_costs_no_disk(vault, layout):
    ref = vault.inline({"rows": [1, 2, 3]})
    assert ref.inline is not None
    assert vault.get(ref) == {"rows": [1, 2, 3]}
    assert not layout.root.exists()


def test_large_or_strange_values_are_not_inlined(vault):
    assert vault.inline("x" * INLINE_BYTES) is None
    assert vault.inline("x" * (INLINE_BYTES - 2)) is not None
    assert vault.inline(list(range(10**6))) is None
    assert vault.inline(FRAME) is None
    assert vault.inline(Model()) is None


def test_the_same_value_is_kept_once(vault, layout):
    first, second = vault.put(FRAME), vault.put(FRAME.copy())
    assert first == second
    (kept,) = (path for path in layout.objects.rglob("*") if path.is_file())
    assert kept.name == f"{first.hash}.parquet"
    os.utime(kept, (1, 1))
    vault.put(FRAME)
    assert kept.stat().st_mtime > 1


def test_a_damaged_or_missing_object_is_named(vault, layout):
    ref = vault.put(b"x" * 5000)
    path = layout.object(ref.hash, "bin")
    path.write_bytes(b"y" * 5000)
    with pytest.raises(ValueUnavailable, match="damaged"):
        vault.get(ref)
    path.unlink()
    with pytest.raises(ValueUnavailable, match="not there"):
        vault.get(ref)


def test_nothing_is_left_of_a_write_that_failed(layout):
    class Full:
        def __getattr__(self, name):
            return getattr(vault_disk, name)

        def publish(self, *_):
            raise OSError(28, "No space left on device")

    from flowbook.store.disk import Disk

    vault_disk = Disk()
    vault = Objects(layout, disk=Full())
    ref = vault.put(b"x" * 5000)
    assert ref.format is ValueFormat.NONE
    assert "No space left" in ref.reason
    assert list(layout.objects.iterdir()) == []


def test_a_reference_of_an_unknown_tag_is_refused(vault):
    import msgspec

    ref = ValueRef("ab" * 32, ValueFormat.JSON, "x.Y", inline=msgspec.Raw(b'{"$newer":1}'))
    with pytest.raises(ValueUnavailable, match="unknown tag"):
        vault.get(ref)


def test_types_have_their_public_names():
    assert type_name(FRAME) == "pandas.DataFrame"
    assert type_name(1) == "int"
    assert type_name(Model()).endswith("test_values.Model")


@pytest.mark.parametrize(
    ("value", "rows"), [({"a": 1}, None), ([1, 2], None), ([], None), ([{"a": 1}, {"a": 2}], 2)]
)
def test_only_a_list_of_records_has_rows(vault, value, rows):
    assert vault.inline(value).rows == rows
