"""The turns that go on behind a container that is done without them. Part of `evolve`.

What the container is in counts it as open for as long as one of them is: so a run, or a turn
around it, ends with the last of them.
"""

from __future__ import annotations

from flowbook.run.rules.state import RunState, Scope, Turning


def outlasted(state: RunState, i: int) -> None:
    """Slot `i` is done; where turns of it are not, what it is in stays open for them."""
    turning = state.turning.get(i)
    if turning is not None and turning.active:
        turning.outlasts = True
        state.scopes[state.scope[i]].open += 1


def closed(state: RunState, i: int, turning: Turning, scope: Scope, *, last: bool) -> None:
    """A turn is over of a container that is done; none begins any more when it was given up."""
    if last:
        turning.broken = turning.broken or "failed"
    elif state.cancelling or scope.left not in ("", "continue"):
        turning.broken = turning.broken or scope.left or "cancelled"
    if not turning.active and (turning.broken or turning.next >= (turning.total or 0)):
        turning.outlasts = False
        state.scopes[state.scope[i]].open -= 1
