"""What the user holds of a run: `Run`, and `NodeRun` for one node of it.

A handle reads and asks; it never changes the run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from html import escape
from typing import Any

from flowbook.errors import (
    RunCancelled,
    RunError,
    RunFailed,
    RunTimeout,
    UnknownNode,
    UsageError,
    ValueUnavailable,
)
from flowbook.events import (
    ErrorInfo,
    Event,
    NodeCompleted,
    NodeLogged,
    NodeReused,
    RunCreated,
    RunStatus,
)
from flowbook.graph.node import Outputs
from flowbook.graph.options import did_you_mean
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.plan.plan import FromStep
from flowbook.run.perform import Notice, Performance
from flowbook.run.phase import Outcome, Phase
from flowbook.run.state import RunState, fold
from flowbook.run.stimulus import CancelAsked, PauseAsked, ResumeAsked
from flowbook.run.turnstile import Turnstile
from flowbook.run.values import inputs_of
from flowbook.run.waiting import Waitable


class Run(Waitable):
    """One run of a flow, on its way or over."""

    def __init__(
        self,
        performance: Performance,
        run_id: RunId,
        engine: threading.Thread | None,
        entry: Turnstile,
    ) -> None:
        super().__init__(performance, run_id, engine)
        self.entry = entry
        """Where it waits for its turn, if it has to."""
        self.children: list[Run] = []
        """The runs that its nodes started and this process performs, in that order."""

    @property
    def flow(self) -> FlowId:
        return self._performance.plan.flow

    @property
    def params(self) -> Mapping[PortName, Any]:
        """The parameters of this run, defaults included."""
        return dict(self._performance.params)

    @property
    def status(self) -> RunStatus:
        """What the run is doing or how it ended; `queued` until it has its turn."""
        return RunStatus.QUEUED if self.entry.waiting else super().status

    @property
    def ends(self) -> tuple[NodeId, ...]:
        """The nodes that no other reads, in the plan's order."""
        plan = self._performance.plan
        return tuple(step.node for step in plan.steps if not plan.feeds[step.index])

    @property
    def state(self) -> RunState:
        """A snapshot that does not change any more."""
        return fold(self.events(), self._performance.plan)

    def events(self) -> list[Event]:
        """What happened so far; while the run goes on, the last ones may not be durable yet."""
        return list(self._performance.events)

    def __getitem__(self, node: str) -> NodeRun:
        plan = self._performance.plan
        index = plan.index.get(NodeId(node))
        if index is None:
            names = tuple(plan.index)
            raise UnknownNode(
                f"run {self.id} has no node {node!r}",
                hint=did_you_mean(node, names),
                node=node,
                known=names,
            )
        return NodeRun(self, self._performance, index)

    def raise_for_status(self) -> Run:
        """This run if it succeeded; else `RunFailed`, `RunCancelled`, or `UsageError` if not over.

        `RunFailed` carries the first failed node, its cell and line, and the traceback;
        `RunTimeout` is raised for a run that outlived its deadline.
        """
        status = self.status
        if not status.over:
            raise UsageError(f"run {self.id} is still {status.value}", hint="call wait() first")
        if status is RunStatus.CANCELLED:
            raise RunCancelled(f"run {self.id} of {self.flow!r} was cancelled", run_id=self.id)
        if status is RunStatus.FAILED:
            raise failure_of(self._performance.state, self._performance.events)
        return self

    # ------------------------------------------------------------ asking

    def cancel(self, reason: str = "") -> None:
        """Ask the run to stop; returns at once. Cancelling a run that is over does nothing."""
        told = self._performance.told(reason)
        if not self.entry.open(withdrawn=told):
            self._performance.ask(CancelAsked(at=self._performance.now(), reason=told))

    def pause(self) -> None:
        """Start no more nodes for now; those that run go on."""
        self._performance.ask(PauseAsked(at=self._performance.now()))

    def resume(self) -> None:
        """Go on after `pause`."""
        self._performance.ask(ResumeAsked(at=self._performance.now()))

    def subscribe(self, callback: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `callback` with each event and `NodeProgress` from now on; returns the way out.

        It is called on the engine's thread and must be quick. For no gap, subscribe first, then
        read `events()`, and drop what comes twice by its `seq`.
        """
        listeners = self._performance.listeners
        listeners.append(callback)

        def unsubscribe() -> None:
            if callback in listeners:
                listeners.remove(callback)

        return unsubscribe

    # ------------------------------------------------------------ showing

    def __repr__(self) -> str:
        state = self._performance.state
        counts: dict[str, int] = {}
        for i in range(len(state.nodes)):
            word = _word(state, i)
            counts[word] = counts.get(word, 0) + 1
        nodes = ", ".join(f"{count} {word}" for word, count in counts.items()) or "no nodes"
        return f"<Run {self.id} of {self.flow!r}: {self.status.value}; {nodes}>"

    def _repr_html_(self) -> str:
        state = self._performance.state
        rows = "".join(_row(state, i) for i in range(len(state.nodes)))
        return (
            f'<table class="flowbook-run"><caption>{escape(self.flow)}: '
            f"{self.status.value} <small>{escape(self.id)}</small></caption>"
            "<thead><tr><th>node</th><th>status</th><th>attempts</th><th>time</th><th></th></tr>"
            f"</thead><tbody>{rows}</tbody></table>"
        )


class NodeRun:
    """One node of a run."""

    def __init__(self, run: Run, performance: Performance, index: int) -> None:
        self._run, self._performance, self._index = run, performance, index
        self.node = performance.plan.steps[index].node

    @property
    def phase(self) -> Phase:
        phases = self._performance.state.phase
        return phases[self._index] if phases else Phase.WAITING

    @property
    def outcome(self) -> Outcome | None:
        """None until the node is done."""
        outcomes = self._performance.state.outcome
        return outcomes[self._index] if outcomes else None

    @property
    def attempts(self) -> int:
        attempts = self._performance.state.attempt
        return attempts[self._index] if attempts else 0

    @property
    def duration(self) -> float | None:
        """Seconds the last attempt took; None before one has ended."""
        ms = self._performance.state.ms
        taken = ms[self._index] if ms else None
        return None if taken is None else taken / 1000

    @property
    def error(self) -> ErrorInfo | None:
        """What the last attempt raised, unless a later one succeeded."""
        errors = self._performance.state.error
        return errors[self._index] if errors else None

    @property
    def inputs(self) -> Mapping[PortName, Any]:
        """What the node reads, as far as it is there."""
        performance = self._performance
        for binding in performance.plan.steps[self._index].bindings:
            if isinstance(binding.source, FromStep):
                with suppress(ValueUnavailable):
                    performance.shelf.look(binding.source.step)
        return inputs_of(performance.plan, self._index, performance.values, performance.params)

    @property
    def outputs(self) -> Mapping[PortName, Any]:
        """The values of its live ports; raises as `output` does."""
        return dict(self.given.ports)

    @property
    def output(self) -> Any:
        """What the node gave: its result, or the value of its only port, or all ports by name.

        Raises `RunFailed` when it failed, `RunError` when it has no output for another reason.
        """
        given = self.given
        if given.result is not None:
            return given.result
        if len(self._performance.plan.steps[self._index].outputs) == 1:
            return next(iter(given.ports.values()), None)
        return dict(given.ports)

    @property
    def logs(self) -> str:
        """What it printed and logged, all attempts, in order."""
        return "".join(
            event.text
            for event in self._run.events()
            if isinstance(event, NodeLogged) and event.node == self.node
        )

    @property
    def refs(self) -> Mapping[PortName, Any]:
        """References to the values of its live ports, as they are in the history."""
        for event in self._run.events():
            if isinstance(event, NodeCompleted | NodeReused) and event.node == self.node:
                return dict(event.outputs)
        return {}

    def shown(self, values: Mapping[PortName, Any]) -> Mapping[PortName, Any]:
        """Inputs or outputs as they may leave the process, without what the flow keeps back."""
        recording = self._performance.recording
        return values if recording is None else recording.shown(values)

    @property
    def at_hand(self) -> bool:
        """True when what it gave is in memory, and not only in the store."""
        return self._performance.shelf.at_hand(self._index)

    @property
    def given(self) -> Outputs:
        """The outputs as they are passed on; raises as `output` does."""
        outcome = self.outcome
        try:
            found = self._performance.shelf.look(self._index)
        except ValueUnavailable as gone:
            raise RunError(
                f"node {self.node!r}: {gone.message}", hint=gone.hint, run_id=self._run.id
            ) from gone
        if outcome in (Outcome.SUCCEEDED, Outcome.REUSED) and found is not None:
            return found
        if outcome is Outcome.FAILED:
            raise _failed(self._run.id, self.node, self.error)
        why = _word(self._performance.state, self._index) if outcome else self.phase.value
        reason = self._performance.state.reason[self._index] if outcome else None
        raise RunError(
            f"node {self.node!r} has no output: it is {why}{f' ({reason})' if reason else ''}",
            hint=None if outcome else "wait for the run first",
            run_id=self._run.id,
        )

    def __repr__(self) -> str:
        word = self.outcome or self.phase
        took = "" if self.duration is None else f" in {_took(self.duration)}"
        return f"<NodeRun {self.node}: {word.value}{took}>"


def failure_of(state: RunState, events: Sequence[Event]) -> RunError:
    """The error of a run that failed: of its first failed node, or of its time."""
    stopped, created = state.stopped, events[0]
    if stopped is None:
        return _failed(state.run, state.first_failed, state.failure)
    deadline = created.deadline if isinstance(created, RunCreated) else None
    return RunTimeout(
        f"run {state.run} failed: {stopped.message}",
        hint=stopped.hint,
        run_id=state.run,
        seconds=round((deadline or created.at) - created.at, 3),
    )


def _failed(run_id: RunId, node: NodeId | None, error: ErrorInfo | None) -> RunFailed:
    kind = error.type if error else None
    what = f"{error.name}: {error.message}" if error else "it failed"
    where = ""
    if error and error.line:
        where = (
            f" (cell {error.cell}, line {error.line})" if error.cell else f" (line {error.line})"
        )
    return RunFailed(
        f"node {node!r} failed{where}: {what}" if node else f"run {run_id} failed: {what}",
        hint=error.hint if error else None,
        run_id=run_id,
        node=node,
        cell=error.cell if error else None,
        line=error.line if error else None,
        error_type=kind,
        traceback=error.traceback if error else None,
    )


def _word(state: RunState, i: int) -> str:
    return (state.outcome[i] or state.phase[i]).value


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _row(state: RunState, i: int) -> str:
    ms, error = state.ms[i], state.error[i]
    note = f"{error.name}: {error.message}" if error else state.reason[i] or ""
    cells = (
        escape(state.nodes[i]),
        _word(state, i),
        str(state.attempt[i] or ""),
        "" if ms is None else _took(ms / 1000),
        escape(note),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
