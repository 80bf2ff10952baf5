"""How much is asked of one host at once, and how often, by all nodes of this process together.

Two nodes may say different numbers for one host: each waits until its own is kept. Whoever came
first is served first. Nodes may run on several event loops, so what is shared is behind a lock and
a waiter is woken on its own loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final


@dataclass(slots=True, eq=False)
class _Waiter:
    most: int
    loop: asyncio.AbstractEventLoop
    turn: asyncio.Future[None]
    admitted: bool = False

    def wake(self) -> bool:
        """Tell it that it is its turn; False when its loop is gone."""
        try:
            self.loop.call_soon_threadsafe(_settle, self.turn)
        except RuntimeError:
            return False
        return True


def _settle(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


@dataclass(slots=True)
class Host:
    """What is under way with one host."""

    active: int = 0
    next_at: float = 0.0
    """When the next request may begin, by the monotonic clock."""
    waiting: deque[_Waiter] = field(default_factory=deque)

    def reserve(self, now: float, interval: float) -> float:
        """Seconds to wait for the next turn, which is then taken.

        >>> host = Host()
        >>> [host.reserve(100.0, 0.5) for _ in range(3)], host.reserve(105.0, 0.5)
        ([0.0, 0.5, 1.0], 0.0)
        """
        at = max(now, self.next_at)
        self.next_at = at + interval
        return at - now


_hosts: Final[dict[str, Host]] = {}
_lock: Final = threading.Lock()


@asynccontextmanager
async def at_host(origin: str, most: int, interval: float) -> AsyncIterator[None]:
    """One of at most `most` requests to `origin` at once, `interval` seconds after the last."""
    await _enter(origin, most)
    try:
        if interval:
            with _lock:
                pause = _hosts[origin].reserve(time.monotonic(), interval)
            if pause > 0:
                await asyncio.sleep(pause)
        yield
    finally:
        _leave(origin)


async def _enter(origin: str, most: int) -> None:
    with _lock:
        host = _hosts.setdefault(origin, Host())
        if not host.waiting and host.active < most:
            host.active += 1
            return
        loop = asyncio.get_running_loop()
        waiter = _Waiter(most, loop, loop.create_future())
        host.waiting.append(waiter)
    try:
        await waiter.turn
    except BaseException:
        with _lock:
            if waiter in host.waiting:
                host.waiting.remove(waiter)
                _admit(host)
        if waiter.admitted:
            _leave(origin)
        raise


def _leave(origin: str) -> None:
    with _lock:
        host = _hosts[origin]
        host.active -= 1
        _admit(host)
        if not host.active and not host.waiting and host.next_at <= time.monotonic():
            del _hosts[origin]


def _admit(host: Host) -> None:
    while host.waiting and host.active < host.waiting[0].most:
        waiter = host.waiting.popleft()
        waiter.admitted = waiter.wake()
        host.active += waiter.admitted
