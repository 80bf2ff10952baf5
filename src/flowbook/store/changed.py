"""Which runs have changed, of whatever process: for whoever follows all of them.

A look into the store is dear, so nobody looks without need. Whatever happens to a run appends to
the journal, goes from it into the database, or ends the life of a process; all three can be seen
from outside, in the names and sizes of a few files, which are the store's *pulse*. While that is
the same, nothing has happened.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowbook.ids import RunId
from flowbook.store import segments
from flowbook.store.layout import Layout
from flowbook.store.rows import RUN_COLUMNS, RunRow, run_row
from flowbook.store.snapshot import Snapshot

Pulse: TypeAlias = tuple[object, ...]
"""Differs from an earlier one when something has happened."""

MOST_EVENTS = 2000
"""Events that are told at once."""
MOST_RUNS = 1000
"""Runs that are told at once, those that began last."""
_CHANGED = f"""
SELECT {RUN_COLUMNS} FROM known_runs
WHERE last_at >= make_timestamp($since) OR list_contains($known, id)
      OR ($going AND (lost OR status = 'running')) OR id IN (
    SELECT id FROM kept_runs WHERE pinned_at >= make_timestamp($since) UNION ALL
    SELECT id FROM fresh_runs WHERE pinned_at >= make_timestamp($since))
ORDER BY started_at DESC, id DESC LIMIT $most"""  # noqa: S608  # ours
_GONE = """
SELECT DISTINCT run_id FROM (
    SELECT run_id, deleted_at FROM stored.deletions UNION ALL SELECT run_id, deleted_at FROM gone)
WHERE deleted_at >= make_timestamp($since)"""
_EVENTS = """
SELECT run_id, seq, payload FROM events WHERE {} ORDER BY run_id, seq LIMIT {}"""


@dataclass(frozen=True, slots=True)
class Changes:
    """Runs as they are now, among them all that changed; those that were deleted; and events.

    `events`: by run, the number and the JSON of each. `too_many`: not all runs are told; `more`: of
    the events.
    """

    runs: tuple[RunRow, ...]
    gone: frozenset[RunId]
    events: Mapping[str, list[tuple[int, str]]]
    too_many: bool = False
    more: bool = False


def pulse(layout: Layout) -> Pulse:
    """The pulse of a store, in a fraction of a millisecond; empty where there is none."""
    told: list[object] = []
    for path in (layout.database, layout.wal):
        try:
            status = path.stat()
            told.append((status.st_mtime_ns, status.st_size))
        except OSError:
            told.append(None)
    try:
        with os.scandir(layout.journal) as found:
            files = [(one.name, one.stat().st_size) for one in found if ".tsv" in one.name]
    except OSError:
        files = []
    living = segments.writers(layout)
    return (*told, *sorted(files), *sorted(living.items()))


def changed(
    snapshot: Snapshot,
    since: int,
    known: Collection[str] = (),
    *,
    going: bool = False,
    events: Mapping[str, int] | None = None,
) -> Changes:
    """One look: what changed since a time, in microseconds since the epoch, and what may have.

    A process that dies leaves no time behind: so the `known` runs are among them, and with `going`
    all that run or were lost. `events`: of which runs, from the one behind which number.
    """
    asked: dict[str, Any] = {
        "since": since,
        "known": list(known),
        "going": going,
        "most": MOST_RUNS + 1,
    }
    wanted = events or {}
    views = ("known_runs", "events") if wanted else ("known_runs",)
    with snapshot.look(*views) as view:
        rows = view.execute(_CHANGED, asked).fetchall()
        gone = view.execute(_GONE, {"since": since}).fetchall()
        told = []
        if wanted:
            which = " OR ".join(["(run_id = ? AND seq > ?)"] * len(wanted))
            values = [one for pair in wanted.items() for one in pair]
            query = _EVENTS.format(which, MOST_EVENTS + 1)
            told = view.execute(query, values).fetchall()
    found: dict[str, list[tuple[int, str]]] = {}
    for run, seq, payload in told[:MOST_EVENTS]:
        found.setdefault(run, []).append((seq, payload))
    return Changes(
        tuple(map(run_row, rows[:MOST_RUNS])),
        frozenset(RunId(run) for (run,) in gone),
        found,
        len(rows) > MOST_RUNS,
        len(told) > MOST_EVENTS,
    )
