"""What became of a table, as plain facts: columns and rows that came, went or changed.

Of rows there are counts, and a few of each sort to look at; never all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowbook.store.preview import Cell


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column that is in one of two tables only, or of another type: `''` where it is not."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"column {self.name} added ({self.after})"
        if not self.after:
            return f"column {self.name} removed"
        return f"column {self.name} is {self.after}, was {self.before}"


@dataclass(frozen=True, slots=True)
class RowSamples:
    """A few rows of each sort, as JSON has them; `columns` names their cells, the key first.

    Of a row that changed there is how it was and how it is.
    """

    columns: tuple[str, ...] = ()
    added: tuple[tuple[Cell, ...], ...] = ()
    removed: tuple[tuple[Cell, ...], ...] = ()
    changed: tuple[tuple[tuple[Cell, ...], tuple[Cell, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class TableChange:
    """How one table differs from another.

    `key`: the columns by which rows were told apart, empty where whole rows were compared; then no
    row counts as changed, it was removed and another added. `guessed`: nobody named the key.
    `by_column`: how many rows have another value in each column. `moved`: the same rows, in
    another order or stored otherwise.
    """

    before: int
    after: int
    added: int = 0
    removed: int = 0
    changed: int = 0
    key: tuple[str, ...] = ()
    guessed: bool = False
    columns: tuple[ColumnChange, ...] = ()
    by_column: Mapping[str, int] = field(default_factory=dict)
    moved: bool = False
    samples: RowSamples = field(default_factory=RowSamples)

    def __bool__(self) -> bool:
        """True when rows or columns differ; an order is no difference."""
        return bool(self.added or self.removed or self.changed or self.columns)

    def __str__(self) -> str:
        """In a line, such as `2 rows added, 1 changed (price) by id`."""
        counted = (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        rows = [f"{count:,} {word}" for word, count in counted if count]
        if rows:
            rows[0] = _rows(rows[0])
            named = ", ".join(self.by_column)
            rows[-1] += f" ({named})" if self.changed and named else ""
            rows[-1] += f" by {', '.join(self.key)}" if self.key else " by whole rows"
        told = [", ".join(rows)] if rows else []
        told += map(str, self.columns)
        return "; ".join(told) or ("same rows in another order" if self.moved else "same rows")

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        samples = self.samples
        return {
            "rows": [self.before, self.after],
            "added": self.added,
            "removed": self.removed,
            "changed": self.changed,
            "key": list(self.key),
            "guessed": self.guessed,
            "moved": self.moved,
            "columns": [
                {"name": one.name, "before": one.before or None, "after": one.after or None}
                for one in self.columns
            ],
            "by_column": dict(self.by_column),
            "samples": {
                "columns": list(samples.columns),
                "added": [list(row) for row in samples.added],
                "removed": [list(row) for row in samples.removed],
                "changed": [{"before": list(a), "after": list(b)} for a, b in samples.changed],
            },
        }


def _rows(counted: str) -> str:
    """`1 added` as `1 row added`."""
    number, word = counted.split(" ", 1)
    return f"{number} row{'' if number == '1' else 's'} {word}"
