"""The parameters cell: what a run may be given, with types, defaults and help.

`city: str = "Oslo"  # where to look` declares one parameter. papermill's convention holds: the
cell is tagged `parameters`. A kernel does not see tags, so a cell of nothing but annotated
literals counts as one, too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from flowbook.cells.flow_line import split_options
from flowbook.cells.header import Fault, is_plain
from flowbook.graph.spec import MISSING, Json, Missing, ParamSpec
from flowbook.ids import PortName

TAG = "parameters"
_COMMENT = re.compile(r"#\s*(.*?)\s*$")


def is_parameters(source: str) -> bool:
    """True for a cell of nothing but annotated names, each with a literal or with no value.

    >>> is_parameters("city: str = 'Oslo'"), is_parameters("city = 'Oslo'")
    (True, False)
    """
    try:
        tree = ast.parse(split_options(source)[0])
    except SyntaxError:
        return False
    return bool(tree.body) and all(
        isinstance(one, ast.AnnAssign) and (one.value is None or _is_literal(one.value))
        for one in tree.body
    )


def _is_literal(value: ast.expr) -> bool:
    return not isinstance(_literal(value), Missing)


def _literal(value: ast.expr) -> Json | Missing:
    """The plain value a literal spells, `MISSING` when it spells none."""
    try:
        found: Json = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return MISSING
    return found if is_plain(found) else MISSING


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
    lines = source.split("\n")
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring
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
        default = MISSING if value is None else _literal(value)
        if value is not None and isinstance(default, Missing):
            message = f"the default of parameter {name!r} is no literal: {ast.unparse(value)}"
            hint = "write a number, a text, a list or a mapping"
            faults.append(Fault(message, statement.lineno, hint))
            continue
        params[name] = ParamSpec(name, default, annotation, _comment(statement, lines))
    return tuple(params.values()), tuple(faults)


def _comment(statement: ast.stmt, lines: list[str]) -> str | None:
    """What stands behind `#` after a statement; its columns count bytes."""
    line = lines[(statement.end_lineno or 1) - 1].encode()
    found = _COMMENT.search(line[statement.end_col_offset or 0 :].decode())
    return found[1] or None if found else None


def print_params(params: Iterable[ParamSpec]) -> str:
    """The source of a cell that declares `params`.

    >>> print_params([ParamSpec(PortName("top"), 3, "int", "how many")])
    'top: int = 3  # how many'
    """
    return "\n".join(map(_print_param, params))


def changed_params(source: str, was: Sequence[ParamSpec], now: Sequence[ParamSpec]) -> str:
    r"""A parameters cell that says `was`, saying `now`: other lines and their comments stay.

    >>> was = read_params("city: str = 'Oslo'  # where\ntop = 3  # how many")[0]
    >>> now = (was[0], ParamSpec(PortName("top"), 4, None, "how many"))
    >>> print(changed_params("city: str = 'Oslo'  # where\ntop = 3  # how many", was, now))
    city: str = 'Oslo'  # where
    top = 4  # how many
    """
    wanted = {param.name: param for param in now}
    known = {param.name: param for param in was}
    lines: list[str | None] = list(source.split("\n"))
    for statement in ast.parse(split_options(source)[0]).body:
        found = _assignment(statement)
        param = known.get(found[0]) if found else None
        if param is None or wanted.get(param.name) == param:
            continue
        first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
        made = wanted.get(param.name)
        lines[first:last] = [_print_param(made) if made else None, *[None] * (last - first - 1)]
    added = [_print_param(param) for param in now if param.name not in known]
    made_of = "\n".join([*(line for line in lines if line is not None), *added])
    return made_of if read_params(split_options(made_of)[0]) == (tuple(now), ()) else ""


def _print_param(param: ParamSpec) -> str:
    missing = isinstance(param.default, Missing)
    annotation = param.annotation or ("object" if missing else None)
    typed = f": {annotation}" if annotation else ""
    value = "" if missing else f" = {param.default!r}"
    comment = f"  # {' '.join(param.help.split())}" if param.help else ""
    return f"{param.name}{typed}{value}{comment}"


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
