"""How a job is stopped from outside: signals and timers pull its brake."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from flowbook.export.exits import ExitCode

_SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
GRACE = 10.0
"""Seconds an interrupted kernel has before it is killed; systemd waits 90, Kubernetes 30."""


@dataclass(slots=True)
class Brake:
    """Stops a job once, for the first reason given; safe from signal handlers and timers."""

    why: ExitCode | None = None
    pid: int | None = None
    grace: float = GRACE
    _killer: threading.Timer | None = field(default=None, repr=False)

    def pull(self, why: ExitCode) -> None:
        """Interrupt the kernel, and kill it if it has not ended after the grace."""
        if self.why is not None:
            return
        self.why = why
        if self.pid is not None:
            self._signal(signal.SIGINT)
            self._killer = threading.Timer(self.grace, self._signal, (signal.SIGKILL,))
            self._killer.daemon = True
            self._killer.start()

    def release(self) -> None:
        """The kernel is gone: nothing is left to stop."""
        self.pid = None
        if self._killer is not None:
            self._killer.cancel()

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def trapped(pull: Callable[[ExitCode], None]) -> Iterator[None]:
    """Let SIGINT and SIGTERM pull the brake; signals can only be trapped in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: object) -> None:
        pull(_SIGNALS[signal.Signals(number)])

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
