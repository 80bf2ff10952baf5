"""Adding items to a container from inside of a running node: `add_items("each", pages)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from flowbook.errors import UsageError

current: ContextVar[Callable[[str, Iterable[Any]], None] | None] = ContextVar(
    "flowbook_adding", default=None
)
"""What adds items for the node that runs in this context."""


def listed(container: str, items: Iterable[Any]) -> list[Any]:
    """The items as a list; `UsageError` for what has none, such as a text, a mapping or a number.

    >>> listed("each", range(2))
    [0, 1]
    """
    if isinstance(items, (str, bytes, Mapping)) or not isinstance(items, Iterable):
        raise UsageError(
            f"{container!r} cannot be given items of type {type(items).__name__}",
            hint="give a list, even of one item: [item]",
        )
    return list(items)


def add_items(container: str, items: Iterable[Any]) -> None:
    """Give a `map` or `foreach` of the run more items, behind those it has; once the node is done.

    To be called in a node, of that container or beside it. The items are added when the attempt
    has succeeded: one that fails adds nothing, and a node that runs again, after a crash or because
    its item is begun anew, adds nothing twice.

    Raises `UsageError` outside of a node. The node fails when there is no such container, or when
    it takes no items any more.

    >>> from flowbook import Flow, add_items
    >>> flow = Flow("count down")
    >>> with flow.map("each", [3]):
    ...     @flow.node
    ...     def step(item):
    ...         add_items("each", [item - 1] if item else [])
    ...         return item
    >>> flow.run()["each"].outputs["each_values"]
    [3, 2, 1, 0]
    """
    adds = current.get()
    if adds is None:
        raise UsageError(
            "no node runs here, or its flow has no container: there is nothing to add items to",
            hint="from outside it is run.add_items(…)",
        )
    adds(container, items)
