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
    Event,
    NodeCompleted,
    NodeLogged,
    NodeReused,
    NodeScheduled,
    NodeStreamed,
    NodeUnfolded,
    NodeUsed,
)
from flowbook.plan.plan import Plan
from flowbook.run.rules import (
    attempts,
    beginning,
    checkpoints,
    ending,
    growing,
    losers,
    stepping,
    stopping,
    suspending,
    turns,
)
from flowbook.run.rules.instruction import Abort, Instruction, Release
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import (
    CancelAsked,
    CheckpointDue,
    Expired,
    ItemsOffered,
    JournalFailed,
    NextAsked,
    PauseAsked,
    ResumeAsked,
    Start,
    StepCancelled,
    StepConsulted,
    StepDue,
    StepLogged,
    StepPermitted,
    StepRaised,
    StepRecalled,
    StepResumed,
    StepReturned,
    StepStreamed,
    StepSuspended,
    StepTimedOut,
    StepUnfolded,
    StepUsed,
    Stimulus,
    TakenUp,
    TimerFired,
)
from flowbook.run.rules.turn import Turn


class Decision(msgspec.Struct, frozen=True):
    """What a stimulus leads to; the events are folded into the state already."""

    events: list[Event]
    instructions: list[Instruction]


def decide(plan: Plan, state: RunState, stimulus: Stimulus) -> Decision:
    """What happens on `stimulus`, and what to do about it; O(1) per edge it settles."""
    turn = Turn(plan, state, stimulus.at)
    if state.verdict is None and (state.seq == 0) is (type(stimulus) is Start):
        _ANSWERS[type(stimulus)](turn, stimulus)
        while (turn.won or turn.ended or turn.fed) and state.verdict is None:
            losers.settle(turn)
            turns.settle(turn)
        if state.gate is not None:
            turn.start_admitted()
    if state.outside is not None:
        turn.instructions[:0] = map(Release, state.outside.drain())
    return Decision(turn.events, turn.instructions)


# ---------------------------------------------------------------- one answer per stimulus


def _on_returned(turn: Turn, s: StepReturned) -> None:
    state, i = turn.state, s.step
    if not state.is_current(i, s.attempt):
        return
    if s.added and (why := growing.take(turn, s)):
        attempts.failed(turn, growing.refused(s, why))
        return
    event = NodeCompleted(
        run=turn.run,
        seq=state.seq,
        at=turn.at,
        node=state.names[i],
        scope=state.scopes[state.scope[i]].path,
        attempt=s.attempt,
        ms=s.ms,
        outputs=s.outputs,
        result=s.result,
        cache_key=s.cache_key,
        usage=s.usage,
        cache_parts=s.cache_parts,
        cache_miss=s.cache_miss,
    )
    turn.add(event, i)
    step = state.steps[i]
    if step.options.checkpoint:
        checkpoints.behind_step(turn, i)
    if step.leaves:
        turns.leave_loop(turn, i, step.leaves)
    elif step.ends:
        ending.end(turn, i, s.reason)
    turn.after(i)
    for given in s.added:
        growing.grow(turn, given.step)


def _on_unfolded(turn: Turn, s: StepUnfolded) -> None:
    if turn.state.is_current(s.step, s.attempt):
        if turn.state.phase[s.step] is Phase.CANCELLING:
            attempts.cancelled(turn, s)
        else:
            turn.tell(NodeUnfolded, s.step, attempt=s.attempt, total=s.total)
            growing.pass_over(turn, s.step, s.known)
            turns.go_on(turn, s.step)


def _on_consulted(turn: Turn, s: StepConsulted) -> None:
    if turn.state.is_current(s.step, s.attempt):
        if turn.state.phase[s.step] is Phase.TURNING:
            turns.consulted(turn, s.step, s.index, go_on=s.go_on)
        elif not turns.stops(turn, s.step):
            attempts.cancelled(turn, s)


def _on_recalled(turn: Turn, s: StepRecalled) -> None:
    if turn.state.is_current(s.step, s.attempt):
        if turn.state.phase[s.step] is Phase.CANCELLING:
            attempts.cancelled(turn, s)
            return
        turn.tell(
            NodeReused,
            s.step,
            outputs=s.outputs,
            source=s.source,
            result=s.result,
            cache_key=s.cache_key,
        )
        step = turn.state.steps[s.step]
        if step.options.checkpoint:
            checkpoints.behind_step(turn, s.step)
        if step.ends:
            ending.end(turn, s.step)
        turn.after(s.step)


def _on_raised(turn: Turn, s: StepRaised) -> None:
    if turn.state.is_current(s.step, s.attempt):
        turning = turn.state.phase[s.step] is Phase.TURNING
        if turning and not turns.give_up(turn, s.step, turns.FAILED, s.error):
            return  # a condition may fail while turns go on
        if not turns.stops(turn, s.step):
            attempts.failed(turn, s)


def _on_timed_out(turn: Turn, s: StepTimedOut) -> None:
    if turn.state.is_current(s.step, s.attempt):
        step = turn.state.steps[s.step]
        if turn.state.phase[s.step] is Phase.RUNNING:
            turn.instructions.append(Abort(s.step, s.attempt))
        elif not turns.give_up(turn, s.step, turns.TOO_SLOW):
            return
        error = attempts.too_slow(step.options, s.cell, s.inputs)
        attempts.failed(
            turn,
            StepRaised(
                at=s.at,
                step=s.step,
                attempt=s.attempt,
                ms=s.ms,
                error=error,
                chance=s.chance,
                usage=s.usage,
            ),
        )


def _on_timer(turn: Turn, s: TimerFired) -> None:
    state = turn.state
    if state.phase[s.step] is not Phase.BACKOFF or state.attempt[s.step] != s.attempt:
        return
    waits = state.waits[s.step] or state.doom[s.step] is not None
    if state.paused or waits or state.gate is not None or state.outside is not None:
        turn.tell(NodeScheduled, s.step)
        turn.look_at([s.step])
        turn.end_if_done(state.scopes[state.scope[s.step]])
    else:
        turn.start(s.step)


def _on_permitted(turn: Turn, s: StepPermitted) -> None:
    state = turn.state
    outside, gate = state.outside, state.gate
    if outside is None or not outside.permit(s.step):
        return  # it was taken back meanwhile
    if state.phase[s.step] is Phase.READY and (gate is None or s.step in gate.promised):
        turn.start(s.step, admitted=True)
    else:  # a pause took its place inside: who has that may be waiting for this very permit
        outside.give_back(s.step)


def _on_cancelled(turn: Turn, s: StepCancelled) -> None:
    if turn.state.is_current(s.step, s.attempt) and not turns.stops(turn, s.step):
        attempts.cancelled(turn, s, s.ms, s.usage)


def _on_logged(turn: Turn, s: StepLogged) -> None:
    state = turn.state
    heard = state.attempt[s.step] and state.phase[s.step] not in _UNSTARTED
    if heard and state.is_latest(s.step):
        turn.tell(NodeLogged, s.step, stream=s.stream, text=s.text)


def _as_told(kind: type[NodeStreamed | NodeUsed]) -> Callable[[Turn, Any], None]:
    """The answer to what an attempt told, which is a fact of the same fields."""

    def answer(turn: Turn, s: StepStreamed | StepUsed) -> None:
        if turn.state.phase[s.step] not in _UNSTARTED and turn.state.is_latest(s.step):
            fields = structs.asdict(s)
            del fields["at"], fields["step"]
            turn.tell(kind, s.step, **fields)

    return answer


def _on_items(turn: Turn, s: ItemsOffered) -> None:
    growing.add(turn, s.items)


_UNSTARTED = frozenset({Phase.WAITING, Phase.STANDBY, Phase.READY, Phase.HELD})


_ANSWERS: Mapping[type, Callable[[Turn, Any], None]] = {
    Start: beginning.on_start,
    TakenUp: beginning.on_taken_up,
    StepReturned: _on_returned,
    StepUnfolded: _on_unfolded,
    StepConsulted: _on_consulted,
    StepRaised: _on_raised,
    StepRecalled: _on_recalled,
    StepTimedOut: _on_timed_out,
    StepCancelled: _on_cancelled,
    StepSuspended: suspending.on_suspended,
    StepResumed: suspending.on_resumed,
    StepDue: suspending.on_due,
    StepLogged: _on_logged,
    StepStreamed: _as_told(NodeStreamed),
    StepUsed: _as_told(NodeUsed),
    TimerFired: _on_timer,
    StepPermitted: _on_permitted,
    CancelAsked: stopping.on_cancel,
    CheckpointDue: checkpoints.due,
    ItemsOffered: _on_items,
    Expired: stopping.on_expired,
    PauseAsked: stepping.on_pause,
    NextAsked: stepping.on_next,
    ResumeAsked: stepping.on_resume,
    JournalFailed: stopping.on_journal_failed,
}
