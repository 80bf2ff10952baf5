"""Where facts go first: this process's own append-only segments.

`append` costs the caller one queue put and one future. A single thread drains the queue, encodes
everything that waits, and makes it durable with one write and one sync: the group commit that
makes ten thousand durable completions a second out of a disk that syncs a few thousand times.

Facts become durable in the order they were appended, numbered without reuse. A failed or short
write, or a failed sync, says nothing about what reached the medium, and a second sync on that
descriptor may lie; so the segment is abandoned and the whole batch written again, with the same
numbers, to a new one. The fold keeps the first of two equal numbers.

Nothing is created before the first append. How durable a fact has to be is said per append: a
group is synced when any of it asks for that, so an `os` append beside an `fsync` one gets more
than it asked for; a sync covers all that was appended before. `off` is acknowledged before writing.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeAlias

from flowbook.errors import StoreError
from flowbook.ids import WriterId, mint_uuid7
from flowbook.store.disk import Disk, Durability
from flowbook.store.facts import StoredFact, encode_line, prefix
from flowbook.store.layout import Layout
from flowbook.store.locks import check_owner, hold_life
from flowbook.store.process import introduction

ROTATE_BYTES = 4 * 2**20
"""A segment this long is closed and the next one begun."""
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class _Seal:
    """Close the current segment if it has at least `at_least` bytes."""

    at_least: int


@dataclass(frozen=True, slots=True)
class _Stop:
    """Write nothing more."""


_Order: TypeAlias = _Seal | _Stop
_Facts: TypeAlias = tuple[Sequence[StoredFact], "Future[None]", Durability]
_Entry: TypeAlias = "_Facts | tuple[_Order, Future[None]]"


@dataclass(slots=True)
class _Open:
    """The segment being written."""

    fd: int
    path: Path
    size: int = 0
    unsynced: bool = False
    """Something was written to it that nobody asked to be on the medium."""
    named: bool = False
    """Its name survives a power cut."""


class Journal:
    """The `Sink` of one process: appends run events and facts of the store.

    `prepare` is called once, on the writer thread, before the first file is made; `noticed` after
    every commit with the number of facts and bytes.

    >>> import tempfile; from pathlib import Path
    >>> journal = Journal(Layout(Path(tempfile.mkdtemp())))
    >>> journal.append([introduction()]).result(10)
    >>> journal.close()
    """

    def __init__(
        self,
        layout: Layout,
        *,
        durability: Durability = Durability.FSYNC,
        disk: Disk | None = None,
        prepare: Callable[[], object] = lambda: None,
        noticed: Callable[[int, int], None] = lambda _facts, _size: None,
    ) -> None:
        self.writer = WriterId(mint_uuid7(time.time_ns() // 1_000_000, secrets.randbits(74)))
        self._layout = layout
        self._durability = durability
        self._disk = disk or Disk()
        self._prepare = prepare
        self._noticed = noticed
        self._pid = os.getpid()
        self._queue: SimpleQueue[_Entry] = SimpleQueue()
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._start_of_line = prefix(self.writer)
        self._opening = b""
        self._wseq = 1  # 0 is the writer's own first fact, repeated in every segment
        self._number = 0
        self.finished = 0
        """Segments of lower number are closed for good; may be read from any thread."""
        self._life: int | None = None
        self._segment: _Open | None = None
        self._owed: list[Path] = []
        """Closed segments to sync before anything that came later is said to be on the medium."""

    def append(
        self, facts: Sequence[StoredFact], durability: Durability | None = None
    ) -> Future[None]:
        """Keep facts; the future is done once they are durable, all of them or none.

        `durability` is the store's own when left out. The future fails with `StoreError` when the
        facts cannot be kept.
        """
        check_owner(self._pid)
        return self._ask((facts, Future(), durability or self._durability))

    def seal(self, at_least: int = 0) -> Future[None]:
        """Close the current segment, if it has that many bytes, so that a fold may remove it."""
        check_owner(self._pid)
        if self._thread is None:
            done: Future[None] = Future()
            done.set_result(None)
            return done
        return self._ask((_Seal(at_least), Future()))

    def close(self) -> None:
        """Write what waits and end this writer's life. Calling it twice does nothing."""
        with self._gate:
            if self._thread is not None and not self._closed:
                self._queue.put((_Stop(), Future()))
            self._closed = True
        if self._thread is not None:
            self._thread.join()

    def disown(self) -> None:
        """In a forked child: let go of the parent's files, whose locks the child shares."""
        for fd in (self._life, self._segment.fd if self._segment else None):
            if fd is not None:
                os.close(fd)

    def _ask(self, entry: _Entry) -> Future[None]:
        future = entry[1]
        with self._gate:  # nothing may follow the order to stop
            if self._closed:
                future.set_exception(StoreError("the store is closed", hint="open it again"))
            elif entry[-1] is Durability.OFF:
                self._queue.put((entry[0], Future(), Durability.OFF))
                future.set_result(None)
            else:
                self._queue.put(entry)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._work, name="flowbook-journal", daemon=True
                )
                self._thread.start()
        return future

    def _work(self) -> None:
        stopped = False
        while not stopped:
            group: list[_Facts] = []
            orders: list[tuple[_Order, Future[None]]] = []
            for entry in self._drained():
                if len(entry) == 2:
                    orders.append(entry)
                else:
                    group.append(entry)
            if group:
                self._commit(group)
            for order, future in orders:
                stopped = stopped or self._obey(order)
                future.set_result(None)
        self._close_segment()
        if self._life is not None:
            os.close(self._life)
            self._life = None

    def _drained(self) -> list[_Entry]:
        """Everything that waits, at least one entry."""
        entries = [self._queue.get()]
        try:
            while True:
                entries.append(self._queue.get_nowait())
        except Empty:
            return entries

    def _obey(self, order: _Order) -> bool:
        """True when that was the order to stop."""
        if isinstance(order, _Stop):
            return True
        if self._segment is not None and self._segment.size >= order.at_least:
            self._close_segment()
        return False

    def _commit(self, group: list[_Facts]) -> None:
        lines: list[bytes] = []
        waiting: list[Future[None]] = []
        sync = False
        for facts, future, durability in group:
            wanted = future.set_running_or_notify_cancel()  # from here on nobody can cancel it
            try:
                encoded = self._encoded(facts)
            except Exception as error:  # noqa: BLE001  # any hook of a user's value may raise
                if wanted:
                    future.set_exception(_refused(error))
                continue
            lines += encoded
            sync = sync or durability is Durability.FSYNC
            if wanted:
                waiting.append(future)
        failure = self._written(lines, sync)
        for future in waiting:
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(failure)

    def _encoded(self, facts: Sequence[StoredFact]) -> list[bytes]:
        start, first = self._start_of_line, self._wseq
        encoded = [encode_line(start, first + at, fact) for at, fact in enumerate(facts)]
        self._wseq = first + len(facts)
        return encoded

    def _written(self, lines: list[bytes], sync: bool) -> StoreError | None:
        if not lines:
            return None
        data = b"".join(lines)
        for _ in range(_ATTEMPTS):
            try:
                self._write(data, sync)
            except StoreError as refusal:
                return refusal
            except OSError as error:
                failure = error
                self._close_segment()
            else:
                self._noticed(len(lines), len(data))
                return None
        return StoreError(
            f"the journal in {self._layout.journal} cannot be written: {failure}",
            hint="free or mount the disk, then run again; what was acknowledged is safe",
        )

    def _write(self, data: bytes, sync: bool) -> None:
        segment = self._segment
        if segment is None:
            segment = self._next_segment()
        self._disk.append(segment.fd, data)
        segment.unsynced = segment.unsynced or not sync
        if sync:
            self._sync_owed()
            self._disk.sync(segment.fd)
            segment.unsynced = False
            if not segment.named:  # begun by an append that asked for less
                self._disk.sync_directory(self._layout.journal)
                segment.named = True
        segment.size += len(data)
        if segment.size >= ROTATE_BYTES:
            self._close_segment()

    def _sync_owed(self) -> None:
        while self._owed:
            with suppress(FileNotFoundError):  # it is folded: DuckDB has it durably
                self._disk.sync_file(self._owed[-1])
            self._owed.pop()

    def _next_segment(self) -> _Open:
        if self._life is None:
            self._prepare()
            self._disk.make_directory(self._layout.journal, self._durability)
            self._life = hold_life(self._layout.life(self.writer))
            self._opening = encode_line(self._start_of_line, 0, introduction())
        path = self._layout.segment(self.writer, self._number)
        self._number += 1
        segment = self._segment = _Open(self._disk.open_append(path), path)
        self._disk.append(segment.fd, self._opening)
        return segment

    def _close_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            os.close(segment.fd)
            if segment.unsynced:
                self._owed.append(segment.path)
            self.finished = self._number


def _refused(error: Exception) -> StoreError:
    failure = StoreError(
        f"a fact cannot be written as JSON: {error}",
        hint="run parameters and errors must be plain data: text, numbers, lists, mappings",
    )
    failure.__cause__ = error
    return failure
