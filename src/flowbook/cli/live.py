"""Follow a run of this process on a stream until it is over, or until it has to be stopped.

The thin rim around `progress`: the engine's thread puts notices into a queue, this thread draws.
Ctrl-C, SIGTERM and the deadline cancel the run, so that its end is written; a second Ctrl-C does
not wait for that. A run that is suspended outlives a SIGTERM.
"""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from flowbook.events import RunStatus
from flowbook.export.exits import ExitCode
from flowbook.session.progress import Board, Feed

_TICK = 0.1
_LAST_WAIT = 10.0
"""Seconds a cancelled run has to write its end."""
_SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


@dataclass(slots=True)
class Screen:
    """Draws a board: as a block that updates in place on a terminal, else line by line."""

    stream: TextIO
    live: bool
    height: int = 0

    def show(self, board: Board, lines: list[str], now: float) -> None:
        """Draw what changed."""
        if not self.live or not board.state.nodes:  # which it has once it begins
            for line in lines:
                self.stream.write(f"{line}\n")
        else:
            size = shutil.get_terminal_size()
            block = board.block(now, size.columns, size.lines)
            back = f"\x1b[{self.height}F\x1b[J" if self.height else ""
            self.stream.write(back + "\n".join(block) + "\n")
            self.height = len(block)
        self.stream.flush()


def follow(
    run: Any,
    stream: TextIO,
    *,
    timeout: float | None = None,
    idle: Callable[[], bool] = lambda: False,
) -> ExitCode | None:
    """Show `run` until it is over. Returns why it was stopped, None when nobody stopped it.

    One that is suspended is let go when it is `idle`, and on SIGTERM: it goes on in whoever takes
    it up.
    """
    board, feed = Board(), Feed(run)
    screen = Screen(stream, stream.isatty())
    deadline = None if timeout is None else time.monotonic() + timeout
    why: ExitCode | None = None
    give_up = float("inf")
    close = feed.open()
    with _signals() as caught:
        while True:
            over = run.status.over or (run.status is RunStatus.SUSPENDED and idle())
            _draw(board, screen, feed)
            if over or (time.monotonic() > give_up and not run.finishing):
                break
            reason = caught.pop() if caught else None
            if reason is None and deadline is not None and time.monotonic() > deadline:
                reason = ExitCode.TIMEOUT
            if reason is ExitCode.TERMINATED and run.status is RunStatus.SUSPENDED:
                why = reason  # it waits on without this process
                break
            again = why is not None and reason in (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
            if again and not run.finishing:
                break
            if reason is not None and (again or why is None):
                why, give_up = why or reason, time.monotonic() + _LAST_WAIT
                run.cancel(reason.meaning)
            _pause(run)
    close()
    if run.status.over:
        run.wait(_LAST_WAIT)  # over, and now durable
        _draw(board, screen, feed)
    else:
        run.let_go()  # when it is suspended
        run.settled(_LAST_WAIT if run.status is RunStatus.SUSPENDED else 0.0)
    return why


def _draw(board: Board, screen: Screen, feed: Feed) -> None:
    now = time.time()
    screen.show(board, list(feed.lines(board, now)), now)


def _pause(run: Any) -> None:
    """Wait a tick, less when the run ends before."""
    limit = time.monotonic() + _TICK
    while time.monotonic() < limit and not run.status.over:
        time.sleep(0.01)


@contextmanager
def _signals() -> Iterator[list[ExitCode]]:
    """Collect SIGINT and SIGTERM instead of dying of them; only the main thread can."""
    caught: list[ExitCode] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    before = {
        number: signal.signal(number, lambda n, _: caught.append(_SIGNALS[signal.Signals(n)]))
        for number in _SIGNALS
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
