"""`%flow load NODE`: a cell that does what a node did, step by step at the keyboard.

Its inputs are bound to what the node was given last, from this process where its newest run had the
node, else from the history; then comes its code. What has no code of its own is run alone, on the
same values.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.graph.nesting import is_container
from flowbook.graph.spec import NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.run.handle import Run
from flowbook.run.rules.phase import Outcome

_NEWEST: Final = """
SELECT run_id FROM node_runs JOIN runs ON id = run_id
WHERE flow = ? AND node = ? AND scope = '' AND node_runs.status NOT IN ('skipped', 'scheduled')
ORDER BY run_id DESC LIMIT 1"""


def debug_cell(notebook: KernelNotebook, name: NodeId) -> str:
    """The text of such a cell; `UsageError` when the node has not run, or has nothing to load."""
    node = notebook.flow.spec().node(name)
    if is_container(node):
        raise UsageError(
            f"{name} is of kind {node.kind}: it has no code, only the nodes inside of it have",
            hint="load one of them",
        )
    given = _given(notebook, node)
    kind = notebook.project.registry[node.kind]
    if kind.body == "python" and node.body.strip():
        return _of_python(node, given)
    if kind.body == "sql":
        return _of_sql(node, given)
    return _alone(notebook, node, given, external=kind.external)


# ---------------------------------------------------------------- what it was given


@dataclass(frozen=True, slots=True)
class _Given:
    """The run it was in, in words, and an expression for each of its inputs."""

    where: str
    inputs: Mapping[str, str]


def _given(notebook: KernelNotebook, node: NodeSpec) -> _Given:
    last = notebook.project.last_run(notebook.flow)
    key = None if last is None else _key(last, node.id)
    if last is not None and key is not None:
        inputs = {
            str(one.name): f'flow.last_run()["{key}"].inputs[{_text(one.name)}]'
            for one in node.inputs
        }
        return _Given(f"run {last.id}", inputs)
    rows: list[tuple[Any, ...]] = []
    if notebook.project.folder.is_dir():
        history = notebook.project.history
        _, rows = history.table(_NEWEST, [notebook.flow.name, str(node.id)])
    if not rows:
        raise UsageError(
            f"{node.id} has not run yet, so there is nothing it was given",
            hint=f"run it first: %flow run {node.id}",
        )
    run_id = str(rows[0][0])
    return _Given(f"run {run_id}, in the history", dict(_recorded(notebook, node, run_id)))


def _key(run: Run, node: NodeId) -> str | None:
    """What the node is called in a run it was in: inside of a container, a turn that failed."""
    index = run.live_state.index
    keys = [key for key in index if key == node or key.endswith(f".{node}")]
    tried = [key for key in keys if run[key].attempts or run[key].outcome is Outcome.REUSED]
    failed = [key for key in tried if run[key].outcome is Outcome.FAILED]
    return next(reversed(failed or tried), None)


def _recorded(notebook: KernelNotebook, node: NodeSpec, run_id: str) -> Iterator[tuple[str, str]]:
    wiring = resolve(notebook.flow.spec())
    state = f'flow.state("{run_id}")'
    for edge in wiring.edges:
        if edge.target == node.id:
            yield edge.input, f'{state}["{edge.source}"].values[{_text(edge.output)}]'
    params = notebook.project.history.run(run_id).params
    for use in wiring.params:
        if use.target == node.id and use.param in params:
            yield use.input, repr(params[use.param])


# ---------------------------------------------------------------- the cells


def _of_python(node: NodeSpec, given: _Given) -> str:
    lines = [f"# {node.id} on what it was given in {given.where}"]
    lines += [f"{name} = {text}" for name, text in given.inputs.items()]
    body = node.body.strip("\n")
    returns, waits = _speaks(body)
    if not returns:
        return "\n".join([*lines, "", body])
    start, call = ("async def", "await ") if waits else ("def", "")
    return "\n".join(
        [*lines, "", "", f"{start} {node.id}():", indented(body), "", "", f"{call}{node.id}()"]
    )


def _speaks(body: str) -> tuple[bool, bool]:
    """Whether a body returns or yields, which a plain cell cannot, and whether it awaits."""
    (function,) = ast.parse(_as_function(body)).body
    waiting = [*ast.iter_child_nodes(function)]
    found: list[ast.AST] = []
    while waiting:
        one = waiting.pop()
        found.append(one)
        if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(one)
    speaks = any(isinstance(one, ast.Return | ast.Yield | ast.YieldFrom) for one in found)
    waits = any(isinstance(one, ast.Await | ast.AsyncFor | ast.AsyncWith) for one in found)
    return speaks, waits


def _as_function(body: str) -> str:
    return f"async def _():\n{indented(body)}\n    pass"


def indented(body: str) -> str:
    r"""Python four columns further in; what texts over several lines say stays as it is.

    >>> print(indented("x = 1\ny = '''a\nb'''"))
        x = 1
        y = '''a
    b'''
    """
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(body).readline):
        if token.type == tokenize.STRING:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    return "\n".join(
        line if number in inside or not line.strip() else f"    {line}"
        for number, line in enumerate(body.split("\n"), 1)
    )


def _of_sql(node: NodeSpec, given: _Given) -> str:
    query = node.body.strip("\n")
    params = {name for name in given.inputs if re.search(rf"\${name}\b", query)}
    for name in given.inputs:
        if "." in name:  # a table of that port has a name of one word here
            query = re.sub(rf"\b{re.escape(name)}\b", name.replace(".", "_"), query)
    plain = '"""' not in query and "\\" not in query
    lines = [
        f"# {node.id} on what it was given in {given.where}",
        "flow.host.history.sql(",
        *([f'    """\n{query}\n""",'] if plain else [f"    {query!r},"]),
        "    {",
        *(
            f"        {_text(name)}: {given.inputs[name]},"
            for name in given.inputs
            if name in params
        ),
        "    },",
        "    tables={",
        *(
            f"        {_text(name.replace('.', '_'))}: {text},"
            for name, text in given.inputs.items()
            if name not in params
        ),
        "    },",
        ")",
    ]
    return "\n".join(lines)


def _alone(notebook: KernelNotebook, node: NodeSpec, given: _Given, *, external: bool) -> str:
    """A cell that runs the node alone, in a test run: its settings stay in its own cell."""
    wiring = resolve(notebook.flow.spec())
    names = {str(edge.input): str(edge.source) for edge in wiring.edges if edge.target == node.id}
    names |= {str(use.input): str(use.param) for use in wiring.params if use.target == node.id}
    allow = f", allow=[{_text(node.id)}]" if external else ""
    return "\n".join(
        [
            f"# {node.id} is of kind {node.kind}: its settings stay in its own cell. This runs it",
            f"# alone, as a test, on what it was given in {given.where}",
            "flow.test(",
            "    {",
            *(f"        {_text(names.get(i, i))}: {text}," for i, text in given.inputs.items()),
            "    },",
            f"    only={_text(node.id)}{allow},",
            f")[{_text(node.id)}].output",
        ]
    )


def _text(name: str) -> str:
    return json.dumps(str(name))
