"""Why an edit finds no node: its cell was removed, or its head does not read."""

from __future__ import annotations

from collections.abc import Iterator

from flowbook.cells.header import declared_name, parse_cell
from flowbook.cells.notebook import Notebook
from flowbook.errors import EditRejected
from flowbook.graph.edits import (
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveNode,
    RenameNode,
    ReplaceNode,
    SetBody,
    SetConfig,
    SetInputs,
    SetOptions,
    SetOutputs,
    Several,
)
from flowbook.graph.spec import FlowSpec
from flowbook.ids import NodeId


def explained(
    refused: EditRejected, edit: Edit, notebook: Notebook, spec: FlowSpec, before: FlowSpec | None
) -> EditRejected:
    """`refused`, telling of the cell where that is why; `before` is the flow the edit was made on.

    >>> from flowbook.cells.notebook import Cell
    >>> notebook = Notebook.of((Cell.code("c1", "%%flow get(city"),))
    >>> refused = EditRejected("no node", edit=None, reason="no node")
    >>> told = explained(refused, RemoveNode("get"), notebook, FlowSpec("f"), None)
    >>> told.reason
    "the head of cell c1, which is 'get', does not read: the inputs are not closed"
    """
    for node in nodes_of(edit):
        reason = None if node in spec.by_id else _where(node, notebook, before)
        if reason:
            return EditRejected(
                f"{edit.label}: {reason}", hint="look at its cell", edit=edit, reason=reason
            )
    return refused


def _where(node: NodeId, notebook: Notebook, before: FlowSpec | None) -> str | None:
    for cell in notebook.cells:
        if cell.type == "code" and declared_name(cell.source) == node:
            faults = parse_cell(cell.source).faults
            why = f": {faults[0].message}" if faults else ""
            return f"the head of cell {cell.id}, which is {node!r}, does not read{why}"
    gone = before is not None and node in before.by_id
    return f"{node!r} is gone since: its cell was removed or renamed" if gone else None


def nodes_of(edit: Edit) -> Iterator[NodeId]:
    """The nodes that an edit needs to be there."""
    if isinstance(edit, Several):
        for one in edit.edits:
            yield from nodes_of(one)
    elif isinstance(edit, MoveNodes):
        yield from edit.positions
    elif isinstance(edit, ReplaceNode):
        yield edit.node.id
    elif isinstance(edit, RenameNode):
        yield edit.old
    elif isinstance(edit, Connect):
        yield from (edit.source, edit.target)
    elif isinstance(edit, Disconnect):
        yield edit.target
    elif isinstance(edit, RemoveNode | SetBody | SetConfig | SetOptions | SetInputs | SetOutputs):
        yield edit.node
