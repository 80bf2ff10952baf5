"""The end of a run's time: it is stopped, or has its time again.

A deadline is a moment of the clock and not a length of time, so that it holds on through a
recovery, and in the runs that a run calls. A run whose flow says `timeout_retries` is not stopped
at it: what is under way is given up and begins anew, by the deadline that then comes.
"""

from __future__ import annotations

from flowbook.events import RunRetried
from flowbook.events.values import ErrorInfo
from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.options import print_duration
from flowbook.ids import NodeId
from flowbook.run.rules.illegal import illegal
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState

_MOST_NAMED = 5
_UNDER_WAY = (Phase.RUNNING, Phase.BACKOFF, Phase.SUSPENDED)
_CLOCKS = 1e-6
"""Seconds by which a sum of two times may be off."""


def late(state: RunState, seconds: float) -> ErrorInfo:
    """What a run that is not over after `seconds` in all failed with: it names what goes on."""
    busy = [state.key(i) for i, at in enumerate(state.phase) if at in _UNDER_WAY]
    named = ", ".join(busy[:_MOST_NAMED])
    more = f" and {len(busy) - _MOST_NAMED} more" if len(busy) > _MOST_NAMED else ""
    doing = f"; under way: {named}{more}" if busy else ""
    tried = f" (attempt {state.tries} of the run)" if state.tries > 1 else ""
    return ErrorInfo(
        type="TimeoutError",
        message=f"the run was not over after {print_duration(round(seconds, 3))}{tried}{doing}",
        hint="raise the flow's timeout, or make these nodes faster",
    )


def next_deadline(state: RunState, options: FlowOptions, now: float) -> float | None:
    """By when a run that is out of time `now` is to be over instead; None when it must stop.

    A deadline that comes from the run above holds: no attempt of this one moves it.
    """
    seconds, ends = options.timeout, state.deadline
    if seconds is None or ends is None or state.tries > options.timeout_retries:
        return None
    is_own = state.tries > 1 or ends >= state.created_at + seconds - _CLOCKS
    return now + seconds if is_own else None


def last_deadline(state: RunState, options: FlowOptions) -> float | None:
    """When the run is over at the latest, with all attempts it has; what it calls may take as long.

    Whatever it calls is given up with the attempt that called it, so only the last one is a bound.
    """
    left = options.timeout_retries + 1 - state.tries
    if state.deadline is None or next_deadline(state, options, state.deadline) is None:
        return state.deadline
    return state.deadline + left * (options.timeout or 0.0)


def retried(state: RunState, event: RunRetried) -> None:
    """Fold in that the run has its time again; what was under way is given up without fault."""
    lost = [_running(state, node) for node in event.lost]
    if state.cancelling or state.worked is not None or event.attempt != state.tries + 1:
        raise illegal(state, "the run", "no time to be had again", event)
    if -1 in lost:
        raise illegal(state, "what it gives up", "another phase", event)
    state.tries, state.deadline = event.attempt, event.deadline
    for i in lost:
        state.pardoned[i] = state.pardoned.get(i, 0) + 1


def _running(state: RunState, node: NodeId) -> int:
    i = state.index.get(node, -1)
    return i if i >= 0 and state.phase[i] is Phase.RUNNING else -1
