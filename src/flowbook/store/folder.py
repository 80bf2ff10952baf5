"""When to fold: a quiet thread of every process that writes.

It sleeps while there is nothing to do, wakes on the first commit, and folds once the journal has
been idle for a second, or has waited two, or holds ten thousand facts. When another process is
folding or reading, it waits for its next turn: facts are safe where they are.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from flowbook.errors import StoreBusy

IDLE_SECONDS = 1.0
"""Fold when nothing was committed for so long."""
LONGEST_SECONDS = 2.0
"""Fold although facts keep coming."""
MANY_FACTS = 10_000
"""Fold at once: a reader's tail should not be longer."""
BACKLOG_BYTES = 256 * 2**20
"""Say once that folding fails when so much has gathered; until then it is nobody's concern."""
_LOOK_SECONDS = 0.25

_log = logging.getLogger(__name__)


class Folder:
    """Calls `fold` in the background. `noticed` tells it of commits, from any thread."""

    def __init__(self, fold: Callable[[], object]) -> None:
        self._fold = fold
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._facts = self._bytes = 0
        self._first = self._last = 0.0
        self._failing = self._warned = False

    def noticed(self, facts: int, size: int) -> None:
        """So many more facts lie in the journal."""
        self._last = time.monotonic()
        if not self._facts:
            self._first = self._last
        self._facts += facts
        self._bytes += size
        if not self._dirty.is_set():
            self._begin()
            self._dirty.set()

    def close(self) -> None:
        """End the thread; a fold that is under way is waited for."""
        self._closing.set()
        self._dirty.set()
        with self._starting:  # a commit may be about to start it
            thread = self._thread
        if thread is not None:
            thread.join()

    def due(self, now: float) -> bool:
        """True when it is time to fold."""
        return bool(self._facts) and (
            self._facts >= MANY_FACTS
            or now - self._last >= IDLE_SECONDS
            or now - self._first >= LONGEST_SECONDS
        )

    def _begin(self) -> None:
        with self._starting:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(
                    target=self._work, name="flowbook-folder", daemon=True
                )
                self._thread.start()

    def _work(self) -> None:
        while True:
            self._dirty.wait()
            if self._closing.wait(_LOOK_SECONDS):
                return
            if self.due(time.monotonic()):
                self._turn()

    def _turn(self) -> None:
        taken, self._facts, self._bytes = (self._facts, self._bytes), 0, 0
        self._dirty.clear()
        try:
            self._fold()
        except StoreBusy as busy:
            _log.debug("fold put off: %s", busy)
            self._put_back(*taken, busy)
        except Exception as error:  # noqa: BLE001  # the journal keeps everything: the next turn tries again
            level = logging.DEBUG if self._failing else logging.ERROR  # said once, not each turn
            _log.log(level, "the journal could not be folded; nothing is lost", exc_info=True)
            self._failing = True
            self._put_back(*taken, error)
        else:
            self._failing = self._warned = False

    def _put_back(self, facts: int, size: int, why: Exception) -> None:
        self.noticed(facts, size)
        if self._bytes > BACKLOG_BYTES and not self._warned:
            self._warned = True
            _log.warning(
                "%.0f MB of this process lie in the journal and cannot be folded: %s. Nothing is"
                " lost and runs go on, but history gets slower until that ends",
                self._bytes / 1e6,
                why,
            )
