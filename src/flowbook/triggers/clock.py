"""The wall clock of a time zone: what it shows when, and what it never or twice shows.

Moments are aware datetimes in UTC; what a clock shows is a naive datetime, a *reading*. The zone's
rules are those of `zoneinfo`, from the system or from the package `tzdata`.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from flowbook.errors import InvalidSchedule

_STEP = timedelta(hours=12)
_INSTANT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one zone, by its name in the IANA database.

    >>> berlin = Clock.of("Europe/Berlin")
    >>> berlin.reading(datetime(2026, 7, 1, 12, tzinfo=UTC))
    datetime.datetime(2026, 7, 1, 14, 0)
    >>> berlin.moment(datetime(2026, 3, 29, 2, 30))  # the clock goes from 2:00 to 3:00
    datetime.datetime(2026, 3, 29, 1, 0, tzinfo=datetime.timezone.utc)
    """

    zone: ZoneInfo

    @classmethod
    def of(cls, name: str) -> Clock:
        """The clock of a zone; `InvalidSchedule` when there is none of that name."""
        if name not in available_timezones():
            near = difflib.get_close_matches(name, available_timezones(), n=1)
            raise InvalidSchedule(
                f"there is no time zone {name!r}",
                hint=f"did you mean {near[0]!r}?" if near else "as in UTC or Europe/Paris",
                field="timezone",
                value=name,
            )
        return cls(ZoneInfo(name))

    def offset(self, moment: datetime) -> timedelta:
        """How far it is ahead of UTC."""
        return self.reading(moment) - moment.astimezone(UTC).replace(tzinfo=None)

    def reading(self, moment: datetime) -> datetime:
        """What it shows."""
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def moment(self, reading: datetime) -> datetime:
        """When it shows that: the first time, if twice; if never, when it skips it."""
        first = reading.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        if self.reading(first) == reading:
            return first
        return self.change(first - timedelta(days=1), first + timedelta(days=1)) or first

    def shows_twice(self, reading: datetime) -> bool:
        """True when it is set back over that reading."""
        local = reading.replace(tzinfo=self.zone)
        return local.utcoffset() != local.replace(fold=1).utcoffset() and self.shows(reading)

    def shows(self, reading: datetime) -> bool:
        """False when it is set forward over that reading."""
        first = reading.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        return self.reading(first) == reading

    def change(self, after: datetime, until: datetime) -> datetime | None:
        """The first moment behind `after`, up to `until`, at which it is set otherwise."""
        was, low = self.offset(after), after
        while low < until:
            high = min(low + _STEP, until)
            if self.offset(high) != was:
                return self._between(low, high, was)
            low = high
        return None

    def _between(self, low: datetime, high: datetime, was: timedelta) -> datetime:
        while high - low > _INSTANT:
            middle = low + (high - low) // 2
            middle = middle.replace(microsecond=0)
            if middle <= low:
                break
            if self.offset(middle) == was:
                low = middle
            else:
                high = middle
        return high.replace(microsecond=0)
