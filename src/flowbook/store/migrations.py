"""Which version of flowbook wrote a project folder, and whether this one may use it.

`meta.json` is written once, before the first segment. A folder of a newer format is refused,
untouched; one of an older format is brought forward by the steps from its format to ours.
The DuckDB storage version is pinned in it, so that two kernels with different DuckDBs can share
one folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from flowbook.errors import StoreVersion
from flowbook.store.agenda import AGENDA_TABLES
from flowbook.store.disk import Disk, Durability
from flowbook.store.layout import Layout
from flowbook.store.measured import FROM_EVENTS
from flowbook.store.projection import values_of
from flowbook.store.schema import TABLES
from flowbook.store.whereabouts import FROM_EVENTS as PAUSED_FROM_EVENTS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMAT = 11
"""What this version writes. Raise it together with a step that brings the older one forward."""
STORAGE_VERSION = "v2.0.0"
"""What DuckDB is told to write."""

_NEW_IN_2 = (
    "values", "usage", "datasets", "dataset_tags", "audit", "settings", "deletions",
    "cache_clearings",
)  # fmt: skip

_SCOPED = "ALTER TABLE stored.{} ADD COLUMN IF NOT EXISTS scope VARCHAR DEFAULT ''"
"""What was recorded before there were containers is outside of all."""

STEPS: Mapping[int, tuple[str, ...]] = {
    2: (
        "ALTER TABLE stored.events ADD COLUMN IF NOT EXISTS cache_key VARCHAR",
        _SCOPED.format("events"),  # the rows of `values` are made of it
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS current VARCHAR",
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS pinned BOOLEAN",
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS pinned_at TIMESTAMP",
        "ALTER TABLE stored.writers ADD COLUMN IF NOT EXISTS kernel VARCHAR",
        *(f"CREATE TABLE IF NOT EXISTS stored.{name} ({TABLES[name]})" for name in _NEW_IN_2),
        f"INSERT INTO stored.values BY NAME FROM ({values_of('stored.events')}) "
        "WHERE NOT EXISTS (FROM stored.values)",
    ),
    3: (  # and journal lines have a checksum, which 2 could not read
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS origin VARCHAR",
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS origin_seq INTEGER",
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS origin_node VARCHAR",
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS depth INTEGER",
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS calling_node VARCHAR",
        *(_SCOPED.format(name) for name in ("events", "node_runs", "values", "usage")),
        *(
            f"ALTER TABLE stored.node_runs ADD COLUMN IF NOT EXISTS turns_{what} INTEGER"
            for what in ("total", "done", "failed")
        ),
    ),
    4: (f"CREATE TABLE IF NOT EXISTS stored.memory_changes ({TABLES['memory_changes']})",),
    5: (f"CREATE TABLE IF NOT EXISTS stored.publications ({TABLES['publications']})",),
    6: (
        "ALTER TABLE stored.node_runs ADD COLUMN IF NOT EXISTS scheduled_at TIMESTAMP",
        "ALTER TABLE stored.node_runs ADD COLUMN IF NOT EXISTS cpu_ms DOUBLE",
        "ALTER TABLE stored.node_runs ADD COLUMN IF NOT EXISTS memory BIGINT",
        "ALTER TABLE stored.node_runs ADD COLUMN IF NOT EXISTS is_estimate BOOLEAN",
        "ALTER TABLE stored.flow_versions ADD COLUMN IF NOT EXISTS edges JSON",
        FROM_EVENTS,
    ),
    7: (
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS schedule VARCHAR",
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS scheduled_for TIMESTAMP",
        *(f"CREATE TABLE IF NOT EXISTS stored.{name} ({TABLES[name]})" for name in AGENDA_TABLES),
    ),
    8: (
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS routed VARCHAR",
        "ALTER TABLE stored.publications ADD COLUMN IF NOT EXISTS setup VARCHAR",
    ),
    9: (
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS environment VARCHAR",
        "ALTER TABLE stored.runs ADD COLUMN IF NOT EXISTS paused BOOLEAN",
        f"CREATE TABLE IF NOT EXISTS stored.environments ({TABLES['environments']})",
        PAUSED_FROM_EVENTS,
    ),
    10: tuple(
        f"CREATE TABLE IF NOT EXISTS stored.{name} ({TABLES[name]})"
        for name in ("judged", "notices", "notice_attempts")
    ),
    11: ("ALTER TABLE stored.publications ADD COLUMN IF NOT EXISTS places JSON",),
}
"""What makes each format of the one before. New columns stand last, here and in `TABLES`."""


class Meta(msgspec.Struct, frozen=True):
    """What `meta.json` says."""

    format: int
    storage_version: str


def read_meta(layout: Layout) -> Meta | None:
    """The folder's meta data; None when there is no store yet.

    Raises `StoreVersion` when this version cannot read the folder.
    """
    try:
        text = layout.meta.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        meta = msgspec.json.decode(text, type=Meta)
    except msgspec.DecodeError as error:
        raise refused(layout, "unreadable", f"{layout.meta} is damaged: {error}") from error
    if meta.format > FORMAT:
        raise refused(layout, str(meta.format), f"{layout.root} was written by a newer flowbook")
    return meta


def ensure_meta(layout: Layout, disk: Disk) -> Meta:
    """The folder's meta data, written first if there is none."""
    found = read_meta(layout)
    if found is not None:
        return found
    disk.make_directory(layout.root, Durability.FSYNC)
    (layout.root / ".gitignore").write_text("*\n", encoding="ascii")  # no history of histories
    return _written(layout, disk)


def bring_forward(cursor: DuckDBPyConnection, layout: Layout, disk: Disk, found: int) -> None:
    """Take the attached database from format `found` to ours; the caller holds the fold lock.

    Interrupted anywhere, the next call does it again: every step may be repeated.
    """
    cursor.execute("BEGIN")
    for number in range(found + 1, FORMAT + 1):
        for statement in STEPS[number]:
            cursor.execute(statement)
    cursor.execute("COMMIT")
    cursor.execute("CHECKPOINT stored")
    _written(layout, disk)


def _written(layout: Layout, disk: Disk) -> Meta:
    meta = Meta(FORMAT, STORAGE_VERSION)
    with disk.staged(layout.root) as staged:
        staged.write_bytes(msgspec.json.encode(meta))
        disk.publish(staged, layout.meta, Durability.FSYNC)
    return meta


def refused(layout: Layout, found: str, message: str, hint: str = "") -> StoreVersion:
    """The error for a folder that this version cannot use."""
    known = f"this flowbook reads formats up to {FORMAT}: upgrade it, or move the folder away"
    return StoreVersion(
        message,
        hint=hint or known,
        path=str(layout.meta),
        found=found,
        supported=str(FORMAT),
    )
