"""What a canvas asks of the session: the seam that lets it be tested without one.

`flowbook.session` has the one real host; a test has a small one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from flowbook.events import Event, RunStatus
from flowbook.events.values import ErrorInfo, ValueRef
from flowbook.graph.problem import Problem
from flowbook.graph.spec import FlowSpec, Json, Position
from flowbook.ids import NodeId, PortName, RunId
from flowbook.run.perform import Notice
from flowbook.run.rules.phase import Outcome
from flowbook.run.streamed import Streamed
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
    def subscribe(self, callback: Callable[[Notice], None]) -> Stop: ...
    def __getitem__(self, node: str) -> CanvasNodeRun:
        """One node of it; `UnknownNode` when the run is of a definition without that node."""
        ...


class CanvasHost(Protocol):
    """One flow, its layout and its runs."""

    def spec(self) -> FlowSpec: ...
    def problems(self) -> tuple[Problem, ...]: ...
    def stale(self) -> frozenset[NodeId]:
        """Nodes whose last result no longer follows from the definition."""
        ...

    def positions(self) -> Mapping[NodeId, Position]:
        """A place for every node, laid out already."""
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
