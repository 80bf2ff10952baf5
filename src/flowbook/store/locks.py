"""Who may read, who may fold, and which writers live.

Two kinds of lock, each where it is sound:

- *gate* and *store* are POSIX record locks on two empty files. They die with their process and
  are not inherited by a fork, but closing **any** descriptor of the file drops them: so nothing
  but this module opens these files, and one process holds them once at a time.
- A writer's *life* is a flock. Closing another descriptor of it does not drop it, so anybody may
  probe it. Some network file systems make a flock of record locks, though; so a process knows its
  own lives by heart and never probes those.

Readers pass the gate on the way in and leave it open behind them; a folder keeps it shut, so that
a flood of readers cannot starve it. Nothing waits longer than its budget: `StoreBusy` names the
process in the way.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flowbook.errors import StoreBusy, StoreError
from flowbook.store.flocks import is_taken
from flowbook.store.layout import Layout

_FLOCK = struct.Struct("hhqqi4x")  # struct flock of 64-bit Linux
_FIRST_PAUSE, _LAST_PAUSE = 0.001, 0.02
_lives: dict[Path, int] = {}  # descriptors this process held a life with; some may be closed


def check_owner(pid: int) -> None:
    """Refuse a store that a forked child inherited; `StoreError` says what to do."""
    if os.getpid() != pid:
        raise StoreError(
            f"this store was opened by process {pid} and does not survive a fork",
            hint="open the project again in the child process",
        )


class StoreLock:
    """The gate and the store lock of one store.

    >>> import tempfile
    >>> lock = StoreLock(Layout(Path(tempfile.mkdtemp())))
    >>> with lock.folding(budget=1.0):
    ...     lock.layout.lock.exists()
    True
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._pid = os.getpid()
        # Not re-entrant on purpose: a nested lease would close descriptors and so drop the locks.
        self._inside = threading.Lock()

    @contextmanager
    def reading(self, budget: float) -> Iterator[None]:
        """Nobody folds while this is held. Creates nothing: without lock files nobody folds."""
        with ExitStack() as stack:
            deadline = self._enter_process(stack, budget)
            if not (self.layout.gate.exists() and self.layout.lock.exists()):
                yield
                return
            gate = stack.enter_context(_opened(self.layout.gate, os.O_RDONLY))
            store = stack.enter_context(_opened(self.layout.lock, os.O_RDONLY))
            _wait(gate, fcntl.LOCK_SH, self.layout.gate, deadline, budget)
            _wait(store, fcntl.LOCK_SH, self.layout.lock, deadline, budget)
            fcntl.lockf(gate, fcntl.LOCK_UN)
            yield

    @contextmanager
    def folding(self, budget: float) -> Iterator[None]:
        """Nobody reads or folds while this is held; `StoreError` where nothing can be written."""
        with ExitStack() as stack:
            deadline = self._enter_process(stack, budget)
            if not os.access(self.layout.root, os.W_OK | os.X_OK):
                raise StoreError(
                    f"{self.layout.root} is read-only: nothing can be folded there",
                    hint="its history can be read as it is; to fold, open it where you may write",
                )
            gate = stack.enter_context(_opened(self.layout.gate, os.O_RDWR | os.O_CREAT))
            store = stack.enter_context(_opened(self.layout.lock, os.O_RDWR | os.O_CREAT))
            _wait(gate, fcntl.LOCK_EX, self.layout.gate, deadline, budget)
            _wait(store, fcntl.LOCK_EX, self.layout.lock, deadline, budget)
            yield

    def _enter_process(self, stack: ExitStack, budget: float) -> float:
        check_owner(self._pid)  # a thread of the parent may hold `_inside` for ever here
        deadline = time.monotonic() + budget
        if not self._inside.acquire(timeout=budget):
            raise _busy(self.layout.lock, os.getpid(), budget)
        stack.callback(self._inside.release)
        return deadline


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    fd = os.open(path, flags, 0o644)
    try:
        yield fd
    finally:
        os.close(fd)


def _wait(fd: int, kind: int, path: Path, deadline: float, budget: float) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            fcntl.lockf(fd, kind | fcntl.LOCK_NB)
            return
        except (BlockingIOError, PermissionError):
            if time.monotonic() >= deadline:
                raise _busy(path, _holder(fd, kind), budget) from None
        time.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE)


def _holder(fd: int, kind: int) -> int | None:
    """The process that keeps us from the lock, where the system can tell."""
    if not sys.platform.startswith("linux"):
        return None
    wanted = fcntl.F_WRLCK if kind == fcntl.LOCK_EX else fcntl.F_RDLCK
    question = _FLOCK.pack(wanted, os.SEEK_SET, 0, 0, 0)
    answer = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, question))
    return answer[4] or None


def _busy(path: Path, pid: int | None, budget: float) -> StoreBusy:
    who = "another thread of this process" if pid == os.getpid() else f"process {pid or '?'}"
    return StoreBusy(
        f"{path} is held by {who}; waited {budget:g} s",
        hint="try again, or end that process; what was journalled is safe",
        path=str(path),
        pid=pid,
        seconds=budget,
    )


def same_file(fd: int, path: Path) -> bool:
    """True when `fd` is the file that `path` names now: locks are held on files, not on names."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def hold_life(path: Path) -> int:
    """Create and hold a writer's life file; closing the descriptor (or dying) ends the life."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(fd, fcntl.LOCK_EX)  # a probe may hold it for a moment
        if same_file(fd, path):
            _lives[path] = fd
            return fd
        os.close(fd)  # a folder took the unlocked file for a dead writer's: make it again


def alive(path: Path) -> bool:
    """True while some process holds the life file at `path`."""
    if _own_life(path):
        return True
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return is_taken(fd)
    finally:
        os.close(fd)


def _own_life(path: Path) -> bool:
    fd = _lives.get(path)
    if fd is None:
        return False
    try:
        if same_file(fd, path):
            return True
    except OSError:
        pass  # closed: that life is over
    _lives.pop(path, None)
    return False
