"""Tables of any size, a window of rows at a time, as they lie or sorted and filtered.

A *grid* is one table being looked at: a frame in memory (`grid_live`), or one that is in the store
only and is read where the window is (`grid_stored`). Nothing is copied that is not shown, but for
an order somebody asked for, which is worked out once and kept while the table is looked at.
Columns are named by their position, for two may have one name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import msgspec

from flowbook.errors import UsageError
from flowbook.store.preview import Cell, Column

MOST_PAGE = 1000
"""Rows of a page."""
MOST_PAGE_BYTES = 256 * 1024
"""A page that is longer, as JSON, has fewer rows than were asked for."""
_COMPARED = ("<=", ">=", "!=", "<", ">", "=")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are wanted, and in which order; -1 for the order they have.

    `find`: rows that have this text, in any case of letters, in the column number `column`, or in
    any for -1. Behind `<`, `<=`, `>`, `>=`, `=` or `!=` it is what the cells of `column` are
    compared with.
    """

    sort: int = -1
    descending: bool = False
    find: str = ""
    column: int = -1

    @property
    def plain(self) -> bool:
        """True for all rows, as they lie."""
        return self.sort < 0 and not self.find.strip()


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a table: `rows` from `start` on, of `total` that were found, of `of` in all.

    `at`: where each of them lies in the table. `width`: columns in all.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    at: tuple[int, ...]
    start: int
    total: int
    of: int
    width: int


Rows: TypeAlias = list[tuple[Cell, ...]]


class Grid(Protocol):
    """One table being looked at."""

    columns: tuple[Column, ...]
    """Those that are shown, with what is known of each."""
    width: int
    rows: int

    def window(self, start: int, count: int, wanted: Wanted) -> tuple[Rows, tuple[int, ...], int]:
        """Rows, where they lie, and how many were found in all."""
        ...

    def sample(self, count: int) -> list[Any]:
        """The first values of each column, as NumPy arrays; masked where some are missing."""
        ...


def page(grid: Grid, start: int, count: int, wanted: Wanted) -> Page:
    """A window of a table; `UsageError` for a window or a column that is none."""
    if start < 0 or not 0 <= count <= MOST_PAGE:
        raise UsageError(f"a page has 0 to {MOST_PAGE} rows, from row 0 on")
    for column in (wanted.sort, wanted.column):
        if column >= len(grid.columns):
            raise UsageError(f"the table has no column number {column}")
    rows, at, total = grid.window(start, count, wanted)
    while len(rows) > 1 and len(msgspec.json.encode(rows)) > MOST_PAGE_BYTES:
        rows = rows[: len(rows) // 2]
    return Page(grid.columns, tuple(rows), at[: len(rows)], start, total, grid.rows, grid.width)


def condition(wanted: Wanted, names: list[str]) -> tuple[str, dict[str, Any]]:
    """What rows have to be like, as SQL over columns of these names, and its parameters."""
    text = wanted.find.strip()
    if not text:
        return "TRUE", {}
    sign = next((one for one in _COMPARED if text.startswith(one)), "")
    if sign and wanted.column >= 0:
        return _compared(names[wanted.column], sign, text[len(sign) :].strip())
    searched = names if wanted.column < 0 else [names[wanted.column]]
    found = (f"contains(lower(CAST({name} AS VARCHAR)), lower($find))" for name in searched)
    return f"({' OR '.join(found)})", {"find": text}


def _compared(name: str, sign: str, text: str) -> tuple[str, dict[str, Any]]:
    """As numbers where the text is one, else as text, which is how times are told, too."""
    try:
        return f"TRY_CAST({name} AS DOUBLE) {sign} $find", {"find": float(text)}
    except ValueError:
        return f"CAST({name} AS VARCHAR) {sign} $find", {"find": text}


def ordering(wanted: Wanted, names: list[str], row: str) -> str:
    """The order, as SQL: what is missing comes last, equals stay as they lie."""
    if wanted.sort < 0:
        return row
    way = "DESC" if wanted.descending else "ASC"
    return f"{names[wanted.sort]} {way} NULLS LAST, {row}"
