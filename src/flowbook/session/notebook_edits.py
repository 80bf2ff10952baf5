"""A notebook as the document of its flow, and its cells changed to say another.

Only cells that mean something else are written anew; plain cells stay behind those they followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from flowbook.cells.flow_line import print_option_line, split_options
from flowbook.cells.function_form import as_function
from flowbook.cells.header import parse_cell
from flowbook.cells.module_text import Document, Item, print_items
from flowbook.cells.notebook import METADATA_KEY, Cell, Notebook
from flowbook.cells.params import TAG, print_params, read_params
from flowbook.cells.patches import apply_patches, patch
from flowbook.cells.source import read
from flowbook.cells.writing import node_source, rewritten, setup_source
from flowbook.errors import InvalidFlow, UsageError
from flowbook.graph.flow_edits import SetFlowOptions
from flowbook.graph.flow_options import print_flow_options
from flowbook.graph.problem import errors
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import CellId, FlowId


def document_of(notebook: Notebook, registry: Registry, flow: FlowId) -> Document:
    """What a notebook says of its flow; `InvalidFlow` with every problem where it has errors."""
    parsed = read(notebook, registry, flow)
    if wrong := errors(parsed.problems):
        raise InvalidFlow("the notebook has errors; nothing was written", problems=wrong)
    spec = parsed.spec
    nodes = {one.place.cell: one for one in spec.nodes if one.place}
    setup = {one.place.cell: one for one in spec.setup if one.place}
    items = []
    for cell in notebook.cells:
        if cell.id in nodes:
            items.append(Item(node=nodes[cell.id], cell=cell.id))
        elif cell.id in setup:
            items.append(Item(setup[cell.id].body.strip("\n"), setup=True, cell=cell.id))
        elif cell.type == "markdown":
            items.append(Item(cell.source, cell=cell.id))
        elif cell.type == "code" and TAG in cell.tags:
            params, _ = read_params(split_options(cell.source)[0])
            items.append(Item(params=params, cell=cell.id))
    return Document(spec.id, spec.options, tuple(one for one in items if not _says_nothing(one)))


def _says_nothing(item: Item) -> bool:
    return item.params == () or (item.sort == "setup" and not item.text.strip())


def updated(notebook: Notebook, old: Document, new: Document, registry: Registry) -> Notebook:
    """The notebook of `old` saying `new`: only cells that mean something else are written anew.

    Raises `UsageError` where no cell can say what the module does.
    """
    was, now = print_items(old, registry), print_items(new, registry)
    pairs = _pairs(old.items, was, new.items, now)
    cells = {cell.id: cell for cell in notebook.cells}
    spec = new.spec(registry)
    taken = set(cells)
    made: list[Cell] = []
    for at, item in enumerate(new.items):
        before = pairs.get(at)
        if before is None:
            made.append(_new_cell(item, spec, registry, taken))
        else:
            one = old.items[before]
            assert one.cell is not None  # noqa: S101 - items of a notebook have cells
            cell = cells[one.cell]
            same = was[before] == now[at]
            made.append(cell if same else _changed(cell, one, item, spec, registry))
        taken.add(made[-1].id)
    result = notebook.with_cells(tuple(_with_plain(notebook, old, made)))
    result = _named(_with_options(result, new, registry), new.flow)
    return _verified(result, new, now, registry)


def _pairs(
    old: Sequence[Item], was: Sequence[str], new: Sequence[Item], now: Sequence[str]
) -> dict[int, int]:
    """Which item was which: nodes by name, others by their text, what is left by its place."""
    names = {one.node.id: at for at, one in enumerate(old) if one.node is not None}
    pairs = {
        at: names[one.node.id]
        for at, one in enumerate(new)
        if one.node is not None and one.node.id in names
    }
    for block in SequenceMatcher(None, was, now, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            if new[block.b + step].node is None:
                pairs[block.b + step] = block.a + step
    for at, item in enumerate(new):
        if at not in pairs:
            found = _between(at, item, old, pairs, len(new))
            if found is not None:
                pairs[at] = found
    return pairs


def _between(
    at: int, item: Item, old: Sequence[Item], pairs: dict[int, int], count: int
) -> int | None:
    """The first item of that sort that nobody is paired with, in the same place."""
    low = next((pairs[one] for one in range(at - 1, -1, -1) if one in pairs), -1)
    high = next((pairs[one] for one in range(at + 1, count) if one in pairs), len(old))
    taken = set(pairs.values())
    free = (one for one in range(low + 1, high) if one not in taken)
    return next((one for one in free if old[one].sort == item.sort), None)


def _with_plain(notebook: Notebook, old: Document, made: list[Cell]) -> Iterator[Cell]:
    """The cells, each followed by those that are no part of the flow and followed it before."""
    known = {item.cell for item in old.items}
    kept = {cell.id for cell in made}
    groups: dict[CellId | None, list[Cell]] = {}
    before: CellId | None = None
    for cell in notebook.cells:
        if cell.id in known:
            before = cell.id if cell.id in kept else before
        else:
            groups.setdefault(before, []).append(cell)
    yield from groups.get(None, ())
    for cell in made:
        yield cell
        yield from groups.get(cell.id, ())


def _new_cell(item: Item, spec: FlowSpec, registry: Registry, taken: set[CellId]) -> Cell:
    if item.node is not None:
        wanted = str(item.node.id).replace("_", "-")
        source = node_source(item.node, spec.nodes, registry, spec.params)
        return Cell.code(_free(wanted, taken), source)
    if item.params is not None:
        return Cell.code(_free(TAG, taken), print_params(item.params), {"tags": [TAG]})
    if item.setup:
        return Cell.code(_free("setup", taken), setup_source(NodeSpec(spec.id, body=item.text)))  # type: ignore[arg-type]  # a setup cell has no name
    return Cell.markdown(_free("text", taken), item.text)


def _free(wanted: str, taken: set[CellId]) -> CellId:
    names = (f"{wanted[:56]}{more}" for more in ("", *(f"-{at}" for at in range(2, 10_000))))
    return next(CellId(one) for one in names if CellId(one) not in taken)


def _changed(cell: Cell, was: Item, now: Item, spec: FlowSpec, registry: Registry) -> Cell:
    """The cell saying `now`; what stands in it beside that stays."""
    source = cell.source
    if now.node is not None and was.node is not None:
        source = _changed_node(source, was.node, now.node, spec, registry)
    elif now.params is not None:
        source = "\n".join([*_option_lines(source), print_params(now.params)])
    elif now.setup:
        head = source.split("\n")[: parse_cell(source).body_line - 1]
        source = "\n".join([*head, *_option_lines(source), now.text])
    else:
        source = now.text
    return replace(cell, source=source)


def _option_lines(source: str) -> Iterator[str]:
    lines = source.split("\n")
    yield from (lines[one.number - 1] for one in split_options(source)[1])


def _changed_node(
    source: str, was: NodeSpec, now: NodeSpec, spec: FlowSpec, registry: Registry
) -> str:
    language = registry[now.kind].body
    if language == "config" or (language == "python" and _same_body(was, now)):
        now = replace(now, body=was.body)
    now = replace(now, place=was.place, position=was.position, body_line=was.body_line)
    if now.kind != was.kind:
        return node_source(replace(now, body=now.body), spec.nodes, registry, spec.params)
    return rewritten(source, was, replace(now, captures=was.captures), registry)


def _same_body(was: NodeSpec, now: NodeSpec) -> bool:
    return _function_of(was) == _function_of(now)


def _function_of(node: NodeSpec) -> str:
    return as_function(node.body, [str(one.name) for one in node.inputs], node.outputs).text


def _with_options(notebook: Notebook, new: Document, registry: Registry) -> Notebook:
    parsed = read(notebook, registry, new.flow)
    if parsed.spec.options == new.options:
        return notebook
    if not print_flow_options(parsed.spec.options) and not _says_options(notebook):
        ids = {cell.id for cell in notebook.cells}
        line = print_option_line(print_flow_options(new.options))
        cell = Cell.code(_free("flow-options", ids), line)
        at = 1 if notebook.cells and notebook.cells[0].source.startswith("%load_ext") else 0
        return notebook.with_cells((*notebook.cells[:at], cell, *notebook.cells[at:]))
    return apply_patches(notebook, patch(notebook, SetFlowOptions(new.options), registry))


def _says_options(notebook: Notebook) -> bool:
    return any(split_options(one.source)[1] for one in notebook.cells if one.type == "code")


def _named(notebook: Notebook, flow: FlowId) -> Notebook:
    own = notebook.metadata.get(METADATA_KEY)
    said = dict(own) if isinstance(own, dict) else {}
    if said.get("flow", flow) == flow:
        return notebook
    metadata = {**notebook.metadata, METADATA_KEY: {**said, "flow": flow}}
    return replace(notebook, metadata=metadata, raw=None)


def _verified(
    notebook: Notebook, new: Document, now: Sequence[str], registry: Registry
) -> Notebook:
    """The notebook, if it says what the module does; cells that do not are written anew."""
    spec = new.spec(registry)
    for again in (True, False):
        found = document_of(notebook, registry, new.flow)
        texts = print_items(found, registry)
        wrong = [
            (item, text)
            for item, text, wanted in zip(found.items, texts, now, strict=False)
            if text != wanted
        ]
        if not wrong and len(texts) == len(now):
            return notebook
        if again:
            bad = {item.cell: item.node.id for item, _ in wrong if item.node is not None}
            cells = (
                replace(
                    one,
                    source=node_source(spec.node(bad[one.id]), spec.nodes, registry, spec.params),
                )
                if one.id in bad
                else one
                for one in notebook.cells
            )
            notebook = notebook.with_cells(tuple(cells))
    shown = wrong[0][1].split("\n")[1] if wrong else "its last cells"
    raise UsageError(
        f"the notebook has no way to say what the module does: {shown}",
        hint="write it as a cell of the notebook, and sync again",
    )


def blank(flow: FlowId) -> Notebook:
    """A notebook that holds no flow yet."""
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {
        METADATA_KEY: {"flow": flow},
        "kernelspec": kernel,
        "language_info": {"name": "python"},
    }
    return Notebook.of((Cell.code(CellId("load"), "%load_ext flowbook"),), metadata)
