"""Stopping what a join that has enough was the last to wait for.

A step is stopped when everything it feeds has no use for it any more: the join itself, steps that
are done, and steps stopped for the same reason. What leaves a container by name is of use there. A
step that has run for a while is given up at once, as one that took too long is: whatever it still
returns is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowbook.events import NodeCancelled, NodeResumed, NodeSkipped, SkipReason
from flowbook.plan.plan import FromStep
from flowbook.run.rules import joins, turns
from flowbook.run.rules.instruction import Abort, Launch
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState
from flowbook.run.rules.turn import Turn


def settle(turn: Turn) -> None:
    """Stop the losers of every join that has come to have enough in this decision."""
    while turn.won:
        i = turn.won.pop()
        for loser in _losers(turn.state, i):
            _stop(turn, loser, i)


def settle_all(turn: Turn) -> None:
    """The same for all joins of the run: what became of their losers may be unrecorded."""
    state = turn.state
    turn.won += [
        i for i, join in enumerate(state.joins) if join is not None and joins.has_enough(state, i)
    ]
    settle(turn)


def _losers(state: RunState, i: int) -> list[int]:
    """Slots that nobody has use for now that the join in slot `i` has enough; O(edges)."""
    base = state.scopes[state.scope[i]].base
    kept = _leaving(state, i)
    uses: dict[int, int] = {}
    gone = [i]
    for target in gone:  # grows while it is walked
        for source in _sources(state, target, base):
            if source not in uses:
                to = (base + fed for fed, *_ in state.edges[source])
                uses[source] = sum(joins.wants(state, fed) for fed in to)
            uses[source] -= joins.wants(state, target)  # as it was counted
            if not uses[source] and source not in kept and state.phase[source] is not Phase.DONE:
                kept.add(source)  # once
                gone.append(source)
    return gone[1:]


def _sources(state: RunState, i: int, base: int) -> Iterator[int]:
    for binding in state.steps[i].bindings:
        if isinstance(binding.source, FromStep):
            yield base + binding.source.step


def _leaving(state: RunState, i: int) -> set[int]:
    """The slots whose outputs leave the turn of the container that slot `i` is in."""
    scope = state.scopes[state.scope[i]]
    inside = state.steps[scope.owner].inside if scope.owner >= 0 else None
    if inside is None:
        return set()
    return {scope.base + source.step for _, source in inside.blocks[scope.block].gives}


def _stop(turn: Turn, i: int, join: int) -> None:
    state = turn.state
    phase, cause = state.phase[i], state.names[join]
    if phase is Phase.WAITING or phase is Phase.READY:
        turn.tell(NodeSkipped, i, reason=SkipReason.NOT_NEEDED, cause=cause)
        return
    if phase is Phase.CANCELLING:
        return
    if phase is Phase.SUSPENDED:  # else the run's row would say that it still waits
        turn.tell(NodeResumed, i)
    elif phase is Phase.TURNING:
        if not turns.give_up(turn, i, SkipReason.NOT_NEEDED):
            return  # it ends when what is inside is undone and cleaned up
    elif phase is Phase.RUNNING:
        abort(turn, i)
    turn.tell(NodeCancelled, i, attempt=state.attempt[i], cause=cause)


def abort(turn: Turn, i: int) -> None:
    """Give the attempt in slot `i` up; what was started in this very decision is not started."""
    for number, order in enumerate(turn.instructions):
        if isinstance(order, Launch) and order.step == i:
            del turn.instructions[number]
            return
    turn.instructions.append(Abort(i, turn.state.attempt[i]))
