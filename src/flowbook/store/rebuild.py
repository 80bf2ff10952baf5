"""Making the database anew from the facts it was folded from.

The facts are in the archive and the journal; the old database is not asked, for it may be damaged.
What a fold leaves to the order in which facts come in is put in the order of time: numbers of
dataset versions, and when a flow's version was first seen. The old file is kept aside.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.errors import StoreBusy, StoreError
from flowbook.store import archive, database
from flowbook.store.fold import Fold
from flowbook.store.migrations import ensure_meta
from flowbook.store.projection import PRUNED
from flowbook.store.resident import Resident, leased
from flowbook.store.segments import Segment
from flowbook.store.tail import load_facts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH_BYTES = 64 * 2**20
_GZIP_RATIO = 10
_PER_BATCH = ("tail", "gone", "fresh_runs", "fresh_nodes")

_KEEP_LATE = "INSERT INTO late FROM tail WHERE kind IN ('FLOW_RECORDED', 'AUDIT_PRUNED')"
_SETTLE = (
    "CREATE TEMP VIEW tail AS FROM late",
    f"DELETE FROM stored.audit WHERE created_at < {PRUNED}",  # noqa: S608  # ours
    """UPDATE stored.flow_versions AS known SET recorded_at = first.ts FROM (
        SELECT payload->>'$.flow' AS flow, payload->>'$.version' AS version, min(ts) AS ts
        FROM late WHERE kind = 'FLOW_RECORDED' GROUP BY ALL) AS first
    WHERE known.flow = first.flow AND known.version = first.version""",
    """UPDATE stored.datasets AS made SET number = numbered.number FROM (
        SELECT dataset, version,
               row_number() OVER (PARTITION BY dataset ORDER BY version)::INTEGER AS number
        FROM stored.datasets) AS numbered
    WHERE made.dataset = numbered.dataset AND made.version = numbered.version""",
    "CHECKPOINT stored",
)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """How many segments were read, how many facts they had, and how long that took."""

    segments: int
    facts: int
    seconds: float


def rebuild(fold: Fold, *, partial: bool, budget: float) -> Rebuild:
    """A new database from archive and journal; see `Store.rebuild`."""
    started = time.monotonic()
    layout = fold.layout
    if not layout.root.exists():
        return Rebuild(0, 0, 0.0)
    with fold.lock.folding(budget):
        fold.reached("locked")
        found = archive.sources(layout)
        if not partial:
            _check_reach(fold, found)
        ensure_meta(layout, fold.disk)
        database.remove_unfinished(layout)
        fresh = database.fresh(layout)
        try:
            facts = _made(fold, fresh, found, budget)
        except BaseException:
            database.remove_unfinished(layout)
            raise
        fold.disk.sync_file(fresh)
        fold.reached("made")
        _checkpoint_old(fold, budget)
        database.set_aside(layout)
        fold.reached("aside")
        database.put_in_place(layout, fold.disk, fresh)
        fold.reached("replaced")
    return Rebuild(len(found), facts, time.monotonic() - started)


def _check_reach(fold: Fold, found: list[Segment]) -> None:
    reach = archive.reach(fold.layout)
    if reach is not None and reach.since is None:
        return
    if reach is None:
        since = "there is no unbroken archive"
    else:
        since = f"the archive has everything only since {_utc(reach.since)}"
    raise StoreError(
        f"the history of {fold.layout.root} cannot be made anew in full: {since}, and "
        f"{len(found)} segments are left to read",
        hint="rebuild with --partial to keep what these segments hold; the old file is set aside",
    )


def _utc(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds or 0.0, UTC).isoformat(timespec="seconds")


def _made(fold: Fold, fresh: Path, found: list[Segment], budget: float) -> int:
    import duckdb

    database.create_empty(fold.resident, fresh, budget)
    facts = 0
    try:
        with leased(fold.resident, fresh, read_only=False, budget=budget) as cursor:
            for batch in _batches(found):
                facts += _taken_up(fold, cursor, batch)
                fold.reached("batch")
            if facts:
                for statement in _SETTLE:
                    cursor.execute(statement)
    except duckdb.Error as error:
        damaged = [str(one.path) for one in found if not _readable(one.path)]
        if not damaged:
            raise
        raise StoreError(
            f"{', '.join(damaged)} cannot be unpacked",
            hint="move it away, then rebuild with --partial: all else is read",
        ) from error
    return facts


def _taken_up(fold: Fold, cursor: DuckDBPyConnection, batch: list[Segment]) -> int:
    tail = load_facts(cursor, [segment.path for segment in batch])
    cursor.execute("CREATE TEMP TABLE IF NOT EXISTS late AS FROM tail LIMIT 0")
    cursor.execute(_KEEP_LATE)
    if tail.facts:
        fold.take_up(cursor, tail)
    for table in _PER_BATCH:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
    cursor.execute("CHECKPOINT stored")
    return tail.facts


def _batches(found: list[Segment]) -> Iterator[list[Segment]]:
    """Groups that fit into memory, a writer's segments in order."""
    batch: list[Segment] = []
    size = 0
    for segment in found:
        weight = _GZIP_RATIO if segment.path.suffix == ".gz" else 1
        size += weight * segment.path.stat().st_size
        batch.append(segment)
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _readable(path: Path) -> bool:
    if path.suffix != ".gz":
        return True
    try:
        with gzip.open(path, "rb") as file:
            while file.read(2**20):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True


def _checkpoint_old(fold: Fold, budget: float) -> None:
    """Leave no log beside the old file, if it can be opened at all.

    Asked with an instance of its own, because a damaged file may take its instance down.
    """
    import duckdb

    if not fold.layout.database.exists():
        return
    probe = Resident()
    try:
        with leased(probe, fold.layout.database, read_only=False, budget=budget) as cursor:
            cursor.execute("CHECKPOINT stored")
    except StoreBusy:
        raise
    except (duckdb.Error, StoreError):
        return
    finally:
        probe.close()
