"""Which process has taken up a lost run.

A run that its process began needs no file: the writer's life (`flowbook.store.locks.hold_life`)
says whether it goes on. When that process died, several others may want to finish the run; the
one that holds the flock on `runs/<run>.lock` may, and the file says who it is. Whoever has it asks
*then* whether the run is still lost, because another may have finished it a moment before.

A flock ends with its process, whatever its PID is given to afterwards. The file names the process
only to tell a person; nobody decides by a PID.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from flowbook.errors import StoreError
from flowbook.store.flocks import is_taken
from flowbook.store.layout import Layout, as_filename, from_filename
from flowbook.store.locks import same_file

_PATIENCE, _PAUSE = 0.02, 0.001
_owned: set[OwnedRun] = set()


class RunOwner(msgspec.Struct, frozen=True):
    """The process that has a run. `at`: since when, in seconds since the epoch.

    All is unknown for the moment between getting the run and saying so.
    """

    host: str | None = None
    pid: int | None = None
    at: float | None = None


class OwnedRun:
    """This process has the run until `release`, the end of the `with` block, or its own end.

    >>> import tempfile
    >>> layout = Layout(Path(tempfile.mkdtemp()))
    >>> with own_run(layout, "r1") as owned:
    ...     own_run(layout, "r1"), run_owner(layout, "r1").pid == os.getpid()
    (None, True)
    >>> run_owner(layout, "r1") is None
    True
    """

    def __init__(self, run: str, path: Path, fd: int) -> None:
        self.run = run
        self._path = path
        self._fd: int | None = fd
        _owned.add(self)

    def release(self) -> None:
        """Let others have the run; calling it twice does nothing."""
        fd = self._let_go()
        if fd is not None:
            self._path.unlink(missing_ok=True)  # before the lock goes: then it may be another's
            os.close(fd)

    def disown(self) -> None:
        """In a forked child: the run stays the parent's, and does not outlive it."""
        fd = self._let_go()
        if fd is not None:
            os.close(fd)

    def _let_go(self) -> int | None:
        _owned.discard(self)
        fd, self._fd = self._fd, None
        return fd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def own_run(layout: Layout, run: str) -> OwnedRun | None:
    """Take up a lost run; None when somebody else, or this process, has it already.

    Waits for no owner. `run_owner` says who it is; `StoreError` when the folder cannot be written.
    """
    path = _lock(layout, run)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = _locked(path)
    except OSError as error:
        raise StoreError(
            f"run {run} cannot be taken up: {path.parent} cannot be written: {error}",
            hint="take it up in a project folder that you may write to",
        ) from error
    return None if fd is None else OwnedRun(run, path, fd)


def run_owner(layout: Layout, run: str) -> RunOwner | None:
    """The process that took up `run` and has it now; None when nobody does. Changes nothing."""
    path = _lock(layout, run)
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return _said(fd) if is_taken(fd) else None
    finally:
        os.close(fd)


def owned_runs(layout: Layout) -> dict[str, RunOwner]:
    """Every run that some process has taken up and has now."""
    runs = [from_filename(path.name.removesuffix(".lock")) for path in _locks(layout)]
    owners = {run: run_owner(layout, run) for run in runs}
    return {run: owner for run, owner in owners.items() if owner is not None}


def sweep_runs(layout: Layout) -> int:
    """Remove the files that killed owners left; how many."""
    swept = 0
    for path in _locks(layout):
        with suppress(FileNotFoundError):
            fd = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if same_file(fd, path):
                    path.unlink()
                    swept += 1
            except BlockingIOError:
                continue  # somebody has that run
            finally:
                os.close(fd)
    return swept


def _lock(layout: Layout, run: str) -> Path:
    return layout.runs / f"{as_filename(run)}.lock"


def _locks(layout: Layout) -> list[Path]:
    return sorted(layout.runs.glob("*.lock"))


def _locked(path: Path) -> int | None:
    """A locked descriptor of the file that has that name now; None when it is held.

    A probe or a sweep holds it for microseconds, an owner for longer than our patience.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        kept = False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if same_file(fd, path):
                os.ftruncate(fd, 0)  # a killed owner's name
                owner = RunOwner(socket.gethostname(), os.getpid(), time.time())
                os.pwrite(fd, msgspec.json.encode(owner), 0)
                kept = True
                return fd
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return None
            time.sleep(_PAUSE)
        finally:
            if not kept:
                os.close(fd)


def _said(fd: int) -> RunOwner:
    try:
        return msgspec.json.decode(os.pread(fd, 4096, 0), type=RunOwner)
    except msgspec.DecodeError:
        return RunOwner()


def _disown_all() -> None:
    for owned in list(_owned):
        owned.disown()


os.register_at_fork(after_in_child=_disown_all)
