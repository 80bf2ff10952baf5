"""Values as text: aligned tables that fit the terminal and say what they leave out. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

ROWS = 40
"""Rows shown of a longer table."""
CELL = 60
"""Characters shown of a longer cell."""


def rows_of(frame: Any) -> tuple[list[str], list[tuple[Any, ...]]] | None:
    """Columns and rows of a pandas, polars or Arrow table; None when `frame` is no table."""
    if hasattr(frame, "itertuples"):  # pandas
        return [str(name) for name in frame.columns], list(frame.itertuples(index=False, name=None))
    if hasattr(frame, "iter_rows"):  # polars
        return list(frame.columns), list(frame.iter_rows())
    if hasattr(frame, "to_pylist") and hasattr(frame, "column_names"):  # Arrow
        names = [str(name) for name in frame.column_names]
        return names, [tuple(row[name] for name in names) for row in frame.to_pylist()]
    return None


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    width: int = 100,
    total: int | None = None,
) -> list[str]:
    """The table as lines at most `width` wide, then its counts, and what was left out.

    `total` is how many rows there are where `rows` are only the first of them. Numbers are aligned
    right. Columns that do not fit are left out from the right, whole.

    >>> for line in table(["city", "days"], [("Oslo", 3), ("Bergen", 12)]):
    ...     print(line)
    city    days
    ──────  ────
    Oslo       3
    Bergen    12
    2 rows
    """
    digits = [_digits(row[i] for row in rows[:ROWS]) for i in range(len(columns))]
    shown = [[cell(value, digits[i]) for i, value in enumerate(row)] for row in rows[:ROWS]]
    widths = [max([len(name), *(len(row[i]) for row in shown)]) for i, name in enumerate(columns)]
    fitting = _fitting(widths, width)
    right = [_all_numbers(row[i] for row in rows[:ROWS]) for i in range(fitting)]
    lines = [_line(columns[:fitting], widths, right), "  ".join("─" * w for w in widths[:fitting])]
    lines += [_line(row[:fitting], widths, right) for row in shown]
    return [*lines, *_notes(total or len(rows), len(shown), list(columns[fitting:]))]


def cell(value: Any, digits: int = 2) -> str:
    """One value in at most `CELL` characters, on one line; floats with `digits` decimals.

    >>> cell(3.14159), cell(None), cell(True)
    ('3.14', '', 'True')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.{digits}f}" if 0.01 <= abs(value) < 1e9 or value == 0 else f"{value:.3g}"
    if isinstance(value, datetime):
        missing = value != value  # pandas' NaT differs from itself
        return "" if missing else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    text = " ".join(str(value).split())
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def _digits(values: Iterable[Any]) -> int:
    """How many decimals a column needs, at most two, so that its points line up."""
    floats = [value for value in values if isinstance(value, float) and math.isfinite(value)]
    return next(
        (n for n in (0, 1) if all(abs(value - round(value, n)) < 0.005 for value in floats)), 2
    )


def _fitting(widths: Sequence[int], width: int) -> int:
    """How many columns fit, at least one."""
    used = -2
    for count, one in enumerate(widths):
        used += one + 2
        if used > width and count:
            return count
    return len(widths)


def _line(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = (
        text.rjust(widths[i]) if right[i] else text.ljust(widths[i]) for i, text in enumerate(texts)
    )
    return "  ".join(parts).rstrip()


def _all_numbers(values: Iterable[Any]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(
        hasattr(value, "__float__") and not isinstance(value, str | bool) for value in present
    )


def _notes(total: int, shown: int, hidden: list[str]) -> list[str]:
    count = f"{total:,} row{'' if total == 1 else 's'}"
    notes = [count if shown == total else f"{count}, the first {shown} shown"]
    if hidden:
        notes.append(f"columns that do not fit: {', '.join(hidden)}")
    return notes
