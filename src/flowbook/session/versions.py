"""The versions a flow has had, and going back to one.

A version is recorded when a run of it starts; its number counts those of the flow by first use. A
run keeps the version it was started with whatever becomes of the flow, and one that is called or
recovered may be of a version that the flow has no more (`as_it_was`). Going back is an edit like
any other: it is undone like any other, the history is not touched, and the next run of it has the
number it always had.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.cells.notebook import Cell
from flowbook.cells.slicing import captured_slice
from flowbook.errors import InvalidFlow, UsageError
from flowbook.graph.codec import canonical, decode
from flowbook.graph.edits import AddNode, Edit, RemoveNode, ReplaceNode, Several
from flowbook.graph.flow import Flow
from flowbook.graph.flow_edits import SetParams, SetSetup
from flowbook.graph.spec import FlowSpec, NodeSpec, Position
from flowbook.ids import FlowId, NodeId
from flowbook.plan.compile import version_of
from flowbook.session.places import given_places, placed
from flowbook.session.recording import Recorder, record_version, recordable_code, was_redacted
from flowbook.store.display import html_table, moment, text_table
from flowbook.store.rows import from_us

if TYPE_CHECKING:
    from pathlib import Path

    from flowbook.graph.draft import Code
    from flowbook.session.live_flow import LiveFlows
    from flowbook.store.history import History

_HEAD = ("number", "version", "first used (UTC)", "runs", "")
_VERSIONS = """
SELECT number, version, epoch_us(recorded_at), coalesce(runs, 0), epoch_us(published_at),
       coalesce(note, ''), coalesce(version = (
           SELECT arg_max(version, published_at) FROM publications WHERE flow = $flow), false)
FROM flow_versions LEFT JOIN (
    SELECT version, count(*) AS runs FROM runs WHERE flow = $flow GROUP BY version
) USING (version) LEFT JOIN (
    SELECT version, max(published_at) AS published_at, arg_max(note, published_at) AS note
    FROM publications WHERE flow = $flow GROUP BY version
) USING (version)
WHERE flow = $flow ORDER BY number
"""
_SPECS = """
SELECT number, version, spec, coalesce(setup, ''), places FROM flow_versions LEFT JOIN (
    SELECT version, arg_max(setup, published_at) AS setup,
           arg_max(places, published_at) AS places
    FROM publications WHERE flow = $flow GROUP BY version
) USING (version)
WHERE flow = $flow
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a flow: its number, its content hash, when it ran first and how often.

    `current`: the flow means just this now. `published_at`: when it was published last, with what
    `note`; of all versions that ever were, one `published` is what others are to run.
    """

    number: int
    version: str
    recorded_at: datetime
    runs: int
    current: bool = False
    published_at: datetime | None = None
    note: str = ""
    published: bool = False

    def to_json(self) -> dict[str, Any]:
        """The version as plain data, its time as ISO 8601 text."""
        at = self.recorded_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        named = {"number": self.number, "version": self.version, "recorded_at": at}
        told = {"published": self.published, "note": self.note}
        return {**named, "runs": self.runs, "current": self.current, **told}


class Shelf(Protocol):
    """Where versions are, and what is live; `flowbook.Project` is one."""

    live: LiveFlows

    @property
    def history(self) -> History: ...


class Publisher(Recorder, Protocol):
    """What records versions and reads them; `flowbook.Project` is one."""

    @property
    def folder(self) -> Path: ...
    @property
    def history(self) -> History: ...


class Versions(tuple[Version, ...]):
    """The versions of a flow, the first one first."""

    __slots__ = ()

    def __repr__(self) -> str:
        return text_table(_HEAD, map(_cells, self)) if self else "no versions"

    def _repr_html_(self) -> str:
        return html_table(_HEAD, map(_cells, self))


@dataclass(frozen=True, slots=True)
class Stored:
    """A version with its definition.

    `setup` is code that makes what its nodes take from plain cells of a notebook, as far as that
    was kept when it was published. Its nodes stand where they stood when it was published last, or
    where they stood when it first ran, if it never was.
    """

    number: int
    version: str
    spec: FlowSpec
    setup: str = ""


def versions(history: History, flow: Flow | FlowSpec | str) -> Versions:
    """Every version of a flow that ran or was published; `flow` may be its definition or name."""
    spec = flow if isinstance(flow, str | FlowSpec) else flow.spec()
    now, name = (None, spec) if isinstance(spec, str) else (version_of(spec), spec.id)
    _names, rows = history.table(_VERSIONS, {"flow": str(name)})
    return Versions(
        Version(
            number,
            version,
            from_us(at),
            runs,
            version == now,
            None if published_at is None else from_us(published_at),
            note,
            published,
        )
        for number, version, at, runs, published_at, note, published in rows
    )


def stored_spec(history: History, flow: FlowId, which: str | int) -> Stored:
    """A version by its number, its hash or the beginning of that.

    Raises `UsageError` when there is none, more than one, or when its definition cannot be had as
    it was: redacted before it was written, or written by a newer flowbook.
    """
    _names, rows = history.table(_SPECS, {"flow": str(flow)})
    wanted = int(which) if isinstance(which, int) or which.isdecimal() else None
    found = [row for row in rows if row[1] == which]
    found = found or [row for row in rows if wanted is not None and row[0] == wanted]
    if not found and isinstance(which, str) and len(which) >= 4:
        found = [row for row in rows if row[1].startswith(which)]
    if len(found) != 1:
        many = "no version" if not found else "more than one version"
        raise UsageError(f"flow {flow!r} has {many} {which!r}", hint="flow.versions() lists them")
    ((number, version, text, setup, places),) = found
    spec = decode(text)
    if version_of(spec) != version or was_redacted(setup):
        raise UsageError(
            f"version {number} of flow {flow!r} cannot be brought back: parts of its definition "
            "were redacted before it was written",
            hint="bring its code back from where you keep it",
        )
    if places is not None:
        known = {NodeId(name): Position(*at) for name, at in json.loads(places).items()}
        spec = placed(spec, known)
    return Stored(number, version, spec, setup)


def code_behind(flow: Flow, spec: FlowSpec) -> dict[NodeId, Code]:
    """The live code of the nodes of another version, as far as this process has it.

    A cell's code is in the definition itself; a function's is not, so one that has changed can be
    had only from what undo still holds. `UsageError` names the functions that are not there.
    """
    found: dict[NodeId, Code] = {}
    lost = []
    for node in spec.nodes:
        code = flow.code_of(node.id, partial(_alike, node))
        if code is not None:
            found[node.id] = code
        elif _is_function(node):
            lost.append(node.id)
    if lost:
        raise UsageError(
            f"{', '.join(lost)}: the functions of that version are not in this process; the "
            "history has their text, and no more",
            hint="bring them back in your source; cells of a notebook need no such thing",
        )
    return found


def as_it_was(shelf: Shelf, now: Flow, which: str | int) -> Flow:
    """The flow at another of its versions, beside the one that is live; itself if it still is so.

    It has the names of the kernel that `now` has, and calls what that calls. Raises `UsageError`
    when there is no such version, or its code is not to be had here.
    """
    spec = now.spec()
    if version_of(spec) == which:
        return now
    then = stored_spec(shelf.history, spec.id, which)
    return now if then.version == version_of(spec) else beside(shelf, now, then)


def beside(shelf: Shelf, now: Flow, then: Stored) -> Flow:
    """A flow of that version beside the one that is live, with the names of its kernel.

    Without a kernel it has what its nodes took from plain cells when it was published. Raises
    `UsageError` when its code is not to be had here.
    """
    code = code_behind(now, then.spec)
    flow = Flow(then.spec.id, host=now.host)
    flow.replace_spec(then.spec, code)
    flow.called, flow.hooks = now.called, now.hooks
    live = shelf.live.of(flow)
    live.attached, live.former = shelf.live.of(now).attached, True
    live.plain = then.setup
    return flow


def rollback_edit(now: FlowSpec, then: Stored) -> Several:
    """The edit that gives a flow the meaning of a version: nodes, parameters and setup cells.

    What stays keeps its place on the canvas and in the notebook; what the flow says about its
    recording stays too.
    """
    edits: list[Edit] = []
    kept = {node.id: node for node in now.nodes}
    edits += [RemoveNode(node) for node in kept if node not in then.spec.by_id]
    for node in then.spec.nodes:
        current = kept.get(node.id)
        if current is None:
            edits.append(AddNode(node))
        elif not _alike(current, node):
            edits.append(ReplaceNode(_placed(node, current)))
    if sorted(now.params, key=str) != sorted(then.spec.params, key=str):
        edits.append(SetParams(then.spec.params))
    if [cell.body for cell in now.setup] != [cell.body for cell in then.spec.setup]:
        edits.append(SetSetup(then.spec.setup))
    return Several(tuple(edits), f"Roll back to version {then.number}")


def published(history: History, flow: Flow | FlowSpec | str) -> Version | None:
    """The published version of a flow, which may be its definition or name; None for none."""
    return next((one for one in versions(history, flow) if one.published), None)


def publish(project: Publisher, flow: Flow, note: str = "", cells: Iterable[Cell] = ()) -> Version:
    """Let the flow as it is now be the version that others run; durable when this returns.

    Publishing what is published already only changes the note, and what its nodes take from plain
    cells among `cells`, which is kept with it: others have no such cells. Where its nodes stand on
    the canvas is kept, too. Raises `InvalidFlow` when the flow has errors, and `UsageError` for one
    that is not recorded at all.
    """
    version = record_version(project, flow)
    setup = recordable_code(project, flow, captured_slice(tuple(cells), flow.spec()).code)
    spec = flow.spec()
    places = {name: (at.x, at.y) for name, at in given_places(project.folder, spec).items()}
    project.store.publish(spec.id, version, note, setup=setup, places=places)
    found = [one for one in versions(project.history, flow) if one.version == version]
    if not found:
        raise UsageError(
            f"flow {flow.name!r} keeps no history, so it has no versions to publish",
            hint="take `journal=off` out of its options",
        )
    return found[0]


def roll_back(project: Publisher, flow: Flow, which: str | int) -> Version | None:
    """Give the flow the meaning of a stored version, as one undoable edit.

    What it meant before is a version from then on, if it could run: undo may be gone when it is
    missed. None when it has that meaning already. Raises `UsageError`, and then nothing has
    changed.
    """
    now = flow.spec()
    then = stored_spec(project.history, now.id, which)
    if then.version == version_of(now):
        return None
    code = code_behind(flow, then.spec)
    with suppress(InvalidFlow):
        record_version(project, flow)
    flow.apply(rollback_edit(now, then), code)
    return next(one for one in versions(project.history, flow) if one.version == then.version)


def _placed(node: NodeSpec, current: NodeSpec) -> NodeSpec:
    return replace(node, position=current.position, place=current.place or node.place)


def _alike(one: NodeSpec, other: NodeSpec) -> bool:
    return one == other or _meaning(one) == _meaning(other)


def _meaning(node: NodeSpec) -> bytes:
    return canonical(FlowSpec(FlowId("one"), (node,)))


def _is_function(node: NodeSpec) -> bool:
    """True for a node whose body is the text of a function, or of nothing that can be run.

    A cell says where it stands; what is decorated in Python stands in no cell.
    """
    text = node.body.lstrip()
    written = bool(text) and not text.startswith(("def ", "async def "))
    return node.place is None and not node.config and not written


def _cells(one: Version) -> tuple[str, ...]:
    told = [word for word in ("current", "published") if getattr(one, word)]
    marks = ", ".join(told) + (f": {one.note}" if one.note else "")
    return str(one.number), one.version, moment(one.recorded_at), str(one.runs), marks
