"""Answers about versions of the flow, and the flow as a file to take away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from msgspec.structs import replace as changed

from flowbook.errors import UsageError
from flowbook.graph.comparing import Comparison, compare
from flowbook.graph.nested_layout import arrange
from flowbook.graph.problem import Problem
from flowbook.graph.spec import FlowSpec
from flowbook.ids import NodeId
from flowbook.widget.closeup import details
from flowbook.widget.drawing import drawing
from flowbook.widget.edit_protocol import Edited
from flowbook.widget.host import CanvasHost, CanvasVersion
from flowbook.widget.page import page
from flowbook.widget.picture import picture
from flowbook.widget.protocol import Details, Inspect, Snapshot
from flowbook.widget.version_protocol import (
    AskVersions,
    Compared,
    CompareVersions,
    Exported,
    ExportFlow,
    NodeDiff,
    Published,
    PublishVersion,
    RollBack,
    VersionAnswer,
    Versions,
    VersionView,
)
from flowbook.widget.views import EdgeView, FlowView, RunView

Answering: TypeAlias = Callable[[CanvasHost, Any], VersionAnswer | Edited]
PAGE_NODES: Final = 300
"""Of more nodes than these a page has no close-ups: it is to stay small enough to be sent."""


def listed(host: CanvasHost, asked: AskVersions) -> Versions:
    """The versions, the newest first."""
    found = tuple(_version(one) for one in reversed(host.past.versions()))
    return Versions(asked.view, asked.rid, found, not any(one.current for one in found))


def publish(host: CanvasHost, asked: PublishVersion) -> Published:
    """Publish the flow as it is."""
    return Published(asked.view, asked.rid, _version(host.past.publish(asked.note.strip())))


def roll_back(host: CanvasHost, asked: RollBack) -> Edited:
    """Make the flow what it was."""
    return Edited(asked.view, asked.rid, host.past.roll_back(asked.version))


def compared(host: CanvasHost, asked: CompareVersions) -> Compared:
    """Both versions in one drawing."""
    before, after = (host.past.spec_of(one) for one in (asked.before, asked.after))
    found = compare(before, after)
    flow, marks = _both(before, after, found)
    nodes = tuple(
        NodeDiff(one.node, one.mark.value, one.parts, one.lines, one.was) for one in found.nodes
    )
    return Compared(
        asked.view,
        asked.rid,
        asked.before,
        asked.after,
        found.summary(),
        flow,
        nodes,
        marks,
        found.about,
    )


def export(host: CanvasHost, asked: ExportFlow) -> Exported:
    """The flow as a file."""
    if asked.form not in _FORMS:
        raise UsageError(f"there is no export {asked.form!r}", hint=" or ".join(_FORMS))
    media_type, make = _FORMS[asked.form]
    text = make(host, outputs=asked.outputs)
    name = f"{host.spec().id}.{asked.form}"
    return Exported(asked.view, asked.rid, name, media_type, text)


def svg(host: CanvasHost, *, outputs: bool = False) -> str:
    """The flow as a picture, which has no room for `outputs`; the view called `svg`."""
    del outputs
    shown = still(host)
    return drawing(shown.flow, () if shown.run is None else shown.run.events)


def html(host: CanvasHost, *, outputs: bool = False) -> str:
    """The flow as a page that needs nothing; the view called `html`."""
    return page(still(host), closeups(host) if outputs else ())


def still(host: CanvasHost) -> Snapshot:
    """The flow and its run as they stand, not to be changed by whoever is shown it."""
    flow = picture(host.spec(), host.problems(), host.positions(), host.stale())
    run = host.current_run()
    shown = None if run is None else RunView(run.id, tuple(run.events()))
    return Snapshot(1, _locked(flow), shown)


def closeups(host: CanvasHost) -> tuple[Details, ...]:
    """What nodes were given and gave in the run that is shown, as previews tell it."""
    spec, run = host.spec(), host.current_run()
    asked = (Inspect("", node.id) for node in spec.nodes[:PAGE_NODES])
    return tuple(details(spec, run, one, host.preview) for one in asked)


def _locked(flow: FlowView) -> FlowView:
    return changed(flow, locked="this is a copy of the flow as it was")


def _version(one: CanvasVersion) -> VersionView:
    return VersionView(
        one.number,
        one.version,
        one.recorded_at.timestamp(),
        one.runs,
        one.current,
        one.published,
        None if one.published_at is None else one.published_at.timestamp(),
        one.note,
    )


def _both(before: FlowSpec, after: FlowSpec, found: Comparison) -> tuple[FlowView, tuple[str, ...]]:
    """A drawing with the nodes and edges of either, and the mark of each edge."""
    by_id = {**before.by_id, **after.by_id}
    union = replace(after, nodes=tuple(by_id[one.node] for one in found.nodes))
    no_problems: tuple[Problem, ...] = ()
    flow = picture(union, no_problems, arrange(union))
    names = {one.was: one.node for one in found.nodes if one.was}
    edges: dict[EdgeView, str] = {}
    for edge, mark in found.edges:
        source: NodeId = names.get(edge.source, edge.source)
        target: NodeId = names.get(edge.target, edge.target)
        if {source, target} <= by_id.keys():
            edges.setdefault(EdgeView(source, edge.output, target, edge.input), mark.value)
    return _locked(changed(flow, edges=tuple(edges))), tuple(edges.values())


_FORMS: Final = {"svg": ("image/svg+xml", svg), "html": ("text/html", html)}
ANSWERS: Final[Mapping[type, Answering]] = {
    AskVersions: listed,
    PublishVersion: publish,
    RollBack: roll_back,
    CompareVersions: compared,
    ExportFlow: export,
}
