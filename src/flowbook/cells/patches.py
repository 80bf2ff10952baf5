"""An edit of the flow as the smallest change of the notebook's cells, and a flow as a new notebook.

An edit is applied to the flow the notebook holds; cells whose node came out different are written
anew, from their own head and body, and no other cell is touched. Nodes keep their cell through
every edit, so a renaming is a changed line, not a cell that goes and one that comes. Cells are
never reordered. Patches of sources and metadata come first, those of structure last, and each
applies to the notebook as the patches before it left it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from flowbook.cells.flow_line import print_option_line, split_options, with_flow_options
from flowbook.cells.header import is_flow_cell
from flowbook.cells.notebook import METADATA_KEY, Cell, Notebook
from flowbook.cells.params import TAG, changed_params, print_params
from flowbook.cells.source import read
from flowbook.cells.writing import node_source, rewritten, setup_source
from flowbook.errors import EditRejected, UsageError
from flowbook.graph.edits import Edit, apply
from flowbook.graph.flow_options import FlowOptions, print_flow_options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec, ParamSpec
from flowbook.ids import CellId, NodeId


@dataclass(frozen=True, slots=True)
class ReplaceSource:
    """Another text for a cell."""

    cell: CellId
    source: str


@dataclass(frozen=True, slots=True)
class SetMetadata:
    """Other metadata for a cell, whole."""

    cell: CellId
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeleteCell:
    """A cell goes."""

    cell: CellId


@dataclass(frozen=True, slots=True)
class InsertCell:
    """A new cell, so that it stands at `index`."""

    index: int
    cell: Cell


CellPatch: TypeAlias = ReplaceSource | SetMetadata | DeleteCell | InsertCell


def patch(
    notebook: Notebook, edit: Edit, registry: Registry, spec: FlowSpec | None = None
) -> tuple[CellPatch, ...]:
    """What `edit` changes in the cells of `notebook`; `spec` is the flow it holds, if known.

    Raises `EditRejected` when the edit does not apply to the flow the notebook holds, or when the
    notebook has no way to say it.
    """
    before = read(notebook, registry).spec if spec is None else spec
    after = apply(before, edit)
    try:
        return tuple(_difference(notebook, before, after, registry))
    except UsageError as refused:
        raise EditRejected(
            f"{edit.label}: {refused.message}", hint=refused.hint, edit=edit, reason=refused.message
        ) from None


def rewrite(notebook: Notebook, before: FlowSpec, after: FlowSpec, registry: Registry) -> Notebook:
    """`notebook`, which holds `before`, holding `after`; the very same when nothing differs.

    Raises `UsageError` for what it has no way to say.
    """
    return apply_patches(notebook, list(_difference(notebook, before, after, registry)))


def apply_patches(notebook: Notebook, patches: Iterable[CellPatch]) -> Notebook:
    """`notebook` after `patches`; `UsageError` when one names a cell that is not there."""
    for one in patches:
        cells = list(notebook.cells)
        if isinstance(one, InsertCell):
            cells.insert(one.index, one.cell)
        else:
            at = notebook.index(one.cell)
            if isinstance(one, DeleteCell):
                del cells[at]
            elif isinstance(one, SetMetadata):
                cells[at] = replace(cells[at], metadata=one.metadata)
            else:
                cells[at] = replace(cells[at], source=one.source)
        notebook = notebook.with_cells(tuple(cells))
    return notebook


def _difference(
    notebook: Notebook, before: FlowSpec, after: FlowSpec, registry: Registry
) -> Iterator[CellPatch]:
    if before.setup != after.setup:
        raise UsageError("setup cells differ", hint="edit the %%flow setup cells themselves")
    was = {node.place.cell: node for node in before.nodes if node.place}
    now = {node.place.cell: node for node in after.nodes if node.place and node.place.cell in was}
    for cell in notebook.cells:
        if cell.id in now and now[cell.id] != was[cell.id]:
            yield from _cell_patches(cell, was[cell.id], now[cell.id], registry)
    structure: list[CellPatch] = [DeleteCell(cell) for cell in was if cell not in now]
    if before.params != after.params:
        kept, added = _params_patches(notebook, before.params, after.params)
        yield from kept
        structure += added
        notebook = apply_patches(notebook, kept)
    if before.options != after.options:
        kept, added = _options_patches(apply_patches(notebook, structure), after.options)
        yield from kept
        structure += added
        notebook = apply_patches(notebook, kept)
    yield from structure
    left = [cell.id for cell in apply_patches(notebook, structure).cells]
    yield from _insertions(left, after.nodes, now, registry)


def _cell_patches(
    cell: Cell, was: NodeSpec, now: NodeSpec, registry: Registry
) -> Iterator[CellPatch]:
    source = rewritten(cell.source, was, now, registry)
    if source != cell.source:
        yield ReplaceSource(cell.id, source)
    if was.position != now.position:
        yield SetMetadata(cell.id, cell.placed(now.position).metadata)


def _params_patches(
    notebook: Notebook, was: Sequence[ParamSpec], params: Sequence[ParamSpec]
) -> tuple[list[CellPatch], list[CellPatch]]:
    source = print_params(params)
    tagged = [cell for cell in notebook.cells if cell.type == "code" and TAG in cell.tags]
    if tagged:
        first, *others = tagged
        kept = "" if others else changed_params(first.source, was, params)
        if kept:
            return [ReplaceSource(first.id, kept)], []
        source = "\n".join([*_option_lines(tagged), source])
        return [ReplaceSource(first.id, source)], [DeleteCell(cell.id) for cell in others]
    cell_id = _free_id(TAG, {cell.id for cell in notebook.cells})
    made = Cell.code(cell_id, source, {"tags": [TAG]})
    return [], [InsertCell(_first_flow_cell(notebook), made)]


def _option_lines(cells: Sequence[Cell]) -> Iterator[str]:
    """The `%flow options` lines of cells that are written anew, as they are."""
    for cell in cells:
        lines = cell.source.split("\n")
        yield from (lines[one.number - 1] for one in split_options(cell.source)[1])


def _first_flow_cell(notebook: Notebook) -> int:
    """Where it stands, else the end: what goes before it goes behind loading the extension."""
    flow_cells = (i for i, cell in enumerate(notebook.cells) if is_flow_cell(cell.source))
    return next(flow_cells, len(notebook.cells))


def _options_patches(
    notebook: Notebook, options: FlowOptions
) -> tuple[list[CellPatch], list[CellPatch]]:
    lines = {
        cell.id: found
        for cell in notebook.cells
        if cell.type == "code" and (found := split_options(cell.source)[1])
    }
    said = {name for found in lines.values() for line in found for name in line.given}
    added = {name: text for name, text in print_flow_options(options).items() if name not in said}
    if not lines:
        cell_id = _free_id("flow-options", {cell.id for cell in notebook.cells})
        made = Cell.code(cell_id, print_option_line(added))
        return [], [InsertCell(_first_flow_cell(notebook), made)]
    last = list(lines)[-1]
    kept: list[CellPatch] = []
    gone: list[CellPatch] = []
    for cell in notebook.cells:
        if cell.id not in lines:
            continue
        source = with_flow_options(cell.source, options, added if cell.id == last else None)
        if not source.strip():
            gone.append(DeleteCell(cell.id))
        elif source != cell.source:
            kept.append(ReplaceSource(cell.id, source))
    return kept, gone


def _insertions(
    cells: list[CellId],
    nodes: Sequence[NodeSpec],
    kept: Mapping[CellId, NodeSpec],
    registry: Registry,
) -> Iterator[InsertCell]:
    """Each new node's cell, below that of the node before it."""
    at, above = 0, None
    for number, node in enumerate(nodes):
        if node.place and node.place.cell in kept:
            above = node.place.cell
            continue
        if above is not None:
            at, above = cells.index(above) + 1, None
        elif not number:
            later = (n.place.cell for n in nodes if n.place and n.place.cell in kept)
            first = next(later, None)
            at = len(cells) if first is None else cells.index(first)
        wanted = node.place.cell if node.place else node.id.replace("_", "-")
        cell = Cell.code(_free_id(wanted, set(cells)), node_source(node, nodes, registry))
        cells.insert(at, cell.id)
        yield InsertCell(at, cell.placed(node.position))
        at += 1


def _free_id(wanted: str, taken: set[CellId]) -> CellId:
    """`wanted` as a cell id nobody has."""
    names = (f"{wanted[:56]}{suffix}" for suffix in ("", *(f"-{n}" for n in range(2, 10_000))))
    return next(CellId(name) for name in names if name not in taken)


def write(spec: FlowSpec, registry: Registry) -> Notebook:
    """A notebook that holds `spec`: options, parameters, setup and one cell for each node.

    Raises `UsageError` naming the nodes whose code has no text to write.
    """
    mute = [node.id for node in spec.nodes if not node.body.strip() and _needs_code(node, registry)]
    if mute:
        raise UsageError(
            f"no source text is known for {_few(mute)}",
            hint="define these functions in a file or a notebook cell",
        )
    cells = [Cell.code(CellId("load"), "%load_ext flowbook")]
    if options := print_flow_options(spec.options):
        cells.append(Cell.code(CellId("flow-options"), print_option_line(options)))
    if spec.params:
        cells.append(Cell.code(CellId(TAG), print_params(spec.params), {"tags": [TAG]}))
    for node in spec.setup:
        cells.append(Cell.code(CellId(node.id.replace("_", "-")), setup_source(node)))
    taken = {cell.id for cell in cells}
    for node in spec.nodes:
        cell_id = _free_id(node.place.cell if node.place else node.id.replace("_", "-"), taken)
        taken.add(cell_id)
        source = node_source(node, spec.nodes, registry, spec.params)
        cells.append(Cell.code(cell_id, source).placed(node.position))
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return Notebook.of(
        tuple(cells),
        {
            METADATA_KEY: {"flow": spec.id},
            "kernelspec": kernel,
            "language_info": {"name": "python"},
        },
    )


def _few(nodes: Sequence[NodeId], most: int = 5) -> str:
    """The first of them, and how many more there are.

    >>> _few([NodeId("a"), NodeId("b"), NodeId("c")], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(nodes) - most} more" if len(nodes) > most else ""
    return f"{', '.join(nodes[:most])}{more}"


def _needs_code(node: NodeSpec, registry: Registry) -> bool:
    if node.kind not in registry:
        return not node.config
    return registry[node.kind].body != "config"
