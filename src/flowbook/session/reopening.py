"""Runs that died with their process go on when their project is opened again.

Opening never waits for it: a thread looks once what was lost, then takes up what belongs to a flow
as soon as that flow is known here, as the setting `recover` says: `auto` (what `caution` finds
safe), `ask` (only say what there is) or `off`. A run that waits is left alone until what it waits
for has come. Each run that goes on, or waits for a word, is told of in one line. The locks of
`flowbook.session.recovery` see to it that of several processes one takes a run.

A flow is known when a run of it is started, or when a notebook's cells mean what they meant when
the run began. A process that took runs up and has nothing else to do stays until they are over or
wait; a kernel does not, since it is told when to end.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from flowbook.errors import FlowbookError, UsageError
from flowbook.events import RunStatus
from flowbook.plan.compile import version_of
from flowbook.session.caution import missing_names
from flowbook.session.notebooks import notebook_of
from flowbook.session.recovery import Office as RecoveryOffice
from flowbook.session.recovery import lost, lost_runs, take_up
from flowbook.session.waiting import Wait, is_due, waiting
from flowbook.store.settable import Recover

if TYPE_CHECKING:
    from pathlib import Path

    from flowbook.graph.flow import Flow
    from flowbook.run.handle import Run
    from flowbook.store.rows import RunRow

LOOK_SECONDS = 2.0
"""Between two looks at what suspended runs of nobody wait for."""

_log = logging.getLogger(__name__)
_reopenings: WeakSet[Reopening] = WeakSet()


class Office(RecoveryOffice, Protocol):
    """What reopening needs of its project; `flowbook.Project` is one."""

    @property
    def path(self) -> Path: ...
    @property
    def folder(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class _Asleep:
    """A run that waits, and nobody has it."""

    flow: Flow
    row: RunRow
    waits: tuple[Wait, ...]


class Reopening:
    """What goes on by itself in this process. `tell` says a line to whoever is there."""

    def __init__(self, project: Office, tell: Callable[[str], object] | None = None) -> None:
        self._project = project
        self.tell = tell or _say
        self.taken: list[Run] = []
        """The runs that were taken up so."""
        self._asked: deque[tuple[Flow, bool]] = deque()
        self._asleep: list[_Asleep] = []
        self._lost: dict[str, list[RunRow]] | None = None
        """By flow; None before anybody has looked."""
        if not project.folder.is_dir():
            self._lost = {}  # what is lost later, others will look for
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        _reopenings.add(self)

    def look(self, flow: Flow, *, whole: bool = True) -> None:
        """See to the lost runs of a flow, and return at once.

        `whole`: the flow is all there, and a run that goes on with another version of it is told
        so. Otherwise only runs of just this version are looked for, and others another time.
        """
        if self._lost is not None and not self._lost.get(flow.name):
            return
        with self._lock:
            self._asked.append((flow, whole))
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(
                    target=self._work, name="flowbook-reopening", daemon=True
                )
                self._thread.start()

    def settled(self, timeout: float = 30.0) -> bool:
        """True once all that was asked for has been seen to; for those who must know."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return self._thread is None

    def close(self) -> None:
        """Take nothing up any more, once what was asked for has been seen to."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    # ------------------------------------------------------------ the thread

    def _work(self) -> None:
        while True:
            try:
                self._see_to_all()
            except Exception as error:  # noqa: BLE001 - it must not end a thread that others count on
                _log.warning("lost runs cannot be looked for: %s", error)
                self._lost = self._lost or {}
            with self._lock:
                if not self._asked and (not self._asleep or self._closing.is_set()):
                    self._thread = None
                    return
            if not self._asked:
                self._closing.wait(LOOK_SECONDS)

    def _see_to_all(self) -> None:
        if self._lost is None:
            self._lost = self._found()
        while self._asked:
            flow, whole = self._asked.popleft()
            rows = self._lost.pop(flow.name, [])
            left = [row for row in rows if not self._seen_to(flow, row, whole=whole)]
            if left:
                self._lost[flow.name] = left
        asleep, self._asleep = self._asleep, []
        for one in asleep:
            if _has_come(self._project, one):
                self._go_on(one.flow, one.row)
            else:
                self._asleep.append(one)

    def _found(self) -> dict[str, list[RunRow]]:
        """The lost runs by flow; one that was called goes on with the run that called it."""
        found: dict[str, list[RunRow]] = {}
        for row in unattended(self._project):
            if self._setting(row) != Recover.OFF:
                found.setdefault(row.flow, []).append(row)
        return found

    def _setting(self, row: RunRow) -> object:
        return self._project.store.settings.get("recover", row.flow)

    def _seen_to(self, flow: Flow, row: RunRow, *, whole: bool) -> bool:
        """False for a run that is to be looked at again when more of the flow is there."""
        if not whole and (
            version_of(flow.spec()) != row.version or missing_names(self._project.live, flow)
        ):
            return False
        asleep = _Asleep(flow, row, waiting(self._project, row.id))
        if row.status is RunStatus.SUSPENDED and not _has_come(self._project, asleep):
            self._asleep.append(asleep)
        elif self._setting(row) == Recover.ASK:
            self.tell(_waits(row, "its process is gone"))
        else:
            self._go_on(flow, row)
        return True

    def _go_on(self, flow: Flow, row: RunRow) -> None:
        try:
            run = take_up(self._project, flow, row.id, careful=True)
        except FlowbookError as why:
            if lost(self._project, self._project.history.run(row.id)):  # else another has it
                self.tell(_waits(row, why.message, why.hint))
            return
        self.taken.append(run)
        self.tell(goes_on(row))


def unattended(project: RecoveryOffice) -> list[RunRow]:
    """The lost runs, newest first; one that was called goes on with the run that called it."""
    rows = lost_runs(project)
    ids = {row.id for row in rows}
    return [row for row in rows if row.parent not in ids]


def due_by_itself(project: Office) -> list[RunRow]:
    """The lost runs of notebooks that may go on now without a word, as far as one sees at once."""
    now, found = datetime.now(UTC), []
    for row in unattended(project):
        may = project.store.settings.get("recover", row.flow) == Recover.AUTO
        if may and (row.status is not RunStatus.SUSPENDED or is_due(project, row.id, now)):
            with suppress(UsageError):  # it is no notebook's: whoever runs its program takes it up
                notebook_of(project.path, row.flow, "")
                found.append(row)
    return found


def goes_on(row: RunRow) -> str:
    """The line about a lost run that goes on by itself."""
    what = "what it waited for has come" if row.status is RunStatus.SUSPENDED else "was lost"
    return (
        f"run {row.id} of {row.flow!r} goes on ({what}); "
        f"to stop it: flowbook history cancel {row.id}"
    )


def _has_come(project: Office, one: _Asleep) -> bool:
    """True when what a run waits for is there: a time, or a signal."""
    now = datetime.now(UTC)
    sent = {signal.name for signal in project.store.signals.pending(one.row.id)}
    times = [at for wait in one.waits for at in (wait.until, wait.timeout_at)]
    return any(wait.signal in sent for wait in one.waits) or any(at and at <= now for at in times)


def _waits(row: RunRow, why: str, hint: str | None = None) -> str:
    hint = hint or f"to go on with it: flow.recover({str(row.id)!r})"
    return f"run {row.id} of {row.flow!r} waits for a word: {why}; {hint}"


def _say(line: str) -> None:
    sys.stderr.write(f"flowbook: {line}\n")
    sys.stderr.flush()


def _stay() -> None:
    """Let what was taken up come to its end, or to where it waits, before the process ends."""
    if "ipykernel" in sys.modules:
        return
    for reopening in list(_reopenings):
        reopening.close()
        going = [run for run in reopening.taken if run.status is RunStatus.RUNNING]
        if going:
            reopening.tell(f"waiting for {len(going)} run(s) that went on here; Ctrl-C leaves them")
        try:
            for run in going:
                while run.status is RunStatus.RUNNING and not run.settled(LOOK_SECONDS / 20):
                    pass
        except KeyboardInterrupt:
            return


# Threads of the standard library's pools take no more work once the interpreter is on its way out,
# and that comes before atexit.
getattr(threading, "_register_atexit", atexit.register)(_stay)
