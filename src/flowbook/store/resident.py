"""The one in-memory DuckDB of a process, and the lease on the database file.

Opening a DuckDB costs some twenty milliseconds, attaching a file to an open one less than one; and
DuckDB lets only one process write a file, or several read it. So the instance stays and the file
comes and goes: `leased` attaches it as `stored` for one fold or one query and detaches it after.
Results must be fetched whole inside the lease: an open result keeps the file locked.
"""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flowbook.errors import StoreBusy, StoreError, StoreVersion
from flowbook.store.founding import create_tables
from flowbook.store.locks import check_owner
from flowbook.store.migrations import STORAGE_VERSION

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "1GB",
    "checkpoint_on_detach": "DISABLED",
    "wal_autocheckpoint": "1GB",  # the fold checkpoints
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,  # no table is found in a caller's local variables
    "temp_directory": tempfile.gettempdir(),
}
_FIRST_PAUSE, _LAST_PAUSE = 0.002, 0.1
_NEWER = re.compile(r"version number (\d+), but we can only read .*?between (\d+ and \d+)")
_DAMAGE = re.compile(
    "Corrupt (?:database|WAL) file|not a valid DuckDB database file|Could not read enough bytes"
    "|Unsupported Storage Version|replaying WAL|Serialization Error|Failed to deserialize"
)


class Resident:
    """An in-memory DuckDB, made at first use. Cursors are for one thread each."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._making = Lock()
        self._connection: DuckDBPyConnection | None = None

    def cursor(self) -> DuckDBPyConnection:
        """A connection of its own to the instance; temporary tables are private to it."""
        check_owner(self._pid)
        with self._making:
            if self._connection is None:
                import duckdb

                self._connection = duckdb.connect(":memory:", config=dict(_SETTINGS))
                self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
            return self._connection.cursor()

    def detach(self) -> None:
        """Let go of the file; an instance that is broken for good is given up with it."""
        import duckdb

        try:
            with self.cursor() as cleaner:
                cleaner.execute("DETACH DATABASE IF EXISTS stored")
        except duckdb.FatalException:
            self.close()  # the next cursor is of a new one

    def close(self) -> None:
        """Free the instance."""
        with self._making:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def disown(self) -> None:
        """In a forked child: never touch the instance, not even to free it, which would crash."""
        if self._connection is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))


@contextmanager
def leased(
    resident: Resident, path: Path, *, read_only: bool, budget: float
) -> Iterator[DuckDBPyConnection]:
    """A cursor that sees the database file as `stored`; empty tables if there is no file.

    The caller holds the store lock. Raises `StoreBusy` when somebody outside flowbook has the file
    open for longer than `budget` seconds, `StoreVersion` when this DuckDB is too old for it, and
    `StoreError` when it is damaged or the disk fails.
    """
    import duckdb

    cursor = resident.cursor()
    try:
        if read_only and not path.exists():
            cursor.execute("ATTACH ':memory:' AS stored")
            for statement in create_tables("stored"):
                cursor.execute(statement)
        else:
            _attach(cursor, path, read_only=read_only, budget=budget)
        yield cursor
    except duckdb.Error as error:
        if _of_files(error):
            raise _failed(path, error) from error
        raise
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # what DuckDB makes of a Ctrl-C
            raise KeyboardInterrupt from error
        raise
    finally:
        _let_go(resident, cursor)


def _let_go(resident: Resident, cursor: DuckDBPyConnection) -> None:
    """Detach the file; a Ctrl-C has to wait for that, or the file would stay locked."""
    interruption = None
    while True:
        try:
            cursor.close()
            resident.detach()
            break
        except KeyboardInterrupt as error:
            interruption = error
    if interruption is not None:
        raise interruption


def blames(error: Exception, path: Path) -> bool:
    """True when an error is about the database file, and not about a query or its own files."""
    import duckdb

    if not isinstance(error, duckdb.IOException):
        return _of_files(error)
    text = str(error)
    named = re.search('file "([^"]+)"', text)
    if named is not None:
        return named[1].startswith(str(path))  # its log, too
    return _DAMAGE.search(text) is not None or str(path) in text


def _of_files(error: Exception) -> bool:
    """True for what DuckDB raises when a file or its instance is at fault."""
    import duckdb

    kinds = (
        duckdb.IOException,
        duckdb.SerializationException,
        duckdb.TransactionException,
        duckdb.InternalException,
        duckdb.FatalException,
    )
    return isinstance(error, kinds) or type(error) is duckdb.Error  # a corruption has no class


def _attach(cursor: DuckDBPyConnection, path: Path, *, read_only: bool, budget: float) -> None:
    import duckdb

    name = str(path).replace("'", "''")
    options = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE_VERSION}'"
    deadline, pause = time.monotonic() + budget, _FIRST_PAUSE
    while True:
        try:
            cursor.execute(f"ATTACH '{name}' AS stored ({options})")
            return
        except duckdb.Error as error:
            if not _is_lock(error):
                raise _unusable(path, error) from error
            if time.monotonic() >= deadline:
                raise _busy(path, error, budget) from error
        time.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE)


def _is_lock(error: Exception) -> bool:
    text = str(error)
    return "Could not set lock" in text or "Unique file handle conflict" in text


def _busy(path: Path, error: Exception, budget: float) -> StoreBusy:
    named = re.search(r"PID (\d+)", str(error))
    pid = int(named[1]) if named else os.getpid()
    who = f"process {pid}" if named else "a DuckDB connection of this very process"
    return StoreBusy(
        f"{path} is open in {who}; waited {budget:g} s",
        hint="close that connection and ask again; runs are being journalled meanwhile",
        path=str(path),
        pid=pid,
        seconds=budget,
    )


def _unusable(path: Path, error: Exception) -> StoreError:
    """What a file that cannot be attached is told as."""
    if _DAMAGE.search(str(error)):
        return _damaged(path, error)
    newer = _NEWER.search(str(error))
    if newer is None:
        return StoreError(
            f"{path} cannot be opened: {_first_line(error)}",
            hint="see to its permissions and its disk; what was journalled is safe",
        )
    import duckdb

    return StoreVersion(
        f"{path} has DuckDB's storage version {newer[1]}, and DuckDB {duckdb.__version__} "
        f"reads {newer[2]}; it was left as it is",
        hint="use the DuckDB that the project's other environments use: pip install -U duckdb",
        path=str(path),
        found=newer[1],
        supported=newer[2],
    )


def _failed(path: Path, error: Exception) -> StoreError:
    """What is told when the file was attached and fails."""
    if _DAMAGE.search(str(error)):
        return _damaged(path, error)
    return StoreError(
        f"{path} cannot be read or written: {error}",
        hint="free or mount the disk, then try again; if that does not help, `flowbook store "
        "verify` says what is damaged and `flowbook store rebuild` mends it; what was journalled "
        "is safe",
    )


def _damaged(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{path} is damaged: {_first_line(error)}",
        hint="`flowbook store verify` says what is hit, `flowbook store rebuild` mends it; "
        "runs are being journalled meanwhile",
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
