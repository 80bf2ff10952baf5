"""The operators, guarded: a result is bounded before it is made, and its cost is paid.

Operands are admitted values. What Python refuses (`TypeError`, division by zero) becomes an
`ExpressionError` that names types, never values.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from flowbook.expr.budget import MAX_BITS, MAX_ITEMS, MAX_TEXT, Budget, Code, refuse

Binary: TypeAlias = Callable[[Budget, Any, Any], Any]

_NUMBERS: Final = frozenset({int, float, bool})
_WHOLE: Final = frozenset({int, bool})
_SEQUENCES: Final = frozenset({list, tuple})


def _guarded(symbol: str, work: Callable[[Any, Any], Any]) -> Binary:
    """`work` whose Python errors are told as ours and whose result is paid for."""

    def run(budget: Budget, left: Any, right: Any) -> Any:
        budget.steps -= 1
        try:
            return budget.charge(work(left, right))
        except TypeError:
            pair = f"{type(left).__name__} {symbol} {type(right).__name__}"
            raise refuse(Code.TYPE, f"cannot compute {pair}") from None
        except ZeroDivisionError:
            raise refuse(Code.VALUE, f"division by zero in {symbol}") from None
        except (OverflowError, ValueError):
            raise refuse(Code.VALUE, f"the result of {symbol} is out of range") from None

    return run


def _add(left: Any, right: Any) -> Any:
    if type(left) is str and type(right) is str:
        _bound_text(len(left) + len(right))
    return left + right


def _multiply(left: Any, right: Any) -> Any:
    kinds = type(left), type(right)
    if kinds[0] in _WHOLE and kinds[1] in _WHOLE:
        _bound_bits(left.bit_length() + right.bit_length())
    for one, times in ((left, right), (right, left)):
        if type(times) in _WHOLE and type(one) is str:
            _bound_text(len(one) * times)
        elif type(times) in _WHOLE and type(one) in _SEQUENCES and len(one) * times > MAX_ITEMS:
            raise refuse(Code.TOO_LARGE, f"a list of more than {MAX_ITEMS:,} items")
    return left * right


def _power(left: Any, right: Any) -> Any:
    if type(left) in _WHOLE and type(right) in _WHOLE:
        _bound_bits(left.bit_length() * abs(right))
    return left**right


def _shift_left(left: Any, right: Any) -> Any:
    if type(left) in _WHOLE and type(right) in _WHOLE:
        _bound_bits(left.bit_length() + max(right, 0))
    return left << right


def _modulo(left: Any, right: Any) -> Any:
    if type(left) is str:
        raise TypeError
    return left % right


def _bound_bits(bits: int) -> None:
    if bits > MAX_BITS + 1:
        raise refuse(Code.TOO_LARGE, f"a whole number of more than {MAX_BITS:,} bits")


def _bound_text(length: int) -> None:
    if length > MAX_TEXT:
        raise refuse(Code.TOO_LARGE, f"a text of more than {MAX_TEXT:,} characters")


BINARY: Final[Mapping[type[ast.operator], Binary]] = {
    ast.Add: _guarded("+", _add),
    ast.Sub: _guarded("-", operator.sub),
    ast.Mult: _guarded("*", _multiply),
    ast.Div: _guarded("/", operator.truediv),
    ast.FloorDiv: _guarded("//", operator.floordiv),
    ast.Mod: _guarded("%", _modulo),
    ast.Pow: _guarded("**", _power),
    ast.LShift: _guarded("<<", _shift_left),
    ast.RShift: _guarded(">>", operator.rshift),
    ast.BitAnd: _guarded("&", operator.and_),
    ast.BitOr: _guarded("|", operator.or_),
    ast.BitXor: _guarded("^", operator.xor),
}


def _comparing(symbol: str, work: Callable[[Any, Any], Any]) -> Binary:
    def run(budget: Budget, left: Any, right: Any) -> Any:
        budget.steps -= 1
        if type(left) not in _NUMBERS or type(right) not in _NUMBERS:
            left, right = budget.look(left), budget.look(right)
        try:
            return work(left, right)
        except TypeError:
            pair = f"{type(left).__name__} {symbol} {type(right).__name__}"
            raise refuse(Code.TYPE, f"cannot compare {pair}") from None

    return run


COMPARE: Final[Mapping[type[ast.cmpop], Binary]] = {
    ast.Eq: _comparing("==", operator.eq),
    ast.NotEq: _comparing("!=", operator.ne),
    ast.Lt: _comparing("<", operator.lt),
    ast.LtE: _comparing("<=", operator.le),
    ast.Gt: _comparing(">", operator.gt),
    ast.GtE: _comparing(">=", operator.ge),
    ast.In: _comparing("in", lambda one, many: one in many),
    ast.NotIn: _comparing("not in", lambda one, many: one not in many),
    ast.Is: _comparing("is", operator.is_),
    ast.IsNot: _comparing("is not", operator.is_not),
}


def _unary(symbol: str, work: Callable[[Any], Any]) -> Callable[[Budget, Any], Any]:
    def run(budget: Budget, value: Any) -> Any:
        budget.tick()
        try:
            return work(value)
        except TypeError:
            raise refuse(Code.TYPE, f"cannot compute {symbol}{type(value).__name__}") from None

    return run


UNARY: Final[Mapping[type[ast.unaryop], Callable[[Budget, Any], Any]]] = {
    ast.USub: _unary("-", operator.neg),
    ast.UAdd: _unary("+", operator.pos),
    ast.Invert: _unary("~", operator.invert),
    ast.Not: _unary("not ", operator.not_),
}
