"""A table with cells that somebody changed by hand: the same table, and a copy of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowbook.errors import UsageError
from flowbook.graph.spec import Json


@dataclass(frozen=True, slots=True)
class CellEdit:
    """The cell in that row and that column, both counted from 0, is to be `value`."""

    row: int
    column: int
    value: Json


def with_cells(table: Any, edits: Sequence[CellEdit]) -> Any:
    """A copy of `table` with these cells; of pandas, Polars, Arrow, or a list of records.

    Text becomes what the column holds: a number, a time, a truth. Raises `UsageError` for a cell
    that is not there, and for a value that does not fit its column.

    >>> with_cells([{"n": 1}, {"n": 2}], [CellEdit(1, 0, 5)])
    [{'n': 1}, {'n': 5}]
    """
    library = type(table).__module__.partition(".")[0]
    change = {"pandas": _pandas, "polars": _polars, "pyarrow": _arrow}.get(library, _records)
    by_column: dict[int, dict[int, Json]] = {}
    for one in edits:
        by_column.setdefault(one.column, {})[one.row] = one.value
    try:
        return change(table, by_column)
    except UsageError:
        raise
    except Exception as refused:
        raise UsageError(f"a cell cannot be that: {refused}", hint="mind the column's type") from (
            refused
        )


def _pandas(table: Any, edits: dict[int, dict[int, Json]]) -> Any:
    import pandas as pd

    if hasattr(table, "to_frame"):
        return _pandas(table.to_frame(), edits).iloc[:, 0].rename(table.name)
    index = table.index
    depth = 0 if type(index).__name__ == "RangeIndex" and index.name is None else index.nlevels
    changed = table.copy()
    for column, cells in edits.items():
        if column < depth:
            raise UsageError("an index is not changed by hand", hint="reset it to a column")
        place = column - depth
        series = changed.iloc[:, place]
        values = series.astype(object).tolist()
        for row, value in cells.items():
            values[row] = None if value == "" and series.dtype.kind in "iufbM" else value
        fresh = pd.Series(values, index=index)
        if series.dtype.kind in "iu" and fresh.isna().any():
            fresh = pd.to_numeric(fresh)
        elif series.dtype.kind == "b":
            fresh = fresh.map(_truth).astype(series.dtype)
        else:
            fresh = fresh.astype(series.dtype)
        changed.isetitem(place, fresh)
    return changed


def _polars(table: Any, edits: dict[int, dict[int, Json]]) -> Any:
    import polars as pl

    if hasattr(table, "to_frame"):
        return _polars(table.to_frame(), edits).to_series()
    changed = table
    for column, cells in edits.items():
        series = table.to_series(column)
        rows = list(cells)
        if max(rows) >= len(series):
            raise UsageError(f"the table has no row {max(rows)}")
        told = [_plain(value, series.dtype == pl.Boolean) for value in cells.values()]
        kind = series.dtype
        fresh = pl.Series([None if one is None else str(one) for one in told], dtype=pl.String)
        if kind == pl.Boolean:
            fresh = pl.Series(told, dtype=pl.Boolean)
        elif kind.is_temporal():
            fresh = fresh.str.strptime(kind, strict=True)
        elif kind != pl.String:
            fresh = fresh.cast(kind)
        changed = changed.with_columns(series.scatter(rows, fresh))
    return changed


def _arrow(table: Any, edits: dict[int, dict[int, Json]]) -> Any:
    import pyarrow as pa

    batch = isinstance(table, pa.RecordBatch)
    changed = pa.Table.from_batches([table]) if batch else table
    for column, cells in edits.items():
        field, values = changed.schema.field(column), changed.column(column).to_pylist()
        for row, value in cells.items():
            told = _plain(value, pa.types.is_boolean(field.type))
            text = None if told is None else str(told)
            boolean = pa.types.is_boolean(field.type)
            values[row] = (
                told if boolean else pa.array([text], pa.string()).cast(field.type)[0].as_py()
            )
        changed = changed.set_column(column, field, pa.array(values, field.type))
    return changed.combine_chunks().to_batches()[0] if batch else changed


def _records(table: Any, edits: dict[int, dict[int, Json]]) -> Any:
    if not isinstance(table, list) or not table or not isinstance(table[0], dict):
        raise UsageError(f"a {type(table).__name__} has no cells to change")
    keys = list(table[0])
    changed = list(table)
    for column, cells in edits.items():
        for row, value in cells.items():
            before = changed[row].get(keys[column])
            changed[row] = {**changed[row], keys[column]: _like(before, value)}
    return changed


def _like(before: Json, value: Json) -> Json:
    """A value as the one it replaces was; as it is where that says nothing."""
    if isinstance(before, bool):
        return _truth(value)
    if isinstance(before, int | float) and isinstance(value, str):
        return float(value) if isinstance(before, float) or "." in value else int(value)
    return value


def _plain(value: Json, truth: bool) -> Json:
    """An empty cell as nothing, and a truth as one."""
    if value == "" or value is None:
        return None
    return _truth(value) if truth else value


def _truth(value: Json) -> bool:
    told = str(value).strip().casefold()
    if told not in ("true", "false", "1", "0"):
        raise UsageError(f"{value!r} is neither true nor false")
    return told in ("true", "1")
