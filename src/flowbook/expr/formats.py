"""Formats: of numbers and texts as in Python, of dates by directives that are the same anywhere.

Every format is checked against a small grammar before Python sees it, so that none can grow a text
or reach into a value. Dates are written and read here, not by `strftime`, whose words and widths
depend on the machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from flowbook.expr.budget import Code, refuse

_FORMAT = re.compile(r"([^{}]?[<>=^])?[+\- ]?#?0?\d{0,3}[,_]?(\.\d{1,3})?[bcdeEfFgGosxX%]?\Z")
_FORMATTED: Final = frozenset({str, int, float, bool})
_DATES: Final = frozenset({date, datetime, time})

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August",
                  "September", "October", "November", "December")  # fmt: skip


def is_format(spec: str) -> bool:
    """True for a format of numbers and texts that the language has."""
    return _FORMAT.match(spec) is not None


def formatted(value: Any, spec: str) -> str:
    """`value` written as `spec` says; `ExpressionError` when they do not fit.

    >>> formatted(1234.5, ",.2f"), formatted(date(2026, 1, 31), "%d %b %Y")
    ('1,234.50', '31 Jan 2026')
    """
    if type(value) in _DATES:
        return _written(value, spec)
    if type(value) not in _FORMATTED:
        raise refuse(Code.TYPE, f"a {type(value).__name__} takes no format")
    if not is_format(spec):
        raise refuse(Code.FORBIDDEN, "that is no format of the expression language")
    try:
        return format(value, spec)
    except (ValueError, OverflowError):
        raise refuse(Code.VALUE, "the format does not fit the value") from None


_WRITE: Final[Mapping[str, Callable[[Any], str]]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "B": lambda at: _MONTHS[at.month - 1],
    "b": lambda at: _MONTHS[at.month - 1][:3],
    "d": lambda at: f"{at.day:02}",
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "A": lambda at: _DAYS[at.weekday()],
    "a": lambda at: _DAYS[at.weekday()][:3],
    "u": lambda at: str(at.isoweekday()),
    "G": lambda at: f"{at.isocalendar().year:04}",
    "V": lambda at: f"{at.isocalendar().week:02}",
    "H": lambda at: f"{at.hour:02}",
    "I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "z": lambda at: at.isoformat()[len(at.replace(tzinfo=None).isoformat()) :].replace(":", ""),
    "%": lambda _at: "%",
}
DIRECTIVES: Final = tuple(_WRITE)
"""Letters that may stand behind `%` in the format of a date."""


def _parts(form: str) -> Iterator[tuple[bool, str]]:
    """The signs of a format, True with those that are directives."""
    if len(form) > 200:
        raise refuse(Code.TOO_COMPLEX, "a format has at most 200 characters")
    signs = iter(form)
    for sign in signs:
        if sign != "%":
            yield False, sign
            continue
        directive = next(signs, "")
        if directive not in _WRITE or not directive:
            known = " ".join(f"%{one}" for one in DIRECTIVES)
            raise refuse(Code.FORBIDDEN, f"%{directive} is no directive; there are {known}")
        yield True, directive


def _written(value: Any, form: str) -> str:
    made = []
    for special, sign in _parts(form):
        try:
            made.append(_WRITE[sign](value) if special else sign)
        except AttributeError:
            message = f"a {type(value).__name__} has nothing for %{sign}"
            raise refuse(Code.TYPE, message) from None
    return "".join(made)


_READ: Final[Mapping[str, tuple[str, int]]] = {
    "Y": ("year", 4), "m": ("month", 2), "d": ("day", 2), "H": ("hour", 2),
    "M": ("minute", 2), "S": ("second", 2), "f": ("microsecond", 6),
}  # fmt: skip


def read_date(text: str, form: str) -> datetime:
    """The date and time that `text` says in the format `form`; `ValueError` when it does not.

    >>> read_date("31.1.2026", "%d.%m.%Y").isoformat()
    '2026-01-31T00:00:00'
    """
    fields = {"year": 1900, "month": 1, "day": 1}
    at = 0
    for special, sign in _parts(form):
        if not special or sign == "%":
            if text[at : at + 1] != sign:
                raise ValueError
            at += 1
            continue
        if sign in ("b", "B"):
            fields["month"], at = _month(text, at, full=sign == "B")
            continue
        if sign not in _READ:
            raise refuse(Code.FORBIDDEN, f"%{sign} is written, not read")
        name, width = _READ[sign]
        digits = _digits(text[at : at + width])
        fields[name] = int(digits.ljust(6, "0") if sign == "f" else digits)
        at += len(digits)
    if at != len(text):
        raise ValueError
    # It has the zone it says, which is none; and its fields are read by their names alone.
    return datetime(**fields)  # type: ignore[arg-type]  # noqa: DTZ001  # as said above


def _digits(text: str) -> str:
    digits = text[: next((at for at, sign in enumerate(text) if not "0" <= sign <= "9"), len(text))]
    if not digits:
        raise ValueError
    return digits


def _month(text: str, at: int, *, full: bool) -> tuple[int, int]:
    for number, name in enumerate(_MONTHS, 1):
        word = name if full else name[:3]
        if text[at : at + len(word)].lower() == word.lower():
            return number, at + len(word)
    raise ValueError
