"""Database files that a query reads: a DuckDB instance of its own, locked once they are attached.

A DuckDB file is attached read-only. A SQLite file is read with Python's own sqlite3, and only those
of its tables whose name the query has, into memory; a column whose values are of several types
becomes text.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flowbook.errors import UsageError
from flowbook.store.frames import register

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SQLITE: Final = b"SQLite format 3\x00"
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_RESERVED: Final = ("memory", "system", "temp", "main", "pg_catalog", "information_schema")
_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "threads": 2,
    "memory_limit": "1GB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}


@contextmanager
def attached(files: Mapping[str, str], sql: str) -> Iterator[DuckDBPyConnection]:
    """A connection that sees the files and nothing else of the disk.

    Raises `UsageError` for a name that SQL cannot use and for a file that is no database, is not
    there, or is being written by another process.
    """
    import duckdb

    with closing(duckdb.connect(":memory:", config=dict(_CONFIG))) as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        for name, path in files.items():
            _attach(connection, name, path, sql)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def _attach(connection: DuckDBPyConnection, name: str, path: str, sql: str) -> None:
    import duckdb

    if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
        raise UsageError(
            f"a database cannot be attached as {name!r}", hint="use letters, digits and _"
        )
    try:
        with Path(path).open("rb") as file:
            head = file.read(len(_SQLITE))
    except OSError as error:
        raise UsageError(
            f"{path}, to be attached as {name!r}, cannot be read: {error.strerror}",
            hint="say the path of a file of DuckDB or SQLite, from the project's folder",
        ) from None
    if head == _SQLITE:
        _copy_sqlite(connection, name, path, sql)
        return
    quoted = path.replace("'", "''")
    try:
        connection.execute(f"ATTACH '{quoted}' AS \"{name}\" (READ_ONLY)")
    except duckdb.Error as error:
        told = str(error).partition("\n")[0]
        raise UsageError(
            f"{path} cannot be attached as {name!r}: {told}",
            hint="it has to be a file of DuckDB or SQLite that no other process writes",
        ) from error


def _copy_sqlite(connection: DuckDBPyConnection, name: str, path: str, sql: str) -> None:
    connection.execute(f"ATTACH ':memory:' AS \"{name}\"")
    words = {word.lower() for word in re.findall(r"\w+", sql)}
    with closing(sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True)) as source:
        tables = source.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        for (table,) in tables.fetchall():
            if set(re.findall(r"\w+", table.lower())) <= words:
                _copy_table(connection, source, name, table)


def _copy_table(
    connection: DuckDBPyConnection, source: sqlite3.Connection, name: str, table: str
) -> None:
    quoted = '"' + table.replace('"', '""') + '"'
    try:
        rows = source.execute(f"SELECT * FROM {quoted}")  # noqa: S608  a name of its own, quoted
        names = [column[0] for column in rows.description]
        values = list(zip(*rows.fetchall(), strict=True)) or [()] * len(names)
    except sqlite3.Error as error:
        raise UsageError(
            f"table {table!r} of {name!r} cannot be read: {error}", hint="mend the SQLite file"
        ) from error
    columns = {one: _of_one_type(list(cells)) for one, cells in zip(names, values, strict=True)}
    register(connection, "incoming", columns)
    connection.execute(f'CREATE TABLE "{name}".{quoted} AS FROM incoming')
    connection.unregister("incoming")


def _of_one_type(cells: list[Any]) -> list[Any]:
    types = {type(cell) for cell in cells} - {type(None)}
    if len(types) < 2 or types == {int, float}:
        return (
            [float(cell) for cell in cells]
            if types == {int, float} and None not in cells
            else cells
        )
    return [cell if cell is None or isinstance(cell, str) else str(cell) for cell in cells]
