"""`RecordedRun`: a run that this process does not perform, as the history knows it.

It is over, or another process performs it. Every answer is a look at the history, so it is as new
as that; nothing is executed, and a value is loaded when it is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

from flowbook.errors import RunCancelled, RunError, RunTimeout, UnknownNode, UsageError
from flowbook.events import Event, NodeCompleted, NodeReused, NodeStreamed, OfNode, RunStatus
from flowbook.events.values import ErrorInfo, ValueRef
from flowbook.graph.options import did_you_mean
from flowbook.graph.wiring import resolve
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.run.handle import failure_of
from flowbook.run.recall import outputs_of
from flowbook.run.reviewed import Reviewed
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.phase import Outcome
from flowbook.run.rules.state import RunState
from flowbook.run.streamed import Streamed
from flowbook.session.saved import recorded_spec

if TYPE_CHECKING:
    from flowbook.events.ports import Vault
    from flowbook.session.saved import Moment
    from flowbook.store.environments import Environment, Environments
    from flowbook.store.history import History
    from flowbook.store.memory import Memory
    from flowbook.store.rows import RunRow

LOOK = 0.2
"""Seconds between looks at a run of another process."""


class Shelves(Protocol):
    """Where the values are."""

    @property
    def vault(self) -> Vault: ...
    @property
    def memory(self) -> Memory: ...
    @property
    def environments(self) -> Environments: ...


class Archive(Protocol):
    """What a recorded run is read from; `flowbook.Project` is one."""

    @property
    def history(self) -> History: ...
    @property
    def store(self) -> Shelves: ...
    def state(self, run: Any, *, at: int | None) -> Any: ...


class RecordedRun(Reviewed):
    """A run of another process, or of another time."""

    def __init__(self, project: Archive, run_id: RunId) -> None:
        self._project = project
        self.id = run_id

    @property
    def row(self) -> RunRow:
        """The run as the history has it now."""
        return self._project.history.run(self.id)

    @property
    def flow(self) -> FlowId:
        """The flow it is a run of."""
        return self.row.flow

    @property
    def status(self) -> RunStatus:
        """What it is doing or how it ended; failed when its process is gone."""
        return self.row.status

    @property
    def variables(self) -> Memory:
        """Its variables: what its nodes have set in the scope `run`."""
        return self._project.store.memory.of_run(self.id)

    @property
    def environment(self) -> Environment | None:
        """What it is performed in, or was last; None where that was not recorded."""
        return self._project.store.environments.get(self.row.environment)

    @property
    def children(self) -> tuple[RunRow, ...]:
        """The runs that its nodes started."""
        return self._project.history.children(self.id)

    @property
    def ends(self) -> tuple[NodeId, ...]:
        """The nodes that no other reads, in the plan's order."""
        row = self.row
        spec = recorded_spec(self._project.history, row.flow, row.version)
        read = set() if spec is None else {edge.source for edge in resolve(spec).edges}
        return tuple(
            node
            for node in self.state.nodes
            if node not in read and "." not in node  # else an input of a replay, given by hand
        )

    @property
    def state(self) -> RunState:
        """What its events lead to."""
        return fold(self.events())

    def at(self, seq: int | None = None) -> Moment:
        """The run as it stood at event `seq`, the last one without; as `Run.at`."""
        found: Moment = self._project.state(self.id, at=seq)
        return found

    def events(self) -> list[Event]:
        """What happened so far."""
        return self._project.history.events(self.id)

    def __getitem__(self, node: str) -> RecordedNode:
        """One node of it; `UnknownNode` when it has none of that name."""
        events = self.events()
        state = fold(events)
        if node not in state.index:
            raise UnknownNode(
                f"run {self.id} has no node {node!r}",
                hint=did_you_mean(node, list(state.index)),
                node=node,
                known=state.nodes,
            )
        return RecordedNode(self._project.store.vault, NodeId(node), state, events)

    def wait(self, timeout: float | None = None) -> Self:
        """Block until it is over; `RunTimeout` after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.status.over:
            if deadline is not None and time.monotonic() >= deadline:
                raise RunTimeout(
                    f"run {self.id} is not over after {timeout:g} s",
                    hint="wait again",
                    run_id=self.id,
                    seconds=timeout,
                )
            time.sleep(LOOK)
        return self

    def rest(self) -> Self:
        """Block until it is over or waits for something outside."""
        while not (status := self.status).over and status is not RunStatus.SUSPENDED:
            time.sleep(LOOK)
        return self

    def raise_for_status(self) -> Self:
        """This run if it succeeded; else as `Run.raise_for_status`."""
        status = self.status
        if not status.over:
            raise UsageError(f"run {self.id} is still {status.value}", hint="call wait() first")
        if status is RunStatus.CANCELLED:
            raise RunCancelled(f"run {self.id} was cancelled", run_id=self.id)
        if status is RunStatus.FAILED:
            events = self.events()
            state = fold(events)
            if not state.over:
                raise RunError(f"run {self.id} failed: {self.row.error}", run_id=self.id)
            raise failure_of(state, events)
        return self

    def __repr__(self) -> str:
        return f"<RecordedRun {self.id} of {self.flow!r}: {self.status.value}>"


class RecordedNode:
    """One node of a recorded run."""

    def __init__(self, vault: Vault, node: NodeId, state: RunState, events: list[Event]) -> None:
        self._vault, self._state, self._events = vault, state, events
        self._index = state.index[node]
        self.node = node

    @property
    def outcome(self) -> Outcome | None:
        """None until the node is done."""
        return self._state.outcome[self._index]

    @property
    def error(self) -> ErrorInfo | None:
        """What its last attempt raised."""
        return self._state.error[self._index]

    @property
    def outputs(self) -> Mapping[PortName, Any]:
        """The values of its live ports; raises as `output` does."""
        return {port: self._vault.get(ref) for port, ref in self._given().outputs.items()}

    @property
    def output(self) -> Any:
        """Its result, or the value of its only port, or all ports by name.

        Raises `RunError` when it has none, `ValueUnavailable` when that was not kept.
        """
        given = outputs_of(self._vault, self._given())
        if given.result is not None:
            return given.result
        return next(iter(given.ports.values())) if len(given.ports) == 1 else dict(given.ports)

    def shown(self, values: Mapping[PortName, Any]) -> Mapping[PortName, Any]:
        """Values as they may be shown: what was kept of them is redacted already."""
        return values

    @property
    def stream(self) -> Streamed:
        """What it streamed besides its outputs, as far as it is kept."""
        found = [
            one for one in self._events if isinstance(one, NodeStreamed) and _key(one) == self.node
        ]
        return Streamed(found, self._vault.get)

    @property
    def given_refs(self) -> Mapping[PortName, ValueRef]:
        """References to the values of its live ports; raises as `output` does."""
        return self._given().outputs

    def _given(self) -> NodeCompleted | NodeReused:
        if self.outcome in (Outcome.SUCCEEDED, Outcome.REUSED):
            for event in reversed(self._events):
                if isinstance(event, NodeCompleted | NodeReused) and _key(event) == self.node:
                    return event
        word = (self.outcome or self._state.phase[self._index]).value
        raise RunError(f"node {self.node!r} has no output: it is {word}", run_id=self._state.run)


def _key(event: OfNode) -> str:
    """What the event's node is called in the whole run."""
    return f"{event.scope}.{event.node}" if event.scope else event.node
