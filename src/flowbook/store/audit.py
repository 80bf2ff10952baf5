"""The audit: who did what to which run, when, why, and from where.

An entry outlives what it was done to, and carries no payload of it; only of a flow that wants its
runs accounted for (`RunAccount`) it tells their parameters, and why they failed. Entries are
journalled before, or in the same append as, what they account for. They go only by a retention of
their own (`audit_retention`), which leaves an entry too.
"""

from __future__ import annotations

import getpass
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from flowbook.errors import StoreError, UsageError
from flowbook.events import RunStatus
from flowbook.ids import FlowId, RunId, mint_uuid7
from flowbook.store.facts import Audited, AuditPruned, StoredFact
from flowbook.store.keeping import Keep
from flowbook.store.paging import check_limit, read_cursor, write_cursor
from flowbook.store.plain import NotPlain, Plainer
from flowbook.store.process import kernel_id
from flowbook.store.rows import from_us, to_us
from flowbook.store.snapshot import Snapshot

SYSTEM = "system"
"""The actor of what nobody asked for: background work, and users without a name."""
_DAY = 86_400.0
_log = logging.getLogger(__name__)
_COLUMNS = "id, action, actor, run_id, workflow_id, metadata, epoch_us(created_at)"
_SEARCH = (
    f"SELECT {_COLUMNS} FROM audit {{where}} "  # noqa: S608  # ours; values are bound
    "ORDER BY created_at DESC, id DESC LIMIT ?"
)
_actor: ContextVar[str | None] = ContextVar("flowbook_actor", default=None)
_source: ContextVar[str | None] = ContextVar("flowbook_source", default=None)


class Action(StrEnum):
    """What can be accounted for."""

    STARTED = "STARTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    RECOVERED = "RECOVERED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    DELETED = "DELETED"
    PINNED = "PINNED"
    UNPINNED = "UNPINNED"
    EXPORTED = "EXPORTED"
    SETTING_CHANGED = "SETTING_CHANGED"
    COMPACTED = "COMPACTED"
    COLLECTED = "COLLECTED"
    PURGED = "PURGED"
    CACHE_CLEARED = "CACHE_CLEARED"
    PUBLISHED = "PUBLISHED"
    SCHEDULED = "SCHEDULED"
    UNSCHEDULED = "UNSCHEDULED"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry. `metadata` has `reason`, `source` and what else belongs to the action."""

    id: str
    action: str
    actor: str
    run_id: RunId | None
    flow: FlowId | None
    metadata: Mapping[str, Any]
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """The row as plain data, its time as ISO 8601 text."""
        at = self.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        named = {"id": self.id, "action": self.action, "actor": self.actor, "run_id": self.run_id}
        return {**named, "flow": self.flow, "metadata": dict(self.metadata), "created_at": at}


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, newest first; `next` is the cursor of the page that follows, if one does."""

    entries: tuple[AuditRow, ...]
    next: str | None = None

    def to_json(self) -> dict[str, Any]:
        """`{"entries": [...], "next": cursor}`."""
        return {"entries": [entry.to_json() for entry in self.entries], "next": self.next}


@contextmanager
def acting(*, actor: str | None = None, source: str | None = None) -> Iterator[None]:
    """Within it, entries that name no actor or source get these: how a door says who it serves.

    >>> with acting(actor="ann", source="cli"):
    ...     who()
    ('ann', 'cli')
    """
    tokens = (_actor.set(actor or _actor.get()), _source.set(source or _source.get()))
    try:
        yield
    finally:
        _actor.reset(tokens[0])
        _source.reset(tokens[1])


def who() -> tuple[str, str]:
    """The actor and source of an entry that names none: the user of this process, and this process.

    On a JupyterHub the user is its own; `system` is one without a name.
    """
    actor = _actor.get() or os.environ.get("JUPYTERHUB_USER")
    if not actor:
        try:
            actor = getpass.getuser()
        except (KeyError, OSError):  # a container's number without a name
            actor = SYSTEM
    kind = "kernel" if kernel_id() else "process"
    return actor, _source.get() or f"{kind} {socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class RunAccount:
    """What the audit says of one run, in the name of whoever started it or took it up.

    Who that is, and from where, was asked then: the end comes on a thread that serves nobody.
    Every entry is appended at once; its future is done when it is durable.
    """

    audit: AuditLog
    run: str
    flow: str
    actor: str
    source: str

    def started(self, trigger: str, params: Mapping[str, Any]) -> Future[None]:
        """The run began; `params` are kept for as long as the entry is, so redact them first."""
        return self._say(Action.STARTED, trigger=trigger, params=dict(params))

    def recovered(self) -> Future[None]:
        """The run's process was gone, and another goes on with it."""
        return self._say(Action.RECOVERED)

    def ended(
        self, status: RunStatus, duration_ms: float, reason: str | None = None
    ) -> Future[None]:
        """The run is over, after so many milliseconds."""
        return self._say(status.upper(), duration_ms=round(duration_ms, 3), reason=reason)

    def _say(self, action: str, **metadata: Any) -> Future[None]:
        who = {"actor": self.actor, "source": self.source}
        fact = self.audit.entry(action, run=self.run, flow=self.flow, **who, **metadata)
        return self.audit.append([fact])


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The audit of one project. `keep` says for how long.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> _ = store.audit.record("EXPORTED", flow="tour", actor="ann", reason="quarterly report")
    >>> [(row.action, row.metadata["reason"]) for row in store.audit.search(actor="ann").entries]
    [('EXPORTED', 'quarterly report')]
    >>> store.close()
    """

    snapshot: Snapshot
    append: Callable[[list[StoredFact]], Future[None]]
    keep: Callable[[], Keep] = Keep

    def entry(
        self,
        action: Action | str,
        *,
        run: str | None = None,
        flow: str | None = None,
        actor: str | None = None,
        **metadata: Any,
    ) -> Audited:
        """The fact of an entry, to be appended together with what it accounts for.

        Metadata that is None is left out. Raises `UsageError` for an action that does not exist
        and for metadata that is no plain data.
        """
        if action not in Action.__members__:
            raise UsageError(f"{action!r} is no action", hint=f"write one of {', '.join(Action)}")
        user, source = who() if actor is None or "source" not in metadata else (actor, "")
        given = {"source": source, **{k: v for k, v in metadata.items() if v is not None}}
        try:
            plain = Plainer().convert(given)
        except NotPlain as refusal:
            raise UsageError(f"metadata has to be plain data: {refusal}") from None
        now = time.time()
        return Audited(
            at=now,
            id=mint_uuid7(int(now * 1000), secrets.randbits(74)),
            action=str(action),
            actor=actor or user,
            run=None if run is None else RunId(run),
            flow=None if flow is None else FlowId(flow),
            metadata=plain,
        )

    def record(
        self,
        action: Action | str,
        *,
        run: str | None = None,
        flow: str | None = None,
        actor: str | None = None,
        **metadata: Any,
    ) -> str:
        """Account for something; the entry's id, once it is durable.

        `reason`, `source`, `result` and `duration_ms` are the usual metadata; `source` is this
        process unless it is said. Raises as `entry`.
        """
        fact = self.entry(action, run=run, flow=flow, actor=actor, **metadata)
        self.append([fact]).result()
        return fact.id

    def account(self, action: Action | str, **metadata: Any) -> None:
        """As `record`, for what is done already: an entry that cannot be kept is only warned of.

        A read-only copy of a project is there to be read, exported and reported on.
        """
        try:
            self.record(action, **metadata)
        except (StoreError, OSError) as refused:
            _log.warning("the audit has no entry of this (%s): %s", action, refused)

    def of_run(self, run: str, flow: str) -> RunAccount:
        """The entries of one run, in the name of whoever acts now."""
        actor, source = who()
        return RunAccount(self, run, flow, actor, source)

    def search(  # noqa: PLR0913  # each is one way to narrow a page
        self,
        *,
        run: str | None = None,
        flow: str | None = None,
        action: Action | str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> AuditPage:
        """Entries that match, newest first; give a page's `next` as `cursor` for the one after.

        `text` is any part of the metadata, the actor or the run's id, in either case; naive times
        are local. Raises `UsageError` for an action, limit or cursor that cannot be.
        """
        check_limit(limit)
        if action is not None and action not in Action.__members__:
            raise UsageError(f"{action!r} is no action", hint=f"write one of {', '.join(Action)}")
        narrowed = [
            ("run_id = ?", run),
            ("workflow_id = ?", flow),
            ("action = ?", None if action is None else str(action)),
            ("actor = ?", actor),
            ("created_at >= make_timestamp(?)", None if since is None else to_us(since)),
            ("created_at < make_timestamp(?)", None if until is None else to_us(until)),
            ("contains(lower(concat_ws(' ', run_id, actor, metadata)), lower(?))", text or None),
        ]
        conditions = [condition for condition, value in narrowed if value is not None]
        values: list[Any] = [value for _, value in narrowed if value is not None]
        if cursor is not None:
            at, entry_id = read_cursor(cursor)
            conditions.append("created_at <= ? AND (created_at < ? OR id < ?)")
            values += [at, at, entry_id]
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        with self.snapshot.look("audit") as view:
            rows = view.execute(_SEARCH.format(where=where), [*values, limit + 1]).fetchall()
        found = tuple(_row(row) for row in rows[:limit])
        more = len(rows) > limit
        return AuditPage(found, write_cursor(found[-1].created_at, found[-1].id) if more else None)

    def prune(self, now: float | None = None) -> int:
        """Drop entries that have outlived `audit_retention`; how many those were.

        `now` is in seconds since the epoch. What is dropped is accounted for by one entry.
        """
        keep = self.keep()
        if keep.days is None:
            return 0
        before = (time.time() if now is None else now) - keep.days * _DAY
        with self.snapshot.look("audit") as view:
            rows = view.execute(
                "SELECT count(*) FROM audit WHERE created_at < make_timestamp(?)",
                [round(before * 1e6)],
            ).fetchall()
        count = int(rows[0][0])
        if count:
            until = datetime.fromtimestamp(before, UTC).isoformat(timespec="seconds")
            entry = self.entry(
                Action.PURGED, actor=SYSTEM, reason=f"audit_retention {keep}", count=count,
                before=until,
            )  # fmt: skip
            self.append([entry, AuditPruned(at=time.time(), before=before)]).result()
        return count


def _row(row: tuple[Any, ...]) -> AuditRow:
    entry_id, action, actor, run, flow, metadata, at = row
    told, created = msgspec.json.decode(metadata or "{}"), from_us(at)
    return AuditRow(entry_id, action, actor, run, flow, told, created)
