"""Notebooks read and edited over HTTP, with no kernel: cells in, a flow or patches out.

Nothing is executed, and nothing is written: who sent the cells applies the patches to them.
"""

from __future__ import annotations

from typing import Any, Final

from flowbook.cells.binding import Change, NotebookBinding
from flowbook.cells.edit_wire import cells_from_json, decode, patch_to_json
from flowbook.cells.notebook import Notebook
from flowbook.cells.source import read
from flowbook.errors import UsageError
from flowbook.graph.flow import Flow
from flowbook.graph.options import print_options
from flowbook.graph.problem import Problem
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import FlowId
from flowbook.server.place import Place
from flowbook.server.routes import Asked, Route
from flowbook.server.shapes import Answer, Messages
from flowbook.session.project import Project
from flowbook.widget.mirror import cell_view
from flowbook.widget.notebook_protocol import CellView
from flowbook.widget.unattended import answered

MOST_BYTES: Final = 20_000_000
"""How large what is asked may be."""
_WITH_IDS: Final = 5
"""From this minor version of nbformat 4 on every cell has an id."""


class Cells(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cells of a notebook, or its path as the server has it."""

    cells: list[Any] | None = None
    path: str | None = None

    def notebook(self, place: Place) -> tuple[Notebook, FlowId | None]:
        """The notebook that is asked about, and what its flow is called by its file."""
        if (self.cells is None) == (self.path is None):
            raise UsageError("either cells or a path is needed", hint='send {"cells": [...]}')
        if self.path is None:
            return Notebook.of(cells_from_json(self.cells or [])), None
        path = place.inside(self.path)
        return place.project.load(path).notebook, FlowId(path.stem)


class EditAsked(Cells, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An edit; `seen` are the cells it was made on, where they have changed since."""

    edit: dict[str, Any] | None = None
    seen: list[Any] | None = None


class CanvasAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message of a canvas, with all cells of the notebook that it shows.

    Without cells they are those of the file, for a look ahead while it is still being opened.
    `locked`: why nothing may be changed, where that is so.
    """

    cells: list[Any] | None = None
    path: str | None = None
    message: dict[str, Any] | None = None
    locked: str = ""


class Parsed(Answer, frozen=True, kw_only=True):
    """A flow as cells hold it, nodes in the order of the notebook, with all that is wrong."""

    flow: str
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    params: list[dict[str, Any]]
    problems: list[dict[str, Any]]


class Patches(Answer, frozen=True, kw_only=True):
    """An edit as patches of cells, and those that take it back."""

    label: str
    patches: list[dict[str, Any]]
    inverse: list[dict[str, Any]]
    overtaken: list[dict[str, Any]]


def parse(place: Place, asked: Cells) -> dict[str, Any]:
    """The flow that cells hold."""
    notebook, name = asked.notebook(place)
    parsed = read(notebook, place.project.registry, name)
    return as_data(parsed.spec, (*parsed.problems, *_checked(place.project, parsed.spec)))


def edit(place: Place, asked: EditAsked) -> dict[str, Any]:
    """What an edit makes of cells."""
    notebook, name = asked.notebook(place)
    if asked.edit is None:
        raise UsageError("an edit is needed", hint='send {"edit": {"type": ...}}')
    change = decode(asked.edit)
    begun = notebook if asked.seen is None else notebook.with_cells(cells_from_json(asked.seen))
    binding = NotebookBinding(begun, place.project.registry, name)
    binding.replace(notebook.cells)
    return _change(binding.edit(change, seen=0))


def canvas(place: Place, asked: CanvasAsked) -> dict[str, Any]:
    """What a canvas asks of cells, as if a kernel had them open."""
    if asked.path is None or asked.message is None:
        needed = "path" if asked.path is None else "message"
        hint = 'send {"path": ..., "cells": [...], "message": {"type": ...}}'
        raise UsageError(f"{needed} is needed", hint=hint)
    cells = _in_file(place, asked.path) if asked.cells is None else asked.cells
    about = (asked.path, cells, asked.message)
    return {"messages": answered(place.project, *about, place.root, asked.locked)}


def _in_file(place: Place, path: str) -> list[CellView]:
    """The cells of a file, as a canvas would send them; `UsageError` when it has no ids for them.

    A front end gives ids of its own to cells without one, and those are not known here.
    """
    try:
        notebook = Notebook.parse(place.inside(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise UsageError(f"{path} cannot be read: {failure}", hint="send its cells") from None
    if notebook.rest.get("nbformat_minor", 0) < _WITH_IDS:
        raise UsageError(f"the cells of {path} have no ids", hint="send them")
    return [cell_view(cell) for cell in notebook.cells]


def as_data(spec: FlowSpec, problems: tuple[Problem, ...]) -> dict[str, Any]:
    """A flow as JSON data: nodes in notebook order, edges, parameters, problems."""
    told = {(one.message, one.cell, one.line, one.node): one for one in reversed(problems)}
    return {
        "flow": spec.id,
        "nodes": [_node(node) for node in spec.nodes],
        "edges": [
            {"source": e.source, "output": e.output, "target": e.target, "input": e.input}
            for e in resolve(spec).edges
        ],
        "params": [_param(param) for param in spec.params],
        "problems": [_problem(one) for one in reversed(told.values())],
    }


def _checked(project: Project, spec: FlowSpec) -> tuple[Problem, ...]:
    flow = Flow(spec.id, host=project)
    flow.replace_spec(spec)
    return project.check(flow)


def _node(node: NodeSpec) -> dict[str, Any]:
    return {
        "name": node.id,
        "kind": node.kind,
        "inputs": [
            {"name": one.name, "wire": str(one.wire) if one.wire else None} for one in node.inputs
        ],
        "outputs": list(node.outputs),
        "options": print_options(node.options),
        "cell": node.place.cell if node.place else None,
        "index": node.place.index if node.place else None,
        "position": [node.position.x, node.position.y] if node.position else None,
    }


def _param(param: ParamSpec) -> dict[str, Any]:
    required = isinstance(param.default, Missing)
    return {
        "name": param.name,
        "required": required,
        "default": None if required else param.default,
        "annotation": param.annotation,
        "help": param.help,
    }


def _problem(one: Problem) -> dict[str, Any]:
    return {
        "severity": one.severity.value,
        "message": one.message,
        "node": one.node,
        "cell": one.cell,
        "line": one.line,
        "hint": one.hint,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "label": change.label,
        "patches": [patch_to_json(one) for one in change.patches],
        "inverse": [patch_to_json(one) for one in change.inverse],
        "overtaken": [{"cell": one.cell, "text": one.text} for one in change.overtaken],
    }


ROUTES: Final = (
    Route(
        "POST",
        "parse",
        parse,
        "The flow that cells hold, and everything wrong with it; nothing is executed.",
        Parsed,
        takes=Cells,
        most_bytes=MOST_BYTES,
    ),
    Route(
        "POST",
        "edit",
        edit,
        "What an edit makes of cells, as patches; nothing is written.",
        Patches,
        takes=EditAsked,
        most_bytes=MOST_BYTES,
    ),
    Route(
        "POST",
        "canvas",
        canvas,
        "What a canvas asks of cells, and what it hears.",
        Messages,
        takes=CanvasAsked,
        most_bytes=MOST_BYTES,
    ),
)
