"""What is said to the runs of this process from outside, heard and done.

One thread for each project, begun with its first run. While a run is not over it looks four times
a second whether somebody left a signal (`flowbook.store.signals`): one listing of a folder that is
mostly not there. While no run goes on it sleeps, and looks at nothing.

What asks something of the run itself is taken before it is acted on, so however many processes see
it, one acts. What the user named is given to the run, and stays where it is until a node of the
run has used it up, durably: however often processes die, one node gets it, once. A run that is
over has its signals removed. A folder that cannot be read
is said once and tried again; it stops neither runs nor the listening to others.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from flowbook.store.signals import PRIORITIZE, Control

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowbook.run.handle import Run
    from flowbook.store.signals import Signal, Signals

LOOK_SECONDS = 0.25
"""Between two looks while a run goes on."""

_log = logging.getLogger(__name__)
_listeners: WeakSet[Listener] = WeakSet()


def obey(run: Run, control: Control, reason: str | None = None) -> None:
    """Do to a run of this process what was asked; only cancelling has a reason."""
    if control is Control.CANCEL:
        run.cancel(reason or "")
    elif control is Control.PAUSE:
        run.pause()
    else:
        run.resume()


class Listener:
    """Listens for the runs it is told to follow. `signals` gives those of the project."""

    def __init__(self, signals: Callable[[], Signals]) -> None:
        self._signals = signals
        self._runs: dict[str, Run] = {}
        self._over: list[str] = []
        self._given: dict[str, set[str]] = {}
        self._taken: deque[Signal] = deque()
        self._busy = threading.Event()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failing: set[str] = set()
        _listeners.add(self)

    def follow(self, run: Run) -> None:
        """Listen for `run` until it is over."""
        with self._lock:
            self._runs[run.id] = run
            self._busy.set()
            if self._thread is None and not self._closing.is_set() and _has_threads():
                self._thread = threading.Thread(
                    target=self._work, name="flowbook-listener", daemon=True
                )
                self._thread.start()
        run.when_over(partial(self._ended, run.id))

    def run(self, run_id: str) -> Run | None:
        """The run of this process with that id, None when there is none or it is over."""
        return self._runs.get(run_id)

    def forget(self, run_id: str) -> None:
        """Drop what was asked of a process that is gone; whoever goes on with its run begins anew.

        What the user named waits on: it was said to the run, not to the process.
        """
        with self._careful(run_id):
            for signal in self._signals().pending(run_id):
                if signal.control is not None:
                    self._signals().take(signal)

    def close(self) -> None:
        """End the thread; the runs go on unheard."""
        with self._lock:
            self._closing.set()
            self._busy.set()
        if self._thread is not None:
            self._thread.join()
        self.sweep()

    def sweep(self) -> None:
        """Remove what was said to runs that are over."""
        with self._lock:
            over, self._over = self._over, []
            if not self._runs and not self._closing.is_set():
                self._busy.clear()
        while self._taken:
            signal = self._taken.popleft()
            with self._careful(signal.run):
                self._signals().take(signal)
        for run_id in over:
            with self._careful(run_id):
                self._signals().clear(run_id)
            self._failing.discard(run_id)

    def _ended(self, run_id: str) -> None:
        """On the engine's thread, which others wait for: the disk is left to ours."""
        with self._lock:
            run = self._runs.pop(run_id, None)
            self._given.pop(run_id, None)
            if run is None or run.status.over:  # else somebody will go on with it
                self._over.append(run_id)

    def _work(self) -> None:
        while True:
            self._busy.wait()
            if self._closing.wait(LOOK_SECONDS):
                return
            self.sweep()
            with self._careful(""):
                self._look()

    def _look(self) -> None:
        if not self._runs:
            return
        signals = self._signals()
        addressed = set(signals.runs())
        with self._lock:
            runs = [run for run_id, run in self._runs.items() if run_id in addressed]
        for run in runs:
            with self._careful(run.id):
                self._attend(run, signals)

    def _attend(self, run: Run, signals: Signals) -> None:
        from flowbook.run.waits import Letter

        given = self._given.setdefault(run.id, set())
        for signal in signals.pending(run.id, given):
            if signal.name == PRIORITIZE:
                if signals.take(signal):
                    run.entry.prioritize(int(signal.payload))  # unless it has begun meanwhile
            elif signal.control is None:
                given.add(signal.id)
                taken = partial(self._taken.append, signal)
                run.deliver(Letter(signal.id, signal.name, signal.payload, taken, signal.at))
            elif signals.take(signal):
                obey(run, signal.control, _reason(signal.payload))

    @contextmanager
    def _careful(self, about: str) -> Iterator[None]:
        """Say once what goes wrong with the signals of one run, or with their folder."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - logged; the next look tries again
            if about not in self._failing:
                self._failing.add(about)
                whom = f"run {about}" if about else "runs"
                _log.warning("what is said to %s from outside cannot be heard: %s", whom, error)
        else:
            self._failing.discard(about)


def _reason(payload: Any) -> str | None:
    reason = payload.get("reason") if isinstance(payload, Mapping) else None
    return reason if isinstance(reason, str) else None


def _has_threads() -> bool:
    return sys.platform != "emscripten"


def _sweep_all() -> None:
    for listener in list(_listeners):
        listener.sweep()


atexit.register(_sweep_all)
