"""SQL over tables in memory, for SQL nodes. Knows nothing of the store's own tables.

One resident DuckDB per process, a cursor per call, so calls from several threads run side by side
and see only the tables they were given. What a query creates is gone when it ends. Files are not
off limits: `read_parquet` and `read_csv` are what SQL nodes are for.

A query with attached files has an instance of its own, because what one cursor attaches every other
would see. That one is locked before the query is run: it reads the attached files and no other,
loads no extension, and changes no setting of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from flowbook.errors import UsageError
from flowbook.store.attached import attached
from flowbook.store.frames import as_frame, register
from flowbook.store.resident import Resident

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


_LOOK = 0.05
"""Seconds between looks whether a query is to be stopped."""


class Tables:
    """Runs SQL over given tables.

    >>> Tables().query("SELECT sum(n) AS n FROM t WHERE n > $least",
    ...                {"t": [{"n": 1}, {"n": 2}, {"n": 3}]}, {"least": 1})["n"].tolist()
    [5.0]
    """

    def __init__(self) -> None:
        self._resident = Resident()

    def query(
        self,
        sql: str,
        tables: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        attach: Mapping[str, str] | None = None,
        result: str = "frame",
        stop: Callable[[], bool] | None = None,
    ) -> Any:
        """The result of the last statement of `sql`, as pandas (Arrow without pandas).

        `tables` are readable by name; `$name` in the SQL takes its value from `parameters`.
        `attach`: paths of files of DuckDB and SQLite, by the name they have in the SQL, to be read
        only. `result`: `frame`, or `arrow` for an Arrow table. Once `stop` says so the query is
        stopped, with DuckDB's own error.
        Raises `UsageError` for SQL without a result, a table that is none, a file that cannot be
        attached or a parameter that is not given, and DuckDB's own error for SQL that does not
        parse or run.
        """
        as_arrow = result == "arrow"
        if attach:
            with attached(attach, sql) as cursor, _stopped_by(cursor, stop):
                return _run(cursor, sql, tables, parameters, as_arrow)
        cursor = self._resident.cursor()
        try:
            with _stopped_by(cursor, stop):
                return _run(cursor, sql, tables, parameters, as_arrow)
        finally:
            cursor.close()

    def close(self) -> None:
        """Free the memory."""
        self._resident.close()

    def disown(self) -> None:
        """In a forked child: let the parent's instance be."""
        self._resident.disown()


@contextmanager
def _stopped_by(cursor: DuckDBPyConnection, stop: Callable[[], bool] | None) -> Iterator[None]:
    """Interrupt what runs on `cursor` from when `stop` says so until it is over.

    A thread looks, for the one that runs the query hears nothing; and it says so again and again,
    because DuckDB only hears it while a statement runs.
    """
    if stop is None:
        yield
        return
    over = Event()

    def look() -> None:
        while not over.wait(_LOOK):
            if stop():
                cursor.interrupt()

    thread = Thread(target=look, name="flowbook-query", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _run(
    cursor: DuckDBPyConnection,
    sql: str,
    tables: Mapping[str, Any],
    parameters: Mapping[str, Any],
    as_arrow: bool,
) -> Any:
    for name, table in tables.items():
        register(cursor, name, table)
    statements = cursor.extract_statements(sql)
    if not statements:
        raise UsageError("there is no SQL to run", hint="write a SELECT")
    cursor.execute("BEGIN")
    result = None
    for statement in statements:
        missing = sorted(statement.named_parameters - set(parameters))
        if missing:
            raise UsageError(
                f"the SQL reads ${missing[0]}, which is not given",
                hint=f"given: {', '.join(sorted(parameters)) or 'nothing'}",
            )
        used = {name: parameters[name] for name in statement.named_parameters}
        result = cursor.sql(statement, params=used)
    if result is None:
        raise UsageError("the SQL gives no result", hint="end it with a SELECT")
    return result.to_arrow_table() if as_arrow else as_frame(result)
