"""How a job is stopped from outside: by signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flowbook.export.exits import ExitCode

_SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


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
