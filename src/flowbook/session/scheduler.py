"""Starting what is due, again and again, beside any number of others who do the same.

Whoever gets the hold on a schedule decides about it, says so durably, and lets go; all others pass
it by. A hold ends with its process, so there is nothing to be cleaned up behind one that was
killed: before its word the moment is as undecided as it was, and after it the run is known that is
to be, and the next scheduler starts a process for it if there is none.

`Claims`, files that are created only once, were tried for this and are not used: they outlive
their winner, and then somebody has to find out whether it did what it had claimed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from flowbook.errors import FlowbookError
from flowbook.ids import RunId
from flowbook.session.scheduled import Scheduled, hold_on_schedule, hold_on_slot, told
from flowbook.session.start import mint_run_id
from flowbook.store.facts import DecidedSlot
from flowbook.triggers.order import in_order
from flowbook.triggers.settle import Decision, Lacking, Pending, Settled, Standing, settle
from flowbook.triggers.slots import Verdict, Why

if TYPE_CHECKING:
    from flowbook.session.schedules import Schedules
    from flowbook.store.history import History
    from flowbook.store.scheduled import ScheduleRow, SlotRow
    from flowbook.store.store import Store

AT_ONCE: Final = 10
"""How many schedules are looked after in one go."""
POLL_SECONDS: Final = 2.0
"""So soon it is seen that a schedule was changed, or that a run is over."""
MOST_TRIES: Final = 3
"""How often a process is started for the run of a slot."""
UNSTARTED_SECONDS: Final = 20.0
"""After so long a run that nobody performs has no process any more; to load flowbook is shorter."""

_LAST_SUCCESS = """
SELECT flow, max(epoch_us(coalesce(scheduled_for, started_at))) FROM runs
WHERE status = 'succeeded' AND flow IN (SELECT unnest($flows)) GROUP BY flow
"""


class Office(Protocol):
    """What a scheduler needs of its project; `flowbook.Project` is one."""

    schedules: Schedules
    own: Callable[[RunId], AbstractContextManager[object] | None]

    @property
    def store(self) -> Store: ...
    @property
    def history(self) -> History: ...


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at what is due: how many runs were started, and when something is due next."""

    started: int
    next: datetime | None


class Scheduler:
    """A loop over what is due in one project. `say` hears what is done, as plain data.

    >>> from tempfile import mkdtemp; from flowbook import project
    >>> Scheduler(project(mkdtemp())).look()
    Looked(started=0, next=None)
    """

    def __init__(
        self,
        project: Office,
        *,
        say: Callable[[dict[str, Any]], object] = lambda _what: None,
        poll: float = POLL_SECONDS,
        unstarted: float = UNSTARTED_SECONDS,
    ) -> None:
        self._project = project
        self._say = say
        self._poll = poll
        self._unstarted = timedelta(seconds=unstarted)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Look after what is due until `stop` is called."""
        while not self._stopping.is_set():
            seconds = self._poll
            try:
                seconds = self.rest(self.look())
            except (FlowbookError, OSError) as error:  # the store is held, or its disk is full
                self._failed("", error)
            self._stopping.wait(seconds)

    def rest(self, looked: Looked) -> float:
        """For how many seconds there is nothing to do; a while, for others may change that."""
        if looked.next is None:
            return self._poll
        left = (looked.next - self._project.schedules.now()).total_seconds()
        return min(self._poll, max(left, 0.0))

    def stop(self) -> None:
        """Let `run` return soon; runs that were started go on."""
        self._stopping.set()

    def look(self) -> Looked:
        """See to all that is due now, once."""
        now, agenda = self._project.schedules.now(), self._project.store.agenda
        known = self._known()
        open_slots = {slot.schedule for slot in agenda.unsettled()} if known else set()
        due = [one for one in known if _is_due(one, now) or one.name in open_slots]
        started, seen = 0, set[str]()
        for one in _ordered(due):
            if self._stopping.is_set() or len(seen) >= AT_ONCE:
                break
            begun = self._tended(one.name)
            if begun is None:
                continue  # somebody else looks after it
            started += begun
            seen.add(one.name)
        times = [_time(one) for one in (self._known() if seen else known)]
        return Looked(started, min((at for at in times if at is not None), default=None))

    def _known(self) -> list[Scheduled]:
        rows = map(self._read, self._project.store.agenda.schedules())
        return [one for one in rows if one is not None]

    def _read(self, row: ScheduleRow) -> Scheduled | None:
        try:
            return Scheduled.of(row)
        except FlowbookError as error:  # of a newer flowbook, or a zone that is not known here
            self._failed(row.name, error)
            return None

    def _tended(self, name: str) -> int | None:
        """How many runs of a schedule were started; None when another process decides about it."""
        try:
            held = self._project.own(hold_on_schedule(name))
            if held is None:
                return None
            with held:
                to_start = self._decided(name)
            for one, scheduled_for in to_start:
                self._project.schedules.launch(one, scheduled_for)
        except (FlowbookError, OSError) as error:
            self._failed(name, error)
            return 0
        return len(to_start)

    def _decided(self, name: str) -> list[tuple[Scheduled, datetime]]:
        """Decide about a schedule, which nobody else does meanwhile; the slots to be started."""
        agenda, now = self._project.store.agenda, self._project.schedules.now()
        rows = {row.name: row for row in agenda.schedules()}
        if name not in rows:
            return []
        one = Scheduled.of(rows[name])
        slots = [slot for slot in agenda.unsettled() if slot.schedule == name]
        settled = self._settled(one, slots, now)
        decided = [self._word(one, decision) for decision in settled.decisions]
        again = [self._again(slot) for slot in slots if self._is_unstarted(slot, now)]
        if decided or again:
            upto, upcoming = settled.upto, settled.next
            agenda.decide(
                name,
                one.flow,
                [*decided, *again],
                upto=None if upto is None else upto.timestamp(),
                next_run=None if upto is None or upcoming is None else upcoming.timestamp(),
            )
        self._tell(one, [*decided, *again])
        return [
            (one, datetime.fromtimestamp(word.scheduled_for, tz=now.tzinfo))
            for word in (*decided, *again)
            if word.verdict == Verdict.RUN
        ]

    def _settled(self, one: Scheduled, slots: list[SlotRow], now: datetime) -> Settled:
        pending = tuple(
            Pending(slot.scheduled_for, Why(slot.reason), slot.behind or one.since)
            for slot in slots
            if slot.verdict == Verdict.WAIT
        )
        standing = Standing(one.decided_until, len(slots) - len(pending), pending)
        if not one.enabled and not pending:
            return Settled((), None, None)
        then = now - timedelta(seconds=one.delay)
        return settle(one.schedule, standing, then, self._lacking(one))

    def _lacking(self, one: Scheduled) -> Lacking:
        """Which flows a moment waits for; the history is asked once, and only if it matters."""
        known: dict[str, int] = {}

        def lacking(since: datetime) -> tuple[str, ...]:
            if not known:
                known.update(dict.fromkeys(one.schedule.after, -1))
                flows = {"flows": list(one.schedule.after)}
                known.update(self._project.history.table(_LAST_SUCCESS, flows)[1])
            begin = since.timestamp() * 1e6
            return tuple(flow for flow, at in known.items() if at <= begin)

        return lacking

    def _word(self, one: Scheduled, decision: Decision) -> DecidedSlot:
        slot, runs = decision.slot, decision.slot.verdict is Verdict.RUN
        return DecidedSlot(
            scheduled_for=slot.scheduled_for.timestamp(),
            verdict=slot.verdict,
            reason=slot.why,
            detail=", ".join(decision.lacking),
            run=mint_run_id() if runs else None,
            key=one.key(slot.scheduled_for) if runs else None,
            tries=int(runs),
            behind=decision.behind.timestamp(),
        )

    def _is_unstarted(self, slot: SlotRow, now: datetime) -> bool:
        """Whether nobody has begun a run that is to be, nor is about to."""
        if slot.verdict != Verdict.RUN or slot.begun or slot.run_status is not None:
            return False
        if now - slot.decided_at < self._unstarted:
            return False
        performing = self._project.own(hold_on_slot(slot.schedule, slot.scheduled_for))
        if performing is None:
            return False
        with performing:
            found = self._project.store.agenda.slot(slot.schedule, slot.scheduled_for)
        return found is not None and found == slot

    def _again(self, slot: SlotRow) -> DecidedSlot:
        """The same run once more, or that nobody can start it."""
        more = slot.tries < MOST_TRIES
        why = f"{slot.tries} processes were started for it, and none began"
        return DecidedSlot(
            scheduled_for=slot.scheduled_for.timestamp(),
            verdict=Verdict.RUN if more else Verdict.SKIP,
            reason=Why.TAKEN_UP if more else Why.NOT_STARTED,
            detail=slot.detail if more else why,  # the parameters that it was asked for with
            run=RunId(str(slot.run_id)) if more else None,
            key=slot.key,
            tries=slot.tries + more,
            behind=None if slot.behind is None else slot.behind.timestamp(),
        )

    def _tell(self, one: Scheduled, slots: Iterable[DecidedSlot]) -> None:
        for slot in slots:
            at = datetime.fromtimestamp(slot.scheduled_for, tz=one.changed_at.tzinfo)
            self._say(
                {
                    "schedule": one.name,
                    "flow": one.flow,
                    "scheduled_for": told(at),
                    "verdict": str(slot.verdict),
                    "reason": str(slot.reason),
                    "detail": slot.detail,
                    "run": slot.run,
                }
            )

    def _failed(self, name: str, error: Exception) -> None:
        message = error.message if isinstance(error, FlowbookError) else str(error)
        self._say({"schedule": name, "verdict": "error", "detail": message})
        logging.getLogger(__name__).warning("schedule %r cannot be looked after: %s", name, message)


def _time(one: Scheduled) -> datetime | None:
    """When a schedule is due."""
    if not one.enabled or one.next_run is None:
        return None
    return one.next_run + timedelta(seconds=one.delay)


def _is_due(one: Scheduled, now: datetime) -> bool:
    at = _time(one)
    return at is not None and at <= now


def _ordered(due: list[Scheduled]) -> list[Scheduled]:
    """The earliest first, and each behind the flows that it runs after."""
    due = sorted(due, key=lambda one: (_time(one) or one.changed_at, one.name))
    after: dict[str, list[str]] = {}
    for one in due:
        after.setdefault(one.flow, []).extend(one.schedule.after)
    places = {flow: place for place, flow in enumerate(in_order([one.flow for one in due], after))}
    return sorted(due, key=lambda one: places[one.flow])
