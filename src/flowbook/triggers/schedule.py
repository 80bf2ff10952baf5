"""`Schedule`: when a flow runs by itself, as its settings say it.

A schedule names its moments in one way: by a cron expression, by an interval, or one by one. The
rest says what to do about runs that overlap and moments that were missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from flowbook.errors import InvalidSchedule
from flowbook.triggers.clock import Clock
from flowbook.triggers.cron import Cron

_LEAST: Final = {
    "every": 1,
    "jitter": 0,
    "grace": 0,
    "parallel": 1,
    "catch_up_most": 1,
    "patience": 0,
}
"""Seconds, or how many, at least."""


class Overlap(StrEnum):
    """What becomes of a moment at which the run of an earlier one still goes on."""

    SKIP = "skip"
    QUEUE_ONE = "queue_one"
    PARALLEL = "parallel"


class CatchUp(StrEnum):
    """What becomes of moments at which nobody was there to start a run."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


class ScheduleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be said of a schedule, each by itself; only a `Schedule` has them fit together.

    One of `cron`, `every` (seconds, counted from `start`) and `at` (moments) says when; cron
    expressions are about the clock of `timezone`. Nothing comes before `start` nor from `end` on.
    `jitter`: seconds by which a run may begin later, so that not all begin at once. `input_data`
    are the parameters of its runs. `parallel`: how many runs at once with `overlap` `parallel`,
    None for any number. `catch_up_most`: how many missed moments are made up for with `all`.
    `grace`: seconds for which a moment counts as kept although its run begins late. `after`: flows
    of which a run must have succeeded since the moment before; a moment waits for them until the
    next one has come, and at most `patience` seconds.
    """

    cron: str | None = None
    every: float | None = None
    at: tuple[datetime, ...] = ()
    timezone: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None
    jitter: float = 0.0
    enabled: bool = True
    input_data: Mapping[str, Any] = {}
    overlap: Overlap = Overlap.SKIP
    parallel: int | None = None
    catch_up: CatchUp = CatchUp.LATEST
    catch_up_most: int = 10
    grace: float = 60.0
    after: tuple[str, ...] = ()
    patience: float = 86_400.0


class Schedule(ScheduleSettings, frozen=True, kw_only=True):
    """When a flow runs by itself: settings from which moments follow.

    `InvalidSchedule` names the field that cannot be as it is.

    >>> nightly = Schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    >>> [one.isoformat() for one in nightly.upcoming(datetime(2026, 3, 28, 12, tzinfo=UTC), 2)]
    ['2026-03-29T01:00:00+00:00', '2026-03-30T00:30:00+00:00']
    """

    def __post_init__(self) -> None:
        given = [name for name in ("cron", "every", "at") if getattr(self, name)]
        if len(given) != 1:
            says = f"{' and '.join(given)} say when" if given else "nothing says when"
            raise self._refused(("cron", *given)[-1], says, "give one of cron, every and at")
        self._check_moments()
        self._check_numbers()
        if self.cron is not None:
            Cron(self.cron, self.timezone)
        else:
            Clock.of(self.timezone)

    def _check_moments(self) -> None:
        for name, moment in (
            ("start", self.start),
            ("end", self.end),
            *(("at", x) for x in self.at),
        ):
            if moment is not None and moment.tzinfo is None:
                hint = "as in 2026-03-29T02:30+01:00"
                raise self._refused(name, f"{moment} has no time zone", hint)
        if self.every is not None and self.start is None:
            raise self._refused("start", "an interval has no start", "say when it is counted from")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise self._refused("end", "it ends before it starts", "let end be after start")

    def _check_numbers(self) -> None:
        most = timedelta.max.total_seconds()
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and not least <= value < most:
                raise self._refused(name, f"{name} is {value:g}", f"say {least:g} or more")

    @property
    def most(self) -> int | None:
        """How many of its runs may go on at once; None for any number."""
        return self.parallel if self.overlap is Overlap.PARALLEL else 1

    def next(self, after: datetime) -> datetime | None:
        """The first moment behind `after`, in UTC; None when none will come."""
        if self.start is not None and after < self.start:
            after = self.start - timedelta(microseconds=1)
        found = self._next(after.astimezone(UTC))
        return None if found is None or (self.end is not None and found >= self.end) else found

    def upcoming(self, after: datetime, most: int) -> tuple[datetime, ...]:
        """The next moments behind `after`, at most so many."""
        return tuple(one for _, one in zip(range(most), self.moments(after), strict=False))

    def moments(self, after: datetime) -> Iterator[datetime]:
        """All moments behind `after`, one after the other."""
        found = self.next(after)
        while found is not None:
            yield found
            found = self.next(found)

    @property
    def words(self) -> str:
        """When it is, in English.

        >>> Schedule(cron="0 9 * * 1-5", timezone="Europe/Berlin").words
        'At 09:00, Monday through Friday (Europe/Berlin)'
        """
        if self.cron is not None:
            return f"{Cron(self.cron, self.timezone).words} ({self.timezone})"
        if self.every is not None:
            return f"Every {_length(self.every)}"
        times = [one.astimezone(Clock.of(self.timezone).zone) for one in sorted(self.at)]
        return f"At {', '.join(f'{one:%Y-%m-%d %H:%M}' for one in times)} ({self.timezone})"

    def _next(self, after: datetime) -> datetime | None:
        if self.cron is not None:
            return Cron(self.cron, self.timezone).next(after)
        if self.every is None or self.start is None:
            return min((one.astimezone(UTC) for one in self.at if one > after), default=None)
        begin, length = self.start.astimezone(UTC), timedelta(seconds=self.every)
        return begin + ((after - begin) // length + 1) * length

    def _refused(self, field: str, what: str, hint: str) -> InvalidSchedule:
        return InvalidSchedule(
            f"this is no schedule: {what}", hint=hint, field=field, value=getattr(self, field)
        )


def _length(seconds: float) -> str:
    """A length of time, in words.

    >>> _length(5400), _length(60), _length(2.5)
    ('90 minutes', 'minute', '2.5 seconds')
    """
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0:
            count = int(seconds // size)
            return name if count == 1 else f"{count} {name}s"
    return "second" if seconds == 1 else f"{seconds:g} seconds"
