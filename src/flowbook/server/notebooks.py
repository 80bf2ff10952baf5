"""Notebooks read and edited over HTTP, with no kernel: cells in, a flow or patches out.

Nothing is executed, and nothing is written: who sent the cells applies the patches to them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

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
from flowbook.server.handler import Handler
from flowbook.session.project import Project

MOST_BYTES: Final = 20_000_000
"""How large what is asked may be."""


class _NotebookHandler(Handler):
    """What reading and editing share: which notebook is meant."""

    def asked(self, **kinds: type) -> dict[str, Any]:
        """The body, unless it is too large."""
        if len(self.request.body) > MOST_BYTES:
            most = f"{MOST_BYTES // 1_000_000} MB"
            raise HTTPError(400, "a notebook of more than %s is not read: leave out outputs", most)
        return self.body(cells=list, path=str, **kinds)

    def notebook(self, asked: dict[str, Any]) -> tuple[Notebook, FlowId | None]:
        """The notebook that is asked about, and what its flow is called by its file."""
        if ("cells" in asked) == ("path" in asked):
            raise UsageError("either cells or a path is needed", hint='send {"cells": [...]}')
        if "cells" in asked:
            return Notebook.of(cells_from_json(asked["cells"])), None
        root = Path(self.settings["server_root_dir"]).expanduser().resolve()
        path = (root / asked["path"].lstrip("/")).resolve()
        if not path.is_relative_to(root):
            raise UsageError("this path lies outside of the server's folder", hint="name one in it")
        return self.project().load(path).notebook, FlowId(path.stem)


class ParseHandler(_NotebookHandler):
    """`POST parse`: the flow that cells hold, and everything wrong with it."""

    @authenticated
    @authorized
    async def post(self) -> None:
        asked = self.asked()

        def ask() -> dict[str, Any]:
            project = self.project()
            notebook, name = self.notebook(asked)
            parsed = read(notebook, project.registry, name)
            return as_data(parsed.spec, (*parsed.problems, *_checked(project, parsed.spec)))

        await self.answer(ask)


class EditHandler(_NotebookHandler):
    """`POST edit`: what an edit makes of cells; `seen` are the cells it was made on."""

    @authenticated
    @authorized
    async def post(self) -> None:
        asked = self.asked(edit=dict, seen=list)

        def ask() -> dict[str, Any]:
            notebook, name = self.notebook(asked)
            if "edit" not in asked:
                raise UsageError("an edit is needed", hint='send {"edit": {"type": ...}}')
            edit = decode(asked["edit"])
            begun = notebook
            if "seen" in asked:
                begun = notebook.with_cells(cells_from_json(asked["seen"]))
            binding = NotebookBinding(begun, self.project().registry, name)
            binding.replace(notebook.cells)
            return _change(binding.edit(edit, seen=0))

        await self.answer(ask)


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
