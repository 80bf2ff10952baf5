"""A table that is in the store only, a window of rows at a time: its file is read where that is.

DuckDB reads the row groups that a window touches. A window that is sorted or filtered is of a
temporary table that DuckDB makes once and spills to disk where it has to.
"""

from __future__ import annotations

import re
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from flowbook.errors import UsageError
from flowbook.store.grid import Rows, Wanted, condition, ordering
from flowbook.store.preview import MOST_COLUMNS, Column, TablePreview, cell

if TYPE_CHECKING:
    from flowbook.store.resident import Resident

_INDEX = re.compile(r"__index_level_\d+__")


class StoredGrid:
    """One Parquet file. `shown` is what is known of the table, None for nothing."""

    def __init__(self, path: Path, shown: TablePreview | None, resident: Resident) -> None:
        self._path = str(path)
        self._cursor = resident.cursor()
        self._lock = Lock()
        self._wanted = Wanted()
        self._found = 0
        self._names, self._types = self._columns()
        self.width = len(self._names)
        self._names, self._types = self._names[:MOST_COLUMNS], self._types[:MOST_COLUMNS]
        self.columns = self._told(shown)
        self.rows = self._fetch("SELECT count(*) FROM read_parquet($path)")[0][0]

    def window(self, start: int, count: int, wanted: Wanted) -> tuple[Rows, tuple[int, ...], int]:
        """Rows, where they lie, and how many were found in all."""
        with self._lock:
            if wanted.plain:
                told, total = self._plain(start, count), self.rows
            else:
                told, total = self._viewed(start, count, wanted), self._found
        rows = [tuple(cell(one) for one in row[:-1]) for row in told]
        return rows, tuple(int(row[-1]) for row in told), total

    def sample(self, count: int) -> list[Any]:
        """The first values of each column, as NumPy arrays, masked where some are missing."""
        names = [f"c{i}" for i in range(len(self._names))]
        sql = f"SELECT {self._selected()} FROM read_parquet($path) LIMIT {int(count)}"  # noqa: S608 - names are quoted
        with self._lock:
            found = self._cursor.execute(sql, {"path": self._path}).fetchnumpy()
        return [found[name] for name in names]

    def close(self) -> None:
        """Let the temporary table go."""
        with self._lock:
            self._cursor.close()

    def _plain(self, start: int, count: int) -> list[tuple[Any, ...]]:
        return self._fetch(
            f"SELECT {self._selected()}, file_row_number "  # noqa: S608 - names are quoted
            "FROM read_parquet($path, file_row_number=true) "
            "WHERE file_row_number >= $start AND file_row_number < $stop ORDER BY file_row_number",
            start=start,
            stop=start + count,
        )

    def _viewed(self, start: int, count: int, wanted: Wanted) -> list[tuple[Any, ...]]:
        """Rows of the view, which is made when another one is wanted."""
        if wanted != self._wanted:
            self._view(wanted)
        return self._cursor.execute(
            "SELECT * FROM viewed WHERE rowid >= $start AND rowid < $stop ORDER BY rowid",
            {"start": start, "stop": start + count},
        ).fetchall()

    def _view(self, wanted: Wanted) -> None:
        import duckdb

        names = [f"c{i}" for i in range(len(self._names))]
        where, parameters = condition(wanted, names)
        source = (
            f"SELECT {self._selected()}, file_row_number AS lies "  # noqa: S608 - names are quoted
            "FROM read_parquet($path, file_row_number=true)"
        )
        self._wanted = Wanted()
        try:
            self._cursor.execute(
                f"CREATE OR REPLACE TEMP TABLE viewed AS SELECT * FROM ({source}) "  # noqa: S608 - names are numbered
                f"WHERE {where} ORDER BY {ordering(wanted, names, 'lies')}",
                {"path": self._path, **parameters},
            )
        except duckdb.Error as refused:
            raise UsageError(
                f"these rows cannot be sorted or searched: {str(refused).splitlines()[0]}"
            ) from None
        self._wanted = wanted
        self._found = int(self._cursor.execute("SELECT count(*) FROM viewed").fetchall()[0][0])

    def _columns(self) -> tuple[list[str], list[str]]:
        """Names and types as the file has them, those of an index first."""
        found = self._fetch("DESCRIBE SELECT * FROM read_parquet($path)")
        index = self._index()
        found.sort(key=lambda row: row[0] not in index)  # stable: both parts keep their order
        return [row[0] for row in found], [row[1] for row in found]

    def _index(self) -> set[str]:
        """The columns that are the index of a pandas table."""
        rows = self._fetch(
            "SELECT value FROM parquet_kv_metadata($path) WHERE decode(key) = 'pandas'"
        )
        told = msgspec.json.decode(rows[0][0]) if rows else {}
        return {one for one in told.get("index_columns", ()) if isinstance(one, str)}

    def _told(self, shown: TablePreview | None) -> tuple[Column, ...]:
        """The columns as their library named them, where that is known."""
        if shown is not None and len(shown.columns) == len(self._names):
            return shown.columns
        return tuple(
            Column("index" if _INDEX.fullmatch(name) else name, kind.lower())
            for name, kind in zip(self._names, self._types, strict=True)
        )

    def _selected(self) -> str:
        """The columns, numbered. Times with a zone are told in UTC, for Python has them not."""
        told = []
        for i, (name, kind) in enumerate(zip(self._names, self._types, strict=True)):
            quoted = '"' + name.replace('"', '""') + '"'
            if kind == "TIMESTAMP WITH TIME ZONE":
                quoted = f"CAST(timezone('UTC', {quoted}) AS VARCHAR) || '+00:00'"
            told.append(f"{quoted} AS c{i}")
        return ", ".join(told)

    def _fetch(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self._cursor.execute(sql, {"path": self._path, **parameters}).fetchall()
