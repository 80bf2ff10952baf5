"""Tables of every family to Arrow, and Arrow to the family that is asked for.

Whatever speaks the Arrow C stream (polars, narwhals, a DuckDB relation) is taken as it is, without
knowing its library. Without pyarrow, tables are rows: lists of dicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.nodes.files.dtypes import shown
from flowbook.nodes.tables import family

FAMILIES: Final = ("pandas", "polars", "arrow", "rows")


def is_table(value: object) -> bool:
    """True for a table of any family, and for lists by column."""
    return (
        family(value) is not None
        or hasattr(value, "__arrow_c_stream__")
        or (
            isinstance(value, Mapping)
            and bool(value)
            and all(isinstance(one, list) for one in value.values())
        )
    )


def to_arrow(value: Any) -> Any:
    """A table as an Arrow table, or as rows without pyarrow; `UsageError` for what is no table.

    A named index of pandas becomes columns; one without a name is left out.
    """
    if isinstance(value, list) and not value:
        rows: list[dict[str, Any]] = []
        return _empty() or rows
    if not is_table(value):
        raise UsageError(
            f"a {type(value).__name__} is no table",
            hint="give a data frame, an Arrow table or a list of dicts, or write format: json",
        )
    if find_spec("pyarrow") is None:
        return _to_rows(value)
    import pyarrow as pa

    try:
        if isinstance(value, list | Mapping):
            columns = value if isinstance(value, Mapping) else by_column(value)
            return pa.table({name: _column(name, values) for name, values in columns.items()})
        if hasattr(value, "reset_index"):
            return pa.Table.from_pandas(_indexed(value), preserve_index=False)
        return _owned(value if isinstance(value, pa.Table) else pa.table(value))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UsageError(f"the table cannot be written: {error}") from None


def concrete(wanted: str) -> str:
    """The family that is asked for; for `auto` the first that is installed."""
    if wanted != "auto":
        return wanted
    libraries = {"pandas": "pandas", "polars": "polars", "pyarrow": "arrow"}
    return next((one for library, one in libraries.items() if find_spec(library)), "rows")


def shaped(table: Any, wanted: str) -> Any:
    """An Arrow table, or rows, as a table of the family `wanted`."""
    if wanted == "rows":
        return table if isinstance(table, list) else table.to_pylist()
    if wanted == "pandas":
        pandas = _library("pandas")
        if isinstance(table, list):
            return pandas.DataFrame(table)
        return table.to_pandas(date_as_object=False)
    if wanted == "polars":
        polars = _library("polars")
        return polars.DataFrame(table) if isinstance(table, list) else polars.from_arrow(table)
    return to_arrow(table) if find_spec("pyarrow") else _library("pyarrow")


def by_column(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Lists by column; what a row does not have is None there.

    >>> by_column([{"a": 1}, {"a": 2, "b": 3}])
    {'a': [1, 2], 'b': [None, 3]}
    """
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _column(name: str, values: list[Any]) -> Any:
    """One column; `UsageError` names the first row that is of another type than the first."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, OverflowError) as error:
        kinds = [(row, v) for row, v in enumerate(values, 1) if v is not None]
        other = next(((r, v) for r, v in kinds if type(v) is not type(kinds[0][1])), None)
        if other is None:
            raise UsageError(f"column {name!r} is no column of a table: {error}") from None
        raise UsageError(
            f"column {name!r} holds {type(kinds[0][1]).__name__} and, in row {other[0]}, "
            f"{type(other[1]).__name__}: {shown(other[1])}",
            hint="a column has one type: make them alike, or read with as: rows",
        ) from None


def _indexed(frame: Any) -> Any:
    named = [name for name in frame.index.names if name is not None]
    return frame.reset_index(level=named) if named else frame


def _owned(table: Any) -> Any:
    """`table` with texts and bytes of the kind that every format writes."""
    import pyarrow as pa

    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    fields = [one.with_type(plain.get(one.type, one.type)) for one in table.schema]
    return table.cast(pa.schema(fields, table.schema.metadata))


def _to_rows(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, Mapping):
        length = max(map(len, value.values()), default=0)
        return [{name: value[name][at] for name in value} for at in range(length)]
    if isinstance(value, list):
        return value
    made = value.to_dict("records") if hasattr(value, "reset_index") else value.to_dicts()
    rows: list[dict[str, Any]] = made
    return rows


def _empty() -> Any:
    if find_spec("pyarrow") is None:
        return None
    import pyarrow as pa

    return pa.table({})


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise UsageError(
            f"as: {name} needs {name}", hint=f"pip install {name}, or write as: rows"
        ) from None
