"""What a flow remembers from run to run, as a node sees it.

The seam between nodes and whoever keeps it: `graph` knows no store. Which node it is that writes is
known by the context it runs in, so that one that runs again does not write twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, Protocol

from flowbook.errors import UsageError


class Memory(Protocol):
    """Values by key that outlive runs and processes."""

    @property
    def shared(self) -> Memory:
        """What the whole project remembers."""
        ...

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, `default` without one."""
        ...

    def version(self, key: str) -> int:
        """How often it has changed; 0 while it has no value."""
        ...

    def set(self, key: str, value: Any, *, if_version: int | None = None) -> int:
        """Give `key` a value; its version. `MemoryConflict` if it has not `if_version`."""
        ...

    def update(self, key: str, change: Callable[[Any], Any], default: Any = None) -> Any:
        """Replace a value by what `change` makes of it, whoever else does so too; the new one."""
        ...

    def delete(self, key: str, *, if_version: int | None = None) -> bool:
        """Take the value away; False when there is none."""
        ...

    def __getitem__(self, key: str) -> Any: ...
    def __setitem__(self, key: str, value: Any) -> None: ...
    def __contains__(self, key: object) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...


class Rememberer(Protocol):
    """Who has a memory: the context of a node, or a host."""

    @property
    def memory(self) -> Any: ...


class Remembering:
    """What a live flow needs to remember; `flowbook.Flow` is one."""

    name: Any
    host: Any

    @property
    def memory(self) -> Any:
        """What it remembers from run to run: `get`, `set`, `update`, `delete`, `history`.

        `memory.shared` is what the whole project remembers.
        """
        return self.host.memory.of(self.name)


current: ContextVar[Rememberer | None] = ContextVar("flowbook_node", default=None)
"""The context of the node that runs here."""


def memory() -> Memory:
    """Inside of a node: what its flow remembers from run to run.

    For decorated functions and cells; a node type of your own asks its `context.memory`. Raises
    `UsageError` where no node runs, which is also so in another process.
    """
    context = current.get()
    if context is None:
        raise UsageError(
            "no node runs here, or it runs in another process",
            hint="outside of nodes it is flow.memory; leave out on='process' and on='dask'",
        )
    found: Memory = context.memory
    return found
