"""What a flow takes and gives, as JSON Schemas: for forms, callers and whoever starts it from afar.

Both follow from the definition alone: parameters with their annotations, defaults and comments; the
outputs of the nodes that no other reads, with what their ports say. What nobody says anything about
is left open, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from flowbook.graph.annotations import Unresolved, resolve_type
from flowbook.graph.choices import Role
from flowbook.graph.draft import Draft
from flowbook.graph.nesting import Nesting
from flowbook.graph.node_schema import DIALECT
from flowbook.graph.schemas import COLUMNS, EXTRA, Columns
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import PortName

_PLAIN: Final[Mapping[type, str]] = {
    str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object",
}  # fmt: skip
_COLUMN: Final[Mapping[str, str]] = {
    "int": "integer", "float": "number", "number": "number", "string": "string", "bool": "boolean",
    "list": "array", "struct": "object",
}  # fmt: skip


class Described(Draft):
    """A draft that says what it takes and gives."""

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of its parameters.

        >>> import flowbook
        >>> flow = flowbook.Flow("tour")
        >>> @flow.node
        ... def fetch(city: str = "Oslo"): ...
        >>> flow.input_schema["properties"]
        {'city': {'type': 'string', 'default': 'Oslo'}}
        """
        return _object(
            self.name,
            {one.name: _of_param(one) for one in self.params},
            [one.name for one in self.params if isinstance(one.default, Missing)],
        )

    @property
    def output_schema(self) -> dict[str, Any]:
        """The JSON Schema of what it gives: the outputs of the nodes that no other reads, by name.

        A node whose branch is not taken gives nothing, so none of them is required.
        """
        spec = self.spec()
        return _object(self.name, {node.id: _of_node(node) for node in last_nodes(spec)}, [])


def last_nodes(spec: FlowSpec) -> tuple[NodeSpec, ...]:
    """The nodes of a flow that no other reads; those inside of others, and helpers, left out."""
    nesting = Nesting(spec)
    read = {edge.source for edge in resolve(spec).edges}
    helpers = {node.options.compensate for node in spec.nodes}
    return tuple(
        node
        for node in spec.nodes
        if node.id not in read
        and node.id not in helpers
        and not nesting.home(node.id)
        and node.options.role is Role.WORK
    )


def _object(
    title: str, given: Mapping[Any, Mapping[str, Any]], required: list[Any]
) -> dict[str, Any]:
    """An object of these properties; definitions they share go to its own."""
    shared: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for name, schema in given.items():
        shared.update(schema.get("$defs", {}))
        properties[str(name)] = {key: value for key, value in schema.items() if key != "$defs"}
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
        **({"$defs": shared} if shared else {}),
    }


def _of_param(param: ParamSpec) -> dict[str, Any]:
    found = dict(_of_annotation(param.annotation)) if param.annotation else {}
    default = param.default
    if not isinstance(default, Missing):
        if not param.annotation and type(default) in _PLAIN:
            found["type"] = _PLAIN[type(default)]
        found["default"] = default
    if param.help:
        found["description"] = param.help
    return found


def _of_node(node: NodeSpec) -> dict[str, Any]:
    """What `run[node].output` is: the value of the only port, or a mapping of several."""
    said = dict(node.options.outputs)
    ports = {port: _of_port(node, port, said.get(port)) for port in node.outputs}
    if len(ports) == 1:
        return next(iter(ports.values()))
    made = _object(node.id, ports, [])
    return {key: made[key] for key in ("type", "properties", "$defs") if key in made}


def _of_port(node: NodeSpec, port: PortName, schema: str | None) -> dict[str, Any]:
    if schema is not None:
        return _of_schema(json.loads(schema))
    text = node.returns.get(port)
    return dict(_of_annotation(text)) if text else {}


def _of_schema(schema: Any) -> dict[str, Any]:
    if isinstance(schema, str):
        return dict(_of_annotation(schema))
    return _of_columns(schema) if COLUMNS in schema else dict(schema)


def _of_columns(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A table as JSON has it: a list of rows."""
    columns = Columns.from_json(schema).columns
    properties = {}
    for name, column in columns.items():
        word = _COLUMN.get(column.dtype)
        both = [word, "null"] if column.nullable else word
        properties[name] = {"type": both} if word else {}
    rows: dict[str, Any] = {"type": "object", "properties": properties}
    rows |= {"required": list(properties)} if properties else {}
    rows |= {"additionalProperties": False} if schema.get(EXTRA) is False else {}
    return {"type": "array", "items": rows}


def _of_annotation(text: str) -> Mapping[str, Any]:
    """The JSON Schema of what an annotation names; empty for what is not known here."""
    for known in _readings(text):
        try:
            return dict(msgspec.json.schema(resolve_type(known)))
        except (Unresolved, TypeError):
            continue
    return {}


def _readings(text: str) -> Iterable[str]:
    """All of it; else what stands before its brackets."""
    return (text, text.partition("[")[0])
