"""How a run is stopped: what is told to stop, what goes on all the same, and what a crash leaves.

Told once, a run stops its work; a block `finally`, what undoes a node and what tears down go on,
and begin if they have not. Told again, or with force, it gives up on them too.
"""

from __future__ import annotations

from flowbook.events import NodeRetryScheduled, RunRetried, RunStatus
from flowbook.events.values import ErrorInfo
from flowbook.run.rules import attempts, ending, turns, undoing
from flowbook.run.rules.deadline import late, next_deadline
from flowbook.run.rules.instruction import Abort, SetTimer
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.stimulus import CancelAsked, Expired, JournalFailed
from flowbook.run.rules.turn import Turn

_RESTS = (Phase.DONE, Phase.STANDBY)


def on_cancel(turn: Turn, s: CancelAsked) -> None:
    """Somebody wants the run to stop, perhaps for the second time."""
    state = turn.state
    if state.forced or (state.cancelling and not undoing.cleans_up(turn.plan)):
        return
    ending.stop(turn, reason=s.reason, force=s.force or state.cancelling)
    ending.end_left_turns(turn)
    turn.close_if_done()


def on_expired(turn: Turn, s: Expired) -> None:
    """The run's time is over; that its work is over in time is enough."""
    state = turn.state
    if state.cancelling or state.worked is not None:
        return
    error = late(state, s.seconds)
    again = next_deadline(state, turn.plan.options, s.at)
    if again is not None:
        _try_again(turn, s, again, error)
        return
    ending.stop(turn, reason=error.message, error=error)
    ending.end_left_turns(turn)
    turn.close_if_done()


def _try_again(turn: Turn, s: Expired, ends: float, error: ErrorInfo) -> None:
    """Give up what is under way, and begin it anew; what undoes and cleans up goes on."""
    state = turn.state
    running = [
        i
        for i, phase in enumerate(state.phase)
        if phase is Phase.RUNNING and not undoing.protected(state, i)
    ]
    lost = tuple(map(state.key, running))
    turn.emit(RunRetried, attempt=state.tries + 1, deadline=ends, error=error, lost=lost)
    for i in running:
        attempt, ms = state.attempt[i], s.spent.get(i, 0.0)
        turn.instructions.append(Abort(i, attempt))
        turn.tell(NodeRetryScheduled, i, attempt=attempt, ms=ms, delay=0.0, error=error)
        turn.instructions.append(SetTimer(i, attempt, 0.0))


def on_journal_failed(turn: Turn, s: JournalFailed) -> None:
    """Nothing more can be written down, so nothing more is done."""
    force = undoing.cleans_up(turn.plan)
    if not turn.state.cancelling or (force and not turn.state.forced):
        ending.stop(turn, reason=s.error.message, force=force)
    turn.cancel_all()
    turn.close(RunStatus.FAILED, s.error)


def end_lost(turn: Turn) -> None:
    """What was told to stop has stopped with its process; the rest of it may be unrecorded."""
    state = turn.state
    for i, phase in enumerate(state.phase):
        if phase is Phase.CANCELLING:
            if i not in state.turning:
                turn.cancel(i)
        elif phase not in _RESTS and not undoing.protected(state, i):
            turn.cancel(i)


def end_left_containers(turn: Turn) -> None:
    """End every container that was told to stop and has no turn under way."""
    state = turn.state
    for i in reversed(tuple(state.turning)):
        if state.phase[i] is Phase.CANCELLING and not state.turning[i].active:
            turns.end_stopped(turn, i)


def leave_again(turn: Turn) -> None:
    """Finish what a process had begun to leave when it was lost: nothing of it runs any more."""
    state = turn.state
    for i, step in enumerate(state.steps):
        if step.leaves and state.outcome[i] is Outcome.SUCCEEDED:
            turns.leave_loop(turn, i, step.leaves, hard=True)
    for scope in state.scopes[1:]:
        if scope.left:
            turns.leave(turn, scope, scope.left, hard=True)
    for i, turning in tuple(state.turning.items()):
        left = {state.scopes[at].left for at in turning.scopes.values()}
        failed = turns.FAILED in left and not turning.failed
        tidies = undoing.tidies(state.steps[i])  # it ends by itself, after all that
        ends = turns.TOO_SLOW in left or failed
        if state.phase[i] is Phase.TURNING and ends and not tidies:
            if not turns.give_up(turn, i, turns.FAILED if failed else turns.TOO_SLOW):
                continue
            lost = ErrorInfo("Lost", "what it failed with was lost with its process")
            turns.fail(turn, i, lost if failed else attempts.too_slow(state.steps[i].options))
