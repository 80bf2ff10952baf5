"""Tables and arrays in short: first rows, and what each column holds.

Each library counts its own columns, for nobody does it faster or knows better what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from flowbook.store import spread
from flowbook.store.preview import (
    MOST_COLUMNS,
    MOST_ROWS,
    ArrayPreview,
    Cell,
    Column,
    TablePreview,
    cell,
    cell_text,
)

SUMMARY_CELLS = 20_000_000
"""A summary looks at this many cells at most."""
DISTINCT_ROWS = 100_000
"""Different texts are counted in tables of at most this many rows."""

_POLARS_TEXT = ("String", "Categorical", "Enum")


def of_table(value: Any) -> TablePreview:
    """The preview of a pandas, Polars or Arrow table."""
    library = type(value).__module__.partition(".")[0]
    shown = {"pandas": _pandas, "polars": _polars, "pyarrow": _arrow}[library](value)
    return _with_spread(shown, value) if hasattr(value, "to_frame") else shown


def _with_spread(shown: TablePreview, series: Any) -> TablePreview:
    """The preview of a series with how its values are spread, in its last column."""
    found = spread.of_series(series)
    last = msgspec.structs.replace(
        shown.columns[-1], median=found.median, bars=found.bars, sampled=found.sampled
    )
    return msgspec.structs.replace(shown, columns=(*shown.columns[:-1], last))


def _pandas(value: Any) -> TablePreview:
    frame = value.to_frame() if hasattr(value, "to_frame") else value
    index = frame.index
    depth = 0 if type(index).__name__ == "RangeIndex" and index.name is None else index.nlevels
    leading = [index.get_level_values(level).to_series() for level in range(depth)]
    inner = [frame.iloc[:, i] for i in range(min(frame.shape[1], MOST_COLUMNS))]
    series = (leading + inner)[:MOST_COLUMNS]
    unnamed = "index" if depth == 1 else "level_{}"
    names = [
        cell_text(unnamed.format(level) if name is None else name)
        for level, name in enumerate(index.names[:depth])
    ]
    names += [cell_text(name) for name in _names(value)]
    covered = _covered(len(frame), len(series))
    columns = [
        _summed(Column(name, str(one.dtype)), one.iloc[:covered], _pandas_figures)
        for name, one in zip(names, series, strict=False)
    ]
    head = [[cell(item) for item in one.iloc[:MOST_ROWS].tolist()] for one in series]
    return _table(columns, head, len(frame), depth + frame.shape[1], covered)


def _names(value: Any) -> Sequence[Any]:
    """Column names; of a series its own, '' if it has none."""
    if hasattr(value, "to_frame"):
        return ["" if value.name is None else value.name]
    return list(value.columns)


def _pandas_figures(series: Any) -> dict[str, Any]:
    kind = getattr(series.dtype, "kind", "O")
    found: dict[str, Any] = {"nulls": int(series.isna().sum())}
    if kind in "biuf" and kind != "b":
        found |= {"min": series.min(), "max": series.max(), "mean": float(series.mean())}
    elif kind in "mM":
        found |= {"min": series.min(), "max": series.max()}
    elif kind in "OU" and len(series) <= DISTINCT_ROWS:
        found["distinct"] = int(series.nunique())
    return found


def _polars(value: Any) -> TablePreview:
    frame = value.to_frame() if hasattr(value, "to_frame") else value
    inner = frame.get_columns()[:MOST_COLUMNS]
    covered = _covered(frame.height, len(inner))
    columns = [
        _summed(Column(cell_text(one.name), str(one.dtype)), one.head(covered), _polars_figures)
        for one in inner
    ]
    head = [[cell(item) for item in one.head(MOST_ROWS).to_list()] for one in inner]
    return _table(columns, head, frame.height, frame.width, covered)


def _polars_figures(series: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"nulls": series.null_count()}
    if series.dtype.is_numeric():
        mean = series.mean()
        found |= {"min": series.min(), "max": series.max()}
        found["mean"] = None if mean is None else float(mean)
    elif series.dtype.is_temporal():
        found |= {"min": series.min(), "max": series.max()}
    elif len(series) <= DISTINCT_ROWS and str(series.dtype).startswith(_POLARS_TEXT):
        found["distinct"] = series.drop_nulls().n_unique()
    return found


def _arrow(value: Any) -> TablePreview:
    inner = [value.column(i) for i in range(min(value.num_columns, MOST_COLUMNS))]
    covered = _covered(value.num_rows, len(inner))
    columns = [
        _summed(Column(cell_text(name), str(one.type)), one.slice(0, covered), _arrow_figures)
        for name, one in zip(value.schema.names, inner, strict=False)
    ]
    head = [[cell(item) for item in one.slice(0, MOST_ROWS).to_pylist()] for one in inner]
    return _table(columns, head, value.num_rows, value.num_columns, covered)


def _arrow_figures(column: Any) -> dict[str, Any]:
    import pyarrow.compute as pc
    from pyarrow import types

    kind = column.type
    found: dict[str, Any] = {"nulls": column.null_count}
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    if number or types.is_temporal(kind):
        ends = pc.min_max(column).as_py()
        found |= {"min": ends["min"], "max": ends["max"]}
    if number:
        mean = pc.mean(column).as_py()
        found["mean"] = None if mean is None else float(mean)
    elif (types.is_string(kind) or types.is_large_string(kind)) and len(column) <= DISTINCT_ROWS:
        found["distinct"] = pc.count_distinct(column).as_py()
    return found


def of_array(value: Any) -> ArrayPreview:
    """The preview of a NumPy array."""
    import numpy as np

    shape = tuple(int(side) for side in value.shape)
    flat = value.reshape(-1) if value.flags.c_contiguous else value.flat[:SUMMARY_CELLS]
    shown = ArrayPreview(str(value.dtype), shape, tuple(cell(one) for one in flat[:MOST_ROWS]))
    if value.dtype.kind not in "iufmM" or not value.size:
        return shown
    part = flat[:SUMMARY_CELLS]
    moment = value.dtype.kind in "mM"
    missing = np.isnat(part) if moment else np.isnan(part)
    nulls = int(missing.sum())
    figures: dict[str, Any] = {}
    if nulls < part.size:
        with np.errstate(all="ignore"):
            figures = {"min": cell(np.fmin.reduce(part)), "max": cell(np.fmax.reduce(part))}
            if not moment:
                figures["mean"] = _finite(float(part.mean(where=~missing)))
    covered = None if value.size <= SUMMARY_CELLS else SUMMARY_CELLS
    found = spread.of_values(part)
    figures |= {"median": found.median, "bars": found.bars, "sampled": found.sampled}
    return msgspec.structs.replace(shown, nulls=nulls, summarized=covered, **figures)


def _summed(column: Column, data: Any, figures: Callable[[Any], dict[str, Any]]) -> Column:
    """The column with its figures; without those that its library cannot give."""
    with suppress(Exception):
        found = figures(data)
        mean = found.get("mean")
        found |= {end: cell(found[end]) for end in ("min", "max") if end in found}
        return msgspec.structs.replace(
            column, **(found | {"mean": None if mean is None else _finite(mean)})
        )
    return column


def _finite(number: float) -> float | None:
    shown = cell(number)
    return shown if isinstance(shown, float) else None


def _covered(rows: int, columns: int) -> int:
    return min(rows, SUMMARY_CELLS // max(columns, 1))


def _table(
    columns: list[Column], head: list[list[Cell]], rows: int, width: int, covered: int
) -> TablePreview:
    first = zip(*head[:MOST_COLUMNS], strict=True)
    return TablePreview(
        tuple(columns[:MOST_COLUMNS]),
        tuple(tuple(row) for row in first),
        rows,
        width,
        None if covered >= rows else covered,
    )
