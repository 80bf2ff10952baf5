"""Node types by name. A plain mapping; who fills it (entry points, a test) is not its business."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flowbook.errors import UnknownKind, UsageError
from flowbook.graph.node import Node
from flowbook.graph.options import did_you_mean


class Registry(Mapping[str, type[Node]]):
    """Kind → node class. Built-ins and strangers register alike.

    >>> class Double(Node):
    ...     kind = "double"
    >>> registry = Registry([Double])
    >>> registry["double"].__name__
    'Double'
    """

    def __init__(self, types: Iterable[type[Node]] = ()) -> None:
        self._types: dict[str, type[Node]] = {}
        for node_type in types:
            self.register(node_type)

    def register(self, node_type: type[Node]) -> type[Node]:
        """Add a node type; `UsageError` when it has no kind or the kind is taken."""
        kind = node_type.kind
        if not kind.isidentifier():
            raise UsageError(f"{node_type.__qualname__}.kind is {kind!r}, not an identifier")
        taken = self._types.get(kind)
        if taken is not None and taken is not node_type:
            raise UsageError(
                f"two node types call themselves {kind!r}: "
                f"{taken.__module__}.{taken.__qualname__} and "
                f"{node_type.__module__}.{node_type.__qualname__}"
            )
        self._types[kind] = node_type
        return node_type

    def __getitem__(self, kind: str) -> type[Node]:
        found = self._types.get(kind)
        if found is None:
            known = tuple(sorted(self._types))
            raise UnknownKind(
                f"no node type is called {kind!r}",
                hint=did_you_mean(kind, known),
                kind=kind,
                known=known,
            )
        return found

    def get(self, kind: str, default: Any = None) -> Any:
        """The node type, or `default`: `[]` raises our own error, which is no `KeyError`."""
        return self._types.get(kind, default)

    def __contains__(self, kind: object) -> bool:
        return kind in self._types

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)
