"""What a flow remembers from run to run, as a node sees it.

The seam between nodes and whoever keeps it: `graph` knows no store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol


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
