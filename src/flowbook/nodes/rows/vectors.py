"""An expression as one operation on whole columns, where that gives exactly the same.

Translated are comparisons, `and`, `or`, `not`, `in` a list of constants, `+ - * /`, `//` and `%`
of numbers, and `a if c else b`, over columns, constants and plain inputs. A number carries the
bounds between which it lies, from the columns' own least and greatest: where a result might leave
what a column holds exactly, divide by zero or be no number, nothing is translated and each row is
asked by itself. So which way is taken never shows but in the time it takes.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flowbook.nodes.rows.expressions import ITEM, Asked
from flowbook.nodes.rows.shapes import Table

if TYPE_CHECKING:
    import narwhals as nw

_EXACT: Final = 2**53
"""Up to here every whole number is a float, too."""
_WHOLE: Final = 2**62


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


class _Untranslatable(Exception):  # noqa: N818 - it is no error: each row is asked by itself
    pass


def vectorised(asked: Asked, table: Table, others: Mapping[str, Any]) -> nw.Expr | None:
    """`asked` over the columns of `table`, null where it is null; None where rows must be asked."""
    term = _translated(asked, table, others)
    return None if term is None else _nulled(term.expr, term)


def condition(asked: Asked, table: Table, others: Mapping[str, Any]) -> nw.Expr | None:
    """The rows for which `asked` holds; null does not."""
    import narwhals as nw

    term = _translated(asked, table, others)
    if term is None or term.kind is not bool:
        return None
    absent = _either(term.null, term.fails)
    return term.expr if absent is None else nw.when(absent).then(nw.lit(False)).otherwise(term.expr)


def _nulled(expr: Any, term: Term) -> Any:
    import narwhals as nw

    absent = _either(term.null, term.fails)
    return expr if absent is None else nw.when(~absent).then(expr)


def _translated(asked: Asked, table: Table, others: Mapping[str, Any]) -> Term | None:
    if not len(table):
        return None
    translator = _Translator(table, others)
    try:
        term = translator.term(ast.parse(asked.text, mode="eval").body)
    except (_Untranslatable, SyntaxError, RecursionError):
        return None
    return term if term.kind is not None and translator.reads_column else None


@dataclass(frozen=True, slots=True)
class _Constant:
    """A value that is the same for all rows."""

    value: Any


class _Translator:
    """One walk over one tree."""

    def __init__(self, table: Table, others: Mapping[str, Any]) -> None:
        self._table = table
        self._others = others
        self._columns: dict[str, Term] = {}

    @property
    def reads_column(self) -> bool:
        """False for what is the same for all rows."""
        return bool(self._columns)

    def term(self, node: ast.AST) -> Term:
        """The term for `node`; `_Untranslatable` when there is none."""
        make = _MAKERS.get(type(node))
        if make is None:
            raise _Untranslatable
        return make(self, node)

    def name(self, node: ast.Name) -> Term:
        if node.id == ITEM:
            raise _Untranslatable
        if node.id in self._table.columns:
            return self.column(node.id)
        if node.id in self._others:
            return _constant(self._others[node.id])
        raise _Untranslatable

    def field(self, node: ast.Attribute) -> Term:
        if isinstance(node.value, ast.Name) and node.value.id == ITEM:
            return self.column(node.attr)
        raise _Untranslatable

    def column(self, name: str) -> Term:
        if name not in self._table.columns:
            raise _Untranslatable
        if name not in self._columns:
            self._columns[name] = _column(self._table, name)
        return self._columns[name]

    def binary(self, node: ast.BinOp) -> Term:
        work = _ARITHMETIC.get(type(node.op))
        if work is None:
            raise _Untranslatable
        left, right = self.term(node.left), self.term(node.right)
        if {left.kind, right.kind} - {int, float}:
            raise _Untranslatable
        made = work(left, right)
        return _with_fails(made, left, right)

    def negative(self, node: ast.UnaryOp) -> Term:
        term = self.term(node.operand)
        if isinstance(node.op, ast.Not) and term.kind is bool:
            # `not None` is true.
            expr = ~_expr(term)
            return Term(_or_true(expr, term.null), bool, fails=term.fails)
        if isinstance(node.op, ast.USub) and term.kind in (int, float):
            assert term.kind is not None  # noqa: S101 - just looked
            if isinstance(term.expr, _Constant):
                return _constant(-term.expr.value)
            minus = _constant(term.kind(-1))
            return _with_fails(_ARITHMETIC[ast.Mult](minus, term), term, minus)
        raise _Untranslatable

    def logic(self, node: ast.BoolOp) -> Term:
        return _joined([self.term(one) for one in node.values], isinstance(node.op, ast.And))

    def compare(self, node: ast.Compare) -> Term:
        left, made = node.left, []
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                negated = isinstance(op, ast.NotIn)
                made.append(self._within(self.term(left), right, negated=negated))
            else:
                made.append(_compared(type(op), self.term(left), self.term(right)))
            left = right
        return made[0] if len(made) == 1 else _joined(made, is_and=True)

    def _within(self, left: Term, node: ast.AST, *, negated: bool) -> Term:
        many = self._constants(node)
        if left.kind not in (int, str) or any(type(one) is not left.kind for one in many):
            raise _Untranslatable
        inside = _expr(left).is_in(many)
        if left.null is not None:
            inside = _filled(inside, left.null)
        return Term(~inside if negated else inside, bool, fails=left.fails)

    def _constants(self, node: ast.AST) -> list[Any]:
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            found = [self.term(one).expr for one in node.elts]
            if found and all(isinstance(one, _Constant) for one in found):
                return [one.value for one in found]
        if isinstance(node, ast.Name) and node.id not in self._table.columns:
            value = self._others.get(node.id)
            if isinstance(value, list | tuple | set) and value:
                return list(value)
        raise _Untranslatable

    def choice(self, node: ast.IfExp) -> Term:
        import narwhals as nw

        test, then, other = self.term(node.test), self.term(node.body), self.term(node.orelse)
        if test.kind is not bool or test.null is not None or then.kind is not other.kind:
            raise _Untranslatable
        if then.null is not None or other.null is not None:
            raise _Untranslatable
        holds = _expr(test)
        ones = None if then.fails is None else holds & then.fails
        others = None if other.fails is None else ~holds & other.fails
        return Term(
            nw.when(holds).then(_expr(then)).otherwise(_expr(other)),
            then.kind,
            min(then.low, other.low),
            max(then.high, other.high),
            fails=_either(test.fails, _either(ones, others)),
        )


_MAKERS: Final[Mapping[type[ast.AST], Callable[[_Translator, Any], Term]]] = {
    ast.Constant: lambda _, node: _constant(node.value),
    ast.Name: _Translator.name,
    ast.Attribute: _Translator.field,
    ast.BinOp: _Translator.binary,
    ast.UnaryOp: _Translator.negative,
    ast.BoolOp: _Translator.logic,
    ast.Compare: _Translator.compare,
    ast.IfExp: _Translator.choice,
}


def _constant(value: Any) -> Term:
    kind = type(value)
    if value is None or kind in (bool, str, date):
        return Term(_Constant(value), None if value is None else kind)
    if kind is datetime and value.tzinfo is None:
        return Term(_Constant(value), kind)
    if kind in (int, float) and math.isfinite(value) and abs(value) < _WHOLE:
        return Term(_Constant(value), kind, value, value)
    raise _Untranslatable


def _column(table: Table, name: str) -> Term:
    import narwhals as nw

    series = table.frame[name]
    expr, dtype = nw.col(name), series.dtype
    if series.implementation.is_pandas_like() and str(series.to_native().dtype) == "object":
        raise _Untranslatable  # it may hold anything
    null = expr.is_null() if series.null_count() else None
    if dtype.is_integer() or dtype in (nw.Float32, nw.Float64):
        kind = int if dtype.is_integer() else float
        if series.null_count() == len(series):
            raise _Untranslatable
        low, high = kind(series.min()), kind(series.max())
        if kind is float and (series.is_nan().any() and not _nan_is_null(series)):
            raise _Untranslatable
        if not (math.isfinite(low) and math.isfinite(high)):
            raise _Untranslatable
        if max(abs(low), abs(high)) >= _WHOLE and kind is int:
            raise _Untranslatable
        wide = nw.Int64 if kind is int else nw.Float64
        return Term(expr if dtype == wide else expr.cast(wide), kind, low, high, null)
    if dtype == nw.Datetime and getattr(dtype, "time_zone", None) is None:
        if getattr(dtype, "time_unit", "") in ("us", "ms"):
            return Term(expr, datetime, null=null)
        raise _Untranslatable
    kinds: dict[Any, type] = {nw.Boolean: bool, nw.String: str, nw.Date: date}
    found = next((kind for one, kind in kinds.items() if dtype == one), None)
    if found is None:
        raise _Untranslatable
    return Term(expr, found, null=null)


def _nan_is_null(series: nw.Series[Any]) -> bool:
    """True where the library holds a null as NaN."""
    return series.implementation.is_pandas_like() and str(series.to_native().dtype) in (
        "float64",
        "float32",
    )


def _expr(term: Term) -> Any:
    import narwhals as nw

    return nw.lit(term.expr.value) if isinstance(term.expr, _Constant) else term.expr


def _joined(terms: list[Term], is_and: bool) -> Term:
    """`and` or `or` of them: what comes later is asked only where it decides."""
    if any(one.kind is not bool or one.null is not None for one in terms):
        raise _Untranslatable
    made = terms[0]
    for other in terms[1:]:
        here, there = _expr(made), _expr(other)
        asked = here if is_and else ~here
        later = None if other.fails is None else asked & other.fails
        expr = here & there if is_and else here | there
        made = Term(expr, bool, fails=_either(made.fails, later))
    return made


def _either(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one | other


def _filled(mask: Any, null: Any) -> Any:
    """`mask`, false where there is null."""
    import narwhals as nw

    return nw.when(null).then(nw.lit(False)).otherwise(mask)


def _or_true(mask: Any, null: Any) -> Any:
    import narwhals as nw

    return mask if null is None else nw.when(null).then(nw.lit(True)).otherwise(mask)


def _with_fails(made: Term, left: Term, right: Term) -> Term:
    """`made`, which fails where one of its parts is null or fails."""
    fails = _either(_either(left.null, right.null), _either(left.fails, right.fails))
    return Term(made.expr, made.kind, made.low, made.high, fails=fails)


def _arithmetic(
    work: Callable[[Any, Any], Any], kind: Callable[[Term, Term], type]
) -> Callable[[Term, Term], Term]:
    def made(left: Term, right: Term) -> Term:
        result = kind(left, right)
        if left.kind is not right.kind and max(map(abs, _bounds(left, right))) >= _EXACT:
            raise _Untranslatable  # a whole number would be rounded on its way to a float
        if isinstance(left.expr, _Constant) and isinstance(right.expr, _Constant):
            return _constant(work(left.expr.value, right.expr.value))
        corners = [work(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
        low, high = min(corners), max(corners)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise _Untranslatable
        if result is int and max(abs(low), abs(high)) >= _WHOLE:
            raise _Untranslatable
        return Term(work(_expr(left), _expr(right)), result, low, high)

    return made


def _bounds(left: Term, right: Term) -> tuple[float, ...]:
    return left.low, left.high, right.low, right.high


def _wider(left: Term, right: Term) -> type:
    return int if left.kind is int and right.kind is int else float


def _quotient(left: Term, right: Term) -> type:
    _away_from_zero(right)
    if max(map(abs, _bounds(left, right))) >= _EXACT and int in (left.kind, right.kind):
        raise _Untranslatable
    return float


def _positive(left: Term, right: Term) -> type:
    """Whole numbers that are not negative: there, all round the same way."""
    if left.kind is not int or right.kind is not int or left.low < 0 or right.low <= 0:
        raise _Untranslatable
    return int


def _away_from_zero(term: Term) -> None:
    if term.low <= 0 <= term.high:
        raise _Untranslatable


def _remainder(left: Term, right: Term) -> Term:
    """Its bounds do not lie at the corners."""
    _positive(left, right)
    if isinstance(left.expr, _Constant) and isinstance(right.expr, _Constant):
        return _constant(left.expr.value % right.expr.value)
    return Term(_expr(left) % _expr(right), int, 0, right.high)


_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[Term, Term], Term]]] = {
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


def _compared(op: type[ast.cmpop], left: Term, right: Term) -> Term:
    if op in _EQUAL and right.kind is None and left.kind is not None:
        return _asked_for_null(op, left)
    alike = left.kind is right.kind or {left.kind, right.kind} == {int, float}
    if not alike or left.kind is None or op in (ast.Is, ast.IsNot):
        raise _Untranslatable
    if isinstance(left.expr, _Constant) and isinstance(right.expr, _Constant):
        raise _Untranslatable
    if left.kind is not right.kind and max(map(abs, _bounds(left, right))) >= _EXACT:
        raise _Untranslatable
    here, there = _expr(left), _expr(right)
    if op in _ORDER:
        return _with_fails(Term(_ORDER[op](here, there), bool), left, right)
    equal = here == there
    if left.null is not None and right.null is not None:
        both = left.null & right.null
        equal = _or_true(_filled(equal, left.null | right.null), both)
    elif left.null is not None or right.null is not None:
        equal = _filled(equal, _either(left.null, right.null))
    return Term(equal if op is ast.Eq else ~equal, bool, fails=_either(left.fails, right.fails))


def _asked_for_null(op: type[ast.cmpop], term: Term) -> Term:
    import narwhals as nw

    if isinstance(term.expr, _Constant):
        raise _Untranslatable
    wanted = op in (ast.Eq, ast.Is)
    if term.null is None:
        never = _expr(term).is_null()
        return Term(never if wanted else ~never, bool, fails=term.fails)
    found = nw.when(term.null).then(nw.lit(wanted)).otherwise(nw.lit(not wanted))
    return Term(found, bool, fails=term.fails)
