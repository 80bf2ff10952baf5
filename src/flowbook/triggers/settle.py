"""What is to be done about a schedule now: new moments, those that wait, those that nobody started.

Pure as all of this room: what is known of runs is an argument. A scheduler that died between two
decisions changes nothing, for the next one asks the same questions again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from flowbook.triggers.schedule import Schedule
from flowbook.triggers.slots import Slot, Verdict, Why, due

Lacking: TypeAlias = Callable[[datetime], tuple[str, ...]]
"""The flows that a moment comes after and that have not succeeded since the one given."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A moment that waits: for `why`; `behind` is the moment before it."""

    scheduled_for: datetime
    why: Why
    behind: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a schedule: `since` is the last moment of which it is decided what becomes.

    `running`: how many of its runs go on, or are about to. `pending`: in their order.
    """

    since: datetime
    running: int = 0
    pending: tuple[Pending, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a moment; `lacking`: the flows it waits for, or waited for."""

    slot: Slot
    behind: datetime
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What is decided now. `upto`: the last moment that has come, None where none has.

    `next`: the moment behind it, None when none will come.
    """

    decisions: tuple[Decision, ...]
    upto: datetime | None
    next: datetime | None


def settle(
    schedule: Schedule, standing: Standing, now: datetime, lacking: Lacking = lambda _since: ()
) -> Settled:
    """What becomes now of what waits, and of every moment that has come since.

    Moments that wait go before new ones, and what is made up for by hand goes last.

    >>> from datetime import UTC
    >>> at = lambda hour: datetime(2026, 1, 1, hour, tzinfo=UTC)
    >>> report = Schedule(cron="@hourly", after=("load",))
    >>> found = settle(report, Standing(at(9)), at(10), lambda since: ("load",))
    >>> [(one.slot.verdict.value, one.slot.why.value, one.lacking) for one in found.decisions]
    [('wait', 'not_ready', ('load',))]
    """
    come = due(schedule, standing.since, now, running=standing.running, waiting=_queued(standing))
    newest = come.slots[-1].scheduled_for if come.slots else None
    desk = _Desk(schedule, standing.running, now, lacking)
    decisions = list(desk.pending(standing.pending, newest))
    waiting = sum(not desk.closed(one) for one in decisions) + desk.kept
    # What has just ended or begun of those that wait says how much room there is for new ones.
    if (desk.running, waiting) != (standing.running, _queued(standing)):
        come = due(schedule, standing.since, now, running=desk.running, waiting=waiting)
    behind = standing.since
    for slot in come.slots:
        decisions.append(desk.fresh(slot, behind))
        behind = slot.scheduled_for
    decisions += desk.backfilled(standing.pending)
    return Settled(tuple(decisions), newest, come.next)


def _queued(standing: Standing) -> int:
    return sum(one.why is not Why.BACKFILLED for one in standing.pending)


class _Desk:
    """How many runs go on, while one moment after the other is looked at."""

    def __init__(self, schedule: Schedule, running: int, now: datetime, lacking: Lacking) -> None:
        self.schedule, self.running, self.now = schedule, running, now
        self.lacking = lacking if schedule.after else lambda _since: ()
        self.kept = 0
        """Those that wait on, with nothing new to be said of them."""

    @property
    def free(self) -> bool:
        """True when one more run may begin."""
        return self.schedule.most is None or self.running < self.schedule.most

    @staticmethod
    def closed(decision: Decision) -> bool:
        """True for what does not wait any more."""
        return decision.slot.verdict is not Verdict.WAIT

    def pending(self, pending: tuple[Pending, ...], newest: datetime | None) -> Iterator[Decision]:
        """What has changed for those that wait."""
        for one in pending:
            if one.why is Why.BACKFILLED:
                continue
            found = self._looked_at(one, newest)
            if found is None:
                self.kept += 1
            else:
                yield found

    def _looked_at(self, one: Pending, newest: datetime | None) -> Decision | None:
        lacking = self.lacking(one.behind)
        if one.why is Why.NOT_READY and lacking and self._given_up(one, newest):
            return self._said(one, Verdict.SKIP, Why.NEVER_READY, lacking)
        if not lacking and self.free:
            self.running += 1
            return self._said(one, Verdict.RUN, Why.ITS_TURN)
        why = Why.NOT_READY if lacking and self.free else Why.STILL_RUNNING
        return None if why is one.why else self._said(one, Verdict.WAIT, why, lacking)

    def _given_up(self, one: Pending, newest: datetime | None) -> bool:
        patience = timedelta(seconds=self.schedule.patience)
        return newest is not None or self.now - one.scheduled_for > patience

    def fresh(self, slot: Slot, behind: datetime) -> Decision:
        """A moment that has just come, once it is known what it comes after."""
        lacking = self.lacking(behind) if slot.verdict is Verdict.RUN else ()
        if lacking:
            slot = Slot(slot.scheduled_for, Verdict.WAIT, Why.NOT_READY)
        self.running += slot.verdict is Verdict.RUN
        return Decision(slot, behind, lacking)

    def backfilled(self, pending: tuple[Pending, ...]) -> Iterator[Decision]:
        """Those made up for by hand, as many as there is room for."""
        for one in pending:
            if one.why is Why.BACKFILLED and self.free:
                self.running += 1
                yield self._said(one, Verdict.RUN, Why.BACKFILLED)

    @staticmethod
    def _said(one: Pending, verdict: Verdict, why: Why, lacking: tuple[str, ...] = ()) -> Decision:
        return Decision(Slot(one.scheduled_for, verdict, why), one.behind, lacking)
