"""The audit of one run, for a flow with the option `audit`: who had it run, and how it ended.

The end is told to the journal before the run's own last event, so whoever waits for the run finds
it. Nothing here waits for the disk, and a run never fails because its audit does: that is logged,
once for each run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from flowbook.events import CancelRequested, Event, RunCompleted, RunStatus, TriggerKind

if TYPE_CHECKING:
    from flowbook.plan.plan import Plan
    from flowbook.run.handle import Run
    from flowbook.store.audit import RunAccount
    from flowbook.store.store import Store

_log = logging.getLogger(__name__)


class Accounting:
    """Tells the audit of one run; made by whoever starts it or takes it up."""

    def __init__(self, account: RunAccount) -> None:
        self._account = account
        self._once = threading.Lock()
        self._ended = self._warned = False

    def started(self, run: Run, trigger: TriggerKind, params: Mapping[str, Any]) -> None:
        """The run has begun with these parameters, as they may be told."""
        self._say(lambda: self._account.started(trigger.value, params))
        self._follow(run)

    def recovered(self, run: Run) -> None:
        """The run was lost and goes on."""
        self._say(self._account.recovered)
        self._follow(run)

    def _follow(self, run: Run) -> None:
        def heard(notice: object) -> None:
            if isinstance(notice, RunCompleted):
                self._end(run.events())

        run.subscribe(heard)
        events = run.events()
        if events and isinstance(events[-1], RunCompleted):  # it was over before anybody listened
            self._end(events)
        run.when_over(lambda: self._end(run.events()))  # one that broke has no last event

    def _end(self, events: list[Event]) -> None:
        with self._once:
            if self._ended:
                return
            self._ended = True
        status, ms, reason = how_it_ended(events)
        self._say(lambda: self._account.ended(status, ms, reason))

    def _say(self, append: Callable[[], Future[None]]) -> None:
        try:
            append().add_done_callback(self._check)
        except Exception as error:  # noqa: BLE001 - the run goes on without its audit
            self._warn(error)

    def _check(self, done: Future[None]) -> None:
        error = done.exception()
        if error is not None:
            self._warn(error)

    def _warn(self, error: BaseException) -> None:
        if not self._warned:
            self._warned = True
            run = self._account.run
            _log.warning("run %s is missing from the audit", run, exc_info=error)


def accounting_of(plan: Plan, store: Store, run_id: str) -> Accounting | None:
    """The audit of a run that is about to begin, in the name of whoever acts now, if it has one."""
    return Accounting(store.audit.of_run(run_id, plan.flow)) if plan.options.audit else None


def how_it_ended(events: list[Event]) -> tuple[RunStatus, float, str | None]:
    """Status, milliseconds and reason of a run that is over, whatever became of its last event.

    >>> how_it_ended([RunCompleted(run="r", seq=1, at=2.0, status=RunStatus.SUCCEEDED, ms=7.5)])
    (<RunStatus.SUCCEEDED: 'succeeded'>, 7.5, None)
    """
    last = events[-1] if events else None
    if not isinstance(last, RunCompleted):
        ms = (time.time() - events[0].at) * 1000 if events else 0.0
        return RunStatus.FAILED, ms, "the run broke off"
    if last.error is not None:
        return last.status, last.ms, f"{last.error.name}: {last.error.message}".removesuffix(": ")
    asked = (one.reason for one in reversed(events) if isinstance(one, CancelRequested))
    return last.status, last.ms, next(asked, None) or None
