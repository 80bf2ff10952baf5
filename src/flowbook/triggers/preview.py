"""The next moments of a schedule as people read them, with what is odd about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flowbook.triggers.clock import Clock
from flowbook.triggers.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Fire:
    """One moment: in UTC, on the schedule's own clock, and what is odd about it, '' for nothing."""

    at: datetime
    local: datetime
    note: str


def preview(schedule: Schedule, after: datetime, most: int = 5) -> tuple[Fire, ...]:
    """The next moments behind `after`, at most so many.

    >>> from datetime import UTC
    >>> nightly = Schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    >>> for fire in preview(nightly, datetime(2026, 10, 24, 12, tzinfo=UTC), 2):
    ...     print(f"{fire.local:%a %d %H:%M %Z}: {fire.note or 'as ever'}")
    Sun 25 02:30 CEST: the clock is set back to 02:00 at 03:00 that day
    Mon 26 02:30 CET: as ever
    """
    clock = Clock.of(schedule.timezone)
    return tuple(
        Fire(moment, moment.astimezone(clock.zone), odd(clock, moment))
        for moment in schedule.upcoming(after, most)
    )


def odd(clock: Clock, moment: datetime) -> str:
    """What happens to the clock on the day of a moment; '' on most days."""
    begin = clock.reading(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    midnight = clock.moment(begin)
    change = clock.change(midnight - timedelta(seconds=1), midnight + timedelta(days=1))
    if change is None:
        return ""
    before, after = clock.offset(change - timedelta(seconds=1)), clock.offset(change)
    then = clock.reading(change)
    was = then + before - after
    way = "forward" if after > before else "back"
    return f"the clock is set {way} to {then:%H:%M} at {was:%H:%M} that day"
