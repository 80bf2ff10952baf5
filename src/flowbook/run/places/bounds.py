"""What a process may take for one attempt: memory and CPU time, and what becomes of more.

Memory is bounded twice. The kernel refuses what goes far beyond the limit, which the node sees as a
`MemoryError` at its own line; and what the process has in memory is looked at twenty times a
second, and the process is killed when it is too much. CPU time is bounded by the kernel to the
second and by the looks to a twentieth of one. Without a /proc only the kernel's bounds hold.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from flowbook.errors import LimitExceeded
from flowbook.graph.choices import Bounds
from flowbook.graph.options import print_duration
from flowbook.graph.quantities import print_bytes
from flowbook.run.places.measure import LOOK, cpu_of, data_size, memory_of

_SLACK = 64 * 2**20
"""Bytes that libraries may reserve beside what they use."""


def too_much_memory(limit: int) -> LimitExceeded:
    """The error of a node that wanted more memory than it may have."""
    return LimitExceeded(
        f"its process needed more memory than memory_limit={print_bytes(limit)} allows",
        hint="hold less at a time (read in chunks, drop columns early, pass a path instead of a "
        "table), or raise memory_limit",
        limit="memory_limit",
        allowed=limit,
    )


def too_much_time(limit: float) -> LimitExceeded:
    """The error of a node that took more CPU time than it may."""
    return LimitExceeded(
        f"its process took more CPU time than cpu_limit={print_duration(limit)} allows",
        hint="give it less to do at a time, or raise cpu_limit",
        limit="cpu_limit",
        allowed=limit,
    )


# ---------------------------------------------------------------- inside of the process


@contextmanager
def bounded(bounds: Bounds | None) -> Iterator[None]:
    """Let the kernel refuse what goes beyond; raises `LimitExceeded` for a refused allocation."""
    if bounds is None:
        yield
        return
    try:
        _bound(bounds)
        yield
    except MemoryError as refused:
        if bounds.memory is None:
            raise
        raise too_much_memory(bounds.memory).with_traceback(refused.__traceback__) from None
    finally:
        _lift()


def _bound(bounds: Bounds) -> None:
    if bounds.memory is not None:
        grows = max(0, bounds.memory - (memory_of(os.getpid()) or 0))
        _set("RLIMIT_DATA", (data_size() or 0) + grows + _SLACK)
    if bounds.cpu is not None:
        _set("RLIMIT_CPU", math.ceil(time.process_time() + bounds.cpu) + 1)


def _lift() -> None:
    for name in ("RLIMIT_DATA", "RLIMIT_CPU"):
        _set(name, None)


def _set(name: str, soft: int | None) -> None:
    """Set a soft limit, at most the hard one, so that it can be lifted again."""
    with suppress(ImportError, AttributeError, ValueError, OSError):  # not every system has them
        import resource  # noqa: PLC0415 - a browser has none

        what = getattr(resource, name)
        _, hard = resource.getrlimit(what)
        wanted = resource.RLIM_INFINITY if soft is None else soft
        if hard != resource.RLIM_INFINITY and (soft is None or soft > hard):
            wanted = hard
        resource.setrlimit(what, (wanted, hard))


# ---------------------------------------------------------------- from outside


@dataclass(slots=True, eq=False)
class Ward:
    """A process that is looked after; `exceed` is told once it takes too much."""

    pid: int
    bounds: Bounds
    cpu_before: float | None
    exceed: Callable[[LimitExceeded], None]

    def look(self) -> LimitExceeded | None:
        """What it exceeds, if it does."""
        memory, seconds = self.bounds.memory, self.bounds.cpu
        if memory is not None and (memory_of(self.pid) or 0) > memory:
            return too_much_memory(memory)
        if seconds is None or self.cpu_before is None:
            return None
        taken = (cpu_of(self.pid) or 0.0) - self.cpu_before
        return too_much_time(seconds) if taken > seconds else None


class Warden:
    """Looks after processes whose attempts are bounded; its thread lives while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wards: set[Ward] = set()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, ward: Ward | None) -> Iterator[None]:
        """Look after `ward` meanwhile, if there is one."""
        if ward is None:
            yield
            return
        with self._lock:
            self._wards.add(ward)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._serve, name="flowbook-warden", daemon=True
                )
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._wards.discard(ward)

    def _serve(self) -> None:
        while True:
            with self._lock:
                wards = tuple(self._wards)
                if not wards:
                    self._thread = None
                    return
            for ward in wards:
                exceeded = ward.look()
                if exceeded is not None:
                    self._exceeded(ward, exceeded)
            time.sleep(LOOK)

    def _exceeded(self, ward: Ward, why: LimitExceeded) -> None:
        with self._lock:  # an attempt that has ended meanwhile is not to be punished
            if ward in self._wards:
                self._wards.discard(ward)
                ward.exceed(why)


warden = Warden()
"""The one of this process."""
