"""How calls compile: functions by name, methods by the exact type they are called on."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.compiling import Compiler, Run, close_to, column_of, placed
from flowbook.expr.functions import FUNCTIONS, Function
from flowbook.expr.methods import METHODS


def call(compiler: Compiler, node: ast.Call) -> Run:
    """`f(x)` with a function of the table, `value.method(x)` with a method of its type."""
    if any(isinstance(one, ast.Starred) for one in node.args) or any(
        one.arg is None for one in node.keywords
    ):
        compiler.refuse(node, "* and ** are not part of the expression language")
    arguments = compiler.all(node.args)
    if isinstance(node.func, ast.Name):
        return _function(compiler, node, node.func.id, arguments)
    if not isinstance(node.func, ast.Attribute):
        compiler.refuse(node, "only functions and methods that have a name can be called")
    return _method(compiler, node, node.func, arguments)


def _function(compiler: Compiler, node: ast.Call, name: str, arguments: tuple[Run, ...]) -> Run:
    function = FUNCTIONS.get(name)
    if function is None:
        compiler.refuse(node, f"there is no function {name!r}{close_to(name, FUNCTIONS)}")
    _check_arguments(compiler, node, function)
    options = {str(one.arg): compiler.compile(one.value) for one in node.keywords}
    work = function.call

    def run(budget: Budget) -> Any:
        budget.steps -= 1
        given = [argument(budget) for argument in arguments]
        named = {key: option(budget) for key, option in options.items()}
        return _called(name, budget, lambda: work(budget, *given, **named))

    return placed(run, column_of(node))


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
        work = METHODS.get(type(owner), {}).get(name)
        if work is None:
            raise refuse(Code.FORBIDDEN, f"a {type(owner).__name__} has no method {name!r}")
        given = [argument(budget) for argument in arguments]
        return _called(name, budget, lambda: work(budget, owner, *given))

    return placed(run, column_of(node))


def _called(name: str, budget: Budget, work: Callable[[], Any]) -> Any:
    try:
        return budget.charge(work())
    except TypeError:
        raise refuse(Code.TYPE, f"{name} does not take these values") from None
    except (ValueError, OverflowError, AttributeError):
        raise refuse(Code.VALUE, f"{name} cannot make anything of that value") from None
