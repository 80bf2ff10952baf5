"""Moving the journal into DuckDB, exactly once.

One fold takes everything journalled by anybody that lies above its writer's watermark, inserts
the events, combines the projections and raises the watermarks, all in one transaction. A crash
before the commit changes nothing, after it only leaves segments whose lines the next fold passes
over. Segments go only when they were sealed before the fold began and all they hold is below the
watermark; damaged ones are set aside as `.quarantine`, never dropped.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.ids import WriterId
from flowbook.store import segments
from flowbook.store.disk import Disk
from flowbook.store.layout import Layout
from flowbook.store.locks import StoreLock
from flowbook.store.migrations import FORMAT, bring_forward, ensure_meta
from flowbook.store.projection import FOLD, FORGET
from flowbook.store.resident import Resident, leased
from flowbook.store.schema import create_tables
from flowbook.store.segments import Inspection
from flowbook.store.tail import combine_tail, load_tail

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CHECKPOINT_BYTES = 2 * 2**20
"""A longer write-ahead log is checkpointed: attaching replays it, 10 ms a megabyte."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fold:
    """One store's way to fold.

    `finished` says of our own writers below which number their segments are closed; `reached` is
    told each step by name, for tests that kill there.
    """

    layout: Layout
    lock: StoreLock
    resident: Resident
    disk: Disk
    finished: Callable[[], dict[WriterId, int]] = dict
    reached: Callable[[str], None] = lambda _step: None

    def __call__(self, *, budget: float) -> int:
        """Fold what there is; how many facts were taken up.

        Waits at most `budget` seconds for readers and other folders, and as long for a foreign
        DuckDB; then `StoreBusy`.
        """
        if not (self.layout.journal.exists() or self.layout.database.exists()):
            return 0
        meta = ensure_meta(self.layout, self.disk)
        sealed = segments.sealed(self.layout, self.finished())
        with self.lock.folding(budget):
            self.reached("locked")
            self._found_database(budget)
            with leased(
                self.resident, self.layout.database, read_only=False, budget=budget
            ) as cursor:
                if meta.format < FORMAT:
                    bring_forward(cursor, self.layout, self.disk, meta.format)
                facts = self._transact(cursor)
                watermarks = dict(
                    cursor.execute("SELECT writer, wseq FROM stored.writers").fetchall()
                )
            self.reached("detached")
            self._sweep(sealed, watermarks)
        return facts

    def _found_database(self, budget: float) -> None:
        """Make the database under another name first: a half-made one is never seen."""
        if self.layout.database.exists():
            return
        fresh = self.layout.database.with_suffix(".new")
        for leftover in (fresh, fresh.with_suffix(".new.wal")):
            leftover.unlink(missing_ok=True)
        with leased(self.resident, fresh, read_only=False, budget=budget) as cursor:
            for statement in create_tables("stored"):
                cursor.execute(statement)
            cursor.execute("CHECKPOINT stored")
        self.reached("created")
        os.replace(fresh, self.layout.database)
        self.disk.sync_directory(self.layout.root)

    def _transact(self, cursor: DuckDBPyConnection) -> int:
        tail = load_tail(cursor, self.layout)
        if tail.facts:
            combine_tail(cursor, tail.facts)
            cursor.execute("BEGIN")
            self.reached("begun")
            for statement in (*FOLD, *(FORGET if tail.gone else ())):
                cursor.execute(statement)
                self.reached("inserted")
            cursor.execute("COMMIT")
            self.reached("committed")
        with suppress(FileNotFoundError):
            if self.layout.wal.stat().st_size > CHECKPOINT_BYTES:
                self.reached("checkpointing")
                cursor.execute("CHECKPOINT stored")
        return tail.facts

    def _sweep(self, sealed: dict[Path, Inspection], watermarks: dict[str, int]) -> None:
        """Remove what is folded for good, then the life files of writers who left nothing."""
        for segment in segments.listed(self.layout):
            found = sealed.get(segment.path)
            if found is None:
                continue
            if found.damaged:
                aside = segment.path.with_suffix(".jsonl.quarantine")
                os.replace(segment.path, aside)
                _log.warning("%d unreadable lines in the journal, kept in %s", found.damaged, aside)
            elif found.last <= watermarks.get(segment.writer, -1):
                segment.path.unlink(missing_ok=True)
            self.reached("unlinked")
        remaining = {segment.writer for segment in segments.listed(self.layout)}
        for writer, living in segments.writers(self.layout).items():
            if not living and writer not in remaining:
                self.layout.life(writer).unlink(missing_ok=True)
