"""What has just been kept is recognised by what is in it, and by nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.store.disk import Disk, Durability
from flowbook.store.forms import form_of
from flowbook.store.layout import Layout
from flowbook.store.recent import Kept, Recent, mark_of
from flowbook.store.values import Objects

ROWS = 300_000


class Counting(Disk):
    """Counts the objects that are published; previews are no objects."""

    def __init__(self):
        super().__init__()
        self.published = []

    def publish(self, staged, final, durability):
        if final.suffix in (".parquet", ".npy"):
            self.published.append(final)
        super().publish(staged, final, durability)


@pytest.fixture
def disk():
    return Counting()


@pytest.fixture
def objects(tmp_path, disk):
    return Objects(Layout(tmp_path), durability=Durability.OS, disk=disk)


def mark(value):
    return mark_of(form_of(value), value)


def frame(**columns):
    return pd.DataFrame({"n": np.arange(ROWS), **columns})


def large():
    """Values of one size that differ in one thing each."""
    numbers = np.arange(ROWS)
    times = numbers.astype("M8[s]")
    return [
        frame(),
        frame().rename(columns={"n": "m"}),
        frame().set_index(pd.Index(numbers[::-1])),
        frame().astype("int32"),
        frame().astype("float64"),
        frame(n=times),
        frame(n=times).assign(n=lambda one: one["n"].dt.tz_localize("UTC")),
        frame(n=pd.Categorical(numbers)),
        pd.Series(numbers, name="n"),
        pd.Series(numbers, name="m"),
        pa.table({"n": numbers}),
        pa.table({"n": numbers}).slice(1),
        pa.table({"n": pa.array(numbers, mask=numbers == 5)}),
        numbers,
        numbers[::-1].copy(),
        numbers.reshape(2, -1),
        times,
        times.astype("M8[ms]"),
        numbers.view([("a", "i4"), ("b", "i4")]),
        numbers.view([("a", "i4"), ("c", "i4")]),
    ]


def test_values_that_differ_in_one_thing_have_marks_of_their_own():
    marks = [mark(value) for value in large()]
    assert None not in marks
    assert len(set(marks)) == len(marks)


def test_what_is_made_twice_has_one_mark():
    assert [mark(value) for value in large()] == [mark(value) for value in large()]


@settings(max_examples=50, deadline=None)
@given(at=st.integers(0, ROWS - 1), bit=st.integers(0, 63))
def test_no_bit_is_overlooked(at, bit):
    one, other = np.arange(ROWS), np.arange(ROWS)
    other[at] ^= np.int64(-(2**63)) if bit == 63 else np.int64(1 << bit)
    assert mark(one) != mark(other)
    assert mark(pd.DataFrame({"n": one})) != mark(pd.DataFrame({"n": other}))


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"n": range(10)}),
        frame(n=["text"] * ROWS).astype(object),
        np.arange(2 * ROWS)[::2],
        np.arange(10),
    ],
    ids=["small", "objects", "strided", "small array"],
)
def test_what_does_not_pay_has_no_mark(value):
    assert mark(value) is None


def test_a_table_that_goes_through_many_nodes_is_written_once(objects, disk):
    table = frame()
    first, second = objects.put(table), objects.put(table.copy())
    assert first == second
    assert len(disk.published) == 1
    pd.testing.assert_frame_equal(objects.get(second), table)


def test_a_table_that_was_changed_in_place_is_another(objects, disk):
    table = frame()
    before = objects.put(table)
    table.loc[7, "n"] = -1
    after = objects.put(table)
    assert before.hash != after.hash
    assert objects.get(after).loc[7, "n"] == -1
    assert objects.get(before).loc[7, "n"] == 7


def test_an_object_that_is_gone_is_written_again(objects, disk):
    ref = objects.put(frame())
    disk.published[0].unlink()
    assert objects.put(frame()) == ref
    assert len(disk.published) == 2
    pd.testing.assert_frame_equal(objects.get(ref), frame())


def test_a_view_that_allows_pickles_knows_what_was_kept(objects, disk):
    objects.put(frame())
    objects.allowing(pickle=True).put(frame())
    assert len(disk.published) == 1


def test_the_one_not_asked_for_longest_is_forgotten():
    recent, kept = Recent(), Kept("d", 1, None)
    for number in range(64):
        recent.add(bytes([number]), kept)
    recent.find(bytes([0]))
    recent.add(b"more", kept)
    assert recent.find(bytes([0])) is kept
    assert recent.find(bytes([1])) is None
