"""The fold of a step's waiting: what it waits for, and what has come. Part of `evolve`."""

from __future__ import annotations

from flowbook.events import NodeResumed, NodeSuspended
from flowbook.run.rules.state import RunState


def suspended(state: RunState, i: int, event: NodeSuspended) -> None:
    """Step `i` waits."""
    state.reason[i] = event.reason
    state.waiting[i] = event
    state.resumed.pop(i, None)


def resumed(state: RunState, i: int, event: NodeResumed) -> None:
    """Step `i` waits no more."""
    state.reason[i] = None
    before = state.waiting.pop(i)
    if event.signal:
        state.answered[event.signal] = event.seq
    if event.by != "cancel":
        state.resumed[i] = (before, event)
        state.resuming.add(i)
