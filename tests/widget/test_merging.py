"""How the inputs of a merge fit, looked at in the last run's tables."""

from __future__ import annotations

import pytest
from tests.widget.forms import Asking

CELLS = (
    "%%flow orders\nimport pandas as pd\n"
    "orders = pd.DataFrame({'customer': [1, 2, 2, 7], 'total': [3.0, 1.5, 2.0, 9.0]})",
    "%%flow people\npeople = [{'id': 1, 'name': 'Ada'}, {'id': 2, 'name': 'Bo'},"
    " {'id': 9, 'name': 'Di'}]",
    "%%flow merge told(orders, people)\nmode: by_key\n",
    "%%flow number\n7",
    "%%flow merge odd(orders, number)\nmode: by_key\n",
)
KEY = {"orders": "customer", "people": "id"}


@pytest.fixture
def ask(project):
    return Asking(project, *CELLS)


def test_before_the_first_run_the_sides_say_what_is_missing(ask):
    found = ask("MATCH", node="told", key=KEY)
    assert [one.note for one in found.sides] == ["Run the flow to see its columns."] * 2
    assert found.matched is None


def test_sides_are_counted_matched_and_sampled(ask):
    ask.run_to("orders", "people")
    found = ask("MATCH", node="told", key=KEY)
    left, right = found.sides
    assert [(one.name, one.dtype) for one in left.columns] == [
        ("customer", "int64"),
        ("total", "float64"),
    ]
    assert (left.rows, right.rows) == (4, 3)
    assert (found.matched, left.unmatched, right.unmatched) == (3, 1, 1)
    assert (left.samples, right.samples, found.samples) == (("7",), ("9",), ("1", "2"))


def test_keys_are_suggested_by_what_is_in_them(ask):
    ask.run_to("orders", "people")
    assert ask("MATCH", node="told").suggestions == (KEY,)


def test_a_key_that_is_not_there_is_told_and_the_sides_are_shown(ask):
    ask.run_to("orders", "people")
    found = ask("MATCH", node="told", key="city")
    assert "city" in found.error
    assert len(found.sides) == 2


def test_what_is_no_table_is_said_to_be_none(ask):
    ask.run_to("orders", "number")
    found = ask("MATCH", node="odd", key="customer")
    assert found.sides[1].note == "a int, which has no columns"
