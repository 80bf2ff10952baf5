"""How tables fit by a key is counted, not joined."""

from __future__ import annotations

import pandas as pd
import pytest

from flowbook.errors import UsageError
from flowbook.nodes.key_fit import fit, suggested
from flowbook.nodes.matching import Side
from flowbook.nodes.tables import named_family

ROWS = named_family("rows")
PANDAS = named_family("pandas")


def test_every_pair_counts_and_a_null_matches_nothing_unless_it_is_said_to():
    left = Side("a", [{"k": 1}, {"k": 1}, {"k": None}], ("k",))
    right = Side("b", [{"k": 1}, {"k": None}], ("k",))
    found = fit(left, right, ROWS)
    assert (found.matched, found.left_alone, found.right_alone) == (2, 1, 1)
    found = fit(left, right, ROWS, nulls_match=True)
    assert (found.matched, found.left_alone, found.right_alone) == (3, 0, 0)


def test_a_key_that_is_the_same_everywhere_is_counted_at_once():
    frame = pd.DataFrame({"k": ["x"] * 50_000})
    found = fit(Side("a", frame, ("k",)), Side("b", frame, ("k",)), PANDAS)
    assert found.matched == 50_000**2


def test_kinds_that_are_never_equal_are_refused():
    left, right = pd.DataFrame({"k": [1]}), pd.DataFrame({"k": ["1"]})
    with pytest.raises(UsageError, match="never equal"):
        fit(Side("a", left, ("k",)), Side("b", right, ("k",)), PANDAS)


def test_columns_that_share_values_come_before_those_that_share_a_name():
    orders = pd.DataFrame({"customer": [1, 2, 3], "note": ["a", "b", "c"]})
    people = pd.DataFrame({"id": [3, 2, 1], "note": ["x", "y", "z"]})
    assert suggested({"orders": orders, "people": people}, PANDAS) == [
        {"orders": "customer", "people": "id"},
        "note",
    ]


def test_of_three_tables_a_key_is_a_column_of_each():
    tables = {name: [{"id": 1, name: 1}] for name in ("a", "b", "c")}
    assert suggested(tables, ROWS)[0] == "id"
    assert all(isinstance(one, str) for one in suggested(tables, ROWS))
