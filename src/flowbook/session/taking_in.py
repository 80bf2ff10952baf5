"""What a kernel takes in of a notebook before a run: what its cells define, and their setup.

A run from a canvas means the cells as they stand. So the kernel's flow becomes what they say; cells
of setup and parameters that the kernel has not run as they are now are run there, in order, once;
nothing else is executed. A node that takes a name from a plain cell which nobody has run is told
with that cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from flowbook.cells.flow_line import split_options
from flowbook.cells.header import SETUP, declared_name, is_flow_cell, parse_cell
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.params import TAG
from flowbook.errors import InvalidFlow, UsageError
from flowbook.graph.placing import at
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.topology import Topology
from flowbook.ids import CellId, NodeId
from flowbook.session.live import LiveNotebook

Execute: TypeAlias = Callable[[Cell], None]
"""Runs a cell of setup or parameters where the kernel's cells run."""


def refuse_unready(
    live: LiveNotebook, notebook: Notebook, spec: FlowSpec, loose: Mapping[str, CellId]
) -> None:
    """Raise `InvalidFlow` where nodes take names from plain cells that never ran."""
    numbers = {cell.id: number for number, cell in enumerate(notebook.cells, 1)}
    unrun = tuple(
        at(
            node,
            f"{node.id} takes {name!r} from cell {numbers[loose[name]]}, which has not been run",
            f"run cell {numbers[loose[name]]} first",
        )
        for node in spec.nodes
        for name in node.captures
        if name in loose and name not in live.namespace
    )
    if unrun:
        raise InvalidFlow(f"{unrun[0].message}; nothing was run", problems=unrun)


def take_in(live: LiveNotebook, notebook: Notebook, execute: Execute) -> None:
    """Have the kernel's flow say what the cells say.

    Raises `InvalidFlow`, or `UsageError` for a setup cell that raised; the flow is as it was then.
    """
    held, cells = live.cells, _defining(live, notebook)
    for number, cell in enumerate(notebook.cells, 1):
        was = held.get(cell.id)
        if cell.id in cells and _is_run(cell) and (was is None or was.source != cell.source):
            try:
                execute(cell)
            except Exception as error:
                raise UsageError(
                    f"cell {number} was run to set up, and raised {type(error).__name__}: {error}",
                    hint="mend it, and run again",
                ) from error
    if {cell: one.source for cell, one in cells.items()} != {
        cell: one.source for cell, one in held.items()
    }:
        live.adopt(cells)


def _defining(live: LiveNotebook, notebook: Notebook) -> dict[CellId, Cell]:
    """The cells that make the flow: as they are written, and plain ones as they were run."""
    found: dict[CellId, Cell] = {}
    for cell in notebook.cells:
        if cell.type != "code":
            continue
        if is_flow_cell(cell.source) or TAG in cell.tags or split_options(cell.source)[1]:
            found[cell.id] = cell
        elif cell.id in live.cells and not is_flow_cell(live.cells[cell.id].source):
            found[cell.id] = live.cells[cell.id]
    names = {declared_name(cell.source) for cell in found.values()}
    for cell_id in live.unwritten:
        made = live.cells.get(cell_id)
        if made is not None and declared_name(made.source) not in names:
            found.setdefault(cell_id, made)
    return found


def _is_run(cell: Cell) -> bool:
    if not is_flow_cell(cell.source):
        return TAG in cell.tags
    header = parse_cell(cell.source).header
    return header is not None and header.kind == SETUP


def executed_in(namespace: dict[str, Any]) -> Execute:
    """Runs cells as plain Python in a namespace."""

    def execute(cell: Cell) -> None:
        text = parse_cell(cell.source).body if is_flow_cell(cell.source) else cell.source
        code = compile(split_options(text)[0], f"<cell {cell.id}>", "exec", dont_inherit=True)
        exec(code, namespace)  # noqa: S102 - the user's cell, in the user's kernel

    return execute


def outdated(live: LiveNotebook, spec: FlowSpec) -> dict[NodeId, str]:
    """Nodes that have a result, and whose cells say something else than what gave it: why.

    With what they feed: those would be given something else.
    """
    known = live.project.live.of(live.flow).memory.known
    held = live.flow.spec().by_id
    changed = [
        node.id
        for node in spec.nodes
        if node.id in known and (node.id not in held or _meant(node) != _meant(held[node.id]))
    ]
    found = dict.fromkeys(changed, "its cell says something else than what ran")
    shape = Topology(spec) if changed else None
    for node in changed:
        for behind in shape.descendants(node) if shape else ():
            if behind in known:
                found.setdefault(behind, f"it comes after {node}, whose cell has changed")
    return found


def _meant(node: NodeSpec) -> NodeSpec:
    return replace(node, place=None, position=None, body_line=1, captures=())
