"""Tables without their sensitive columns and without secrets in the cells of the others.

The table that comes back is of the same library. A sensitive column, and one of numbers or times
in which a secret was found, becomes a column of the word that stands for it; in columns of text
and of nested values each cell is redacted by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

_WORD = "[redacted]"
Redact: TypeAlias = Callable[[Any], Any]
"""A value without what must not be written: the same object when nothing had to go."""


class Columns(Protocol):
    """What is asked of a redactor."""

    sees_numbers: bool

    def sensitive(self, name: object) -> bool: ...


def redacted_table(table: Any, columns: Columns, redact: Redact) -> Any:
    """`table` redacted; the very object when nothing had to go.

    `table` is one that `store.parquet` keeps. Raises what `redact` and the library raise.
    """
    library = type(table).__module__.partition(".")[0]
    if library == "pandas":
        if hasattr(table, "to_frame"):
            return _series(table, columns, redact)
        return _pandas(table, columns, redact)
    if library == "polars":
        return _polars(table, columns, redact)
    return _arrow(table, columns, redact)


def _cells(values: list[Any], sensitive: bool, silent: bool, redact: Redact) -> list[Any] | None:
    """A column's cells redacted, None when they may stay. `silent`: no text can be in them."""
    if sensitive:
        return [_WORD] * len(values)
    made = [redact(value) for value in values]
    if all(new is old for new, old in zip(made, values, strict=True)):
        return None
    return [_WORD] * len(values) if silent else made


# ---------------------------------------------------------------- pandas


def _pandas(frame: Any, columns: Columns, redact: Redact) -> Any:
    import pandas as pd

    made = frame.copy(deep=False)
    changed = False
    for at, label in enumerate(frame.columns):
        column = frame.iloc[:, at]
        sensitive, silent = columns.sensitive(label), _is_silent(column.dtype)
        if silent and not sensitive and not columns.sees_numbers:
            continue
        cells = _cells(column.tolist(), sensitive, silent, redact)
        if cells is not None:
            made.isetitem(at, pd.Series(cells, index=frame.index, dtype=object))
            changed = True
    labels = _index(frame.columns, columns, redact, names_only=True)
    rows = _index(frame.index, columns, redact)
    made.columns, made.index = labels, rows
    try:
        attrs = redact(dict(frame.attrs))
    except Exception:  # noqa: BLE001 - whatever a user put there, it is not for the record
        attrs = {}
    made.attrs = attrs
    changed = changed or labels is not frame.columns or rows is not frame.index
    return made if changed or attrs != frame.attrs else frame


def _series(series: Any, columns: Columns, redact: Redact) -> Any:
    frame = series.to_frame()
    made = _pandas(frame, columns, redact)
    if made is frame:
        return series
    column = made.iloc[:, 0]
    return column.rename(None) if series.name is None else column


def _index(index: Any, columns: Columns, redact: Redact, *, names_only: bool = False) -> Any:
    """An axis: its labels, and what its levels are called."""
    import pandas as pd

    names = [redact(name) if isinstance(name, str) else name for name in index.names]
    hidden = [not names_only and columns.sensitive(name) for name in index.names]
    plain = isinstance(index, pd.RangeIndex) and not any(hidden)
    if plain and names == list(index.names):
        return index
    levels = [
        _cells(level.tolist(), hide, False, redact) or level
        for hide, level in zip(
            hidden, map(index.get_level_values, range(index.nlevels)), strict=True
        )
    ]
    unchanged = all(not isinstance(level, list) for level in levels)
    if unchanged and names == list(index.names):
        return index
    if index.nlevels == 1:
        return pd.Index(levels[0], name=names[0])
    return pd.MultiIndex.from_arrays(levels, names=names)


def _is_silent(dtype: Any) -> bool:
    """True for a column of numbers or times."""
    import pandas as pd

    kinds = pd.api.types
    return bool(
        kinds.is_numeric_dtype(dtype)
        or kinds.is_datetime64_any_dtype(dtype)
        or kinds.is_timedelta64_dtype(dtype)
    )


# ---------------------------------------------------------------- Polars


def _polars(table: Any, columns: Columns, redact: Redact) -> Any:
    if not hasattr(table, "to_frame"):
        return _polars_frame(table, columns, redact)
    frame = table.to_frame()
    made = _polars_frame(frame, columns, redact)
    return table if made is frame else made.to_series()


def _polars_frame(frame: Any, columns: Columns, redact: Redact) -> Any:
    import polars as pl

    made = frame
    for name, dtype in frame.schema.items():
        silent = dtype.is_numeric() or dtype.is_temporal() or dtype in (pl.Boolean, pl.Null)
        sensitive = columns.sensitive(name)
        if silent and not sensitive and not columns.sees_numbers:
            continue
        cells = _cells(frame[name].to_list(), sensitive, silent, redact)
        if cells is not None:
            made = made.with_columns(pl.Series(name, cells, strict=False))
    names = {name: redact(name) for name in frame.columns}
    if any(new is not old for old, new in names.items()):
        made = made.rename(_distinct(names))
    return made


def _distinct(names: dict[str, str]) -> dict[str, str]:
    """New names, each once."""
    taken: set[str] = set()
    found = {}
    for old, new in names.items():
        while new in taken:
            new += "_"
        taken.add(new)
        found[old] = new
    return found


# ---------------------------------------------------------------- Arrow


def _arrow(table: Any, columns: Columns, redact: Redact) -> Any:
    import pyarrow as pa

    arrays, fields = [], []
    changed = False
    for field, column in zip(table.schema, table.columns, strict=True):
        name, metadata = field.name, field.metadata
        sensitive, silent = columns.sensitive(name), _never_text(pa.types, field.type)
        cells = None
        if sensitive or not silent or columns.sees_numbers:
            cells = _cells(column.to_pylist(), sensitive, silent, redact)
        shown, about = redact(name), _about(metadata, redact)
        changed = changed or cells is not None or shown is not name or about is not metadata
        arrays.append(column if cells is None else pa.array(cells))
        fields.append(pa.field(shown, arrays[-1].type, metadata=about))
    metadata = table.schema.metadata
    about = _about(metadata, redact)
    if not changed and about is metadata:
        return table
    # What pandas would need to know of the columns is no longer true of them.
    about = {key: text for key, text in (about or {}).items() if key != b"pandas"}
    return type(table).from_arrays(arrays, schema=pa.schema(fields, metadata=about))


def _about(metadata: Any, redact: Redact) -> Any:
    """Metadata, whose keys and values are bytes, redacted."""
    if not metadata:
        return metadata
    made = {redact(key): redact(text) for key, text in metadata.items()}
    return metadata if made == metadata else made


def _never_text(types: Any, kind: Any) -> bool:
    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
        or types.is_boolean(kind)
        or types.is_temporal(kind)
        or types.is_null(kind)
    )
