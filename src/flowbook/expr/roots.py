"""Where a path may begin besides the names that are given: `$env`, `$secret`, `$vars`, `$run`.

What lies behind them is the project's, not the flow's: they are no inputs and make no edge. Which
of it an expression touches has to be written out, so that it is seen before anything runs; a name
that is computed is refused while the text is read.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from flowbook.errors import ExpressionError
from flowbook.expr.budget import Budget, Code, refuse
from flowbook.expr.compiling import Compiler, Run, close_to, column_of, placed

Path: TypeAlias = tuple[str, ...]

AMBIENT: Final = frozenset({"$env", "$secret", "$vars", "$run"})
"""The roots that are no names of a flow; `Expression.reads` spells them so."""
SCOPES: Final = ("run", "flow", "global")
"""How far a variable reaches: what stands between `$vars` and its name."""
RUN_FIELDS: Final = ("id", "attempt", "started")
"""What `$run` knows."""
PREVIOUS: Final = "previous"
"""The name of the only node that feeds a node, in that node's expressions."""

_EXAMPLES: Final[Mapping[str, str]] = {
    "$env": "$env.NAME",
    "$secret": "$secret.name",
    "$vars": "$vars.flow.name",
    "$run": "$run.id",
}
_FIRST: Final[Mapping[str, tuple[str, ...]]] = {"$vars": SCOPES, "$run": RUN_FIELDS}


def is_ambient(path: Path) -> bool:
    """True when `path` leads to what the project provides.

    >>> is_ambient(("$env", "HOME")), is_ambient(("fetch", "rows"))
    (True, False)
    """
    return path[0] in AMBIENT


def path_of(node: ast.AST) -> Path | None:
    """The dotted path a chain of attributes and text subscripts on a name spells."""
    names: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(key := node.slice, ast.Constant):
            if not isinstance(key.value, str):
                return None
            names.append(key.value)
        else:
            return None
        node = node.value
    return (node.id, *reversed(names))


def provided(compiler: Compiler, node: ast.Attribute | ast.Subscript) -> Run | None:
    """The closure for `$env.NAME` and its like; None when `node` is nothing of that kind."""
    path = path_of(node)
    if path is None or path[0] not in AMBIENT:
        return None
    example = _EXAMPLES[path[0]]
    if len(path) > example.count(".") + 1:
        return None  # a field of it: the path itself is further in
    known = _FIRST.get(path[0])
    if known and path[1] not in known:
        told = f"{path[0]} has no {path[1]!r}{close_to(path[1], known)}"
        compiler.refuse(node, f"{told}; it has {', '.join(known)}", Code.NO_FIELD)
    if len(path) <= example.count("."):
        bare(compiler, node, path[0])

    def run(budget: Budget) -> Any:
        value: Any = budget.names
        for name in path:
            if name not in value:
                raise absent(path)
            value = value[name]
        return budget.admit(value)

    return placed(run, column_of(node))


def absent(path: Path, column: int | None = None) -> ExpressionError:
    """The refusal of something that the project does not provide here."""
    return refuse(Code.NO_FIELD, f"there is no {'.'.join(path)} here", column)


def bare(compiler: Compiler, node: ast.AST, root: str) -> None:
    """Refuse a root without the name that belongs behind it."""
    message = f"write out which one of {root} is meant, such as {_EXAMPLES[root]}"
    compiler.refuse(node, message, Code.FORBIDDEN)
