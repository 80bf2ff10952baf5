"""What flows remember from run to run: values by key, each change with a version of its own.

A key belongs to a flow, or to the whole project. Its versions count 1, 2, 3, … and never go back,
not even when it is deleted, so a writer who names the version it has seen cannot overwrite what
came since. Like everything else it is a fold of facts: a change is looked at and journalled in
turn (`flowbook.store.turn`), and durable when it returns.

A node may run again: after a failure, a crash, a wait. So that it does not write twice, a change by
a node carries an id that is the same in every attempt (`Author.write`). A change whose id is known
already is not made again; only `set` with another value than before replaces it, as long as nobody
else has changed the key since.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from flowbook.errors import MemoryConflict, UsageError
from flowbook.events.ports import Vault
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.ids import FlowId, NodeId, RunId
from flowbook.store.audit import who
from flowbook.store.display import html_table, moment, text_table
from flowbook.store.facts import MemoryChanged, StoredFact
from flowbook.store.feed import owner_of_run, ref_of, tell, whose
from flowbook.store.rows import from_us
from flowbook.store.snapshot import Snapshot
from flowbook.store.turn import turn

_TRIES = 100
"""How often `update` begins anew, until it says that the key does not come to rest."""
_LONGEST = 512
"""Characters a key may have."""
_HEAD = ("key", "version", "value", "changed (UTC)", "by")
_ROWS = """SELECT key, version, value, run_id, node, attempt, epoch_us(changed_at), changed_by
FROM memory_changes
WHERE flow IS NOT DISTINCT FROM $flow AND ($key IS NULL OR key = $key)"""
_LATEST = f"""{_ROWS}
QUALIFY row_number() OVER (PARTITION BY key ORDER BY version DESC) = 1 ORDER BY key"""
_WRITTEN = f"{_ROWS} AND write_id = $write ORDER BY version DESC LIMIT 1"
_LAST = "SELECT max(epoch_us(changed_at)) FROM memory_changes"
_CHANGES = f"{_ROWS} ORDER BY changed_at DESC, key, version DESC"


@dataclass(frozen=True, slots=True)
class Author:
    """The node that changes a key. `write` is the id of the change, the same in every attempt."""

    run: RunId
    node: NodeId
    attempt: int
    write: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a key: its version, when, and the node of a run that made it, or the user.

    `ref` refers to the value; None: the key was deleted.
    """

    key: str
    version: int
    ref: ValueRef | None
    run_id: RunId | None
    node: NodeId | None
    attempt: int | None
    changed_at: datetime
    changed_by: str | None = None

    @property
    def deleted(self) -> bool:
        """True when there was no value from then on."""
        return self.ref is None

    def to_json(self) -> dict[str, Any]:
        """The change as plain data; a value above 4 KiB by its type and size only."""
        told = {"key": self.key, "version": self.version, "deleted": self.deleted}
        ref = self.ref
        if ref is not None:
            told |= {"type": ref.type, "bytes": ref.size}
            if ref.format is ValueFormat.JSON and ref.inline:
                told["value"] = msgspec.json.decode(ref.inline)
        at = self.changed_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        by = {"run": self.run_id, "node": self.node, "by": self.changed_by}
        return {**told, **by, "changed_at": at}

    @property
    def shown(self) -> str:
        """The value in a few words."""
        if self.ref is None:
            return "(deleted)"
        told = self.to_json()
        text = repr(told["value"]) if "value" in told else f"{self.ref.type}, {self.ref.size:,} B"
        return text if len(text) <= 60 else f"{text[:59]}…"


class Changes(tuple[Change, ...]):
    """Changes, for display."""

    __slots__ = ()

    def rows(self) -> list[tuple[str, ...]]:
        """Key, version, value, time and by whom, as text."""
        return [_cells(one) for one in self]

    def __repr__(self) -> str:
        return text_table(_HEAD, self.rows()) if self else "nothing is remembered"

    def _repr_html_(self) -> str:
        return html_table(_HEAD, self.rows())


@dataclass(frozen=True, slots=True, repr=False)
class Recollection:
    """What one flow remembers, or the whole project if `flow` is None, to look at."""

    snapshot: Snapshot
    vault: Vault
    append: Callable[[list[StoredFact]], Future[None]]
    author: Callable[[str], Author | None] = lambda _key: None
    """Who changes that key now; None for nobody that could do it twice."""
    flow: FlowId | None = None
    prepare: Callable[[], object] = lambda: None
    """Makes the folder: without one there would be no turn to wait for."""

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, `default` without one.

        Raises `ValueUnavailable` when it is kept no more.
        """
        change = self._latest(key)
        return default if change is None or change.ref is None else self.vault.get(change.ref)

    def version(self, key: str) -> int:
        """The version of `key`, for `if_version`; 0 while it has no value."""
        change = self._latest(key)
        return 0 if change is None or change.deleted else change.version

    def entries(self) -> Changes:
        """The last change of every key that has a value, by key."""
        return Changes(one for one in self._rows(_LATEST, key=None) if not one.deleted)

    def history(self, key: str | None = None) -> Changes:
        """All changes, the latest first; of `key` only."""
        return Changes(self._rows(_CHANGES, key=key))

    def __getitem__(self, key: str) -> Any:
        change = self._latest(key)
        if change is None or change.ref is None:
            raise KeyError(key)
        return self.vault.get(change.ref)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.version(key) > 0

    def __iter__(self) -> Iterator[str]:
        return (one.key for one in self.entries())

    def __len__(self) -> int:
        return len(self.entries())

    def __repr__(self) -> str:
        return f"{whose(self.flow)}\n{self.entries()!r}"

    def _latest(self, key: str) -> Change | None:
        return next(self._rows(_LATEST, key=key), None)

    def _rows(self, query: str, **known: str | None) -> Iterator[Change]:
        with self.snapshot.look("memory_changes") as view:
            rows = view.execute(query, {"flow": self.flow, **known}).fetchall()
        yield from map(_change_of, rows)


@dataclass(frozen=True, slots=True, repr=False)
class Memory(Recollection):
    """What one flow remembers, or the whole project if `flow` is None.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> memory = store.memory.of("orders")
    >>> memory.set("seen", 41)
    1
    >>> memory.update("seen", lambda seen: seen + 1)
    42
    >>> memory.set("seen", 0, if_version=1)
    Traceback (most recent call last):
    ...
    flowbook.errors.MemoryConflict: 'seen' of flow 'orders' has version 2 by now, not 1
      hint: read it again, or let update() do so
    >>> memory["seen"], "other" in memory, list(memory)
    (42, False, ['seen'])
    >>> store.close()
    """

    def of(self, flow: str | None) -> Memory:
        """That of a flow; of the project for None."""
        return replace(self, flow=None if flow is None else FlowId(flow))

    @property
    def shared(self) -> Memory:
        """That of the whole project, which all its flows have in common."""
        return self.of(None)

    def of_run(self, run_id: str) -> Memory:
        """That of one run only, which goes with it."""
        return self.of(owner_of_run(run_id))

    def set(self, key: str, value: Any, *, if_version: int | None = None) -> int:
        """Give `key` a value, and return its version, once that is durable.

        `if_version`: only if that is its version still; 0: only if it has no value.

        Raises:
            MemoryConflict: it has another version by now; nothing has changed.
            UsageError: the value cannot be kept, or the key is none.
        """
        _check(key)
        return self._change(key, self._kept(key, value), if_version, self.author(key)).version

    def update(self, key: str, change: Callable[[Any], Any], default: Any = None) -> Any:
        """Replace the value of `key` by what `change` makes of it, and return that.

        `change` is called anew when somebody else was quicker, so it should do nothing else. In a
        node that runs again it is not called: what it had made before is returned.

        Raises `MemoryConflict` when a hundred others were quicker, `UsageError` as `set` does.
        """
        _check(key)
        author = self.author(key)
        for tries in range(_TRIES):
            done = self._written(key, author)
            if done is not None and done.ref is not None:
                return self.vault.get(done.ref)
            latest = self._latest(key)
            has = latest is not None and latest.ref is not None
            value = change(self.vault.get(latest.ref) if latest and latest.ref else default)
            seen = latest.version if has and latest else 0
            try:
                self._change(key, self._kept(key, value), seen, author, once=True)
            except MemoryConflict:
                if tries + 1 == _TRIES:
                    raise
                time.sleep(random.random() * 0.01)  # noqa: S311 - spreads those who meet
            else:
                return value
        raise AssertionError("unreachable")

    def delete(self, key: str, *, if_version: int | None = None) -> bool:
        """Take the value of `key` away; False when it has none. Raises as `set` does."""
        _check(key)
        author = self.author(key)
        if self.version(key) == 0 and not if_version:
            return self._written(key, author) is not None
        self._change(key, None, if_version, author)
        return True

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)

    def __delitem__(self, key: str) -> None:
        if not self.delete(key):
            raise KeyError(key)

    def _kept(self, key: str, value: Any) -> ValueRef:
        ref = self.vault.put(value)
        if ref.format is ValueFormat.NONE or not ref.exact:
            raise UsageError(
                f"{key!r} cannot be a {ref.type}: {ref.reason or 'it would not come back'}",
                hint="give plain data, a frame, an array or a picture",
            )
        return ref

    def _change(
        self,
        key: str,
        ref: ValueRef | None,
        if_version: int | None,
        author: Author | None,
        *,
        once: bool = False,
    ) -> Change:
        """Make a change in turn; of one whose id is known, what there is of it."""
        self.prepare()
        with turn(self.snapshot.layout):
            latest, done, last = self._seen(key, author)
            if done is not None and latest is not None:
                if once or latest.version != done.version or _same(done.ref, ref):
                    return done
            elif if_version is not None:
                self._refuse(key, latest, if_version)
            version = 1 if latest is None else latest.version + 1
            return self._journalled(key, ref, version, author, last)

    def _refuse(self, key: str, latest: Change | None, wanted: int) -> None:
        has = 0 if latest is None or latest.deleted else latest.version
        if has != wanted:
            now = f"has version {has} by now" if has else "has no value"
            raise MemoryConflict(
                f"{key!r} of {whose(self.flow)} {now}, not {wanted}",
                hint="read it again, or let update() do so",
                key=key,
                flow=self.flow,
                expected=wanted,
                found=has,
            )

    def _journalled(
        self, key: str, ref: ValueRef | None, version: int, author: Author | None, last: int
    ) -> Change:
        at = max(time.time(), (last + 1) / 1e6)  # later than all before, by any clock
        if author is None:
            by: dict[str, Any] = {"by": who()[0]}
        else:
            by = {"run": author.run, "node": author.node, "attempt": author.attempt}
            by["write"] = author.write
        fact = MemoryChanged(at=at, key=key, version=version, value=ref, flow=self.flow, **by)
        self.append([fact]).result()
        tell(self.snapshot.layout, round(at * 1e6))
        told = (fact.run, fact.node, fact.attempt, from_us(int(at * 1e6)), fact.by)
        return Change(key, version, ref, *told)

    def _seen(self, key: str, author: Author | None) -> tuple[Change | None, Change | None, int]:
        """The last change of the key, that of the author's id, and when the last of all was."""
        write = "" if author is None else author.write
        asked = {"flow": self.flow, "key": key}
        with self.snapshot.look("memory_changes") as view:
            latest = view.execute(_LATEST, asked).fetchall()
            done = view.execute(_WRITTEN, {**asked, "write": write}).fetchall() if write else []
            last = view.execute(_LAST).fetchall()
        found = [_change_of(rows[0]) if rows else None for rows in (latest, done)]
        return found[0], found[1], int(last[0][0] or 0)

    def _written(self, key: str, author: Author | None) -> Change | None:
        """The change of that id, as it was made last; None when it was not made yet."""
        if author is None:
            return None
        return next(self._rows(_WRITTEN, key=key, write=author.write), None)


def _check(key: object) -> None:
    if not isinstance(key, str) or not key or len(key) > _LONGEST:
        raise UsageError(
            f"{key!r} is no key: it is text of 1 to {_LONGEST} characters",
            hint="such as 'offset' or 'orders/2026-05-01'",
        )


def _same(one: ValueRef | None, other: ValueRef | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.hash, one.type, one.format) == (other.hash, other.type, other.format)


def _change_of(row: tuple[Any, ...]) -> Change:
    name, version, value, run, node, attempt, at, by = row
    return Change(name, version, ref_of(value), run, node, attempt, from_us(at), by)


def _cells(one: Change) -> tuple[str, ...]:
    by = f"{one.node} of run {one.run_id}" if one.node else one.changed_by or ""
    return one.key, str(one.version), one.shown, moment(one.changed_at), by
