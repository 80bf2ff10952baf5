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
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from flowbook.nodes.rows.expressions import ITEM, Asked
from flowbook.nodes.rows.shapes import Table
from flowbook.nodes.rows.terms import (
    ARITHMETIC,
    WHOLE,
    Constant,
    Term,
    Untranslatable,
    compared,
    constant,
    either,
    expr_of,
    false_where,
    joined,
    true_where,
    with_fails,
)

if TYPE_CHECKING:
    import narwhals as nw


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
    absent = either(term.null, term.fails)
    return term.expr if absent is None else nw.when(absent).then(nw.lit(False)).otherwise(term.expr)


def _nulled(expr: Any, term: Term) -> Any:
    import narwhals as nw

    absent = either(term.null, term.fails)
    return expr if absent is None else nw.when(~absent).then(expr)


def _translated(asked: Asked, table: Table, others: Mapping[str, Any]) -> Term | None:
    if not len(table):
        return None
    translator = _Translator(table, others)
    try:
        term = translator.term(ast.parse(asked.text, mode="eval").body)
    except (Untranslatable, SyntaxError, RecursionError):
        return None
    return term if term.kind is not None and translator.reads_column else None


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
        """The term for `node`; `Untranslatable` when there is none."""
        make = _MAKERS.get(type(node))
        if make is None:
            raise Untranslatable
        return make(self, node)

    def name(self, node: ast.Name) -> Term:
        if node.id == ITEM:
            raise Untranslatable
        if node.id in self._table.columns:
            return self.column(node.id)
        if node.id in self._others:
            return constant(self._others[node.id])
        raise Untranslatable

    def field(self, node: ast.Attribute) -> Term:
        if isinstance(node.value, ast.Name) and node.value.id == ITEM:
            return self.column(node.attr)
        raise Untranslatable

    def column(self, name: str) -> Term:
        if name not in self._table.columns:
            raise Untranslatable
        if name not in self._columns:
            self._columns[name] = _column(self._table, name)
        return self._columns[name]

    def binary(self, node: ast.BinOp) -> Term:
        work = ARITHMETIC.get(type(node.op))
        if work is None:
            raise Untranslatable
        left, right = self.term(node.left), self.term(node.right)
        if {left.kind, right.kind} - {int, float}:
            raise Untranslatable
        made = work(left, right)
        return with_fails(made, left, right)

    def negative(self, node: ast.UnaryOp) -> Term:
        term = self.term(node.operand)
        if isinstance(node.op, ast.Not) and term.kind is bool:
            # `not None` is true.
            expr = ~expr_of(term)
            return Term(true_where(expr, term.null), bool, fails=term.fails)
        if isinstance(node.op, ast.USub) and term.kind in (int, float):
            assert term.kind is not None  # noqa: S101 - just looked
            if isinstance(term.expr, Constant):
                return constant(-term.expr.value)
            minus = constant(term.kind(-1))
            return with_fails(ARITHMETIC[ast.Mult](minus, term), term, minus)
        raise Untranslatable

    def logic(self, node: ast.BoolOp) -> Term:
        return joined([self.term(one) for one in node.values], isinstance(node.op, ast.And))

    def compare(self, node: ast.Compare) -> Term:
        left, made = node.left, []
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                negated = isinstance(op, ast.NotIn)
                made.append(self._within(self.term(left), right, negated=negated))
            else:
                made.append(compared(type(op), self.term(left), self.term(right)))
            left = right
        return made[0] if len(made) == 1 else joined(made, is_and=True)

    def _within(self, left: Term, node: ast.AST, *, negated: bool) -> Term:
        many = self._constants(node)
        if left.kind not in (int, str) or any(type(one) is not left.kind for one in many):
            raise Untranslatable
        inside = expr_of(left).is_in(many)
        if left.null is not None:
            inside = false_where(inside, left.null)
        return Term(~inside if negated else inside, bool, fails=left.fails)

    def _constants(self, node: ast.AST) -> list[Any]:
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            found = [self.term(one).expr for one in node.elts]
            if found and all(isinstance(one, Constant) for one in found):
                return [one.value for one in found]
        if isinstance(node, ast.Name) and node.id not in self._table.columns:
            value = self._others.get(node.id)
            if isinstance(value, list | tuple | set) and value:
                return list(value)
        raise Untranslatable

    def choice(self, node: ast.IfExp) -> Term:
        import narwhals as nw

        test, then, other = self.term(node.test), self.term(node.body), self.term(node.orelse)
        if test.kind is not bool or test.null is not None or then.kind is not other.kind:
            raise Untranslatable
        if then.null is not None or other.null is not None:
            raise Untranslatable
        holds = expr_of(test)
        ones = None if then.fails is None else holds & then.fails
        others = None if other.fails is None else ~holds & other.fails
        return Term(
            nw.when(holds).then(expr_of(then)).otherwise(expr_of(other)),
            then.kind,
            min(then.low, other.low),
            max(then.high, other.high),
            fails=either(test.fails, either(ones, others)),
        )


_MAKERS: Final[Mapping[type[ast.AST], Callable[[_Translator, Any], Term]]] = {
    ast.Constant: lambda _, node: constant(node.value),
    ast.Name: _Translator.name,
    ast.Attribute: _Translator.field,
    ast.BinOp: _Translator.binary,
    ast.UnaryOp: _Translator.negative,
    ast.BoolOp: _Translator.logic,
    ast.Compare: _Translator.compare,
    ast.IfExp: _Translator.choice,
}


def _column(table: Table, name: str) -> Term:
    import narwhals as nw

    series = table.frame[name]
    expr, dtype = nw.col(name), series.dtype
    if series.implementation.is_pandas_like() and str(series.to_native().dtype) == "object":
        raise Untranslatable  # it may hold anything
    null = expr.is_null() if series.null_count() else None
    if dtype.is_integer() or dtype in (nw.Float32, nw.Float64):
        kind = int if dtype.is_integer() else float
        if series.null_count() == len(series):
            raise Untranslatable
        low, high = kind(series.min()), kind(series.max())
        if kind is float and (series.is_nan().any() and not _nan_is_null(series)):
            raise Untranslatable
        if not (math.isfinite(low) and math.isfinite(high)):
            raise Untranslatable
        if max(abs(low), abs(high)) >= WHOLE and kind is int:
            raise Untranslatable
        wide = nw.Int64 if kind is int else nw.Float64
        return Term(expr if dtype == wide else expr.cast(wide), kind, low, high, null)
    if dtype == nw.Datetime and getattr(dtype, "time_zone", None) is None:
        if getattr(dtype, "time_unit", "") in ("us", "ms"):
            return Term(expr, datetime, null=null)
        raise Untranslatable
    kinds: dict[Any, type] = {nw.Boolean: bool, nw.String: str, nw.Date: date}
    found = next((kind for one, kind in kinds.items() if dtype == one), None)
    if found is None:
        raise Untranslatable
    return Term(expr, found, null=null)


def _nan_is_null(series: nw.Series[Any]) -> bool:
    """True where the library holds a null as NaN."""
    return series.implementation.is_pandas_like() and str(series.to_native().dtype) in (
        "float64",
        "float32",
    )
