"""Between DuckDB and the frames people use: what goes in as a table, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from flowbook.errors import StoreError, UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation


def as_frame(result: DuckDBPyRelation) -> Any:
    """A result as a pandas frame, or as an Arrow table without pandas."""
    if find_spec("pandas") is None:
        _need("pyarrow", "a query's result is a pandas or Arrow table")
        return result.to_arrow_table()
    zoned = any(str(kind) == "TIMESTAMP WITH TIME ZONE" for kind in result.types)
    if zoned and find_spec("pyarrow") is not None:
        table: Any = result.to_arrow_table()  # duckdb's own way warns under pandas 3
        return table.to_pandas()
    return result.df()


def register(cursor: DuckDBPyConnection, name: str, table: Any) -> None:
    """Make `table` readable as `name`: a frame, an Arrow table, rows as mappings, or columns.

    Raises `UsageError` for anything else.
    """
    if isinstance(table, Mapping):
        table = _from_columns(name, table)
    elif isinstance(table, list | tuple):
        table = from_rows(name, table)
    elif hasattr(table, "to_frame") and not hasattr(table, "columns"):  # a pandas or Polars series
        table = table.to_frame()
    try:
        cursor.register(name, table)
    except Exception as error:
        raise UsageError(
            f"{name!r} is a {type(table).__name__}, which SQL cannot read: {error}",
            hint="give a pandas, Polars or Arrow table, or a list of mappings",
        ) from error


def from_rows(name: str, rows: Any) -> Any:
    """Rows as mappings, as a table; `UsageError` where they make none, which names it `name`."""
    if not all(isinstance(row, Mapping) for row in rows):
        raise UsageError(
            f"{name!r} is a list whose items are not all mappings, which SQL cannot read",
            hint="give one mapping of column to value per row",
        )
    names = dict.fromkeys(column for row in rows for column in row)
    columns = {column: [row.get(column) for row in rows] for column in names}
    return _from_columns(name, columns)


def _from_columns(name: str, columns: Mapping[str, Any]) -> Any:
    if not columns:
        raise UsageError(f"{name!r} has no columns, so SQL has nothing to read")
    try:
        if find_spec("pyarrow") is not None:
            import pyarrow as pa

            return pa.table({str(column): pa.array(cells) for column, cells in columns.items()})
        _need("pandas", f"{name!r} is given as plain Python data")
        import pandas as pd

        return pd.DataFrame(columns)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{name!r} does not make a table: {error}",
            hint="columns of one length, each of one type",
        ) from error


def _need(library: str, why: str) -> None:
    if find_spec(library) is None:
        raise StoreError(
            f"{why}, and {library} is not installed", hint='pip install "flowbook[tables]"'
        )
