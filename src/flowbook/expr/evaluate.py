"""The value of an expression over names, under one budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.compiling import unknown_name
from flowbook.expr.parse import Expression
from flowbook.expr.roots import AMBIENT, Path, absent

_ABSENT = object()


def evaluate(expression: Expression, names: Mapping[str, Any]) -> Any:
    """The value of `expression`; `ExpressionError` when it has none or costs too much.

    A bare path gives the very object it leads to, whatever that is; everything else computes on
    plain data only.

    >>> from flowbook.expr.parse import parse
    >>> evaluate(parse("fetch.status in [200, 204]"), {"fetch": {"status": 204}})
    True
    """
    if expression.path is not None:
        return walk(expression.path, names)
    return expression.program(Budget(names))


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
            raise refuse(Code.TYPE, f"a {type(value).__name__} has no field {name!r}", 1)
        # `dict.get` is the base type's own: a subclass's `__missing__` or `get` does not run.
        value = dict.get(value, name, _ABSENT)
        if value is _ABSENT:
            if root in AMBIENT:
                raise absent(path, 1)
            raise refuse(Code.NO_FIELD, f"there is no field {name!r}", 1)
    return value
