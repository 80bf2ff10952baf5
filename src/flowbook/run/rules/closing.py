"""What runs before all else and after it: setup, undoing what has completed, teardown.

The run's work is over when nothing of the flow itself is open, those that stand by apart. How it
went is journalled before anything is undone or torn down (`RUN_ENDING`), so that nothing which
follows changes the verdict, with one exception: a run that went well and cannot tear down has
failed.
"""

from __future__ import annotations

from flowbook.events import NodeScheduled, NodeSkipped, RunEnding, RunStatus
from flowbook.run.rules import undoing, verdicts
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import Scope
from flowbook.run.rules.turn import Turn


def settle(turn: Turn, scopes: list[Scope]) -> list[Scope]:
    """Let what stands by in `scopes` have its turn; those whose containers are to go on."""
    state = turn.state
    closed: list[Scope] = []
    for at in scopes:
        scope = at
        while scope.status is not None and state.is_over(scope.owner):
            scope = state.scopes[state.scope[scope.owner]]
        if scope.status is not None:
            if all(one is not scope for one in closed):  # several that stood by lead to the same
                closed.append(scope)
        elif scope.owner >= 0:
            if not (scope.open or undoes(turn, scope)):
                turn.end_if_done(scope)
        elif scope.open:
            if state.setups and not state.setup:
                set_up(turn)
        elif state.verdict is None and not goes_on(turn):
            turn.close()
    return closed


def set_up(turn: Turn) -> None:
    """All setup is over: begin what waited for it, or skip it when some of it failed."""
    state = turn.state
    own = range(state.scopes[0].size)
    for i in own:
        open_ = state.phase[i] in (Phase.WAITING, Phase.READY)
        if open_ and (barred := undoing.bar(state, i)) is not None:
            turn.tell(NodeSkipped, i, reason=barred[0], cause=barred[1])
    turn.look_at(own)
    turn.close_if_done()


def undoes(turn: Turn, within: Scope | int) -> bool:
    """Undo what completed in a scope or container, the last first; True until all is undone."""
    if not undoing.is_due(turn.state, within):
        return False
    i = undoing.next_of(turn.state, within)
    if i >= 0:
        _rouse(turn, i)
    return True


def goes_on(turn: Turn) -> bool:
    """True when the run's work is over and the run is not: something is undone or torn down."""
    state = turn.state
    if state.undoing or state.forced:
        return bool(state.undoing)
    whole = state.scopes[0]
    teardown = tuple(undoing.teardown_of(state))
    if state.worked is None:
        status = verdicts.status(turn.state)
        undone = status is RunStatus.SUCCEEDED or undoing.next_of(state, whole) < 0
        if undone and not teardown:
            return False
        node = verdicts.node(turn.state) if status is RunStatus.FAILED else None
        turn.emit(RunEnding, status=status, error=verdicts.error(turn.state), node=node)
    worked = state.worked
    if worked is not None and worked.status is not RunStatus.SUCCEEDED and undoes(turn, whole):
        return True
    for i in teardown:
        _rouse(turn, i)
    return bool(teardown)


def _rouse(turn: Turn, i: int) -> None:
    turn.tell(NodeScheduled, i)
    if turn.state.phase[i] is Phase.READY:
        turn.start(i)
