"""What nodes keep for as long as their project is open: pools, clients, loaded models.

One thing for each key and project. Whoever asks first makes it, all others wait for that one; if
making it fails they are told of the same failure, and the next who asks tries again. At the end all
are closed, the last one first. What closes with a coroutine is closed on the engine's loop, which
is where a client for coroutines lives.
"""

from __future__ import annotations

import asyncio
import atexit
import inspect
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakSet

from flowbook.errors import UsageError

T = TypeVar("T")
CLOSE_SECONDS = 5.0
"""How long one thing may take to close."""
_log = logging.getLogger(__name__)
_all: WeakSet[Kept] = WeakSet()


@dataclass(slots=True)
class _Thing:
    key: Hashable
    close: Callable[[Any], Any] | None
    made: Future[Any] = field(default_factory=Future)
    maker: int = field(default_factory=threading.get_ident)


class Kept:
    """The things of one project. `loop` gives the loop on which coroutines close, if there is one.

    >>> kept = Kept()
    >>> kept.get("pool", list, print) is kept.get("pool", list)
    True
    >>> kept.close()
    []
    """

    def __init__(self, loop: Callable[[], asyncio.AbstractEventLoop | None] = lambda: None) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._things: dict[Hashable, _Thing] = {}
        _all.add(self)

    def get(
        self, key: Hashable, make: Callable[[], T], close: Callable[[T], Any] | None = None
    ) -> T:
        """What `make` gave when it was first asked for; raises what it raises.

        `UsageError` when `make` asks for what it is to make.
        """
        while True:
            with self._lock:
                thing = self._things.get(key)
                mine = thing is None
                if thing is None:
                    thing = self._things[key] = _Thing(key, close)
            if mine:
                return self._make(thing, make)
            if thing.maker == threading.get_ident() and not thing.made.done():
                raise UsageError(f"{key!r} is asked for while it is made")
            if not thing.made.cancelled():
                value: T = thing.made.result()
                return value

    def close(self) -> None:
        """Close everything, the last one first; what goes wrong is logged."""
        with self._lock:
            things, self._things = list(self._things.values()), {}
        for thing in reversed(things):
            try:
                self._close(thing)
            except Exception:  # noqa: BLE001 - logged; the others are to be closed, too
                _log.warning("what is kept as %r could not be closed", thing.key, exc_info=True)

    def forget(self) -> None:
        """In a forked child: what is kept is the parent's."""
        self._lock = threading.Lock()
        self._things = {}

    def _make(self, thing: _Thing, make: Callable[[], T]) -> T:
        try:
            value = make()
        except BaseException as failure:
            with self._lock:
                if self._things.get(thing.key) is thing:
                    del self._things[thing.key]
            thing.made.set_exception(failure)
            raise
        thing.made.set_result(value)
        return value

    def _close(self, thing: _Thing) -> None:
        value = thing.made.result(CLOSE_SECONDS)
        closing = None if thing.close is None else thing.close(value)
        if inspect.isawaitable(closing):
            self._finish(_awaited(closing))

    def _finish(self, closing: Coroutine[Any, Any, Any]) -> None:
        loop = self._loop()
        if loop is None or not loop.is_running():
            asyncio.run(closing)
        elif loop is _running():
            loop.create_task(closing)  # it cannot be waited for from here
        else:
            asyncio.run_coroutine_threadsafe(closing, loop).result(CLOSE_SECONDS)


async def _awaited(closing: Any) -> Any:
    return await closing


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _close_all() -> None:
    for kept in list(_all):
        kept.close()


def _forget_all() -> None:
    for kept in list(_all):
        kept.forget()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_forget_all)
