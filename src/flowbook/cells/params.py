"""The parameters cell: what a run may be given, with types, defaults and help.

`city: str = "Oslo"  # where to look` declares one parameter. papermill's convention holds: the
cell is tagged `parameters`. A kernel does not see tags, so a cell of nothing but annotated
literals counts as one, too.
"""

from __future__ import annotations

import ast
import re

from flowbook.cells.header import Fault
from flowbook.graph.spec import MISSING, Json, ParamSpec
from flowbook.ids import PortName

TAG = "parameters"
_COMMENT = re.compile(r"#\s*(.*?)\s*$")


def is_parameters(source: str) -> bool:
    """True for a cell of nothing but annotated names, each with a literal or with no value.

    >>> is_parameters("city: str = 'Oslo'"), is_parameters("city = 'Oslo'")
    (True, False)
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    return bool(tree.body) and all(
        isinstance(one, ast.AnnAssign) and (one.value is None or _is_literal(one.value))
        for one in tree.body
    )


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def read_params(source: str) -> tuple[tuple[ParamSpec, ...], tuple[Fault, ...]]:
    """The parameters a cell declares, and what is wrong with it, by line.

    >>> read_params("top: int = 3  # how many")[0][0].help
    'how many'
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as broken:
        return (), (Fault(f"the parameters do not parse: {broken.msg}", broken.lineno or 1),)
    params: dict[PortName, ParamSpec] = {}
    faults: list[Fault] = []
    lines = source.splitlines()
    for statement in tree.body:
        found = _assignment(statement)
        if found is None:
            faults.append(
                Fault(
                    "a parameters cell holds only assignments",
                    statement.lineno,
                    "move the rest to a %%flow setup cell",
                )
            )
            continue
        name, annotation, value = found
        comment = _COMMENT.search(lines[(statement.end_lineno or 1) - 1][_end(statement) :])
        written = comment[1] if comment else None
        if value is None:
            params[name] = ParamSpec(name, MISSING, annotation, written)
            continue
        try:
            default: Json = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            message = f"the default of parameter {name!r} is no literal: {ast.unparse(value)}"
            hint = "write a number, a text, a list or a mapping"
            faults.append(Fault(message, statement.lineno, hint))
            continue
        params[name] = ParamSpec(name, default, annotation, written)
    return tuple(params.values()), tuple(faults)


def _end(statement: ast.stmt) -> int:
    return statement.end_col_offset or 0


def _assignment(statement: ast.stmt) -> tuple[PortName, str | None, ast.expr | None] | None:
    target: ast.expr
    value: ast.expr | None
    if isinstance(statement, ast.AnnAssign):
        target, value = statement.target, statement.value
        annotation: str | None = ast.unparse(statement.annotation)
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value, annotation = statement.targets[0], statement.value, None
    else:
        return None
    if not isinstance(target, ast.Name):
        return None
    return PortName(target.id), annotation, value
