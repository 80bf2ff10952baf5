"""Arithmetic of dates and times: durations with months and years, truncation, parts, time zones.

A moment is a `date`, a `datetime` or an ISO text of one. Months and years go to the same day of the
month, or to its last where there is no such day. Days, weeks, months and years are those of the
clock on the wall; hours and less are time that passes, also where a clock is put forward or back.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flowbook.errors import UsageError
from flowbook.graph.options import did_you_mean
from flowbook.nodes.rows.columns import shortened

UNITS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_AMOUNT: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_WORDS: Final[Mapping[str, str]] = {
    "y": "year", "mo": "month", "w": "week", "d": "day", "h": "hour", "m": "minute",
    "min": "minute", "s": "second", "sec": "second",
}  # fmt: skip
_SECONDS: Final[Mapping[str, float]] = {
    "week": 604800.0, "day": 86400.0, "hour": 3600.0, "minute": 60.0, "second": 1.0,
}  # fmt: skip
_MONTHS: Final[Mapping[str, int]] = {"year": 12, "quarter": 3, "month": 1}


class Duration:
    """A span of so many months, days and seconds.

    >>> Duration.read("1 month 2 days").added(date(2026, 1, 31))
    datetime.date(2026, 3, 2)
    """

    def __init__(self, months: int, days: int, seconds: float) -> None:
        self.months = months
        self.days = days
        self.seconds = seconds

    @classmethod
    def read(cls, text: str) -> Duration:
        """A duration as it is written: `2 days`, `1 month 12h`, `-90m`; `ValueError` else."""
        rest = _AMOUNT.sub("", text).replace(",", " ").replace(" and ", " ").strip()
        found = _AMOUNT.findall(text)
        if rest or not found:
            raise ValueError(f"{text!r} is no duration; write 2 days, 1 month 12h or -90m")
        months, days, seconds = 0, 0, 0.0
        for amount, word in found:
            unit = _unit(word)
            number = float(amount)
            if unit in ("hour", "minute", "second"):
                seconds += number * _SECONDS[unit]
            elif not number.is_integer():
                raise ValueError(f"{amount} {word} is no whole number of {unit}s")
            elif unit in _MONTHS:
                months += int(number) * _MONTHS[unit]
            else:
                days += int(number) * (7 if unit == "week" else 1)
        return cls(months, days, seconds)

    def added(self, moment: date, sign: int = 1) -> date:
        """`moment` and the span behind it (before it where `sign` is -1)."""
        moved = _by_months(moment, sign * self.months) + timedelta(days=sign * self.days)
        if not self.seconds:
            return moved
        passed = timedelta(seconds=sign * self.seconds)
        if not isinstance(moved, datetime):
            return datetime.combine(moved, time()) + passed
        if moved.tzinfo is None:
            return moved + passed
        return (moved.astimezone(UTC) + passed).astimezone(moved.tzinfo)


def _unit(word: str) -> str:
    word = word.lower()
    unit = _WORDS.get(word) or (word if word in UNITS else word.removesuffix("s"))
    if unit not in UNITS:
        raise ValueError(f"{word!r} is no unit of time; {did_you_mean(word, UNITS)}")
    return unit


def _by_months(moment: date, months: int) -> date:
    if not months:
        return moment
    count = moment.year * 12 + moment.month - 1 + months
    year, month = count // 12, count % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def read_moment(value: Any, layout: str, place: str) -> date | None:
    """A moment from a value: text in ISO or in `layout`, seconds since 1970, or a moment.

    >>> read_moment("31.12.2026", "%d.%m.%Y", "here")
    datetime.date(2026, 12, 31)
    """
    if value is None or isinstance(value, date):
        return value
    try:
        if isinstance(value, str):
            return _from_text(value.strip(), layout)
        if isinstance(value, int | float) and not isinstance(value, bool) and layout == "epoch":
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    how = f"one written as {layout}" if layout not in ("", "iso") else "one in ISO, as 2026-01-31"
    raise UsageError(
        f"{place} has {shortened(value)}, which is no date or {how}",
        hint='say how it is written, such as parse: "%d.%m.%Y"; parse: epoch reads seconds',
    )


def _from_text(text: str, layout: str) -> date:
    if layout in ("", "iso"):
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    found = datetime.strptime(text, layout)  # noqa: DTZ007  its zone is in the layout, or a setting
    return found if re.search(r"%[HIMSfpXcsT]", layout) else found.date()


def truncated(value: Any, unit: str, place: str) -> date | None:
    """The beginning of the unit that a moment lies in; weeks begin on Monday.

    >>> truncated("2026-05-17T10:30", "quarter", "here")
    datetime.datetime(2026, 4, 1, 0, 0)
    """
    moment = read_moment(value, "", place)
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        return _first_day(moment, unit)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    if unit == "minute":
        return moment.replace(second=0, microsecond=0)
    if unit == "second":
        return moment.replace(microsecond=0)
    return datetime.combine(_first_day(moment.date(), unit), time(), moment.tzinfo)


def _first_day(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if unit == "year":
        return day.replace(month=1, day=1)
    return day.replace(day=1) if unit == "month" else day


def _of_time(name: str) -> Callable[[date], int]:
    return lambda moment: int(getattr(moment, name, 0))


PARTS: Final[Mapping[str, Callable[[date], Any]]] = {
    "year": lambda moment: moment.year,
    "quarter": lambda moment: (moment.month + 2) // 3,
    "month": lambda moment: moment.month,
    "week": lambda moment: moment.isocalendar().week,
    "day": lambda moment: moment.day,
    "weekday": lambda moment: moment.isoweekday(),
    "day_of_year": lambda moment: moment.timetuple().tm_yday,
    "hour": _of_time("hour"),
    "minute": _of_time("minute"),
    "second": _of_time("second"),
    "date": lambda moment: moment.date() if isinstance(moment, datetime) else moment,
    "epoch": lambda moment: _instant(moment).timestamp(),
}
"""What a moment can be asked for; a weekday counts from 1, Monday, weeks are those of ISO."""


def between(later: date, earlier: date, unit: str) -> float | int:
    """How many units lie between two moments; whole ones for months, quarters and years.

    >>> between(date(2026, 3, 30), date(2026, 1, 31), "month")
    1
    """
    if unit in _MONTHS:
        return (
            _whole_months(later, earlier) // _MONTHS[unit]
            if later >= earlier
            else -(_whole_months(earlier, later) // _MONTHS[unit])
        )
    passed = _instant(later) - _instant(earlier)
    found = passed.total_seconds() / _SECONDS[unit]
    return int(found) if found.is_integer() else found


def _whole_months(later: date, earlier: date) -> int:
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months if _by_months(earlier, months) <= later else months - 1


def _instant(moment: date) -> datetime:
    """A moment that can be compared with any other; without a zone it is taken as UTC."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def zone(name: str) -> tzinfo:
    """A time zone by its name; `ValueError` when there is none."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write one such as Europe/Oslo") from None


def each_once(values: Sequence[Any], work: Callable[[int, Any], Any]) -> list[Any]:
    """What `work(place, value)` gives for each value, worked out once for those that are the same.

    >>> each_once(["a", "b", "a"], lambda at, value: f"{value}{at}")
    ['a0', 'b1', 'a0']
    """
    known: dict[Any, Any] = {}
    made = []
    for at, value in enumerate(values):
        key = _same(value)
        try:
            if key not in known:
                known[key] = work(at, value)
            made.append(known[key])
        except TypeError:  # a list or a record, which is no moment
            made.append(work(at, value))
    return made


def _same(value: Any) -> Any:
    """A key of a value: the same moment in two time zones is not the same here."""
    if isinstance(value, tuple):
        return tuple(map(_same, value))
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None), value.tzinfo, value.fold)
    return (type(value), value)
