"""Nodes as text for a clipboard, and text of a clipboard as nodes.

The text is a notebook: its cells can be pasted into any other flow, and the text into any editor.
What comes may also be plain text with `%%flow` cells in it. What such cells read is found among
themselves first, and then in the flow they come to; of what is in neither, the wire is left out and
told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flowbook.cells.header import is_flow_cell
from flowbook.cells.notebook import METADATA_KEY, Cell, Notebook
from flowbook.cells.params import TAG, print_params
from flowbook.cells.source import read
from flowbook.cells.writing import node_source
from flowbook.errors import UsageError
from flowbook.graph.gestures.places import Places
from flowbook.graph.nesting import container_of, is_container
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec, ParamSpec, Position
from flowbook.graph.wiring import EdgeSpec, resolve
from flowbook.ids import CellId, NodeId

_WORD: Final = re.compile(r"[^\W\d]\w*")
_STUB: Final = "stub-"


def clipped(spec: FlowSpec, nodes: Collection[NodeId], registry: Registry, places: Places) -> str:
    """These nodes as the text of a notebook, each where it stands."""
    wanted = set(nodes)
    cells = tuple(
        Cell.code(
            CellId(node.id.replace("_", "-")),
            node_source(node, spec.nodes, registry, spec.params),
        ).placed(places.get(node.id))
        for node in spec.nodes
        if node.id in wanted
    )
    return Notebook.of(cells, {METADATA_KEY: {"flow": spec.id}}).text()


def unclipped(text: str) -> tuple[Cell, ...]:
    r"""The flow cells that a text holds; `UsageError` when there are none.

    >>> [cell.source for cell in unclipped("see: \n%%flow a\n1\n\n%%flow b(a)\na")]
    ['%%flow a\n1', '%%flow b(a)\na']
    """
    cells: Sequence[Cell] = ()
    if text.lstrip().startswith("{"):
        try:
            cells = Notebook.parse(text).cells
        except UsageError:
            cells = ()
    if not cells:
        parts = re.split(r"(?m)^(?=%%flow(?:book)?\b)", text)
        cells = [Cell.code(CellId(f"p{n}"), one.rstrip()) for n, one in enumerate(parts)]
    found = tuple(cell for cell in cells if cell.type == "code" and is_flow_cell(cell.source))
    if not found:
        raise UsageError(
            "the clipboard holds no nodes", hint="copy nodes of a canvas, or %%flow cells as text"
        )
    return found


@dataclass(frozen=True, slots=True)
class Pasted:
    """Nodes that cells hold, what feeds them here, where they stood, and what was lost."""

    nodes: tuple[NodeSpec, ...]
    edges: tuple[EdgeSpec, ...]
    places: Places
    lost: tuple[str, ...] = ()


def pasted(cells: Sequence[Cell], spec: FlowSpec, registry: Registry) -> Pasted:
    """What cells from elsewhere are in the flow `spec`."""
    alone = read(Notebook.of(tuple(cells)), registry).spec
    own = {node.id for node in alone.nodes}
    stubs = tuple(_stubs(spec, own, {*_WORD.findall("\n".join(cell.source for cell in cells))}))
    both = read(Notebook.of((*stubs, *cells)), registry).spec
    edges = {
        (edge.target, edge.input): edge
        for found in (both, alone)  # what they read of each other comes last, and holds
        for edge in resolve(found).edges
        if edge.target in own
    }
    lost: list[str] = []
    nodes = tuple(
        _loosened(node, own | spec.by_id.keys(), lost) for node in both.nodes if node.id in own
    )
    places = {node.id: node.position for node in nodes if node.position is not None}
    return Pasted(nodes, tuple(edges.values()), places, tuple(lost))


def _stubs(spec: FlowSpec, own: Collection[NodeId], words: set[str]) -> Iterator[Cell]:
    """Cells that give the names of the flow which the text may mean, and say nothing else."""
    params: list[ParamSpec] = [one for one in spec.params if one.name in words]
    if params:
        yield Cell.code(CellId(f"{_STUB}{TAG}"), print_params(params), {"tags": [TAG]})
    for node in spec.nodes:
        if node.id in own or words.isdisjoint((node.id, *node.outputs)):
            continue
        cell = CellId(f"{_STUB}{node.id}")
        if is_container(node):
            outputs = f" -> {', '.join(node.outputs)}" if node.outputs else ""
            yield Cell.code(cell, f"%%flow {node.kind} {node.id}{outputs}")
        elif node.outputs and not node.options.inside:
            names = ", ".join(node.outputs)
            body = "\n".join(f"{port} = None" for port in node.outputs)
            yield Cell.code(cell, f"%%flow python {node.id} -> {names}\n{body}")


def _loosened(node: NodeSpec, there: Collection[NodeId], lost: list[str]) -> NodeSpec:
    """The node without wires from nodes, and without a container, that are not there."""
    inputs = []
    for one in node.inputs:
        if one.wire is not None and one.wire.node not in there:
            lost.append(f"{node.id}.{one.name} was fed by {one.wire}, which is not here")
            one = replace(one, wire=None)
        inputs.append(one)
    options = node.options
    owner = container_of(options.inside)
    if owner and NodeId(owner) not in there:
        lost.append(f"{node.id} was inside of {owner}, which is not here")
        options = replace(options, inside="")
    return replace(node, inputs=tuple(inputs), options=options, place=None)


def around(places: Places, at: Position | None) -> Places:
    """These places, with their upper left corner at `at`."""
    if at is None or not places:
        return places
    left, top = min(one.x for one in places.values()), min(one.y for one in places.values())
    return {node: Position(one.x - left + at.x, one.y - top + at.y) for node, one in places.items()}
