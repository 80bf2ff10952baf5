"""The end of a run's time: what the run then says of itself.

A deadline is a moment of the clock and not a length of time, so that it holds on through a
recovery, and in the runs that a run calls.
"""

from __future__ import annotations

from flowbook.events.values import ErrorInfo
from flowbook.graph.options import print_duration
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState

_MOST_NAMED = 5
_UNDER_WAY = (Phase.RUNNING, Phase.BACKOFF, Phase.SUSPENDED)


def late(state: RunState, seconds: float) -> ErrorInfo:
    """What a run that is not over after `seconds` failed with: it names what was under way."""
    busy = [state.key(i) for i, at in enumerate(state.phase) if at in _UNDER_WAY]
    named = ", ".join(busy[:_MOST_NAMED])
    more = f" and {len(busy) - _MOST_NAMED} more" if len(busy) > _MOST_NAMED else ""
    doing = f"; under way: {named}{more}" if busy else ""
    return ErrorInfo(
        type="TimeoutError",
        message=f"the run was not over after {print_duration(round(seconds, 3))}{doing}",
        hint="raise the flow's timeout, or make these nodes faster",
    )
