"""Where a run stands: one fold over its events.

Invariant: run state is nothing but the fold of the run's events. `evolve` is the only function
that changes a `RunState`; the engine's live state, a history view and the canvas all go through
it, so they cannot disagree. It refuses, with the run's story, every event that the table does
not have for the phase a step is in, and every hole in the numbering.

With a plan, the fold also counts settled edges, which is what `decide` reads. Without one (a
run whose flow has long changed) `RUN_CREATED` lists the nodes: all that a view needs.

State is changed in place: a node costs the same in a flow of ten and of ten thousand.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowbook.errors import IllegalTransition
from flowbook.events import (
    CancelRequested,
    ErrorInfo,
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeResumed,
    NodeRetryScheduled,
    NodeReused,
    NodeSkipped,
    NodeStarted,
    NodeSuspended,
    RunCompleted,
    RunCreated,
    RunPaused,
    RunRecovered,
    RunResumed,
    RunStatus,
    SkipReason,
    TriggerKind,
    ValueRef,
)
from flowbook.graph.options import On
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.plan.plan import Plan, edges_of
from flowbook.run.phase import TABLE, Outcome, Phase

_ACTIVE = frozenset({Phase.READY, Phase.RUNNING, Phase.BACKOFF, Phase.HELD, Phase.CANCELLING})
_GRAVITY: Mapping[SkipReason, int] = {
    SkipReason.BRANCH_NOT_TAKEN: 1,
    SkipReason.UPSTREAM_CANCELLED: 2,
    SkipReason.UPSTREAM_FAILED: 3,
}
_GAVE = frozenset({Outcome.SUCCEEDED, Outcome.REUSED})
_STORY = 24
_NO_RUN, _NO_FLOW = RunId(""), FlowId("")


@dataclass(slots=True)
class RunState:
    """A run as its events tell it; lists are indexed by step, in the plan's order.

    `waits[i]`: in-edges of step i not settled yet; `live[i]`: settled ones that bring a value;
    `doom[i]` and `blame[i]`: why step i cannot run, and the node that decided it. These four stay
    empty without a plan.
    """

    plan: Plan | None = field(default=None, repr=False, compare=False)
    places: tuple[On, ...] = field(default=(), repr=False, compare=False)
    """Where each step runs, if the engine has told."""
    run: RunId = _NO_RUN
    flow: FlowId = _NO_FLOW
    trigger: TriggerKind | None = None
    created_at: float = 0.0
    seq: int = 0
    """The number the next event must have."""
    nodes: tuple[NodeId, ...] = ()
    index: dict[NodeId, int] = field(default_factory=dict, repr=False)
    phase: list[Phase] = field(default_factory=list)
    outcome: list[Outcome | None] = field(default_factory=list)
    attempt: list[int] = field(default_factory=list)
    spared: list[int] = field(default_factory=list)
    """How many attempts of each step count for nothing, because their process was lost."""
    pause: list[tuple[float, float]] = field(default_factory=list)
    """When each step's last pause between attempts began, and how many seconds it lasts."""
    ms: list[float | None] = field(default_factory=list)
    error: list[ErrorInfo | None] = field(default_factory=list)
    reason: list[str | None] = field(default_factory=list)
    outputs: list[Mapping[PortName, ValueRef]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    live: list[int] = field(default_factory=list)
    doom: list[SkipReason | None] = field(default_factory=list)
    blame: list[NodeId | None] = field(default_factory=list)
    open: int = 0
    """Steps that are not done."""
    active: int = 0
    """Steps that will go on by themselves: neither waiting, suspended nor done."""
    suspended: int = 0
    paused: bool = False
    cancelling: bool = False
    stopped: ErrorInfo | None = None
    """Why the run is being stopped, if that is a failure of the run as a whole."""
    first_failed: NodeId | None = None
    verdict: RunStatus | None = None
    failure: ErrorInfo | None = None
    story: deque[Event] = field(default_factory=lambda: deque(maxlen=_STORY), repr=False)
    edges: list[list[tuple[int, PortName, bool]]] = field(
        default_factory=list, repr=False, compare=False
    )

    @property
    def over(self) -> bool:
        """True once nothing more may happen."""
        return self.verdict is not None

    def is_current(self, step: int, attempt: int) -> bool:
        """True when that attempt is the one the run still waits for."""
        phase = self.phase[step]
        return self.attempt[step] == attempt and (
            phase is Phase.RUNNING or phase is Phase.CANCELLING
        )

    @property
    def status(self) -> RunStatus:
        """Suspended means that nothing moves until something from outside comes."""
        if self.verdict is not None:
            return self.verdict
        if self.suspended and not self.active:
            return RunStatus.SUSPENDED
        return RunStatus.RUNNING


def evolve(state: RunState, event: Event) -> None:
    """Fold one event into `state`, in place; O(1) per edge that the event settles.

    Raises `IllegalTransition` for an event the table does not have or a hole in the numbering,
    and then leaves phases and outcomes as they were.
    """
    kind = type(event)
    if event.seq != state.seq or state.verdict is not None:
        raise _illegal(state, "the run", f"event {state.seq}", event)
    whole = _WHOLE_RUN.get(kind)
    if whole is not None:
        whole(state, event)
    else:
        _evolve_node(state, kind, event)
    state.seq += 1
    state.story.append(event)


def fold(events: Iterable[Event], plan: Plan | None = None) -> RunState:
    """The state a run's events lead to."""
    state = RunState(plan)
    for event in events:
        evolve(state, event)
    return state


def _evolve_node(state: RunState, kind: type, event: Any) -> None:
    i = state.index.get(event.node, -1)
    if i < 0:
        raise _illegal(state, event.node, "no such node", event)
    move = TABLE.get((state.phase[i], kind))
    if move is None:
        raise _illegal(state, event.node, state.phase[i], event)
    phase, outcome = move
    if phase is Phase.READY and state.paused:
        phase = Phase.HELD
    _enter(state, i, phase)
    if outcome is not None:
        state.outcome[i] = outcome
    note = _NOTES.get(kind)
    if note is not None:
        note(state, i, event)


def _enter(state: RunState, i: int, phase: Phase) -> None:
    before = state.phase[i]
    if phase is before:
        return
    state.phase[i] = phase
    state.active += (phase in _ACTIVE) - (before in _ACTIVE)
    if phase is Phase.DONE:
        state.open -= 1
    if phase is Phase.SUSPENDED:
        state.suspended += 1
    elif before is Phase.SUSPENDED:
        state.suspended -= 1


# ---------------------------------------------------------------- events of one node


def _started(state: RunState, i: int, event: NodeStarted) -> None:
    state.attempt[i] = event.attempt


def _completed(state: RunState, i: int, event: NodeCompleted) -> None:
    state.ms[i] = event.ms
    state.error[i] = None
    _gave(state, i, event)


def _gave(state: RunState, i: int, event: NodeCompleted | NodeReused) -> None:
    outputs = state.outputs[i] = event.outputs
    if not state.edges:
        return
    waits, live = state.waits, state.live
    for target, port, required in state.edges[i]:
        waits[target] -= 1
        if port in outputs:
            live[target] += 1
        else:
            _dead(state, target, required, event.node)


def _dead(state: RunState, target: int, required: bool, cause: NodeId | None) -> None:
    if required:
        _doom(state, target, SkipReason.BRANCH_NOT_TAKEN, cause)
    elif state.blame[target] is None:
        state.blame[target] = cause


def _doom(state: RunState, target: int, reason: SkipReason, cause: NodeId | None) -> None:
    known = state.doom[target]
    if known is None or _GRAVITY[reason] > _GRAVITY[known]:
        state.doom[target] = reason
        state.blame[target] = cause


def _doom_followers(state: RunState, i: int, reason: SkipReason, cause: NodeId | None) -> None:
    if not state.edges:
        return
    for target, _, required in state.edges[i]:
        state.waits[target] -= 1
        if reason is SkipReason.BRANCH_NOT_TAKEN:
            _dead(state, target, required, cause)
        else:
            _doom(state, target, reason, cause)


def _retrying(state: RunState, i: int, event: NodeRetryScheduled) -> None:
    state.ms[i] = event.ms
    state.error[i] = event.error
    state.pause[i] = (event.at, event.delay)


def _failed(state: RunState, i: int, event: NodeFailed) -> None:
    state.ms[i] = event.ms
    state.error[i] = event.error
    if state.first_failed is None:
        state.first_failed = event.node
    _doom_followers(state, i, SkipReason.UPSTREAM_FAILED, event.node)


def _skipped(state: RunState, i: int, event: NodeSkipped) -> None:
    state.reason[i] = event.reason.value
    _doom_followers(state, i, event.reason, event.cause)


def _cancelled(state: RunState, i: int, event: NodeCancelled) -> None:
    if event.ms:
        state.ms[i] = event.ms
    _doom_followers(state, i, SkipReason.UPSTREAM_CANCELLED, event.node)


def _suspended(state: RunState, i: int, event: NodeSuspended) -> None:
    state.reason[i] = event.reason


def _resumed(state: RunState, i: int, _: NodeResumed) -> None:
    state.reason[i] = None


_NOTES: Mapping[type, Callable[[RunState, int, Any], None]] = {
    NodeStarted: _started,
    NodeCompleted: _completed,
    NodeReused: _gave,
    NodeRetryScheduled: _retrying,
    NodeFailed: _failed,
    NodeSkipped: _skipped,
    NodeCancelled: _cancelled,
    NodeSuspended: _suspended,
    NodeResumed: _resumed,
}


# ---------------------------------------------------------------- events of the whole run


def _created(state: RunState, event: RunCreated) -> None:
    if state.seq:
        raise _illegal(state, "the run", "created", event)
    state.run, state.flow, state.trigger = event.run, event.flow, event.trigger
    state.created_at = event.at
    count = state.open = len(event.nodes)
    state.index = {node: i for i, node in enumerate(event.nodes)}
    state.phase = [Phase.WAITING] * count
    state.outcome = [None] * count
    state.attempt = [0] * count
    state.spared = [0] * count
    state.pause = [(0.0, 0.0)] * count
    state.ms = [None] * count
    state.error = [None] * count
    state.reason = [None] * count
    state.outputs = [{}] * count
    if state.plan is not None:
        _lay_out(state, state.plan)
    state.nodes = event.nodes  # last: another thread that sees the nodes sees all about them


def _lay_out(state: RunState, plan: Plan) -> None:
    count = len(plan.steps)
    state.waits = list(plan.waits)
    state.live = [0] * count
    state.doom = [None] * count
    state.blame = [None] * count
    state.edges = edges_of(plan)


def _each(state: RunState, event: Event) -> None:
    kind = type(event)
    for i, phase in enumerate(state.phase):
        move = TABLE.get((phase, kind))
        if move is not None:
            _enter(state, i, move[0])


def _cancel_requested(state: RunState, event: CancelRequested) -> None:
    if state.cancelling:
        raise _illegal(state, "the run", "cancelling", event)
    state.cancelling, state.stopped = True, event.error
    _each(state, event)


def _paused(state: RunState, event: RunPaused | RunResumed) -> None:
    wanted = isinstance(event, RunPaused)
    if state.paused is wanted:
        raise _illegal(state, "the run", "paused" if wanted else "not paused", event)
    state.paused = wanted
    _each(state, event)


def _recovered(state: RunState, event: RunRecovered) -> None:
    lost = [state.index.get(node, -1) for node in event.lost]
    again = [state.index.get(node, -1) for node in event.again]
    if not all(i >= 0 and state.phase[i] is Phase.RUNNING for i in lost) or not all(
        i >= 0 and state.outcome[i] in _GAVE for i in again
    ):
        raise _illegal(state, "what it lost", "another phase", event)
    for i in lost:
        state.spared[i] += 1
    for i in again:
        _take_back(state, i)
    for i in (*lost, *again):
        _enter(state, i, Phase.HELD if state.paused else Phase.READY)


def _take_back(state: RunState, i: int) -> None:
    """What the step gave is gone: whoever still reads it waits again."""
    for target, port, _ in state.edges[i] if state.edges else ():
        state.waits[target] += 1
        state.live[target] -= port in state.outputs[i]
    state.spared[i] = state.attempt[i]
    state.outputs[i], state.outcome[i] = {}, None
    state.open += 1


def _run_completed(state: RunState, event: RunCompleted) -> None:
    if state.open:
        raise _illegal(state, "the run", f"{state.open} steps open", event)
    state.verdict, state.failure = event.status, event.error


_WHOLE_RUN: Mapping[type, Callable[[RunState, Any], None]] = {
    RunCreated: _created,
    CancelRequested: _cancel_requested,
    RunPaused: _paused,
    RunResumed: _paused,
    RunRecovered: _recovered,
    RunCompleted: _run_completed,
}


def _illegal(state: RunState, subject: str, current: str, event: Event) -> IllegalTransition:
    wanted = f"{type(event).__name__} (event {event.seq})"
    if state.verdict is not None:
        current = f"over ({state.verdict.value})"
    return IllegalTransition(
        f"run {state.run or event.run!r}: {subject} is at {current!r}, "
        f"which {wanted} cannot follow",
        subject=subject,
        current=str(current),
        wanted=wanted,
        story=(*state.story, event),
    )
