"""How the flow of a notebook stands: each node's last ending, what is stale, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from flowbook.errors import UnknownNode
from flowbook.graph.problem import Problem
from flowbook.graph.spec import FlowSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import FlowId, NodeId, RunId
from flowbook.magics.findings import Findings
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.run.handle import Run
from flowbook.store.display import html_table, text_table, took

_HEAD: Final = ("node", "kind", "last", "took", "")
_RUNS: Final = 200
"""How many of the flow's newest runs are looked at for how its nodes ended."""
_LAST: Final = f"""
SELECT node, arg_max(status, age), arg_max(duration_ms, age),
       arg_max_null(coalesce(n.error, n.reason), age), arg_max(run_id, age)
FROM (SELECT *, (run_id, coalesce(started_at, TIMESTAMP '1970-01-01')) AS age FROM node_runs
      SEMI JOIN (SELECT id FROM runs WHERE flow = ? ORDER BY started_at DESC LIMIT {_RUNS})
      ON id = run_id) AS n
GROUP BY node"""  # noqa: S608 - a number of ours


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node: how it ended last, '' before it has run; `seconds` that took, as far as known.

    `stale` says why its last result no longer follows from the flow, '' when it does. `run` is
    the run it was in, `error` what went wrong there, or why it was skipped.
    """

    node: NodeId
    kind: str
    outcome: str = ""
    seconds: float | None = None
    stale: str = ""
    run: RunId | None = None
    error: str = ""

    @property
    def note(self) -> str:
        """What there is to say of it, on one line."""
        stale = f"stale: {self.stale}" if self.stale else ""
        return " ".join("; ".join(filter(None, (stale, self.error))).split())


@dataclass(frozen=True, slots=True, repr=False)
class Status:
    """The flow at a glance. `unbound` are inputs that nothing feeds, as `node.input`."""

    flow: FlowId
    nodes: tuple[NodeStatus, ...]
    unbound: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    running: Run | None = None

    @property
    def stale(self) -> tuple[NodeId, ...]:
        """The nodes whose last result no longer follows from the flow."""
        return tuple(one.node for one in self.nodes if one.stale)

    def _lines(self) -> Iterator[str]:
        counts = [_count(len(self.nodes), "node")]
        counts += [f"{len(self.stale)} stale"] if self.stale else []
        counts += [f"bound to nothing: {', '.join(self.unbound)}"] if self.unbound else []
        if self.problems:
            counts += [f"{_count(len(self.problems), 'problem')}, which %flow check lists"]
        yield f"{self.flow}: {'; '.join(counts)}"
        if self.running is not None:
            yield repr(self.running)

    def __repr__(self) -> str:
        table = text_table(_HEAD, map(_cells, self.nodes)) if self.nodes else ""
        return "\n".join(filter(None, (*self._lines(), table)))

    def _repr_html_(self) -> str:
        lines = "<br>".join(map(escape, self._lines()))
        table = html_table(_HEAD, map(_cells, self.nodes)) if self.nodes else ""
        return f"<p>{lines}</p>{table}"


def status_of(notebook: KernelNotebook) -> Status:
    """How the notebook's flow stands now; reads the history, and starts nothing."""
    flow, project = notebook.flow, notebook.project
    spec = flow.spec()
    last = project.last_run(flow)
    stale = project.stale_reasons(flow)
    known = _recorded(notebook)
    return Status(
        flow=spec.id,
        nodes=tuple(
            _node_status(NodeStatus(node.id, node.kind, stale=stale.get(node.id, "")), known, last)
            for node in spec.nodes
        ),
        unbound=tuple(_unbound(spec)),
        problems=tuple(Findings((*notebook.live.problems(), *flow.check()))),
        running=last if last is not None and not last.status.over else None,
    )


def _node_status(
    blank: NodeStatus, known: Mapping[str, NodeStatus], last: Run | None
) -> NodeStatus:
    """What the process knows of its newest run goes before what is recorded."""
    found = known.get(blank.node, blank)
    told = None if last is None else _told(blank.node, last)
    if told is not None and (found.run is None or told.run is None or told.run >= found.run):
        found = told if told.seconds is not None else replace(told, seconds=found.seconds)
    return replace(found, kind=blank.kind, stale=blank.stale)


def _told(node: NodeId, run: Run) -> NodeStatus | None:
    try:
        one = run[node]
    except UnknownNode:
        return None
    if one.outcome is None and not one.attempts:
        return None
    error = f"{one.error.name}: {one.error.message}" if one.error else ""
    word = (one.outcome or one.phase).value
    return NodeStatus(node, "", word, one.duration, run=run.id, error=error)


def _recorded(notebook: KernelNotebook) -> dict[str, NodeStatus]:
    """How nodes ended last as the history has it; nothing where there is no history yet."""
    if not notebook.project.folder.is_dir():
        return {}
    _, rows = notebook.project.history.table(_LAST, [notebook.flow.name])
    found = {}
    for node, word, ms, why, run in rows:
        seconds = None if ms is None else ms / 1000
        found[node] = NodeStatus(NodeId(node), "", word, seconds, run=RunId(run), error=why or "")
    return found


def _unbound(spec: FlowSpec) -> Iterator[str]:
    wiring = resolve(spec)
    bound = {(one.target, one.input) for one in wiring.edges}
    bound |= {(one.target, one.input) for one in wiring.params}
    for node in spec.nodes:
        yield from (f"{node.id}.{i.name}" for i in node.inputs if (node.id, i.name) not in bound)


def _cells(one: NodeStatus) -> tuple[str, ...]:
    seconds = None if one.seconds is None else one.seconds * 1000
    return one.node, one.kind, one.outcome or "not run", took(seconds), one.note


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
