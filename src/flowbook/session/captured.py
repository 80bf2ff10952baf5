"""The names nodes take from the kernel or from setup cells: what they are, and what may go wrong.

A captured value travels with its node and is no edge, so it has to be small, whole and the same
elsewhere. It is told apart from others by its content, as long as that is cheap.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from flowbook.cells.analyse import analyse
from flowbook.graph.placing import at
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import CellId

_LARGE: Final = 1_000_000
"""Bytes of a captured value that are worth a note."""
CHEAP: Final = 16_000_000
"""Bytes up to which a value is told apart by its content."""
_OPEN: Final = ("Connection", "Cursor", "DuckDBPyConnection", "Session", "socket")


@dataclass(frozen=True, slots=True)
class Captured:
    """One captured name: `what` it is, from where it comes, how large it is, and any `risk`.

    `size` is in bytes, as far as one can see without copying; None where it says nothing.
    """

    name: str
    what: str
    origin: str
    size: int | None = None
    risk: str = ""

    def __str__(self) -> str:
        size = "" if self.size is None else f", {_bytes(self.size)}"
        return f"{self.name}: {self.what}{size}, from {self.origin}"


def captured_of(
    node: NodeSpec, spec: FlowSpec, namespace: Mapping[str, Any], loose: Mapping[str, CellId]
) -> dict[str, Captured]:
    """What each captured name of a node is now. `loose`: the plain cells that bind names.

    >>> from flowbook.ids import FlowId, NodeId
    >>> node = NodeSpec(NodeId("a"), captures=("rate",))
    >>> print(captured_of(node, FlowSpec(FlowId("tour")), {"rate": 2}, {})["rate"])
    rate: value of type int, 28 B, from the kernel
    """
    return {name: _captured(name, spec, namespace, loose) for name in node.captures}


def captured_problems(
    spec: FlowSpec, namespace: Mapping[str, Any], loose: Mapping[str, CellId]
) -> Iterator[Problem]:
    """A warning for each captured value that is large, open or held by this process alone."""
    for node in spec.nodes:
        for one in captured_of(node, spec, namespace, loose).values():
            if one.risk:
                message = f"captured name {one.name!r} {one.risk}"
                hint = "make it in a node, or inside of the node that uses it"
                yield at(node, message, hint, severity=Severity.WARNING)


def _captured(
    name: str, spec: FlowSpec, namespace: Mapping[str, Any], loose: Mapping[str, CellId]
) -> Captured:
    origin = _origin(name, spec, loose)
    if name not in namespace:
        return Captured(name, "not there yet", origin)
    value = namespace[name]
    if isinstance(value, ModuleType):
        version = getattr(value, "__version__", None)
        return Captured(name, f"module {value.__name__}{f' {version}' if version else ''}", origin)
    if isinstance(value, FunctionType | BuiltinFunctionType | type):
        kind = "class" if isinstance(value, type) else "function"
        return Captured(name, f"{kind} {value.__module__}.{value.__qualname__}", origin)
    size = size_of(value)
    return Captured(name, f"value of type {type(value).__name__}", origin, size, _risk(value, size))


def _origin(name: str, spec: FlowSpec, loose: Mapping[str, CellId]) -> str:
    for one in spec.setup:
        try:
            known = analyse(one.body, shared=True).known
        except (SyntaxError, ValueError):
            continue
        if name in known:
            return f"setup cell {one.place.cell}" if one.place else "a setup cell"
    return f"cell {loose[name]}" if name in loose else "the kernel"


def _risk(value: Any, size: int | None) -> str:
    """What goes wrong when this travels with a node."""
    kind = type(value)
    if isinstance(value, threading.Thread):
        return "is a thread, which no other process has"
    if kind.__module__ in ("_thread", "threading"):
        return "is a lock, which holds in this process alone"
    if isinstance(value, io.IOBase):
        return "" if value.closed else "is an open file, which no other process has"
    if kind.__name__.endswith(_OPEN):
        return "is an open connection, which no other process has"
    if size is not None and size > _LARGE:
        by = "" if size <= CHEAP else "; a change in place is not noticed"
        return f"is {_bytes(size)} and travels with the node{by}"
    return ""


def size_of(value: Any) -> int | None:
    """Bytes of a value; of a list or mapping as its first items tell.

    >>> size_of(bytes(1000)) >= 1000
    True
    """
    try:
        if hasattr(value, "nbytes"):
            return int(value.nbytes)
        if hasattr(value, "estimated_size"):
            return int(value.estimated_size())
        if hasattr(value, "memory_usage"):
            return int(sum(value.memory_usage(deep=False)))
    except Exception:  # noqa: BLE001, S110 - any library's object, which may raise anything
        pass
    try:
        shallow = sys.getsizeof(value)
    except Exception:  # noqa: BLE001 - as above
        return None
    if type(value) in (list, tuple, set, frozenset, dict) and value:
        items = list(islice(value.values() if isinstance(value, dict) else value, 100))
        shallow += sum(map(_shallow, items)) * len(value) // len(items)
    return shallow


def _shallow(value: Any) -> int:
    nbytes = getattr(value, "nbytes", None)
    return nbytes if isinstance(nbytes, int) else sys.getsizeof(value, 0)


def _bytes(size: int) -> str:
    return f"{size} B" if size < 1_000 else f"{size / 1e3:.0f} kB" if size < 1e6 else _mega(size)


def _mega(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
