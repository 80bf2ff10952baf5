"""What the user holds of a run: `Run`, and `NodeRun` for one node of it.

A handle reads and asks; it never changes the run. Waiting can be interrupted: Ctrl-C in a cell that
waits cancels the run and then interrupts the cell.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import TimeoutError as NotYet
from html import escape
from time import monotonic
from typing import Any

from flowbook.errors import (
    RunCancelled,
    RunTimeout,
    UnknownNode,
    UsageError,
)
from flowbook.events import Event, RunStatus
from flowbook.graph.options import did_you_mean
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.run.evolve import fold
from flowbook.run.loops import soon
from flowbook.run.node_run import NodeRun, failed_run, outcome_word, shown_seconds
from flowbook.run.perform import Notice, Performance
from flowbook.run.state import RunState
from flowbook.run.steering import Steered

_TICK = 0.1
"""Seconds between looks while waiting: an interrupt of `await` is only noticed on a tick."""
_LAST_WAIT = 5.0
"""Seconds an interrupted wait gives the run to end."""


class Run(Steered):
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
        performance = self._performance
        index = performance.plan.index.get(NodeId(node), performance.state.index.get(node))
        if index is None:
            names = tuple(map(NodeId, performance.state.index or performance.plan.index))
            raise UnknownNode(
                f"run {self.id} has no node {node!r}",
                hint=did_you_mean(node, names),
                node=node,
                known=names,
            )
        return NodeRun(self.id, self._performance, index)

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
            raise failed_run(self.id, state.first_failed, state.failure)
        return self

    # ------------------------------------------------------------ asking

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
            word = outcome_word(state, i)
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


def _set(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)


def _row(state: RunState, i: int) -> str:
    ms, error = state.ms[i], state.error[i]
    note = f"{error.name}: {error.message}" if error else state.reason[i] or ""
    cells = (
        escape(state.nodes[i]),
        outcome_word(state, i),
        str(state.attempt[i] or ""),
        "" if ms is None else shown_seconds(ms / 1000),
        escape(note),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
