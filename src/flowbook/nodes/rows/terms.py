"""Parts of an expression over whole columns: what they give, where they are null, where they fail.

A number carries the bounds between which it lies; an operation that might leave what a column holds
exactly, divide by zero or be no number is refused with `Untranslatable`.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

_EXACT: Final = 2**53
"""Up to here every whole number is a float, too."""
WHOLE: Final = 2**62


@dataclass(frozen=True, slots=True)
class Term:
    """Part of an expression: what it gives, where it is null, and where null makes it fail.

    `kind` is int, float, bool, str, date, datetime or None; numbers lie from `low` to `high`.
    """

    expr: Any
    kind: type | None
    low: float = 0
    high: float = 0
    null: Any = None
    fails: Any = None


class Untranslatable(Exception):
    """No error: each row is asked by itself."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same for all rows."""

    value: Any


def constant(value: Any) -> Term:
    """A value that is the same for all rows."""
    kind = type(value)
    if value is None or kind in (bool, str, date):
        return Term(Constant(value), None if value is None else kind)
    if kind is datetime and value.tzinfo is None:
        return Term(Constant(value), kind)
    if kind in (int, float) and math.isfinite(value) and abs(value) < WHOLE:
        return Term(Constant(value), kind, value, value)
    raise Untranslatable


def expr_of(term: Term) -> Any:
    """What it gives, as an expression of the library."""
    import narwhals as nw

    return nw.lit(term.expr.value) if isinstance(term.expr, Constant) else term.expr


def joined(terms: list[Term], is_and: bool) -> Term:
    """`and` or `or` of them: what comes later is asked only where it decides."""
    if any(one.kind is not bool or one.null is not None for one in terms):
        raise Untranslatable
    made = terms[0]
    for other in terms[1:]:
        here, there = expr_of(made), expr_of(other)
        asked = here if is_and else ~here
        later = None if other.fails is None else asked & other.fails
        expr = here & there if is_and else here | there
        made = Term(expr, bool, fails=either(made.fails, later))
    return made


def either(one: Any, other: Any) -> Any:
    """Where one or the other of two masks holds; None is a mask that never does."""
    if one is None or other is None:
        return other if one is None else one
    return one | other


def false_where(mask: Any, null: Any) -> Any:
    """`mask`, false where there is null."""
    import narwhals as nw

    return nw.when(null).then(nw.lit(False)).otherwise(mask)


def true_where(mask: Any, null: Any) -> Any:
    """`mask`, true where there is null."""
    import narwhals as nw

    return mask if null is None else nw.when(null).then(nw.lit(True)).otherwise(mask)


def with_fails(made: Term, left: Term, right: Term) -> Term:
    """`made`, which fails where one of its parts is null or fails."""
    fails = either(either(left.null, right.null), either(left.fails, right.fails))
    return Term(made.expr, made.kind, made.low, made.high, fails=fails)


def _arithmetic(
    work: Callable[[Any, Any], Any], kind: Callable[[Term, Term], type]
) -> Callable[[Term, Term], Term]:
    def made(left: Term, right: Term) -> Term:
        result = kind(left, right)
        if left.kind is not right.kind and max(map(abs, _bounds(left, right))) >= _EXACT:
            raise Untranslatable  # a whole number would be rounded on its way to a float
        if isinstance(left.expr, Constant) and isinstance(right.expr, Constant):
            return constant(work(left.expr.value, right.expr.value))
        corners = [work(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
        low, high = min(corners), max(corners)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise Untranslatable
        if result is int and max(abs(low), abs(high)) >= WHOLE:
            raise Untranslatable
        here, there = expr_of(left), expr_of(right)
        if work is operator.truediv and isinstance(right.expr, Constant):
            # As a column: by one number, Polars multiplies with its inverse, which is less exact.
            there = here * 0 + there
        return Term(work(here, there), result, low, high)

    return made


def _bounds(left: Term, right: Term) -> tuple[float, ...]:
    return left.low, left.high, right.low, right.high


def _wider(left: Term, right: Term) -> type:
    return int if left.kind is int and right.kind is int else float


def _quotient(left: Term, right: Term) -> type:
    _away_from_zero(right)
    if max(map(abs, _bounds(left, right))) >= _EXACT and int in (left.kind, right.kind):
        raise Untranslatable
    return float


def _positive(left: Term, right: Term) -> type:
    """Whole numbers that are not negative: there, all round the same way."""
    if left.kind is not int or right.kind is not int or left.low < 0 or right.low <= 0:
        raise Untranslatable
    return int


def _away_from_zero(term: Term) -> None:
    if term.low <= 0 <= term.high:
        raise Untranslatable


def _remainder(left: Term, right: Term) -> Term:
    """Its bounds do not lie at the corners."""
    _positive(left, right)
    if isinstance(left.expr, Constant) and isinstance(right.expr, Constant):
        return constant(left.expr.value % right.expr.value)
    return Term(expr_of(left) % expr_of(right), int, 0, right.high)


ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[Term, Term], Term]]] = {
    ast.Add: _arithmetic(operator.add, _wider),
    ast.Sub: _arithmetic(operator.sub, _wider),
    ast.Mult: _arithmetic(operator.mul, _wider),
    ast.Div: _arithmetic(operator.truediv, _quotient),
    ast.FloorDiv: _arithmetic(operator.floordiv, _positive),
    ast.Mod: _remainder,
}

_ORDER: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_EQUAL: Final = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)


def compared(op: type[ast.cmpop], left: Term, right: Term) -> Term:
    """One comparison; null is equal to null and to nothing else."""
    if op in _EQUAL and right.kind is None and left.kind is not None:
        return _asked_for_null(op, left)
    alike = left.kind is right.kind or {left.kind, right.kind} == {int, float}
    if not alike or left.kind is None or op in (ast.Is, ast.IsNot):
        raise Untranslatable
    if isinstance(left.expr, Constant) and isinstance(right.expr, Constant):
        raise Untranslatable
    if left.kind is not right.kind and max(map(abs, _bounds(left, right))) >= _EXACT:
        raise Untranslatable
    here, there = expr_of(left), expr_of(right)
    if op in _ORDER:
        return with_fails(Term(_ORDER[op](here, there), bool), left, right)
    equal = here == there
    if left.null is not None and right.null is not None:
        both = left.null & right.null
        equal = true_where(false_where(equal, left.null | right.null), both)
    elif left.null is not None or right.null is not None:
        equal = false_where(equal, either(left.null, right.null))
    return Term(equal if op is ast.Eq else ~equal, bool, fails=either(left.fails, right.fails))


def _asked_for_null(op: type[ast.cmpop], term: Term) -> Term:
    import narwhals as nw

    if isinstance(term.expr, Constant):
        raise Untranslatable
    wanted = op in (ast.Eq, ast.Is)
    if term.null is None:
        never = expr_of(term).is_null()
        return Term(never if wanted else ~never, bool, fails=term.fails)
    found = nw.when(term.null).then(nw.lit(wanted)).otherwise(nw.lit(not wanted))
    return Term(found, bool, fails=term.fails)
