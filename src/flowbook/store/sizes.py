"""The size meter: how much each flow takes up.

It reads every event once and lists the objects folder: for a million runs that is seconds, so it is
for a command, not for a page that refreshes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowbook.store.contents import REFERENCES, REFERRING, objects
from flowbook.store.snapshot import Snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EVENTS = """
SELECT flow, count(run_id), coalesce(sum(events), 0)::BIGINT, coalesce(sum(bytes), 0)::BIGINT
FROM (SELECT id AS run_id, flow FROM runs)
FULL JOIN (SELECT run_id, count(*) AS events, sum(strlen(payload)) AS bytes
           FROM events GROUP BY run_id) USING (run_id)
GROUP BY flow"""
_ON_DISK = """CREATE TEMP TABLE on_disk AS
SELECT hash, sum(bytes)::BIGINT AS bytes, bool_or(whole) AS whole
FROM (SELECT unnest($1::VARCHAR[]) AS hash, unnest($2::BIGINT[]) AS bytes,
             unnest($3::BOOLEAN[]) AS whole)
GROUP BY hash"""
_OBJECTS = f"""
WITH owned AS (
    SELECT DISTINCT flow, hash
    FROM ({REFERENCES}) AS needed JOIN (SELECT id, flow FROM runs) AS run ON run.id = needed.run_id)
SELECT flow, count(*) FILTER (whole), sum(bytes)::BIGINT FROM owned JOIN on_disk USING (hash)
GROUP BY flow
UNION ALL
SELECT NULL, count(*) FILTER (whole), coalesce(sum(bytes), 0)::BIGINT FROM on_disk
WHERE hash NOT IN (SELECT hash FROM owned)"""  # noqa: S608  # ours


@dataclass(frozen=True, slots=True)
class FlowSize:
    """What one flow takes up; `flow` is None for what belongs to no run.

    `event_bytes` is the JSON of its events as journalled, `object_bytes` its values and their
    previews on disk. A value that two flows need counts for both, once each.
    """

    flow: str | None
    runs: int
    events: int
    event_bytes: int
    objects: int
    object_bytes: int


def sizes(snapshot: Snapshot) -> tuple[FlowSize, ...]:
    """Every flow, the largest first, then what belongs to none; see `Store.sizes`."""
    with snapshot.look("runs", "events", *REFERRING) as view:
        history = view.execute(_EVENTS).fetchall()
        # Listed inside the look, so that what the look refers to is there.
        _list_objects(view, snapshot)
        kept = view.execute(_OBJECTS).fetchall()
    return _sorted(history, kept)


def _list_objects(view: DuckDBPyConnection, snapshot: Snapshot) -> None:
    found = list(objects(snapshot.layout))
    columns = [
        [one.hash for one in found],
        [one.size for one in found],
        [not one.preview for one in found],
    ]
    view.execute(_ON_DISK, columns)


def _sorted(history: list[tuple[Any, ...]], kept: list[tuple[Any, ...]]) -> tuple[FlowSize, ...]:
    events = {flow: (runs, count, size) for flow, runs, count, size in history}
    values: dict[str | None, tuple[int, int]] = {}
    for flow, count, size in kept:  # a run whose flow is unknown adds to what belongs to none
        known = values.get(flow, (0, 0))
        values[flow] = (known[0] + count, known[1] + size)
    found = [
        FlowSize(flow, runs, count, size, *values.get(flow, (0, 0)))
        for flow in {**events, **values}
        for runs, count, size in [events.get(flow, (0, 0, 0))]
    ]
    found = [one for one in found if one.flow is not None or one.events or one.object_bytes]
    return tuple(
        sorted(found, key=lambda one: (one.flow is None, -(one.event_bytes + one.object_bytes)))
    )
