"""The methods an expression may call, by the exact type of what they are called on.

A method is here because it reads, never because it is handy: none mutates, none formats by a
pattern of its own (`format`, `%`), and one that can grow a text is bounded before it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeAlias

from flowbook.expr.budget import MAX_TEXT, Budget, Code, refuse

Method: TypeAlias = Callable[..., Any]


def _paid(work: Callable[..., Any], most: int = 0) -> Method:
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


def _padded(work: Callable[..., str]) -> Method:
    def call(_budget: Budget, value: str, width: Any, *fill: Any) -> str:
        if type(width) is not int:
            raise TypeError
        _bound(width)
        return work(value, width, *fill)

    return call


def _split(work: Callable[..., list[str]]) -> Method:
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


_STR: Final[Mapping[str, Method]] = {
    "lower": _paid(str.lower),
    "upper": _paid(str.upper),
    "casefold": _paid(str.casefold),
    "title": _paid(str.title),
    "capitalize": _paid(str.capitalize),
    "strip": _paid(str.strip, 1),
    "lstrip": _paid(str.lstrip, 1),
    "rstrip": _paid(str.rstrip, 1),
    "startswith": _paid(str.startswith, 1),
    "endswith": _paid(str.endswith, 1),
    "removeprefix": _paid(str.removeprefix, 1),
    "removesuffix": _paid(str.removesuffix, 1),
    "find": _paid(str.find, 1),
    "count": _paid(str.count, 1),
    "isdigit": _paid(str.isdigit),
    "isalpha": _paid(str.isalpha),
    "isalnum": _paid(str.isalnum),
    "isupper": _paid(str.isupper),
    "islower": _paid(str.islower),
    "isspace": _paid(str.isspace),
    "split": _split(str.split),
    "splitlines": _split(str.splitlines),
    "replace": _replace,
    "join": _join,
    "zfill": _padded(str.zfill),
    "ljust": _padded(str.ljust),
    "rjust": _padded(str.rjust),
    "center": _padded(str.center),
}
_SEQUENCE: Final[Mapping[str, Method]] = {
    "index": _paid(lambda value, wanted: value.index(wanted), 1),
    "count": _paid(lambda value, wanted: value.count(wanted), 1),
}
_DATE: Final[Mapping[str, Method]] = {
    "isoformat": _paid(lambda value: value.isoformat()),
    "weekday": _paid(lambda value: value.weekday()),
    "isoweekday": _paid(lambda value: value.isoweekday()),
}

METHODS: Final[Mapping[type, Mapping[str, Method]]] = {
    str: _STR,
    list: _SEQUENCE,
    tuple: _SEQUENCE,
    dict: {
        "get": _get,
        "keys": lambda budget, value: list(budget.items(value)),
        "values": lambda budget, value: [one for _, one in _pairs(budget, value)],
        "items": lambda budget, value: list(_pairs(budget, value)),
    },
    float: {"is_integer": _paid(float.is_integer)},
    date: _DATE,
    datetime: {**_DATE, "date": _paid(datetime.date), "time": _paid(datetime.time)},
    timedelta: {"total_seconds": _paid(timedelta.total_seconds)},
}
"""Every method there is; a name not here does not exist."""
