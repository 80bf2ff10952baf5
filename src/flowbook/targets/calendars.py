"""The calendar of systemd, systemd.time(7): a schedule's moments in its language.

Either of day and weekday makes two entries, the last day of a month and counted weekdays have a
notation, and what comes every so many minutes is written for UTC where that is the same, because a
timer leaves out the hour that a clock shows twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from flowbook.errors import InvalidSchedule
from flowbook.targets.lines import interval_slots, runs, settled
from flowbook.targets.promises import changes, follows_time
from flowbook.triggers.clock import Clock
from flowbook.triggers.cron import Cron, Numbers
from flowbook.triggers.schedule import Schedule

_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_HOUR = timedelta(hours=1)


def calendars(schedule: Schedule, now: datetime) -> tuple[str, ...]:
    """The moments as entries of a calendar; a timer takes the earliest of all.

    >>> friday = Schedule(cron="0 9 13 * FRI", timezone="Europe/Berlin")
    >>> calendars(friday, datetime(2026, 1, 1, tzinfo=UTC))
    ('*-*-13 09:00:00 Europe/Berlin', 'Fri *-*-* 09:00:00 Europe/Berlin')
    """
    if schedule.every is not None:
        return tuple(
            f"{_weekdays(one.weekdays)}*-*-* {_list(one.hours, 24)}:{_list(one.minutes, 60)}:"
            f"{_list(one.seconds, 60)} UTC"
            for one in interval_slots(schedule)
        )
    if schedule.cron is None:
        return tuple(f"{one.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" for one in settled(schedule))
    cron = Cron(schedule.cron, schedule.timezone)
    named = cron.numbers
    time = f"{_list(named.hours, 24)}:{_list(named.minutes, 60)}:00"
    zone = "UTC" if same_in_utc(schedule, now) else schedule.timezone
    months = "*" if len(named.months) == 12 else _list(named.months, 13)
    return tuple(f"{day} {time} {zone}" for day in _dates(named, months))


def _dates(named: Numbers, months: str) -> Iterator[str]:
    some = bool(named.weekdays or named.numbered)
    if named.days and some and not named.either:
        if named.numbered:
            raise InvalidSchedule(
                "a counted weekday that has to be a certain day as well cannot be written down",
                hint="name one of them alone",
                field="cron",
            )
        for day in _days(named.days):
            yield f"{_weekdays(named.weekdays)}*-{months}{day}"
        return
    for day in _days(named.days):
        yield f"*-{months}{day}"
    if named.weekdays:
        yield f"{_weekdays(named.weekdays)}*-{months}-*"
    for weekday, which in named.numbered:
        last = min(7 * which, 31)
        days = "~07/1" if which < 0 else f"-{7 * which - 6:02}..{last:02}"
        yield f"{_WEEKDAYS[weekday]} *-{months}{days}"
    if not named.days and not some:
        yield f"*-{months}-*"


def _days(days: Sequence[int]) -> Iterator[str]:
    plain = [one for one in days if one > 0]
    if plain:
        yield f"-{_list(plain, 32)}"
    if -1 in days:
        yield "~01"


def _list(numbers: Iterable[int], count: int) -> str:
    """Numbers as the calendar has them; `*` for all from 0.

    >>> _list((9, 10, 11, 17), 24)
    '09..11,17'
    """
    found = sorted(numbers)
    if found == list(range(count)):
        return "*"
    return ",".join(f"{a:02}" if a == b else f"{a:02}..{b:02}" for a, b in runs(found))


def _weekdays(weekdays: Sequence[int]) -> str:
    return ",".join(_WEEKDAYS[one] for one in weekdays) + " " if weekdays else ""


def same_in_utc(schedule: Schedule, now: datetime) -> bool:
    """True where it comes every so many minutes of whichever hour, and zones do not matter."""
    if schedule.cron is None or not schedule.cron.strip():
        return False
    named = Cron(schedule.cron, schedule.timezone).numbers
    anyday = not (named.days or named.weekdays or named.numbered) and len(named.months) == 12
    clock = Clock.of(schedule.timezone)
    offsets = {clock.offset(one) for one in (now, *changes(schedule.timezone, now))}
    whole = all(one % _HOUR == timedelta(0) for one in offsets)
    return anyday and len(named.hours) == 24 and whole and follows_time(schedule)
