"""The database file as a whole: made under another name, then put in its place.

Whoever calls holds the fold lock. A half-made file is never seen under the real name, and is
removed by whoever comes next. A write-ahead log belongs to one database: it never lies beside
another one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.store.disk import Disk
from flowbook.store.founding import create_tables
from flowbook.store.layout import Layout
from flowbook.store.resident import Resident, leased

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def fresh(layout: Layout) -> Path:
    """Where a database is made from nothing."""
    return layout.database.with_suffix(".new")


def compacted(layout: Layout) -> Path:
    """Where a smaller copy of the database is made."""
    return layout.database.with_name(layout.database.name + ".compact")


def wal_of(path: Path) -> Path:
    """The write-ahead log of a database."""
    return path.with_name(path.name + ".wal")


def remove_unfinished(layout: Layout) -> None:
    """Remove what somebody began and did not finish."""
    for path in (fresh(layout), compacted(layout)):
        path.unlink(missing_ok=True)
        wal_of(path).unlink(missing_ok=True)


def create_empty(resident: Resident, path: Path, budget: float) -> None:
    """Make a database with empty tables."""
    with leased(resident, path, read_only=False, budget=budget) as cursor:
        for statement in create_tables("stored"):
            cursor.execute(statement)
        cursor.execute("CHECKPOINT stored")


def put_in_place(layout: Layout, disk: Disk, path: Path) -> None:
    """Let a complete, detached file be the database from now on, durably."""
    os.replace(path, layout.database)
    disk.sync_directory(layout.root)


def set_aside(layout: Layout) -> Path | None:
    """Keep the database, and a log beside it, under another name; that name.

    The database keeps its own name too, where the file system has hard links: a crash before the
    new one is in place leaves the old one there.
    """
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f"{time.time_ns() % 10**9:09d}"
    kept = layout.database.with_name(f"{layout.database.name}.before-{stamp}")
    found = layout.database.exists()
    if found:
        try:
            os.link(layout.database, kept)
        except OSError:
            os.replace(layout.database, kept)
    if layout.wal.exists():
        os.replace(layout.wal, wal_of(kept))
    return kept if found else None


@contextmanager
def attached(cursor: DuckDBPyConnection, path: Path, name: str, version: str) -> Iterator[None]:
    """A second database file, visible as `name`."""
    quoted = str(path).replace("'", "''")
    cursor.execute(f"ATTACH '{quoted}' AS {name} (STORAGE_VERSION '{version}')")
    try:
        yield
    finally:
        cursor.execute(f"DETACH DATABASE IF EXISTS {name}")
