"""The value of an expression over names, under one budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.expr.budget import Budget
from flowbook.expr.parse import Expression
from flowbook.expr.paths import walk


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
