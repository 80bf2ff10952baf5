"""Where the cursor is: the cell, the text around it, and the flow that the cell belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flowbook.cells.header import FlowCell, declared_name, parse_cell
from flowbook.graph.node import Node
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.magics.completion.offers import Word
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.known import columns_of, last_columns, last_outputs

MOST = 500
"""Columns that are offered of a table: a completer shows no more."""


@dataclass(frozen=True)
class Place:
    """The cursor in a cell: `line` counts from 0, `before` is that line up to it."""

    notebook: KernelNotebook
    source: str
    line: int
    before: str

    @cached_property
    def spec(self) -> FlowSpec:
        """The flow as it is now."""
        return self.notebook.flow.spec()

    @cached_property
    def cell(self) -> FlowCell:
        """The cell taken apart."""
        return parse_cell(self.source)

    @cached_property
    def kind(self) -> type[Node] | None:
        """What kind of node the cell is; None for setup cells, and for kinds that are not there."""
        header = self.cell.header
        found: type[Node] | None = None
        if header is not None:
            found = self.notebook.project.registry.get(header.kind)
        return found

    @cached_property
    def own(self) -> NodeId | None:
        """The name of the cell's own node."""
        return declared_name(self.source)

    @cached_property
    def others(self) -> tuple[NodeSpec, ...]:
        """The other nodes of the flow."""
        return tuple(node for node in self.spec.nodes if node.id != self.own)

    @cached_property
    def above(self) -> list[str]:
        """The lines above the cursor's."""
        return self.source.split("\n")[: self.line]

    # ------------------------------------------------------------ names and what they stand for

    def sources(self) -> Iterator[Word]:
        """All that a body may name: outputs of other nodes, and parameters."""
        for node in self.others:
            if len(node.outputs) == 1:
                yield Word(node.id, "node")
            yield from (Word(port, "output") for port in node.outputs)
        yield from (Word(param.name, "param") for param in self.spec.params)

    def wires(self) -> Iterator[Word]:
        """All that an input may be wired to: nodes, and ports of those that have several."""
        for node in self.others:
            if len(node.outputs) == 1:
                yield Word(node.id, "node")
            else:
                yield from (Word(f"{node.id}.{port}", "output") for port in node.outputs)

    def output(self, path: tuple[str, ...]) -> tuple[NodeSpec, PortName | None, int] | None:
        """The node and port that a path begins with, and how much of it that takes.

        A name is an input of the head, else a node, else the output of just one node. The port is
        None for a node of several that the path does not tell apart.
        """
        header = self.cell.header
        for one in (header.inputs or ()) if header else ():
            if one.name == path[0] and one.wire is not None:
                node = self.spec.by_id.get(one.wire.node)
                return None if node is None else (node, one.wire.port or _only(node), 1)
        node = self.spec.by_id.get(NodeId(path[0]))
        if node is not None and node.id != self.own:
            if len(path) > 1 and path[1] in node.outputs and len(node.outputs) > 1:
                return node, PortName(path[1]), 2
            return node, _only(node), 1
        makers = [one for one in self.others if path[0] in one.outputs]
        return (makers[0], PortName(path[0]), 1) if len(makers) == 1 else None

    def value(self, path: tuple[str, ...]) -> Any:
        """What a path stands for in the last results; None where that is not at hand."""
        found = self.output(path)
        if found is None or found[1] is None or found[2] != len(path):
            return None
        return last_outputs(self.notebook, found[0].id).get(found[1])

    def columns(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The columns, or keys, of what a path stands for, without reading a value."""
        found = self.output(path)
        if found is None or found[1] is None or found[2] != len(path):
            return ()
        value = self.value(path)
        known = columns_of(value) or last_columns(self.notebook, found[0].id, found[1])
        return known[:MOST]


def _only(node: NodeSpec) -> PortName | None:
    return node.outputs[0] if len(node.outputs) == 1 else None


def parts(path: str) -> tuple[str, ...]:
    """`clean.df` as its names."""
    return tuple(path.split("."))
