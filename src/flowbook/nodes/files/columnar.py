"""Parquet: a file, or a folder of files with folders for the values of a column."""

from __future__ import annotations

from typing import IO, Any

from flowbook.errors import UsageError
from flowbook.nodes.files.settings import Settings, absent
from flowbook.nodes.files.source import Source


def read(source: Source, settings: Settings) -> Any:
    """An Arrow table; only the columns that are asked for are read."""
    settings.only("parquet", "columns", "dtypes")
    pa, parquet = _library()
    columns = list(settings.columns) or None
    try:
        if source.folder:
            return _of_folder(source, columns)
        with source.open() as file:
            opened = parquet.ParquetFile(file)
            for one in columns or ():
                if one not in opened.schema_arrow.names:
                    raise absent(source.name, one, opened.schema_arrow.names)
            return opened.read(columns)
    except pa.ArrowException as error:
        raise UsageError(f"{source.name} cannot be read as parquet: {error}") from None


def write(value: Any, file: IO[bytes], settings: Settings) -> int:
    """Write an Arrow table."""
    settings.only("parquet")
    pa, parquet = _library()
    try:
        parquet.write_table(value, file)
    except pa.ArrowException as error:
        raise UsageError(f"the table cannot be written as parquet: {error}") from None
    return int(value.num_rows)


def write_folder(value: Any, folder: str, by: tuple[str, ...]) -> int:
    """Write a file for each combination of values of the columns `by`, in folders `name=value`."""
    _, parquet = _library()
    for one in by:
        if one not in value.column_names:
            raise absent("the table", one, value.column_names)
    if set(by) >= set(value.column_names):
        raise UsageError("partition_by leaves no column to be written")
    parquet.write_to_dataset(
        value, folder, partition_cols=list(by), basename_template="part-{i}.parquet"
    )
    return int(value.num_rows)


def _of_folder(source: Source, columns: list[str] | None) -> Any:
    from pyarrow import dataset

    found = dataset.dataset(source.folder, format="parquet", partitioning="hive")
    for one in columns or ():
        if one not in found.schema.names:
            raise absent(source.name, one, found.schema.names)
    return found.to_table(columns=columns)


def _library() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise UsageError("parquet needs pyarrow", hint='pip install "flowbook[tables]"') from None
    return pa, parquet
