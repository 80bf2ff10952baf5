"""The thread of a process that tells people: off the engine, and never in the way of a run.

It begins when a run of this process is over and the project has rules, and ends when nothing is
left to tell. Where somebody stays, as a server does, it looks every now and then for what others
left: runs whose process died before it told of them, and attempts that are due. A process that ends
gives it a moment; what is not told by then is told by the next one.
"""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # ends its pools at exit: behind us, because it is loaded before
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from flowbook.errors import StoreBusy

if TYPE_CHECKING:
    from flowbook.run.handle import Run
    from flowbook.session.telling import Telling

STAY_SECONDS: Final = 30.0
"""Between two looks of a process that stays."""
BUSY_SECONDS: Final = 0.2
"""Until another look while another process tells."""
END_SECONDS: Final = 15.0
"""How long a process that ends waits for what it has to tell."""
_SETTLED_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)
_tellers: WeakSet[Teller] = WeakSet()
_POOLS: Final = concurrent.futures.thread


class Teller:
    """Tells what one project has to tell, from this process.

    `telling` gives who does it; `in_use` says whether there are rules at all.
    """

    def __init__(self, telling: Callable[[], Telling], in_use: Callable[[], bool]) -> None:
        self._telling = telling
        self._in_use = in_use
        self._followed: dict[str, Run] = {}
        self._ended: deque[Run] = deque()
        self._asked = threading.Event()
        self._closing = threading.Event()
        self._lock, self._hearing = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._stays = False
        self._complaint = ""
        _tellers.add(self)

    def follow(self, run: Run) -> None:
        """See to what the rules have to say of a run when it is over."""
        with self._hearing:
            self._followed[run.id] = run
        run.when_over(partial(self._over, run))

    def stay(self) -> None:
        """Look for what is to be told as long as this process goes on, whoever left it."""
        self._stays = True
        self.nudge()

    def nudge(self) -> None:
        """See to what is to be told, and return at once."""
        self._asked.set()
        with self._lock:
            if self._closing.is_set() or sys.platform == "emscripten":
                return
            if self._thread is None or not self._thread.is_alive():  # a fork leaves it behind
                self._thread = threading.Thread(
                    target=self._work, name="flowbook-teller", daemon=True
                )
                with suppress(RuntimeError):  # the interpreter ends: the next process tells
                    self._thread.start()

    def settled(self, timeout: float = END_SECONDS) -> bool:
        """True once nothing is left to tell; for those who must know."""
        self._hear()
        thread = self._thread
        if thread is not None and thread.is_alive():
            thread.join(timeout)
        return self._thread is None

    def close(self, timeout: float = END_SECONDS) -> None:
        """Tell what is to be told now, for at most so many seconds; attempts to come are left."""
        self._hear()
        self._closing.set()
        self._asked.set()
        thread = self._thread
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(timeout)

    def _hear(self) -> None:
        """See to runs that are over, and whose end was not told here yet: who asks may end next."""
        with self._hearing:  # whoever is about to say so has said it by then
            over = [run for run in self._followed.values() if run.status.over]
        for run in over:
            self._over(run)

    def _over(self, run: Run) -> None:
        """On the engine's thread, which others wait for."""
        with self._hearing:
            if self._followed.pop(run.id, None) is not None and self._in_use():
                self._ended.append(run)
                self.nudge()

    # ------------------------------------------------------------ the thread

    def _work(self) -> None:
        while True:
            self._asked.clear()
            left = self._seen_to()
            with self._lock:
                over = left is None and not self._stays and not self._asked.is_set()
                if over or (self._closing.is_set() and left != BUSY_SECONDS):
                    self._thread = None
                    return
            pause = STAY_SECONDS if left is None else left
            if self._closing.is_set():
                time.sleep(BUSY_SECONDS)
            else:
                self._asked.wait(min(pause, STAY_SECONDS))

    def _seen_to(self) -> float | None:
        """Seconds until there is more to do, None for never."""
        while self._ended:
            self._ended.popleft().settled(_SETTLED_SECONDS)
        if not self._in_use():
            return None
        try:
            left = self._telling().sweep()
        except StoreBusy:
            return BUSY_SECONDS
        except Exception as error:  # noqa: BLE001 - what cannot be told now is told another time
            if str(error) != self._complaint and not self._closing.is_set():
                _log.warning("nobody can be told of runs: %s; it is tried again", error)
            self._complaint = str(error)
            return STAY_SECONDS
        self._complaint = ""
        return left


def _tell_all() -> None:
    for teller in list(_tellers):
        teller.close()


getattr(threading, "_register_atexit", atexit.register)(_tell_all)
