"""`Details` of one node: what came in, what went out, what it printed, how it failed.

Asked for when a node is selected, never pushed. A value that is gone or cannot be shown becomes a
note in its place, so that one bad value does not hide the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.errors import UnknownNode
from flowbook.events import Event, NodeLogged
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.run.phase import Outcome
from flowbook.widget.host import CanvasNodeRun, CanvasRun
from flowbook.widget.picture import sources
from flowbook.widget.preview import preview, type_name
from flowbook.widget.protocol import Details, Inspect, LogLine, PortPreview

_MOST_LOG_LINES = 400
_MOST_LOG_TEXT = 4_000
_LANGUAGES: Mapping[str, str] = {"python": "python", "sql": "sql"}


def details(spec: FlowSpec, run: CanvasRun | None, asked: Inspect) -> Details:
    """The answer to `asked`; `UnknownNode` when the flow has no such node."""
    node = spec.node(asked.node)
    language = _LANGUAGES.get(node.kind, "yaml")
    told = _node_run(run, node.id)
    if run is None or told is None:
        return Details(asked.view, node.id, source=node.body, language=language)
    logs, cut = _logs(run.events(), node.id)
    return Details(
        view=asked.view,
        node=node.id,
        run=run.id,
        inputs=_inputs(spec, told, node),
        outputs=_outputs(told, node),
        source=node.body,
        language=language,
        logs=logs,
        logs_cut=cut,
        error=told.error,
    )


def _node_run(run: CanvasRun | None, node: NodeId) -> CanvasNodeRun | None:
    try:
        return None if run is None else run[node]
    except UnknownNode:
        return None  # the run is of a definition that had no such node


def _inputs(spec: FlowSpec, told: CanvasNodeRun, node: NodeSpec) -> tuple[PortPreview, ...]:
    edges = sources(spec, node.id)
    labels: dict[PortName, str] = {
        one.name: f"{one.name} ← {edges[one.name].source}.{edges[one.name].output}"
        if one.name in edges
        else one.name
        for one in node.inputs
    }
    return _ports(lambda: told.shown(told.inputs), labels)


def _outputs(told: CanvasNodeRun, node: NodeSpec) -> tuple[PortPreview, ...]:
    if told.outcome not in (Outcome.SUCCEEDED, Outcome.REUSED):
        return ()
    return _ports(lambda: told.shown(told.outputs), {port: str(port) for port in node.outputs})


def _ports(
    read: Callable[[], Mapping[PortName, Any]], labels: Mapping[PortName, str]
) -> tuple[PortPreview, ...]:
    try:
        values = dict(read())
    except Exception as gone:  # noqa: BLE001 - a value that is gone is a note, not a failure
        return tuple(PortPreview(label, note=str(gone)) for label in labels.values())
    return tuple(
        PortPreview(labels.get(port, str(port)), type_name(value), preview(value))
        for port, value in values.items()
    )


def _logs(events: list[Event], node: NodeId) -> tuple[tuple[LogLine, ...], bool]:
    found = [event for event in events if isinstance(event, NodeLogged) and event.node == node]
    kept = found[-_MOST_LOG_LINES:]
    lines = tuple(LogLine(one.stream, one.text[:_MOST_LOG_TEXT], one.at) for one in kept)
    return lines, len(kept) < len(found)
