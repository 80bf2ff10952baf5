"""The pen of a run: events gather here and go to the sink in batches.

Invariant: events reach the sink in order, and `durable` is the number of the last one known to
be kept. Nothing is appended after the sink has failed once.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from flowbook.events import Event
from flowbook.events.ports import Sink
from flowbook.run.places.loops import soon

LINGER = 0.005
"""Seconds events may wait for company while nobody waits for them."""


class Record:
    """Batches of one run's events; lives on the engine's loop.

    `synced` is called when `durable` has grown, `failed` once, with what the sink said.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        sink: Sink,
        synced: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.durable = -1
        self._loop, self._sink = loop, sink
        self._on_synced, self._on_failed = synced, failed
        self._batch: list[Event] = []
        self._timer: TimerHandle | None = None
        self._hurried = False
        self._broken = False
        self._waiting: list[tuple[int, Callable[[BaseException | None], None]]] = []

    def add(self, events: Sequence[Event]) -> None:
        """These happened; they are appended within `LINGER`."""
        self._batch.extend(events)
        if self._timer is None and not self._hurried:
            self._timer = self._loop.call_later(LINGER, self._append)

    def when_durable(self, seq: int, then: Callable[[BaseException | None], None]) -> None:
        """Call `then` once event `seq` is durable, or with what keeps it from being so."""
        self._waiting.append((seq, then))
        self.hurry()

    def hurry(self) -> None:
        """Somebody waits: append at the end of this tick of the loop."""
        if not self._hurried:
            self._hurried = True
            self._loop.call_soon(self._append)

    def _append(self) -> None:
        self._hurried = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._batch = self._batch, []
        if not batch or self._broken:
            return
        last = batch[-1].seq
        try:
            future = self._sink.append(batch)
        except Exception as error:  # noqa: BLE001 - a broken sink ends the run, not the engine
            self._fail(error)
            return
        if future.done():
            self._settle(last, future)
        else:
            future.add_done_callback(lambda done: soon(self._loop, self._settle, last, done))

    def _settle(self, last: int, future: Future[None]) -> None:
        error = future.exception()
        if error is not None:
            self._fail(error)
        elif not self._broken:
            self.durable = last
            self._on_synced()
            if self._waiting:
                self._tell(None)

    def _fail(self, error: BaseException) -> None:
        if not self._broken:
            self._broken = True
            self._on_failed(error)
            self._tell(error)

    def _tell(self, error: BaseException | None) -> None:
        waiting, self._waiting = self._waiting, []
        for seq, then in waiting:
            if error is not None or seq <= self.durable:
                then(error)
            else:
                self._waiting.append((seq, then))
