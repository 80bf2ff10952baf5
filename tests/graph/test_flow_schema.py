"""What a flow takes and gives, as JSON Schemas that follow from its definition alone."""

from __future__ import annotations

from jsonschema import Draft202012Validator

from flowbook import Column, Columns, Flow
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.source import read
from flowbook.graph.registry import Registry
from flowbook.ids import CellId, FlowId
from flowbook.nodes.containers import MapNode
from flowbook.nodes.python import PythonNode


def flow(*cells: str) -> Flow:
    made = [
        Cell.code(CellId(f"c{i}"), text, {"tags": ["parameters"]} if i == 0 else {})
        for i, text in enumerate(cells)
    ]
    spec = read(Notebook(tuple(made), {}), Registry([PythonNode, MapNode]), FlowId("tour")).spec
    found = Flow("tour")
    found.replace_spec(spec)
    return found


def test_parameters_have_their_types_defaults_and_comments():
    schema = flow(
        "city: str  # where to look\ntop: int | None = 3\nrows: list[int] = []\n"
        "wild = 1.5\nany = None",
        "%%flow report(city, top, rows, wild, any, extra: bool = True)\n1",
    ).input_schema
    assert schema["type"] == "object"
    assert schema["properties"] == {
        "city": {"type": "string", "description": "where to look"},
        "top": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 3},
        "rows": {"items": {"type": "integer"}, "type": "array", "default": []},
        "wild": {"type": "number", "default": 1.5},
        "any": {"default": None},
        "extra": {"type": "boolean", "default": True},
    }
    assert schema["required"] == ["city"]
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid({"city": "Oslo", "top": None})
    assert not Draft202012Validator(schema).is_valid({"top": 1})
    assert not Draft202012Validator(schema).is_valid({"city": "Oslo", "unknown": 1})


def test_a_type_that_is_not_known_is_left_open():
    schema = flow("order: Order\nnames: list[Name] = []", "%%flow a(order, names)\n1").input_schema
    assert schema["properties"] == {"order": {}, "names": {"type": "array", "default": []}}


def test_outputs_are_those_of_the_nodes_nobody_reads():
    schema = flow(
        "x = 1",
        "%%flow load\n[1]",
        "%%flow map each(load)",
        "%%flow inner(item) --in each\nitem",
        "%%flow count(each_values) -> n: int\nn = 1",
        "%%flow split(load) -> odd: list[int], even\nodd, even = [], []",
        "%%flow tidy --role teardown\n1",
    ).output_schema
    assert schema["properties"] == {
        "count": {"type": "integer"},
        "split": {
            "type": "object",
            "properties": {"odd": {"type": "array", "items": {"type": "integer"}}, "even": {}},
        },
    }
    Draft202012Validator.check_schema(schema)


def test_schemas_of_ports_are_taken_over():
    made = Flow("shop")
    prices = Columns(item="string", price=Column("float", nullable=False), extra=False)

    @made.node(outputs={"prices": prices})
    def fetch():
        return None

    @made.node(outputs={"order": {"type": "object", "required": ["id"]}})
    def order():
        return {"id": 1}

    found = made.output_schema["properties"]
    assert found["order"] == {"type": "object", "required": ["id"]}
    rows = found["fetch"]["items"]
    assert rows["properties"] == {
        "item": {"type": ["string", "null"]},
        "price": {"type": "number"},
    }
    assert rows["required"] == ["item", "price"]
    assert rows["additionalProperties"] is False
