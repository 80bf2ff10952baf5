"""What the user holds of a run: `Run`, and `NodeRun` for one node of it.

A handle reads and asks; it never changes the run. Waiting can be interrupted: Ctrl-C in a cell that
waits cancels the run and then interrupts the cell.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from html import escape
from time import monotonic
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
from flowbook.events import ErrorInfo, Event, NodeCompleted, NodeLogged, NodeReused, RunStatus
from flowbook.graph.node import Outputs
from flowbook.graph.options import did_you_mean
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.plan.plan import FromStep
from flowbook.run.lookups import NOT_YET, OFF, Lookup, lookup_of
from flowbook.run.loops import soon
from flowbook.run.perform import Notice, Performance
from flowbook.run.phase import Outcome, Phase
from flowbook.run.recall import Answer
from flowbook.run.state import RunState, fold
from flowbook.run.stimulus import CancelAsked, PauseAsked, ResumeAsked
from flowbook.run.values import inputs_of

_TICK = 0.1
"""Seconds between looks while waiting: an interrupt of `await` is only noticed on a tick."""
_LAST_WAIT = 5.0
"""Seconds an interrupted wait gives the run to end."""


class Run:
    """One run of a flow, on its way or over."""

    def __init__(
        self, performance: Performance, run_id: RunId, engine: threading.Thread | None
    ) -> None:
        self._performance = performance
        self._engine = engine
        self.id = run_id

    @property
    def flow(self) -> FlowId:
        return self._performance.plan.flow

    @property
    def params(self) -> Mapping[PortName, Any]:
        """The parameters of this run, defaults included."""
        return dict(self._performance.params)

    @property
    def status(self) -> RunStatus:
        return self._performance.state.status

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

    # ------------------------------------------------------------ waiting

    def wait(self, timeout: float | None = None) -> Run:
        """Block until the run is over and everything about it is durable.

        Raises `RunTimeout` after `timeout` seconds; the run goes on. Ctrl-C cancels the run.
        """
        here = self._engine is None or self._engine is threading.current_thread()
        if here and not self._performance.over.done():
            raise UsageError("waiting here would block the engine", hint="write `await run`")
        deadline = None if timeout is None else monotonic() + timeout
        try:
            while not self.settled(
                _TICK if deadline is None else min(_TICK, deadline - monotonic())
            ):
                if deadline is not None and monotonic() >= deadline:
                    raise RunTimeout(
                        f"run {self.id} is still {self.status.value} after {timeout:g} s",
                        hint="wait again, or cancel it",
                        run_id=self.id,
                        seconds=timeout,
                    )
        except KeyboardInterrupt:
            self.cancel("interrupted")
            self.settled(_LAST_WAIT)
            raise
        return self._returned()

    def __await__(self) -> Generator[Any, None, Run]:
        return self._waited().__await__()

    async def _waited(self) -> Run:
        over = self._performance.over
        loop = asyncio.get_running_loop()
        told = loop.create_future()
        over.add_done_callback(lambda _: soon(loop, _set, told))
        try:
            while not over.done():
                await asyncio.wait({told}, timeout=_TICK)
        except (asyncio.CancelledError, KeyboardInterrupt):
            self.cancel("interrupted")
            raise
        return self._returned()

    def when_over(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the run is over and durable, at once if it is; on any thread."""
        self._performance.over.add_done_callback(lambda _: callback())

    def settled(self, timeout: float) -> bool:
        """True once the run is over, waiting at most `timeout` seconds for it."""
        try:
            self._performance.over.exception(max(0.0, timeout))
        except NotYet:
            return False
        return True

    def _returned(self) -> Run:
        self._performance.over.result()
        return self

    def raise_for_status(self) -> Run:
        """This run if it succeeded; else `RunFailed`, `RunCancelled`, or `UsageError` if not over.

        `RunFailed` carries the first failed node, its cell and line, and the traceback.
        """
        status = self.status
        if not status.over:
            raise UsageError(f"run {self.id} is still {status.value}", hint="call wait() first")
        if status is RunStatus.CANCELLED:
            raise RunCancelled(f"run {self.id} of {self.flow!r} was cancelled", run_id=self.id)
        if status is RunStatus.FAILED:
            state = self._performance.state
            raise _failed(self.id, state.first_failed, state.failure)
        return self

    # ------------------------------------------------------------ asking

    def cancel(self, reason: str = "") -> None:
        """Ask the run to stop; returns at once. Cancelling a run that is over does nothing."""
        self._performance.ask(
            CancelAsked(at=self._performance.now(), reason=self._performance.told(reason))
        )

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
    def cache(self) -> Lookup:
        """Whether the cache gave its outputs, and from which run; if not, why."""
        wanted = self._performance.plan.steps[self._index].options.cache
        none = Answer(why=NOT_YET if wanted else OFF)
        asked = self._performance.lookups.answers.get(self._index, none)
        return lookup_of(self._run.events(), self.node, asked)

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


def _set(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)


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
