"""What a canvas asks of the session: the seam that lets it be tested without one.

`flowbook.session` has the one real host; a test has a small one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias, runtime_checkable

from flowbook.errors import UsageError
from flowbook.events import Event, RunStatus
from flowbook.events.values import ErrorInfo, ValueRef
from flowbook.graph.edits import Edit
from flowbook.graph.offered import Brought, Offered
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Json, Position
from flowbook.ids import NodeId, PortName, RunId
from flowbook.run.perform import Notice
from flowbook.run.rules.phase import Outcome
from flowbook.run.streamed import Streamed
from flowbook.session.edited_rows import CellEdit
from flowbook.session.portions import Portion
from flowbook.store.figures import FlowStats
from flowbook.store.grid import Grid
from flowbook.store.preview import Preview

Stop: TypeAlias = "Callable[[], None]"
"""Call it to hear no more."""


class CanvasNodeRun(Protocol):
    """What the canvas asks of one node of a run.

    What is held is a value in memory, or the `ValueRef` of one that is in the store only.
    """

    @property
    def outcome(self) -> Outcome | None: ...
    @property
    def error(self) -> ErrorInfo | None: ...
    @property
    def held_inputs(self) -> Mapping[PortName, Any]: ...
    @property
    def held_outputs(self) -> Mapping[PortName, Any]: ...
    @property
    def stream(self) -> Streamed: ...
    def shown(self, values: Mapping[PortName, Any]) -> Mapping[PortName, Any]:
        """Inputs or outputs without what the flow keeps back."""
        ...


class CanvasRun(Protocol):
    """What the canvas asks of a run; `flowbook.Run` is one."""

    id: RunId

    @property
    def status(self) -> RunStatus: ...
    @property
    def waits_for(self) -> str:
        """Why it is queued, in words; '' once it has begun."""
        ...

    def events(self) -> list[Event]: ...
    def cancel(self, reason: str = "") -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def step(self, node: str | None = None) -> None:
        """Let one node that is held begin: the next one, or that of a turn (`each[2].clean`)."""
        ...

    def subscribe(self, callback: Callable[[Notice], None]) -> Stop: ...
    def __getitem__(self, node: str) -> CanvasNodeRun:
        """One node of it; `UnknownNode` when the run is of a definition without that node."""
        ...


class CanvasVersion(Protocol):
    """What the canvas asks of a version of a flow; `flowbook.session.versions.Version` is one."""

    @property
    def number(self) -> int: ...
    @property
    def version(self) -> str: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def runs(self) -> int: ...
    @property
    def current(self) -> bool: ...
    @property
    def published(self) -> bool: ...
    @property
    def published_at(self) -> datetime | None: ...
    @property
    def note(self) -> str: ...


class CanvasPast(Protocol):
    """The versions of a flow."""

    def versions(self) -> Sequence[CanvasVersion]:
        """Every version that ran or was published, the first one first."""
        ...

    def spec_of(self, version: str) -> FlowSpec:
        """The definition of a version, '' for the flow as it is; `UsageError` for none."""
        ...

    def stats(self, *, since: datetime | None = None) -> FlowStats:
        """How its runs went that started from then on."""
        ...

    def publish(self, note: str) -> CanvasVersion:
        """Let the flow as it is be the version others run; `InvalidFlow` where it has errors."""
        ...

    def roll_back(self, version: str) -> str:
        """Give the flow the meaning of a version, as one edit; what that is called."""
        ...


class CanvasHost(Protocol):
    """One flow, its layout and its runs."""

    @property
    def past(self) -> CanvasPast:
        """The versions it has had."""
        ...

    def spec(self) -> FlowSpec: ...
    def problems(self) -> tuple[Problem, ...]: ...
    def stale(self) -> Collection[NodeId]:
        """Nodes whose last result no longer follows from the definition; a mapping says why."""
        ...

    def positions(self) -> Mapping[NodeId, Position]:
        """A place for every node, laid out already."""
        ...

    @property
    def registry(self) -> Registry:
        """The kinds there are."""
        ...

    @property
    def locked(self) -> str:
        """Why the definition cannot be changed from here; '' when it can."""
        ...

    def apply(self, edit: Edit) -> None:
        """Change the definition, as one step of undo; `EditRejected` when it does not apply."""
        ...

    def history(self) -> tuple[str | None, str | None]:
        """What undo would take back and what redo would do again, in words."""
        ...

    def undo(self) -> str | None:
        """Take the last change back and say what it was; None when there was nothing."""
        ...

    def redo(self) -> str | None:
        """Do again what was undone last and say what it was; None when there was nothing."""
        ...

    def move(self, positions: Mapping[NodeId, Position]) -> None: ...
    def tidy(self) -> None: ...
    def start(self, params: Mapping[str, Json]) -> CanvasRun: ...
    def current_run(self) -> CanvasRun | None: ...
    def preview(self, ref: ValueRef) -> Preview | None:
        """What a kept value looks like, without opening it; None when it is gone."""
        ...

    def observe(self, callback: Callable[[], None]) -> Stop:
        """Call back when the definition changes or a run starts."""
        ...


class CanvasOffers(Protocol):
    """What a project offers to whoever edits one of its flows."""

    def names(self) -> Offered:
        """What expressions may name besides nodes."""
        ...

    def flows(self) -> tuple[FlowSpec, ...]:
        """The flows that a node may call."""
        ...

    def make_flow(self, spec: FlowSpec) -> str:
        """Write a new notebook with this flow; its path, from the folder of the notebook on."""
        ...

    def brought(self, path: str) -> Brought:
        """The node that a file makes, by its path from the folder of the notebook on."""
        ...


@runtime_checkable
class Offering(Protocol):
    """A host that has a project behind it; one of a definition alone has none."""

    @property
    def offers(self) -> CanvasOffers: ...


class CanvasScratch(Protocol):
    """What the canvas asks of a moment that was opened."""

    @property
    def moment(self) -> Any: ...
    def rows(self) -> Iterable[tuple[str, str, str]]:
        """Each name, what it is, and where it is from."""
        ...


class CanvasFailure(Protocol):
    """What the canvas asks of a failed run that was opened."""

    @property
    def node(self) -> NodeId: ...
    @property
    def here(self) -> CanvasScratch: ...
    @property
    def alive(self) -> Sequence[NodeId]: ...
    @property
    def gone(self) -> Mapping[NodeId, str]: ...


class CanvasTravels(Protocol):
    """Opens moments of runs in the kernel; `flowbook.session.travels.Travels` is the one."""

    def open(self, run: str, at: int | None = None, node: str | None = None) -> CanvasScratch:
        """A moment of a run, also as `here` in the kernel."""
        ...

    def open_failure(self, run: str | None = None) -> CanvasFailure:
        """A failed run where it failed, with all before it alive."""
        ...


@runtime_checkable
class Travelling(Protocol):
    """A host that has a kernel behind it."""

    @property
    def travel(self) -> CanvasTravels: ...


class RunsHost(Protocol):
    """What a canvas does with the runs of its flow; `flowbook.session.desk_runs` is the one."""

    def start(
        self,
        params: Mapping[str, Json],
        portion: Portion | None = None,
        *,
        again: bool = False,
        paused: bool = False,
    ) -> CanvasRun:
        """Run a part of the flow; `again`: with the parameters of the last run beneath `params`."""
        ...

    def start_with(
        self, tables: Mapping[str, Sequence[CellEdit]], since: Sequence[NodeId] = ()
    ) -> CanvasRun:
        """The last run once more, with cells of tables changed by hand, by `node.port`."""
        ...

    def grid(self, value: Any) -> Grid | None:
        """A table, in memory or a reference to a stored one; None for what is none."""
        ...

    def text(self, value: Any) -> str | None:
        """A text that is in the store only, by its reference; None for what is none."""
        ...


def runs_of(host: CanvasHost) -> RunsHost:
    """The runs of a host; `UsageError` for one that only knows the definition."""
    found: RunsHost | None = getattr(host, "runs", None)
    if found is None:
        raise UsageError("nothing runs from here", hint="start a kernel for this flow")
    return found
