"""`Coalescer`: many facts in, at most one message per interval out. Pure; time is an argument.

The Jupyter server silently drops what goes above 1,000 messages a second, and a browser is busy
long before that; twenty a second look just as live. Facts keep their order and none is lost
(log lines excepted: those are asked for, never pushed); of several progress notices of one node
only the last survives. Messages are numbered without holes, so a view that misses one knows.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from flowbook.events import (
    Event,
    NodeCompleted,
    NodeLogged,
    NodeReused,
    NodeStreamed,
    NodeUsed,
)
from flowbook.ids import EventSeq, NodeId, RunId
from flowbook.widget.protocol import Batch, Snapshot
from flowbook.widget.views import FlowView, ProgressView, RunView, StreamView

INTERVAL = 0.05
"""Seconds between two messages: 20 a second."""
MOST_PIECES = 8
"""Notices of one stream that wait; more are put together."""
MOST_TEXT = 20_000
"""Characters of such a one."""
_ASKED_FOR = (NodeLogged, NodeStreamed, NodeUsed)
"""Facts that a view asks for, node by node."""


class Coalescer:
    """What waits to be sent, and when it may go.

    >>> stream = Coalescer()
    >>> stream.progress(ProgressView(NodeId("clean"), 1.0))
    >>> stream.due(now=0.0)
    0.0
    >>> stream.batch(now=0.0).seq
    1
    >>> stream.due(now=0.0) is None     # nothing waits any more
    True
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._seq = 0
        self._sent_at = float("-inf")
        self._waiting: dict[RunId, dict[EventSeq, Event]] = {}
        self._told: dict[RunId, EventSeq] = {}
        self._progress: dict[NodeId, ProgressView] = {}
        self._streams: dict[tuple[NodeId, str, str], list[StreamView]] = {}

    @property
    def seq(self) -> int:
        """The number of the last message."""
        return self._seq

    def facts(self, events: Iterable[Event]) -> None:
        """Queue facts; those already sent, or queued twice, are dropped."""
        for event in events:
            if isinstance(event, _ASKED_FOR) or event.seq <= self._told.get(event.run, -1):
                continue
            self._waiting.setdefault(event.run, {})[event.seq] = lean(event)

    def progress(self, notice: ProgressView) -> None:
        """Queue a progress notice in place of the node's last."""
        self._progress[notice.node] = notice

    def stream(self, notice: StreamView) -> None:
        """Queue what a node streamed; of other channels than tokens only the last is of use."""
        waiting = self._streams.setdefault((notice.node, notice.scope, notice.channel), [])
        tokens = notice.channel == "token"
        if waiting and (not tokens or len(waiting) >= MOST_PIECES):
            notice = _together(waiting.pop(), notice, tokens=tokens)
        waiting.append(notice)

    def due(self, now: float) -> float | None:
        """Seconds until the next message may go; None while there is nothing to say."""
        if not self._waiting and not self._progress and not self._streams:
            return None
        return self.rest(now)

    def rest(self, now: float) -> float:
        """Seconds until any message may go."""
        return max(0.0, self._sent_at + self._interval - now)

    def batch(self, now: float) -> Batch:
        """Everything that waits, as one message."""
        events: list[Event] = []
        for run, queued in self._waiting.items():
            ordered = sorted(queued)
            events += [queued[seq] for seq in ordered]
            self._told[run] = max(self._told.get(run, EventSeq(-1)), ordered[-1])
        progress = tuple(self._progress.values())
        streams = tuple(one for pieces in self._streams.values() for one in pieces)
        self._waiting, self._progress, self._streams = {}, {}, {}
        return Batch(self._next(now), tuple(events), progress, streams)

    def snapshot(self, now: float, flow: FlowView, run: RunView | None = None) -> Snapshot:
        """A fresh start: `run` with what waits folded in; other runs are forgotten.

        What is streamed is asked for again, node by node.
        """
        self._streams = {}
        if run is None:
            self._waiting, self._told, self._progress = {}, {}, {}
            return Snapshot(self._next(now), flow)
        facts = (event for event in run.events if not isinstance(event, _ASKED_FOR))
        known = {event.seq: lean(event) for event in facts}
        known |= self._waiting.get(run.run, {})
        self._told = {run.run: max(known, default=EventSeq(-1))}
        self._waiting = {}
        events = tuple(known[seq] for seq in sorted(known))
        progress = tuple(self._progress.values())
        self._progress = {}
        view = msgspec.structs.replace(run, events=events, progress=progress)
        return Snapshot(self._next(now), flow, view)

    def _next(self, now: float) -> int:
        self._seq += 1
        self._sent_at = now
        return self._seq


def _together(before: StreamView, new: StreamView, *, tokens: bool) -> StreamView:
    """Two notices of one stream as one; of another attempt, the new one alone."""
    if new.attempt != before.attempt:
        return new
    text = (before.text + new.text)[-MOST_TEXT:] if tokens else new.text
    chunks = new.chunk_index + new.chunks - before.chunk_index
    return msgspec.structs.replace(
        new, text=text, chunk_index=before.chunk_index, chunks=max(chunks, 1)
    )


def lean(event: Event) -> Event:
    """The fact without inline values, which a view asks for node by node."""
    if isinstance(event, NodeCompleted | NodeReused):
        outputs = {
            port: msgspec.structs.replace(ref, inline=msgspec.UNSET)
            for port, ref in event.outputs.items()
        }
        event = msgspec.structs.replace(event, outputs=outputs)
    if isinstance(event, NodeCompleted) and event.result is not None:
        event = msgspec.structs.replace(
            event, result=msgspec.structs.replace(event.result, inline=msgspec.UNSET)
        )
    return event
