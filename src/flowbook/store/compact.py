"""Making the database file small again.

DuckDB reuses the room of deleted rows but never gives it back, so a smaller copy is written,
checked and renamed over. Killed anywhere, the old file is the database, or the new one is, whole.
Writers go on journalling; readers wait.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.errors import StoreError
from flowbook.store import archive, database
from flowbook.store.fold import Fold
from flowbook.store.layout import Layout
from flowbook.store.migrations import STORAGE_VERSION
from flowbook.store.resident import leased
from flowbook.store.schema import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SPARE_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Compaction:
    """How large the database was, how large it is, and how long that took."""

    before_bytes: int
    after_bytes: int
    seconds: float


def compact(
    fold: Fold, *, budget: float, free: Callable[[Path], int] = lambda p: shutil.disk_usage(p).free
) -> Compaction:
    """Fold, then write the database anew; see `Store.compact`. `free`: bytes free at a path."""
    started = time.monotonic()
    layout = fold.layout
    fold(budget=budget)
    if not layout.database.exists():
        return Compaction(0, 0, 0.0)
    with fold.lock.folding(budget):
        database.remove_unfinished(layout)
        before = _size(layout)
        _check_room(layout, before + _SPARE_BYTES, free(layout.root))
        smaller = database.compacted(layout)
        try:
            _copy(fold, smaller, budget)
            if layout.wal.exists():  # emptied by the checkpoint; the copy must not meet it
                layout.wal.unlink()
            fold.disk.sync_file(smaller)
            fold.reached("synced")
            database.put_in_place(layout, fold.disk, smaller)
        except BaseException:
            database.remove_unfinished(layout)
            raise
        fold.reached("replaced")
        return Compaction(before, _size(layout), time.monotonic() - started)


def _copy(fold: Fold, smaller: Path, budget: float) -> None:
    layout = fold.layout
    with leased(fold.resident, layout.database, read_only=False, budget=budget) as cursor:
        cursor.execute("CHECKPOINT stored")
        fold.reached("checkpointed")
        archive.forget_deleted(cursor, layout, fold.disk)
        with database.attached(cursor, smaller, "smaller", STORAGE_VERSION):
            fold.reached("attached")
            cursor.execute("COPY FROM DATABASE stored TO smaller")
            fold.reached("copied")
            _compare(cursor)
            cursor.execute("CHECKPOINT smaller")
    fold.reached("detached")


def _compare(cursor: DuckDBPyConnection) -> None:
    for table in TABLES:
        whole, copied = (
            cursor.execute(f"SELECT count(*) FROM {catalog}.{table}").fetchall()[0][0]  # noqa: S608  # ours
            for catalog in ("stored", "smaller")
        )
        if whole != copied:
            raise StoreError(
                f"the copy of {table} has {copied:,} rows, the original {whole:,}",
                hint="nothing was changed; run `flowbook store verify`",
            )


def _check_room(layout: Layout, needed: int, free: int) -> None:
    if free < needed:
        raise StoreError(
            f"compacting {layout.database} needs {needed:,} bytes free, and there are {free:,}",
            hint="free some room, or collect values that nothing refers to first",
        )


def _size(layout: Layout) -> int:
    wal = layout.wal.stat().st_size if layout.wal.exists() else 0
    return layout.database.stat().st_size + wal
