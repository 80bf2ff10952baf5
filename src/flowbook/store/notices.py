"""The rules of a project, what it has to tell, and what became of it.

A rule is a setting like any other, under a name that no setting has. A notice is journalled before
anybody is told, in one append with the note that its run was judged, notices first: whatever a
crash leaves of that, the next one to judge makes the same notices of the same runs, and those that
are there already are not written again. One process at a time judges and tells: whoever holds
`notices.lock`, which its end gives back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from flowbook.alerts.notice import Notice
from flowbook.alerts.rule import LAB, Rule, Target, rule_of
from flowbook.errors import UsageError
from flowbook.ids import RunId
from flowbook.store.audit import Action, AuditLog
from flowbook.store.facts import (
    NoticeTried,
    NoticeWritten,
    RunsJudged,
    SettingChanged,
    StoredFact,
)
from flowbook.store.flocks import held
from flowbook.store.judging import Unjudged
from flowbook.store.rows import from_us
from flowbook.store.schema import VIEWS
from flowbook.store.snapshot import Snapshot
from flowbook.store.turn import turn

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

RULE = "notify "
"""What the name of the setting begins with that keeps a rule."""
_TIMES = ("next_at", "happened_at", "written_at", "sent_at")
_COLUMNS = ", ".join(
    f"epoch_us({name}) AS {name}" if name in _TIMES else name for name in VIEWS["deliveries"]
)
_ONE = f"SELECT {_COLUMNS} FROM deliveries WHERE id = $1"  # noqa: S608  # the value is bound
_WAITING = """
SELECT n.id, notice, target, coalesce(t.attempts, 0), epoch_us(next_at) / 1e6
FROM notices AS n JOIN deliveries AS d ON d.id = n.id LEFT JOIN (
    SELECT id, count(*) FILTER (outcome <> 'asked' AND tried_at > coalesce(asked_at, '-infinity'))
               AS attempts
    FROM (SELECT id, outcome, tried_at,
                 max(tried_at) FILTER (outcome = 'asked') OVER (PARTITION BY id) AS asked_at
          FROM notice_attempts) GROUP BY id) AS t ON t.id = n.id
WHERE status = 'waiting' ORDER BY n.written_at, n.id"""
_LAST_TRIED = "SELECT epoch_us(max(tried_at)) / 1e6 FROM notice_attempts WHERE id = $1"
_TOLD_AT = """
SELECT notice->>'$.rule', notice->>'$.flow', max(CAST(notice->>'$.happened_at' AS DOUBLE))
FROM notices GROUP BY ALL"""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A row of the view `deliveries`; times are aware, in UTC."""

    id: str
    rule: str
    event: str
    flow: str
    run_id: RunId | None
    channel: str
    secret: str | None
    status: str
    attempts: int
    last_error: str | None
    next_at: datetime | None
    message: str
    error: str | None
    level: str
    happened_at: datetime
    written_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that somebody is still to be told of: after how many attempts, and not before.

    Attempts before somebody had it sent again do not count.
    """

    id: str
    notice: Notice
    target: Target
    attempts: int
    next_at: float | None


@dataclass(frozen=True, slots=True)
class Notices:
    """What one store keeps of who is told of what.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> store.notices.in_use, store.notices.rules()
    (False, ())
    >>> store.close()
    """

    snapshot: Snapshot
    append: Callable[[list[StoredFact]], Future[None]]
    audit: AuditLog
    prepare: Callable[[], object] = lambda: None

    @property
    def in_use(self) -> bool:
        """True since the first rule was made; costs a look at one file."""
        return self.snapshot.layout.notices.exists()

    # ------------------------------------------------------------ rules

    def rules(self) -> tuple[Rule, ...]:
        """The rules by name, without those that only a newer flowbook can read."""
        if not self.in_use:
            return ()
        with self.snapshot.look("settings") as view:
            rows = view.execute(
                "SELECT value FROM settings WHERE starts_with(name, $1) ORDER BY name", [RULE]
            ).fetchall()
        found = (msgspec.json.decode(text or "null") for (text,) in rows)
        return tuple(rule for said in found if said and (rule := _readable(said)) is not None)

    def keep(self, name: str, change: Callable[[Rule | None], Rule | None]) -> Rule | None:
        """Put in the place of the rule `name` what `change` makes of it, None for nothing."""
        self.prepare()
        with turn(self.snapshot.layout):
            self.snapshot.layout.notices.touch()
            before = next((one for one in self.rules() if one.name == name), None)
            after = change(before)
            if after == before:
                return after
            entry = self.audit.entry(
                Action.SETTING_CHANGED,
                setting=RULE + name,
                before=before and msgspec.to_builtins(before),
                after=after and msgspec.to_builtins(after),
            )
            value = msgspec.Raw(msgspec.json.encode(after))
            at = max(time.time(), self._last_change() + 1e-6)
            self.append([entry, SettingChanged(at=at, name=RULE + name, value=value)]).result()
        return after

    def _last_change(self) -> float:
        with self.snapshot.look("settings") as view:
            rows = view.execute("SELECT max(epoch_us(changed_at)) FROM settings").fetchall()
        return (rows[0][0] or 0) / 1e6

    # ------------------------------------------------------------ what is told

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Be the one who judges and tells; `StoreBusy` at once when another process is."""
        path = self.snapshot.layout.notices
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        with held(fd, path, 0.0, by="another sender of notices", hint="it will see to it"):
            yield

    def told_at(self) -> Mapping[tuple[str, str], float]:
        """When each rule last had something to say of a flow, in seconds since the epoch."""
        with self.snapshot.look("notices") as view:
            return {(rule, flow): at for rule, flow, at in view.execute(_TOLD_AT).fetchall()}

    def judged_slots(self) -> frozenset[str]:
        """The times of schedules that rules were asked about."""
        with self.snapshot.look("judged") as view:
            rows = view.execute("SELECT subject FROM judged WHERE contains(subject, '@')")
            return frozenset(subject for (subject,) in rows.fetchall())

    def write(
        self,
        told: Iterable[tuple[Notice, tuple[Target, ...]]],
        judged: Unjudged,
        slots: tuple[str, ...] = (),
    ) -> int:
        """Keep what is to be told, and that these were judged; how many notices that are, durably.

        Those that were kept before are not kept again.
        """
        wanted = [(one.key(target), one, target) for one, to in told for target in to]
        with self.snapshot.look("notices") as view:
            rows = view.execute(
                "SELECT id FROM notices WHERE list_contains($1, id)", [[key for key, *_ in wanted]]
            ).fetchall()
        known, now = {key for (key,) in rows}, time.time()
        facts: list[StoredFact] = []
        for key, notice, target in wanted:
            if key not in known:
                known.add(key)
                facts += _written(key, notice, target, now)
        fresh = len(facts)
        for subjects, lost in ((judged.over + slots, False), (judged.lost, True)):
            if subjects:
                facts.append(RunsJudged(at=now, subjects=subjects, lost=lost))
        if facts:
            self.append(facts).result()
        return fresh

    def waiting(self) -> list[Waiting]:
        """What is still to be told, the oldest first."""
        with self.snapshot.look("deliveries") as view:
            rows = view.execute(_WAITING).fetchall()
        return [
            Waiting(
                key,
                msgspec.json.decode(notice, type=Notice),
                msgspec.json.decode(target, type=Target),
                attempts,
                next_at,
            )
            for key, notice, target, attempts, next_at in rows
        ]

    def tried(
        self, one: Waiting, outcome: str, error: str | None = None, retry_at: float | None = None
    ) -> None:
        """Note durably what became of an attempt: sent, retry, or failed for good."""
        run = None if one.notice.run is None else RunId(one.notice.run)
        fact = NoticeTried(
            at=time.time(), id=one.id, outcome=outcome, error=error, retry_at=retry_at, run=run
        )
        self.append([fact]).result()

    def ask_again(self, ids: Iterable[str]) -> tuple[DeliveryRow, ...]:
        """Let what had failed for good wait again, durably, due at once; all of it or nothing.

        Raises `UsageError` for one that was sent, that waits, or that there is not.
        """
        wanted = tuple(dict.fromkeys(ids))
        with turn(self.snapshot.layout):  # of two who ask at once the later finds that it waits
            with self.snapshot.look("deliveries") as view:
                facts: list[StoredFact] = [self._asked(view, one) for one in wanted]
            if facts:
                self.append(facts).result()
        with self.snapshot.look("deliveries") as view:
            return tuple(_delivery(row) for one in wanted for row in _found(view, one))

    def _asked(self, view: Connection, key: str) -> NoticeTried:
        rows = _found(view, key)
        if not rows:
            raise UsageError(f"there is no delivery {key!r:.60}", hint="flowbook notify history")
        one = _delivery(rows[0])
        if one.status != "failed":
            how = "was sent" if one.status == "sent" else "waits to be sent"
            raise UsageError(
                f"delivery {key} {how}", hint="only what has failed for good can be sent again"
            )
        last = view.execute(_LAST_TRIED, [key]).fetchall()[0][0]
        now = max(time.time(), last + 1e-6)  # behind the attempt that failed, whatever the clocks
        return NoticeTried(
            at=now, id=key, outcome="asked", error=one.last_error, retry_at=now, run=one.run_id
        )

    def deliveries(  # noqa: PLR0913  # each is one way to narrow what is listed
        self,
        *,
        id: str | None = None,
        flow: str | None = None,
        rule: str | None = None,
        run: str | None = None,
        channel: str | None = None,
        status: str | None = None,
        since: float | None = None,
        limit: int = 100,
    ) -> tuple[DeliveryRow, ...]:
        """Who was told of what, the latest first.

        `since`: only what was written behind that time, in seconds since the epoch.
        """
        if not 1 <= limit <= 10_000:
            raise UsageError(f"limit {limit} lies outside of 1 to 10,000")
        narrowed = {
            "id": id, "flow": flow, "rule": rule, "run_id": run, "channel": channel,
            "status": status,
        }  # fmt: skip
        conditions = [f"{name} = ${name}" for name, value in narrowed.items() if value is not None]
        given: dict[str, Any] = {k: v for k, v in narrowed.items() if v is not None}
        if since is not None:
            conditions.append("written_at > make_timestamp($since)")
            given["since"] = round(since * 1e6)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = (
            f"SELECT {_COLUMNS} FROM (FROM deliveries {where} "  # noqa: S608  # values are bound
            "ORDER BY written_at DESC, id LIMIT $most)"
        )
        with self.snapshot.look("deliveries") as view:
            rows = view.execute(sql, {**given, "most": limit}).fetchall()
        return tuple(map(_delivery, rows))


def _written(key: str, notice: Notice, target: Target, now: float) -> list[StoredFact]:
    run = None if notice.run is None else RunId(notice.run)
    facts: list[StoredFact] = [
        NoticeWritten(
            at=now,
            id=key,
            notice=msgspec.Raw(msgspec.json.encode(notice)),
            target=msgspec.Raw(msgspec.json.encode(target)),
            run=run,
        )
    ]
    if target.channel == LAB:  # who looks at it there has it by that
        facts.append(NoticeTried(at=now, id=key, outcome="sent", run=run))
    return facts


def _readable(said: Any) -> Rule | None:
    try:
        return rule_of(said)
    except UsageError:
        return None


def _found(view: Connection, key: str) -> list[tuple[Any, ...]]:
    return view.execute(_ONE, [key]).fetchall()


def _delivery(row: tuple[Any, ...]) -> DeliveryRow:
    named = dict(zip(VIEWS["deliveries"], row, strict=True))
    return DeliveryRow(**named | {name: from_us(named[name]) for name in _TIMES})
