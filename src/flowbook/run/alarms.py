"""The alarm clocks of one run: pauses between attempts, and the time an attempt may take.

A step has one at most: it pauses or it runs. Lives on the engine's loop.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable

NOBODY = -1
"""In place of a step: an alarm of the run itself."""


class Alarms:
    """Calls back after a number of seconds, once per step."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._set: dict[int, TimerHandle] = {}

    def set(self, step: int, seconds: float, call: Callable[[], None]) -> None:
        """Call back when they are over; an earlier alarm of the step has rung by now."""
        self._set[step] = self._loop.call_later(seconds, call)

    def drop(self, step: int) -> None:
        """The step needs no alarm any more, if it had one."""
        timer = self._set.pop(step, None) if self._set else None
        if timer is not None:
            timer.cancel()

    def drop_all(self) -> None:
        """Nothing rings any more."""
        for timer in self._set.values():
            timer.cancel()
