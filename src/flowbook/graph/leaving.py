"""Whether a Python node gives its output by the name that its body binds, or as a value.

A body that binds `clean` and ends in nothing gives `clean`, whatever its node is called; one that
returns a value, yields or ends in an expression gives that, and its output is called like the node.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from flowbook.graph.spec import NodeSpec

_OWN = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def binds_its_output(node: NodeSpec) -> bool:
    """True for a Python cell that leaves its one output behind under the name it has.

    >>> from flowbook.ids import NodeId, PortName
    >>> outputs = (PortName("clean"),)
    >>> binds_its_output(NodeSpec(NodeId("clean"), body="clean = raw", outputs=outputs))
    True
    >>> binds_its_output(NodeSpec(NodeId("clean"), body="raw + 1", outputs=outputs))
    False
    """
    if node.kind_name != "python" or len(node.outputs) != 1:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python says it when the cell runs
            body = ast.parse(node.body).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if node.place is None and len(body) == 1 and isinstance(body[0], _DEFINES):
        return False  # a function that is the node itself
    return not _gives(body) and any(node.outputs[0] in _bound(one) for one in _scope(body))


def is_aside(value: ast.expr) -> bool:
    """True for a last line that shows something instead of giving it."""
    called = value.func if isinstance(value, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in ("print", "display")


def _gives(body: list[ast.stmt]) -> bool:
    last = body[-1] if body else None
    if isinstance(last, ast.Expr) and not is_aside(last.value):
        return True
    return any(
        isinstance(one, ast.Yield | ast.YieldFrom)
        or (isinstance(one, ast.Return) and one.value is not None)
        for one in _scope(body)
    )


def _scope(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All that stands in the body's own scope."""
    left: list[ast.AST] = list(body)
    while left:
        one = left.pop()
        yield one
        if not isinstance(one, (*_OWN, *_DEFINES)):
            left += ast.iter_child_nodes(one)


def _bound(one: ast.AST) -> tuple[str, ...]:
    if isinstance(one, ast.Name):
        return (one.id,) if isinstance(one.ctx, ast.Store) else ()
    return (one.name,) if isinstance(one, _DEFINES) else ()
