"""The value of an expression over names, under one budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from flowbook.errors import ExpressionError
from flowbook.expr.budget import Budget
from flowbook.expr.javascript import PREFIX
from flowbook.expr.parse import Expression
from flowbook.expr.paths import walk
from flowbook.expr.roots import Path, absent, is_ambient

Scripts: TypeAlias = Callable[[str, Mapping[str, Any]], Any]
"""Whoever runs JavaScript: its text and the names it reads, to its value."""


def evaluate(
    expression: Expression, names: Mapping[str, Any], scripts: Scripts | None = None
) -> Any:
    """The value of `expression`; `ExpressionError` when it has none or costs too much.

    A bare path gives the very object it leads to, whatever that is; everything else computes on
    plain data only. `scripts` evaluates what is written in JavaScript; without it, nothing does.

    >>> from flowbook.expr.parse import parse
    >>> evaluate(parse("fetch.status in [200, 204]"), {"fetch": {"status": 204}})
    True
    """
    if expression.path is not None:
        return walk(expression.path, names)
    if expression.script is None or scripts is None:
        return expression.program(Budget(names))
    try:
        return scripts(expression.script, _read(expression.reads, names))
    except ExpressionError as failed:
        if failed.column is not None:
            failed.column += len(PREFIX)
        raise


def _read(reads: frozenset[Path], names: Mapping[str, Any]) -> dict[str, Any]:
    """Of `names` what a script reads, so that what it does not need it is not given.

    Of a dictionary only the fields, when nothing but fields of it are read.
    """
    fields: dict[str, set[str] | None] = {}
    for root, *path in (one for one in reads if not is_ambient(one)):
        known = fields.setdefault(root, set())
        if known is not None and path:
            known.add(path[0])
        else:
            fields[root] = None
    found = {name: names[name] for name in fields if name in names}
    for name, value in found.items():
        wanted = fields[name]
        if wanted is not None and type(value) is dict:
            found[name] = {key: one for key, one in value.items() if key in wanted}
    for one in filter(is_ambient, reads):
        _provide(found, one, names)
    return found


def _provide(found: dict[str, Any], path: Path, names: Mapping[str, Any]) -> None:
    """Put what the project provides under `path` where a script finds it."""
    value: Any = names
    for name in path:
        if name not in value:
            raise absent(path)
        value = value[name]
    for name in path[:-1]:
        found = found.setdefault(name, {})
    found[path[-1]] = value
