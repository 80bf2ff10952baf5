"""How one stored value differs from another: tables by rows, plain data by places, texts by lines.

Nothing is loaded that need not be: equal content has an equal hash, tables are compared where they
lie, arrays a stretch at a time, and what is long is only counted.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from flowbook.errors import ValueUnavailable
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.store.preview import Cell, cell
from flowbook.store.table_change import TableChange
from flowbook.store.table_diff import Comparing

if TYPE_CHECKING:
    from pathlib import Path

    from flowbook.store.environments import Environments

MOST: Final = 50
"""Places or lines of a difference that are told."""
_LARGE: Final = 32_000_000
"""Bytes of plain data or text above which it is not compared place by place."""
_LONG: Final = 5_000
"""Lines of a text above which it is not compared line by line."""
_STRETCH: Final = 1_000_000
"""Elements of an array that are compared at once."""


class Difference(StrEnum):
    """How a value of one run is to that of another; `moved`: the same rows in another order."""

    SAME = "same"
    MOVED = "moved"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    UNKNOWN = "unknown"

    @property
    def real(self) -> bool:
        """True when there is something else, or something where there was nothing.

        >>> Difference.MOVED.real, Difference.ADDED.real
        (False, True)
        """
        return self in (Difference.CHANGED, Difference.ADDED, Difference.REMOVED)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in plain data where it differs; None for nothing there."""

    path: str
    before: Cell
    after: Cell


@dataclass(frozen=True, slots=True)
class PlainChange:
    """How plain data differs: the first places, and how many there are."""

    count: int
    places: tuple[Place, ...]

    def __bool__(self) -> bool:
        return self.count > 0

    def __str__(self) -> str:
        told = [
            f"{one.path or 'value'}: {_brief(one.before)} → {_brief(one.after)}"
            for one in self.places[:3]
        ]
        more = [f"{self.count - len(told)} more"] if self.count > len(told) else []
        return "; ".join([*told, *more]) or "same"

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        places = [
            {"path": one.path, "before": one.before, "after": one.after} for one in self.places
        ]
        return {"count": self.count, "places": places}


@dataclass(frozen=True, slots=True)
class TextChange:
    """How a text differs, in lines; `lines` are the first of a unified difference."""

    added: int
    removed: int
    lines: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def __str__(self) -> str:
        return f"{self.added} lines added, {self.removed} removed"

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"added": self.added, "removed": self.removed, "lines": list(self.lines)}


@dataclass(frozen=True, slots=True)
class ArrayChange:
    """How an array differs: its shape and type, or so many elements, by at most `largest`."""

    before: str
    after: str
    elements: int = 0
    largest: float | None = None

    def __bool__(self) -> bool:
        return self.before != self.after or self.elements > 0

    def __str__(self) -> str:
        if self.before != self.after:
            return f"{self.before} → {self.after}"
        by = "" if self.largest is None else f", by at most {self.largest:g}"
        return f"{self.elements:,} elements differ{by}"

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "before": self.before,
            "after": self.after,
            "elements": self.elements,
            "largest": self.largest,
        }


@dataclass(frozen=True, slots=True)
class OtherChange:
    """Two values of which only what they are is compared; `why` it was not looked into."""

    before: str
    after: str
    why: str = ""

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        told = f"{self.before} → {self.after}" if self.before != self.after else "other content"
        return f"{told} ({self.why})" if self.why else told

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"before": self.before, "after": self.after, "why": self.why}


Change: TypeAlias = TableChange | PlainChange | TextChange | ArrayChange | OtherChange

KINDS: Final = {
    TableChange: "table",
    PlainChange: "plain",
    TextChange: "text",
    ArrayChange: "array",
    OtherChange: "other",
}
"""What a change is called in JSON, by what it is of."""


class Tables(Protocol):
    """What compares stored tables."""

    def compare(
        self, before: ValueRef, after: ValueRef, how: Comparing, /
    ) -> TableChange | None: ...


class Vault(Protocol):
    """Where values are."""

    def get(self, ref: ValueRef) -> object: ...
    def file(self, ref: ValueRef) -> Path: ...


class Shelves(Protocol):
    """What values are compared with; a store is one."""

    @property
    def looking(self) -> Tables: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def environments(self) -> Environments: ...


def unknown(before: ValueRef, after: ValueRef) -> str:
    """Why two values cannot be compared; '' when they can."""
    for ref in (before, after):
        if ref.redacted:
            return "it was redacted before it was kept"
        if not ref.exact:
            return ref.reason or "it was not kept as it was"
    return ""


def changed(
    shelves: Shelves,
    before: ValueRef,
    after: ValueRef,
    how: Comparing,
    passing: frozenset[str] = frozenset(),
) -> Change:
    """How two values differ that have not the same hash; false where they do not after all.

    `passing` are keys of a mapping that are of the moment, and are not compared. Raises
    `ValueUnavailable` when one of the values is gone.
    """
    table = shelves.looking.compare(before, after, how)
    if table is not None:
        return table
    formats = {before.format, after.format}
    large = max(before.size, after.size) > _LARGE
    if formats == {ValueFormat.NPY}:
        return _arrays(shelves.vault, before, after, how.tolerance)
    if formats <= {ValueFormat.JSON, ValueFormat.TEXT} and not large:
        one, other = (_without(shelves.vault.get(ref), passing) for ref in (before, after))
        if isinstance(one, str) and isinstance(other, str) and "\n" in one + other:
            return _texts(one, other)
        return plain_change(one, other, how.tolerance)
    why = "too large to compare place by place" if large else ""
    return OtherChange(_told(before), _told(after), why)


def plain_change(before: Any, after: Any, tolerance: float = 0.0) -> PlainChange:
    """Where plain data differs; lists are compared item by item, by number.

    >>> print(plain_change({"n": 1, "of": [1, 2]}, {"n": 2, "of": [1]}))
    n: 1 → 2; of[1]: 2 → None
    """
    walk = _Walk(tolerance)
    walk.look("", before, after)
    return PlainChange(walk.count, tuple(walk.places))


_NOTHING: Final = object()


@dataclass
class _Walk:
    tolerance: float
    count: int = 0
    places: list[Place] = field(default_factory=list)

    def look(self, path: str, before: Any, after: Any) -> None:
        if type(before) is dict and type(after) is dict:
            for key in dict.fromkeys([*before, *after]):
                inner = f"{path}.{key}" if path else str(key)
                self.look(inner, before.get(key, _NOTHING), after.get(key, _NOTHING))
        elif type(before) is type(after) and type(before) in (list, tuple):
            for i in range(max(len(before), len(after))):
                one = before[i] if i < len(before) else _NOTHING
                other = after[i] if i < len(after) else _NOTHING
                self.look(f"{path}[{i}]", one, other)
        elif not same(before, after, self.tolerance):
            self.count += 1
            if len(self.places) < MOST:
                self.places.append(Place(path, _cell(before), _cell(after)))


def same(before: Any, after: Any, tolerance: float = 0.0) -> bool:
    """True of values that are alike; a number that is not one is like another of that kind.

    >>> same(float("nan"), float("nan")), same(1, True), same(1.0, 1.05, 0.1)
    (True, False, True)
    """
    numbers = [
        isinstance(one, int | float) and not isinstance(one, bool) for one in (before, after)
    ]
    if all(numbers):
        if math.isnan(before) or math.isnan(after):
            return math.isnan(before) and math.isnan(after)
        return bool(before == after or abs(before - after) <= tolerance)
    if type(before) is not type(after):
        return False
    try:
        equal = before.equals(after) if hasattr(before, "equals") else before == after
        return bool(equal.all() if hasattr(equal, "all") else equal)
    except Exception:  # noqa: BLE001 - any library's own comparison
        return False


def _brief(value: Cell) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _cell(value: Any) -> Cell:
    return None if value is _NOTHING else cell(value)


def _texts(before: str, after: str) -> TextChange:
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > _LONG:
        return TextChange(len(new), len(old))
    lines = list(difflib.unified_diff(old, new, lineterm="", n=1))[2:]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    if not added and not removed:  # the ends of lines
        added = removed = 1
    return TextChange(added, removed, tuple(line[:500] for line in lines[:MOST]))


def _arrays(vault: Vault, before: ValueRef, after: ValueRef, tolerance: float) -> ArrayChange:
    import numpy as np

    one, other = (np.load(vault.file(ref), mmap_mode="r") for ref in (before, after))
    was, now = (f"{array.dtype} {array.shape}" for array in (one, other))
    if one.shape != other.shape:
        return ArrayChange(was, now)
    elements, largest = 0, 0.0
    number = all(array.dtype.kind in "iuf" for array in (one, other))
    for mine, theirs in _stretches(one.reshape(-1), other.reshape(-1)):
        differ = mine != theirs
        if number:
            apart = np.abs(mine.astype("f8") - theirs.astype("f8"))
            differ &= ~(apart <= tolerance) & ~(np.isnan(mine) & np.isnan(theirs))
            largest = max([largest, *np.nan_to_num(apart[differ]).tolist()])
        elements += int(np.count_nonzero(differ))
    return ArrayChange(was, now, elements, largest if number else None)


def _stretches(one: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    for start in range(0, len(one), _STRETCH):
        yield one[start : start + _STRETCH], other[start : start + _STRETCH]


def _without(value: object, keys: frozenset[str]) -> object:
    if not keys or not isinstance(value, dict):
        return value
    return {key: one for key, one in value.items() if key not in keys}


def _told(ref: ValueRef) -> str:
    return f"{ref.type}, {ref.size:,} B"


__all__ = [
    "KINDS",
    "ArrayChange",
    "Change",
    "Comparing",
    "Difference",
    "OtherChange",
    "PlainChange",
    "Shelves",
    "TextChange",
    "ValueUnavailable",
    "changed",
    "plain_change",
    "same",
    "unknown",
]
