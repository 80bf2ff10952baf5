"""A run's progress as text: a pure fold of events into lines, for terminals and for logs.

The fold is `run.state`'s own, so text and canvas cannot disagree; this adds only when nodes
started and ended. Time comes in as an argument.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue

from flowbook.events import (
    Event,
    NodeCompleted,
    NodeFailed,
    NodeRetryScheduled,
    NodeReused,
    NodeSkipped,
    NodeStarted,
    NodeSuspended,
    OfNode,
    RunCompleted,
    RunCreated,
    RunRecovered,
    RunRetried,
    ScopeClosed,
    SkipReason,
)
from flowbook.events.values import ErrorInfo, ValueFormat
from flowbook.graph.node import Progress
from flowbook.ids import NodeId
from flowbook.run.handle import Run, undone_text
from flowbook.run.perform import NodeProgress, Notice
from flowbook.run.rules.evolve import evolve
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState
from flowbook.run.stream import NodeStream
from flowbook.run.view import turns_told

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TICK = 0.1
_SAID = 40
"""Characters of what a node streams that stand beside it."""
_MOST_FAILURES = 10
"""So many failures inside of a container are told one by one; its own line counts all."""
BAR = 24
"""Characters of the time line that shows which nodes overlapped."""
_DONE = {
    Outcome.SUCCEEDED: "✓",
    Outcome.REUSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.SKIPPED: "\N{EN DASH}",
    Outcome.CANCELLED: "\N{EN DASH}",
}


@dataclass(slots=True)
class Board:
    """All that is shown of one run. Feed it events in order; ask it for lines."""

    state: RunState = field(default_factory=RunState)
    started: dict[NodeId, float] = field(default_factory=dict)
    ended: dict[NodeId, float] = field(default_factory=dict)
    notes: dict[NodeId, str] = field(default_factory=dict)
    first: float = 0.0
    last: float | None = None
    _progress_at: float = float("-inf")
    _failures: int = 0

    def take(self, event: Event) -> str | None:
        """Fold one event in; the line a log shows for it, or None when it is not worth one."""
        evolve(self.state, event)
        if isinstance(event, RunCreated):
            self.first = event.at
            return f"{event.flow}: {_count(len(event.nodes), 'node')}, run {event.run}"
        if isinstance(event, RunCompleted):
            self.last = event.at
            return self.verdict()
        if isinstance(event, RunRecovered):
            again = ", ".join((*event.lost, *event.again)) or "nothing"
            return f"{self.state.flow}: taken up by process {event.pid}; started again: {again}"
        if isinstance(event, RunRetried):
            return f"{self.state.flow}: {event.error.message}; attempt {event.attempt} begins"
        if isinstance(event, ScopeClosed):
            return self._turned(event)
        note = _note(event)
        if note is None or not isinstance(event, OfNode):
            return None
        if event.scope:
            return self._inside(event, note)
        return self._outside(event, note)

    def _outside(self, event: OfNode, note: str) -> str | None:
        """An event of a node of the flow itself; what nobody asked for is worth no line."""
        node = event.node
        turns = turns_told(self.state, self.state.index[node])
        self._remember(node, event, note)
        if turns:
            self.notes[node] = f"{turns}  {self.notes[node]}".rstrip()
            note = f"{note}  {turns}"
        if isinstance(event, NodeSkipped) and event.reason is SkipReason.NOT_ASKED:
            return None
        return self._log_line(event.at, self._glyph(node, "●"), node, note)

    def _inside(self, event: OfNode, note: str) -> str | None:
        """One of a node inside of a container.

        Of items there may be thousands: no more than the first failures are worth a line.
        """
        key = NodeId(f"{event.scope}.{event.node}")
        if "[" in event.scope:
            self._failures += isinstance(event, NodeFailed)
            if not isinstance(event, NodeFailed) or self._failures > _MOST_FAILURES:
                return None
        return self._log_line(event.at, self._glyph(key, "●"), key, note)

    def _turned(self, event: ScopeClosed) -> str | None:
        """A turn is over: its container tells how far it is, in a log at most once a second."""
        turns = turns_told(self.state, self.state.index[event.node]) if not event.scope else ""
        if not turns:
            return None
        self.notes[event.node] = turns
        if event.at - self._progress_at < 1.0:
            return None
        self._progress_at = event.at
        return self._log_line(event.at, "●", event.node, turns)

    def progress(self, node: NodeId, told: Progress, now: float) -> str | None:
        """Take a node's live progress in; a line for a log, at most one a second."""
        note = _progress(told.done, told.total, told.text)
        if node in self.state.nodes:  # inside of containers there may be thousands
            self.notes[node] = note
        if now - self._progress_at < 1.0:
            return None
        self._progress_at = now
        return self._log_line(now, "●", node, note)

    def streamed(self, told: NodeStream, now: float) -> str | None:
        """Take what a node streams in; a line for a log for each artefact, and for tokens none.

        Text comes as it comes: what a log shows of it is how much there is, once it is over.
        """
        note = _streamed(told)
        if told.node in self.state.nodes:
            self.notes[told.node] = note
        if told.channel != "artefact":
            return None
        return self._log_line(now, "●", told.node, note)

    def verdict(self) -> str:
        """How it ended, in one line."""
        counts: dict[str, int] = {}
        for outcome in self._outcomes():
            if outcome is not None:
                counts[outcome.value] = counts.get(outcome.value, 0) + 1
        what = ", ".join(f"{count} {word}" for word, count in counts.items()) or "no nodes"
        took = (self.last or self.first) - self.first
        undone = undone_text(self.state)
        return f"{self.state.flow}: {self.state.status.value} in {took:.2f} s ({what}){undone}"

    def block(self, now: float, width: int = 100, height: int = 50) -> list[str]:
        """The run as it stands, a line per node, at most `width` by `height`."""
        end = self.last if self.last is not None else now
        spinner = SPINNER[int(now * 10) % len(SPINNER)]
        done = sum(outcome is not None for outcome in self._outcomes())
        total = len(self.state.nodes)
        head = (
            self.verdict()
            if self.last is not None
            else f"{spinner} {self.state.flow}  {done}/{total} nodes  {end - self.first:.1f} s"
        )
        room = max(1, height - 2)
        shown = self._most_telling(room)
        name_width = max((len(node) for node in shown), default=0)
        lines = [head, *(self._node_line(node, name_width, end, spinner) for node in shown)]
        if len(shown) < total:
            lines.append(f"  … {total - len(shown)} more nodes")
        return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]

    # ------------------------------------------------------------ lines

    def _outcomes(self) -> list[Outcome | None]:
        """How the nodes of the flow itself ended."""
        return self.state.outcome[: len(self.state.nodes)]

    def _most_telling(self, room: int) -> list[NodeId]:
        """The nodes to show, in plan order: what moves first, then what is over, then the rest."""
        nodes = self.state.nodes
        if len(nodes) <= room:
            return list(nodes)
        weight = {Phase.STANDBY: 3, Phase.WAITING: 2, Phase.DONE: 1}
        ranked = sorted(
            range(len(nodes)),
            key=lambda i: (weight.get(self.state.phase[i], 0), -self.ended.get(nodes[i], 0.0), i),
        )
        return [nodes[i] for i in sorted(ranked[:room])]

    def _node_line(self, node: NodeId, name_width: int, end: float, spinner: str) -> str:
        started = self.started.get(node)
        until = self.ended.get(node, end)
        took = f"{until - started:6.2f} s" if started is not None else " " * 8
        bar = _bar(started, until, self.first, end)
        line = f"  {self._glyph(node, spinner)} {node:<{name_width}}  {took}  {bar}"
        return f"{line}  {self.notes.get(node, '')}".rstrip()

    def _log_line(self, at: float, glyph: str, node: NodeId, note: str) -> str:
        done = sum(outcome is not None for outcome in self._outcomes())
        count = f"{done}/{len(self.state.nodes)}"
        return f"{at - self.first:7.2f} s  {count:>7}  {glyph} {node}  {note}".rstrip()

    def _glyph(self, node: NodeId, moving: str) -> str:
        i = self.state.index[node]
        outcome = self.state.outcome[i]
        if outcome is not None:
            return _DONE[outcome]
        return "○" if self.state.phase[i] in (Phase.WAITING, Phase.STANDBY) else moving

    def _remember(self, node: NodeId, event: OfNode, note: str) -> None:
        self.notes[node] = note
        if isinstance(event, NodeStarted):
            self.started.setdefault(node, event.at)
            if event.attempt == 1:
                self.notes[node] = ""
        elif isinstance(event, NodeCompleted | NodeFailed | NodeReused):
            self.ended[node] = event.at
            if isinstance(event, NodeCompleted):
                self.notes[node] = _tables(event)


def _note(event: Event) -> str | None:
    """What there is to say of an event of a node."""
    if isinstance(event, NodeStarted):
        return "started" if event.attempt == 1 else f"started, attempt {event.attempt}"
    if isinstance(event, NodeCompleted):
        return f"{event.ms / 1000:.2f} s  {_tables(event)}".rstrip()
    if isinstance(event, NodeReused):
        return "reused"
    if isinstance(event, NodeRetryScheduled):
        return (
            f"attempt {event.attempt} failed, again in {event.delay:.1f} s ({_brief(event.error)})"
        )
    if isinstance(event, NodeFailed):
        return f"failed: {_brief(event.error)}"
    if isinstance(event, NodeSkipped):
        cause = f" ({event.cause})" if event.cause else ""
        return f"skipped: {event.reason.replace('_', ' ')}{cause}"
    if isinstance(event, NodeSuspended):
        return f"waits for {event.reason}"
    return None


def _tables(event: NodeCompleted) -> str:
    rows: Mapping[str, int] = {
        port: ref.rows
        for port, ref in event.outputs.items()
        if ref.rows is not None and ref.format is ValueFormat.PARQUET
    }
    if len(rows) == 1:
        return f"{next(iter(rows.values())):,} rows"
    return ", ".join(f"{port}: {count:,} rows" for port, count in rows.items())


def _progress(done: float, total: float | None, text: str) -> str:
    part = f"{done:g}" if total is None else f"{done:g}/{total:g}"
    return f"{part}  {text}".rstrip()


def _streamed(told: NodeStream) -> str:
    count = told.chunk_index + told.chunks
    if told.channel == "token":
        return f"{_count(count, 'token')}  …{' '.join(told.text.split())[-_SAID:]}"
    if told.channel == "data":
        return f"{count} x data  {told.text[:_SAID]}"
    return f"made {told.text}"


def _bar(started: float | None, until: float, first: float, end: float) -> str:
    """When the node ran, on a line from the run's start to now: overlaps are seen at a glance."""
    if started is None or end <= first:
        return " " * BAR
    scale = BAR / (end - first)
    left = min(BAR - 1, max(0, int((started - first) * scale)))
    right = min(BAR, max(left + 1, round((until - first) * scale)))
    return "·" * left + "━" * (right - left) + "·" * (BAR - right)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _brief(error: ErrorInfo) -> str:
    """The error on one line, without the module it is defined in."""
    (first, *_) = error.message.splitlines() or [""]
    return f"{error.name}: {first}"


def queued_line(waits_for: str) -> str:
    """Why nothing is to be seen of a run yet.

    >>> queued_line("runs=8 of the project")
    'queued: it waits for runs=8 of the project'
    """
    return f"queued: it waits for {waits_for}"


@dataclass(slots=True)
class Feed:
    """A run's events in order, each once, with the live notices behind them."""

    run: Run
    notices: SimpleQueue[Notice] = field(default_factory=SimpleQueue)
    seq: int = 0
    waits: str = ""
    told: str = ""

    def open(self) -> Callable[[], None]:
        """Subscribe, then read what was missed; returns how to stop."""
        return self.run.subscribe(self.notices.put)

    def read(self) -> Iterator[Notice]:
        """Everything new."""
        waiting: list[NodeProgress | NodeStream] = []
        while not self.notices.empty():
            notice = self.notices.get()
            if isinstance(notice, NodeProgress | NodeStream):
                waiting.append(notice)
        for event in self.run.events()[self.seq :]:
            self.seq += 1
            yield event
        yield from waiting

    def lines(self, board: Board, now: float) -> Iterator[str]:
        """What a log shows of everything new, once it is folded into `board`."""
        waits = self.run.waits_for
        if waits and waits == self.waits != self.told:  # not just on its way in
            self.told = waits
            yield queued_line(waits)
        self.waits = waits
        for notice in self.read():
            if isinstance(notice, NodeProgress):
                line = board.progress(notice.node, notice.progress, now)
            elif isinstance(notice, NodeStream):
                line = board.streamed(notice, now)
            else:
                line = board.take(notice)
            if line is not None:
                yield line


def narrate(run: Run, write: Callable[[str], object], *, rests: bool = False) -> None:
    """Write a line for everything that happens in `run` until it is over, or rests; blocks.

    `rests`: a run that waits for something outside is left at that. Ctrl-C cancels the run and is
    raised again.
    """
    board, feed = Board(), Feed(run)
    close = feed.open()
    over = False
    try:
        with run.interruptible():
            while True:
                for line in feed.lines(board, time.time()):
                    write(f"{line}\n")
                if over:
                    return
                over = run.settled(_TICK) or (rests and run.resting)
    finally:
        close()
