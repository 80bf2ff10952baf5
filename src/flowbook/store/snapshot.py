"""One consistent look at the store: the database and the unfolded tail, joined by views.

A look takes the shared lock, attaches the file read-only, loads the tail, runs one query, and is
over when its result is materialised. It creates no file, and works on a folder that is read-only
or not there at all, which is simply empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowbook.store import segments
from flowbook.store.layout import Layout
from flowbook.store.locks import StoreLock
from flowbook.store.migrations import FORMAT, read_meta, refused
from flowbook.store.resident import Resident, leased
from flowbook.store.tail import combine_tail, load_tail
from flowbook.store.views import FRESH, needed, statements

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOCK_SECONDS = 10.0
"""How long a look waits for others unless it is told."""
FOREIGN_SECONDS = 2.0
"""How long it waits for a DuckDB connection that is none of ours."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Makes looks at one store."""

    layout: Layout
    lock: StoreLock
    resident: Resident
    upgrade: Callable[[], object] = lambda: None
    """Brings a store of an older format forward; called before a look at one."""

    @contextmanager
    def look(self, *views: str, budget: float = LOCK_SECONDS) -> Iterator[DuckDBPyConnection]:
        """A cursor that sees the named views of `views.READ_VIEWS`; fetch whole before leaving.

        Nothing else of the store is made: a look costs what its views cost. Waits at most `budget`
        seconds for a fold under way, or for another look. Raises `StoreBusy` when the store is held
        by somebody else, `StoreVersion` when it is of a newer format.
        """
        self._current()
        with (
            self.lock.reading(budget),
            leased(
                self.resident,
                self.layout.database,
                read_only=True,
                budget=min(budget, FOREIGN_SECONDS),
            ) as cursor,
        ):
            if views:
                self._make(cursor, needed(views))
            yield cursor

    def _make(self, cursor: DuckDBPyConnection, views: tuple[str, ...]) -> None:
        # A writer who was dead before the tail was read has nothing more to say; one who was born
        # meanwhile gets the benefit of the doubt.
        before = segments.writers(self.layout)
        tail = load_tail(cursor, self.layout)
        fresh = tuple(table for table in FRESH if table in views)
        if fresh:
            after = segments.writers(self.layout)
            living = [writer for writer in after if before.get(writer, True)]
            cursor.execute("SET VARIABLE living = $1::VARCHAR[]", [living])
            combine_tail(cursor, tail.facts, fresh)
        for statement in statements(views, gone=tail.gone > 0):
            cursor.execute(statement)

    def _current(self) -> None:
        meta = read_meta(self.layout)
        if meta is None or meta.format == FORMAT:
            return
        try:
            self.upgrade()
        except OSError as error:
            raise refused(
                self.layout,
                str(meta.format),
                f"{self.layout.root} was written by an older flowbook and cannot be brought "
                f"forward here: {error.strerror}",
                "open it once where it can be written",
            ) from error
