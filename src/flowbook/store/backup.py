"""A private DuckDB file of the whole history, for other tools and for safe keeping.

It holds the documented views as plain tables, journalled facts included, as of one moment.
"""

from __future__ import annotations

from pathlib import Path

from flowbook.errors import StoreError, UsageError
from flowbook.store import database
from flowbook.store.disk import Disk, Durability
from flowbook.store.schema import VIEWS
from flowbook.store.snapshot import Snapshot

READABLE_SINCE = "v1.0.0"
"""The oldest DuckDB that can open a backup."""


def backup(snapshot: Snapshot, disk: Disk, path: Path) -> None:
    """Write every view of one look as tables of a new database at `path`; see `Store.backup`."""
    if path.exists():
        raise UsageError(f"{path} is there already", hint="name a new file")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint="make it first")
    with disk.staged(path.parent) as staged:
        try:
            _write(snapshot, staged)
            disk.publish(staged, path, Durability.FSYNC)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written: {error}", hint="free some room, or choose another place"
            ) from error
        finally:
            database.wal_of(staged).unlink(missing_ok=True)


def _write(snapshot: Snapshot, staged: Path) -> None:
    import duckdb

    try:
        with (
            snapshot.look(*VIEWS) as view,
            database.attached(view, staged, "kept", READABLE_SINCE),
        ):
            for name in VIEWS:
                view.execute(f'CREATE TABLE kept."{name}" AS FROM "{name}"')
            view.execute("CHECKPOINT kept")
    except duckdb.IOException as error:
        raise OSError(str(error)) from error
