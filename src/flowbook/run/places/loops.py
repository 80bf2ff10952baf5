"""Reaching an event loop from any thread."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress


def soon(loop: AbstractEventLoop, call: Callable[..., object], *args: object) -> None:
    """Have `loop` call this; nothing happens when the loop is closed, for then nobody waits."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *args)
