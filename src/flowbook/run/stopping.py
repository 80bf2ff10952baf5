"""How a run is stopped: what is told to stop, what goes on all the same, and what a crash leaves.

Told once, a run stops its work; a block `finally`, what undoes a node and what tears down go on,
and begin if they have not. Told again, or with force, it gives up on them too.
"""

from __future__ import annotations

from flowbook.events import CancelRequested, RunStatus
from flowbook.events.values import ErrorInfo
from flowbook.run import turns, undoing
from flowbook.run.deadline import late
from flowbook.run.phase import Phase
from flowbook.run.stimulus import Abort, CancelAsked, Expired, JournalFailed
from flowbook.run.turn import Turn

_RESTS = (Phase.DONE, Phase.STANDBY)


def on_cancel(turn: Turn, s: CancelAsked) -> None:
    """Somebody wants the run to stop, perhaps for the second time."""
    state = turn.state
    if state.forced or (state.cancelling and not undoing.cleans_up(turn.plan)):
        return
    stop(turn, s.reason, force=s.force or state.cancelling)
    end_left_turns(turn)
    turn.close_if_done()


def on_expired(turn: Turn, s: Expired) -> None:
    """The run's time is over; that its work is over in time is enough."""
    if not turn.state.cancelling and turn.state.ending is None:
        error = late(turn.state, s.seconds)
        stop(turn, error.message, error)
        end_left_turns(turn)
        turn.close_if_done()


def on_journal_failed(turn: Turn, s: JournalFailed) -> None:
    """Nothing more can be written down, so nothing more is done."""
    if not turn.state.cancelling:
        stop(turn, s.error.message)
    turn.cancel_all()
    turn.close(RunStatus.FAILED, s.error)


def stop(turn: Turn, reason: str, error: ErrorInfo | None = None, *, force: bool = False) -> None:
    """Tell what runs to stop; cancel what does not."""
    state = turn.state
    turn.emit(CancelRequested, reason=reason, error=error, force=force)
    for i, phase in enumerate(state.phase):
        if phase is Phase.CANCELLING:
            turning = state.turning.get(i)
            if turning is None or not turning.active:  # else it ends with its last turn
                turn.instructions.append(Abort(i, state.attempt[i]))
        elif phase not in _RESTS and (force or not undoing.protected(state, i)):
            turn.cancel(i)


def end_left_turns(turn: Turn) -> None:
    """End every turn in which nothing is open any more; those inside of others first."""
    for scope in reversed(turn.state.scopes[1:]):
        if scope.status is None:
            turn.end_if_done(scope)
    turns.settle(turn)


def end_lost(turn: Turn) -> None:
    """What was told to stop has stopped with its process; the rest of it may be unrecorded."""
    state = turn.state
    for i, phase in enumerate(state.phase):
        if phase is Phase.CANCELLING:
            if i not in state.turning:
                turn.cancel(i)
        elif state.cancelling and phase not in _RESTS and not undoing.protected(state, i):
            turn.cancel(i)
    for scope in reversed(state.scopes[1:]):
        if scope.left and scope.status is None:
            turns.leave(turn, scope, scope.left)


def end_left_containers(turn: Turn) -> None:
    """End every container that was told to stop and has no turn under way."""
    state = turn.state
    for i in reversed(tuple(state.turning)):
        if state.phase[i] is Phase.CANCELLING and not state.turning[i].active:
            turns.end_stopped(turn, i)
