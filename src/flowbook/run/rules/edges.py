"""Edges that bring nothing: why the steps they feed may not run. Part of the fold.

`evolve` calls this when a step has ended; nobody else does. What weighs most stays: a failure
upstream is told rather than a branch that was not taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowbook.events import SkipReason
from flowbook.ids import NodeId
from flowbook.run.rules.state import RunState

_GRAVITY: Mapping[SkipReason, int] = {
    SkipReason.TURN_LEFT: 0,
    SkipReason.NOT_NEEDED: 0,
    SkipReason.NOT_ASKED: 0,
    SkipReason.BRANCH_NOT_TAKEN: 1,
    SkipReason.UPSTREAM_CANCELLED: 2,
    SkipReason.UPSTREAM_FAILED: 3,
}


def dead(state: RunState, target: int, required: bool, cause: NodeId | None) -> None:
    """An edge to the slot `target` is of a branch that was not taken."""
    if required:
        doom(state, target, SkipReason.BRANCH_NOT_TAKEN, cause)
    elif state.blame[target] is None:
        state.blame[target] = cause


def doom(state: RunState, target: int, reason: SkipReason, cause: NodeId | None) -> None:
    """The slot `target` may not run for a reason, unless there is a weightier one."""
    known = state.doom[target]
    if known is None or _GRAVITY[reason] > _GRAVITY[known]:
        state.doom[target] = reason
        state.blame[target] = cause


def doom_followers(state: RunState, i: int, reason: SkipReason, cause: NodeId | None) -> None:
    """Slot `i` has ended without giving anything."""
    if not state.edges:
        return
    base = state.scopes[state.scope[i]].base
    for target, _, required in state.edges[i]:
        target += base
        state.waits[target] -= 1
        if reason is SkipReason.BRANCH_NOT_TAKEN:
            dead(state, target, required, cause)
        else:
            doom(state, target, reason, cause)
