"""What goes from port to port is compared before anything runs."""

from __future__ import annotations

import pytest

import flowbook
from flowbook import Column, Columns, Severity
from flowbook.plan.shapes import misfit, of_annotation, of_schema


@pytest.fixture
def told(tmp_path):
    """Problems of a flow whose nodes `define` makes, as (severity, message)."""

    def told(define, **options):
        flow = flowbook.Flow("typed", host=flowbook.project(tmp_path), **options)
        define(flow)
        return [(one.severity, one.message) for one in flow.check()]

    return told


@pytest.mark.parametrize(
    ("source", "target", "text"),
    [
        ("str", "int", "string feeds integer"),
        ("int", "float", None),
        ("bool", "int", "boolean feeds integer"),
        ("list[str]", "list[int]", "list of string feeds list of integer"),
        ("int | str", "int", None),
        ("int | None", "int", "integer or none feeds integer"),
        ("Optional[int]", "int | None", None),
        ("Literal['a']", "Literal['b', 'c']", "'a' feeds 'b' or 'c'"),
        ("Literal['a']", "str", None),
        ("pd.DataFrame", "int", "table feeds integer"),
        ("pd.DataFrame", "pl.LazyFrame", None),
        ("Order", "int", None),
        ("Sequence[int]", "str", None),
        ("dict[str, int]", "list", "mapping feeds list"),
    ],
)
def test_two_annotations_fit_or_it_is_said_why_not(source, target, text):
    found = misfit(of_annotation(source), of_annotation(target))
    assert (found and found.text) == text


def test_json_schemas_are_compared_key_by_key():
    source = of_schema('{"type":"object","properties":{"a":{"type":"string"}}}')
    wants_b = of_schema('{"type":"object","properties":{"b":{"type":"string"}},"required":["b"]}')
    wants_int = of_schema('{"type":"object","properties":{"a":{"type":"integer"}}}')
    assert misfit(source, wants_b).text == "mapping feeds mapping: there is no 'b'"
    assert misfit(source, wants_int).text == "mapping feeds mapping: 'a': string feeds integer"


def test_a_schema_that_holds_itself_ends():
    tree = '{"$ref":"#/$defs/T","$defs":{"T":{"type":"array","items":{"$ref":"#/$defs/T"}}}}'
    assert misfit(of_schema(tree), of_annotation("list")) is None


def test_a_string_that_feeds_an_integer_is_a_warning_that_names_both_ports(told):
    def define(flow):
        @flow.node
        def fetch() -> str: ...

        @flow.node
        def count(n: int = fetch): ...

    assert told(define) == [(Severity.WARNING, "string feeds integer (fetch.fetch → count.n)")]


def test_two_schemas_that_exclude_each_other_keep_the_flow_from_running(told):
    def define(flow):
        @flow.node(outputs={"rows": Columns(city="string", temp="float")})
        def fetch(): ...

        @flow.node(inputs={"rows": Columns(temp="int")})
        def clean(rows): ...

        @flow.node(inputs={"rows": Columns(day="date")})
        def days(rows): ...

        @flow.node(inputs={"rows": Columns(temp=Column("number"))})
        def fits(rows): ...

    message = "table feeds table: column 'temp' is float, not int (fetch.rows → clean.rows)"
    assert told(define) == [
        (Severity.ERROR, message),
        (Severity.ERROR, "table feeds table: there is no column 'day' (fetch.rows → days.rows)"),
    ]
    assert {severity for severity, _ in told(define, validate="off")} == {Severity.WARNING}


def test_tables_of_sql_and_parameters_are_ends_too(tmp_path):
    book = tmp_path / "book.ipynb"
    project = flowbook.project(tmp_path)
    book.write_text(
        '{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":['
        '{"cell_type":"code","id":"p","metadata":{"tags":["parameters"]},"outputs":[],'
        '"execution_count":null,"source":"city: str = \\"Oslo\\""},'
        '{"cell_type":"code","id":"a","metadata":{},"outputs":[],"execution_count":null,'
        '"source":"%%flow sql totals\\nselect 1 as n"},'
        '{"cell_type":"code","id":"b","metadata":{},"outputs":[],"execution_count":null,'
        '"source":"%%flow top(totals: list[int], city: int) -> top: int\\nlen(totals)"}]}'
    )
    found = project.load(book)
    assert [one.message for one in project.check(found.flow)] == [
        "table feeds list of integer (totals.totals → top.totals)",
        "string feeds integer (parameter city → top.city)",
    ]


def test_a_schema_of_no_port_is_said_with_the_nearest(told):
    def define(flow):
        @flow.node(inputs={"raws": "table"})
        def clean(rows=3): ...

    assert told(define) == [
        (Severity.ERROR, "a schema is given for input 'raws', which it does not have")
    ]
