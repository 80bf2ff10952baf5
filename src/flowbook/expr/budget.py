"""What one evaluation may use up, and the only doors through which values enter it.

`Budget` is made per evaluation. `admit` lets a value in (exact built-in types only), `weigh`
measures it as a tree and thereby checks everything inside, `charge` pays for a new one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from flowbook.errors import ExpressionError

MAX_STEPS: Final = 20_000
MAX_BYTES: Final = 16 << 20
MAX_WEIGHT: Final = 200_000
MAX_DEPTH: Final = 64
MAX_TEXT: Final = 1 << 20
MAX_ITEMS: Final = 10_000
"""Length of a sequence made by repetition or `range`."""
MAX_BITS: Final = 4_096
"""Size of a whole number."""


class Code(StrEnum):
    """Why an expression was refused or failed."""

    SYNTAX = "syntax"
    FORBIDDEN = "forbidden"
    TOO_COMPLEX = "too_complex"
    UNKNOWN_NAME = "unknown_name"
    NO_FIELD = "no_field"
    TYPE = "type"
    VALUE = "value"
    OPAQUE = "opaque"
    TOO_LARGE = "too_large"
    BUDGET = "budget"
    SCRIPT = "script"
    """JavaScript threw an error."""
    UNAVAILABLE = "unavailable"
    """There is no engine for the language it is written in."""


def refuse(code: Code, message: str, column: int | None = None) -> ExpressionError:
    """The one error of this room; `column` counts from 1 in the expression's text."""
    return ExpressionError(message, code=code, column=column)


_PLAIN: Final = frozenset({float, bool, type(None), datetime, date, time, timedelta})
_ZONED: Final = frozenset({datetime, time})
_ZONES: Final = frozenset({timezone, ZoneInfo})
_TREES: Final = frozenset({list, dict, tuple, set})
_ADMITTED: Final = _PLAIN | _TREES | {str}


class Budget:
    """Steps, bytes and weights of one evaluation over `names`; `slots` holds loop variables."""

    __slots__ = ("alloc", "copies", "names", "slots", "steps", "weights")

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names
        self.steps = MAX_STEPS
        self.alloc = MAX_BYTES
        self.slots: dict[int, Any] = {}
        self.weights: dict[int, tuple[int, Any]] = {}
        self.copies: dict[int, tuple[Any, Any]] = {}

    def tick(self, steps: int = 1) -> None:
        """Pay for work done."""
        self.steps -= steps
        if self.steps < 0:
            raise refuse(Code.BUDGET, f"the expression takes more than {MAX_STEPS:,} steps")

    def admit(self, value: Any) -> Any:
        """`value` in an exact built-in type; an error for anything that is not plain data."""
        kind = type(value)
        if kind in _ADMITTED:
            if kind in _ZONED and value.tzinfo is not None:
                _check_zone(value)
            return value
        if kind is int:
            return whole(value)
        known = self.copies.get(id(value))
        if known is None:
            # The original is kept beside its copy so that its id is not given to another value.
            known = self.copies[id(value)] = (self._copied(value), value)
        return known[0]

    def _copied(self, value: Any) -> Any:
        plain = to_plain(value)
        if type(plain) in _TREES:
            self.tick(len(plain) >> 6)
        return plain

    def weigh(self, value: Any, depth: int = 0) -> int:
        """How large `value` is as a tree; refuses what is too large, too deep or opaque inside."""
        kind = type(value)
        if kind is str:
            return 1 + (len(value) >> 4)
        if kind is int:
            return 1 + (whole(value).bit_length() >> 6)
        if kind in _PLAIN:
            if kind in _ZONED and value.tzinfo is not None:
                _check_zone(value)
            return 1
        if kind not in _TREES:
            raise opaque(value)
        known = self.weights.get(id(value))
        if known is not None:
            return known[0]
        if depth > MAX_DEPTH:
            raise refuse(Code.TOO_LARGE, f"a value is nested more than {MAX_DEPTH} deep")
        # Going through a value takes time even when it then proves too large.
        self.tick(len(value) >> 4)
        weight = 1
        for child in _children(value):
            weight += self.weigh(child, depth + 1)
            if weight > MAX_WEIGHT:
                raise refuse(Code.TOO_LARGE, "a value is too large to compute with")
        self.weights[id(value)] = (weight, value)
        return weight

    def look(self, value: Any) -> Any:
        """`value`, plain all through and paid for: for what reads the whole of it."""
        try:
            weight = self.weigh(value)
        except ExpressionError as refused:
            if refused.code != Code.OPAQUE:
                raise
            value = self._plain_copy(value, 0)
            weight = self.weigh(value)
        self.tick(weight >> 6)
        return value

    def _plain_copy(self, value: Any, depth: int) -> Any:
        """A copy in exact types all through; shared parts stay shared, so it is linear."""
        origin, value = value, self.admit(value)
        if type(value) not in _TREES:
            return value
        known = self.copies.get(-id(origin))
        if known is not None:
            return known[0]
        if depth > MAX_DEPTH:
            raise refuse(Code.TOO_LARGE, f"a value is nested more than {MAX_DEPTH} deep")
        self.tick(1 + (len(value) >> 6))
        copy: Any
        if type(value) is dict:
            copy = {self.admit(key): self._plain_copy(one, depth + 1) for key, one in value.items()}
        else:
            copy = type(value)([self._plain_copy(one, depth + 1) for one in value])
        self.copies[-id(origin)] = (copy, origin)
        return copy

    def charge(self, value: Any) -> Any:
        """Pay for `value`, which is new."""
        kind = type(value)
        if kind is str:
            if len(value) > MAX_TEXT:
                raise refuse(Code.TOO_LARGE, f"a text is longer than {MAX_TEXT:,} characters")
            self.alloc -= len(value)
        elif kind is int:
            whole(value)
        elif kind in _TREES:
            self.alloc -= 16 * len(value)
            value = self.look(value)
        elif kind not in _PLAIN:
            raise refuse(Code.TYPE, f"the result would be a {kind.__name__}, not plain data")
        if self.alloc < 0:
            raise refuse(Code.BUDGET, f"the expression makes more than {MAX_BYTES >> 20} MB")
        return value

    def items(self, value: Any) -> Iterable[Any]:
        """The admitted elements of a list, tuple, set, the keys of a dict, or a text's letters."""
        kind = type(value)
        if kind not in _TREES and kind is not str:
            raise refuse(Code.TYPE, f"cannot go through a {kind.__name__}")
        self.tick(1 + (len(value) >> 4))
        return map(self.admit, value)


def _check_zone(value: Any) -> None:
    """Refuse a time whose zone is an object of somebody's: comparing it would run its code."""
    kind = type(value.tzinfo)
    if kind not in _ZONES and not defined_by(kind, "dateutil", "pytz"):
        message = f"a zone of type {kind.__name__} is not plain data: take one of zoneinfo"
        raise refuse(Code.OPAQUE, message)


def defined_by(kind: type, *libraries: str) -> bool:
    """True for a class of one of these libraries, by what they have and not by what it says."""
    module = sys.modules.get(kind.__module__)
    own = kind.__module__.partition(".")[0] in libraries
    return own and getattr(module, kind.__name__, None) is kind


def whole(value: int) -> int:
    """An int that is not too large."""
    if value.bit_length() > MAX_BITS:
        raise refuse(Code.TOO_LARGE, f"a whole number has more than {MAX_BITS:,} bits")
    return value


def _children(value: Any) -> Iterator[Any]:
    if type(value) is dict:
        yield from value
        yield from value.values()
    else:
        yield from value


def to_plain(value: Any) -> Any:
    """A subclass or numpy scalar as exact built-in value, made without running its methods."""
    kind = type(value)
    if kind.__module__ == "numpy" and kind.__name__ != "ndarray" and hasattr(value, "item"):
        return _exact(value.item(), value)
    if kind.__name__ == "Timestamp" and kind.__module__.partition(".")[0] == "pandas":
        return _exact(value.to_pydatetime(warn=False), value)
    for base, copy in _COPIES:
        if issubclass(kind, base):
            return copy(value)
    raise opaque(value)


def _exact(value: Any, origin: Any) -> Any:
    if type(value) is int:
        return whole(value)
    if type(value) not in _PLAIN and type(value) is not str:
        raise opaque(origin)
    return value


# `int.__int__(v)` and the like are the base types' own slots: an override in a subclass, which is
# somebody's code, is not called.
_COPIES: Final[tuple[tuple[type, Any], ...]] = (
    (str, str.__str__),
    (int, lambda value: whole(int.__int__(value))),
    (float, float.__float__),
    (dict, lambda value: dict(dict.items(value))),
    (list, list.copy),
    (tuple, lambda value: tuple.__getitem__(value, slice(None))),
)


def opaque(value: Any) -> ExpressionError:
    """The refusal to compute on an object that is not plain data."""
    return refuse(
        Code.OPAQUE,
        f"a {type(value).__name__} is not plain data: it can be passed on whole by a template of "
        "one bare path, not computed with",
    )
