"""Who waits for a place of a project's limits, in the words of each process that has such runs.

A board is a file that its process holds a flock on: one that nobody holds is of a process that is
gone, and is removed by whoever sees it. Boards are written and read in the turn of
`flowbook.store.slots`, so nobody sees half of one. A process that waits touches its board a few
times a second; one that has not done so for `STALE_SECONDS`, because it is stopped or hangs, is
passed over until it does.

Beside its board a process has a bell: a named pipe into which others write a byte when it may be
its turn. Where there are no such pipes it finds out by itself, a moment later.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import secrets
import select
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flowbook.store.flocks import is_taken
from flowbook.store.layout import Layout
from flowbook.store.slots import overwrite

STALE_SECONDS = 5.0
_boards: set[Board] = set()


class Waiting(msgspec.Struct, frozen=True):
    """Something that waits: a run, or a node of one. `limits` are the project's that it waits for.

    `order`: whoever has the smaller one goes first. `since`: seconds since the epoch.
    """

    order: tuple[int, int, float, int]
    run: str
    flow: str
    why: str
    since: float
    node: str | None = None
    limits: tuple[str, ...] = ()
    pid: int = 0

    @property
    def priority(self) -> int:
        """That of its run."""
        return -self.order[0]


@dataclass(frozen=True, slots=True)
class Posted:
    """The board of another process. `fresh`: it has been touched of late."""

    waiting: tuple[Waiting, ...]
    bell: Path
    fresh: bool


class Board:
    """The board and the bell of this process for one project."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.limits
        token = secrets.token_hex(8)
        self.path = self._folder / f"{token}.queue"
        self._bell_path = self._folder / f"{token}.bell"
        self._fd: int | None = None
        self._written = b""
        self._bell: tuple[int, int] | None = None
        _boards.add(self)

    # ------------------------------------------------------------ the board, in turn

    def post(self, waiting: Sequence[Waiting]) -> None:
        """Say what waits here, and that this process is at it; an empty board stays up."""
        if not waiting and self._fd is None:
            return
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        told = msgspec.json.encode(waiting)
        if told == self._written:
            os.utime(self._fd)
            return
        overwrite(self._fd, told)
        self._written = told

    def others(self) -> list[Posted]:
        """The boards of all other processes that are there."""
        return posted(self._folder, self.path)

    # ------------------------------------------------------------ the bell

    def listen(self, timeout: float | None) -> None:
        """Wait until somebody rings, at most `timeout` seconds."""
        heard, _ = self._open()
        poll = select.poll()  # `select` knows the first 1,024 files of a process only
        poll.register(heard, select.POLLIN)
        if poll.poll(None if timeout is None else timeout * 1000):
            with suppress(BlockingIOError):
                os.read(heard, 4096)

    def ring(self) -> None:
        """Wake whoever listens here; from any thread."""
        with suppress(BlockingIOError):  # it is full: somebody has rung
            os.write(self._open()[1], b".")

    def open(self) -> None:
        """Make the bell, before anybody listens or rings."""
        self._open()

    def close(self) -> None:
        """Take board and bell down."""
        _boards.discard(self)
        self.take_down()
        self.disown()

    def take_down(self) -> None:
        """Nobody is to see them any more."""
        for path in (self.path, self._bell_path):
            path.unlink(missing_ok=True)

    def disown(self) -> None:
        """In a forked child: they are the parent's."""
        bell, self._bell = self._bell, None
        fd, self._fd = self._fd, None
        for one in {*(bell or ()), *(() if fd is None else (fd,))}:
            os.close(one)

    def _open(self) -> tuple[int, int]:
        if self._bell is None:
            try:
                os.mkfifo(self._bell_path, 0o644)
                both = os.open(self._bell_path, os.O_RDWR | os.O_NONBLOCK)
                self._bell = (both, both)
            except OSError:  # no such pipes on this file system
                self._bell = os.pipe()
                for end in self._bell:
                    os.set_blocking(end, False)
        return self._bell


def posted(folder: Path, but: Path | None = None) -> list[Posted]:
    """The boards in a folder, without those of processes that are gone; in turn."""
    found = []
    for path in sorted(folder.glob("*.queue")):
        if path != but:
            one = _read(path)
            if one is not None:
                found.append(one)
    return found


def ring(bell: Path) -> None:
    """Wake the process whose bell that is, if it listens."""
    with suppress(OSError):
        fd = os.open(bell, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(fd, b".")
        finally:
            os.close(fd)


def _read(path: Path) -> Posted | None:
    bell = path.with_suffix(".bell")
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if not is_taken(fd):  # its process is gone
            for left in (path, bell):
                left.unlink(missing_ok=True)
            return None
        stat = os.fstat(fd)
        told = msgspec.json.decode(os.pread(fd, stat.st_size, 0), type=tuple[Waiting, ...])
        return Posted(told, bell, abs(time.time() - stat.st_mtime) < STALE_SECONDS)
    finally:
        os.close(fd)


def _take_all_down() -> None:
    for board in list(_boards):
        board.take_down()


def _disown_all() -> None:
    for board in list(_boards):
        _boards.discard(board)
        board.disown()


atexit.register(_take_all_down)
os.register_at_fork(after_in_child=_disown_all)
