"""Ending what goes on: the whole run, or the nodes and loops that another node names.

A node that `cancels` others withdraws them as soon as it has succeeded, whatever they do by then:
what has not begun never will, what runs is given up, a container with all its turns. To the nodes
behind them that is a branch not taken. One that `completes` a loop ends it with the turns that are
over. A name is looked for beside the node, then around it, turn by turn. All of it follows from
the state: asked again, because a process died, it does what is left to do.
"""

from __future__ import annotations

from flowbook.events import CancelRequested, NodeCancelled, NodeResumed, RunStatus
from flowbook.events.values import ErrorInfo
from flowbook.graph.container import BODY, Turns
from flowbook.ids import NodeId
from flowbook.plan.plan import OTHERS
from flowbook.run.rules import losers, turns, undoing
from flowbook.run.rules.instruction import Abort
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState, Scope
from flowbook.run.rules.turn import Turn

_RESTS = (Phase.DONE, Phase.STANDBY)
_GAVE = frozenset({Outcome.SUCCEEDED, Outcome.REUSED})


def end(turn: Turn, i: int, reason: str = "") -> None:
    """Do what the step in slot `i`, which has succeeded, is there for."""
    state = turn.state
    step = state.steps[i]
    if step.ends != OTHERS:
        _stop_by(turn, i, RunStatus(step.ends), reason)
        return
    ended = [
        *(_cancel(turn, i, slot) for slot in _slots(state, i, step.options.cancels)),
        *(_complete(turn, i, slot) for slot in _slots(state, i, step.options.completes)),
    ]
    for slot in (slot for slot in ended if slot >= 0):
        scope = state.scopes[state.scope[slot]]
        turn.look_at([scope.base + target for target, _, _ in state.edges[slot]])
        if scope is not state.scopes[state.scope[i]]:  # else it ends with the step itself
            turn.end_if_done(scope)


def settle_all(turn: Turn) -> None:
    """The same for every step that has succeeded: what it ended may be unrecorded."""
    state = turn.state
    for i, step in enumerate(state.steps):
        ended = step.ends and state.outcome[i] in _GAVE and not state.cancelling
        if ended and state.is_latest(i):
            end(turn, i)


# ---------------------------------------------------------------- the run


def stop(
    turn: Turn,
    *,
    reason: str,
    error: ErrorInfo | None = None,
    node: NodeId | None = None,
    status: RunStatus | None = None,
    force: bool = False,
) -> None:
    """Tell what runs to stop; cancel what does not.

    What undoes and cleans up goes on, unless it is stopped by `force`.
    """
    state = turn.state
    turn.emit(CancelRequested, reason=reason, error=error, node=node, status=status, force=force)
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


def _stop_by(turn: Turn, i: int, status: RunStatus, reason: str) -> None:
    if turn.state.cancelling:
        return
    node = turn.state.key(i)
    told = reason or f"node {node!r} stopped the run"
    error = ErrorInfo("Stopped", told) if status is RunStatus.FAILED else None
    stop(turn, reason=told, error=error, node=node, status=status)
    end_left_turns(turn)


# ---------------------------------------------------------------- nodes and loops


def _slots(state: RunState, i: int, names: tuple[str, ...]) -> list[int]:
    """The slots that names stand for, seen from slot `i`: beside it, else around it."""
    return [slot for name in names if (slot := _slot(state, state.scope[i], name)) >= 0]


def _slot(state: RunState, number: int, name: str) -> int:
    while True:
        scope = state.scopes[number]
        slot = state.index.get(f"{scope.path}.{name}" if scope.path else name, -1)
        if slot >= 0 or scope.owner < 0:
            return slot
        number = state.scope[scope.owner]


def _cancel(turn: Turn, by: int, i: int) -> int:
    """Withdraw the step or container in slot `i`; the slot, -1 when it was over."""
    state = turn.state
    phase = state.phase[i]
    if phase is Phase.DONE or phase is Phase.CANCELLING:
        for scope in tuple(turns.going(turn, i)) if phase is Phase.DONE else ():
            turns.leave(turn, scope, "completed", hard=True)  # it went on behind its container
        return -1
    if phase is Phase.SUSPENDED:  # else the run's row would say that it waits
        turn.tell(NodeResumed, i, by="cancel")
    elif phase is Phase.TURNING:
        if not turns.give_up(turn, i, "cancelled"):
            return -1  # it ends when what is inside is undone and cleaned up
    elif phase is Phase.RUNNING:
        losers.abort(turn, i)
    turn.tell(NodeCancelled, i, attempt=state.attempt[i], cause=state.names[by])
    return i


def _complete(turn: Turn, by: int, i: int) -> int:
    """End the loop in slot `i` with what it has; one that has not begun is cancelled."""
    state = turn.state
    inside, turning = state.steps[i].inside, state.turning.get(i)
    if state.phase[i] is not Phase.TURNING or inside is None or turning is None:
        return _cancel(turn, by, i)
    if turning.broken or not inside.policy.counts:
        return -1
    going = list(turns.going(turn, i))
    if not going and inside.policy.turns is Turns.WHILE:  # its condition is being asked
        going = [turns.begin(turn, i, BODY, turning.next)]
    around = _around(state, by)
    for scope in going:
        own = scope in around
        hard = not (own or undoing.tidies(state.steps[i]))
        turns.leave(turn, scope, "break" if own else "completed", hard=hard)
    return -1


def _around(state: RunState, i: int) -> list[Scope]:
    """The turns that slot `i` is in, inner to outer."""
    found = [state.scopes[state.scope[i]]]
    while found[-1].owner >= 0:
        found.append(state.scopes[state.scope[found[-1].owner]])
    return found
