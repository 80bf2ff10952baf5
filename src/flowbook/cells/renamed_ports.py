"""Inputs and outputs of a node called anew; the names in its Python text follow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from flowbook.errors import UsageError
from flowbook.graph.registry import Registry
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import PortName


def with_input(node: NodeSpec, name: PortName, made: InputSpec, registry: Registry) -> NodeSpec:
    """The node with its input `name` being `made`; a `name` it has not adds it.

    Raises `UsageError` where the name stands in a text that only its author can change.

    >>> from flowbook.nodes.python import PythonNode
    >>> from flowbook.ids import NodeId
    >>> top = NodeSpec(NodeId("top"), inputs=(InputSpec(PortName("rows")),), body="rows[:3]")
    >>> with_input(top, "rows", InputSpec(PortName("data")), Registry([PythonNode])).body
    'data[:3]'
    """
    if node.input(name) is None:
        return replace(node, inputs=(*node.inputs, made))
    inputs = tuple(made if one.name == name else one for one in node.inputs)
    if made.name == name:
        return replace(node, inputs=inputs)
    kind = registry.get(node.kind)
    if kind is not None and kind.body == "python":
        return replace(node, inputs=inputs, body=_with_name(node.body, name, made.name))
    if _says(node, name):
        raise UsageError(
            f"{node.id!r} reads {name!r} in its settings", hint="change the name there, too"
        )
    return replace(node, inputs=inputs)


def with_outputs(node: NodeSpec, outputs: tuple[PortName, ...], registry: Registry) -> NodeSpec:
    """The node with these outputs; where one is called anew, so is the name its text gives it.

    Raises `UsageError` where the text has the new name already.
    """
    kind = registry.get(node.kind)
    body = node.body
    if kind is not None and kind.body == "python" and len(outputs) == len(node.outputs):
        for old, new in zip(node.outputs, outputs, strict=True):
            if old != new and old not in outputs and new not in node.outputs and _binds(body, old):
                body = _with_name(body, old, new)
    return replace(node, outputs=outputs, body=body)


def _binds(body: str, name: str) -> bool:
    try:
        tree = ast.parse(body)
    except (SyntaxError, ValueError):
        return False
    return any(
        isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Store)
        for one in ast.walk(tree)
    )


def _says(node: NodeSpec, name: str) -> bool:
    return name in node.body or name in str(node.config)


def _with_name(body: str, old: str, new: str) -> str:
    """Python text that calls a name otherwise, wherever it is that name."""
    try:
        tree = ast.parse(body)
    except (SyntaxError, ValueError):
        raise UsageError("the text does not read as Python", hint="mend it first") from None
    if any(isinstance(one, ast.Name) and one.id == new for one in ast.walk(tree)):
        raise UsageError(f"the text has a name {new!r} already", hint="take another one")
    lines = body.split("\n")
    for line, column in sorted(_places(tree, old), reverse=True):
        text = lines[line - 1].encode()
        lines[line - 1] = (
            text[:column] + new.encode() + text[column + len(old.encode()) :]
        ).decode()
    return "\n".join(lines)


def _places(tree: ast.AST, name: str) -> Iterator[tuple[int, int]]:
    for one in ast.walk(tree):
        if isinstance(one, ast.Name) and one.id == name:
            yield one.lineno, one.col_offset
