"""Fields of tables and records are kept, dropped, renamed, set, cast and ordered."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowbook.errors import ExpressionError, UsageError
from flowbook.nodes.fields import check_fields, edit_fields
from flowbook.nodes.tables import named_family
from flowbook.session.work import evaluate_text

ROWS = [{"id": 1, "price": 2.5, "n": "3"}, {"id": 2, "price": 4.0, "n": None}]
MAKERS = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": pa.Table.from_pylist,
    "rows": list,
}


@pytest.fixture(params=MAKERS)
def edit(request):
    """Edits rows as a table of one family; gives rows back."""

    def edited(fields, rows=ROWS, **names):
        made = MAKERS[request.param](rows)
        found = edit_fields(made, fields, evaluate_text, names, "merge 'both'")
        assert isinstance(found, type(made))
        return named_family(request.param).records(found)

    return edited


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"keep": ["n", "id"]}, ["n", "id"]),
        ({"select": "id"}, ["id"]),
        ({"drop": ["price"]}, ["id", "n"]),
        ({"rename": {"id": "key"}}, ["key", "price", "n"]),
        ({"order": ["n"]}, ["n", "id", "price"]),
        ({"rename": {"id": "n", "n": "id"}, "order": ["id"]}, ["id", "n", "price"]),
        ({"keep": ["id", "n"], "drop": ["n"]}, ["id"]),
        ({}, ["id", "price", "n"]),
    ],
)
def test_columns_are_chosen(edit, fields, names):
    assert list(edit(fields)[0]) == names


def test_a_value_is_computed_for_each_row(edit):
    given = edit({"set": {"sum": "{{ price * 2 + extra }}", "at": "{{ index }}"}}, extra=1)
    assert [(row["sum"], row["at"]) for row in given] == [(6.0, 0), (9.0, 1)]


def test_what_is_set_sees_the_row_as_it_was(edit):
    given = edit({"set": {"id": "{{ id + 10 }}", "was": "{{ row.id }}"}})
    assert [(row["id"], row["was"]) for row in given] == [(11, 1), (12, 2)]


def test_a_text_may_have_several_expressions(edit):
    assert edit({"set": {"told": "no {{ id }} of {{ 2 }}"}})[1]["told"] == "no 2 of 2"


def test_a_constant_is_set_as_it_is(edit):
    given = edit({"set": {"ok": True, "none": None, "text": "a"}})
    assert [given[0][name] for name in ("ok", "none", "text")] == [True, None, "a"]


@pytest.mark.parametrize(
    ("dtype", "column", "values"),
    [
        ("int", "n", [3, None]),
        ("float", "id", [1.0, 2.0]),
        ("string", "id", ["1", "2"]),
        ("bool", "flag", [True, False]),
        ("date", "day", [date(2026, 5, 1), None]),
        ("datetime", "day", [datetime.fromisoformat("2026-05-01"), None]),
    ],
)
def test_columns_are_cast(edit, dtype, column, values):
    days = [{**row, "day": day} for row, day in zip(ROWS, ["2026-05-01", None], strict=True)]
    rows = [{**row, "flag": flag} for row, flag in zip(days, ["true", "False"], strict=True)]
    given = edit({"cast": {column: dtype}}, rows)
    assert [row[column] for row in given] == values
    assert type(given[0][column]) in (type(values[0]), pd.Timestamp)


def test_a_cast_that_fails_names_the_first_rows(edit):
    rows = [{"n": "1"}, {"n": "x"}, {"n": "2"}, {"n": "y"}]
    with pytest.raises(
        UsageError, match="merge 'both' cannot cast 'n' to int: row 1 has 'x', row 3"
    ):
        edit({"cast": {"n": "int"}}, rows)


@pytest.mark.parametrize("fields", [{"drop": ["nope"]}, {"keep": "nope"}, {"order": ["nope"]}])
def test_a_column_that_is_not_there_is_named(edit, fields):
    with pytest.raises(UsageError, match="edits 'nope', which is no column") as caught:
        edit(fields)
    assert "id, price, n" in str(caught.value)


def test_two_columns_of_one_name_are_refused(edit):
    with pytest.raises(UsageError, match="gives two columns the name 'n'"):
        edit({"rename": {"id": "n"}})


def test_an_expression_that_fails_names_the_row(edit):
    with pytest.raises(ExpressionError, match="cannot set 'x' of row 1: "):
        edit({"set": {"x": "{{ n + '1' }}"}})


def test_a_mapping_is_one_record():
    found = edit_fields({"a": 1}, {"set": {"b": "{{ a + 1 }}"}}, evaluate_text, {}, "it")
    assert found == {"a": 1, "b": 2}


def test_what_has_no_fields_is_refused():
    with pytest.raises(UsageError, match="it edits fields of a int"):
        edit_fields(3, {"drop": "a"}, evaluate_text, {}, "it")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"dorp": []}, "unknown edit 'dorp'"),
        ({"set": []}, "set takes a mapping"),
        ({"keep": 3}, "keep takes a list"),
        ({"cast": {"a": "nonsense"}}, "is none of int, float"),
    ],
)
def test_edits_that_cannot_be_are_refused(fields, told):
    with pytest.raises(ValueError, match=told):
        check_fields(fields)


def test_the_table_that_was_given_stays_as_it_was():
    rows = [{"a": 1}]
    edit_fields(rows, {"set": {"a": 2}, "rename": {"a": "b"}}, evaluate_text, {}, "it")
    assert rows == [{"a": 1}]
