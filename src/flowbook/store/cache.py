"""What was computed before, as the cache asks for it, and what of that is of no use any more.

Nothing is kept for the cache: a cached result is the completion that recorded it, with its values.
To *clear* is a journalled fact that says up to when completions count for nothing, so that it holds
in every process at its next look, is folded, and outlives a rebuild. The runs stay as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from flowbook.errors import UsageError
from flowbook.events import NodeCompleted, NodeReused, decode
from flowbook.ids import FlowId, NodeId, RunId
from flowbook.store.audit import Action, AuditLog
from flowbook.store.facts import CacheCleared, StoredFact
from flowbook.store.rows import from_us
from flowbook.store.snapshot import Snapshot
from flowbook.store.turn import turn

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CANDIDATES = 50
_DONE = (
    "SELECT run_id, node, epoch_us(ts), payload FROM events "
    "WHERE cache_key = ? AND kind = 'NODE_COMPLETED' ORDER BY ts DESC LIMIT ?"
)
_LAST = """
SELECT payload FROM events WHERE node = ? AND kind IN ({kinds}) AND {which}
    AND run_id IN (SELECT run_id FROM origins WHERE flow = ?)
ORDER BY run_id DESC, seq DESC LIMIT 1"""
_CLEARINGS = "SELECT flow, node, max(epoch_us(cleared_at)) FROM cache_clearings GROUP BY ALL"
_FLOWS = "SELECT run_id, flow FROM origins WHERE list_contains(?::VARCHAR[], run_id)"
_ENTRIES = """
SELECT done.cache_key, flow, done.node, done.run_id, epoch_us(done.ts), done.ms,
       coalesce(bytes, 0), coalesce(hits, 0), epoch_us(last_hit)
FROM (FROM events WHERE kind = 'NODE_COMPLETED' AND cache_key IS NOT NULL
      QUALIFY row_number() OVER (PARTITION BY cache_key, node ORDER BY ts DESC) = 1) AS done
JOIN origins USING (run_id)
LEFT JOIN (SELECT cache_key, count(*) AS hits, max(ts) AS last_hit FROM events
           WHERE kind = 'NODE_REUSED' AND cache_key IS NOT NULL GROUP BY ALL)
    AS taken USING (cache_key)
LEFT JOIN (SELECT run_id, seq, sum(bytes)::BIGINT AS bytes FROM "values" GROUP BY ALL)
    AS kept ON kept.run_id = done.run_id AND kept.seq = done.seq
WHERE NOT EXISTS (SELECT 1 FROM cache_clearings AS clearing
    WHERE cleared_at >= done.ts AND (clearing.flow IS NULL OR clearing.flow = origins.flow)
          AND (clearing.node IS NULL OR clearing.node = done.node))
ORDER BY done.ts DESC, done.node"""
_TAGGED = """
SELECT DISTINCT flow, node->>'$.id'
FROM (SELECT flow, unnest(from_json(spec->'$.nodes', '["JSON"]')) AS node FROM flow_versions)
WHERE list_contains(string_split(node->>'$.options.tags', ', '), ?)"""


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is known of a step that is looked up; times in seconds since the epoch.

    `done`: the newest completion under its key. `cleared`: when that was said to be of no use any
    more. `last`, without `done`: what the node of that flow computed last, under another key.
    """

    done: NodeCompleted | None = None
    cleared: float | None = None
    last: NodeCompleted | None = None


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One result the cache can give: what made it, when, and how often it was taken since.

    `bytes` is the size of its values as stored, `ms` what computing it took. Values may be gone.
    """

    key: str
    flow: FlowId
    node: NodeId
    run: RunId
    computed_at: datetime
    ms: float
    bytes: int
    hits: int
    last_hit: datetime | None

    def to_json(self) -> dict[str, Any]:
        """The entry as plain data, its times as ISO 8601 text."""
        return {
            name: value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            if isinstance(value := getattr(self, name), datetime)
            else value
            for name in self.__slots__
        }


@dataclass(frozen=True, slots=True)
class Cleared:
    """What clearing took out of use, or would take."""

    entries: tuple[CacheEntry, ...]
    dry_run: bool = False

    @property
    def count(self) -> int:
        """How many results that were."""
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class Which:
    """What to clear: of one flow, of one node, of nodes with a tag; all of it when empty.

    `tagged` are nodes that are known to have the tag though no recorded definition says so.
    """

    flow: str | None = None
    node: str | None = None
    tag: str | None = None
    tagged: Collection[tuple[str, str]] = ()


class Cache:
    """The cached results of one store.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> store.cache.clear(Which(flow="tour")).count, store.cache.entries()
    (0, ())
    >>> store.close()
    """

    def __init__(
        self,
        snapshot: Snapshot,
        append: Callable[[list[StoredFact]], Future[None]],
        audit: AuditLog,
    ) -> None:
        self._snapshot, self._append, self._audit = snapshot, append, audit

    def recall(self, key: str, flow: str, node: str) -> Recollection:
        """What is known under a key, asked for by a node of a flow.

        A clearing counts that is about the asking node, or about the one that made the result.
        """
        with self._snapshot.look("events", "origins", "cache_clearings") as view:
            found = view.execute(_DONE, [key, _CANDIDATES]).fetchall()
            if not found:
                return Recollection(last=_last(view, flow, node))
            cleared = _cleared(view, found, (flow, node))
        best = min(range(len(found)), key=lambda i: (cleared[i] is not None, i))
        done = _decoded(found[best][3])
        return Recollection(done if isinstance(done, NodeCompleted) else None, cleared[best])

    def last_given(self, flow: str, node: str) -> NodeCompleted | NodeReused | None:
        """What a node of a flow gave last, computed or not."""
        with self._snapshot.look("events", "origins") as view:
            return _newest(view, flow, node, "'NODE_COMPLETED', 'NODE_REUSED'", "true")

    def entries(self, flow: str | None = None, node: str | None = None) -> tuple[CacheEntry, ...]:
        """Results that can be taken, newest first; of one flow, of nodes of one name."""
        with self._snapshot.look("events", "values", "origins", "cache_clearings") as view:
            rows = view.execute(_ENTRIES).fetchall()
        found = map(_entry, rows)
        return tuple(one for one in found if flow in (None, one.flow) and node in (None, one.node))

    def clear(self, which: Which, *, dry_run: bool = False, actor: str | None = None) -> Cleared:
        """Let nothing be taken any more that was computed up to now; only says what if `dry_run`.

        Raises `UsageError` for a tag that no node has.
        """
        if dry_run:
            return Cleared(self._chosen(self._places(which)), dry_run=True)
        with turn(self._snapshot.layout):
            places = self._places(which)
            chosen = self._chosen(places)
            # A completion stamped by a clock that is ahead was still made before.
            at = max([time.time(), *(one.computed_at.timestamp() for one in chosen)])
            entry = self._audit.entry(
                Action.CACHE_CLEARED, flow=which.flow, actor=actor, node=which.node,
                tag=which.tag, count=len(chosen),
            )  # fmt: skip
            facts: list[StoredFact] = [
                CacheCleared(
                    at=at,
                    flow=None if flow is None else FlowId(flow),
                    node=None if node is None else NodeId(node),
                    label=which.tag,
                )
                for flow, node in places
            ]
            if self._snapshot.layout.root.exists():
                self._append([entry, *facts]).result()
        return Cleared(chosen)

    def _places(self, which: Which) -> list[tuple[str | None, str | None]]:
        """Flow and node of each clearing."""
        if which.tag is None:
            return [(which.flow, which.node)]
        with self._snapshot.look("flow_versions") as view:
            recorded = view.execute(_TAGGED, [which.tag]).fetchall()
        found = [
            (flow, node)
            for flow, node in sorted({*map(tuple, recorded), *which.tagged})
            if which.flow in (None, flow) and which.node in (None, node)
        ]
        if not found:
            raise UsageError(
                f"no node has the tag {which.tag!r}",
                hint="tags are a node option: --tags slow, or @flow.node(tags='slow')",
            )
        return found

    def _chosen(self, places: Iterable[tuple[str | None, str | None]]) -> tuple[CacheEntry, ...]:
        wanted = list(places)
        return tuple(
            one
            for one in self.entries()
            if any(flow in (None, one.flow) and node in (None, one.node) for flow, node in wanted)
        )


def _cleared(
    view: DuckDBPyConnection, found: list[tuple[Any, ...]], asker: tuple[str, str]
) -> list[float | None]:
    """When each completion was cleared, if it was."""
    clearings = view.execute(_CLEARINGS).fetchall()
    if not clearings:
        return [None] * len(found)
    flows = dict(view.execute(_FLOWS, [[row[0] for row in found]]).fetchall())

    def when(run: str, node: str, at: int) -> float | None:
        told = [
            cleared
            for flow, only, cleared in clearings
            if cleared >= at
            and any(
                flow in (None, whose) and only in (None, name)
                for whose, name in ((flows.get(run), node), asker)
            )
        ]
        return max(told) / 1e6 if told else None

    return [when(run, node, at) for run, node, at, _ in found]


def _last(view: DuckDBPyConnection, flow: str, node: str) -> NodeCompleted | None:
    found = _newest(view, flow, node, "'NODE_COMPLETED'", "cache_key IS NOT NULL")
    return found if isinstance(found, NodeCompleted) else None


def _newest(
    view: DuckDBPyConnection, flow: str, node: str, kinds: str, which: str
) -> NodeCompleted | NodeReused | None:
    rows = view.execute(_LAST.format(kinds=kinds, which=which), [node, flow]).fetchall()
    return _decoded(rows[0][0]) if rows else None


def _decoded(payload: str) -> NodeCompleted | NodeReused | None:
    """The event; None for one of a newer flowbook, which is none of ours to give."""
    try:
        found = decode(payload)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, NodeCompleted | NodeReused) else None


def _entry(row: tuple[Any, ...]) -> CacheEntry:
    key, flow, node, run, at, ms, size, hits, last = row
    return CacheEntry(
        key, FlowId(flow), NodeId(node), RunId(run), from_us(at), ms or 0.0, size, hits,
        None if last is None else from_us(last),
    )  # fmt: skip
