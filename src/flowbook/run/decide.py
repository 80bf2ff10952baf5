"""What to do next: `decide(plan, state, stimulus)`, a synchronous and total function.

A stimulus says what happened (a step returned, a timer fired, somebody asked to cancel); the
decision says which events that makes and what the engine must now do. Time and chance come with
the stimulus, so the same stimuli give the same run. The events are folded into `state` with
`evolve` as they are made: the live state cannot differ from a fold of the journal.

A node that fails is data here. A stimulus that comes late (of an attempt that was given up, of a
run that is over) is answered with nothing, because a thread cannot be stopped from finishing.
Only our own bug raises, as `IllegalTransition`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from flowbook.events import (
    CancelRequested,
    ErrorInfo,
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeLogged,
    NodeResumed,
    NodeRetryScheduled,
    NodeReused,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    NodeSuspended,
    RunCompleted,
    RunCreated,
    RunPaused,
    RunResumed,
    RunStatus,
    SkipReason,
)
from flowbook.graph.options import BackoffKind, Options
from flowbook.ids import CellId
from flowbook.plan.plan import Plan
from flowbook.run.phase import Outcome, Phase
from flowbook.run.state import RunState, evolve
from flowbook.run.stimulus import (
    Abort,
    CancelAsked,
    CloseRun,
    Instruction,
    JournalFailed,
    Launch,
    PauseAsked,
    ResumeAsked,
    SetTimer,
    Start,
    StepCancelled,
    StepLogged,
    StepRaised,
    StepRecalled,
    StepResumed,
    StepReturned,
    StepSuspended,
    StepTimedOut,
    Stimulus,
    TimerFired,
)

JITTER = 0.1
"""A growing backoff is drawn out by up to this share, so that failures do not retry in step."""


class Decision(msgspec.Struct, frozen=True):
    """What a stimulus leads to; the events are folded into the state already."""

    events: list[Event]
    instructions: list[Instruction]


def decide(plan: Plan, state: RunState, stimulus: Stimulus) -> Decision:
    """What happens on `stimulus`, and what to do about it; O(1) per edge it settles."""
    turn = _Turn(plan, state, stimulus.at)
    if state.verdict is None and (state.seq == 0) is (type(stimulus) is Start):
        _ANSWERS[type(stimulus)](turn, stimulus)
    return Decision(turn.events, turn.instructions)


_F = TypeVar("_F", bound=Event)


class _Turn:
    """One decision in the making."""

    __slots__ = ("at", "events", "instructions", "plan", "run", "state")

    def __init__(self, plan: Plan, state: RunState, at: float) -> None:
        self.plan = plan
        self.state = state
        self.run = state.run
        self.at = at
        self.events: list[Event] = []
        self.instructions: list[Instruction] = []

    def emit(self, kind: Callable[..., _F], **fields: Any) -> _F:
        state = self.state
        event = kind(run=self.run, seq=state.seq, at=self.at, **fields)
        evolve(state, event)
        self.events.append(event)
        return event

    # ------------------------------------------------------------ moving on

    def look_at(self, steps: Iterable[int]) -> None:
        """Schedule or skip those of `steps` whose inputs are all settled, and what follows."""
        state, feeds = self.state, self.plan.feeds
        skipped: list[int] = []
        for i in steps:
            if state.waits[i] == 0 and state.phase[i] is Phase.WAITING and self._settled(i):
                skipped.append(i)
        for done in skipped:  # grows while it is walked: skipping is no recursion
            for i, _ in feeds[done]:
                if state.waits[i] == 0 and state.phase[i] is Phase.WAITING and self._settled(i):
                    skipped.append(i)

    def _settled(self, i: int) -> bool:
        """Decide one step whose inputs are settled; True when it was skipped."""
        state, node = self.state, self.plan.steps[i].node
        doom = state.doom[i]
        if doom is None and self.plan.waits[i] and not state.live[i]:
            doom = SkipReason.BRANCH_NOT_TAKEN
        if doom is not None:
            self.emit(NodeSkipped, node=node, reason=doom, cause=state.blame[i])
            return True
        self.emit(NodeScheduled, node=node)
        if state.phase[i] is Phase.READY:
            self.start(i, 1)
        return False

    def start(self, i: int, attempt: int) -> None:
        places = self.state.places
        on = places[i].value if places else ""
        self.emit(NodeStarted, node=self.plan.steps[i].node, attempt=attempt, on=on)
        self.instructions.append(Launch(i, attempt, self.state.seq - 1))

    def after(self, i: int) -> None:
        """Step `i` is done: look at what it feeds, and close the run when nothing is open."""
        self.look_at([target for target, _ in self.plan.feeds[i]])
        self.close_if_done()

    def close_if_done(self) -> None:
        state = self.state
        if state.open == 0:
            self.close(self._status(), self._first_error())

    def close(self, status: RunStatus, error: ErrorInfo | None) -> None:
        state = self.state
        self.emit(
            RunCompleted,
            status=status,
            ms=round((self.at - state.created_at) * 1000, 3),
            error=error,
            node=state.first_failed if status is RunStatus.FAILED else None,
        )
        self.instructions.append(CloseRun())

    def _status(self) -> RunStatus:
        state = self.state
        if state.cancelling:
            return RunStatus.CANCELLED
        if state.first_failed is not None:
            return RunStatus.FAILED
        if Outcome.CANCELLED in state.outcome:
            return RunStatus.CANCELLED
        return RunStatus.SUCCEEDED

    def _first_error(self) -> ErrorInfo | None:
        state = self.state
        if state.cancelling or state.first_failed is None:
            return None
        return state.error[state.index[state.first_failed]]


# ---------------------------------------------------------------- one answer per stimulus


def _on_start(turn: _Turn, s: Start) -> None:
    plan = turn.plan
    turn.run = s.run
    turn.emit(
        RunCreated,
        flow=plan.flow,
        version=plan.version,
        trigger=s.trigger,
        nodes=tuple(step.node for step in plan.steps),
        params=s.params,
        key=s.key,
        parent=s.parent,
        host=s.host,
        pid=s.pid,
    )
    for i, known in s.given.items():
        node = plan.steps[i].node
        turn.emit(NodeReused, node=node, outputs=known.outputs, source=known.source)
    turn.look_at(range(len(plan.steps)))
    turn.close_if_done()


def _on_returned(turn: _Turn, s: StepReturned) -> None:
    if turn.state.is_current(s.step, s.attempt):
        turn.emit(
            NodeCompleted,
            node=turn.plan.steps[s.step].node,
            attempt=s.attempt,
            ms=s.ms,
            outputs=s.outputs,
            result=s.result,
            cache_key=s.cache_key,
        )
        turn.after(s.step)


def _on_recalled(turn: _Turn, s: StepRecalled) -> None:
    if turn.state.is_current(s.step, s.attempt):
        node = turn.plan.steps[s.step].node
        turn.emit(NodeReused, node=node, outputs=s.outputs, source=s.source)
        turn.after(s.step)


def _on_raised(turn: _Turn, s: StepRaised) -> None:
    if turn.state.is_current(s.step, s.attempt):
        _attempt_failed(turn, s, s.error, final=s.final, wait=s.wait)


def _on_timed_out(turn: _Turn, s: StepTimedOut) -> None:
    if turn.state.is_current(s.step, s.attempt):
        options = turn.plan.steps[s.step].options
        turn.instructions.append(Abort(s.step, s.attempt))
        _attempt_failed(turn, s, _timeout(options, s.cell))


def _attempt_failed(
    turn: _Turn,
    s: StepRaised | StepTimedOut,
    error: ErrorInfo,
    *,
    final: bool = False,
    wait: float = 0.0,
) -> None:
    step, attempt = turn.plan.steps[s.step], s.attempt
    if turn.state.phase[s.step] is Phase.CANCELLING:
        _cancelled(turn, s.step, s.attempt, s.ms)
    elif attempt <= step.options.retries and not final:
        delay = max(wait, _delay(step.options, attempt, s.chance))
        turn.emit(
            NodeRetryScheduled,
            node=step.node,
            attempt=attempt,
            ms=s.ms,
            delay=delay,
            error=error,
        )
        turn.instructions.append(SetTimer(s.step, attempt, delay))
    else:
        turn.emit(NodeFailed, node=step.node, attempt=attempt, ms=s.ms, error=error)
        turn.after(s.step)


def _on_timer(turn: _Turn, s: TimerFired) -> None:
    state = turn.state
    if state.phase[s.step] is not Phase.BACKOFF or state.attempt[s.step] != s.attempt:
        return
    if state.paused:
        turn.emit(NodeScheduled, node=turn.plan.steps[s.step].node)
    else:
        turn.start(s.step, s.attempt + 1)


def _on_cancelled(turn: _Turn, s: StepCancelled) -> None:
    if turn.state.is_current(s.step, s.attempt):
        _cancelled(turn, s.step, s.attempt, s.ms)


def _cancelled(turn: _Turn, i: int, attempt: int, ms: float) -> None:
    turn.emit(NodeCancelled, node=turn.plan.steps[i].node, attempt=attempt, ms=ms)
    turn.after(i)


def _on_suspended(turn: _Turn, s: StepSuspended) -> None:
    if not turn.state.is_current(s.step, s.attempt):
        return
    if turn.state.phase[s.step] is Phase.CANCELLING:
        _cancelled(turn, s.step, s.attempt, 0.0)
    else:
        turn.emit(NodeSuspended, node=turn.plan.steps[s.step].node, reason=s.reason)


def _on_step_resumed(turn: _Turn, s: StepResumed) -> None:
    state = turn.state
    if state.phase[s.step] is Phase.SUSPENDED:
        turn.emit(NodeResumed, node=turn.plan.steps[s.step].node)
        if state.phase[s.step] is Phase.READY:
            turn.start(s.step, state.attempt[s.step] + 1)


def _on_logged(turn: _Turn, s: StepLogged) -> None:
    if turn.state.attempt[s.step] and turn.state.phase[s.step] not in _UNSTARTED:
        node = turn.plan.steps[s.step].node
        turn.emit(NodeLogged, node=node, stream=s.stream, text=s.text)


def _on_cancel(turn: _Turn, s: CancelAsked) -> None:
    if turn.state.cancelling:
        return
    _stop(turn, s.reason)
    turn.close_if_done()


def _on_journal_failed(turn: _Turn, s: JournalFailed) -> None:
    state = turn.state
    if not state.cancelling:
        _stop(turn, s.error.message)
    for i, phase in enumerate(state.phase):
        if phase is Phase.CANCELLING:
            turn.emit(NodeCancelled, node=turn.plan.steps[i].node, attempt=state.attempt[i])
    turn.close(RunStatus.FAILED, s.error)


def _stop(turn: _Turn, reason: str) -> None:
    """Tell what runs to stop; cancel what does not."""
    state = turn.state
    turn.emit(CancelRequested, reason=reason)
    for i, phase in enumerate(state.phase):
        if phase is Phase.CANCELLING:
            turn.instructions.append(Abort(i, state.attempt[i]))
        elif phase is not Phase.DONE:
            node = turn.plan.steps[i].node
            turn.emit(NodeCancelled, node=node, attempt=state.attempt[i])


def _on_pause(turn: _Turn, _: PauseAsked) -> None:
    if not turn.state.paused:
        turn.emit(RunPaused)


def _on_resume(turn: _Turn, _: ResumeAsked) -> None:
    state = turn.state
    if state.paused:
        turn.emit(RunResumed)
        for i, phase in enumerate(state.phase):
            if phase is Phase.READY:
                turn.start(i, state.attempt[i] + 1)


_UNSTARTED = frozenset({Phase.WAITING, Phase.READY, Phase.HELD})


def _delay(options: Options, attempt: int, chance: float) -> float:
    delay = options.backoff.delay(attempt)
    if options.backoff.kind is BackoffKind.FIXED:
        return delay
    return delay * (1 + JITTER * chance)


def _timeout(options: Options, cell: CellId | None) -> ErrorInfo:
    return ErrorInfo(
        type="TimeoutError",
        message=f"gave nothing within {options.timeout or 0:g} s",
        cell=cell,
        hint="raise the node's timeout, or make the node faster",
    )


_ANSWERS: Mapping[type, Callable[[_Turn, Any], None]] = {
    Start: _on_start,
    StepReturned: _on_returned,
    StepRaised: _on_raised,
    StepRecalled: _on_recalled,
    StepTimedOut: _on_timed_out,
    StepCancelled: _on_cancelled,
    StepSuspended: _on_suspended,
    StepResumed: _on_step_resumed,
    StepLogged: _on_logged,
    TimerFired: _on_timer,
    CancelAsked: _on_cancel,
    PauseAsked: _on_pause,
    ResumeAsked: _on_resume,
    JournalFailed: _on_journal_failed,
}
