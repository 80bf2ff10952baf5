"""A memory that is nobody else's and is kept nowhere: what a test run remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import RLock
from typing import Any

from flowbook.errors import MemoryConflict


class TrialMemory:
    """A `Memory` in memory.

    >>> memory = TrialMemory({"offset": 3})
    >>> memory.update("offset", lambda offset: offset + 1), memory.version("offset")
    (4, 2)
    """

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values: dict[str, Any] = dict(values or {})
        self._versions: dict[str, int] = dict.fromkeys(self._values, 1)
        self._lock = RLock()

    @property
    def shared(self) -> TrialMemory:
        """Itself: there is no project behind it."""
        return self

    def get(self, key: str, default: Any = None) -> Any:
        return self._values.get(key, default)

    def version(self, key: str) -> int:
        """How often it has changed; 0 while it has no value."""
        return self._versions.get(key, 0) if key in self._values else 0

    def set(self, key: str, value: Any, *, if_version: int | None = None) -> int:
        """Give `key` a value; its version. `MemoryConflict` if it has not `if_version`."""
        with self._lock:
            self._refuse_another(key, if_version)
            self._values[key] = value
            self._versions[key] = self._versions.get(key, 0) + 1
            return self._versions[key]

    def update(self, key: str, change: Callable[[Any], Any], default: Any = None) -> Any:
        """Replace a value by what `change` makes of it; the new one."""
        with self._lock:
            made = change(self._values.get(key, default))
            self.set(key, made)
            return made

    def delete(self, key: str, *, if_version: int | None = None) -> bool:
        """Take the value away; False when there is none."""
        with self._lock:
            self._refuse_another(key, if_version)
            if key not in self._values:
                return False
            del self._values[key]
            self._versions[key] += 1
            return True

    def _refuse_another(self, key: str, wanted: int | None) -> None:
        found = self.version(key)
        if wanted is not None and wanted != found:
            raise MemoryConflict(
                f"{key!r} has version {found}, not {wanted}",
                key=key,
                expected=wanted,
                found=found,
            )

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._values))
