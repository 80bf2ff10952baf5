"""Moving the journal into DuckDB, exactly once.

One fold takes everything journalled by anybody that lies above its writer's watermark, inserts
the events, combines the projections and raises the watermarks, all in one transaction. A crash
before the commit changes nothing, after it only leaves segments whose lines the next fold passes
over. Segments go, to the archive if that is wanted, only when they were sealed before the fold
began and all they hold is below the watermark; damaged ones are set aside as `.quarantine`, never
dropped.
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
from flowbook.store import archive, database, segments
from flowbook.store.disk import Disk
from flowbook.store.layout import Layout
from flowbook.store.locks import StoreLock
from flowbook.store.migrations import FORMAT, bring_forward, ensure_meta
from flowbook.store.projection import FORGET, fold_statements
from flowbook.store.resident import Resident, leased
from flowbook.store.segments import Inspection, Segment
from flowbook.store.tail import Tail, combine_tail, inspected, load_facts

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
            database.remove_unfinished(self.layout)
            self._found_database(budget)
            with leased(
                self.resident, self.layout.database, read_only=False, budget=budget
            ) as cursor:
                if meta.format < FORMAT:
                    bring_forward(cursor, self.layout, self.disk, meta.format)
                facts, found = self._transact(cursor, sealed)
                watermarks = dict(
                    cursor.execute("SELECT writer, wseq FROM stored.writers").fetchall()
                )
                archiving = archive.wanted(cursor)
            self.reached("detached")
            self.disk.sync_directory(self.layout.root)  # DuckDB's log is a new name, now and then
            self._sweep(found, watermarks, archiving=archiving)
        return facts

    def _found_database(self, budget: float) -> None:
        """Make the database under another name first: a half-made one is never seen."""
        if self.layout.database.exists():
            return
        if self.layout.wal.exists():
            database.set_aside(self.layout)  # the log of a database that is gone fits no other
        fresh = database.fresh(self.layout)
        database.create_empty(self.resident, fresh, budget)
        self.reached("created")
        database.put_in_place(self.layout, self.disk, fresh)

    def _transact(
        self, cursor: DuckDBPyConnection, sealed: set[Path]
    ) -> tuple[int, dict[Path, Inspection]]:
        """Take up what there is; how many facts, and what the sealed segments hold."""
        paths = [segment.path for segment in segments.listed(self.layout)]
        tail = load_facts(cursor, paths)
        found = inspected(cursor, paths, sealed)
        if tail.facts:
            self.take_up(cursor, tail)
            self.reached("committed")
        with suppress(FileNotFoundError):
            if self.layout.wal.stat().st_size > CHECKPOINT_BYTES:
                self.reached("checkpointing")
                cursor.execute("CHECKPOINT stored")
        return tail.facts, found

    def take_up(self, cursor: DuckDBPyConnection, tail: Tail) -> None:
        """Put a loaded tail into the attached database, in one transaction."""
        combine_tail(cursor, tail.facts)
        kinds = {kind for (kind,) in cursor.execute("SELECT DISTINCT kind FROM tail").fetchall()}
        cursor.execute("BEGIN")
        self.reached("begun")
        for statement in (*fold_statements(kinds), *(FORGET if tail.gone else ())):
            cursor.execute(statement)
            self.reached("inserted")
        cursor.execute("COMMIT")

    def _sweep(
        self, inspections: dict[Path, Inspection], watermarks: dict[str, int], *, archiving: bool
    ) -> None:
        """Let go of what is folded for good, then of the life files of writers who left nothing."""
        if archiving:
            archive.begin(self.layout, self.disk, watermarks)
        for segment in segments.listed(self.layout):
            found = inspections.get(segment.path)
            if found is None:
                continue
            if not found.whole:
                aside = segment.path.with_name(f"{segment.path.name}.quarantine")
                os.replace(segment.path, aside)
                _log.warning("the journal has %s; kept in %s, all else is folded", found, aside)
            elif found.last <= watermarks.get(segment.writer, -1):
                self._let_go(segment, archiving=archiving)
            self.reached("unlinked")
        remaining = {segment.writer for segment in segments.listed(self.layout)}
        for writer, living in segments.writers(self.layout).items():
            if not living and writer not in remaining:
                self.layout.life(writer).unlink(missing_ok=True)

    def _let_go(self, segment: Segment, *, archiving: bool) -> None:
        if archiving:
            archive.keep(segment, self.layout, self.disk)
            self.reached("archived")
        else:
            archive.interrupt(self.layout, self.disk)
        segment.path.unlink(missing_ok=True)
