"""History's rows: what a run and a node of a run look like from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, overload

import msgspec

from flowbook.events import RunStatus, TriggerKind
from flowbook.ids import FlowId, NodeId, RunId
from flowbook.store.display import html_table, moment, text_table, took

_HEAD = ("id", "flow", "status", "started (UTC)", "duration", "error")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, repr=False)
class RunRow:
    """One run. Times are aware, in UTC; a lost run ended at its last sign of life."""

    id: RunId
    flow: FlowId
    version: str
    status: RunStatus
    trigger: TriggerKind
    started_at: datetime
    ended_at: datetime | None
    duration_ms: float | None
    params: Mapping[str, Any]
    nodes: int
    """How many nodes its plan has."""
    failed: int
    """How many of them failed."""
    error: str | None
    host: str | None
    pid: int | None
    parent: RunId | None
    key: str | None
    current: NodeId | None = None
    """The node that began last, while the run is not over."""
    pinned: bool = False
    """True when it survives every retention."""
    origin: RunId | None = None
    """The run it replays."""
    origin_seq: int | None = None
    """The last event of that run it goes by."""
    origin_node: NodeId | None = None
    """The node it was replayed from, if one was named."""
    depth: int = 0
    """How many runs stand above it."""
    calling_node: NodeId | None = None
    """The node of the parent that called it."""
    schedule: str | None = None
    """The schedule that started it."""
    scheduled_for: datetime | None = None
    """The moment of that schedule it was started for."""
    routed: str | None = None
    """Which version it was to take, and why; None where nobody said."""
    environment: str | None = None
    """Digest of the environment it is performed in, or was last."""
    paused: bool = False
    """True while it is paused: what is ready waits, and nothing new begins."""

    def __repr__(self) -> str:
        return f"<run {'  '.join(cell for cell in _cells(self) if cell)}>"

    def to_json(self) -> dict[str, Any]:
        """The row as plain data, times as ISO 8601 text."""
        return _to_json(self)


@dataclass(frozen=True, slots=True, repr=False)
class NodeRunRow:
    """What became of one node in one run.

    `status` is scheduled, running, backoff, suspended, succeeded, reused, failed, skipped or
    cancelled.
    """

    run_id: RunId
    node: NodeId
    status: str
    attempts: int
    executor: str | None
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: float | None
    reason: str | None
    cause: NodeId | None
    error: str | None
    scope: str = ""
    """Inside which turn of which containers it is, such as `each[3]`; '' outside of all."""
    turns_total: int | None = None
    """Of a container: how many turns there are to be, where that is known."""
    turns_done: int | None = None
    """Of a container: how many turns succeeded or failed so far."""
    turns_failed: int | None = None
    """Of a container: how many of those failed."""
    scheduled_at: datetime | None = None
    """When all its inputs were settled."""
    cpu_ms: float | None = None
    """Milliseconds of CPU time of all attempts, where it was measured."""
    memory: int | None = None
    """Bytes it had at most, where it was measured."""
    is_estimate: bool | None = None
    """True when others ran in the same process, and `memory` is how much that grew."""

    @property
    def key(self) -> str:
        """What it is called in the whole run: its scope and its name, such as `each[3].clean`."""
        return f"{self.scope}.{self.node}" if self.scope else self.node

    def __repr__(self) -> str:
        cells = (self.key, self.status, took(self.duration_ms), _short(self.error or self.reason))
        return f"<node {'  '.join(cell for cell in cells if cell)}>"

    def to_json(self) -> dict[str, Any]:
        """The row as plain data, times as ISO 8601 text."""
        return _to_json(self)


@dataclass(frozen=True, slots=True, repr=False)
class RunPage:
    """Some runs, latest first; `next` is the cursor of the page that follows, if one does."""

    runs: tuple[RunRow, ...]
    next: str | None = None

    def __repr__(self) -> str:
        table = text_table(_HEAD, map(_cells, self.runs)) if self.runs else "no runs"
        return f"{table}\n… and older ones" if self.next else table

    def _repr_html_(self) -> str:
        more = "<p>… and older ones</p>" if self.next else ""
        return html_table(_HEAD, map(_cells, self.runs)) + more

    def to_json(self) -> dict[str, Any]:
        """`{"runs": [...], "next": cursor}`."""
        return {"runs": [run.to_json() for run in self.runs], "next": self.next}


RUN_COLUMNS = (
    "id, flow, version, status, trigger, epoch_us(started_at), epoch_us(ended_at), duration_ms, "
    "params, nodes, failed, error, host, pid, parent, key, "
    "current, pinned, origin, origin_seq, origin_node, depth, calling_node, "
    "schedule, epoch_us(scheduled_for), routed, environment, paused"
)
"""What `run_row` reads, as a select list over the view `runs`."""

NODE_COLUMNS = (
    "run_id, node, status, attempts, executor, epoch_us(started_at), epoch_us(ended_at), "
    "duration_ms, reason, cause, error, scope, turns_total, turns_done, turns_failed, "
    "epoch_us(scheduled_at), cpu_ms, memory, is_estimate"
)
"""What `node_row` reads, as a select list over the view `node_runs`."""


def run_row(row: tuple[Any, ...]) -> RunRow:
    """A run from a row of `RUN_COLUMNS`."""
    known = dict(zip((field.name for field in fields(RunRow)), row, strict=True))
    known["status"] = RunStatus(known["status"])
    known["trigger"] = TriggerKind(known["trigger"] or TriggerKind.MANUAL)
    known["started_at"] = from_us(known["started_at"])
    known["ended_at"] = from_us(known["ended_at"])
    known["scheduled_for"] = from_us(known["scheduled_for"])
    known["params"] = msgspec.json.decode(known["params"] or "{}")
    known["flow"] = known["flow"] or ""
    known["version"] = known["version"] or ""
    known["nodes"] = known["nodes"] or 0
    return RunRow(**known)


def node_row(row: tuple[Any, ...]) -> NodeRunRow:
    """A node's run from a row of `NODE_COLUMNS`."""
    known = dict(zip((field.name for field in fields(NodeRunRow)), row, strict=True))
    known["started_at"] = from_us(known["started_at"])
    known["ended_at"] = from_us(known["ended_at"])
    known["scheduled_at"] = from_us(known["scheduled_at"])
    return NodeRunRow(**known)


def _cells(run: RunRow) -> tuple[str, ...]:
    pin = " (pinned)" if run.pinned else ""
    took_text, error = took(run.duration_ms), _short(run.error)
    replayed = " (replay)" if run.origin else ""
    return (
        run.id,
        f"{run.flow}{replayed}",
        f"{run.status}{pin}",
        moment(run.started_at),
        took_text,
        error,
    )


def _short(text: str | None) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= 60 else f"{line[:59]}…"


@overload
def from_us(microseconds: int) -> datetime: ...
@overload
def from_us(microseconds: int | None) -> datetime | None: ...
def from_us(microseconds: int | None) -> datetime | None:
    """Aware UTC time from microseconds since the epoch."""
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def to_us(moment: datetime) -> int:
    """Microseconds since the epoch; a naive time is local time."""
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def _to_json(row: RunRow | NodeRunRow) -> dict[str, Any]:
    plain = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if isinstance(value, datetime):
            value = value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        elif isinstance(value, RunStatus | TriggerKind):
            value = str(value)
        plain[field.name] = value
    return plain
