"""A value is of a type, or it is said where it is not, in words that quote no container."""

from __future__ import annotations

import dataclasses
import datetime

import numpy as np
import pandas as pd
import pytest

from flowbook.graph.annotations import Unresolved, resolve_type
from flowbook.graph.judging import type_judge


@dataclasses.dataclass
class Order:
    id: int


NAMES = {"Order": Order, "pd": pd}


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("int", [1, np.int64(3)], ["1", 1.5, True, None]),
        ("float", [1, 1.5, np.float32(2)], ["1", True]),
        ("int | None", [1, None], ["x"]),
        ("Optional[str]", ["x", None], [3]),
        ("Literal['a', 'b']", ["a"], ["c", None]),
        ("list[int]", [[], [1], (1, 2)], [["x"], 1, {}]),
        ("dict[str, list[int]]", [{"a": [1]}], [{"a": ["x"]}, []]),
        ("tuple[int, str]", [(1, "x")], [(1, 2)]),
        ("Order", [Order(1)], [{"id": 1}, 1]),
        ("Order | int", [Order(1), 1], ["x"]),
        ("pd.DataFrame", [pd.DataFrame()], [[], None]),
        ("pd.DataFrame | list[int]", [pd.DataFrame(), [1]], [["x"]]),
        ("datetime.date", [datetime.date(2026, 1, 1)], ["2026-01-01"]),
        ("Any", [1, None, object()], []),
        ("Callable[[int], str]", [len], []),
    ],
)
def test_values_of_a_type_fit_and_others_do_not(text, good, bad):
    judge = type_judge(resolve_type(text, NAMES))
    assert [judge(value) for value in good] == [None] * len(good)
    assert [value for value in bad if judge(value) is None] == []


def test_a_misfit_is_told_with_its_path_and_the_keys_on_it():
    found = type_judge(resolve_type("dict[str, dict[str, list[int]]] | None"))(
        {"a": {"b": [1]}, "c": {"d": [1, "x"]}}
    )
    assert (found.path, found.expected, found.shown) == ("$.c.d[1]", "int", "'x' (str)")


def test_a_long_value_is_cut_and_a_container_only_counted():
    judge = type_judge(int)
    assert len(judge("x" * 10_000).shown) < 100
    assert judge({"password": "hunter2"}).shown == "dict of 1"


@pytest.mark.parametrize("text", ["Unknown", "1 + 2", "f(x)", "list[", "__import__('os')"])
def test_a_text_that_names_no_type_is_not_evaluated(text):
    with pytest.raises(Unresolved):
        resolve_type(text)
