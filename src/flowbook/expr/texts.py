"""How f-strings compile: with formats that are written out and cannot grow."""

from __future__ import annotations

import ast
from typing import Any

from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.compiling import Compiler, Run, column_of, placed
from flowbook.expr.formats import formatted as written
from flowbook.expr.formats import is_format


def text(compiler: Compiler, node: ast.JoinedStr) -> Run:
    """An f-string."""
    parts = compiler.all(node.values)

    def run(budget: Budget) -> str:
        made = [part(budget) for part in parts]
        if sum(map(len, made)) > budget.alloc:
            raise refuse(Code.TOO_LARGE, "the text is too long")
        return str(budget.charge("".join(made)))

    return placed(run, column_of(node))


def formatted(compiler: Compiler, node: ast.FormattedValue) -> Run:
    """One `{value:format}` of an f-string."""
    spec = _format_spec(compiler, node)
    if node.conversion not in (-1, ord("s")):
        compiler.refuse(node, "only !s is a conversion here")
    value = compiler.compile(node.value)

    def run(budget: Budget) -> Any:
        budget.steps -= 1
        shown = budget.look(value(budget))
        return budget.charge(written(shown, spec) if spec else str(shown))

    return placed(run, column_of(node))


def _format_spec(compiler: Compiler, node: ast.FormattedValue) -> str:
    if node.format_spec is None:
        return ""
    parts = getattr(node.format_spec, "values", [])
    if not all(isinstance(part, ast.Constant) for part in parts):
        compiler.refuse(node, "a format is written out, not computed")
    spec = "".join(str(part.value) for part in parts)
    if not is_format(spec) and "%" not in spec:
        compiler.refuse(node, f"{spec!r} is no format of the expression language")
    return spec
