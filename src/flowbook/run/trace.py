"""The trace of a run: who ran when, where, for how long, and inside of what.

A fold of events to spans, for a Gantt chart and for tools that read traces
(`flowbook.run.trace_formats`). The run is a span, and so is each attempt of a node and each turn of
a container; the first is the run, and every other has its parent before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import Any, TypeAlias

import msgspec

from flowbook.events import (
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeResumed,
    NodeRetryScheduled,
    NodeReused,
    NodeScheduled,
    NodeStarted,
    NodeSuspended,
    NodeUsed,
    OfNode,
    RunCompleted,
    RunCreated,
    RunRecovered,
    ScopeClosed,
    ScopeOpened,
    ScopeReused,
)
from flowbook.run.critical import critical_path
from flowbook.run.rules.state import scope_path


class Span(msgspec.Struct, gc=False):
    """Something that took time. Times are seconds since the epoch, UTC.

    `kind` is run, node or turn. `parent` is the number of the span it is inside of, None for the
    run. `queued_at`: since when it was ready to begin; `ended_at` is None while it goes on. `on` is
    where a node ran. `status` of an attempt is succeeded, retried, failed, suspended, cancelled,
    lost with its process, or running; `reused` of what did not run.
    """

    name: str
    kind: str
    parent: int | None
    status: str
    started_at: float
    ended_at: float | None = None
    queued_at: float | None = None
    scope: str = ""
    attempt: int = 0
    on: str = ""
    lane: int = 0
    """The row to draw it in: no two spans of one lane go on at once."""
    error: str = ""
    cpu_ms: float | None = None
    memory: int | None = None


class Trace(msgspec.Struct, frozen=True):
    """The spans of a run, in the order in which they began."""

    run: str
    flow: str
    spans: tuple[Span, ...]
    critical: tuple[int, ...]
    """The numbers of the spans on the critical path, in order: the last attempt of each node."""
    ended_at: float
    """When the last thing happened that is known of."""
    parent: str = ""
    """The run that started this one."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def trace(events: Sequence[Event]) -> Trace:
    """The trace of the run these are the events of, as far as it has come.

    >>> one = trace([NodeStarted(run="r", seq=1, at=1.0, node="a", attempt=1, on="thread"),
    ...              NodeCompleted(run="r", seq=2, at=3.0, node="a", attempt=1, ms=2000.0)])
    >>> one.spans[1].name, one.spans[1].status, one.spans[1].on
    ('a', 'succeeded', 'thread')
    """
    tracer = _Tracer(events)
    for event in events:
        take = _TAKE.get(type(event))
        if take is not None:
            take(tracer, event)
        tracer.now = event.at
    lanes(tracer.spans, tracer.now)
    latest = tracer.attempts
    path = (latest.get(node) for node in critical_path(events).nodes)
    return Trace(
        run=tracer.run,
        flow=tracer.spans[0].name,
        spans=tuple(tracer.spans),
        critical=tuple(number for number in path if number is not None),
        ended_at=tracer.now,
        parent=tracer.parent,
    )


def lanes(spans: Iterable[Span], now: float) -> None:
    """Give every span the first lane that is free when it begins.

    >>> some = [Span("a", "node", 0, "", 0.0, 2.0), Span("b", "node", 0, "", 1.0, 3.0),
    ...         Span("c", "node", 0, "", 2.0, 4.0)]
    >>> lanes(some, 4.0)
    >>> [span.lane for span in some]
    [0, 1, 0]
    """
    busy: list[tuple[float, int]] = []
    free: list[int] = []
    for span in sorted(spans, key=lambda one: one.started_at):
        while busy and busy[0][0] <= span.started_at:
            heappush(free, heappop(busy)[1])
        span.lane = heappop(free) if free else len(busy)
        heappush(busy, (now if span.ended_at is None else span.ended_at, span.lane))


class _Tracer:
    """What is known so far of spans and of those that are open."""

    def __init__(self, events: Sequence[Event]) -> None:
        first = events[0] if events else None
        self.now = 0.0 if first is None else first.at
        self.run = "" if first is None else first.run
        self.parent = ""
        self.spans = [Span("", "run", None, "running", self.now)]
        self.attempts: dict[str, int] = {}
        """By what a node is called in the whole run, the number of the newest span of a node."""
        self.turns: dict[str, int] = {}
        """By path, the number of the newest span of a turn."""
        self._queued: dict[str, float] = {}

    # ------------------------------------------------------------ the run

    def created(self, event: RunCreated) -> None:
        self.spans[0] = Span(event.flow, "run", None, "running", event.at)
        self.parent = event.parent or ""

    def completed(self, event: RunCompleted) -> None:
        _end(self.spans[0], event.status.value, event.at)
        if event.error is not None:
            self.spans[0].error = event.error.message

    def recovered(self, event: RunRecovered) -> None:
        """What was under way ended with its process, at its last sign of life."""
        for key in event.lost:
            number = self.attempts.get(key)
            if number is not None and self.spans[number].ended_at is None:
                _end(self.spans[number], "lost", self.now)

    # ------------------------------------------------------------ nodes

    def scheduled(self, event: NodeScheduled | NodeResumed) -> None:
        self._queued.setdefault(_key(event), event.at)

    def started(self, event: NodeStarted) -> None:
        key = _key(event)
        span = self._add(event.node, "node", event.scope, event.at)
        span.queued_at = self._queued.pop(key, None)
        span.attempt, span.on = event.attempt, event.on
        self.attempts[key] = len(self.spans) - 1

    def ended(self, event: _Ending) -> None:
        number = self.attempts.get(_key(event))
        if number is None or self.spans[number].ended_at is not None:
            return  # it never began
        span = self.spans[number]
        _end(span, _ENDINGS[type(event)], event.at)
        if isinstance(event, NodeFailed | NodeRetryScheduled):
            span.error = f"{event.error.name}: {event.error.message}"
        if isinstance(event, NodeRetryScheduled):
            self._queued[_key(event)] = event.at + event.delay

    def reused(self, event: NodeReused) -> None:
        span = self._add(event.node, "node", event.scope, event.at)
        _end(span, "reused", event.at)
        self.attempts[_key(event)] = len(self.spans) - 1

    def used(self, event: NodeUsed) -> None:
        number = self.attempts.get(_key(event))
        if number is not None and event.cpu_ms is not None:
            self.spans[number].cpu_ms, self.spans[number].memory = event.cpu_ms, event.memory

    # ------------------------------------------------------------ turns

    def opened(self, event: ScopeOpened | ScopeReused) -> None:
        path = scope_path(event.scope, event.node, event.block, event.index)
        of = self.attempts.get(_key(event))
        span = self._add(path, "turn", event.scope, event.at, of)
        self.turns[path] = len(self.spans) - 1
        if isinstance(event, ScopeReused):
            _end(span, "reused", event.at)

    def closed(self, event: ScopeClosed) -> None:
        path = scope_path(event.scope, event.node, event.block, event.index)
        if path in self.turns:
            _end(self.spans[self.turns[path]], event.status.value, event.at)

    def _add(self, name: str, kind: str, scope: str, at: float, of: int | None = None) -> Span:
        parent = self.turns.get(scope, 0) if of is None else of
        span = Span(name, kind, parent, "running", at, scope=scope)
        self.spans.append(span)
        return span


def _key(event: OfNode) -> str:
    return f"{event.scope}.{event.node}" if event.scope else event.node


def _end(span: Span, status: str, at: float) -> None:
    span.status, span.ended_at = status, at


_Ending: TypeAlias = NodeCompleted | NodeRetryScheduled | NodeFailed | NodeSuspended | NodeCancelled
_ENDINGS: Mapping[type, str] = {
    NodeCompleted: "succeeded",
    NodeRetryScheduled: "retried",
    NodeFailed: "failed",
    NodeSuspended: "suspended",
    NodeCancelled: "cancelled",
}
_TAKE: Mapping[type, Callable[[_Tracer, Any], None]] = {
    RunCreated: _Tracer.created,
    RunCompleted: _Tracer.completed,
    RunRecovered: _Tracer.recovered,
    NodeScheduled: _Tracer.scheduled,
    NodeResumed: _Tracer.scheduled,
    NodeStarted: _Tracer.started,
    **dict.fromkeys(_ENDINGS, _Tracer.ended),
    NodeReused: _Tracer.reused,
    NodeUsed: _Tracer.used,
    ScopeOpened: _Tracer.opened,
    ScopeReused: _Tracer.opened,
    ScopeClosed: _Tracer.closed,
}
