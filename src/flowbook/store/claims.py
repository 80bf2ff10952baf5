"""Who performs a tick of a schedule, when several processes watch the same clock.

A claim is a file that can be created only once, so that one process wins and all others see who
did. It needs no database, so a claim is made while DuckDB is held by somebody else. A claim is
never given back: a winner that dies leaves its tick claimed, for half of its effects may be
there; what to do about it is decided where runs are recovered.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flowbook.errors import StoreError
from flowbook.store.disk import Disk, Durability
from flowbook.store.layout import Layout, as_filename, from_filename


@dataclass(frozen=True, slots=True)
class Claim:
    """A tick that somebody won. `at`: seconds since the epoch.

    `host` and `pid` are unknown when the winner died before it could say.
    """

    schedule: str
    tick: str
    at: float
    host: str | None = None
    pid: int | None = None


class _Winner(msgspec.Struct, frozen=True):
    host: str
    pid: int
    at: float


class Claims:
    """The claims of one store. `prepare` is called before the first file is made.

    >>> import tempfile
    >>> claims = Claims(Layout(Path(tempfile.mkdtemp())))
    >>> claims.claim("nightly", "2026-01-01T02:00"), claims.claim("nightly", "2026-01-01T02:00")
    (True, False)
    >>> claims.holder("nightly", "2026-01-01T02:00").pid == os.getpid()
    True
    """

    def __init__(
        self,
        layout: Layout,
        *,
        durability: Durability = Durability.FSYNC,
        disk: Disk | None = None,
        prepare: Callable[[], object] = lambda: None,
    ) -> None:
        self._layout = layout
        self._durability = durability
        self._disk = disk or Disk()
        self._prepare = prepare

    def claim(self, schedule: str, tick: str) -> bool:
        """True for exactly one caller of all processes, and durably so; blocking.

        Raises `UsageError` for names that are too long, `StoreError` when the claim cannot be
        kept; it is then nobody's.
        """
        path = self._path(schedule, tick)
        if path.exists():  # most callers come late: let them pay nothing
            return False
        try:
            self._prepare()
            self._made(path.parent)
            return self._won(path)
        except OSError as error:
            raise StoreError(
                f"tick {tick!r} of {schedule!r} cannot be claimed in {path.parent}: {error}",
                hint="free or mount the disk; the tick is still unclaimed",
            ) from error

    def holder(self, schedule: str, tick: str) -> Claim | None:
        """Who won that tick; None when nobody did."""
        try:
            return _read(self._path(schedule, tick), schedule)
        except FileNotFoundError:
            return None

    def claims(self, schedule: str) -> tuple[Claim, ...]:
        """What is known of a schedule's claims, oldest first."""
        found = []
        for path in self._paths(self._layout.claims / as_filename(schedule)):
            with suppress(FileNotFoundError):  # pruned meanwhile
                found.append(_read(path, schedule))
        return tuple(sorted(found, key=lambda claim: (claim.at, claim.tick)))

    def prune(self, before: float) -> int:
        """Forget claims made before that time (seconds since the epoch); how many went.

        A forgotten tick can be won again: prune only what no process could still find due. Each
        schedule keeps its newest claim, which says how far it got.
        """
        removed = 0
        for folder in self._paths(self._layout.claims):
            for old in self.claims(from_filename(folder.name))[:-1]:
                if old.at < before:
                    (folder / as_filename(old.tick)).unlink(missing_ok=True)
                    removed += 1
        return removed

    def _path(self, schedule: str, tick: str) -> Path:
        return self._layout.claims / as_filename(schedule) / as_filename(tick)

    @staticmethod
    def _paths(folder: Path) -> Iterator[Path]:
        with suppress(FileNotFoundError, NotADirectoryError):
            yield from sorted(folder.iterdir())

    def _made(self, folder: Path) -> None:
        if folder.exists():
            return
        folder.mkdir(parents=True, exist_ok=True)
        if self._durability is Durability.FSYNC:
            for parent in (folder.parent, folder.parent.parent):
                self._disk.sync_directory(parent)

    def _won(self, path: Path) -> bool:
        try:
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        try:
            winner = _Winner(socket.gethostname(), os.getpid(), time.time())
            self._disk.append(fd, msgspec.json.encode(winner))
            if self._durability is Durability.FSYNC:
                self._disk.sync(fd)
                self._disk.sync_directory(path.parent)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        return True


def _read(path: Path, schedule: str) -> Claim:
    tick = from_filename(path.name)
    try:
        winner = msgspec.json.decode(path.read_bytes(), type=_Winner)
    except msgspec.DecodeError:
        return Claim(schedule, tick, path.stat().st_mtime)
    return Claim(schedule, tick, winner.at, winner.host, winner.pid)
