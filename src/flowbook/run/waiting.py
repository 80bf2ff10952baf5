"""Waiting for a run, from a script, a cell or a coroutine.

Waiting can be interrupted: Ctrl-C in a cell that waits cancels the run and then interrupts the
cell, which shows one line and not where we waited.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from time import monotonic
from typing import Any, Self

from flowbook.errors import RunTimeout, UsageError
from flowbook.events import RunStatus
from flowbook.ids import NodeId, RunId
from flowbook.run.perform import Performance
from flowbook.run.places.executors import left_behind
from flowbook.run.places.loops import soon
from flowbook.run.rules.undoing import finishing

_TICK = 0.1
"""Seconds between looks while waiting: an interrupt of `await` is only noticed on a tick."""
_LAST_WAIT = 5.0
"""Seconds an interrupted wait gives the run to end."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C met somebody who waited for a run; it says what became of the run."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: where we waited is no news."""
        return [f"KeyboardInterrupt: {self}"]


class Waitable:
    """What of a run can be waited for: its end, when everything about it is durable."""

    def __init__(
        self, performance: Performance, run_id: RunId, engine: threading.Thread | None
    ) -> None:
        self._performance = performance
        self._engine = engine
        self.id = run_id

    @property
    def status(self) -> RunStatus:
        """What the run is doing or how it ended."""
        return self._performance.state.status

    def cancel(self, reason: str = "") -> None:
        """Ask the run to stop."""
        raise NotImplementedError  # a run has its own way

    @property
    def resting(self) -> bool:
        """True while it waits for something outside that takes longer than a moment."""
        return False

    def wait(self, timeout: float | None = None) -> Self:
        """Block until the run is over and everything about it is durable.

        Raises `RunTimeout` after `timeout` seconds; the run goes on. Ctrl-C cancels the run.
        """
        self._block(timeout)
        return self._returned()

    def rest(self) -> Self:
        """Block as `wait` does, but only until the run is `resting`, if it comes to that.

        For the keyboard: a run that waits for a person goes on without you.
        """
        looks = 0

        def enough() -> bool:
            nonlocal looks
            looks = looks + 1 if self.resting else 0
            return looks > 1  # once it may just be on its way from one node to the next

        self._block(None, enough)
        return self._returned() if self._performance.over.done() else self

    def _block(self, timeout: float | None, enough: Callable[[], bool] = lambda: False) -> None:
        here = self._engine is None or self._engine is threading.current_thread()
        if here and not self._performance.over.done():
            raise UsageError("waiting here would block the engine", hint="write `await run`")
        deadline = None if timeout is None else monotonic() + timeout
        with self.interruptible():
            while not self.settled(
                _TICK if deadline is None else min(_TICK, deadline - monotonic())
            ):
                if enough():
                    return
                if deadline is not None and monotonic() >= deadline:
                    raise RunTimeout(
                        f"run {self.id} is still {self.status.value} after {timeout:g} s",
                        hint="wait again, or cancel it",
                        run_id=self.id,
                        seconds=timeout,
                    )

    @property
    def compensated(self) -> tuple[NodeId, ...]:
        """The nodes that were undone, in that order; known when the run is over."""
        return self._performance.state.compensated

    @property
    def uncompensated(self) -> tuple[NodeId, ...]:
        """Nodes that should have been undone and were not; known when the run is over."""
        return self._performance.state.uncompensated

    @property
    def finishing(self) -> bool:
        """True while it was told to stop and undoes, tears down or is in a block `finally`."""
        return finishing(self._performance.state)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Inside of it, Ctrl-C cancels the run, waits until it stops, and raises `Interrupted`."""
        try:
            yield
        except Interrupted:
            raise
        except KeyboardInterrupt:
            raise self._interrupted() from None

    def _interrupted(self) -> Interrupted:
        """Stop the run; interrupted once more, also what it does before it stops."""
        self.cancel("interrupted")
        try:
            while not self.settled(_LAST_WAIT) and self.finishing:
                continue
        except KeyboardInterrupt:
            self.cancel("interrupted")
            self.settled(_LAST_WAIT)
        return Interrupted(self._whereabouts())

    def _whereabouts(self) -> str:
        """What became of a run that was told to stop."""
        word = "was cancelled" if self.status.over else f"is {self.status.value}, and will stop"
        left = left_behind(set(self._performance.executors.values()), self.id)
        told = f"; {', '.join(left)} cannot be stopped: what still comes of it is ignored"
        return f"run {self.id} {word}{told if left else ''}"

    def __await__(self) -> Generator[Any, None, Self]:
        return self._waited().__await__()

    async def _waited(self) -> Self:
        try:
            await self.ended()
        except KeyboardInterrupt:
            self.cancel("interrupted")
            raise Interrupted(self._whereabouts()) from None
        except asyncio.CancelledError as cancelled:
            # How a kernel interrupts a cell that awaits; its traceback is ours alone.
            self.cancel("interrupted")
            shown = Interrupted(self._whereabouts())._render_traceback_
            cancelled._render_traceback_ = shown  # type: ignore[attr-defined]  # IPython asks for it
            raise
        return self._returned()

    async def ended(self) -> None:
        """Wait until the run is over, whatever became of it; giving up does not cancel it."""
        over = self._performance.over
        loop = asyncio.get_running_loop()
        told = loop.create_future()
        over.add_done_callback(lambda _: soon(loop, _set, told))
        while not over.done():
            await asyncio.wait({told}, timeout=_TICK)

    def when_over(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the run is over and durable, at once if it is; on any thread."""
        self._performance.over.add_done_callback(lambda _: callback())

    def settled(self, timeout: float) -> bool:
        """True once the run is over, waiting at most `timeout` seconds for it."""
        try:
            self._performance.over.exception(max(0.0, timeout))
        except NotYet:
            return False
        return True

    def _returned(self) -> Self:
        self._performance.over.result()
        return self


def _set(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)
