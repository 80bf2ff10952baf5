"""What the user holds of a run: `Run`, and `NodeRun` for one node of it.

A handle reads and asks; it never changes the run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from time import monotonic
from typing import Any

from flowbook.errors import (
    RunCancelled,
    RunError,
    RunFailed,
    RunTimeout,
    UsageError,
)
from flowbook.events import Event, RunCreated, RunStatus
from flowbook.graph.spec import no_node
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.run.node_run import NodeRun, failed_run, outcome_word, shown_seconds
from flowbook.run.perform import Notice, Performance
from flowbook.run.resting import PATIENCE, soon_over, waits_for
from flowbook.run.resting import told as waits_told
from flowbook.run.reviewed import Reviewed
from flowbook.run.rewinding import Rewound
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.state import RunState
from flowbook.run.steering import Steered
from flowbook.run.turnstile import Turnstile
from flowbook.run.view import turns_told
from flowbook.run.waiting import Waitable


class Run(Reviewed, Rewound, Steered, Waitable):
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
        self._waits_since: tuple[int, float] | None = None
        """Since when nothing has happened but waiting, and how many nodes were open then."""

    @property
    def flow(self) -> FlowId:
        return self._performance.plan.flow

    @property
    def params(self) -> Mapping[PortName, Any]:
        """The parameters of this run, defaults included."""
        return dict(self._performance.params)

    @property
    def called(self) -> Mapping[str, str]:
        """The versions of other flows that it settled on when it began, by the node that calls."""
        events = self._performance.events
        first = events[0] if events else None
        return first.called if isinstance(first, RunCreated) else {}

    @property
    def routed(self) -> str | None:
        """Which version it was to take and why, where that was decided for it."""
        events = self._performance.events
        first = events[0] if events else None
        return first.routed if isinstance(first, RunCreated) else None

    @property
    def status(self) -> RunStatus:
        """What the run is doing or how it ended; `queued` until it has its turn."""
        return RunStatus.QUEUED if self.entry.waiting else super().status

    @property
    def waits_for(self) -> str:
        """Why the run is `queued`, for people; '' once it has begun."""
        return self.entry.why

    @property
    def priority(self) -> int:
        """The larger has its turn first, and so have its nodes."""
        return self.entry.lineage.priority

    def prioritize(self, priority: int) -> None:
        """Give a run that is `queued` another priority; `UsageError` once it has begun."""
        if not self.entry.prioritize(priority):
            raise UsageError(
                f"run {self.id} waits no longer: it is {self.status.value}",
                hint="its nodes keep the priority that it began with",
            )

    @property
    def live_state(self) -> RunState:
        """Where it stands, which goes on changing; `state` is a snapshot."""
        return self._performance.state

    @property
    def resting(self) -> bool:
        """True while it waits for something outside, and not only for a moment.

        Then nothing else of it goes on, nor of the runs that it called, and no wait ends by itself
        within a minute; or it has waited for a minute, however often it looked.
        """
        waits = waits_for(self)
        if waits is None:
            self._waits_since = None
            return False
        done = self._performance.state.open
        if self._waits_since is None or self._waits_since[0] != done:
            self._waits_since = (done, monotonic())
        if monotonic() - self._waits_since[1] > PATIENCE:
            return True
        return not soon_over(waits, self._performance.now())

    @property
    def ends(self) -> tuple[NodeId, ...]:
        """The nodes that no other reads, in the plan's order."""
        plan = self._performance.plan
        own = (step for step in plan.steps if step.node not in plan.standby)
        return tuple(step.node for step in own if not plan.feeds[step.index])

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
            raise no_node(f"run {self.id} has no node {node!r}", node, names)
        return NodeRun(self.id, self._performance, index)

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

    def cancel(self, reason: str = "", *, force: bool = False) -> None:
        """Ask the run to stop; returns at once. Cancelling a run that is over does nothing.

        What undoes nodes, tears down or is in a block `finally` still runs. Asked a second time,
        or with `force`, the run gives up on that too.
        """
        if not self.entry.open(withdrawn=self._performance.told(reason)):
            super().cancel(reason, force=force)

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
        if self.entry.waiting:
            return f"<Run {self.id} of {self.flow!r}: queued; it waits for {self.waits_for}>"
        told = [f"{state.nodes[i]} {text}" for i, text in _turns(state)]
        waits = waits_for(self) or ()
        more = "; ".join(("", *told, *waits_told(waits)))
        undone = undone_text(state)
        return f"<Run {self.id} of {self.flow!r}: {self.status.value}; {nodes}{more}{undone}>"

    def _repr_html_(self) -> str:
        state = self._performance.state
        rows = "".join(_row(state, i) for i in range(len(state.nodes)))
        waits = "".join(f"<br>{escape(one)}" for one in waits_told(waits_for(self) or ()))
        return (
            f'<table class="flowbook-run"><caption>{escape(self.flow)}: '
            f"{self.status.value} <small>{escape(self.id)}</small>{waits}</caption>"
            "<thead><tr><th>node</th><th>status</th><th>attempts</th><th>time</th><th></th></tr>"
            f"</thead><tbody>{rows}</tbody></table>{escape(undone_text(state).lstrip('; '))}"
        )


def undone_text(state: RunState) -> str:
    """What became of nodes that had to be undone, behind a semicolon; '' when there were none."""
    words = (("undone", state.compensated), ("not undone", state.uncompensated))
    return "".join(f"; {word}: {', '.join(nodes)}" for word, nodes in words if nodes)


def failure_of(state: RunState, events: Sequence[Event]) -> RunError:
    """The error of a run that failed: of the node whose failure or word that is, or of its time."""
    stopped, created = state.stopped, events[0]
    if stopped is None:
        root = state.scopes[0].failed if state.scopes else -1
        where = None if root < 0 else state.key(_innermost(state, root))
        return failed_run(state.run, where, state.failure)
    if state.stopper is not None:
        return RunFailed(
            f"run {state.run} failed: {stopped.message}",
            run_id=state.run,
            node=state.stopper,
            error_type=stopped.type,
        )
    return RunTimeout(
        f"run {state.run} failed: {stopped.message}",
        hint=stopped.hint,
        run_id=state.run,
        seconds=round((state.deadline or created.at) - created.at, 3),
    )


def _innermost(state: RunState, i: int) -> int:
    """The slot whose error slot `i` has: of a container, that of the node inside that failed."""
    turning = state.turning.get(i)
    for number in () if turning is None else turning.scopes.values():
        failed = state.scopes[number].failed
        if failed >= 0 and state.error[failed] == state.error[i]:
            return _innermost(state, failed)
    return i


def _turns(state: RunState) -> Iterator[tuple[int, str]]:
    """How the turns of the flow's own containers went, by slot."""
    for i in range(len(state.nodes)):
        text = turns_told(state, i)
        if text:
            yield i, text


def _row(state: RunState, i: int) -> str:
    ms, error = state.ms[i], state.error[i]
    note = f"{error.name}: {error.message}" if error else state.reason[i] or ""
    note = "; ".join(filter(None, (turns_told(state, i), note)))
    cells = (
        escape(state.nodes[i]),
        outcome_word(state, i),
        str(state.attempt[i] or ""),
        "" if ms is None else shown_seconds(ms / 1000),
        escape(note),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
