"""Tables as Parquet, so that they come back equal: index, zones, categories and all.

pandas and Arrow go through pyarrow (DuckDB's writer drops a pandas index, zones and categories),
Polars through its own writer, which alone knows its enumerations and 128-bit numbers. Exact types
only: a subclass such as a geo frame would come back as less than it was. Column names that Arrow
would turn into text are refused. What Parquet itself forgets: the categories of a frame without
rows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from flowbook.store.codec import Extent
from flowbook.store.plain import NotPlain

_UNNAMED = b"flowbook.unnamed"
_TABLES = {
    "pandas": ("DataFrame", "Series"),
    "polars": ("DataFrame", "Series"),
    "pyarrow": ("Table", "RecordBatch"),
}


def kept_as(value: object) -> str | None:
    """The name of the type of a table this module can keep; None for all else.

    Imports nothing: whose table it is must have been imported already.
    """
    for library, names in _TABLES.items():
        loaded = sys.modules.get(library)
        for name in names:
            if type(value) is getattr(loaded, name, None):
                return f"{library}.{name}"
    return None


def columns_of(value: Any) -> tuple[str, ...]:
    """The column names of a table; a series has one, its own."""
    if hasattr(value, "to_frame"):
        return (str(value.name),)
    names = value.schema.names if hasattr(value, "num_rows") else value.columns
    return tuple(str(name) for name in names)


def write(value: Any, path: Path) -> Extent:
    """Write a table. Raises what its library raises for what Parquet cannot hold."""
    extent = Extent(len(value) if hasattr(value, "__len__") else value.num_rows, columns_of(value))
    if type(value).__module__.startswith("polars"):
        frame = value.to_frame() if hasattr(value, "to_frame") else value
        frame.write_parquet(path, compression="zstd")
    else:
        import pyarrow.parquet as pq

        pq.write_table(as_arrow(value), path, compression="zstd")
    return extent


def as_arrow(value: Any) -> Any:
    """A pandas or Arrow table as an Arrow table, without a copy where types allow."""
    import pyarrow as pa

    if isinstance(value, pa.Table):
        return value
    if isinstance(value, pa.RecordBatch):
        return pa.Table.from_batches([value])
    series = hasattr(value, "to_frame")
    frame = value.to_frame() if series else value
    _check_names(frame)
    table = pa.Table.from_pandas(frame)
    if series and value.name is None:
        table = table.replace_schema_metadata({**table.schema.metadata, _UNNAMED: b"1"})
    return table


def _check_names(frame: Any) -> None:
    """Names of one kind come back; others would come back as text."""
    if all(type(name) is str for name in frame.columns):
        return
    import pyarrow as pa

    mixed = frame.columns.nlevels == 1 and frame.columns.inferred_type.startswith(("mixed", "bool"))
    if not mixed:
        back = pa.Table.from_pandas(frame.iloc[:0]).to_pandas().columns
        mixed = list(back) != list(frame.columns)
    if mixed:
        raise NotPlain(
            f"a table keeps names of one kind, not the columns {list(frame.columns)[:5]}; "
            "name them by text"
        )


def read(path: Path, kind: str) -> object:
    """The table at `path` as the type it was: `pandas.DataFrame`, or another of ours."""
    if kind.startswith("polars."):
        import polars

        frame = polars.read_parquet(path)
        return frame.to_series() if kind == "polars.Series" else frame
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    if kind == "pandas.DataFrame":
        return table.to_pandas()
    if kind == "pandas.Series":
        series = table.to_pandas().iloc[:, 0]
        return series.rename(None) if _UNNAMED in table.schema.metadata else series
    if kind == "pyarrow.RecordBatch":
        batches = table.combine_chunks().to_batches()
        return batches[0] if batches else _empty_batch(table.schema)
    return table


def _empty_batch(schema: Any) -> Any:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=schema)
