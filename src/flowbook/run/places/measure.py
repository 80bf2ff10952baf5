"""How much CPU time and memory attempts take: exact in a process of its own, else an estimate.

In this process an attempt's CPU time is that of its thread, or of the steps of its coroutine, which
is exact; its memory is by how much the process grew meanwhile, whoever made it grow. Subprocesses
that end count for an attempt that had no other beside it; else nobody can tell whose they were. One
thread looks at the process twenty times a second while something is measured, and sleeps otherwise.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from types import CoroutineType, coroutine
from typing import Any, TypeAlias

from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.run.usage import Took

LOOK = 0.05
"""Seconds between two looks at this process."""
_FRESH = 0.002
"""Seconds for which a look is good enough for the next who asks."""
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_KIB = 1024
_Call: TypeAlias = "CoroutineType[Any, Any, Any]"
_CPU = slice(11, 15)
"""Where /proc/<pid>/stat has CPU time, behind the process's name: its own, and its children's."""

# ---------------------------------------------------------------- a process of its own


class OwnProcess:
    """Measures a call that has this process for itself, from when it is made until `took`."""

    def __init__(self) -> None:
        with suppress(OSError):  # else the peak is that of all calls so far
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self._before = _cpu_seconds()

    def took(self, *, is_estimate: bool = False) -> Took:
        """What the call took."""
        used = (_cpu_seconds() - self._before) * 1000
        return Took(round(used, 3), _peak("self") or _most_resident(), is_estimate)


def cpu_of(pid: int) -> float | None:
    """Seconds of CPU time of another process and its children; None where nobody can tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return sum(map(int, stat.rpartition(")")[2].split()[_CPU])) / _TICKS


def memory_of(pid: int) -> int | None:
    """Bytes that another process has in memory; None where nobody can tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError):
        return None


def took_of(pid: int, before: float | None) -> Took | None:
    """What the call another process makes took so far; `before` is its `cpu_of` at the start."""
    now, memory = cpu_of(pid), _peak(pid)
    if now is None or before is None or memory is None:
        return None
    return Took(round((now - before) * 1000, 3), memory)


def data_size() -> int | None:
    """Bytes of private data this process has asked for, which `RLIMIT_DATA` limits."""
    return _status("self", "VmData:")


def _peak(pid: int | str) -> int | None:
    return _status(pid, "VmHWM:")


def _status(pid: int | str, name: str) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    _, found, rest = lines.partition(name)
    return int(rest.split(maxsplit=1)[0]) * _KIB if found else None


def _cpu_seconds() -> float:
    return time.process_time() + _children_seconds()


def _children_seconds() -> float:
    """CPU time of the subprocesses of this process that are over."""
    try:
        import resource  # noqa: PLC0415 - a browser has none
    except ImportError:
        return 0.0
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _most_resident() -> int:
    try:
        import resource  # noqa: PLC0415 - a browser has none
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * _KIB


# ---------------------------------------------------------------- beside others


def measured(
    call: Callable[[NodeContext, Mapping[PortName, Any]], Any],
) -> Callable[[Any, Mapping[PortName, Any]], Any]:
    """`call`, which tells its context what it took, however it ends."""

    def run(context: Any, inputs: Mapping[PortName, Any]) -> Any:
        watch = _Watch()
        begun = time.thread_time()
        try:
            value = call(context, inputs)
        except BaseException:
            context.took(watch.stop(time.thread_time() - begun))
            raise
        cpu = time.thread_time() - begun
        if type(value) is CoroutineType:
            return _awaited(value, context, watch, cpu)
        context.took(watch.stop(cpu))
        return value

    return run


async def _awaited(call: _Call, context: Any, watch: _Watch, cpu: float) -> Any:
    steps = _Steps(call, cpu)
    try:
        return await steps.go()
    finally:
        context.took(watch.stop(steps.cpu))


class _Steps:
    """A coroutine awaited step by step; `cpu` adds up the seconds of its own steps."""

    def __init__(self, call: _Call, cpu: float) -> None:
        self._call = call
        self.cpu = cpu

    @coroutine
    def go(self) -> Generator[Any, Any, Any]:
        """What the coroutine returns."""
        step, given = self._call.send, None
        while True:
            begun = time.thread_time()
            try:
                waits_for = step(given)
            except StopIteration as done:
                return done.value
            finally:
                self.cpu += time.thread_time() - begun
            try:
                step, given = self._call.send, (yield waits_for)
            except BaseException as error:  # noqa: BLE001 - a cancellation is the coroutine's to see
                step, given = self._call.throw, error


class _Watch:
    """By how much this process grows while an attempt goes on, and what its subprocesses took."""

    __slots__ = ("alone", "before", "children", "most")

    def __init__(self) -> None:
        self.before = self.most = _looker.now()
        self.children = _children_seconds()
        self.alone = True
        _looker.add(self)

    def stop(self, cpu: float) -> Took:
        _looker.remove(self)
        grown = max(self.most, _looker.now()) - self.before
        if self.alone:  # else nobody can tell whose subprocesses they were
            cpu += _children_seconds() - self.children
        return Took(round(cpu * 1000, 3), max(0, grown), is_estimate=True)


class _Looker:
    """Looks at this process's memory for all who watch it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: set[_Watch] = set()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = (0.0, 0)
        self._file = -1
        with suppress(OSError):
            self._file = os.open("/proc/self/statm", os.O_RDONLY)

    def now(self) -> int:
        """Bytes that this process has in memory, or had a moment ago."""
        at = time.perf_counter()
        if at - self._seen[0] > _FRESH:
            self._seen = (at, self._read())
        return self._seen[1]

    def add(self, watch: _Watch) -> None:
        with self._lock:
            if self._watches:
                watch.alone = False
            if len(self._watches) == 1:  # of more, none is alone already
                next(iter(self._watches)).alone = False
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._serve, name="flowbook-measure", daemon=True
                )
                with suppress(RuntimeError):  # without threads, beginning and end are looked at
                    self._thread.start()
        if not self._wanted.is_set():
            self._wanted.set()

    def remove(self, watch: _Watch) -> None:
        with self._lock:
            self._watches.discard(watch)

    def _read(self) -> int:
        if self._file < 0:
            return _most_resident()
        return int(os.pread(self._file, 64, 0).split()[1]) * _PAGE

    def _serve(self) -> None:
        while self._wanted.wait():
            time.sleep(LOOK)
            size = self._read()
            with self._lock:
                for watch in self._watches:
                    watch.most = max(watch.most, size)
                if not self._watches:
                    self._wanted.clear()


_looker = _Looker()
