"""What a cell shows while its run goes on: one display, updated, that is gone when the run ends.

A run that is over in a moment shows nothing. The display is drawn by a thread of its own, so that
the cell waits as it always does; outside of notebooks the same is one line of a terminal, and
nothing where the output is kept.
"""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any, Protocol
from uuid import uuid4

from flowbook.events import NodeLogged
from flowbook.ids import NodeId
from flowbook.run.handle import Run
from flowbook.run.perform import NodeProgress, Notice
from flowbook.run.rules.phase import Phase
from flowbook.run.stream import NodeStream
from flowbook.session.progress import SPINNER, Board, Feed, queued_line

INTERVAL = 0.25
"""Seconds between two updates."""
_ROWS = 8
"""So many nodes that run, and of each so many of the values that came last, are shown."""
_WIDTH = 100
_IDLE = (Phase.WAITING, Phase.STANDBY, Phase.DONE)


@dataclass(slots=True)
class CellProgress:
    """How a run goes, for one cell: feed it notices, ask it for text."""

    board: Board = field(default_factory=Board)
    said: dict[NodeId, str] = field(default_factory=dict)
    """The last line that a node printed or logged."""
    values: dict[NodeId, deque[str]] = field(default_factory=dict)
    """What a node gave while it ran, the last of it."""

    def take(self, notice: Notice, now: float) -> None:
        """Fold a notice in."""
        if isinstance(notice, NodeProgress):
            self.board.progress(notice.node, notice.progress, now)
        elif isinstance(notice, NodeStream):
            self._streamed(notice, now)
        else:
            if isinstance(notice, NodeLogged) and not notice.scope:
                lines = notice.text.rstrip().splitlines()
                self.said[notice.node] = lines[-1].strip() if lines else ""
            self.board.take(notice)

    def _streamed(self, told: NodeStream, now: float) -> None:
        if told.channel == "data":
            rows = self.values.setdefault(told.node, deque(maxlen=_ROWS))
            rows.append(f"{told.chunk_index + told.chunks}: {told.text}")
        else:
            self.board.streamed(told, now)

    def lines(self, now: float, waits: str = "") -> list[str]:
        """How far the run is, then a line for each node that is running."""
        state, board = self.board.state, self.board
        count = len(state.nodes)
        done = sum(outcome is not None for outcome in state.outcome[:count])
        spinner = SPINNER[int(now * 4) % len(SPINNER)]
        took = now - board.first if board.first else 0.0
        head = f"{spinner} {done}/{count} nodes  {took:.1f} s"
        found = [f"{head}  {queued_line(waits)}" if waits else head]
        moving = [i for i in range(count) if state.phase[i] not in _IDLE]
        for i in moving[:_ROWS]:
            found += self._of_node(state.nodes[i], now)
        if len(moving) > _ROWS:
            found.append(f"  … {len(moving) - _ROWS} more")
        return [line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…" for line in found]

    def _of_node(self, node: NodeId, now: float) -> Iterator[str]:
        started = self.board.started.get(node)
        took = "" if started is None else f"{now - started:.1f} s"
        words = [f"  {node}", took, self.board.notes.get(node, ""), self.said.get(node, "")]
        yield "  ".join(word for word in words if word)
        yield from (f"    {row}" for row in self.values.get(node, ()))

    def share(self) -> float:
        """How much of the run is done, from 0 to 1."""
        state = self.board.state
        count = len(state.nodes)
        return sum(one is not None for one in state.outcome[:count]) / count if count else 0.0


class Screen(Protocol):
    """Where the progress of a cell is drawn."""

    def show(self, lines: list[str], share: float) -> None:
        """Draw this in place of what was drawn before."""
        ...

    def clear(self) -> None:
        """Leave nothing behind."""
        ...


class NotebookScreen:
    """One display of a notebook's cell, as text and as HTML."""

    def __init__(self, publisher: Any) -> None:
        self.publisher = publisher
        self.id: str | None = None

    def show(self, lines: list[str], share: float) -> None:
        """Draw this in place of what was drawn before."""
        text = "\n".join(lines)
        html = f'<progress value="{share:.3f}"></progress><pre>{escape(text)}</pre>'
        self._publish({"text/plain": text, "text/html": html})

    def clear(self) -> None:
        """Leave nothing behind: an output without data takes no room."""
        if self.id is not None:
            self._publish({})

    def _publish(self, data: dict[str, str]) -> None:
        update = self.id is not None
        self.id = self.id or uuid4().hex
        self.publisher.publish(data, {}, transient={"display_id": self.id}, update=update)


class TerminalScreen:
    """One line of a terminal, written over."""

    def __init__(self) -> None:
        self.width = 0

    def show(self, lines: list[str], share: float) -> None:
        """Draw this in place of what was drawn before."""
        line = "  ".join(one.strip() for one in lines[:2])[:78]
        sys.stderr.write(f"\r{line:<{self.width}}")
        sys.stderr.flush()
        self.width = len(line)

    def clear(self) -> None:
        """Leave nothing behind."""
        if self.width:
            sys.stderr.write(f"\r{'':<{self.width}}\r")
            sys.stderr.flush()


def screen_of(shell: Any, *, watched: bool = True) -> Screen | None:
    """Where this shell shows progress; None where nobody would see it.

    `watched`: a front end shows its cells to somebody. What only executes a notebook would keep
    how far a cell once was among its outputs.
    """
    if hasattr(shell, "kernel"):
        return NotebookScreen(shell.display_pub) if watched else None
    return TerminalScreen() if sys.stderr.isatty() else None


@contextmanager
def progress_shown(run: Run, screen: Screen | None) -> Iterator[None]:
    """Inside of it, `screen` shows how `run` goes; afterwards it shows nothing."""
    if screen is None:
        yield
        return
    over = threading.Event()
    context = contextvars.copy_context()  # what is displayed belongs to the cell that waits
    drawing = threading.Thread(
        target=lambda: context.run(_draw, run, screen, over), name="flowbook-cell", daemon=True
    )
    drawing.start()
    try:
        yield
    finally:
        over.set()
        drawing.join(timeout=5)
        screen.clear()


def _draw(run: Run, screen: Screen, over: threading.Event) -> None:
    progress, feed = CellProgress(), Feed(run)
    close = feed.open()
    try:
        while not over.is_set():
            for notice in feed.read():
                progress.take(notice, time.time())
            screen.show(progress.lines(time.time(), run.waits_for), progress.share())
            over.wait(INTERVAL)
    finally:
        close()
