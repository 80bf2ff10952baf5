"""One project folder, open: the sink, the vault, the history and SQL, wired together.

There is one `Store` per process and folder. Opening creates nothing and reads one small file; the
first fact or value makes the folder. Everything an open store holds ends with its process, so a
kill needs no repair: the next fold takes up what was journalled. A forked child may not use its
parent's store; it opens its own.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Any

import msgspec

from flowbook.errors import StoreBusy, StoreError
from flowbook.ids import FlowId, NodeId, WriterId
from flowbook.store.audit import Action, AuditLog, who
from flowbook.store.cache import Cache
from flowbook.store.claims import Claims
from flowbook.store.datasets import Datasets
from flowbook.store.deletion import Deletions
from flowbook.store.disk import Disk, Durability
from flowbook.store.environments import Environments
from flowbook.store.facts import Edge, FlowRecorded, VersionPublished
from flowbook.store.feed import Feed
from flowbook.store.fold import Fold
from flowbook.store.folder import Folder
from flowbook.store.history import History
from flowbook.store.journal import Journal
from flowbook.store.keeping import Keep
from flowbook.store.layout import Layout
from flowbook.store.locks import StoreLock
from flowbook.store.looking import Looking
from flowbook.store.maintained import Maintained
from flowbook.store.memory import Memory
from flowbook.store.migrations import ensure_meta, read_meta
from flowbook.store.mounts import check_file_system
from flowbook.store.notices import Notices
from flowbook.store.query import Tables
from flowbook.store.resident import Resident
from flowbook.store.retention import Retention
from flowbook.store.scheduled import Agenda
from flowbook.store.settings import Settings
from flowbook.store.signals import Signals
from flowbook.store.slots import Slots
from flowbook.store.snapshot import Snapshot
from flowbook.store.upkeep import Upkeep
from flowbook.store.values import Objects

_FOLD_SECONDS = 0.2
_UPGRADE_SECONDS = 30.0
_SEAL_BYTES = 256 * 2**10
_log = logging.getLogger(__name__)
_opened: dict[Path, Store] = {}
_opening = RLock()


class Store(Maintained):
    """One open project folder; `Store.open` is the way to get it.

    >>> import tempfile
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> store.history.runs().runs
    ()
    >>> store.close()
    """

    def __init__(self, root: Path, durability: Durability, disk: Disk) -> None:
        self.root, layout = root, Layout(root)
        read_meta(layout)
        lock, resident = StoreLock(layout), Resident()
        self._disk = disk
        self._resident, self._tables = resident, Tables()
        self._fold = Fold(layout, lock, resident, disk, finished=self._finished)
        self._folder = Folder(self._fold_quietly)
        self._versions: dict[tuple[str, str], Future[None]] = {}

        self.sink = Journal(
            layout,
            durability=durability,
            disk=disk,
            prepare=self._prepare,
            noticed=self._folder.noticed,
        )
        self.vault = Objects(layout, durability=durability, disk=disk, prepare=self._prepare)
        self.claims = Claims(layout, durability=durability, disk=disk, prepare=self._prepare)
        self.signals = Signals(layout, durability=durability, disk=disk, prepare=self._prepare)
        self._snapshot = snapshot = Snapshot(
            layout, lock, resident, upgrade=lambda: self._fold(budget=_UPGRADE_SECONDS)
        )
        append = self.sink.append
        self.audit = audit = AuditLog(snapshot, append, keep=self._audit_kept)
        self.slots = Slots(layout, disk=disk, prepare=self._prepare)
        self.settings = Settings(snapshot, append, self.audit, self.slots.say)
        self.notices = Notices(snapshot, append, audit, self._prepare)
        deletions = Deletions(snapshot, append, self.audit, fold=self._fold_if_free)
        self.history = History(snapshot, deletions)
        self.environments = Environments(snapshot, append, time.time)
        self.retention = Retention(snapshot, self.settings, deletions, audit, self.claims.claim)
        self.agenda = Agenda(self.history, append, audit)
        self.cache = Cache(snapshot, append, self.audit)
        self.looking = Looking(self.vault)
        self.datasets = Datasets(snapshot, self.vault, append)
        self.upkeep = Upkeep(
            snapshot, self.settings, self.retention, self.claims, self.signals, self.gc
        )

    @classmethod
    def open(cls, root: Path, *, durability: str = Durability.FSYNC) -> Store:
        """The store in `root` (`<project>/.flowbook`); the same object for the same folder.

        `durability` says what an acknowledged fact survives: `fsync` a power cut, `os` a killed
        process, `off` neither; the first opener decides. Raises `StoreVersion` for a folder of a
        newer flowbook.
        """
        place = Path(os.path.realpath(root))
        with _opening:
            found = _opened.get(place)
            if found is None:
                found = _opened[place] = cls(place, Durability(durability), Disk())
            return found

    @property
    def memory(self) -> Memory:
        """What is remembered from run to run; `memory.of(flow)` is that of a flow."""
        return Memory(self._snapshot, self.vault, self.sink.append, prepare=self._prepare)

    @property
    def feed(self) -> Feed:
        """The changes of what is remembered, in their order."""
        return Feed(self._snapshot)

    def record_flow(
        self,
        flow: str,
        version: str,
        spec_json: bytes | str,
        edges: Iterable[Edge] | None = None,
    ) -> Future[None]:
        """Keep a version of a flow's definition, and its edges; once per process and version."""
        known = self._versions.get((flow, version))
        if known is None:
            spec = msgspec.Raw(spec_json.encode() if isinstance(spec_json, str) else spec_json)
            fact = FlowRecorded(
                at=time.time(), flow=FlowId(flow), version=version, spec=spec,
                edges=None if edges is None else tuple(edges),
            )  # fmt: skip
            known = self._versions[flow, version] = self.sink.append([fact])
        return known

    def publish(
        self,
        flow: str,
        version: str,
        note: str = "",
        *,
        setup: str = "",
        places: Mapping[NodeId, tuple[float, float]] | None = None,
    ) -> None:
        """Let a version be the published one of its flow; durable when this returns.

        `setup` is code that runs ahead of its setup cells; `places` are those of its nodes on the
        canvas.
        """
        by, _source = who()
        fact = VersionPublished(
            at=time.time(), flow=FlowId(flow), version=version, by=by, note=note, setup=setup,
            places=None if places is None else dict(places),
        )  # fmt: skip
        entry = self.audit.entry(Action.PUBLISHED, flow=flow, version=version, reason=note or None)
        self.sink.append([fact, entry]).result()

    def query(
        self,
        sql: str,
        tables: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        attach: Mapping[str, str] | None = None,
        result: str = "frame",
        stop: Callable[[], bool] | None = None,
    ) -> Any:
        """SQL over tables in memory; see `flowbook.store.query.Tables.query`."""
        return self._tables.query(
            sql, tables, parameters or {}, attach=attach, result=result, stop=stop
        )

    def fold(self, *, budget: float = 2.0) -> int:
        """Move everything journalled, by anybody, into the database; how many facts that was.

        Raises `StoreBusy` when it has to wait for longer than `budget` seconds.
        """
        self.sink.seal().result()
        return self._fold(budget=budget)

    def close(self) -> None:
        """Make everything durable, fold it if nobody is in the way, let go of the folder."""
        with _opening:
            if _opened.get(self.root) is self:
                del _opened[self.root]
        self._folder.close()
        self.upkeep.settle(_FOLD_SECONDS)
        self.sink.close()
        try:
            if os.access(self.root, os.W_OK):
                self._fold(budget=_FOLD_SECONDS)
        except StoreBusy:
            pass  # the next fold of any process takes it up
        except (StoreError, OSError):
            _log.warning("the journal could not be folded; nothing is lost", exc_info=True)
        finally:
            self._resident.close()
            self._tables.close()
            self.looking.close()

    def _finished(self) -> dict[WriterId, int]:
        return {self.sink.writer: self.sink.finished}

    def _audit_kept(self) -> Keep:
        return Keep.parse(self.settings.get("audit_retention"))

    def _fold_if_free(self) -> None:
        with suppress(StoreError):  # it is recorded: the next fold of any process takes it up
            self.fold()

    def _fold_quietly(self) -> int:
        self.sink.seal(_SEAL_BYTES).result()
        facts = self._fold(budget=_FOLD_SECONDS)
        self.upkeep.settle()
        self.upkeep.daily()
        return facts

    def _prepare(self) -> None:
        check_file_system(self.root)
        ensure_meta(Layout(self.root), self._disk)

    def disown(self) -> None:
        """In a forked child: let go without touching what the parent still uses."""
        self.sink.disown()
        self._resident.disown()
        self._tables.disown()
        self.looking.disown()


def _close_all() -> None:
    for store in list(_opened.values()):
        store.close()


def _disown_all() -> None:
    global _opening
    _opening = RLock()  # whoever held it in the parent is not here to let go
    stores = list(_opened.values())
    _opened.clear()
    for store in stores:
        store.disown()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_disown_all)
