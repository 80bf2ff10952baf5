"""What became of a container's items beyond those it unfolded into. Part of `evolve`.

Items are added behind those that there are, and turns that are known take the place of turns that
would run. A checkpoint changes nothing: that it is in the log is all there is to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.events import CheckpointReached, ItemsAdded, RunStatus, ScopeReused
from flowbook.run.rules.state import RunState, Scope, Turning, scope_path


def added(state: RunState, i: int, event: ItemsAdded) -> None:
    """The container in slot `i` has more items."""
    state.added.setdefault(i, []).append(event)
    turning = state.turning.get(i)
    if turning is not None and turning.total is not None:
        turning.total += event.count


def reused(state: RunState, i: int, event: ScopeReused) -> None:
    """A turn is over that has no slots: what it gave is known."""
    turning = state.turning[i]
    turning.scopes[event.block, event.index] = len(state.scopes)
    turning.succeeded += 1
    state.scopes.append(
        Scope(
            scope_path(event.scope, state.names[i], event.block, event.index),
            base=len(state.names),
            owner=i,
            block=event.block,
            index=event.index,
            opened_at=event.at,
            left=event.left,
            status=RunStatus.SUCCEEDED,
            gave=event.outputs,
        )
    )
    _move_on(turning)


def begun(turning: Turning, index: int) -> None:
    """Turn `index` has begun: the next is the first behind it that is not known."""
    turning.next = max(turning.next, index + 1)
    _move_on(turning)


def _move_on(turning: Turning) -> None:
    while ("", turning.next) in turning.scopes:  # each is passed once
        turning.next += 1


def _nothing(_state: RunState, _event: CheckpointReached) -> None:
    pass


OF_NODES: Mapping[type, Callable[[RunState, int, Any], None]] = {
    ScopeReused: reused,
    ItemsAdded: added,
}
OF_RUNS: Mapping[type, Callable[[RunState, Any], None]] = {CheckpointReached: _nothing}
"""What folds each of these events."""
