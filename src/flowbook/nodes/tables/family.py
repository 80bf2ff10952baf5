"""What every family of tables can do. Rows are numbered from 0; no table is ever changed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeAlias

from flowbook.errors import UsageError

Positions: TypeAlias = Any
"""Row numbers: a list of ints or a numpy array of them; -1 stands for a row of nulls."""


class Family(Protocol):
    """One kind of table."""

    name: ClassVar[str]
    """`pandas`, `polars`, `arrow` or `rows`."""

    def owns(self, value: object) -> bool:
        """True when `value` is a table of this kind; imports nothing."""
        ...

    def take(self, table: Any) -> Any:
        """`table`, of whatever family, as one of this family."""
        ...

    def columns(self, table: Any) -> list[str]: ...

    def count(self, table: Any) -> int:
        """How many rows it has."""
        ...

    def kind(self, table: Any, column: str) -> str:
        """`int`, `float`, `string`, `bool`, `datetime` …; empty when that cannot be told."""
        ...

    def cells(self, table: Any, column: str) -> list[Any]:
        """The values of a column, with None for null."""
        ...

    def records(self, table: Any) -> list[dict[str, Any]]:
        """Its rows as mappings."""
        ...

    def stack(self, tables: Sequence[Any]) -> Any:
        """All rows, one table under the other; a column absent from one is null there."""
        ...

    def beside(self, tables: Sequence[Any]) -> Any:
        """Tables of one length and no common column, side by side."""
        ...

    def picked(self, table: Any, rows: Positions) -> Any:
        """Those rows, in that order, as often as they are named."""
        ...

    def chosen(self, table: Any, names: Mapping[str, str]) -> Any:
        """Those columns, in that order: new name to old name."""
        ...

    def filled(self, table: Any, other: Any, column: str) -> Any:
        """`table` with the nulls of a column taken from the same column of `other`."""
        ...

    def with_column(self, table: Any, column: str, values: list[Any]) -> Any:
        """`table` with a column of those values, in its place or as the last one."""
        ...

    def distinct(self, table: Any) -> Any:
        """Every row once, where it comes first."""
        ...

    def cast(self, table: Any, column: str, dtype: str) -> Any:
        """`table` with a column of another type; raises `ValueError` or `TypeError`."""
        ...


def is_a(module: str, names: Sequence[str], value: object) -> bool:
    """True for an object of a class of a library, which then is loaded already."""
    loaded = sys.modules.get(module)
    kinds = [getattr(loaded, name, None) for name in names]
    return any(isinstance(kind, type) and isinstance(value, kind) for kind in kinds)


def has_nothing(positions: Positions) -> bool:
    """True when some position stands for no row."""
    if hasattr(positions, "dtype"):
        return bool((positions < 0).any())
    return any(one < 0 for one in positions)


def first_of_each(values: Iterable[Any]) -> list[int]:
    """Where each of the values that are equal comes first.

    >>> first_of_each([2, 1, 2, [], []])
    [0, 1, 3]
    """
    seen: set[Any] = set()
    found = []
    for number, value in enumerate(values):
        key = _hashed(value)
        if key not in seen:
            seen.add(key)
            found.append(number)
    return found


def _hashed(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def cannot_read(table: Any, family: str, error: Exception) -> UsageError:
    """What is raised for a table that cannot become one of a family."""
    return UsageError(
        f"a {type(table).__name__} cannot be read as a table of {family}: {error}",
        hint="give every column values of one type",
    )
