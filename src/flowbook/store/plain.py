"""Plain data as JSON and exactly back.

What JSON has (null, booleans, numbers, text, lists, mappings with text keys) stays as it is. What
it has not is an object with the single key `$type`-style tag:

    (1, 2)      {"$tuple": [1, 2]}
    {1: "a"}    {"$dict": [[1, "a"]]}          also for mappings that use such a tag themselves
    nan         {"$float": "nan"}              numpy.int64(3)   {"$numpy": ["<i8", 3]}

and the same for sets, dates, times, durations, Decimal, UUID, bytes and whole numbers that do not
fit 64 bits. Only exact types: a subclass would come back as something else, so it is refused with
its place in the value. Nothing is ever executed on the way back.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

_DEEPEST = 100
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1


class NotPlain(Exception):
    """A value has a part that is no plain data; the message says which and where."""


class TooLarge(Exception):
    """A value has more parts than was asked for."""


class Plainer:
    """Turns one value into plain JSON data, visiting at most `budget` parts.

    >>> Plainer().convert({"size": (2, 3)})
    {'size': {'$tuple': [2, 3]}}
    """

    def __init__(self, budget: float = math.inf) -> None:
        self._left = budget

    def convert(self, value: object, place: str = "", depth: int = 0) -> Any:
        """The plain form; `NotPlain` or `TooLarge` when there is none."""
        self._left -= 1
        if self._left < 0:
            raise TooLarge
        if depth > _DEEPEST:
            raise NotPlain(f"nested deeper than {_DEEPEST}")
        # Exact types on purpose: a subclass is no plain value. mypy does not narrow by them.
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is int:
            return value if _INT_MIN <= value <= _INT_MAX else {"$int": str(value)}  # type: ignore[operator]
        if kind is float:
            return value if math.isfinite(value) else {"$float": str(value)}  # type: ignore[arg-type]
        if kind is list:
            return self._items(value, place, depth)
        if kind is dict:
            return self._mapping(value, place, depth)  # type: ignore[arg-type]
        return self._tagged(value, place, depth)

    def _items(self, values: Any, place: str, depth: int) -> list[Any]:
        return [
            self.convert(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(values)
        ]

    def _mapping(self, value: dict[Any, Any], place: str, depth: int) -> dict[str, Any]:
        plain_keys = all(type(key) is str for key in value)
        if plain_keys and not (len(value) == 1 and next(iter(value)).startswith("$")):
            return {
                key: self.convert(item, f"{place}[{key!r}]", depth + 1)
                for key, item in value.items()
            }
        pairs = [
            [
                self.convert(key, f"key {key!r}", depth + 1),
                self.convert(item, f"{place}[{key!r}]", depth + 1),
            ]
            for key, item in value.items()
        ]
        return {"$dict": pairs}

    def _tagged(self, value: Any, place: str, depth: int) -> dict[str, Any]:
        kind = type(value)
        if kind in (tuple, set, frozenset):
            return {f"${kind.__name__}": self._items(value, place, depth)}
        if kind in _TO_TEXT:
            return {f"${kind.__name__}": _TO_TEXT[kind](value)}
        if _is_numpy_number(value):
            return {"$numpy": [value.dtype.str, self.convert(value.item())]}
        where = f" at {place}" if place else ""
        raise NotPlain(f"{kind.__module__}.{kind.__qualname__}{where} is no plain data")


def _is_numpy_number(value: Any) -> bool:
    if type(value).__module__ != "numpy" or type(value).__name__ == "ndarray":
        return False
    dtype = getattr(value, "dtype", None)
    return dtype is not None and dtype.kind in "biuf" and dtype.itemsize <= 8


_TO_TEXT: dict[type, Callable[[Any], Any]] = {
    bytes: lambda value: base64.b64encode(value).decode(),
    date: date.isoformat,
    datetime: lambda value: _clock_text(value),
    time: lambda value: _clock_text(value),
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    Decimal: str,
    UUID: str,
}
_FROM_TEXT: dict[str, Callable[[Any], Any]] = {
    "$bytes": base64.b64decode,
    "$date": date.fromisoformat,
    "$datetime": lambda parts: datetime.fromisoformat(parts[0]).replace(fold=parts[1]),
    "$time": lambda parts: time.fromisoformat(parts[0]).replace(fold=parts[1]),
    "$timedelta": lambda parts: timedelta(*parts),
    "$Decimal": Decimal,
    "$UUID": UUID,
    "$int": int,
    "$float": float,
}
_FROM_ITEMS: dict[str, Callable[[list[Any]], Any]] = {
    "$tuple": tuple,
    "$set": set,
    "$frozenset": frozenset,
}


def _clock_text(value: datetime | time) -> list[str | int]:
    if value.tzinfo is not None and type(value.tzinfo) is not timezone:
        raise NotPlain(f"a time in zone {value.tzinfo} would lose its zone's name")
    return [value.isoformat(), value.fold]


def restore(plain: Any) -> Any:
    """The value that `Plainer.convert` made `plain` of; `ValueError` for an unknown tag.

    >>> restore({"size": {"$tuple": [2, 3]}})
    {'size': (2, 3)}
    """
    if isinstance(plain, list):
        return [restore(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if len(plain) == 1:
        ((tag, body),) = plain.items()
        if tag.startswith("$"):
            return _untagged(tag, body)
    return {key: restore(item) for key, item in plain.items()}


def _untagged(tag: str, body: Any) -> Any:
    if tag in _FROM_ITEMS:
        return _FROM_ITEMS[tag]([restore(item) for item in body])
    if tag in _FROM_TEXT:
        return _FROM_TEXT[tag](body)
    if tag == "$dict":
        return {restore(key): restore(item) for key, item in body}
    if tag == "$numpy":
        import numpy as np

        return np.dtype(body[0]).type(restore(body[1]))
    raise ValueError(f"unknown tag {tag!r}")
