"""The methods an expression may call, by the exact type of what they are called on.

A method is here because it reads, never because it is handy: none mutates, none formats by a
pattern of its own (`format`, `%`), and one that can grow a text is bounded before it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeAlias

from flowbook.expr.budget import MAX_TEXT, Budget, Code, refuse

Work: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one type."""

    name: str
    help: str
    example: str
    call: Work


def _paid(work: Callable[..., Any], most: int = 0) -> Work:
    """A method that reads the whole of its object and takes at most `most` plain arguments."""

    def call(budget: Budget, value: Any, *arguments: Any) -> Any:
        if len(arguments) > most:
            raise TypeError
        budget.look(value)
        return work(value, *map(budget.look, arguments))

    return call


def _replace(budget: Budget, value: str, old: Any, new: Any) -> str:
    if type(old) is not str or type(new) is not str:
        raise TypeError
    budget.look(value)
    _bound(len(value) + value.count(old) * (len(new) - len(old)))
    return value.replace(old, new)


def _join(budget: Budget, value: str, parts: Any) -> str:
    texts = list(budget.items(budget.look(parts)))
    _bound(sum(map(len, texts)) + len(value) * len(texts))
    return value.join(texts)


def _padded(work: Callable[..., str]) -> Work:
    def call(_budget: Budget, value: str, width: Any, *fill: Any) -> str:
        if type(width) is not int:
            raise TypeError
        _bound(width)
        return work(value, width, *fill)

    return call


def _split(work: Callable[..., list[str]]) -> Work:
    def call(budget: Budget, value: str, *arguments: Any) -> list[str]:
        budget.look(value)
        parts = work(value, *arguments)
        budget.alloc -= len(value)
        return parts

    return call


def _bound(length: int) -> None:
    if length > MAX_TEXT:
        raise refuse(Code.TOO_LARGE, f"a text of more than {MAX_TEXT:,} characters")


def _get(budget: Budget, value: dict[Any, Any], key: Any, default: Any = None) -> Any:
    return budget.admit(value.get(budget.look(key), default))


def _pairs(budget: Budget, value: dict[Any, Any]) -> Iterable[tuple[Any, Any]]:
    return ((key, budget.admit(value[key])) for key in budget.items(value))


def _timestamp(_budget: Budget, value: datetime) -> float:
    if value.tzinfo is None:
        raise refuse(Code.VALUE, "without a zone it is no moment: in_zone(…, 'UTC') gives it one")
    return value.timestamp()


def _table(*methods: Method) -> Mapping[str, Method]:
    return {method.name: method for method in methods}


_STR: Final = _table(
    Method("lower", "In small letters.", "'Ab'.lower() == 'ab'", _paid(str.lower)),
    Method("upper", "In capital letters.", "'Ab'.upper() == 'AB'", _paid(str.upper)),
    Method("casefold", "In small letters, for comparing: ß is ss.",
           "'Straße'.casefold() == 'strasse'", _paid(str.casefold)),
    Method("title", "Each Word With a Capital.", "'new york'.title() == 'New York'",
           _paid(str.title)),
    Method("capitalize", "The first letter a capital, all others small.",
           "'oSLO'.capitalize() == 'Oslo'", _paid(str.capitalize)),
    Method("strip", "Without blanks, or the given letters, at both ends.",
           "' a '.strip() == 'a'", _paid(str.strip, 1)),
    Method("lstrip", "Without blanks, or the given letters, at its beginning.",
           "'007'.lstrip('0') == '7'", _paid(str.lstrip, 1)),
    Method("rstrip", "Without blanks, or the given letters, at its end.",
           "'a/'.rstrip('/') == 'a'", _paid(str.rstrip, 1)),
    Method("startswith", "True when it begins so.", "'windy'.startswith('wind')",
           _paid(str.startswith, 1)),
    Method("endswith", "True when it ends so.", "'a.csv'.endswith('.csv')",
           _paid(str.endswith, 1)),
    Method("removeprefix", "Without that beginning, if it has it.",
           "'id-42'.removeprefix('id-') == '42'", _paid(str.removeprefix, 1)),
    Method("removesuffix", "Without that end, if it has it.",
           "'a.csv'.removesuffix('.csv') == 'a'", _paid(str.removesuffix, 1)),
    Method("find", "Where a text is in it, from 0; -1 when it is not.",
           "'windy'.find('d') == 3", _paid(str.find, 1)),
    Method("count", "How often a text is in it.", "'banana'.count('an') == 2",
           _paid(str.count, 1)),
    Method("isdigit", "True when it is digits only.", "'42'.isdigit()", _paid(str.isdigit)),
    Method("isalpha", "True when it is letters only.", "'ab'.isalpha()", _paid(str.isalpha)),
    Method("isalnum", "True when it is letters and digits only.", "'a1'.isalnum()",
           _paid(str.isalnum)),
    Method("isupper", "True when its letters are capitals.", "'A1'.isupper()",
           _paid(str.isupper)),
    Method("islower", "True when its letters are small.", "'a1'.islower()", _paid(str.islower)),
    Method("isspace", "True when it is blanks only.", "' '.isspace()", _paid(str.isspace)),
    Method("split", "Cut at blanks, or at a text, at most so many times.",
           "'a, b'.split(', ') == ['a', 'b']", _split(str.split)),
    Method("splitlines", "Cut into lines.", "len('a b'.splitlines()) == 1",
           _split(str.splitlines)),
    Method("replace", "With one text put for another, everywhere.",
           "'a-b'.replace('-', '_') == 'a_b'", _replace),
    Method("join", "The texts of a list, with this one between them.",
           "', '.join(['a', 'b']) == 'a, b'", _join),
    Method("zfill", "With zeros before it, so many characters wide.", "'7'.zfill(3) == '007'",
           _padded(str.zfill)),
    Method("ljust", "At the left of so many characters.", "'a'.ljust(3, '.') == 'a..'",
           _padded(str.ljust)),
    Method("rjust", "At the right of so many characters.", "'a'.rjust(3, '.') == '..a'",
           _padded(str.rjust)),
    Method("center", "In the middle of so many characters.", "'a'.center(3, '.') == '.a.'",
           _padded(str.center)),
)  # fmt: skip
_SEQUENCE: Final = _table(
    Method("index", "Where something is in it, from 0; an error when it is not.",
           "['a', 'b'].index('b') == 1", _paid(lambda value, wanted: value.index(wanted), 1)),
    Method("count", "How often something is in it.", "[1, 2, 1].count(1) == 2",
           _paid(lambda value, wanted: value.count(wanted), 1)),
)  # fmt: skip
_DICT: Final = _table(
    Method("get", "What stands under a key, or a default (None).", "{'a': 1}.get('b', 0) == 0",
           _get),
    Method("keys", "Its keys, as a list.", "{'a': 1}.keys() == ['a']",
           lambda budget, value: list(budget.items(value))),
    Method("values", "What stands under its keys, as a list.", "{'a': 1}.values() == [1]",
           lambda budget, value: [one for _, one in _pairs(budget, value)]),
    Method("items", "Pairs of key and value, as a list.", "{'a': 1}.items() == [('a', 1)]",
           lambda budget, value: list(_pairs(budget, value))),
)  # fmt: skip
_DATE: Final = (
    Method("isoformat", "In ISO form, as text.",
           "date('2026-01-31').isoformat() == '2026-01-31'",
           _paid(lambda value: value.isoformat())),
    Method("weekday", "The day of the week, Monday is 0.", "date('2026-01-31').weekday() == 5",
           _paid(lambda value: value.weekday())),
    Method("isoweekday", "The day of the week, Monday is 1.",
           "date('2026-01-31').isoweekday() == 6", _paid(lambda value: value.isoweekday())),
)  # fmt: skip
_DATETIME: Final = (
    Method("date", "Its date.", "datetime('2026-01-31T12:00').date() == date('2026-01-31')",
           _paid(datetime.date)),
    Method("time", "Its time of the day.",
           "datetime('2026-01-31T12:00').time() < datetime('2026-01-31T13:00').time()",
           _paid(datetime.time)),
    Method("timestamp", "Seconds since 1970; it needs a zone.",
           "datetime('1970-01-01T00:01+00:00').timestamp() == 60", _timestamp),
)  # fmt: skip
_FLOAT: Final = Method(
    "is_integer", "True without a fraction.", "(2.0).is_integer()", _paid(float.is_integer)
)
_DURATION: Final = Method(
    "total_seconds",
    "All of it in seconds.",
    "duration('1h').total_seconds() == 3600",
    _paid(timedelta.total_seconds),
)

METHODS: Final[Mapping[type, Mapping[str, Method]]] = {
    str: _STR,
    list: _SEQUENCE,
    tuple: _SEQUENCE,
    dict: _DICT,
    float: _table(_FLOAT),
    date: _table(*_DATE),
    datetime: _table(*_DATE, *_DATETIME),
    timedelta: _table(_DURATION),
}
"""Every method there is; a name not here does not exist."""
