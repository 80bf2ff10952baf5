"""Schemas are read from what people have at hand, and travel as one canonical text."""

from __future__ import annotations

import dataclasses
from typing import TypedDict

import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowbook.errors import FlowSyntaxError
from flowbook.graph.options import parse_options, print_options
from flowbook.graph.schemas import Column, Columns, digest_of, parse_schemas, schema_of


@dataclasses.dataclass
class Order:
    id: int
    lines: list[str]


class Struct(msgspec.Struct):
    id: int


class Typed(TypedDict):
    id: int


@pytest.mark.parametrize("given", [Order, Struct, Typed])
def test_a_class_gives_its_json_schema(given):
    schema = schema_of(given)
    (inner,) = schema["$defs"].values()
    assert inner["properties"]["id"] == {"type": "integer"}


def test_a_frame_library_gives_the_columns_it_knows():
    arrow = pa.schema([pa.field("n", pa.int64(), nullable=False), ("s", pa.string())])
    assert schema_of(arrow) == Columns(n=Column("int64", nullable=False), s="string").to_json()
    assert schema_of(pl.Schema({"n": pl.Int64})) == {"columns": {"n": "Int64"}}
    assert schema_of(pd.DataFrame) == schema_of("table") == {"columns": {}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("no_such_type", "is no type that is known here"),
        ({"type": "strin"}, "a JSON Schema has no type 'strin'"),
        ({"type": {1, 2}}, "plain data only"),
        ({"columns": {"a": {"dtyp": "int"}}}, "a column is a dtype"),
        ({"columns": {"a": "strin"}}, "no type is called 'strin'"),
        ({"columns": {}, "strict": True}, "columns and extra, not strict"),
        (object(), "is no schema"),
    ],
)
def test_what_is_no_schema_is_refused_in_words(given, message):
    with pytest.raises(ValueError, match=message):
        schema_of(given)


def test_a_line_of_yaml_and_its_printed_form_mean_the_same():
    schemas = parse_schemas("{rows: {columns: {city: string}}, top: int | None}")
    options = parse_options({"inputs": schemas})
    (text,) = print_options(options).values()
    assert parse_options({"inputs": text}) == options
    assert "\n" not in text


def test_a_refused_schema_names_the_option_and_says_what_to_write():
    with pytest.raises(FlowSyntaxError, match="option 'outputs' cannot be") as refused:
        parse_options({"outputs": "{rows: {columns: [}"})
    assert "one line of YAML" in refused.value.hint


def test_the_hash_goes_by_what_schemas_say():
    one = parse_schemas({"a": "int", "b": {"type": "object", "required": ["x"]}})
    other = parse_schemas({"b": {"required": ["x"], "type": "object"}, "a": "int"})
    assert digest_of(one) == digest_of(other) != digest_of(parse_schemas({"a": "str"}))
