"""Nodes out of the flow's own order, as the fold sees them: setup, teardown, compensations.

A node that undoes another, or tears down, *stands by*: it has its slot from the beginning, and its
scope does not wait for it. When the others are over it is scheduled like any step, or, when the run
is over, it was not needed. What has completed and can be undone is kept in the order of completion.
Part of the fold; `flowbook.run.rules.undoing` asks what is to be undone.
"""

from __future__ import annotations

from flowbook.events import RunCompleted, RunCreated, SkipReason
from flowbook.graph.container import FINALLY
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState, Scope


def created(state: RunState, event: RunCreated) -> None:
    """Learn which nodes have a place of their own."""
    state.compensations = event.compensations
    state.standby = frozenset((*event.teardown, *event.compensations.values()))
    state.setups = frozenset(event.setup)


def laid_out(state: RunState, scope: Scope) -> None:
    """The slots of a scope are there: those that stand by do not keep it open."""
    for i in range(scope.base, scope.base + scope.size):
        if state.names[i] in state.standby:
            state.phase[i] = Phase.STANDBY
            scope.open -= 1
        elif scope.owner < 0 and state.names[i] in state.setups:
            state.setup.add(i)


def shields(state: RunState, scope: Scope) -> bool:
    """True for a scope that goes on when the run, or what is around it, is to stop."""
    if scope.block == FINALLY or state.names[scope.owner] in state.standby:
        return True
    return state.scopes[state.scope[scope.owner]].shielded


def completed(state: RunState, i: int) -> None:
    """Slot `i` has completed; it may have to be undone."""
    node = state.compensations.get(state.names[i])
    if node is not None:
        path = state.scopes[state.scope[i]].path
        slot = state.index[f"{path}.{node}" if path else node]
        state.completed[i] = slot
        state.undoes[slot] = i


def roused(state: RunState, i: int) -> None:
    """Slot `i` stands by no more."""
    state.scopes[state.scope[i]].open += 1
    undone = state.undoes.get(i)
    if undone is not None:
        state.completed.pop(undone, None)
        state.undoing.add(i)
        state.roused.append(i)


def done(state: RunState, i: int) -> None:
    """Slot `i` is done."""
    state.setup.discard(i)
    state.undoing.discard(i)


def taken_back(state: RunState, i: int) -> None:
    """What slot `i` gave is gone, and it runs again."""
    if state.names[i] in state.setups and not state.scope[i]:
        state.setup.add(i)
    slot = state.completed.pop(i, None)
    if slot is not None:
        del state.undoes[slot]


def over(state: RunState, event: RunCompleted) -> None:
    """The run is over: who still stands by was not needed."""
    state.compensated, state.uncompensated = event.compensated, event.uncompensated
    for i, phase in enumerate(state.phase) if state.standby else ():
        if phase is Phase.STANDBY:
            state.phase[i], state.outcome[i] = Phase.DONE, Outcome.SKIPPED
            state.reason[i] = SkipReason.NOT_NEEDED.value
