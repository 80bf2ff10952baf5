"""`Details` of one node: what came in, what went out, what it printed, how it failed.

Asked for when a node is selected, never pushed. A value in memory is shown as it is; one that is in
the store only is shown by its preview and not loaded. A value that is gone or cannot be shown
becomes a note in its place, so that one bad value does not hide the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from flowbook.errors import UnknownNode
from flowbook.events import Event, NodeUsed, OfNode
from flowbook.events.values import ValueRef
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.run.rules.phase import Outcome
from flowbook.store.preview import Preview
from flowbook.store.values import Unavailable
from flowbook.widget.host import CanvasNodeRun, CanvasRun
from flowbook.widget.log_lines import log_lines, sent
from flowbook.widget.picture import sources
from flowbook.widget.preview import preview, type_name
from flowbook.widget.protocol import Details, Inspect
from flowbook.widget.stored import stored_port, told
from flowbook.widget.streamed import streamed_view
from flowbook.widget.views import Measured, PortPreview

_MOST_LOG_LINES = 400
_LANGUAGES: Mapping[str, str] = {"python": "python", "sql": "sql"}

Look: TypeAlias = Callable[[ValueRef], Preview | None]
"""What the store knows of a value, None when it has it no more."""


def details(spec: FlowSpec, run: CanvasRun | None, asked: Inspect, look: Look) -> Details:
    """The answer to `asked`; `UnknownNode` when the flow has no such node."""
    node = spec.node(asked.node)
    language = _LANGUAGES.get(node.kind_name, "yaml")
    events = [] if run is None else run.events()
    scope = latest(events, node) if asked.scope is None else asked.scope
    ran = _node_run(run, _address(node, scope))
    if run is None or ran is None:
        return Details(asked.view, node.id, source=node.body, language=language)
    lines = log_lines(events, node.id, scope)
    return Details(
        view=asked.view,
        node=node.id,
        run=run.id,
        scope=scope,
        inputs=_inputs(spec, ran, node, look),
        outputs=_outputs(ran, node, look),
        source=node.body,
        language=language,
        logs=sent(lines[-_MOST_LOG_LINES:]),
        logs_cut=len(lines) > _MOST_LOG_LINES,
        lines=len(lines),
        error=ran.error,
        stream=streamed_view(ran.stream),
        measured=_measured(events, node.id, scope),
    )


def outputs(run: CanvasRun, node: NodeSpec, scope: str, look: Look) -> tuple[PortPreview, ...]:
    """What a node gave in that turn, `''` outside of all; nothing while it has given nothing."""
    ran = _node_run(run, _address(node, scope))
    return () if ran is None else _outputs(ran, node, look)


def latest_turns(run: CanvasRun, spec: FlowSpec) -> Mapping[NodeId, str]:
    """The turn in which something happened last to each node that is inside of a container."""
    inside = {node.id for node in spec.nodes if node.options.inside}
    if not inside:
        return {}
    return {
        one.node: one.scope
        for one in run.events()
        if isinstance(one, OfNode) and one.node in inside
    }


def _address(node: NodeSpec, scope: str) -> NodeId:
    return NodeId(f"{scope}.{node.id}") if scope else node.id


def _node_run(run: CanvasRun | None, node: NodeId) -> CanvasNodeRun | None:
    try:
        return None if run is None else run[node]
    except UnknownNode:
        return None  # the run is of a definition that had no such node


def _inputs(
    spec: FlowSpec, ran: CanvasNodeRun, node: NodeSpec, look: Look
) -> tuple[PortPreview, ...]:
    edges = sources(spec, node.id)
    labels: dict[PortName, str] = {
        one.name: f"{one.name} ← {edges[one.name].source}.{edges[one.name].output}"
        if one.name in edges
        else one.name
        for one in node.inputs
    }
    return _ports(ran, lambda: ran.held_inputs, labels, look)


def _outputs(ran: CanvasNodeRun, node: NodeSpec, look: Look) -> tuple[PortPreview, ...]:
    if ran.outcome not in (Outcome.SUCCEEDED, Outcome.REUSED):
        return ()
    labels = {port: str(port) for port in node.outputs}
    return _ports(ran, lambda: ran.held_outputs, labels, look)


def _ports(
    ran: CanvasNodeRun,
    read: Callable[[], Mapping[PortName, Any]],
    labels: Mapping[PortName, str],
    look: Look,
) -> tuple[PortPreview, ...]:
    try:
        held = read()
        near = ran.shown({p: one for p, one in held.items() if not isinstance(one, ValueRef)})
    except Exception as gone:  # noqa: BLE001 - a value that is gone is a note, not a failure
        return tuple(PortPreview(label, note=str(gone)) for label in labels.values())
    shown = []
    for port, value in held.items():
        label = labels.get(port, str(port))
        if isinstance(value, Unavailable):
            shown.append(PortPreview(label, value.type, note=f"not there: {value.reason}"))
        elif port in near:
            shown.append(PortPreview(label, type_name(near[port]), preview(near[port])))
        else:
            shown.append(_stored(ran, port, label, value, look))
    return tuple(shown)


def port_preview(
    ran: CanvasNodeRun, port: PortName, label: str, value: object, look: Look
) -> PortPreview:
    """One value that passed a port, in memory or by reference, as it may be told."""
    if isinstance(value, ValueRef):
        return _stored(ran, port, label, value, look)
    near = ran.shown({port: value})[port]
    return PortPreview(label, type_name(near), preview(near))


def _stored(
    ran: CanvasNodeRun, port: PortName, label: str, ref: ValueRef, look: Look
) -> PortPreview:
    try:
        return told(port, stored_port(label, ref, look(ref)), ran.shown)
    except Exception as gone:  # noqa: BLE001 - a store that cannot be read is a note, too
        return PortPreview(label, note=str(gone))


def latest(events: list[Event], node: NodeSpec) -> str:
    """The turn in which something happened to a node inside of a container last; else ''."""
    if not node.options.inside:
        return ""
    told = (one for one in reversed(events) if isinstance(one, OfNode) and one.node == node.id)
    return next((one.scope for one in told), "")


def _measured(events: list[Event], node: NodeId, scope: str) -> Measured | None:
    """What the last attempt took that was measured."""
    told = (one for one in reversed(events) if isinstance(one, NodeUsed) and one.node == node)
    found = next((one for one in told if one.scope == scope and one.cpu_ms is not None), None)
    if found is None:
        return None
    return Measured(found.attempt, found.cpu_ms, found.memory, found.is_estimate)
