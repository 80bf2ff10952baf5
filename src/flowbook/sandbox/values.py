"""Python's values as JavaScript may have them, and back: JSON, and nothing it would change quietly.

What JSON or JavaScript's numbers cannot hold is refused, with the name of the input it is in.
Dates are written as ISO 8601, as they are in templates.
"""

from __future__ import annotations

import json
import math
from datetime import date, datetime, time
from typing import Any, Final

from flowbook.errors import ExpressionError
from flowbook.expr.budget import MAX_DEPTH, Code, refuse, to_plain

WHOLE_MOST: Final = 2**53
"""The largest number up to which JavaScript has every whole number."""


class Plainly:
    """Makes inputs plain, and counts their bytes; no more than `most` altogether."""

    def __init__(self, most: int) -> None:
        self._left = self._most = most

    def plain(self, name: str, value: Any) -> Any:
        """`value` as JSON has it; `ExpressionError` says what of input `name` has no form there."""
        try:
            return self._plain(value, 0)
        except ExpressionError as refused:
            refused.message = f"input {name!r}: {refused.message}"
            raise

    def _plain(self, value: Any, depth: int) -> Any:
        self._pay(2)
        kind = type(value)
        if kind is str:
            self._pay(len(value))
            return value
        if value is None or kind is bool:
            return value
        if kind is int:
            return _whole(value)
        if kind is float:
            return _finite(value)
        if kind in (list, tuple, dict):
            return self._tree(value, depth)
        if kind in (datetime, date, time):
            return value.isoformat()
        return self._other(value, depth)

    def _tree(self, value: Any, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            raise refuse(Code.TOO_LARGE, f"it is nested more than {MAX_DEPTH} deep")
        if type(value) is not dict:
            return [self._plain(one, depth + 1) for one in value]
        return {self._key(key): self._plain(one, depth + 1) for key, one in value.items()}

    def _key(self, key: Any) -> str:
        plain = to_plain(key) if isinstance(key, str) and type(key) is not str else key
        if type(plain) is not str:
            raise refuse(Code.TYPE, f"a key is a {type(key).__name__}, and JSON's are text")
        self._pay(len(plain))
        return plain

    def _other(self, value: Any, depth: int) -> Any:
        """A subclass of a plain type, or a scalar of numpy or pandas, as the type it stands for."""
        try:
            plain = to_plain(value)
        except ExpressionError:
            plain = value
        if type(plain) is type(value):
            raise refuse(
                Code.OPAQUE,
                f"{type(value).__name__} is no JSON, and JavaScript is given nothing else; "
                "make it lists, objects, texts and numbers in a node before",
            )
        return self._plain(plain, depth)

    def _pay(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise refuse(Code.TOO_LARGE, f"all inputs are more than {self._most >> 20} MB of JSON")


def _whole(value: int) -> int:
    if not -WHOLE_MOST <= value <= WHOLE_MOST:
        raise refuse(
            Code.VALUE,
            "a whole number is beyond 2**53, where JavaScript has not every one; give it as text",
        )
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise refuse(Code.VALUE, "a number is not finite, which JSON has no form for")
    return value


def from_json(text: str) -> Any:
    """What JavaScript gave; `ExpressionError` when it cannot be read.

    A whole number beyond 2**53 is what it is in JavaScript, a float.

    >>> from_json('[1, 2.5, 12345678901234567890]')
    [1, 2.5, 1.2345678901234567e+19]
    """
    try:
        return json.loads(text, parse_int=_number, parse_float=_fraction)
    except RecursionError:
        raise refuse(Code.TOO_LARGE, "the result is nested too deep") from None
    except ValueError:
        raise refuse(Code.TYPE, "the result is no JSON") from None


def _number(digits: str) -> int | float:
    number = _fraction(digits)
    return int(digits) if -WHOLE_MOST <= number <= WHOLE_MOST else number


def _fraction(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError
    return number
