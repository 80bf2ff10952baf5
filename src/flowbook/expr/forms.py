"""How values, operators and containers compile."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from flowbook.expr.budget import MAX_BITS, Budget, Code, refuse
from flowbook.expr.compiling import Compiler, Run, column_of, placed, spelt, unknown_name
from flowbook.expr.operators import BINARY, COMPARE, UNARY
from flowbook.expr.paths import field_of
from flowbook.expr.roots import AMBIENT, bare, provided

_CONSTANTS = frozenset({str, int, float, bool, type(None)})


def constant(compiler: Compiler, node: ast.Constant) -> Run:
    """A text, number, boolean or None written out."""
    value = node.value
    if type(value) not in _CONSTANTS:
        compiler.refuse(node, f"a {type(value).__name__} is not part of the expression language")
    if type(value) is int and value.bit_length() > MAX_BITS:
        compiler.refuse(node, "the number is too large", Code.TOO_LARGE)
    return lambda _budget: value


def name(compiler: Compiler, node: ast.Name) -> Run:
    """A name: a loop variable, or a value that is admitted when read."""
    name, column = node.id, column_of(node)
    if name in AMBIENT:
        bare(compiler, node, name)
    compiler.check_public(node, name)
    slot = compiler.loop.get(name)
    if slot is not None:
        return lambda budget: budget.slots[slot]

    def run(budget: Budget) -> Any:
        try:
            value = budget.names[name]
        except KeyError:
            raise unknown_name(name, budget.names, column) from None
        return budget.admit(value)

    return placed(run, column)


def binary(compiler: Compiler, node: ast.BinOp) -> Run:
    """`a + b` and its like."""
    work = BINARY.get(type(node.op))
    if work is None:
        compiler.refuse(node, f"{spelt(node.op)} is not part of the expression language")
    left, right = compiler.compile(node.left), compiler.compile(node.right)
    return placed(lambda budget: work(budget, left(budget), right(budget)), column_of(node))


def unary(compiler: Compiler, node: ast.UnaryOp) -> Run:
    """`-a`, `+a`, `~a`, `not a`."""
    work, operand = UNARY[type(node.op)], compiler.compile(node.operand)
    return placed(lambda budget: work(budget, operand(budget)), column_of(node))


def logic(compiler: Compiler, node: ast.BoolOp) -> Run:
    """`and`, `or`: the deciding value itself, as in Python."""
    *firsts, last = compiler.all(node.values)
    stops = isinstance(node.op, ast.Or)

    def run(budget: Budget) -> Any:
        budget.steps -= 1
        for first in firsts:
            value = first(budget)
            if bool(value) is stops:
                return value
        return last(budget)

    return run


def compare(compiler: Compiler, node: ast.Compare) -> Run:
    """Comparisons, chained ones included."""
    works = [COMPARE[type(op)] for op in node.ops]
    first, *others = compiler.all((node.left, *node.comparators))
    column = column_of(node)
    if len(works) == 1:
        work, other = works[0], others[0]
        return placed(lambda budget: work(budget, first(budget), other(budget)), column)
    pairs = list(zip(works, others, strict=True))

    def run(budget: Budget) -> Any:
        left = first(budget)
        for work, other in pairs:
            right = other(budget)
            if not (found := work(budget, left, right)):
                return found
            left = right
        return True

    return placed(run, column)


def choice(compiler: Compiler, node: ast.IfExp) -> Run:
    """`a if test else b`."""
    test, then, other = compiler.all((node.test, node.body, node.orelse))
    return lambda budget: then(budget) if test(budget) else other(budget)


def collection(compiler: Compiler, node: ast.List | ast.Tuple | ast.Set) -> Run:
    """A list, tuple or set display."""
    parts = compiler.all(node.elts)
    kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
    return built(node, kind, lambda budget: [part(budget) for part in parts])


def dictionary(compiler: Compiler, node: ast.Dict) -> Run:
    """A dictionary display."""
    if None in node.keys:
        compiler.refuse(node, "** is not part of the expression language")
    keys, values = compiler.all(key for key in node.keys if key), compiler.all(node.values)

    def pairs(budget: Budget) -> list[Any]:
        return [(key(budget), value(budget)) for key, value in zip(keys, values, strict=True)]

    return built(node, dict, pairs)


def built(node: ast.AST, kind: Any, parts: Callable[[Budget], list[Any]]) -> Run:
    """A new container; what is hashed is weighed first, since a hash reads all of it."""

    def run(budget: Budget) -> Any:
        made: Any = parts(budget)
        budget.tick(1 + (len(made) >> 4))
        if kind is set or kind is dict:
            made = budget.look(made)
        try:
            return budget.charge(kind(made))
        except TypeError:
            raise refuse(Code.TYPE, f"a {kind.__name__} cannot hold that as key") from None

    return placed(run, column_of(node))


def attribute(compiler: Compiler, node: ast.Attribute) -> Run:
    """`a.b`: an entry of a dictionary or a part of a date, never an attribute of an object."""
    compiler.check_public(node, node.attr)
    if (given := provided(compiler, node)) is not None:
        return given
    value, name, column = compiler.compile(node.value), node.attr, column_of(node)
    return placed(lambda budget: budget.admit(field_of(value(budget), name)), column)


def subscript(compiler: Compiler, node: ast.Subscript) -> Run:
    """`a[key]` and `a[low:high]`."""
    if (given := provided(compiler, node)) is not None:
        return given
    value = compiler.compile(node.value)
    if isinstance(node.slice, ast.Slice):
        return _slice(compiler, node, value, node.slice)
    key = compiler.compile(node.slice)

    def run(budget: Budget) -> Any:
        budget.steps -= 1
        return budget.admit(_item(value(budget), budget.look(key(budget))))

    return placed(run, column_of(node))


def _slice(compiler: Compiler, node: ast.Subscript, value: Run, bounds: ast.Slice) -> Run:
    ends = [
        compiler.compile(end) if end else _none for end in (bounds.lower, bounds.upper, bounds.step)
    ]

    def run(budget: Budget) -> Any:
        whole, part = value(budget), slice(*(end(budget) for end in ends))
        if type(whole) not in (str, list, tuple):
            raise refuse(Code.TYPE, f"a {type(whole).__name__} has no slices")
        try:
            return budget.charge(whole[part])
        except (TypeError, ValueError):
            raise refuse(Code.TYPE, "a slice needs whole numbers") from None

    return placed(run, column_of(node))


def _none(_budget: Budget) -> None:
    """The end of a slice that is not given."""


def _item(value: Any, key: Any) -> Any:
    if type(value) not in (dict, list, tuple, str):
        code = Code.NO_FIELD if value is None else Code.TYPE
        raise refuse(code, f"a {type(value).__name__} has no items")
    try:
        return value[key]
    except (KeyError, IndexError):
        raise refuse(Code.NO_FIELD, f"the {type(value).__name__} has no such item") from None
    except TypeError:
        message = f"a {type(value).__name__} has no item at a {type(key).__name__}"
        raise refuse(Code.TYPE, message) from None
