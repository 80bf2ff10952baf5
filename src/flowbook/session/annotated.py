"""The types that annotations of a node's ports mean, where its code is at hand."""

from __future__ import annotations

import inspect
import sys
import typing
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from flowbook.graph.annotations import Unresolved, resolve_type
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName

_ALIASES: Final[Mapping[str, str]] = {
    **{"pd": "pandas", "pl": "polars", "pa": "pyarrow", "np": "numpy"},
    **{name: name for name in ("pandas", "polars", "pyarrow", "numpy", "duckdb")},
}


def annotations_of(
    node: NodeSpec, code: Any, names: Mapping[str, Any]
) -> dict[tuple[str, PortName], Any]:
    """The type of each annotated port, by side and port; those that mean nothing here left out.

    `code` is the function behind the node, if one is; `names` are those its cell may mean.
    """
    known = ChainMap(_scope(code), dict(names), _loaded())
    own = _own(code)
    found: dict[tuple[str, PortName], Any] = {}
    for side, port, text in _written(node):
        given = own.get(port, text) if side == "input" else text
        if side == "output" and len(node.outputs) == 1 and _gives_one(code):
            given = own.get("return", text)
        try:
            found[side, port] = resolve_type(given, known) if isinstance(given, str) else given
        except Unresolved:
            continue  # what we cannot read is the user's own business
    return {key: type(None) if one is None else one for key, one in found.items()}


def _written(node: NodeSpec) -> Iterator[tuple[str, PortName, str]]:
    for one in node.inputs:
        if one.annotation:
            yield "input", one.name, one.annotation
    for port, text in node.returns.items():
        yield "output", port, text


def _own(code: Any) -> Mapping[str, Any]:
    """A function's annotations as it has them: classes, or texts."""
    function = inspect.unwrap(code) if callable(code) else None
    return typing.cast("Mapping[str, Any]", getattr(function, "__annotations__", None) or {})


def _gives_one(code: Any) -> bool:
    return not (inspect.isgeneratorfunction(code) or inspect.isasyncgenfunction(code))


def _scope(code: Any) -> dict[str, Any]:
    """The names a function sees: its module's, and those of the functions around it."""
    function = inspect.unwrap(code) if callable(code) else None
    if not inspect.isfunction(function):
        return {}
    around = inspect.getclosurevars(function).nonlocals
    return {**function.__globals__, **around}


def _loaded() -> dict[str, Any]:
    """Libraries of tables that are loaded: a value of theirs cannot be there without."""
    return {alias: sys.modules[name] for alias, name in _ALIASES.items() if name in sys.modules}
