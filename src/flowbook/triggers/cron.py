"""`Cron`: a cron expression of five fields on the clock of a zone.

What the fields mean is crontab(5)'s, as Debian's cron has it: where day and weekday are both given,
either will do, unless one of them begins with `*`. So is what happens when clocks are changed. An
expression whose minute or hour begins with `*` follows real time: nothing is made up for the hour
that is skipped, and the hour that comes twice counts twice. Any other names times of day: one that
is skipped comes when the clock has been set forward, and one that comes twice counts the first
time. Besides, there are `@hourly`, `@daily` (`@midnight`), `@weekly`, `@monthly`, `@yearly`
(`@annually`), `L` for the last day, `1#2` for the second Monday and `L5` or `5L` for the last
Friday. What other tools read in different ways is refused: the working day nearest to one (`15W`),
and a range that goes on past the end of its field in steps (`23-3/2`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from flowbook.errors import InvalidSchedule
from flowbook.triggers.clock import Clock

if TYPE_CHECKING:
    from croniter import croniter

_NAMED: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS: Final = ("minute", "hour", "day of the month", "month", "weekday")
_LEGAL: Final = re.compile(r"[\dA-Za-z*,/#-]+")
_RANDOM: Final = re.compile(r"(?i)(?<![A-Z])[HR](?![A-Z])")
_STEPS: Final = re.compile(r"(\d+)/(\d+)")
_ALONE: Final = re.compile(r"\b(\w+)-\1\b")
_STEPPED: Final = re.compile(r"(\w+)-(\w+)/\d+")
_LAST_ONE: Final = re.compile(r"(?i)^(\d)L$")
_COUNTED: Final = re.compile(r"[#Ll]")
_LAST: Final = (59, 23, 31, 12, 7)
_NAMES: Final = {
    name: place
    for names in (
        "sun mon tue wed thu fri sat",
        "- jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for place, name in enumerate(names.split())
}
_INSTANT: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the fields of an expression name, number by number; weekdays count from 0, a Sunday.

    Of `days`, -1 is the last of the month; nothing given means any day. `numbered` are weekdays
    with their number in the month: (1, 2) is the second Monday, (5, -1) the last Friday. `either`:
    where day and weekday are both named, one of the two will do.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    numbered: tuple[tuple[int, int], ...]
    either: bool


@dataclass(frozen=True)
class Cron:
    """A cron expression and the zone whose clock it is about; `InvalidSchedule` for what is none.

    >>> from datetime import UTC
    >>> weekdays = Cron("0 9 * * 1-5", "Europe/Berlin")
    >>> weekdays.next(datetime(2026, 3, 27, 12, tzinfo=UTC))  # a Friday, and clocks change after it
    datetime.datetime(2026, 3, 30, 7, 0, tzinfo=datetime.timezone.utc)
    >>> weekdays.words
    'At 09:00, Monday through Friday'
    """

    text: str
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        self.clock  # noqa: B018  # a zone that is none is said at once
        self._after(datetime(2026, 1, 1))  # noqa: DTZ001  # so is an expression that is none

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Minute, hour, day of the month, month, weekday."""
        text = _NAMED.get(self.text.strip().lower(), self.text)
        fields = tuple(text.split())
        if len(fields) != len(_FIELDS):
            raise self._refused(
                f"has {len(fields)} fields", f"write five: {', '.join(_FIELDS)}; as in 0 9 * * 1-5"
            )
        for name, field in zip(_FIELDS, fields, strict=True):
            if not _LEGAL.fullmatch(field) or _RANDOM.search(field):
                raise self._refused(f"has {field!r} as its {name}", "as in */15, 9-17 or MON,FRI")
            self._refuse_what_differs(name, field)
        return (*fields[:-1], _LAST_ONE.sub(r"L\1", fields[-1]))

    def _refuse_what_differs(self, name: str, field: str) -> None:
        if name == _FIELDS[2] and "w" in field.lower():
            hint = "name weekdays as well, as in 0 9 * * 1-5, or run a node only on some days"
            raise self._refused(f"names the working day nearest to one: {field!r}", hint)
        for first, last in _STEPPED.findall(field):
            if _place(first) > _place(last):
                hint = "write the numbers out, as in 23,1,3 for an hour"
                raise self._refused(f"counts {first}-{last} in steps past its end", hint)

    @cached_property
    def clock(self) -> Clock:
        """The clock it is about."""
        return Clock.of(self.timezone)

    @property
    def follows_time(self) -> bool:
        """True where it says how often rather than at what time of day."""
        return any(field.startswith("*") for field in self.fields[:2])

    def next(self, after: datetime) -> datetime | None:
        """The first moment behind `after`; None when none will come. Both are in UTC."""
        return self._by_time(after) if self.follows_time else self._by_clock(after)

    def upcoming(self, after: datetime) -> Iterator[datetime]:
        """All moments behind `after`, one after the other; without end, but for rare exceptions."""
        moment = self.next(after)
        while moment is not None:
            yield moment
            moment = self.next(moment)

    @cached_property
    def numbers(self) -> Numbers:
        """The same, number by number.

        >>> Cron("0 9 1,L * *").numbers.days, Cron("0 9 * * 1#2").numbers.numbered
        ((-1, 1), ((1, 2),))
        """
        from croniter import croniter  # noqa: PLC0415  # as below

        text = _ALONE.sub(r"\1", " ".join(self.fields))  # which it reads as the whole week
        columns, numbered = croniter.expand(text)
        minutes, hours, days, months, weekdays = map(_numbers, columns)
        ordered = [(day, _number(one)) for day, which in numbered.items() for one in which]
        return Numbers(
            minutes or tuple(range(60)),
            hours or tuple(range(24)),
            days,
            months or tuple(range(1, 13)),
            () if ordered else weekdays,
            tuple(sorted(ordered)),
            self._either,
        )

    @cached_property
    def words(self) -> str:
        """What it says, in English."""
        from cron_descriptor import Options, get_description  # noqa: PLC0415  # rarely asked

        options = Options()
        options.use_24hour_time_format = True
        return str(get_description(" ".join(self.fields), options))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is probably meant otherwise."""
        found = []
        for name, field, last in zip(_FIELDS, self.fields, _LAST, strict=True):
            for start, step in _STEPS.findall(field):
                if int(start) + int(step) > last:
                    found.append(f"{start}/{step} as its {name} is {start} alone; */{step}?")
        _, _, day, _, weekday = self.fields
        if not day.startswith("*") and not weekday.startswith("*"):
            found.append("either day will do: the day of the month, and the weekday as well")
        return tuple(found)

    def _by_clock(self, after: datetime) -> datetime | None:
        reading: datetime | None = self.clock.reading(after)
        while reading is not None:
            reading = self._after(reading)
            if reading is not None and (moment := self.clock.moment(reading)) > after:
                return moment
        return None

    def _by_time(self, after: datetime) -> datetime | None:
        while True:
            ahead = self.clock.offset(after)
            reading = self._after(after.replace(tzinfo=None) + ahead)
            if reading is None:
                return None
            moment = (reading - ahead).replace(tzinfo=after.tzinfo)
            change = self.clock.change(after, moment)
            if change is None:
                return moment
            # From there on the clock shows something else, beginning with that very moment.
            at = self._after(self.clock.reading(change) - _INSTANT)
            if at == self.clock.reading(change):
                return change
            after = change

    def _after(self, reading: datetime) -> datetime | None:
        from croniter import CroniterBadDateError  # noqa: PLC0415  # loaded where time matters

        found: list[datetime] = []
        for text in self._texts:
            with suppress(CroniterBadDateError):
                found.append(self._table(text, reading).get_next(datetime))
        return min(found, default=None)

    def _table(self, text: str, reading: datetime) -> croniter:
        from croniter import CroniterError, croniter  # noqa: PLC0415  # as above

        try:
            return croniter(text, reading, day_or=self._either)
        except (CroniterError, ValueError) as refused:
            said = str(refused).partition("] ")[2] or str(refused)
            raise self._refused(said, "as in 0 9 * * 1-5: at 9:00 from Monday to Friday") from None

    @property
    def _either(self) -> bool:
        return not (self.fields[2].startswith("*") or self.fields[4].startswith("*"))

    @property
    def _texts(self) -> tuple[str, ...]:
        """As croniter is to read it, for which a counted weekday is always needed as well."""
        minute, hour, day, month, weekday = _ALONE.sub(r"\1", " ".join(self.fields)).split()
        if self._either and _COUNTED.search(weekday):
            days, weekdays = (day, "*"), ("*", weekday)
            return tuple(f"{minute} {hour} {a} {month} {b}" for a, b in (days, weekdays))
        return (f"{minute} {hour} {day} {month} {weekday}",)

    def _refused(self, what: str, hint: str) -> InvalidSchedule:
        return InvalidSchedule(f"{self.text!r} {what}", hint=hint, field="cron", value=self.text)


def _place(name: str) -> int:
    """Where a number, or the name of a month or a weekday, is in its field."""
    return int(name) if name.isdigit() else _NAMES.get(name.lower(), 0)


def _numbers(column: list[int | str]) -> tuple[int, ...]:
    """A column of croniter's; () for any."""
    return () if "*" in column else tuple(sorted(map(_number, column)))


def _number(one: int | str) -> int:
    return -1 if one == "l" else int(one)
