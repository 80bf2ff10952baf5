"""Values the cache gave, held in memory: the second hit in a process reads no file.

They are known by content, and let go of, the one used longest ago first, when together they take
more than a number of bytes. Nodes get values by reference and must not change what they are given;
but a node that does so spoils one run, and here it would spoil all runs to come. So only what
cannot be changed is handed out as it is (text, bytes, Polars and Arrow tables); pandas frames and
NumPy arrays are handed out as copies. Plain data is not held, because copying it takes as long as
reading it, and neither is what has other values in it.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

from flowbook.events.values import ValueFormat, ValueRef

_FORMATS = frozenset({ValueFormat.PARQUET, ValueFormat.NPY, ValueFormat.TEXT, ValueFormat.BYTES})
_COPIED = ("pandas.", "numpy.")
_Name: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Holding:
    value: Any
    weight: int


class Held:
    """At most `budget()` bytes of values, by hash; safe to use from any thread.

    >>> held = Held(lambda: 1000)
    >>> ref = ValueRef("ab12", ValueFormat.TEXT, "str", size=5)
    >>> held.get(ref, lambda ref: "hello"), held.get(ref, lambda ref: "read again")
    ('hello', 'hello')
    """

    def __init__(self, budget: Callable[[], int]) -> None:
        self._budget = budget
        self._held: OrderedDict[_Name, _Holding] = OrderedDict()
        self._lock = Lock()
        self.weight = 0
        """Bytes held now."""

    def __len__(self) -> int:
        return len(self._held)

    def get(self, ref: ValueRef, read: Callable[[ValueRef], object]) -> object:
        """The value, brought back with `read` unless it is held; raises what `read` raises."""
        if ref.inline or ref.parts or ref.format not in _FORMATS:
            return read(ref)
        name = (ref.hash, ref.type)
        with self._lock:
            found = self._held.get(name)
            if found is not None:
                self._held.move_to_end(name)
        if found is not None:
            return _given(found.value, ref)
        value = read(ref)
        self._hold(name, _Holding(value, max(ref.size, _bytes_of(value))))
        return _given(value, ref)

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            self._held.clear()
            self.weight = 0

    def _hold(self, name: _Name, fresh: _Holding) -> None:
        budget = self._budget()
        with self._lock:
            before = self._held.pop(name, None)
            self.weight -= before.weight if before else 0
            if fresh.weight <= budget:
                self._held[name] = fresh
                self.weight += fresh.weight
            while self.weight > budget:
                _, oldest = self._held.popitem(last=False)
                self.weight -= oldest.weight


def _given(value: Any, ref: ValueRef) -> Any:
    """The value as whoever gets it may treat it."""
    return value.copy() if ref.type.startswith(_COPIED) and hasattr(value, "copy") else value


def _bytes_of(value: Any) -> int:
    """What a value takes in memory, as its library says."""
    for name in ("nbytes", "estimated_size"):
        said = getattr(value, name, None)
        if said is not None:
            return int(said() if callable(said) else said)
    return sys.getsizeof(value)
