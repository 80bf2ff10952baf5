"""Schedules as lines that every cron reads alike, with a guard where five fields are not enough.

Plain numbers, ranges and steps alone; never a day and a weekday in one line, but where either will
do: there all agree. A guard goes with the widest line that has all its days in it.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from flowbook.errors import InvalidSchedule
from flowbook.targets.guards import Guard, day_guard
from flowbook.triggers.clock import Clock
from flowbook.triggers.cron import Cron, Numbers
from flowbook.triggers.schedule import Schedule

_Key = TypeVar("_Key", bound=Hashable)

_ALL: Final = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12)}
_PORTABLE: Final = re.compile(r"(\*(/\d+)?|\d+(-\d+(/\d+)?)?)(,\d+(-\d+(/\d+)?)?)*")
_DAY: Final = 86_400
_WEEK: Final = 7 * _DAY
_EPOCH_WEEKDAY: Final = 4
_MOST: Final = 50
"""Lines that a schedule may become; more are not read by anybody."""


class Line(msgspec.Struct, frozen=True):
    """A line of a crontab: its five fields, and the guard that goes before its command."""

    fields: tuple[str, str, str, str, str]
    guard: Guard | None = None

    @property
    def text(self) -> str:
        return " ".join(self.fields)


class Slots(msgspec.Struct, frozen=True):
    """Times of day in UTC, on these weekdays (0 is Sunday), on all if there are none."""

    weekdays: tuple[int, ...]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]


def cron_lines(schedule: Schedule) -> tuple[str, tuple[Line, ...]]:
    """The zone whose clock they are about, and the lines; `InvalidSchedule` when there are none.

    >>> cron_lines(Schedule(cron="0 9 * * MON-FRI", timezone="Europe/Berlin"))[1][0].text
    '0 9 * * 1-5'
    >>> noon = datetime.fromisoformat("2026-01-01T12:00Z")
    >>> [line.text for line in cron_lines(Schedule(every=2700, start=noon))[1]]
    ['0,45 */3 * * *', '30 1-22/3 * * *', '15 2-23/3 * * *']
    """
    if schedule.cron is not None:
        return schedule.timezone, (_of_cron(Cron(schedule.cron, schedule.timezone)),)
    if schedule.every is not None:
        return "UTC", tuple(map(_of_slots, whole_minutes(schedule)))
    return schedule.timezone, tuple(_of_moment(schedule, one) for one in settled(schedule))


def interval_slots(schedule: Schedule) -> tuple[Slots, ...]:
    """An interval as times of the day or the week; `InvalidSchedule` when it is neither."""
    every, start = schedule.every, schedule.start
    if every is None or start is None or every % 1 or start.microsecond:
        raise refused(schedule, "every", "intervals of whole seconds, from a whole second")
    length = next((one for one in (_DAY, _WEEK) if one % every == 0), None)
    if length is None or (length == _WEEK and length // every > _WEEK):
        raise refused(schedule, "every", "intervals that divide a day or a week")
    first = int(start.timestamp())
    offsets = ((first + turn * int(every)) % length for turn in range(int(length // every)))
    days = _gathered((one // _DAY, one % _DAY) for one in offsets)
    grids = _gathered((times, day) for day, times in days.items())
    found = []
    for times, on in grids.items():
        weekdays = tuple(sorted((_EPOCH_WEEKDAY + one) % 7 for one in on))
        seconds = _gathered((one // 60, one % 60) for one in times)
        for within, at in _gathered((within, one) for one, within in seconds.items()).items():
            hours = _gathered((one // 60, one % 60) for one in at)
            for minutes, of in _gathered((some, hour) for hour, some in hours.items()).items():
                found.append(Slots(weekdays if length == _WEEK else (), of, minutes, within))
    if len(found) > _MOST:
        raise refused(schedule, "every", f"what fits {_MOST} lines")
    return tuple(found)


def whole_minutes(schedule: Schedule) -> tuple[Slots, ...]:
    """The same for who knows no seconds."""
    slots = interval_slots(schedule)
    if any(one.seconds != (0,) for one in slots):
        raise refused(schedule, "every", "whole minutes")
    return slots


def refused(schedule: Schedule, field: str, wanted: str) -> InvalidSchedule:
    """What to raise for what a target cannot say at all."""
    return InvalidSchedule(
        f"this schedule cannot be written down for that target: it takes {wanted} alone",
        hint="change the schedule, or choose another target",
        field=field,
        value=getattr(schedule, field),
    )


def spelled(numbers: Iterable[int], which: str) -> str:
    """Numbers as a field of cron.

    >>> spelled((0, 15, 30, 45), "minute"), spelled((1, 2, 3, 8), "day"), spelled((9, 17), "hour")
    ('*/15', '1-3,8', '9,17')
    """
    low, high = _ALL.get(which, (0, 6))
    named = sorted(numbers)
    if named == list(range(low, high + 1)) or not named:
        return "*"
    step = named[1] - named[0] if len(named) > 2 else 1
    if step > 1 and named == list(range(named[0], named[-1] + 1, step)):
        whole = named == list(range(low, high + 1, step)) and which in ("minute", "hour")
        return f"*/{step}" if whole else f"{named[0]}-{named[-1]}/{step}"
    return ",".join(f"{a}-{b}" if b > a + 1 else ",".join(map(str, range(a, b + 1)))
                    for a, b in runs(named))  # fmt: skip


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers in order as stretches without holes."""
    found: list[tuple[int, int]] = []
    for one in numbers:
        if found and found[-1][1] == one - 1:
            found[-1] = (found[-1][0], one)
        else:
            found.append((one, one))
    return found


def shifted(line: Line, numbers: Numbers, ahead: timedelta) -> tuple[Line, ...]:
    """The line of a cron expression for a clock that is so far ahead of UTC, on the clock of UTC.

    Where that makes another day of a day, the line is for every day, and its guard says which.

    >>> cron = Cron("30 1 * * 1")
    >>> shifted(_of_cron(cron), cron.numbers, timedelta(hours=2))[0].text
    '30 23 * * 0'
    """
    minutes, hours = expanded(line.fields[0], "minute"), expanded(line.fields[1], "hour")
    behind = ahead // timedelta(minutes=1)
    times = [divmod(60 * hour + minute - behind, 1440) for hour in hours for minute in minutes]
    daily = line.fields[2:] == ("*", "*", "*") and line.guard is None
    found = []
    for day, within in _gathered((0 if daily else day, rest) for day, rest in times).items():
        of_hours = _gathered(divmod(one, 60) for one in within)
        for some, of in _gathered((some, hour) for hour, some in of_hours.items()).items():
            time = spelled(some, "minute"), spelled(of, "hour")
            found.append(_on_day(Line((*time, *line.fields[2:]), line.guard), numbers, day))
    return tuple(found)


def _on_day(line: Line, numbers: Numbers, day: int) -> Line:
    """A line whose days are those of `numbers`, so many days later."""
    if day == 0:
        return line
    minute, hour = line.fields[:2]
    if line.fields[2:4] == ("*", "*") and line.guard is None:
        weekdays = spelled(((one + day) % 7 for one in numbers.weekdays), "weekday")
        return Line((minute, hour, "*", "*", weekdays))
    some_months = len(numbers.months) < 12
    guard = day_guard(numbers, numbers.months if some_months else ())
    if guard.last and some_months:
        raise InvalidSchedule(
            "the last day of some months, at a time that is another day in UTC: five fields of "
            "cron cannot say that",
            hint="choose another time of day, or all months",
            field="cron",
        )
    return Line((minute, hour, "*", "*", "*"), guard)


def expanded(field: str, which: str) -> tuple[int, ...]:
    """The numbers of a field that a line has."""
    low, high = _ALL[which]
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = low if first == "*" else int(first)
        end = high if first == "*" else int(last or first)
        found.update(range(begin, end + 1, int(step or 1)))
    return tuple(sorted(found))


def _of_cron(cron: Cron) -> Line:
    minute, hour, *_ = cron.fields
    numbers = cron.numbers
    times = [
        said if _PORTABLE.fullmatch(said) else spelled(named, which)
        for said, named, which in (
            (minute, numbers.minutes, "minute"),
            (hour, numbers.hours, "hour"),
        )
    ]
    day, month, weekday, guard = _days(numbers)
    return Line((times[0], times[1], day, month, weekday), guard)


def _days(numbers: Numbers) -> tuple[str, str, str, Guard | None]:
    """Day, month and weekday, and the guard if there has to be one."""
    month = spelled(numbers.months, "month")
    named = bool(numbers.weekdays or numbers.numbered)
    by_rule = -1 in numbers.days or bool(numbers.numbered)
    if numbers.days and named and not numbers.either:
        if by_rule:
            raise InvalidSchedule(
                "a day that is the last, or a weekday that is counted, and another that it has to "
                "be as well: no target can say both",
                hint="name one of them alone",
                field="cron",
            )
        return "*", month, spelled(numbers.weekdays, "weekday"), day_guard(numbers)
    if not by_rule:
        weekday = spelled(numbers.weekdays, "weekday") if numbers.weekdays else "*"
        return spelled(numbers.days, "day"), month, weekday, None
    widest = "*" if numbers.days and named else spelled(_possible(numbers), "day")
    return widest, month, "*", day_guard(numbers)


def _possible(numbers: Numbers) -> set[int]:
    """Days of a month that may be meant."""
    days = {one for one in numbers.days if one > 0}
    days |= set(range(28, 32)) if -1 in numbers.days else set()
    for _, which in numbers.numbered:
        days |= set(range(22, 32) if which < 0 else range(7 * which - 6, min(7 * which, 31) + 1))
    return days


def _of_slots(slots: Slots) -> Line:
    weekday = spelled(slots.weekdays, "weekday") if slots.weekdays else "*"
    minute, hour = spelled(slots.minutes, "minute"), spelled(slots.hours, "hour")
    return Line((minute, hour, "*", "*", weekday))


def settled(schedule: Schedule) -> list[datetime]:
    """The moments that are named and lie between start and end."""
    first, last = schedule.start, schedule.end
    kept = {
        one for one in schedule.at if not (first and one < first) and not (last and one >= last)
    }
    if not kept:
        raise refused(schedule, "at", "moments between start and end")
    return sorted(kept)


def _of_moment(schedule: Schedule, moment: datetime) -> Line:
    at = moment.astimezone(Clock.of(schedule.timezone).zone)
    if at.second or at.microsecond:
        raise refused(schedule, "at", "whole minutes")
    fields = (str(at.minute), str(at.hour), str(at.day), str(at.month), "*")
    return Line(fields, Guard(dates=(f"{at:%Y-%m-%d}",)))


def _gathered(pairs: Iterable[tuple[_Key, int]]) -> Mapping[_Key, tuple[int, ...]]:
    """What belongs to each key, in order; keys as they first come."""
    found: dict[_Key, set[int]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: tuple(sorted(values)) for key, values in found.items()}
