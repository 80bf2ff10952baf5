"""The state machine of a step: two small enums and one table.

Whatever is not in `TABLE` cannot happen; `flowbook.run.rules.state.evolve` raises for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from flowbook.events import (
    CancelRequested,
    ItemsAdded,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeLogged,
    NodeResumed,
    NodeRetryScheduled,
    NodeReused,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    NodeStreamed,
    NodeSuspended,
    NodeUnfolded,
    NodeUsed,
    RunCompleted,
    RunPaused,
    RunRecovered,
    RunResumed,
    ScopeClosed,
    ScopeLeft,
    ScopeOpened,
    ScopeReused,
)


class Phase(StrEnum):
    """What a step is doing."""

    WAITING = "waiting"
    """Some of its inputs are not settled."""
    STANDBY = "standby"
    """It runs only when the others are over: to undo one of them, or to tear down."""
    READY = "ready"
    """It may run and is about to."""
    RUNNING = "running"
    TURNING = "turning"
    """A container whose turns are under way; it waits for the nodes inside."""
    BACKOFF = "backoff"
    """An attempt failed; the next one comes after a pause."""
    HELD = "held"
    """It may run, but the run is paused."""
    SUSPENDED = "suspended"
    """It waits for something outside."""
    CANCELLING = "cancelling"
    """It was told to stop and has not stopped yet; a thread may take its time."""
    DONE = "done"


class Outcome(StrEnum):
    """How a step ended; only a step in phase done has one."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    REUSED = "reused"


ENDING = frozenset({"break", "completed"})
"""Why a turn is left after which the loop begins no further one."""

GIVEN_UP = frozenset({"timeout", "not_needed", "cancelled"})
"""Why a container's turns are left that is then over itself, failed or cancelled."""

Move: TypeAlias = "tuple[Phase, Outcome | None]"

_P, _O = Phase, Outcome

_TOLD = (NodeLogged, NodeStreamed, NodeUsed)
"""What a node may have told, once it was started; it changes no phase."""
_STARTED = (_P.RUNNING, _P.TURNING, _P.BACKOFF, _P.SUSPENDED, _P.CANCELLING, _P.DONE)

TABLE: Mapping[tuple[Phase, type], Move] = {
    **{(phase, told): (phase, None) for phase in _STARTED for told in _TOLD},
    (_P.WAITING, NodeScheduled): (_P.READY, None),
    (_P.WAITING, NodeReused): (_P.DONE, _O.REUSED),
    (_P.WAITING, NodeSkipped): (_P.DONE, _O.SKIPPED),
    (_P.WAITING, NodeCancelled): (_P.DONE, _O.CANCELLED),
    (_P.STANDBY, NodeScheduled): (_P.READY, None),
    (_P.STANDBY, NodeCancelled): (_P.DONE, _O.CANCELLED),
    (_P.STANDBY, RunCompleted): (_P.DONE, _O.SKIPPED),
    (_P.READY, NodeStarted): (_P.RUNNING, None),
    (_P.READY, NodeSkipped): (_P.DONE, _O.SKIPPED),
    (_P.READY, NodeCancelled): (_P.DONE, _O.CANCELLED),
    (_P.READY, RunPaused): (_P.HELD, None),
    (_P.HELD, RunResumed): (_P.READY, None),
    (_P.HELD, NodeScheduled): (_P.READY, None),
    (_P.HELD, NodeCancelled): (_P.DONE, _O.CANCELLED),
    (_P.RUNNING, NodeCompleted): (_P.DONE, _O.SUCCEEDED),
    (_P.RUNNING, NodeReused): (_P.DONE, _O.REUSED),
    (_P.RUNNING, NodeFailed): (_P.DONE, _O.FAILED),
    (_P.RUNNING, NodeRetryScheduled): (_P.BACKOFF, None),
    (_P.RUNNING, NodeSuspended): (_P.SUSPENDED, None),
    (_P.RUNNING, NodeCancelled): (_P.DONE, _O.CANCELLED),
    (_P.RUNNING, CancelRequested): (_P.CANCELLING, None),
    (_P.RUNNING, RunRecovered): (_P.READY, None),
    (_P.RUNNING, NodeUnfolded): (_P.TURNING, None),
    (_P.TURNING, ScopeOpened): (_P.TURNING, None),
    (_P.TURNING, ScopeLeft): (_P.TURNING, None),
    (_P.TURNING, ScopeClosed): (_P.TURNING, None),
    (_P.TURNING, ScopeReused): (_P.TURNING, None),
    **{
        (phase, ItemsAdded): (phase, None)
        for phase in (
            *(_P.WAITING, _P.STANDBY, _P.READY, _P.HELD),
            *(_P.RUNNING, _P.TURNING, _P.BACKOFF),
        )
    },
    (_P.TURNING, NodeCompleted): (_P.DONE, _O.SUCCEEDED),
    (_P.TURNING, NodeFailed): (_P.DONE, _O.FAILED),
    (_P.TURNING, NodeRetryScheduled): (_P.BACKOFF, None),
    (_P.TURNING, NodeCancelled): (_P.DONE, _O.CANCELLED),
    (_P.TURNING, CancelRequested): (_P.CANCELLING, None),
    (_P.BACKOFF, NodeStarted): (_P.RUNNING, None),
    (_P.BACKOFF, NodeScheduled): (_P.READY, None),
    (_P.BACKOFF, NodeCancelled): (_P.DONE, _O.CANCELLED),
    (_P.SUSPENDED, NodeResumed): (_P.READY, None),
    (_P.SUSPENDED, NodeCancelled): (_P.DONE, _O.CANCELLED),
    (_P.CANCELLING, NodeCancelled): (_P.DONE, _O.CANCELLED),
    (_P.CANCELLING, NodeCompleted): (_P.DONE, _O.SUCCEEDED),
    (_P.CANCELLING, ScopeOpened): (_P.CANCELLING, None),
    (_P.CANCELLING, ScopeLeft): (_P.CANCELLING, None),
    (_P.CANCELLING, ScopeClosed): (_P.CANCELLING, None),
    (_P.DONE, ScopeOpened): (_P.DONE, None),
    (_P.DONE, ScopeLeft): (_P.DONE, None),
    (_P.DONE, ScopeClosed): (_P.DONE, None),
    (_P.DONE, RunRecovered): (_P.READY, None),
}
"""The whole machine. A pair that is not here raises, except that the events about the whole run
(cancel, pause, resume) pass by the steps they do not concern; `RUN_RECOVERED` names those it does.
The turns of a container that is done go on where it has enough without them. A ready step is
skipped only after a recovery: the node it had its input from ran again and failed.
"""

MOVES: Mapping[type, Mapping[Phase, Move]] = {
    kind: {before: move for (before, event), move in TABLE.items() if event is kind}
    for _, kind in TABLE
}
"""The table by event."""
