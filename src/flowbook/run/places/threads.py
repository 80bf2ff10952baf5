"""Threads that a node starts belong to the node: what they print is its own.

A new thread begins with an empty context, so that nobody knew whose words those are: they landed
in whatever cell was run last, and not on the node. While a node runs, a thread it starts takes its
context along, and so does each call it gives to a pool of threads, whoever started those. Code
outside of nodes is left alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps
from typing import Any

from flowbook.run.places.listening import listening

_OURS = "flowbook-"
"""Threads of ours serve everybody, too."""

_lock = threading.Lock()
_done = False
_pooling = threading.local()
"""Set while a pool may start a thread, which is to serve everybody."""


def follow() -> None:
    """Let threads of nodes belong to them, from now on; twice is once."""
    global _done
    with _lock:
        if _done:
            return
        _done = True
        setattr(threading.Thread, "start", _starting(threading.Thread.start))  # noqa: B010 - a type checker lets nobody assign to a method
        setattr(ThreadPoolExecutor, "submit", _submitting(ThreadPoolExecutor.submit))  # noqa: B010 - as above


def _starting(start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    @wraps(start)
    def started(self: threading.Thread) -> None:
        pooled = getattr(_pooling, "on", False)
        if listening.get() is not None and not pooled and not self.name.startswith(_OURS):
            context, run = copy_context(), self.run
            self.run = lambda: context.run(run)  # type: ignore[method-assign]  # as `Thread` lets one
        start(self)

    return started


def _submitting(submit: Callable[..., Future[Any]]) -> Callable[..., Future[Any]]:
    @wraps(submit)
    def submitted(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if listening.get() is None:
            return submit(self, fn, *args, **kwargs)
        _pooling.on = True
        try:
            return submit(self, copy_context().run, fn, *args, **kwargs)
        finally:
            _pooling.on = False

    return submitted
