"""Plain data as JSON and exactly back.

What JSON has (null, booleans, numbers, text, lists, mappings with text keys) stays as it is. What
it has not is an object with the single key `$type`-style tag:

    (1, 2)      {"$tuple": [1, 2]}
    {1: "a"}    {"$dict": [[1, "a"]]}          also for mappings that use such a tag themselves
    nan         {"$float": "nan"}              numpy.int64(3)   {"$numpy": ["<i8", 3]}

and the same for sets, dates, times, durations, pandas timestamps, complex numbers, Decimal, UUID,
bytes and whole numbers that do not fit 64 bits. Only exact types: a subclass would come back as
something else, so it is refused with its place in the value. Nothing is ever executed on the way
back.

What is no plain data itself but can be kept apart from it, such as a table in a dict, is the
business of the caller: `Plainer(part=…)` may give a tag of its own for it, and `restore(part=…)`
is given such tags back.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

_DEEPEST = 100
_LONG = frozenset({str, bytes, bytearray})
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1


class NotPlain(Exception):
    """A value has a part that is no plain data; the message says which and where."""


class TooLarge(Exception):
    """A value has more parts than was asked for."""


class Plainer:
    """Turns one value into plain JSON data, visiting at most `budget` parts.

    Two characters of text, or bytes, count as a part, so that nothing long is copied in vain.

    >>> Plainer().convert({"size": (2, 3)})
    {'size': {'$tuple': [2, 3]}}
    """

    def __init__(
        self,
        budget: float = math.inf,
        part: Callable[[object, str], dict[str, Any] | None] = lambda *_: None,
    ) -> None:
        self._left, self._part = budget, part

    def convert(self, value: Any, place: str = "", depth: int = 0) -> Any:
        """The plain form; `NotPlain` or `TooLarge` when there is none."""
        kind = type(value)
        self._left -= 1 + (len(value) // 2 if kind in _LONG else 0)
        if self._left < 0:
            raise TooLarge
        if depth > _DEEPEST:
            raise NotPlain(f"nested deeper than {_DEEPEST}")
        # Exact types on purpose: a subclass is no plain value.
        if kind is str or kind is bool or value is None:
            return value
        if kind is int:
            return value if _INT_MIN <= value <= _INT_MAX else {"$int": str(value)}
        if kind is float:
            return value if math.isfinite(value) else {"$float": str(value)}
        if kind is list:
            return self._items(value, place, depth)
        if kind is dict:
            return self._mapping(value, place, depth)
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
        if (part := self._part(value, place)) is not None:
            return part
        if kind in (tuple, set, frozenset):
            return {f"${kind.__name__}": self._items(value, place, depth)}
        if kind in _TO_TEXT:
            return {f"${kind.__name__}": _TO_TEXT[kind](value)}
        if _is_numpy_number(value):
            return {"$numpy": [value.dtype.str, self.convert(_item(value))]}
        if kind.__name__ == "Timestamp" and kind.__module__.partition(".")[0] == "pandas":
            return {"$Timestamp": _timestamp_text(value)}
        raise NotPlain(refusal(value, place))


def refusal(value: object, place: str = "") -> str:
    """Why `value`, found at `place`, is not kept, and what to keep in its stead.

    >>> refusal(object(), "['a']")
    "builtins.object at ['a'] is no plain data"
    """
    kind = type(value)
    where = f" at {place}" if place else ""
    text = f"{kind.__module__}.{kind.__qualname__}{where} is no plain data"
    if dataclasses.is_dataclass(kind):
        return f"{text} but a dataclass; give dataclasses.asdict() of it"
    if hasattr(kind, "model_dump"):
        return f"{text} but a pydantic model; give its model_dump()"
    if hasattr(kind, "collect") and hasattr(kind, "collect_schema"):
        return f"{text} but a query that has not run; give its collect()"
    if kind.__module__ == "numpy" and getattr(getattr(value, "dtype", None), "hasobject", False):
        return f"{text}: an array of Python objects; give one of numbers or text, or a list"
    return text


def _is_numpy_number(value: Any) -> bool:
    if type(value).__module__ != "numpy" or type(value).__name__ == "ndarray":
        return False
    dtype = getattr(value, "dtype", None)
    if dtype is None or dtype.kind not in "biufcmMU":
        return False
    return bool(dtype.kind == "U" or dtype.itemsize <= (16 if dtype.kind == "c" else 8))


def _item(value: Any) -> Any:
    """What `numpy` makes a scalar of again: dates and durations are whole numbers of their unit."""
    return int(value.view("i8")) if value.dtype.kind in "mM" else value.item()


def _timestamp_text(value: Any) -> list[str | None]:
    """ISO text to the nanosecond, its unit, and the name of its zone unless it has a fixed offset.

    The text tells the two hours of a clock set back apart by their offsets.
    """
    zone = value.tzinfo
    named = None if zone is None or type(zone) is timezone else getattr(zone, "key", None)
    if zone is not None and type(zone) is not timezone and named is None:
        raise NotPlain(f"a time in zone {zone} would lose its zone's name")
    return [value.isoformat(), value.unit, named]


_TO_TEXT: dict[type, Callable[[Any], Any]] = {
    bytes: lambda value: base64.b64encode(value).decode(),
    bytearray: lambda value: base64.b64encode(value).decode(),
    complex: lambda value: [repr(value.real), repr(value.imag)],
    date: date.isoformat,
    datetime: lambda value: _clock_text(value),
    time: lambda value: _clock_text(value),
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    Decimal: str,
    UUID: str,
}
_FROM_TEXT: dict[str, Callable[[Any], Any]] = {
    "$bytes": base64.b64decode,
    "$bytearray": lambda text: bytearray(base64.b64decode(text)),
    "$complex": lambda parts: complex(float(parts[0]), float(parts[1])),
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


def restore(plain: Any, part: Callable[[str, Any], object] | None = None) -> Any:
    """The value that `Plainer.convert` made `plain` of; `ValueError` for an unknown tag.

    >>> restore({"size": {"$tuple": [2, 3]}})
    {'size': (2, 3)}
    """
    if isinstance(plain, list):
        return [restore(item, part) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if len(plain) == 1:
        ((tag, body),) = plain.items()
        if tag.startswith("$"):
            return _untagged(tag, body, part)
    return {key: restore(item, part) for key, item in plain.items()}


def _untagged(tag: str, body: Any, part: Callable[[str, Any], object] | None) -> Any:
    if tag in _FROM_ITEMS:
        return _FROM_ITEMS[tag]([restore(item, part) for item in body])
    if tag in _FROM_TEXT:
        return _FROM_TEXT[tag](body)
    if tag == "$dict":
        return {restore(key, part): restore(item, part) for key, item in body}
    if tag in _FROM_LIBRARY:
        return _FROM_LIBRARY[tag](body)
    if part is not None:
        return part(tag, body)
    raise ValueError(f"unknown tag {tag!r}")


def _numpy(body: Any) -> object:
    import numpy as np

    dtype = np.dtype(body[0])
    value = restore(body[1])
    return np.array(value, "i8").view(dtype)[()] if dtype.kind in "mM" else dtype.type(value)


def _timestamp(body: Any) -> object:
    import pandas as pd

    moment = pd.Timestamp(body[0]).as_unit(body[1])
    return moment if body[2] is None else moment.tz_convert(body[2])


_FROM_LIBRARY: dict[str, Callable[[Any], object]] = {"$numpy": _numpy, "$Timestamp": _timestamp}
