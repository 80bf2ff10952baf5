"""Asking a run to stop, to hold or to go on, whichever process has it.

A run of this process is asked directly. That of another is left a signal, which its process looks
for (`flowbook.session.listening`); that somebody else cancelled it is in the audit before it is
asked. A run that no process has cannot be asked, and is refused with what became of it.

Nothing here changes a run: what comes of a request is for the run to journal.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, Self

from flowbook.errors import RunTimeout, UsageError
from flowbook.events import RunStatus
from flowbook.ids import FlowId, RunId
from flowbook.session import waiting
from flowbook.session.listening import Listener, obey
from flowbook.session.queued import Queue, queue, waits_elsewhere
from flowbook.store.signals import PRIORITIZE, Control

if TYPE_CHECKING:
    from flowbook.run.handle import Run
    from flowbook.session.queue import Queues
    from flowbook.store.boards import Waiting
    from flowbook.store.history import History
    from flowbook.store.rows import RunRow
    from flowbook.store.store import Store

_PAUSE = 0.1
"""Seconds between two looks at the history while waiting."""

_LAST_WORD = """
SELECT kind FROM events WHERE run_id = $run AND kind IN ('RUN_PAUSED', 'RUN_RESUMED')
ORDER BY seq DESC LIMIT 1
"""


class Office(Protocol):
    """What asking needs of its project; `flowbook.Project` is one."""

    listener: Listener
    queues: Queues

    @property
    def store(self) -> Store: ...
    @property
    def history(self) -> History: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of a run. `host` and `pid` are of the process that performs it.

    `here` says that it is this one, which has heard it already; another hears it in a moment.
    """

    run: RunId
    control: Control
    host: str | None
    pid: int | None
    here: bool
    _seen: Callable[[], bool] = field(repr=False, compare=False)

    def wait(self, timeout: float | None = None) -> Self:
        """Block until it has happened: the run is cancelled, is paused, or is not.

        Raises `RunTimeout` after `timeout` seconds, when it may still happen, and `UsageError` when
        it cannot any more because the run ended first.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._seen():
            left = _PAUSE if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise RunTimeout(
                    f"process {self.pid} on {self.host} was asked to {self.control} run "
                    f"{self.run}, and has not after {timeout:g} s",
                    hint="the request stands; nodes that do not stop keep a run from ending",
                    run_id=self.run,
                    seconds=timeout,
                )
            time.sleep(min(_PAUSE, left))
        return self

    def to_json(self) -> dict[str, Any]:
        """The request as plain data."""
        told = {"run": self.run, "asked": str(self.control), "here": self.here}
        return {**told, "host": self.host, "pid": self.pid}


class Controlled:
    """The part of a project that asks its runs; each returns at once, with the request.

    >>> from tempfile import mkdtemp; import flowbook
    >>> project = flowbook.project(mkdtemp())
    >>> project.cancel("0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90")
    Traceback (most recent call last):
    ...
    flowbook.errors.UsageError: no run '0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90' in this project
      hint: history.runs() lists them
    """

    def cancel(self: Office, run_id: str, reason: str | None = None) -> Request:
        """Ask a run of any process to stop; what runs is told, what does not run never will.

        When another process performs the run, the audit says who asked, and why. Raises
        `UsageError` when the run is unknown, is over, or is lost: no process has it.
        """
        return ask(self, run_id, Control.CANCEL, reason)

    def pause(self: Office, run_id: str) -> Request:
        """Ask a run of any process to start no more nodes for now; those that run go on.

        A run that is paused stays so. Raises as `cancel` does.
        """
        return ask(self, run_id, Control.PAUSE)

    def resume(self: Office, run_id: str) -> Request:
        """Ask a run of any process to go on after `pause`; one that is not paused just goes on.

        A run that waits for something else still waits for it. Raises as `cancel` does.
        """
        return ask(self, run_id, Control.RESUME)

    def prioritize(self: Office, run_id: str, priority: int) -> None:
        """Give a run of any process that is `queued` another priority: the larger goes first.

        Raises `UsageError` when no run of that id waits for its turn.
        """
        prioritize(self, run_id, priority)

    def queue(self: Office) -> Queue:
        """What waits for its turn in the project, for what, and what goes on meanwhile."""
        return queue(self)

    def signal(self: Office, run_id: str, name: str, payload: Any = None) -> str:
        """Leave a signal for a run, whether or not a process has it now; the signal's id.

        One node of the run that waits for `name`, or the first that will, gets `payload`, once;
        until then the signal is kept on disk. `payload` is plain JSON of at most 1 MiB. Raises
        `UsageError` when the run is unknown or over, or the payload is not plain.
        """
        return waiting.send(self, run_id, name, payload)

    def approve(
        self: Office,
        run_id: str,
        node: str,
        *,
        approved: bool = True,
        by: str | None = None,
        comment: str = "",
    ) -> str:
        """Tell the approval node `node` of a run a decision; the id of the signal it is.

        `by` is who decides, the user of this process when left out. The audit has an entry of it,
        `APPROVED` or `REJECTED`. Raises `UsageError` when the node waits for no approval, or when
        `by` is none of its approvers.
        """
        return waiting.approve(self, run_id, node, approved=approved, by=by, comment=comment)

    def waiting(self: Office, run_id: str | None = None) -> tuple[waiting.Wait, ...]:
        """What waits for something outside, the longest first; of one run, or of all."""
        return waiting.waiting(self, run_id)


def ask(project: Office, run_id: str, control: Control, reason: str | None = None) -> Request:
    """Ask the run's process; `UsageError` when there is none."""
    from flowbook.session.recovery import is_performed

    run = project.listener.run(run_id)
    if run is not None:
        _refuse_ended(run, control)
        obey(run, control, reason)
        host, pid = socket.gethostname(), os.getpid()
        return Request(run.id, control, host, pid, True, partial(_happened_here, run, control))
    waits = waits_elsewhere(project, run_id)
    if waits is not None:
        return _ask_queued(project, waits, control, reason)
    row = project.history.run(run_id)
    _refuse_unless_performed(project, row, control)
    if control is Control.CANCEL:
        project.store.audit.record(
            "CANCELLED", run=row.id, flow=row.flow, reason=reason, pid=row.pid
        )
    sent = project.store.signals.send(
        row.id, control, None if reason is None else {"reason": reason}
    )
    happened = partial(_happened, project, row.id, control)
    if not is_performed(project.history, project.history.run(row.id)):
        # it ended meanwhile, and may have swept up before the signal was there
        project.store.signals.withdraw(row.id, sent)
        happened()
    return Request(row.id, control, row.host, row.pid, False, happened)


def _ask_queued(project: Office, waits: Waiting, control: Control, reason: str | None) -> Request:
    """Ask a run that waits for its turn in another process, and of which nothing is written yet."""
    run_id = RunId(waits.run)
    if control is not Control.CANCEL:
        raise UsageError(
            f"run {run_id} is queued: it waits for {waits.why}",
            hint=f"nothing of it has begun; there is nothing to {control} yet",
        )
    flow = FlowId(waits.flow)
    project.store.audit.record("CANCELLED", run=run_id, flow=flow, reason=reason, pid=waits.pid)
    project.store.signals.send(run_id, control, {"reason": reason} if reason else None)
    happened = partial(_happened_queued, project, run_id)
    return Request(run_id, control, socket.gethostname(), waits.pid, False, happened)


def prioritize(project: Office, run_id: str, priority: int) -> None:
    """Let a run that waits for its turn go before others, or behind them."""
    run = project.listener.run(run_id)
    if run is not None:
        run.prioritize(priority)
        return
    if waits_elsewhere(project, run_id) is None:
        row = project.history.run(run_id)
        raise UsageError(
            f"run {row.id} does not wait for its turn: it is {row.status.value}",
            hint="flowbook queue lists those that do",
        )
    project.store.signals.send(run_id, PRIORITIZE, priority)


# ---------------------------------------------------------------- has it happened?


def _happened_queued(project: Office, run_id: RunId) -> bool:
    if waits_elsewhere(project, run_id) is not None:
        return False
    try:
        return _happened(project, run_id, Control.CANCEL)
    except UsageError:
        if project.history.table("SELECT 1 FROM runs WHERE id = ?", [run_id])[1]:
            raise
        return False  # its end is not written yet


def _happened_here(run: Run, control: Control) -> bool:
    if control is not Control.CANCEL and run.state.paused is (control is Control.PAUSE):
        return True
    if control is Control.CANCEL and run.status is RunStatus.CANCELLED:
        return run.settled(_PAUSE)
    _refuse_ended(run, control)
    return False


def _happened(project: Office, run_id: RunId, control: Control) -> bool:
    from flowbook.session.recovery import is_lost

    row = project.history.run(run_id)
    if control is Control.CANCEL:
        done = row.status is RunStatus.CANCELLED
    else:
        _names, last = project.history.table(_LAST_WORD, {"run": run_id})
        done = (last == [("RUN_PAUSED",)]) is (control is Control.PAUSE)
    if not (done and row.status.over) or is_lost(row):
        _refuse_unless_performed(project, row, control)
    return done


# ---------------------------------------------------------------- can it be asked at all?


def _refuse_ended(run: Run, control: Control) -> None:
    if run.status.over:
        raise _over(run.id, run.status.value, control)


def _refuse_unless_performed(project: Office, row: RunRow, control: Control) -> None:
    """`UsageError` unless some process has the run, which may be one that waits."""
    from flowbook.session.recovery import is_lost, is_performed

    if is_performed(project.history, row):
        return
    if row.status.over and not is_lost(row):
        when = "" if row.ended_at is None else f" at {row.ended_at:%Y-%m-%d %H:%M:%S} UTC"
        why = "" if row.error is None else f": {row.error}"
        raise _over(row.id, f"{row.status.value}{when}{why}", control)
    hint = f"go on with it first: flow.recover({str(row.id)!r})"
    if row.status is RunStatus.SUSPENDED:  # the command would leave it alone again at once
        hint += f", and {control} the run that this gives"
    else:
        hint += f", or flowbook history recover {row.id}"
    raise UsageError(
        f"run {row.id} is lost: process {row.pid} on {row.host}, which performed it, is gone",
        hint=hint,
    )


def _over(run_id: RunId, how: str, control: Control) -> UsageError:
    return UsageError(
        f"run {run_id} is over ({how}): there is nothing to {control}",
        hint="run the flow again for a new run",
    )
