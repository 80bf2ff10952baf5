"""What the recorded events of a run say, in the words that patterns are judged by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from flowbook.events import (
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeSuspended,
    RunCompleted,
    ScopeClosed,
    ScopeOpened,
)
from flowbook.run.handle import Run

ENDS = (NodeCompleted, NodeCancelled, NodeFailed, NodeSkipped)


def path(event) -> str:
    """A node's name in the whole run."""
    return f"{event.scope}.{event.node}" if event.scope else str(event.node)


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.002)


def waits(run: Run, *nodes: str) -> Run:
    """The run, once those nodes wait for something outside."""

    def there():
        suspended = {path(e) for e in run.events() if isinstance(e, NodeSuspended)}
        return suspended >= {*nodes}

    until(there)
    return run


def done(run: Run, node: str) -> None:
    """Wait until a node, which may be in a turn that has not begun, has ended."""
    until(lambda: any(isinstance(e, ENDS) and path(e) == node for e in run.events()))


class Log:
    """The events of one run, and the run for what its nodes gave."""

    def __init__(self, events: Iterable[Event], run: Run) -> None:
        self.events = list(events)
        self.run = run

    def of(self, *kinds: type) -> list[str]:
        """The paths of what such events are about, in order."""
        return [path(event) for event in self.events if isinstance(event, kinds)]

    @property
    def began(self) -> list[str]:
        return self.of(NodeStarted)

    @property
    def done(self) -> list[str]:
        return self.of(NodeCompleted)

    @property
    def skipped(self) -> dict[str, str]:
        """Why each was, by path."""
        return {path(e): e.reason.value for e in self.events if isinstance(e, NodeSkipped)}

    @property
    def cancelled(self) -> dict[str, str | None]:
        """The node that did it, if one did, by path."""
        return {path(e): e.cause for e in self.events if isinstance(e, NodeCancelled)}

    @property
    def status(self) -> str:
        (end,) = (event for event in self.events if isinstance(event, RunCompleted))
        assert self.events[-1] is end
        return end.status.value

    def at(self, node: str, *kinds: type) -> int:
        """The place of the only such event about it."""
        (found,) = (
            place
            for place, event in enumerate(self.events)
            if isinstance(event, kinds) and path(event) == node
        )
        return found

    def follows(self, later: str, *earlier: str) -> bool:
        """True when one began only once the others had succeeded."""
        return all(self.at(one, NodeCompleted) < self.at(later, NodeStarted) for one in earlier)

    def most_at_once(self, *nodes: str) -> int:
        """How many of those were under way at the same time at most."""
        going: set[str] = set()
        most = 0
        for event in self.events:
            if isinstance(event, NodeStarted) and path(event) in nodes:
                going.add(path(event))
                most = max(most, len(going))
            elif isinstance(event, ENDS):
                going.discard(path(event))
        return most

    def turns(self, node: str) -> list[tuple[int | None, str]]:
        """How the turns of a container ended, in that order."""
        return [
            (event.index, event.status.value)
            for event in self.events
            if isinstance(event, ScopeClosed) and event.node == node
        ]

    def opened(self, node: str) -> list[int | None]:
        """The turns of a container, in the order they began."""
        return [e.index for e in self.events if isinstance(e, ScopeOpened) and e.node == node]

    def __getitem__(self, node: str):
        return self.run[node].output
