"""Tables as Parquet, so that they come back equal: index, zones, categories and all.

pandas and Arrow go through pyarrow (DuckDB's writer drops a pandas index, zones and categories),
Polars through its own Arrow form. Exact types only: a subclass such as a geo frame would come back
as less than it was. What Parquet itself forgets: the categories of a frame without rows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

_UNNAMED = b"flowbook.unnamed"


def columns_of(value: object) -> tuple[str, ...] | None:
    """The column names of a table this module can keep; None for all else.

    Imports nothing: whose table it is must have been imported already.
    """
    for library, names in (("pandas", ("DataFrame", "Series")), ("polars", ("DataFrame",)),
                           ("pyarrow", ("Table",))):  # fmt: skip
        loaded = sys.modules.get(library)
        if any(type(value) is getattr(loaded, name, None) for name in names):
            found: Any = value
            if hasattr(found, "to_frame"):
                return (str(found.name),)
            columns = found.column_names if library == "pyarrow" else found.columns
            return tuple(str(column) for column in columns)
    return None


def write_table(value: Any, path: Path) -> int:
    """Write a table; how many rows it has. Raises what pyarrow raises for what it cannot hold."""
    import pyarrow.parquet as pq

    table = _as_arrow(value)
    pq.write_table(table, path, compression="zstd")
    return int(table.num_rows)


def _as_arrow(value: Any) -> Any:
    import pyarrow as pa

    if isinstance(value, pa.Table):
        return value
    if type(value).__module__.startswith("polars"):
        return value.to_arrow()
    if not hasattr(value, "to_frame"):
        return pa.Table.from_pandas(value)
    table = pa.Table.from_pandas(value.to_frame())
    if value.name is None:
        table = table.replace_schema_metadata({**table.schema.metadata, _UNNAMED: b"1"})
    return table


def read_table(path: Path, kind: str) -> object:
    """The table at `path` as the type it was: `pandas.DataFrame`, or another of ours."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    if kind == "polars.DataFrame":
        import polars

        return polars.from_arrow(table)
    if kind == "pandas.DataFrame":
        return table.to_pandas()
    if kind == "pandas.Series":
        series = table.to_pandas().iloc[:, 0]
        return series.rename(None) if _UNNAMED in table.schema.metadata else series
    return table
