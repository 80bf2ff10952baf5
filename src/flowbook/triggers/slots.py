"""What becomes of the moments of a schedule that are due: which are kept, and why others are not.

A *slot* is one moment of one schedule. Each that has come gets one verdict, for good, so that a
history tells of every gap why it is there. Several schedulers on one project reach the same verdict
on the same facts; which of them starts the run is decided by a claim, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from flowbook.triggers.schedule import CatchUp, Overlap, Schedule

MOST_TOLD: Final = 1_000
"""Missed slots that are told one by one; of more, the latest are."""


class Verdict(StrEnum):
    """What becomes of a slot."""

    RUN = "run"
    WAIT = "wait"
    SKIP = "skip"


class Why(StrEnum):
    """Why a slot is kept, waits, or is skipped."""

    ON_TIME = "on_time"
    CAUGHT_UP = "caught_up"
    STILL_RUNNING = "still_running"
    ONE_WAITS = "one_waits"
    TOO_MANY = "too_many"
    MISSED = "missed"
    SUPERSEDED = "superseded"
    ITS_TURN = "its_turn"
    NOT_READY = "not_ready"
    NEVER_READY = "never_ready"
    BACKFILLED = "backfilled"
    BY_HAND = "by_hand"
    TAKEN_UP = "taken_up"
    NOT_STARTED = "not_started"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Slot:
    """One moment, and what becomes of it."""

    scheduled_for: datetime
    verdict: Verdict
    why: Why


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done now: `slots` in their order, and the `next` moment, None for none."""

    slots: tuple[Slot, ...]
    next: datetime | None


def due(
    schedule: Schedule, since: datetime, now: datetime, *, running: int = 0, waiting: int = 0
) -> Due:
    """What becomes of every moment behind `since` up to `now`.

    `running`: runs of this schedule that go on; `waiting`: others, that wait for those to end.

    >>> from datetime import UTC
    >>> hourly = Schedule(cron="@hourly")
    >>> at = lambda hour, minute=0: datetime(2026, 1, 1, hour, minute, tzinfo=UTC)
    >>> [(slot.scheduled_for.hour, slot.verdict.value, slot.why.value)
    ...  for slot in due(hourly, at(9, 30), at(12)).slots]
    [(10, 'skip', 'superseded'), (11, 'skip', 'superseded'), (12, 'run', 'on_time')]
    """
    come, upcoming = _come(schedule, since, now)
    if not schedule.enabled:
        return Due((), upcoming)
    slots, going, queued = [], running, waiting
    for moment, wanted in _wanted(schedule, come, now):
        if wanted in (Why.MISSED, Why.SUPERSEDED, Why.TOO_MANY):
            slots.append(Slot(moment, Verdict.SKIP, wanted))
            continue
        verdict, why = _placed(schedule, going, queued, wanted)
        going += verdict is Verdict.RUN
        queued += verdict is Verdict.WAIT
        slots.append(Slot(moment, verdict, why))
    return Due(tuple(slots), upcoming)


def _come(
    schedule: Schedule, since: datetime, now: datetime
) -> tuple[list[datetime], datetime | None]:
    """The moments that have come, the latest of very many, and the one that will.

    It looks back by steps that grow: nobody counts every second of a year's absence.
    """
    back = timedelta(hours=1)
    while True:
        begin = max(since, now - back)
        come, upcoming = _between(schedule, begin, now)
        if begin == since or len(come) >= MOST_TOLD:
            return come[-MOST_TOLD:], upcoming
        back *= 4


def _between(
    schedule: Schedule, since: datetime, now: datetime
) -> tuple[list[datetime], datetime | None]:
    come: list[datetime] = []
    for moment in schedule.moments(since):
        if moment > now:
            return come, moment
        come.append(moment)
    return come, None


def _wanted(
    schedule: Schedule, come: list[datetime], now: datetime
) -> Iterator[tuple[datetime, Why]]:
    """Each moment, and whether it is on time, made up for, or why it is neither."""
    grace = timedelta(seconds=schedule.grace)
    late = [moment for moment in come if now - moment > grace]
    for place, moment in enumerate(come):
        left = len(late) - place  # how many late ones there are from this on
        if left <= 0:
            yield moment, Why.ON_TIME
        elif schedule.catch_up is CatchUp.NONE:
            yield moment, Why.MISSED
        elif schedule.catch_up is CatchUp.ALL:
            yield moment, Why.CAUGHT_UP if left <= schedule.catch_up_most else Why.TOO_MANY
        elif place == len(come) - 1:
            yield moment, Why.CAUGHT_UP
        else:
            yield moment, Why.SUPERSEDED


def _placed(schedule: Schedule, running: int, waiting: int, wanted: Why) -> tuple[Verdict, Why]:
    """Whether a run may begin beside those that go on."""
    most = schedule.most
    if most is None or running + waiting < most:
        return Verdict.RUN, wanted
    if schedule.overlap is Overlap.QUEUE_ONE:
        if waiting == 0:
            return Verdict.WAIT, Why.STILL_RUNNING
        return Verdict.SKIP, Why.ONE_WAITS
    return Verdict.SKIP, Why.STILL_RUNNING
