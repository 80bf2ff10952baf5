"""`Cron`: a cron expression of five fields on the clock of a zone.

What the fields mean is crontab(5)'s, as Debian's cron has it: where day and weekday are both given,
either will do, unless one of them begins with `*`. So is what happens when clocks are changed. An
expression whose minute or hour begins with `*` follows real time: nothing is made up for the hour
that is skipped, and the hour that comes twice counts twice. Any other names times of day: one that
is skipped comes when the clock has been set forward, and one that comes twice counts the first
time. Besides, there are `@hourly`, `@daily` (`@midnight`), `@weekly`, `@monthly`, `@yearly`
(`@annually`), `L` for the last day, `1#2` for the second Monday and `L5` for the last Friday.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_LAST: Final = (59, 23, 31, 12, 7)
_INSTANT: Final = timedelta(seconds=1)


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
        return fields

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

        try:
            found: datetime = self._table(reading).get_next(datetime)
        except CroniterBadDateError:
            return None
        return found

    def _table(self, reading: datetime) -> croniter:
        from croniter import CroniterError, croniter  # noqa: PLC0415  # as above

        try:
            both = self.fields[2].startswith("*") or self.fields[4].startswith("*")
            # It reads 0-0 as the whole week.
            text = _ALONE.sub(r"\1", " ".join(self.fields))
            return croniter(text, reading, day_or=not both)
        except (CroniterError, ValueError) as refused:
            said = str(refused).partition("] ")[2] or str(refused)
            raise self._refused(said, "as in 0 9 * * 1-5: at 9:00 from Monday to Friday") from None

    def _refused(self, what: str, hint: str) -> InvalidSchedule:
        return InvalidSchedule(f"{self.text!r} {what}", hint=hint, field="cron", value=self.text)
