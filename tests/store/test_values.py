"""Every type comes back as it was, or says why it cannot."""

import hashlib
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.figure import Figure
from PIL import Image

from flowbook.errors import ValueUnavailable
from flowbook.events import NodeCompleted, decode, encode
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.store.disk import Durability
from flowbook.store.forms import SUFFIX, type_name
from flowbook.store.pictures import StoredImage
from flowbook.store.values import INLINE_BYTES, Objects, Unavailable

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


def files(layout):
    """What lies among the objects, unfinished or not."""
    return {path for path in layout.objects.rglob("*") if path.is_file()}


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


@pytest.mark.parametrize("columns", [[1, 2], [1.5, 2.0], pd.to_datetime(["2026-01-01"] * 2)])
def test_names_of_columns_that_are_no_text_come_back(vault, columns):
    frame = pd.DataFrame([[1, 2]], columns=columns[:2])
    if not frame.columns.is_unique:
        frame = frame.iloc[:, :1]
    pd.testing.assert_frame_equal(vault.get(vault.put(frame)), frame)


def test_a_polars_frame_comes_back_equal(vault):
    frame = pl.DataFrame(
        {
            "a": [1, 2],
            "b": ["x", None],
            "c": [[1], [2, 3]],
            "kind": pl.Series(["sun", "rain"], dtype=pl.Enum(["rain", "sun"])),
            "wide": pl.Series([1, 2], dtype=pl.Int128),
        }
    )
    ref = vault.put(frame)
    assert (ref.type, ref.rows) == ("polars.DataFrame", 2)
    assert ref.columns == ("a", "b", "c", "kind", "wide")
    back = vault.get(ref)
    assert back.equals(frame)
    assert back.schema == frame.schema


def test_a_polars_series_comes_back_equal(vault):
    series = pl.Series("rain", [0.5, None])
    ref = vault.put(series)
    assert (ref.type, ref.rows, ref.columns) == ("polars.Series", 2, ("rain",))
    back = vault.get(ref)
    assert back.name == "rain"
    assert back.equals(series, null_equal=True)


@pytest.mark.parametrize("rows", [0, 3])
def test_an_arrow_batch_comes_back_equal(vault, rows):
    batch = pa.RecordBatch.from_pydict({"a": [1, 2, 3][:rows]}, schema=pa.schema([("a", "int8")]))
    ref = vault.put(batch)
    assert (ref.type, ref.rows) == ("pyarrow.RecordBatch", rows)
    back = vault.get(ref)
    assert type(back) is pa.RecordBatch
    assert back.equals(batch)


def test_an_arrow_table_comes_back_equal(vault):
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    ref = vault.put(table)
    assert (ref.type, ref.columns) == ("pyarrow.Table", ("a", "b"))
    assert vault.get(ref).equals(table)


class Model:
    """A thing of the user's."""


@dataclass
class Point:
    """A dataclass."""

    x: int
    y: int


class Dumpable:
    """What pydantic's models look like."""

    def model_dump(self):
        return {}


class MyDict(dict):
    """A subclass, which would come back as less than it is."""


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Model(), "Model is no plain data"),
        ({"fit": [1, Model()]}, "at ['fit'][1]"),
        (MyDict(a=1), "MyDict is no plain data"),
        (np.array([Model()]), "an array of Python objects"),
        (np.ma.array([1, 2], mask=[0, 1]), "MaskedArray is no plain data"),
        (pl.LazyFrame({"a": [1]}), "give its collect()"),
        (Point(1, 2), "give dataclasses.asdict() of it"),
        (Dumpable(), "give its model_dump()"),
        (pd.DataFrame({1: [1], "a": [2]}), "name them by text"),
        (Image.new("CMYK", (2, 2)), "no images of mode CMYK"),
        ({"a": [pd.DataFrame({"m": [Model()]})]}, "pandas.DataFrame at ['a'][0]: Arrow"),
        ({"a": FRAME, "b": Model()}, "Model at ['b'] is no plain data"),
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
    assert not files(layout)


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
    kept = layout.object(first.hash, "parquet")
    assert files(layout) == {kept, layout.preview(first.hash)}
    os.utime(kept, (1, 1))
    number = kept.stat().st_ino
    vault.put(FRAME)
    assert kept.stat().st_mtime > 1
    assert kept.stat().st_ino == number  # touched, not written again


def test_a_damaged_or_missing_object_is_named(vault, layout):
    ref = vault.put(b"x" * 5000)
    path = layout.object(ref.hash, "bin")
    path.write_bytes(b"y" * 5000)
    with pytest.raises(ValueUnavailable, match=f"{ref.hash}.bin is damaged"):
        vault.get(ref)
    path.unlink()
    with pytest.raises(ValueUnavailable, match=f"{ref.hash}.bin is not there"):
        vault.get(ref)


@pytest.mark.parametrize("value", [b"x" * 5000, FRAME, {"a": FRAME}, np.arange(9)])
def test_nothing_is_left_of_a_write_that_failed(layout, value):
    class Full:
        def __getattr__(self, name):
            return getattr(vault_disk, name)

        def publish(self, *_):
            raise OSError(28, "No space left on device")

    from flowbook.store.disk import Disk

    vault_disk = Disk()
    vault = Objects(layout, disk=Full(), pickle=True)
    ref = vault.put(value)
    assert ref.format is ValueFormat.NONE
    assert "No space left" in ref.reason
    assert list(layout.objects.iterdir()) == []


def test_a_reference_of_an_unknown_tag_is_refused(vault):
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


# ---------------------------------------------------------------- arrays


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_an_array_comes_back_bit_for_bit(vault, data):
    dtype = data.draw(hnp.scalar_dtypes() | hnp.array_dtypes(max_size=3))
    array = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)))
    ref = journalled(vault.put(array))
    assert (ref.type, ref.format) == ("numpy.ndarray", ValueFormat.NPY)
    back = vault.get(ref)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


def test_the_order_of_an_array_in_memory_comes_back(vault):
    back = vault.get(vault.put(np.asfortranarray(np.eye(3))[:, :2]))
    assert back.flags.f_contiguous
    assert not back.flags.c_contiguous


def test_an_array_file_that_holds_a_pickle_is_refused(vault, layout):
    paper = io.BytesIO()
    np.save(paper, np.array([{}], dtype=object), allow_pickle=True)
    ref = planted(layout, paper.getvalue(), ValueFormat.NPY, "numpy.ndarray")
    with pytest.raises(ValueUnavailable, match="Object arrays"):
        vault.get(ref)


# ---------------------------------------------------------------- pictures


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_an_image_comes_back_pixel_for_pixel(vault, mode):
    image = Image.new(mode, (3, 2))
    image.putpixel((1, 1), image.getpixel((0, 0)))
    ref = journalled(vault.put(image))
    assert (ref.type, ref.format, ref.exact) == ("PIL.Image.Image", ValueFormat.IMAGE, True)
    back = vault.get(ref)
    assert type(back) is Image.Image
    assert (back.mode, back.size, back.tobytes()) == (mode, (3, 2), image.tobytes())


def test_an_animation_is_not_kept(vault, tmp_path):
    pictures = [Image.new("L", (2, 2), shade) for shade in (0, 255)]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:])
    with Image.open(tmp_path / "a.gif") as animation:
        assert "animation of 2" in vault.put(animation).reason


@pytest.fixture
def figure():
    drawn = Figure(figsize=(2, 1), dpi=50)
    drawn.subplots().plot([1, 2])
    return drawn


def test_a_figure_is_kept_as_what_it_looked_like(vault, figure):
    ref = journalled(vault.put(figure))
    assert (ref.type, ref.pictured) == ("matplotlib.figure.Figure", True)
    with pytest.raises(ValueUnavailable, match="as a picture only"):
        vault.get(ref)
    shown = vault.shown(ref)
    assert (shown.type, shown.width, shown.height) == (ref.type, 100, 50)
    assert Image.open(io.BytesIO(shown._repr_png_())).size == (100, 50)


def test_axes_are_kept_as_their_figure(vault, figure):
    assert vault.put(figure.axes[0]) == vault.put(figure)


def test_without_pillow_an_image_is_shown_as_a_picture(vault, monkeypatch):
    ref = vault.put(Image.new("L", (3, 2)))
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ValueUnavailable, match="PIL"):
        vault.get(ref)
    assert vault.shown(ref) == StoredImage("PIL.Image.Image", 3, 2, vault.shown(ref).png)


def test_what_can_merely_draw_itself_is_not_drawn(vault):
    class Drawable:
        def _repr_png_(self):
            raise AssertionError("was drawn")

    assert vault.put(Drawable()).format is ValueFormat.NONE


# ---------------------------------------------------------------- parts

small_frames = st.builds(
    lambda numbers, words: pd.DataFrame(
        {"n": pd.Series(numbers, dtype="float64"), "w": pd.Series(words, dtype="str")}
    ),
    st.lists(st.floats(allow_nan=False), min_size=2, max_size=2),
    st.lists(st.text(st.characters(codec="utf-8"), max_size=3), min_size=2, max_size=2),
)
small_arrays = hnp.arrays(hnp.integer_dtypes() | hnp.datetime64_dtypes(), st.integers(0, 4))
nested = st.recursive(
    st.integers() | st.text() | st.binary(max_size=8) | small_frames | small_arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)


def equal(a, b):
    """Equal and of equal types, all the way down to tables and arrays."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, pd.DataFrame):
        return a.equals(b)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return a == b


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(value=nested)
def test_tables_and_arrays_come_back_in_their_places(vault, value):
    ref = journalled(vault.put(value))
    assert ref.exact
    assert equal(vault.get(ref), value)


def test_a_dict_of_frames_refers_to_them(vault, layout):
    big = np.arange(10_000)
    value = {"train": FRAME, "test": FRAME, "fit": [big], "raw": b"x" * 100_000, "n": 3}
    ref = journalled(vault.put(value))
    assert (ref.type, ref.format, ref.rows) == ("dict", ValueFormat.JSON, None)
    assert len(ref.parts) == 3
    assert b"$value" in bytes(ref.inline)
    assert {path.name.partition(".")[0] for path in files(layout)} == set(ref.parts)
    back = vault.get(ref)
    pd.testing.assert_frame_equal(back["test"], FRAME)
    assert (back["fit"][0] == big).all()
    assert (back["raw"], back["n"], list(back)) == (value["raw"], 3, list(value))


def test_a_small_array_travels_with_the_data_it_is_in(vault, layout):
    ref = vault.put({"weights": np.arange(3)})
    assert (ref.inline is not None, ref.parts, layout.root.exists()) == (True, (), False)


def test_a_large_document_with_parts_comes_back(vault):
    ref = vault.put([{"n": i, "frame": FRAME} for i in range(500)])
    assert (ref.inline, ref.rows, len(ref.parts)) == (msgspec.UNSET, 500, 1)
    assert vault.get(ref)[499]["frame"].equals(FRAME)


def test_a_lost_part_is_named_and_the_rest_is_shown(vault, layout):
    ref = vault.put({"a": FRAME, "b": np.arange(2000)})
    lost = layout.object(vault.put(FRAME).hash, "parquet")
    lost.unlink()
    with pytest.raises(ValueUnavailable, match=r"pandas.DataFrame in it: .* is not there") as gone:
        vault.get(ref)
    assert gone.value.ref == ref
    shown = vault.shown(ref)
    assert isinstance(shown["a"], Unavailable)
    assert len(shown["b"]) == 2000


def test_a_dict_with_a_figure_is_shown_but_not_given(vault, figure):
    ref = vault.put({"chart": figure, "n": 3})
    assert (ref.exact, ref.pictured) == (False, True)
    with pytest.raises(ValueUnavailable, match="picture only"):
        vault.get(ref)
    assert type(vault.shown(ref)["chart"]) is StoredImage


def test_too_many_parts_are_refused(vault, layout, monkeypatch):
    monkeypatch.setattr("flowbook.store.document.MOST_PARTS", 2)
    frames = [pd.DataFrame({"a": [i]}) for i in range(3)]
    assert "more than 2 tables" in vault.put(frames).reason
    assert vault.put(frames[:2]).exact


def test_a_users_own_tag_is_data(vault):
    value = {"$value": {"hash": "x"}, "in": {"$npy": "x"}}
    assert vault.get(vault.put([value, {"$value": FRAME}]))[0] == value


# ---------------------------------------------------------------- pickles


def test_a_pickle_is_made_and_read_only_where_it_is_allowed(vault):
    trusting = vault.allowing(pickle=True)
    ref = journalled(trusting.put({"frame": FRAME, "point": complex, "model": range(3)}))
    assert (ref.format, ref.type) == (ValueFormat.PICKLE, "dict")
    assert trusting.get(ref)["model"] == range(3)
    with pytest.raises(ValueUnavailable, match="does not allow pickles"):
        vault.get(ref)
    with pytest.raises(ValueUnavailable, match="does not allow pickles"):
        trusting.allowing(pickle=False).get(ref)
    assert "does not allow" in repr(vault.shown(ref))


def test_a_pickle_is_not_opened_where_it_is_not_allowed(vault, layout, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    ref = planted(layout, pickle.dumps(Trap()), ValueFormat.PICKLE, "x.Trap")
    document = msgspec.json.encode([{"$value": msgspec.to_builtins(ref)}])
    around = ValueRef("ab" * 32, ValueFormat.JSON, "list", inline=msgspec.Raw(document))
    for one in (ref, around):
        with pytest.raises(ValueUnavailable, match="does not allow pickles"):
            vault.get(one)
        vault.shown(one)
        vault.preview(one)
    assert not (tmp_path / "sprung").exists()


def test_what_has_a_form_of_its_own_is_not_pickled(vault):
    trusting = vault.allowing(pickle=True)
    for value in (3, FRAME, {"a": FRAME}, np.arange(3), b"x" * 9000):
        assert trusting.put(value) == vault.put(value)


def test_what_cannot_even_be_pickled_says_why(vault):
    ref = vault.allowing(pickle=True).put(threading.Lock())
    assert ref.format is ValueFormat.NONE
    assert "pickle" in ref.reason


# ---------------------------------------------------------------- redacted, unavailable


@pytest.mark.parametrize("value", [{"token": "•••"}, ["•••"] * 5000, {"a": FRAME}])
def test_a_redacted_value_is_shown_but_never_given(vault, value):
    ref = journalled(vault.put(value, redacted=True))
    assert (ref.redacted, ref.exact) == (True, False)
    with pytest.raises(ValueUnavailable, match="was redacted before it was kept"):
        vault.get(ref)
    assert equal(vault.shown(ref), value)


def test_one_value_that_is_gone_does_not_stop_the_others(vault):
    refs = [vault.put(value) for value in (1, threading.Lock(), "x")]
    one, gone, other = (vault.shown(ref) for ref in refs)
    assert (one, other) == (1, "x")
    assert gone == Unavailable("_thread.lock", refs[1].reason, refs[1])
    assert repr(gone) == f"<_thread.lock unavailable: {refs[1].reason}>"


def test_without_pyarrow_a_frame_has_the_reason(vault, monkeypatch):
    ref = vault.put(FRAME)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pyarrow" in vault.put(FRAME).reason
    with pytest.raises(ValueUnavailable, match="pyarrow"):
        vault.get(ref)


def test_plain_values_load_no_library():
    code = """if True:
        import pathlib, sys, tempfile
        from flowbook.store.layout import Layout
        from flowbook.store.values import Objects
        vault = Objects(Layout(pathlib.Path(tempfile.mkdtemp())))
        for value in ({"a": 1}, ["x"] * 5000, "x" * 9000, b"x" * 9000, object()):
            vault.preview(vault.put(value))
        names = "numpy pandas polars pyarrow PIL matplotlib cloudpickle duckdb".split()
        print([name for name in names if name in sys.modules])"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "[]\n"


# ---------------------------------------------------------------- many processes, and death


def test_processes_that_keep_the_same_at_once_keep_it_once(child, vault, layout):
    keepers = [child("keep", layout.root, 30) for _ in range(2)]
    told = [keeper.communicate(timeout=60)[0].split() for keeper in keepers]
    assert told[0] == told[1]
    assert len(told[0]) == 30
    assert len(files(layout)) == 60
    for number, digest in enumerate(told[0]):
        ref = ValueRef(digest, ValueFormat.NPY, "numpy.ndarray")
        assert vault.get(ref)[0] == number


@pytest.mark.kill
@pytest.mark.parametrize("after", [1, 7, 25])
def test_what_a_killed_process_told_of_is_there(child, vault, layout, after):
    keeper = child("keep", layout.root, 100_000)
    told = [keeper.stdout.readline().strip() for _ in range(after)]
    os.kill(keeper.pid, signal.SIGKILL)
    told += keeper.stdout.read().split("\n")[:-1]
    for number, digest in enumerate(told):
        ref = ValueRef(digest, ValueFormat.NPY, "numpy.ndarray")
        assert vault.get(ref)[0] == number
        assert vault.preview(ref) is not None
    again = vault.put(np.full(5000, len(told)))  # the one it may have died over
    assert vault.get(again)[0] == len(told)


@pytest.mark.kill
@pytest.mark.parametrize("step", ["written", "published"])
def test_a_kill_between_the_steps_leaves_no_half_an_object(child, vault, layout, step):
    keeper = child("keep", layout.root, 1, step)
    assert keeper.communicate(timeout=60)[0] == ""
    assert keeper.returncode == -signal.SIGKILL
    objects = [path for path in files(layout) if path.suffix == ".npy"]
    assert len(objects) == (step == "published")
    ref = vault.put(np.full(5000, 0))
    assert vault.get(ref)[0] == 0
    assert vault.preview(ref).shown.max == 0


def planted(layout, data, form, kind):
    """A reference of bytes that some other program laid among the objects."""
    digest = hashlib.sha256(data).hexdigest()
    path = layout.object(digest, SUFFIX[form])
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return ValueRef(digest, form, kind, size=len(data))
