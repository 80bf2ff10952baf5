"""Conditions that a cron line cannot say, as tests of a POSIX shell that run before the job."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import msgspec

from flowbook.triggers.cron import Numbers

_WEEK = 7


class Guard(msgspec.Struct, frozen=True):
    """A day on which the job may run, as patterns of `date +%m-%d-%u` and of days to come.

    `days` are regular expressions of month, day and weekday (Monday is 1); `last` are weekdays
    whose last one in the month will do, 0 for the last day whatever it is. `dates` are days of one
    year, as in 2026-05-01. Needs GNU `date`.

    >>> Guard(days=("..-(08|09)-1",)).test("Europe/Berlin")
    "TZ=Europe/Berlin date '+%m-%d-%u' | grep -Eqx '..-(08|09)-1'"
    """

    days: tuple[str, ...] = ()
    last: tuple[int, ...] = ()
    dates: tuple[str, ...] = ()

    def test(self, zone: str | None = None) -> str:
        """The test; `zone` where the shell's own clock is that of another."""
        date = f"TZ={shlex.quote(zone)} date" if zone else "date"
        if self.dates:
            return f"{date} +%F | grep -Eqx '{'|'.join(self.dates)}'"
        tests = []
        if self.days:
            tests.append(f"{date} '+%m-%d-%u' | grep -Eqx {shlex.quote('|'.join(self.days))}")
        for weekday in self.last:
            ahead, pattern = (_WEEK, f"0[1-7]-{weekday}") if weekday else (1, "01-.")
            tests.append(f"{date} -d '{ahead} days' '+%d-%u' | grep -Eqx '{pattern}'")
        return tests[0] if len(tests) == 1 else f"{{ {' || '.join(tests)}; }}"


def day_guard(numbers: Numbers, months: Sequence[int] = ()) -> Guard:
    """The days that these numbers name; of `months`, where the cron line is to say more of them.

    Both a numbered weekday and days of the month, both needed, are written as days of the month.
    """
    month = f"({'|'.join(f'{one:02}' for one in months)})" if months else ".."
    named = [one for one in numbers.days if one > 0]
    day = f"({'|'.join(f'{one:02}' for one in named)})"
    week = "".join(str(one or 7) for one in numbers.weekdays)
    counted = [(one or 7, which) for one, which in numbers.numbered if which > 0]
    last = [one or 7 for one, which in numbers.numbered if which < 0]
    if -1 in numbers.days:
        last.append(0)
    both = numbers.days and (numbers.weekdays or numbers.numbered) and not numbers.either
    if both:
        return Guard(days=(f"{month}-{day}-[{week}]",))
    days = [f"{month}-{day}-."] if named else []
    days += [f"{month}-..-[{week}]"] if week else []
    days += [f"{month}-({_of_week(which)})-{one}" for one, which in counted]
    if not days and not last:
        days = [f"{month}-..-."]
    return Guard(days=tuple(days), last=tuple(last))


def _of_week(which: int) -> str:
    """The days of a month on which a weekday is there for that time."""
    return "|".join(f"{day:02}" for day in range(_WEEK * which - 6, min(_WEEK * which, 31) + 1))
