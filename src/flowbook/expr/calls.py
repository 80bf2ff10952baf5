"""How calls compile: functions by name, methods by the exact type they are called on."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.compiling import Compiler, Run, close_to, column_of, placed
from flowbook.expr.function import Function
from flowbook.expr.functions import FUNCTIONS
from flowbook.expr.methods import METHODS
from flowbook.expr.paths import walk
from flowbook.expr.roots import is_ambient, path_of
from flowbook.expr.tables import is_table


def call(compiler: Compiler, node: ast.Call) -> Run:
    """`f(x)` with a function of the table, `value.method(x)` with a method of its type."""
    if any(isinstance(one, ast.Starred) for one in node.args) or any(
        one.arg is None for one in node.keywords
    ):
        compiler.refuse(node, "* and ** are not part of the expression language")
    if isinstance(node.func, ast.Name):
        return _function(compiler, node, node.func.id)
    if not isinstance(node.func, ast.Attribute):
        compiler.refuse(node, "only functions and methods that have a name can be called")
    return _method(compiler, node, node.func, compiler.all(node.args))


def _function(compiler: Compiler, node: ast.Call, name: str) -> Run:
    function = FUNCTIONS.get(name)
    if function is None:
        compiler.refuse(node, f"there is no function {name!r}{close_to(name, FUNCTIONS)}")
    _check_arguments(compiler, node, function)
    arguments = compiler.all(node.args)
    if function.lazy:
        return _choice(arguments)
    if function.tables:
        arguments = (_whole(compiler, node.args[0], arguments[0]), *arguments[1:])
    options = {str(one.arg): compiler.compile(one.value) for one in node.keywords}
    work = function.call

    def run(budget: Budget) -> Any:
        budget.steps -= 1
        given = [argument(budget) for argument in arguments]
        named = {key: option(budget) for key, option in options.items()}
        return _called(name, budget, lambda: work(budget, *given, **named))

    return placed(run, column_of(node))


def _choice(arguments: tuple[Run, ...]) -> Run:
    """The first that is there and not None."""

    def run(budget: Budget) -> Any:
        value = None
        for argument in arguments:
            budget.steps -= 1
            try:
                value = argument(budget)
            except ExpressionError as error:
                if error.code != Code.NO_FIELD:
                    raise
            if value is not None:
                break
        return value

    return run


def _whole(compiler: Compiler, node: ast.expr, argument: Run) -> Run:
    """A bare path as whatever it leads to, if that is a table; all else as plain data."""
    path = path_of(node)
    if path is None or path[0] in compiler.loop or is_ambient(path):
        return argument

    def run(budget: Budget) -> Any:
        try:
            return argument(budget)
        except ExpressionError as refused:
            if refused.code != Code.OPAQUE:
                raise
            found = walk(path, budget.names)
            if not is_table(found):
                raise
            return found

    return run


def _check_arguments(compiler: Compiler, node: ast.Call, function: Function) -> None:
    if not function.least <= len(node.args) <= function.most:
        wanted = str(function.least)
        if function.most != function.least:
            wanted += f" to {function.most}"
        compiler.refuse(
            node, f"{function.name} takes {wanted} values, not {len(node.args)}", Code.TYPE
        )
    for one in node.keywords:
        if one.arg not in function.keywords:
            compiler.refuse(node, f"{function.name} has no option {one.arg!r}", Code.TYPE)


def _method(
    compiler: Compiler, node: ast.Call, func: ast.Attribute, arguments: tuple[Run, ...]
) -> Run:
    name = func.attr
    compiler.check_public(func, name)
    if node.keywords:
        compiler.refuse(node, f"{name} has no options", Code.TYPE)
    value = compiler.compile(func.value)

    def run(budget: Budget) -> Any:
        budget.steps -= 1
        owner = value(budget)
        method = METHODS.get(type(owner), {}).get(name)
        if method is None:
            raise refuse(Code.FORBIDDEN, f"a {type(owner).__name__} has no method {name!r}")
        work = method.call
        given = [argument(budget) for argument in arguments]
        return _called(name, budget, lambda: work(budget, owner, *given))

    return placed(run, column_of(node))


def _called(name: str, budget: Budget, work: Callable[[], Any]) -> Any:
    try:
        return budget.charge(work())
    except TypeError:
        raise refuse(Code.TYPE, f"{name} does not take these values") from None
    except (ValueError, OverflowError, AttributeError, ZeroDivisionError):
        raise refuse(Code.VALUE, f"{name} cannot make anything of that value") from None
