"""A flow and one of its runs as they stand, to be looked at: nothing is executed or changed.

What shows them is no business of a session: it is found by its entry point (`flowbook.views`), as
the live canvas is. Values come from the previews in the store; what the flow keeps back is taken
out of those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import EditRejected, UsageError
from flowbook.events import Event
from flowbook.events.values import ErrorInfo, ValueRef
from flowbook.graph.edits import Edit
from flowbook.graph.flow import Flow
from flowbook.graph.nested_layout import arrange
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Json, Position
from flowbook.ids import NodeId, PortName, RunId
from flowbook.run.rules.phase import Outcome
from flowbook.run.streamed import Streamed
from flowbook.session.past import Past
from flowbook.session.recorded import RecordedNode, RecordedRun
from flowbook.session.recording import recording_of
from flowbook.session.versions import Publisher

if TYPE_CHECKING:
    from flowbook.run.perform import Notice
    from flowbook.store.preview import Preview

FORMS = ("html", "svg")


class Archive(Publisher, Protocol):
    """What a still needs of its project; `flowbook.Project` is one."""

    @property
    def registry(self) -> Registry: ...
    def state(self, run: Any, *, at: int | None) -> Any: ...
    def check(self, flow: Flow) -> tuple[Problem, ...]: ...


def taken_away(
    project: Archive, flow: Flow, form: str, *, run: RunId | None = None, outputs: bool = False
) -> str:
    """The flow as one file: a picture (`svg`), or a page (`html`) that shows a run, too.

    `outputs`: with what the nodes gave in it. Raises `UsageError` for another form, and for a run
    that is not in the history.
    """
    if form not in FORMS:
        raise UsageError(f"there is no export {form!r}", hint=f"one of {', '.join(FORMS)}")
    (point,) = entry_points(group="flowbook.views", name=form)
    text: str = point.load()(Still(project, flow, run), outputs=outputs)
    return text


def latest_run(project: Archive, flow: str) -> RunId | None:
    """The run of a flow that began last, of whatever process; None when it never ran."""
    rows = project.history.runs(flow=flow, limit=1).runs
    return rows[0].id if rows else None


class StillNode:
    """A node of a run that is over or elsewhere, as a view asks for it."""

    def __init__(self, node: RecordedNode, tell: Callable[[Any], Mapping[PortName, Any]]) -> None:
        self._node = node
        self._tell = tell

    @property
    def held_inputs(self) -> Mapping[PortName, Any]:
        """Nothing: what it read is not looked for."""
        return {}

    @property
    def outcome(self) -> Outcome | None:
        """None until the node is done."""
        return self._node.outcome

    @property
    def error(self) -> ErrorInfo | None:
        """What its last attempt raised."""
        return self._node.error

    @property
    def held_outputs(self) -> Mapping[PortName, ValueRef]:
        """References to what it gave."""
        return self._node.given_refs

    @property
    def stream(self) -> Streamed:
        """What it streamed."""
        return self._node.stream

    def shown(self, values: Mapping[PortName, Any]) -> Mapping[PortName, Any]:
        """Values without what the flow keeps back."""
        return self._tell(values)


class StillRun:
    """A recorded run as a view asks for it: it tells its events and takes no commands."""

    waits_for = ""

    def __init__(self, run: RecordedRun, tell: Callable[[Any], Mapping[PortName, Any]]) -> None:
        self.id = run.id
        self._run = run
        self._tell = tell
        self.status = run.status
        self._events = run.events()

    def events(self) -> list[Event]:
        """What happened so far."""
        return self._events

    def cancel(self, reason: str = "") -> None:
        """Refused: it is only looked at."""
        raise _only_seen("cancel it")

    def pause(self) -> None:
        """Refused: it is only looked at."""
        raise _only_seen("pause it")

    def resume(self) -> None:
        """Refused: it is only looked at."""
        raise _only_seen("let it go on")

    def step(self, node: str | None = None) -> None:
        """Refused: it is only looked at."""
        raise _only_seen("step through it")

    def subscribe(self, callback: Callable[[Notice], None]) -> Callable[[], None]:
        """Nothing will be told."""
        return lambda: None

    def __getitem__(self, node: str) -> StillNode:
        """One node; `UnknownNode` for none."""
        return StillNode(self._run[node], self._tell)


def _only_seen(what: str) -> UsageError:
    return UsageError("this is a picture of a run", hint=f"{what} where it runs")


class Still:
    """A desk that only shows: a flow, and a stored run of it."""

    locked = "this is a copy of the flow as it was"

    def __init__(self, project: Archive, flow: Flow, run: RunId | None = None) -> None:
        self._project = project
        self._flow = flow
        self._run = None if run is None else RecordedRun(project, run)
        if self._run is not None and self._run.flow != flow.name:
            raise UsageError(
                f"run {run} is one of flow {self._run.flow!r}, not of {flow.name!r}",
                hint=f"flowbook history --flow {flow.name}",
            )

    @property
    def registry(self) -> Registry:
        """The kinds there are."""
        return self._project.registry

    @property
    def past(self) -> Past:
        """The versions it has had."""
        return Past(self._project, self, lambda: self._flow)

    def spec(self) -> FlowSpec:
        """The definition."""
        return self._flow.spec()

    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with it."""
        return self._project.check(self._flow)

    def stale(self) -> frozenset[NodeId]:
        """Nothing: results are what they were."""
        return frozenset()

    def positions(self) -> Mapping[NodeId, Position]:
        """The places the notebook says, else the automatic layout's."""
        spec = self.spec()
        placed = {node.id: node.position for node in spec.nodes if node.position is not None}
        return {**arrange(spec), **placed}

    def history(self) -> tuple[None, None]:
        """There is nothing to undo."""
        return None, None

    def undo(self) -> None:
        """There is nothing to undo."""

    def redo(self) -> None:
        """There is nothing to do again."""

    def apply(self, edit: Edit) -> None:
        """Refused: it is only looked at."""
        raise EditRejected(f"{edit.label}: {self.locked}", edit=edit, reason=self.locked)

    def move(self, positions: Mapping[NodeId, Position]) -> None:
        """Refused: it is only looked at."""
        raise UsageError(self.locked)

    def tidy(self) -> None:
        """Refused: it is only looked at."""
        raise UsageError(self.locked)

    def start(self, params: Mapping[str, Json]) -> StillRun:
        """Refused: it is only looked at."""
        raise UsageError(self.locked, hint="flowbook run runs a notebook")

    def current_run(self) -> StillRun | None:
        """The run that is shown."""
        return None if self._run is None else StillRun(self._run, self._tell)

    def preview(self, ref: ValueRef) -> Preview | None:
        """What a kept value looks like, without opening it; None when it is gone."""
        return self._project.store.vault.preview(ref)

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Nothing will change."""
        return lambda: None

    def _tell(self, values: Mapping[PortName, Any]) -> Mapping[PortName, Any]:
        options = self.spec().options
        recording = recording_of(options, self._project.store, self._project.secrets)
        return values if recording is None else recording.shown(values)
