"""Locks on whole files: one process at a time has a file, and its end gives it back.

Anybody may look whether somebody has a file. Closing another descriptor of it drops nothing, which
sets these apart from the record locks of `locks`.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowbook.errors import StoreBusy

_FIRST_PAUSE, _LAST_PAUSE = 0.0002, 0.02


def is_taken(fd: int) -> bool:
    """True while somebody has the file that `fd` is of; else nobody gets it before `fd` is closed.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     is_taken(file.fileno())
    False
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


@contextmanager
def held(fd: int, path: Path, budget: float, *, by: str, hint: str) -> Iterator[None]:
    """Have the file at `path`, and close `fd`, which is of it, in the end.

    `StoreBusy` after `budget` seconds says that it is held `by` others.
    """
    try:
        _wait(fd, path, budget, by=by, hint=hint)
        try:
            yield
        finally:
            fcntl.flock(fd, fcntl.LOCK_UN)  # a child forked meanwhile shares the descriptor
    finally:
        os.close(fd)


def _wait(fd: int, path: Path, budget: float, *, by: str, hint: str) -> None:
    deadline, pause = time.monotonic() + budget, _FIRST_PAUSE
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise StoreBusy(
                    f"{path} is held by {by}; waited {budget:g} s",
                    hint=hint,
                    path=str(path),
                    pid=None,
                    seconds=budget,
                ) from None
        time.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE)
