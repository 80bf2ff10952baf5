"""A value in a few words: bounded, without secrets, whatever the value is."""

from __future__ import annotations

import pytest

from flowbook.ids import PortName
from flowbook.run.excerpt import MOST, MOST_PORTS, preview, previews


def test_plain_data_is_cut_short():
    assert preview({"a": [1, 2.5], "b": None}) == "{'a': [1, 2.5], 'b': None}"
    assert preview(list(range(100))) == "[0, 1, 2, 3, 4, 5, … 94 more]"
    assert len(preview("x" * 10**7)) <= MOST + 2
    assert preview([[[["deep"]]]]) == "[[[<list of 1 items>]]]"


def test_bytes_and_objects_are_named():
    class Mine:
        def __repr__(self):
            raise AssertionError("nobody knows what it does")

    assert preview(b"123") == "<bytes of 3 bytes>"
    assert "Mine>" in preview(Mine())
    assert "Mine>" in preview([Mine()])


def test_tables_and_arrays_are_told_by_their_size_and_their_start():
    pandas = pytest.importorskip("pandas")
    numpy = pytest.importorskip("numpy")
    arrow = pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"city": ["Oslo"] * 1_000, "rain": [1.5] * 1_000})
    assert preview(frame) == "{'DataFrame 1,000 x 2': {'city': 'Oslo', 'rain': 1.5}}"
    assert preview(arrow.table({"n": [1, 2]})) == "{'Table 2 x 1': {'n': 1}}"
    assert preview(numpy.arange(9.0).reshape(3, 3)).startswith("{'ndarray float64 3x3': [0, 1,")
    assert preview(frame.iloc[:0]) == "{'DataFrame 0 x 2': {}}"


def test_what_is_called_like_a_secret_is_never_shown():
    told = previews({PortName("api_key"): "k1", PortName("login"): {"Password": "p1", "user": "u"}})
    assert told == {"api_key": "[redacted]", "login": "{'Password': [redacted], 'user': 'u'}"}


def test_a_value_that_fails_is_named():
    class Odd(dict):
        def __iter__(self):
            raise RuntimeError("no")

    assert "Odd" in preview(Odd(a=1))


def test_of_many_inputs_some_are_told():
    assert len(previews({PortName(f"in{n}"): n for n in range(99)})) == MOST_PORTS
