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

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import structs

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
    NodeSuspended,
    RunCreated,
    RunPaused,
    RunRecovered,
    RunResumed,
    RunStatus,
)
from flowbook.graph.options import BackoffKind, Options
from flowbook.ids import CellId
from flowbook.plan.plan import Plan
from flowbook.run.deadline import late
from flowbook.run.phase import Phase
from flowbook.run.state import RunState
from flowbook.run.stimulus import (
    Abort,
    CancelAsked,
    Expired,
    Instruction,
    JournalFailed,
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
    TakenUp,
    TimerFired,
)
from flowbook.run.turn import Turn

JITTER = 0.1
"""A growing backoff is drawn out by up to this share, so that failures do not retry in step."""


class Decision(msgspec.Struct, frozen=True):
    """What a stimulus leads to; the events are folded into the state already."""

    events: list[Event]
    instructions: list[Instruction]


def decide(plan: Plan, state: RunState, stimulus: Stimulus) -> Decision:
    """What happens on `stimulus`, and what to do about it; O(1) per edge it settles."""
    turn = Turn(plan, state, stimulus.at)
    if state.verdict is None and (state.seq == 0) is (type(stimulus) is Start):
        _ANSWERS[type(stimulus)](turn, stimulus)
    return Decision(turn.events, turn.instructions)


# ---------------------------------------------------------------- one answer per stimulus


def _on_start(turn: Turn, s: Start) -> None:
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
        host=s.host,
        pid=s.pid,
        **structs.asdict(s.lineage),
    )
    if s.withdrawn is not None:
        _stop(turn, s.withdrawn)
        turn.close_if_done()
        return
    for i, known in s.given.items():
        node = plan.steps[i].node
        turn.emit(NodeReused, node=node, outputs=known.outputs, source=known.source)
    turn.look_at(range(len(plan.steps)))
    turn.close_if_done()


def _on_taken_up(turn: Turn, s: TakenUp) -> None:
    state, steps = turn.state, turn.plan.steps
    lost = tuple(steps[i].node for i, phase in enumerate(state.phase) if phase is Phase.RUNNING)
    again = () if state.cancelling else tuple(steps[i].node for i in s.again)
    turn.emit(RunRecovered, host=s.host, pid=s.pid, lost=lost, again=again)
    if state.cancelling:  # what was told to stop has stopped; the rest of it may be unrecorded
        turn.cancel_all()
    else:
        for i, phase in enumerate(state.phase):
            if phase is Phase.BACKOFF:
                left = _left(*state.pause[i], s.at)
                turn.instructions.append(SetTimer(i, state.attempt[i], left))
        turn.look_at(range(len(steps)))
    turn.close_if_done()


def _on_returned(turn: Turn, s: StepReturned) -> None:
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


def _on_recalled(turn: Turn, s: StepRecalled) -> None:
    if turn.state.is_current(s.step, s.attempt):
        node = turn.plan.steps[s.step].node
        turn.emit(NodeReused, node=node, outputs=s.outputs, source=s.source)
        turn.after(s.step)


def _on_raised(turn: Turn, s: StepRaised) -> None:
    if turn.state.is_current(s.step, s.attempt):
        _attempt_failed(turn, s, s.error, final=s.final, wait=s.wait)


def _on_timed_out(turn: Turn, s: StepTimedOut) -> None:
    if turn.state.is_current(s.step, s.attempt):
        options = turn.plan.steps[s.step].options
        turn.instructions.append(Abort(s.step, s.attempt))
        _attempt_failed(turn, s, _timeout(options, s.cell))


def _attempt_failed(
    turn: Turn,
    s: StepRaised | StepTimedOut,
    error: ErrorInfo,
    *,
    final: bool = False,
    wait: float = 0.0,
) -> None:
    step = turn.plan.steps[s.step]
    used = s.attempt - turn.state.spared[s.step]
    if turn.state.phase[s.step] is Phase.CANCELLING:
        _cancelled(turn, s.step, s.attempt, s.ms)
    elif used <= step.options.retries and not final:
        delay = max(wait, _delay(step.options, used, s.chance))
        turn.emit(
            NodeRetryScheduled,
            node=step.node,
            attempt=s.attempt,
            ms=s.ms,
            delay=delay,
            error=error,
        )
        turn.instructions.append(SetTimer(s.step, s.attempt, delay))
    else:
        turn.emit(NodeFailed, node=step.node, attempt=s.attempt, ms=s.ms, error=error)
        turn.after(s.step)


def _on_timer(turn: Turn, s: TimerFired) -> None:
    state = turn.state
    if state.phase[s.step] is not Phase.BACKOFF or state.attempt[s.step] != s.attempt:
        return
    if state.paused or state.waits[s.step] or state.doom[s.step] is not None:
        turn.emit(NodeScheduled, node=turn.plan.steps[s.step].node)
        turn.look_at([s.step])
        turn.close_if_done()
    else:
        turn.start(s.step)


def _on_cancelled(turn: Turn, s: StepCancelled) -> None:
    if turn.state.is_current(s.step, s.attempt):
        _cancelled(turn, s.step, s.attempt, s.ms)


def _cancelled(turn: Turn, i: int, attempt: int, ms: float) -> None:
    turn.emit(NodeCancelled, node=turn.plan.steps[i].node, attempt=attempt, ms=ms)
    turn.after(i)


def _on_suspended(turn: Turn, s: StepSuspended) -> None:
    if not turn.state.is_current(s.step, s.attempt):
        return
    if turn.state.phase[s.step] is Phase.CANCELLING:
        _cancelled(turn, s.step, s.attempt, 0.0)
    else:
        turn.emit(NodeSuspended, node=turn.plan.steps[s.step].node, reason=s.reason)


def _on_step_resumed(turn: Turn, s: StepResumed) -> None:
    state = turn.state
    if state.phase[s.step] is Phase.SUSPENDED:
        turn.emit(NodeResumed, node=turn.plan.steps[s.step].node)
        turn.look_at([s.step])
        turn.close_if_done()


def _on_logged(turn: Turn, s: StepLogged) -> None:
    if turn.state.attempt[s.step] and turn.state.phase[s.step] not in _UNSTARTED:
        node = turn.plan.steps[s.step].node
        turn.emit(NodeLogged, node=node, stream=s.stream, text=s.text)


def _on_cancel(turn: Turn, s: CancelAsked) -> None:
    if turn.state.cancelling:
        return
    _stop(turn, s.reason)
    turn.close_if_done()


def _on_journal_failed(turn: Turn, s: JournalFailed) -> None:
    state = turn.state
    if not state.cancelling:
        _stop(turn, s.error.message)
    turn.cancel_all()
    turn.close(RunStatus.FAILED, s.error)


def _on_expired(turn: Turn, s: Expired) -> None:
    state = turn.state
    if not state.cancelling:
        error = late(state, s.seconds)
        _stop(turn, error.message, error)
        turn.close_if_done()


def _stop(turn: Turn, reason: str, error: ErrorInfo | None = None) -> None:
    """Tell what runs to stop; cancel what does not."""
    state = turn.state
    turn.emit(CancelRequested, reason=reason, error=error)
    for i, phase in enumerate(state.phase):
        if phase is Phase.CANCELLING:
            turn.instructions.append(Abort(i, state.attempt[i]))
        elif phase is not Phase.DONE:
            node = turn.plan.steps[i].node
            turn.emit(NodeCancelled, node=node, attempt=state.attempt[i])


def _on_pause(turn: Turn, _: PauseAsked) -> None:
    if not turn.state.paused:
        turn.emit(RunPaused)


def _on_resume(turn: Turn, _: ResumeAsked) -> None:
    state = turn.state
    if state.paused:
        turn.emit(RunResumed)
        turn.look_at([i for i, phase in enumerate(state.phase) if phase is Phase.READY])
        turn.close_if_done()


_UNSTARTED = frozenset({Phase.WAITING, Phase.READY, Phase.HELD})


def _delay(options: Options, attempt: int, chance: float) -> float:
    delay = options.backoff.delay(attempt)
    if options.backoff.kind is BackoffKind.FIXED:
        return delay
    return delay * (1 + JITTER * chance)


def _left(since: float, delay: float, now: float) -> float:
    """What is left of a pause; all of it, and no more, by a clock that went backwards."""
    return min(delay, max(0.0, since + delay - now))


def _timeout(options: Options, cell: CellId | None) -> ErrorInfo:
    return ErrorInfo(
        type="TimeoutError",
        message=f"gave nothing within {options.timeout or 0:g} s",
        cell=cell,
        hint="raise the node's timeout, or make the node faster",
    )


_ANSWERS: Mapping[type, Callable[[Turn, Any], None]] = {
    Start: _on_start,
    TakenUp: _on_taken_up,
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
    Expired: _on_expired,
    PauseAsked: _on_pause,
    ResumeAsked: _on_resume,
    JournalFailed: _on_journal_failed,
}
