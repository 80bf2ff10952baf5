"""What the cache gave stays in memory, up to a number of bytes, and is nobody's to spoil."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowbook.errors import ValueUnavailable
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.run.held import Held


class Shelf:
    """Reads values and counts how often."""

    def __init__(self, **values):
        self.values, self.read = values, []

    def __call__(self, ref):
        self.read.append(ref.hash)
        return self.values[ref.hash]


def ref(name, kind="str", form=ValueFormat.TEXT, **fields):
    return ValueRef(name, form, kind, **fields)


def frame_ref(kind="pandas.DataFrame"):
    return ref("f", kind, ValueFormat.PARQUET)


def test_what_was_read_is_not_read_again():
    held, shelf = Held(lambda: 1000), Shelf(a="hello")
    assert [held.get(ref("a"), shelf) for _ in range(3)] == ["hello"] * 3
    assert shelf.read == ["a"]


def test_what_was_used_longest_ago_goes_first():
    held, shelf = Held(lambda: 250), Shelf(a="a" * 50, b="b" * 50, c="c" * 50)
    for name in ("a", "b", "a", "c", "a", "b"):
        held.get(ref(name), shelf)
    assert shelf.read == ["a", "b", "c", "b"]
    assert held.weight <= 250


def test_what_is_larger_than_the_budget_is_not_held():
    held, shelf = Held(lambda: 100), Shelf(a="a" * 200)
    for _ in range(2):
        assert len(held.get(ref("a"), shelf)) == 200
    assert (shelf.read, len(held), held.weight) == (["a", "a"], 0, 0)


@pytest.mark.parametrize(
    ("value", "kind", "form"),
    [
        (pd.DataFrame({"x": [1, 2]}), "pandas.DataFrame", ValueFormat.PARQUET),
        (np.array([1, 2]), "numpy.ndarray", ValueFormat.NPY),
    ],
)
def test_whoever_changes_what_it_got_changes_it_for_itself(value, kind, form):
    held, shelf = Held(lambda: 10_000), Shelf(f=value)
    for _ in range(3):
        got = held.get(ref("f", kind, form), shelf)
        if isinstance(got, pd.DataFrame):
            assert got["x"].tolist() == [1, 2]
            got.loc[0, "x"] = 99
        else:
            assert got.tolist() == [1, 2]
            got[0] = 99
    assert shelf.read == ["f"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (pl.DataFrame({"x": list(range(1000))}), "polars.DataFrame"),
        (pa.table({"x": list(range(1000))}), "pyarrow.Table"),
    ],
)
def test_tables_that_cannot_be_changed_are_shared_and_weighed_as_they_are(value, kind):
    held, shelf = Held(lambda: 100_000), Shelf(f=value)
    assert held.get(frame_ref(kind), shelf) is held.get(frame_ref(kind), shelf)
    assert held.weight >= 8000


@pytest.mark.parametrize(
    "other",
    [
        {"form": ValueFormat.JSON, "kind": "list"},
        {"form": ValueFormat.PICKLE, "kind": "Model"},
        {"parts": ("cd34",)},
    ],
)
def test_plain_data_pickles_and_what_has_parts_are_always_read(other):
    held, shelf = Held(lambda: 10_000), Shelf(a=[1])
    for _ in range(2):
        held.get(ref("a", **other), shelf)
    assert shelf.read == ["a", "a"]


def test_the_same_bytes_as_another_type_are_another_value():
    held = Held(lambda: 10_000)
    assert held.get(ref("a"), lambda _: "text") == "text"
    assert held.get(ref("a", "bytes", ValueFormat.BYTES), lambda _: b"text") == b"text"


def test_what_is_gone_is_told_and_not_held():
    def gone(one):
        raise ValueUnavailable("gone", ref=one, reason="gone")

    held = Held(lambda: 10_000)
    with pytest.raises(ValueUnavailable):
        held.get(ref("a"), gone)
    assert held.get(ref("a"), lambda _: "back") == "back"


def test_a_smaller_budget_holds_at_the_next_value():
    budget = [10_000]
    held, shelf = Held(lambda: budget[0]), Shelf(a="a", b="b")
    held.get(ref("a"), shelf)
    budget[0] = 0
    held.get(ref("b"), shelf)
    assert (len(held), held.weight) == (0, 0)
