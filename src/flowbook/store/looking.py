"""Values being looked at: tables of memory and of the store, as grids.

Grids of the store are kept open, the ones looked at last. Of a table in memory only what was worked
out of it is kept, as long as the table is there: looking at a value does not keep it alive.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from threading import RLock
from typing import Any

from flowbook.errors import UsageError
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.store.frames import from_rows
from flowbook.store.grid import Grid
from flowbook.store.grid_live import LiveGrid, Seen, seen
from flowbook.store.grid_stored import StoredGrid
from flowbook.store.preview import TablePreview
from flowbook.store.resident import Resident
from flowbook.store.table_change import TableChange
from flowbook.store.table_diff import Comparing, compare_tables
from flowbook.store.values import Objects

_OPEN = 4
_TEXTS = (ValueFormat.TEXT, ValueFormat.JSON)


class Looking:
    """Opens grids; safe to use from any thread.

    >>> import tempfile; from pathlib import Path
    >>> from flowbook.store.grid import Wanted, page; from flowbook.store.layout import Layout
    >>> looking = Looking(Objects(Layout(Path(tempfile.mkdtemp()))))
    >>> grid = looking.at([{"n": 2}, {"n": 1}])
    >>> page(grid, 0, 10, Wanted(sort=0)).rows
    ((1,), (2,))
    """

    def __init__(self, vault: Objects) -> None:
        self._vault = vault
        self._resident = Resident()
        self._open: OrderedDict[tuple[str, str], StoredGrid] = OrderedDict()
        self._seen: dict[int, Seen] = {}
        self._lock = RLock()

    def at(self, value: Any) -> Grid | None:
        """The grid of a value, or of what a reference stands for; None where it is no table.

        Raises `ValueUnavailable` when what is referred to cannot be had.
        """
        if not isinstance(value, ValueRef):
            return self._live(value)
        if value.format is ValueFormat.PARQUET:
            return self._stored(value)
        return self._live(self._vault.get(value)) if value.format is ValueFormat.JSON else None

    def compare(self, before: ValueRef, after: ValueRef, how: Comparing) -> TableChange | None:
        """What differs between two stored tables; None where either is none.

        Tables are read where they lie. Raises `UsageError` for a key that is not in both, and
        `ValueUnavailable` when one of them is gone.
        """
        one, other = self._table(before), self._table(after)
        if one is None or other is None:
            return None
        with self._resident.cursor() as cursor:
            return compare_tables(cursor, one, other, how)

    def _table(self, ref: ValueRef) -> Any:
        """The path of a table, the records of one that is plain data; None where it is neither."""
        if ref.format is ValueFormat.PARQUET:
            return str(self._vault.file(ref))
        if ref.format is not ValueFormat.JSON or ref.rows is None or ref.parts:
            return None
        try:
            return from_rows("records", self._vault.get(ref))
        except UsageError:  # columns of several types: no table, but plain data
            return None

    def text(self, value: Any) -> str | None:
        """A text, or the one that a reference stands for; None for any other value.

        Raises `ValueUnavailable` when what is referred to cannot be had.
        """
        if isinstance(value, ValueRef):
            value = self._vault.get(value) if value.format in _TEXTS else None
        return value if isinstance(value, str) else None

    def close(self) -> None:
        """Let everything go."""
        with self._lock:
            for grid in self._open.values():
                grid.close()
            self._open.clear()
            self._resident.close()

    def disown(self) -> None:
        """In a forked child: let the parent's instance be."""
        self._resident.disown()

    def _live(self, value: Any) -> LiveGrid | None:
        key = id(value)
        known = self._seen.get(key) or seen(value)
        if known is None:
            return None
        if key not in self._seen:
            try:
                weakref.finalize(value, self._seen.pop, key, None).atexit = False
            except TypeError:
                pass  # a list: what was worked out of it is worked out again
            else:
                self._seen[key] = known
        return LiveGrid(value, known, self._resident)

    def _stored(self, ref: ValueRef) -> StoredGrid:
        path, key = self._vault.file(ref), (ref.hash, ref.type)
        with self._lock:
            found = self._open.get(key)
            if found is None:
                known = self._vault.preview(ref)
                shown = known.shown if known and isinstance(known.shown, TablePreview) else None
                found = self._open[key] = StoredGrid(path, shown, self._resident)
            self._open.move_to_end(key)
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)[1].close()
            return found
