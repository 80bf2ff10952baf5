"""What must hold of a store, whatever was killed: the judge of every test in this folder.

Run and node rows are compared with a fold of the stored events that is written here in plain
Python, from what the columns are documented to mean, and shares nothing with the store's SQL.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from tests.store.crash.nursery import Child
from tests.store.crash.roles import VALUE
from tests.store.crash.workload import stamped

from flowbook.events import (
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeResumed,
    NodeRetryScheduled,
    NodeReused,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    NodeSuspended,
    RunCompleted,
    RunCreated,
    decode,
)
from flowbook.store.layout import Layout
from flowbook.store.store import Store

RUN_COLUMNS = (
    "id, flow, version, status, trigger, epoch_us(started_at), epoch_us(ended_at), duration_ms, "
    "params, nodes, failed, error, key"
)
NODE_COLUMNS = (
    "run_id, node, status, attempts, executor, epoch_us(started_at), epoch_us(ended_at), "
    "duration_ms, reason, cause, error"
)
_STATUS = {
    NodeScheduled: "scheduled",
    NodeStarted: "running",
    NodeRetryScheduled: "backoff",
    NodeSuspended: "suspended",
    NodeResumed: "scheduled",
    NodeCompleted: "succeeded",
    NodeReused: "reused",
    NodeFailed: "failed",
    NodeSkipped: "skipped",
    NodeCancelled: "cancelled",
}
_DONE = (NodeCompleted, NodeReused, NodeFailed, NodeSkipped, NodeCancelled)
LOST = "lost"
"""Stands for the error of a run whose process is gone, which names the process."""


def check(store: Store, acknowledged: set[tuple[int, int]]) -> int:
    """Assert that nothing is lost, doubled or wrong, no writer being alive; how many events."""
    events = _events(store)
    _check_facts(events, acknowledged)
    runs: dict[str, list[Event]] = {}
    for event in events:
        runs.setdefault(event.run, []).append(event)
    created = {run: own for run, own in runs.items() if isinstance(own[0], RunCreated)}
    lost = {run for run, own in runs.items() if _is_lost(own)}
    assert _rows(store, "runs", RUN_COLUMNS, "id", created) == [
        _run_row(own, run in lost) for run, own in sorted(created.items())
    ]
    assert _rows(store, "node_runs", NODE_COLUMNS, "run_id", created) == sorted(
        _node_row(node, own, run in lost)
        for run, own in created.items()
        for node in {getattr(event, "node", None) for event in own} - {None}
        if any(type(event) in _STATUS and event.node == node for event in own)
    )
    return len(events)


def proceed(root: Path, dead: list[Child]) -> int:
    """Take the folder over from the dead and assert all of that, before a fold and after.

    Returns how many events there are.
    """
    acknowledged = set().union(*(child.acknowledged for child in dead))
    store = Store.open(root)
    try:
        check(store, acknowledged)
        store.fold(budget=2)
        events = check(store, acknowledged)
        for event in (event for child in dead for event in child.values):
            assert event.result is not None
            assert store.vault.get(event.result) == VALUE
        journal = Layout(root).journal
        assert not journal.exists() or list(journal.iterdir()) == []
    finally:
        store.close()
    assert {path.suffix for path in root.glob("store*")} <= {".duckdb", ".wal", ".lock"}
    return events


def _events(store: Store) -> list[Event]:
    _names, rows = store.history.table(
        "SELECT run_id, seq, payload FROM events ORDER BY run_id, seq"
    )
    events = [decode(payload) for _run, _seq, payload in rows]
    assert [(event.run, event.seq) for event in events] == [row[:2] for row in rows]
    return events


def _check_facts(events: list[Event], acknowledged: set[tuple[int, int]]) -> None:
    places = [(event.run, event.seq) for event in events]
    assert len(set(places)) == len(places), "a fact was folded twice"
    facts = sorted(stamped(round(event.at * 1e6)) for event in events)
    assert acknowledged <= set(facts), "an acknowledged fact was lost"
    counts: dict[int, int] = {}
    for child, k in facts:
        assert counts.get(child, 0) == k, f"what process {child} journalled has a hole at {k}"
        counts[child] = k + 1


def _rows(store: Store, view: str, columns: str, key: str, wanted: object) -> list[tuple]:
    _names, rows = store.history.table(f"SELECT {columns} FROM {view} ORDER BY ALL")
    at = [name.strip() for name in columns.split(",")].index("error")
    return [
        (*row[:at], LOST if str(row[at]).startswith("lost: ") else row[at], *row[at + 1 :])
        for row in rows
        if row[0] in wanted
    ]


def _us(event: Event) -> int:
    return round(event.at * 1e6)


def _told(event: Event) -> str | None:
    error = getattr(event, "error", None)
    return error and f"{error.name}: {error.message}"


def _is_lost(events: list[Event]) -> bool:
    if isinstance(events[-1], RunCompleted):
        return False
    waiting = sum(isinstance(e, NodeSuspended) - isinstance(e, NodeResumed) for e in events)
    return waiting <= 0


def _run_row(events: list[Event], lost: bool) -> tuple:
    first, last = events[0], events[-1]
    over = last if isinstance(last, RunCompleted) else None
    status, ended, took, error = ("suspended", None, None, None)
    if over:
        status, ended, took, error = (str(over.status), _us(over), over.ms, _told(over))
    elif lost:
        status, ended, error = ("failed", _us(last), LOST)
        took = (_us(last) - _us(first)) / 1e3
    params = msgspec.json.encode(first.params).decode()
    failed = sum(isinstance(event, NodeFailed) for event in events)
    return (
        first.run, first.flow, first.version, status, str(first.trigger), _us(first), ended, took,
        params, len(first.nodes), failed, error, first.key,
    )  # fmt: skip


def _node_row(node: str, events: list[Event], lost: bool) -> tuple:
    own = [event for event in events if getattr(event, "node", None) == node]
    own = [event for event in own if type(event) in _STATUS]
    last = own[-1]
    starts = [event for event in own if isinstance(event, NodeStarted)]
    ends = [_us(event) for event in own if isinstance(event, _DONE)]
    status, ended = _STATUS[type(last)], ends[-1] if ends else None
    error = _told(last)
    if lost and status in ("scheduled", "running", "backoff"):
        status, ended, error = "failed", _us(events[-1]), LOST
    durations = [event.ms for event in own if hasattr(event, "ms")]
    reason = str(last.reason) if isinstance(last, NodeSkipped | NodeSuspended) else None
    return (
        last.run, node, status, max((start.attempt for start in starts), default=0),
        starts[-1].on if starts else None, _us(starts[0]) if starts else None, ended,
        durations[-1] if durations else None, reason, getattr(last, "cause", None), error,
    )  # fmt: skip
