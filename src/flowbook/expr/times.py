"""Functions over dates. None asks the clock: a run's own time is `$run.started`.

A date and time without a zone is taken as it is; where a zone is needed, it is UTC.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.formats import read_date
from flowbook.expr.function import Function

_SECONDS: Final[Mapping[str, float]] = {
    "w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001,
}  # fmt: skip
_UNITS: Final[Mapping[str, float]] = {
    "weeks": 604_800.0, "days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0,
}  # fmt: skip
_STARTS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute")


def _date(_budget: Budget, given: Any, *rest: Any) -> date:
    if rest:
        return date(given, *rest)
    if type(given) in (date, datetime):
        return date(given.year, given.month, given.day)
    if type(given) is not str:
        raise TypeError
    return datetime.fromisoformat(given).date()


def _datetime(_budget: Budget, given: Any, *rest: Any) -> datetime:
    if rest:
        return datetime(given, *rest)  # noqa: DTZ001 - the zone it says, which is none
    if type(given) in (date, datetime):
        return _timed(given)
    if type(given) in (int, float):
        return datetime.fromtimestamp(given, UTC)
    return datetime.fromisoformat(given)


def _timed(value: Any) -> datetime:
    """A date as its midnight, a datetime as it is, ISO text as what it says."""
    if type(value) is datetime:
        return value
    if type(value) is str:
        return datetime.fromisoformat(value)
    if type(value) is not date:
        raise TypeError
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a date has none


def _parse_date(_budget: Budget, text: Any, form: Any) -> datetime:
    if type(text) is not str or type(form) is not str:
        raise TypeError
    return read_date(text, form)


def _duration(_budget: Budget, given: Any) -> timedelta:
    """`2h30m` and the like; a number is seconds."""
    if type(given) in (int, float):
        return timedelta(seconds=given)
    if type(given) is not str or not 0 < len(given) <= 100:
        raise TypeError
    total, number, at = 0.0, "", 0
    text = given.replace(" ", "")
    while at < len(text):
        sign = text[at]
        if sign in "0123456789.":
            number, at = number + sign, at + 1
            continue
        unit = "ms" if text.startswith("ms", at) else sign
        if unit not in _SECONDS or not number:
            raise ValueError
        total += float(number) * _SECONDS[unit]
        number, at = "", at + len(unit)
    if number:
        raise ValueError
    return timedelta(seconds=total)


def _start_of(_budget: Budget, value: Any, unit: Any) -> Any:
    at = _timed(value)
    if unit not in _STARTS:
        raise refuse(Code.VALUE, f"start_of knows {', '.join(_STARTS)}")
    if unit == "minute":
        return at.replace(second=0, microsecond=0)
    if unit == "hour":
        return at.replace(minute=0, second=0, microsecond=0)
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        start -= timedelta(days=start.weekday())
    elif unit == "month":
        start = start.replace(day=1)
    elif unit == "quarter":
        start = start.replace(month=(start.month - 1) // 3 * 3 + 1, day=1)
    elif unit == "year":
        start = start.replace(month=1, day=1)
    return start.date() if type(value) is date else start


def _diff(_budget: Budget, later: Any, earlier: Any, unit: Any = "days") -> Any:
    late, early = _timed(later), _timed(earlier)
    if (late.tzinfo is None) is not (early.tzinfo is None):
        late, early = (one if one.tzinfo else one.replace(tzinfo=UTC) for one in (late, early))
    if unit in ("months", "years"):
        months = _months_between(late, early)
        return months if unit == "months" else int(months / 12)
    if unit not in _UNITS:
        raise refuse(Code.VALUE, f"diff knows {', '.join(_UNITS)}, months, years")
    apart = (late - early).total_seconds() / _UNITS[unit]
    return int(apart) if apart.is_integer() else apart


def _months_between(late: datetime, early: datetime) -> int:
    """Whole months; below zero when `late` is the earlier one."""
    if late < early:
        return -_months_between(early, late)
    months = 12 * (late.year - early.year) + late.month - early.month
    whole = (late.day, late.time()) >= (early.day, early.time())
    return months if whole else months - 1


def _add_months(_budget: Budget, value: Any, months: Any) -> Any:
    if type(months) is not int or abs(months) > 120_000 or type(value) not in (date, datetime):
        raise TypeError
    years, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    ends = date(years + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)
    return value.replace(year=years, month=month + 1, day=min(value.day, ends.day))


def _in_zone(_budget: Budget, value: Any, name: Any) -> datetime:
    at = _timed(value)
    if type(name) is not str or len(name) > 60:
        raise TypeError
    try:
        zone = zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise refuse(Code.VALUE, "there is no such time zone; write one like Europe/Oslo") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)


def _of(name: str, kind: Callable[..., Any], help_: str, example: str, most: int = 1) -> Function:
    return Function(name, help_, example, kind, 1, most)


DATES: Final = (
    _of("date", _date, "A date: of ISO text, a date with time, or year, month and day.",
        "date('2026-01-31') == date(2026, 1, 31)", 3),
    _of("datetime", _datetime, "A date with time: of ISO text, seconds since 1970, or numbers.",
        "datetime('2026-01-31T12:00') == datetime(2026, 1, 31, 12)", 6),
    Function("parse_date", "A date with time from text of any form, such as `%d.%m.%Y`.",
             "parse_date('31.1.2026', '%d.%m.%Y') == datetime(2026, 1, 31)", _parse_date, 2, 2),
    _of("duration", _duration, "A length of time: `1w 2d`, `2h30m`, `90s`, or a number of seconds.",
        "date('2026-01-31') + duration('1d') == date('2026-02-01')"),
    Function("add_months", "A date so many months on; the last day of a month that is too short.",
             "add_months(date('2026-01-31'), 1) == date('2026-02-28')", _add_months, 2, 2),
    Function("start_of", "The beginning of its year, quarter, month, week, day, hour or minute.",
             "start_of(date('2026-05-20'), 'quarter') == date('2026-04-01')", _start_of, 2, 2),
    Function("diff", "How long from an earlier to a later date: in days, or in weeks, hours, "
             "minutes, seconds, whole months or years.",
             "diff(date('2026-03-01'), date('2026-02-01')) == 28", _diff, 2, 3),
    Function("in_zone", "A date with time as clocks show it elsewhere; without a zone it is UTC.",
             "format(in_zone(datetime('2026-07-01T12:00'), 'Europe/Oslo'), '%H:%M') == '14:00'",
             _in_zone, 2, 2),
)  # fmt: skip
"""Functions over dates."""
