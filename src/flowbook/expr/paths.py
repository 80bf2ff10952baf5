"""Where a bare path leads, and what may stand behind a dot.

A dot leads to an entry of a dictionary. The parts of dates are the only exception: numbers that
the built-in types have, by a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from flowbook.errors import ExpressionError
from flowbook.expr.budget import Code, refuse
from flowbook.expr.compiling import unknown_name
from flowbook.expr.roots import AMBIENT, Path, absent

_ABSENT = object()
_DAY: Final = ("year", "month", "day")
_CLOCK: Final = ("hour", "minute", "second", "microsecond")
PARTS: Final[Mapping[type, tuple[str, ...]]] = {
    date: _DAY,
    datetime: (*_DAY, *_CLOCK),
    time: _CLOCK,
    timedelta: ("days", "seconds"),
}
"""Numbers that dates have behind a dot."""


def field_of(value: Any, name: str) -> Any:
    """`value.name`: an entry of a dictionary, or a part of a date."""
    if type(value) is dict:
        try:
            return value[name]
        except KeyError:
            raise refuse(Code.NO_FIELD, f"there is no field {name!r}") from None
    if name in PARTS.get(type(value), ()):
        return getattr(value, name)
    code = Code.NO_FIELD if value is None else Code.TYPE
    raise refuse(code, f"a {type(value).__name__} has no field {name!r}")


def walk(path: Path, names: Mapping[str, Any]) -> Any:
    """What a bare path leads to, without a budget: nothing is computed."""
    root, *fields = path
    try:
        value = names[root]
    except KeyError:
        if root in AMBIENT:
            raise absent(path, 1) from None
        raise unknown_name(root, names, 1) from None
    for name in fields:
        if not isinstance(value, dict):
            try:
                value = field_of(value, name)
            except ExpressionError as refused:
                refused.column = 1
                raise
            continue
        # `dict.get` is the base type's own: a subclass's `__missing__` or `get` does not run.
        value = dict.get(value, name, _ABSENT)
        if value is _ABSENT:
            if root in AMBIENT:
                raise absent(path, 1)
            raise refuse(Code.NO_FIELD, f"there is no field {name!r}", 1)
    return value
