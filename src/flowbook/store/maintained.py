"""What an open store can do for its own folder: look after it, tidy it, save it.

The doors only: what each does is in the module of its name. What rewrites or removes something
leaves an entry in the audit.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from flowbook.errors import StoreBusy
from flowbook.store import archive
from flowbook.store.audit import AuditLog
from flowbook.store.backup import backup
from flowbook.store.compact import Compaction, compact
from flowbook.store.fold import Fold
from flowbook.store.garbage import Collection, collect, count_references
from flowbook.store.rebuild import Rebuild, rebuild
from flowbook.store.resident import leased
from flowbook.store.sizes import FlowSize, sizes
from flowbook.store.snapshot import Snapshot
from flowbook.store.status import StoreStatus, status
from flowbook.store.verify import VerifyReport, verify

GRACE_SECONDS = 3600.0
"""A value that was made less than this ago may be about to be reported."""


class Maintained:
    """The maintenance of a store; `Store` is one.

    >>> import tempfile; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> store.verify().ok, store.status().runs
    (True, 0)
    >>> store.close()
    """

    audit: AuditLog
    _fold: Fold
    _snapshot: Snapshot

    @abstractmethod
    def fold(self, *, budget: float = 2.0) -> int:
        """Move everything journalled into the database."""

    def status(self) -> StoreStatus:
        """What lies in the folder and who is at work in it; raises nothing, waits a second at most.

        >>> import tempfile; from flowbook.store.store import Store
        >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
        >>> store.status().database_bytes
        0
        """
        return status(self._snapshot)

    def verify(self, *, deep: bool = False) -> VerifyReport:
        """Check that everything fits together; `deep` reads every object and the archive too.

        Raises `StoreBusy` when the store is held by somebody else for longer than ten seconds.

        >>> import tempfile; from flowbook.store.store import Store
        >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
        >>> store.verify(deep=True).findings
        ()
        """
        return verify(self._snapshot, deep=deep)

    def compact(self, *, budget: float = 30.0) -> Compaction:
        """Fold, then make the database file as small as its rows are, and tidy the archive.

        Writers go on; readers wait meanwhile. Raises `StoreBusy` after `budget` seconds of waiting,
        `StoreError` when there is no room for a copy, and changes nothing then.

        >>> import tempfile; from flowbook.store.store import Store
        >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
        >>> store.compact()
        Compaction(before_bytes=0, after_bytes=0, seconds=0.0)
        """
        self.fold(budget=budget)
        done = compact(self._fold, budget=budget)
        if done.before_bytes:
            self.audit.account("COMPACTED", **asdict(done))
        return done

    def gc(self, grace_seconds: float = GRACE_SECONDS, *, dry_run: bool = False) -> Collection:
        """Remove values that no run and no dataset needs, and what dead processes left half-made.

        Processes that write do so once a day by themselves. Nothing younger than `grace_seconds`
        goes: a value is made before the fact that names it.

        Raises `StoreBusy` when the store is held by somebody else for longer than ten seconds.

        >>> import tempfile; from flowbook.store.store import Store
        >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
        >>> store.gc(dry_run=True)
        Collection(objects=0, bytes=0, kept=0)
        """
        if not dry_run:
            with suppress(StoreBusy):  # what it would tidy waits for the next fold
                self.fold()
                self._forget_deleted()
        done = collect(self._snapshot, grace_seconds=grace_seconds, dry_run=dry_run)
        if done.bytes and not dry_run:
            self.audit.account("COLLECTED", **asdict(done), grace_seconds=grace_seconds)
        return done

    def references(self, hash: str) -> int:
        """How many values and dataset versions need the object of that sha256.

        >>> import tempfile; from flowbook.store.store import Store
        >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
        >>> store.references("ab" * 32)
        0
        """
        return count_references(self._snapshot, hash)

    def sizes(self) -> tuple[FlowSize, ...]:
        """How much each flow takes up, the largest first; reads all events, seconds for millions.

        >>> import tempfile; from flowbook.store.store import Store
        >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
        >>> store.sizes()
        ()
        """
        return sizes(self._snapshot)

    def rebuild(self, *, partial: bool = False, budget: float = 30.0) -> Rebuild:
        """Make the database anew from the archive and the journal; the old file is kept aside.

        Works without a readable database. Raises `StoreError` when the archive does not reach back
        to the first fact, unless `partial`; `StoreBusy` after `budget` seconds of waiting.

        >>> import tempfile; from flowbook.store.store import Store
        >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
        >>> store.rebuild().facts
        0
        """
        return rebuild(self._fold, partial=partial, budget=budget)

    def backup(self, path: Path) -> None:
        """Write the history, journalled facts included, as a DuckDB file of its own at `path`.

        Its tables are the views one can query here. Raises `UsageError` when `path` is taken,
        `StoreError` when it cannot be written.

        >>> import tempfile; from flowbook.store.store import Store
        >>> folder = Path(tempfile.mkdtemp())
        >>> store = Store.open(folder / ".flowbook")
        >>> store.backup(folder / "history.duckdb")
        >>> (folder / "history.duckdb").exists()
        True
        """
        with suppress(StoreBusy):  # a look sees what is not folded just as well
            self.fold()
        backup(self._snapshot, self._fold.disk, path)

    def _forget_deleted(self) -> None:
        fold, budget = self._fold, 2.0
        if not archive.archived(fold.layout):
            return
        with (
            fold.lock.folding(budget),
            leased(fold.resident, fold.layout.database, read_only=True, budget=budget) as cursor,
        ):
            archive.forget_deleted(cursor, fold.layout, fold.disk)
