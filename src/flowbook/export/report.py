"""The executed notebook of a run made in this process: the author's cells with what each gave.

A pure fold of the run's events gives times, logs and errors; values come from the run's handle as
long as it lives. Cells that are no node keep their place and lose their outputs: they did not run.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from flowbook.errors import UsageError
from flowbook.events import (
    Event,
    ItemsAdded,
    NodeCompleted,
    NodeFailed,
    NodeLogged,
    NodeReused,
    NodeSkipped,
    NodeStarted,
    NodeUnfolded,
    OfNode,
    RunCompleted,
    RunCreated,
    ScopeClosed,
    ScopeReused,
)
from flowbook.export.mime import mime_bundle
from flowbook.export.notebook import cell_id, parse_notebook, serialise
from flowbook.graph.spec import FlowSpec
from flowbook.ids import CellId, NodeId, PortName, RunId
from flowbook.run.view import turns_text


class Reportable(Protocol):
    """What a report reads of a run that is over."""

    id: RunId

    def events(self) -> list[Event]: ...

    def __getitem__(self, node: str) -> Any: ...


@dataclass(slots=True)
class _Told:
    """What the events tell of one node."""

    started: float | None = None
    ended: float | None = None
    attempts: int = 0
    word: str = "not run"
    note: str = ""
    logs: list[NodeLogged] = field(default_factory=list)
    failure: NodeFailed | None = None
    turns: str = ""
    """Of a container, how its turns went; of a node inside of one, how it went in each."""
    total: int | None = None
    scope: str = ""
    """Of a node inside of a container: the turn that is told of."""

    def take(self, event: Event) -> None:
        if isinstance(event, NodeStarted):
            self.started = self.started or event.at
            self.attempts, self.word = event.attempt, "running"
        elif isinstance(event, NodeLogged):
            self.logs.append(event)
        elif isinstance(event, NodeCompleted | NodeReused):
            self.ended = event.at
            self.word = "succeeded" if isinstance(event, NodeCompleted) else "reused"
        elif isinstance(event, NodeFailed):
            self.ended, self.word, self.failure = event.at, "failed", event
            self.note = f"{event.error.name}: {event.error.message}"
        elif isinstance(event, NodeUnfolded):
            self.total, self.turns = event.total, ""
        elif isinstance(event, ItemsAdded):
            self.total = event.total
        elif isinstance(event, ScopeClosed | ScopeReused) and event.index is not None:
            done = event.succeeded + event.failed
            self.turns = turns_text(done, self.total, event.failed)
        elif isinstance(event, NodeSkipped):
            self.word = "skipped"
            cause = f" ({event.cause})" if event.cause else ""
            self.note = event.reason.replace("_", " ") + cause


def write_report(
    run: Reportable,
    text: str,
    spec: FlowSpec,
    path: Path,
    drawn: Mapping[str, str] | None = None,
) -> Path:
    """Write the report of a finished run of `spec`, read from the notebook `text`, to `path`.

    `drawn` is the flow as the run left it, as a MIME bundle, which stands below the summary.
    The file is replaced whole or not at all. `UsageError` when it cannot be written.
    """
    content = report(run, text, spec, drawn)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(content, encoding="utf-8")
        draft.replace(path)
    except OSError as failure:
        raise UsageError(
            f"cannot write the report to {path}: {failure.strerror}",
            hint="choose another place with --report, or --no-report",
        ) from None
    return path


def report(
    run: Reportable, text: str, spec: FlowSpec, drawn: Mapping[str, str] | None = None
) -> str:
    """The report as .ipynb text, with the picture of the flow, if it was `drawn`."""
    notebook = parse_notebook(text, f"the notebook of {spec.id!r}")
    events = run.events()
    told = {**_fold(events), **_fold_inside(events)}
    nodes: dict[CellId, NodeId] = {node.place.cell: node.id for node in spec.nodes if node.place}
    order = {node: n for n, node in enumerate(_by_start(told), 1)}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        node = nodes.get(cell.get("id", ""))
        if node is not None and node in told:
            cell.execution_count = order.get(node)
            cell.outputs = list(_outputs(run, node, told[node], cell.execution_count))
            cell.metadata["execution"] = _timing(told[node])
    notebook.cells[:0] = [_summary(events, told), *([] if drawn is None else [_drawing(drawn)])]
    notebook.metadata["flowbook"] = {
        **notebook.metadata.get("flowbook", {}),
        "run": run.id,
        "flow": spec.id,
    }
    return serialise(notebook)


def _fold(events: Sequence[Event]) -> dict[NodeId, _Told]:
    told: dict[NodeId, _Told] = {}
    for event in events:
        if isinstance(event, RunCreated):
            told = {node: _Told() for node in event.nodes}
        elif isinstance(event, OfNode) and not event.scope and event.node in told:
            told[event.node].take(event)
    return told


def _fold_inside(events: Sequence[Event]) -> dict[NodeId, _Told]:
    """The same of the nodes inside of containers.

    Of many turns one is told: the first in which the node failed, else the one that began last.
    """
    inside: dict[NodeId, dict[str, _Told]] = {}
    for event in events:
        if isinstance(event, RunCreated):
            blocks = (block for one in event.blocks.values() for block in one.values())
            inside = {node: {} for block in blocks for node in block}
        elif isinstance(event, OfNode) and event.scope and event.node in inside:
            inside[event.node].setdefault(event.scope, _Told(scope=event.scope)).take(event)
    return {node: _one_of(list(turns.values())) for node, turns in inside.items()}


def _one_of(turns: Sequence[_Told]) -> _Told:
    told = next((one for one in turns if one.failure is not None), turns[-1] if turns else _Told())
    if len(turns) > 1:
        words = Counter(one.word for one in turns)
        told.turns = ", ".join(f"{count} {word}" for word, count in words.most_common())
    return told


def _by_start(told: Mapping[NodeId, _Told]) -> list[NodeId]:
    ran = [node for node, one in told.items() if one.started is not None]
    return sorted(ran, key=lambda node: told[node].started or 0.0)


def _outputs(run: Reportable, node: NodeId, told: _Told, count: int | None) -> Iterable[Any]:
    new = _nbformat_v4().new_output
    if told.scope and told.turns:
        yield new("stream", name="stdout", text=f"{told.turns}; this is {told.scope}:\n")
    for log in told.logs:
        yield new("stream", name="stderr" if log.stream == "stderr" else "stdout", text=log.text)
    if told.failure is not None:
        error = told.failure.error
        lines = error.traceback.splitlines() or [f"{error.type}: {error.message}"]
        lines += [f"given: {name} = {value}" for name, value in error.inputs.items()]
        yield new("error", ename=error.type, evalue=error.message, traceback=lines)
    elif told.word in ("succeeded", "reused"):
        yield from _values(run[f"{told.scope}.{node}" if told.scope else node], count)
    elif told.word != "not run":
        yield new("stream", name="stderr", text=f"{told.word}: {told.note}\n")


def _values(node: Any, count: int | None) -> Iterable[Any]:
    """The node's value; of several ports each one, named; of a router its decision."""
    new = _nbformat_v4().new_output
    ports: Mapping[PortName, Any] = node.shown(node.outputs)
    value = node.output
    if len(ports) > 1 and isinstance(value, dict) and set(value) == set(ports):
        for port, one in ports.items():
            yield new("display_data", data=mime_bundle(one), metadata={"flowbook": {"port": port}})
    elif value is not None:
        name = next(iter(ports)) if len(ports) == 1 else PortName("")
        shown = node.shown({name: value})[name]
        yield new("execute_result", data=mime_bundle(shown), execution_count=count)


def _timing(told: _Told) -> dict[str, str]:
    """JupyterLab's own cell timing, which its gutter shows."""
    times = {"iopub.execute_input": told.started, "shell.execute_reply": told.ended}
    return {name: _iso(at) for name, at in times.items() if at is not None}


def _summary(events: Sequence[Event], told: Mapping[NodeId, _Told]) -> Any:
    created = next(event for event in events if isinstance(event, RunCreated))
    over = next((event for event in events if isinstance(event, RunCompleted)), None)
    status = over.status.value if over else "running"
    took = f" in {over.ms / 1000:.2f} s" if over else ""
    params = [f"| `{name}` | `{value!r}` |" for name, value in created.params.items()]
    lines = [
        f"# {created.flow}: {status}{took}",
        "",
        f"Run `{created.run}`, started {_iso(created.at)} by {created.trigger.value}, "
        f"version `{created.version[:12]}`.",
        "",
        *(["| parameter | value |", "|---|---|", *params, ""] if params else []),
        "| node | status | attempts | seconds | |",
        "|---|---|---|---|---|",
        *(_row(node, one) for node, one in told.items()),
    ]
    cell = _nbformat_v4().new_markdown_cell("\n".join(lines), id=cell_id("summary"))
    cell.metadata["tags"] = ["flowbook-summary"]
    return cell


def _drawing(drawn: Mapping[str, str]) -> Any:
    """A cell that nobody wrote, since only an output shows a picture in every reader."""
    new = _nbformat_v4()
    cell = new.new_code_cell("# the flow as the run left it", id=cell_id("drawing"))
    cell.outputs = [new.new_output("display_data", data=dict(drawn))]
    cell.metadata.update({"tags": ["flowbook-drawing"], "jupyter": {"source_hidden": True}})
    return cell


def _row(node: NodeId, told: _Told) -> str:
    seconds = (
        f"{told.ended - told.started:.2f}"
        if told.started is not None and told.ended is not None
        else ""
    )
    (note, *_) = told.note.replace("|", "\\|").splitlines() or [""]
    note = "; ".join(filter(None, (told.turns, note)))
    return f"| `{node}` | {told.word} | {told.attempts or ''} | {seconds} | {note} |"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _nbformat_v4() -> Any:
    import nbformat

    return nbformat.v4
