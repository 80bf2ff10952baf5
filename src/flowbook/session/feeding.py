"""Keeping nodes fed: where a name moved to another node, those that read it say where it is now.

Cells that are run change what names mean to others: a cell takes another name, or a copy makes a
name that somebody made before. What was fed then is fed still, by the same node: the texts of the
cells that read it are changed, as few and as little as that takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import ReplaceSource, apply_patches, patch
from flowbook.cells.source import Parsed
from flowbook.errors import EditRejected, UsageError
from flowbook.graph.edits import Connect, Edit, RenameNode, apply
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import EdgeSpec, resolve
from flowbook.ids import CellId, NodeId, PortName

Cells = dict[CellId, Cell]
Read = Callable[[Cells], Parsed]


@dataclass(frozen=True, slots=True)
class Feeding:
    """How cells are read and written here."""

    read: Read
    registry: Registry

    def edited(self, cells: Cells, edit: Edit) -> Cells:
        """The cells as `edit` changes them; `EditRejected` when no text says it."""
        notebook = Notebook.of(tuple(cells.values()))
        patches = patch(notebook, edit, self.registry, self.read(cells).spec)
        return {cell.id: cell for cell in apply_patches(notebook, patches).cells}

    def followed(self, cells: Cells, before: FlowSpec, old: NodeId, new: NodeId) -> Cells:
        """The cells with all that names `old`, other than by a wire, naming `new`."""
        rename = RenameNode(old, new)
        try:
            after = apply(before, rename)
            named = {
                now.place.cell
                for was, now in zip(before.nodes, after.nodes, strict=True)
                if now.place and (was.options, was.config) != (now.options, now.config)
            }
            named -= {node.place.cell for node in before.nodes if node.id == old and node.place}
            there = self.edited(cells, rename) if named else {}
        except (EditRejected, UsageError):
            return cells
        return {**cells, **{cell: there[cell] for cell in named}}

    def fed(self, cells: Cells, edges: Iterable[EdgeSpec], names: Mapping[NodeId, NodeId]) -> Cells:
        """The cells with what `edges` fed fed still; `names`: what nodes are called by now."""
        spec = self.read(cells).spec
        there = set(resolve(spec).edges)
        for was in edges:
            edge = _moved(was, spec, names)
            if edge is None or edge in there:
                continue
            with suppress(EditRejected):
                wire = Connect(edge.source, edge.output, edge.target, edge.input)
                cells = self.edited(cells, wire)
                spec = self.read(cells).spec
                there = set(resolve(spec).edges)
        return cells


def _moved(was: EdgeSpec, spec: FlowSpec, names: Mapping[NodeId, NodeId]) -> EdgeSpec | None:
    """The edge as it is to be now; None when an end of it is gone."""
    source = spec.by_id.get(names.get(was.source, was.source))
    target = spec.by_id.get(names.get(was.target, was.target))
    if source is None or target is None:
        return None
    output = _port(was, source)
    if output is None:
        return None
    return EdgeSpec(source.id, output, target.id, was.input)


def _port(was: EdgeSpec, source: NodeSpec) -> PortName | None:
    """The output that an edge left from: of its name, or called after its node, or the only one."""
    if was.output in source.outputs:
        return was.output
    own = PortName(source.id)
    if str(was.output) == str(was.source) and own in source.outputs:
        return own
    return source.outputs[0] if len(source.outputs) == 1 else None


def changes(
    before: Cells, after: Cells, besides: CellId | None = None
) -> tuple[ReplaceSource, ...]:
    """The cells whose text is another one by now."""
    return tuple(
        ReplaceSource(cell.id, cell.source)
        for cell in after.values()
        if cell.id != besides and cell.id in before and before[cell.id].source != cell.source
    )
