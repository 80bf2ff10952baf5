"""The places of a project's limits: `gpu=1` is one file, and whoever has it locked has the GPU.

A flock ends with its process, so what a killed process had is free at once, without anybody
noticing that it is gone. Places are taken in the folder's *turn*, a lock that is held for a look
and no longer; they are given back without it. Files of places are never removed: a lock is on a
file, not on a name.

How many places there are is a setting of the project (`flowbook.store.settings`), copied into a
file, because a run that starts does not wait for a look into the database.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import msgspec

from flowbook.errors import StoreError, UsageError
from flowbook.store.disk import Disk, Durability
from flowbook.store.flocks import held, is_taken
from flowbook.store.layout import Layout, from_filename

TURN_SECONDS = 5.0
"""How long to wait for the turn, which others have for a fraction of a millisecond."""
NO_LIMITS = "none"
_LIMIT = re.compile(r"([^\W\d][\w.-]*)=([1-9]\d{0,5})")
_held: dict[str, Slot] = {}
"""The places this process has, by path."""


def parse_limits(value: object) -> str:
    """Names and whole numbers from 1 on, from text or from a mapping; `none` for no limits."""
    given = value.items() if isinstance(value, Mapping) else None
    if given is None and str(value).strip().lower() in ("", NO_LIMITS):
        return NO_LIMITS
    text = str(value) if given is None else ",".join(f"{name}={most}" for name, most in given)
    found = [_LIMIT.fullmatch(part) for part in re.split(r"[,\s]+", text.strip()) if part]
    names = [one[1] for one in found if one is not None]
    if not names or len(set(names)) < len(found):
        raise UsageError(
            f"{value!r} says no limits",
            hint="write each name once, with a whole number: gpu=1,api=4,runs=8, or none",
        )
    return ",".join(one[0] for one in found if one is not None)


def limits_of(text: str) -> dict[str, int]:
    """How many at once, by name, that the setting `limits` says.

    >>> limits_of("gpu=1,api=4"), limits_of("none")
    ({'gpu': 1, 'api': 4}, {})
    """
    if text == NO_LIMITS:
        return {}
    return {name: int(most) for name, _, most in (part.partition("=") for part in text.split(","))}


class Holding(msgspec.Struct, frozen=True):
    """Who has a place. `at`: since when, in seconds since the epoch."""

    run: str
    node: str | None
    pid: int
    at: float


class Slot:
    """A place of a limit, this process's own until `release` or its end."""

    def __init__(self, name: str, path: str, fd: int) -> None:
        self.name, self.path = name, path
        self._fd: int | None = fd
        _held[path] = self

    def release(self) -> None:
        """Let others have the place; calling it twice does nothing."""
        fd = self._let_go()  # first: whoever takes it next is told apart
        if fd is not None:
            fcntl.flock(fd, fcntl.LOCK_UN)  # a child forked meanwhile shares the descriptor
            os.close(fd)

    def disown(self) -> None:
        """In a forked child: the place stays the parent's, and does not outlive it."""
        fd = self._let_go()
        if fd is not None:
            os.close(fd)

    def _let_go(self) -> int | None:
        if _held.get(self.path) is self:
            del _held[self.path]
        fd, self._fd = self._fd, None
        return fd


class Slots:
    """The places of one project. `prepare` is called before the first file is made.

    >>> import tempfile
    >>> slots = Slots(Layout(Path(tempfile.mkdtemp())))
    >>> slots.say({"gpu": 1})
    >>> with slots.turn():
    ...     mine = slots.take("gpu", "r1", "train")
    ...     slots.used()
    {'gpu': 1}
    >>> mine.release()
    >>> with slots.turn():
    ...     slots.used(), slots.limits()
    ({}, {'gpu': 1})
    """

    def __init__(
        self,
        layout: Layout,
        *,
        disk: Disk | None = None,
        prepare: Callable[[], object] = lambda: None,
    ) -> None:
        self.layout = layout
        self._disk = disk or Disk()
        self._prepare = prepare
        self._file = layout.limits / "limits.json"
        self._seen: tuple[int, int] | None = None
        self._limits: Mapping[str, int] = {}

    def limits(self) -> Mapping[str, int]:
        """How many places each limit has, as it is set now; one look at a file's date."""
        path = self._file
        try:
            stat = os.stat(path)
            seen = (stat.st_mtime_ns, stat.st_ino)
            if seen != self._seen:
                self._limits = msgspec.json.decode(path.read_bytes(), type=dict[str, int])
                self._seen = seen
        except FileNotFoundError:
            self._seen, self._limits = None, {}
        except msgspec.DecodeError as error:
            raise StoreError(
                f"{path} is damaged: {error}",
                hint="set the limits again: flowbook store settings limits gpu=1,api=4",
            ) from error
        return self._limits

    def say(self, limits: Mapping[str, int]) -> None:
        """Make it so: from now on there are so many places. Raises `StoreError` if it cannot."""
        folder = self.layout.limits
        if not limits and not folder.exists():
            return
        try:
            self.prepare()
            with self._disk.staged(folder) as staged:
                staged.write_bytes(msgspec.json.encode(limits))
                self._disk.publish(staged, self._file, Durability.FSYNC)
        except OSError as error:
            raise StoreError(
                f"the limits cannot be written to {folder}: {error}",
                hint="free or mount the disk, then set them again",
            ) from error

    def prepare(self) -> None:
        """Make the folder."""
        if not self.layout.limits.exists():
            self._prepare()
            self.layout.limits.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def turn(self, budget: float = TURN_SECONDS) -> Iterator[None]:
        """Nobody else takes a place or says that it waits while this is held.

        Raises `StoreBusy` when others do not let go of it for `budget` seconds.
        """
        self.prepare()
        path = self.layout.limits / "turn.lock"
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        hint = "is a process of this project stopped? it is asked again"
        with held(fd, path, budget, by="another process", hint=hint):
            yield

    def used(self) -> dict[str, int]:
        """How many places of each limit somebody has; in turn."""
        return dict(Counter(name for name, path in self._files() if _is_held(path)))

    def take(self, name: str, run: str, node: str | None = None) -> Slot:
        """The first place of a limit that nobody has, of as many as it takes; in turn.

        It is for the caller to see to it that there is to be another.
        """
        first = str(self.layout.slot(name, 0)).removesuffix("0.slot")
        for number in count():
            path = f"{first}{number}.slot"
            if _own(path):
                continue
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                continue
            overwrite(fd, msgspec.json.encode(Holding(run, node, os.getpid(), time.time())))
            return Slot(name, path, fd)
        raise AssertionError("unreachable")

    def holders(self) -> dict[str, list[Holding]]:
        """Who has the places of each limit, as far as they say; in turn."""
        found: dict[str, list[Holding]] = {}
        for name, path in self._files():
            if _is_held(path):
                with suppress(OSError, msgspec.DecodeError):
                    told = msgspec.json.decode(Path(path).read_bytes(), type=Holding)
                    found.setdefault(name, []).append(told)
        return found

    def _files(self) -> Iterator[tuple[str, str]]:
        with os.scandir(self.layout.limits) as entries:
            found = sorted(one.path for one in entries if one.name.endswith(".slot"))
        for path in found:
            yield from_filename(os.path.basename(path).split(".")[0]), path


def overwrite(fd: int, told: bytes) -> None:
    """Make that all a file says, as JSON. It is not cut to length: that can cost milliseconds."""
    os.pwrite(fd, told.ljust(os.fstat(fd).st_size), 0)


def _own(path: str) -> bool:
    """Some network file systems make a flock of record locks: then one's own cannot be seen."""
    return path in _held


def _is_held(path: str) -> bool:
    if _own(path):
        return True
    fd = os.open(path, os.O_RDONLY)
    try:
        return is_taken(fd)
    finally:
        os.close(fd)


def _disown_all() -> None:
    for slot in list(_held.values()):
        slot.disown()


os.register_at_fork(after_in_child=_disown_all)
