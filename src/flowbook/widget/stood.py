"""How each node of a run stood, from its events, in the words and signs of the live canvas. Pure.

For pictures that nobody answers for. A node inside of a container stands as in its last turn, and
how often it went how in all of them is told by signs (`✓97 ✗3`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from flowbook.events import (
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeResumed,
    NodeRetryScheduled,
    NodeReused,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    NodeSuspended,
    OfNode,
)
from flowbook.events.values import ValueRef
from flowbook.ids import NodeId, PortName

_RING: Final = "M2.2 8a5.8 5.8 0 1 0 11.6 0a5.8 5.8 0 1 0-11.6 0"
_CLOCK: Final = f"{_RING}M8 4.6V8l2.2 1.6"
_PAUSE: Final = "M5.5 3.5v9M10.5 3.5v9"
_CHECK: Final = "m3 8.5 3.4 3.4L13 4.8"
_OUT: Final = f"{_RING}M4 12l8-8"
_BARRED: Final = f"{_RING}M5.4 8h5.2"
SIGNS: Final[Mapping[str, str]] = {
    "idle": _RING,
    "ready": _CLOCK,
    "running": "M8 2a6 6 0 1 1-5.6 3.8",
    "backoff": "M13.5 8A5.5 5.5 0 1 1 11.6 3.8L13.5 5.5M13.5 2v3.5H10",
    "suspended": _PAUSE,
    "succeeded": _CHECK,
    "reused": _CHECK,
    "failed": "m4 4 8 8M12 4l-8 8",
    "not-taken": _OUT,
    "not-needed": _OUT,
    "not-asked": _OUT,
    "blocked": _BARRED,
    "cancelled": _BARRED,
}
"""The sign beside each standing, as a path on a grid of 16; the same as `js/src/view/marks.ts`."""
WORDS: Final[Mapping[str, str]] = {
    "idle": "Not run",
    "ready": "Ready",
    "running": "Running",
    "backoff": "Retrying soon",
    "suspended": "Waiting for outside",
    "succeeded": "Succeeded",
    "reused": "Reused",
    "failed": "Failed",
    "not-taken": "Not taken",
    "not-needed": "Not needed",
    "not-asked": "Not asked for",
    "blocked": "Upstream failed",
    "cancelled": "Cancelled",
}
_OF_EVENT: Final[Mapping[type[Event], str]] = {
    NodeScheduled: "ready",
    NodeStarted: "running",
    NodeResumed: "running",
    NodeRetryScheduled: "backoff",
    NodeSuspended: "suspended",
    NodeCompleted: "succeeded",
    NodeReused: "reused",
    NodeFailed: "failed",
    NodeSkipped: "blocked",
    NodeCancelled: "cancelled",
}
_OF_REASON: Final[Mapping[str, str]] = {
    "branch_not_taken": "not-taken",
    "turn_left": "not-taken",
    "not_needed": "not-needed",
    "not_asked": "not-asked",
    "upstream_cancelled": "cancelled",
}
_COUNTED: Final = (
    ("✓", ("succeeded", "reused")),
    ("✗", ("failed",)),
    ("\N{EN DASH}", ("not-taken", "not-needed", "not-asked", "blocked")),
)


@dataclass(frozen=True, slots=True)
class Stood:
    """How a node stood: `standing` is a key of `WORDS`; `gave` is None until it gave anything."""

    standing: str = "idle"
    ms: float | None = None
    gave: Mapping[PortName, ValueRef] | None = None
    turns: Mapping[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The words beside its sign."""
        if sum(self.turns.values()) > 1:
            counts = [(sign, sum(self.turns.get(k, 0) for k in kinds)) for sign, kinds in _COUNTED]
            return " ".join(f"{sign}{count}" for sign, count in counts if count)
        return WORDS[self.standing]


IDLE: Final = Stood()


def stood(events: Iterable[Event]) -> dict[NodeId, Stood]:
    """By node; a node that nothing happened to is not in it.

    >>> stood([])
    {}
    """
    found: dict[NodeId, Stood] = {}
    turns: dict[NodeId, dict[str, str]] = {}
    for event in events:
        standing = _standing(event)
        if standing is None or not isinstance(event, OfNode):
            continue
        if event.scope:
            turns.setdefault(event.node, {})[event.scope] = standing
        gave = event.outputs if isinstance(event, NodeCompleted | NodeReused) else None
        found[event.node] = Stood(standing, getattr(event, "ms", None), gave)
    return {
        node: Stood(one.standing, one.ms, one.gave, Counter(turns.get(node, {}).values()))
        for node, one in found.items()
    }


def _standing(event: Event) -> str | None:
    found = _OF_EVENT.get(type(event))
    return found if found is None else _OF_REASON.get(str(getattr(event, "reason", "")), found)
