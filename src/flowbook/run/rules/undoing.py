"""What is to be undone: questions to the state, and no more.

What fails undoes what has completed within it, the last first and one after another, before it is
over: a turn of a container, a container, the run. What lies inside of a container that has itself
been completed, and can be undone as a whole, is left to that. A step whose result was known from
elsewhere has done nothing here, and is not undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowbook.events import RunEnding, RunStatus, SkipReason
from flowbook.graph.container import FINALLY, Turns
from flowbook.ids import NodeId
from flowbook.plan.plan import Plan, Step
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState, Scope

NOTHING = -1
BUSY = -2


_DONE = (Outcome.SUCCEEDED, Outcome.REUSED)
_BARS: Mapping[Outcome | None, SkipReason] = {
    Outcome.FAILED: SkipReason.UPSTREAM_FAILED,
    Outcome.SKIPPED: SkipReason.UPSTREAM_FAILED,
    Outcome.CANCELLED: SkipReason.UPSTREAM_CANCELLED,
}


def next_of(state: RunState, within: Scope | int) -> int:
    """The slot that is to run now to undo what completed in a scope, or in the container of a slot.

    `BUSY` while one of them runs, `NOTHING` when all is undone that can be.
    """
    if any(_inside(state, i, within) for i in state.undoing):
        return BUSY
    for undone, i in reversed(state.completed.items()):
        if _inside(state, undone, within) and _is_left(state, undone, i, within):
            return i
    return NOTHING


def is_due(state: RunState, within: Scope | int) -> bool:
    """True while something in there is to be undone, or is being undone."""
    return bool(state.standby) and not state.forced and next_of(state, within) != NOTHING


def fails(state: RunState, status: RunStatus) -> bool:
    """True for an end that undoes what was done: not that of a run which is stopped in success."""
    return RunStatus.SUCCEEDED not in (status, state.ending)


def failed_teardown(state: RunState) -> int:
    """The slot of a teardown whose failure is that of a run that went well; -1 if none is."""
    if state.worked is None or state.worked.status is not RunStatus.SUCCEEDED:
        return -1
    undoing = set(state.compensations.values())
    own = (i for i in range(state.scopes[0].size) if state.names[i] in state.standby - undoing)
    return next((i for i in own if state.outcome[i] is Outcome.FAILED), -1)


def verdict(state: RunState, worked: RunEnding) -> RunStatus:
    """How a run ends whose work went so."""
    if worked.status is not RunStatus.SUCCEEDED:
        return worked.status
    if failed_teardown(state) >= 0:
        return RunStatus.FAILED
    return RunStatus.CANCELLED if state.forced else RunStatus.SUCCEEDED


def accounts(state: RunState, status: RunStatus) -> tuple[tuple[NodeId, ...], tuple[NodeId, ...]]:
    """The nodes that were undone, in that order, and those that should have been and were not."""
    undone: list[int] = []
    left: list[int] = []
    for i in state.roused:
        (undone if state.outcome[i] in _DONE else left).append(state.undoes[i])
    worked = status if state.worked is None else state.worked.status
    if worked is not RunStatus.SUCCEEDED:
        whole = state.scopes[0]
        left += [one for one in reversed(state.completed) if not _covered(state, one, whole)]
    return tuple(map(state.key, undone)), tuple(map(state.key, left))


def bar(state: RunState, i: int) -> tuple[SkipReason, NodeId] | None:
    """Why slot `i` cannot run whatever its inputs are: a node that sets up gave nothing."""
    node = state.names[i]
    if state.scope[i] or node in state.setups or node in state.standby:
        return None
    bad = (k for k in (state.index[name] for name in state.setups) if state.outcome[k] in _BARS)
    first = min(bad, default=-1)
    return None if first < 0 else (_BARS[state.outcome[first]], state.names[first])


def stands_apart(state: RunState, i: int) -> bool:
    """True for a step that stood by, and for the last one of setup."""
    node = state.names[i]
    return node in state.standby or (node in state.setups and not state.setup)


def protected(state: RunState, i: int) -> bool:
    """True for a step that goes on when the run is told to stop."""
    return state.scopes[state.scope[i]].shielded or state.names[i] in state.standby


def finishing(state: RunState) -> bool:
    """True while a run that was told to stop undoes, tears down or is in a block `finally`."""
    if not state.cancelling or state.forced or state.verdict is not None:
        return False
    kept = (scope.shielded and scope.status is None for scope in state.scopes)
    return state.worked is not None or bool(state.undoing) or any(kept)


def cleans_up(plan: Plan) -> bool:
    """True when something in the plan runs even though the run is to stop."""
    return bool(plan.standby) or any(map(tidies, plan.steps))


def tidies(step: Step) -> bool:
    """The same of a container: a block `finally`, or a node that can be undone, is inside."""
    if step.inside is None:
        return False
    blocks = step.inside.blocks
    guarded = step.inside.policy.turns is Turns.GUARDED and FINALLY in blocks
    return guarded or any(cleans_up(block.plan) for block in blocks.values())


def teardown_of(state: RunState) -> Iterator[int]:
    """The slots of the flow's own nodes that tear down and have not begun to."""
    undoing = set(state.compensations.values())
    for i in range(state.scopes[0].size):
        if state.phase[i] is Phase.STANDBY and state.names[i] not in undoing:
            yield i


def _inside(state: RunState, i: int, within: Scope | int) -> bool:
    """True for a slot somewhere in the scope, or in a turn of the container."""
    scope = state.scopes[state.scope[i]]
    while scope is not within and scope.owner != within:
        if scope.owner < 0:
            return False
        scope = state.scopes[state.scope[scope.owner]]
    return True


def _is_left(state: RunState, undone: int, i: int, within: Scope | int) -> bool:
    known = state.index.get(state.key(i)) == i  # else its container has begun anew
    return known and not _covered(state, undone, within)


def _covered(state: RunState, undone: int, within: Scope | int) -> bool:
    """True when a container around it, in there, is undone as a whole."""
    scope = state.scopes[state.scope[undone]]
    while scope is not within and scope.owner not in (within, -1):
        owner = scope.owner
        if state.outcome[owner] is Outcome.SUCCEEDED and state.names[owner] in state.compensations:
            return True
        scope = state.scopes[state.scope[owner]]
    return False
