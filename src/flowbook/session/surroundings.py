"""What decorated functions use of the module around them, as the text of a setup cell.

A cell has no module around it: what a function reads from its own has to travel. Imports, plain
literals, and functions and classes of the same module can be written down; anything else (a frame,
a connection) was made by running code, and is named instead of being lost.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from flowbook.cells.notebook import Cell
from flowbook.cells.slicing import captured_slice, with_slice
from flowbook.errors import UsageError
from flowbook.graph.spec import FlowSpec
from flowbook.ids import CellId


def surroundings(functions: Iterable[Callable[..., Any]]) -> str:
    """Code that makes every global name `functions` use; empty when they use none.

    Raises `UsageError` with all names whose values cannot be written as code.
    """
    found = _Found()
    for function in functions:
        found.look_into(function)
    if found.refused:
        raise UsageError(
            f"these names cannot be written into a notebook: {', '.join(found.refused)}",
            hint="make them inside a node, or in a %%flow setup cell",
        )
    return "\n".join([*sorted(found.imports), *found.literals, *found.sources])


def with_captured(spec: FlowSpec, cells: Mapping[CellId, Cell]) -> FlowSpec:
    """`spec` with a setup cell of all that its nodes take from plain cells of a kernel's notebook.

    Raises `UsageError` with all names that these `cells` do not make by plain code, and why.
    """
    if not cells:
        return spec
    taken = captured_slice(tuple(cells.values()), spec)
    if taken.left:
        told = "; ".join(
            f"{one.name} (cell {one.cell}: {one.reason})"
            if one.cell
            else f"{one.name} ({one.reason})"
            for one in taken.left
        )
        raise UsageError(
            f"these names of the kernel cannot be written into a notebook: {told}",
            hint="make them inside a node, or in a %%flow setup cell",
        )
    return with_slice(spec, taken)


@dataclass
class _Found:
    imports: set[str] = field(default_factory=set)
    literals: dict[str, None] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    refused: dict[str, None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def look_into(self, function: Callable[..., Any]) -> None:
        inner = inspect.unwrap(function)
        if not isinstance(inner, FunctionType):
            return
        outside = inspect.getclosurevars(inner)
        for name, value in {**outside.globals, **outside.nonlocals}.items():
            if name not in self.seen:
                self.seen.add(name)
                self._take(name, value, inner.__module__)

    def _take(self, name: str, value: Any, home: str) -> None:
        if isinstance(value, ModuleType):
            alias = "" if value.__name__ == name else f" as {name}"
            self.imports.add(f"import {value.__name__}{alias}")
        elif (origin := _importable(value, home)) is not None:
            module, attribute = origin
            alias = "" if attribute == name else f" as {name}"
            self.imports.add(f"from {module} import {attribute}{alias}")
        elif _is_literal(value):
            self.literals[f"{name} = {value!r}"] = None
        elif (source := _source(value, name)) is not None:
            if isinstance(value, FunctionType):
                self.look_into(value)
            self.sources[f"\n\n{source}"] = None
        else:
            self.refused[f"{name} ({type(value).__name__})"] = None


def _importable(value: Any, home: str) -> tuple[str, str] | None:
    """Where a class or function of another module is imported from."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not module or not name or module in (home, "__main__"):
        return None
    return (module, name) if getattr(sys.modules.get(module), name, None) is value else None


def _is_literal(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False


def _source(value: Any, name: str) -> str | None:
    """The text of a function or class that is called so."""
    if not isinstance(value, FunctionType | type) or value.__name__ != name:
        return None
    try:
        return textwrap.dedent(inspect.getsource(value)).strip()
    except (OSError, TypeError):
        return None
