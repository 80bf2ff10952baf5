"""Where a run can be taken up from, and which runs were: its checkpoints and its branches.

Every completion that is recorded is a checkpoint: what was done by then lies in the store, so that
a replay can begin behind it. Nothing is written for it, and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from flowbook.events import CheckpointReached, Event, NodeCompleted, NodeReused, RunRecovered
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.ids import NodeId, RunId
from flowbook.store.display import html_table, moment, text_table
from flowbook.store.rows import RUN_COLUMNS, RunRow, run_row
from flowbook.store.snapshot import Snapshot

_HEAD = ("event", "at (UTC)", "node", "done", "bytes", "unkept", "why")
MOST_BRANCHES = 1000
"""Runs of a tree; there are flows that are replayed every minute."""
_FAMILY = (
    f"SELECT {RUN_COLUMNS} FROM runs WHERE flow = ? AND (origin IS NOT NULL "  # noqa: S608  # ours
    "OR id IN (SELECT origin FROM runs WHERE origin IS NOT NULL)) ORDER BY id"
)
_BRANCHES = f"SELECT {RUN_COLUMNS} FROM runs WHERE origin = ? ORDER BY id"  # noqa: S608  # ours


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A point of a run that a replay can begin at: event `seq`, of `node` if it is of one.

    `why` is '' for the completion of a node; where the flow asked for a checkpoint it is `node`,
    `turns`, or `interval`, and everything up to it was put on disk.
    `done` counts the nodes whose results are known there, `bytes` what those take up as stored
    (equal content once). `unkept` counts those of them that gave something that was not kept as it
    was: a replay has to run them again if something reads it.
    """

    seq: int
    at: datetime
    node: NodeId
    done: int
    bytes: int
    unkept: int = 0
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """The checkpoint as plain data, its time as ISO 8601 text."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        at = self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {**plain, "at": at}


@dataclass(frozen=True, slots=True, repr=False)
class Checkpoints:
    """The checkpoints of one run, in order."""

    run_id: RunId
    points: tuple[Checkpoint, ...]

    def __iter__(self) -> Any:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> Checkpoint:
        return self.points[index]

    def __repr__(self) -> str:
        return text_table(_HEAD, map(_cells, self.points)) if self.points else "no checkpoints"

    def _repr_html_(self) -> str:
        return html_table(_HEAD, map(_cells, self.points))

    def to_json(self) -> dict[str, Any]:
        """`{"run_id": …, "checkpoints": […]}`."""
        return {"run_id": self.run_id, "checkpoints": [one.to_json() for one in self.points]}


@dataclass(frozen=True, slots=True)
class RunTree:
    """The first run that others replay, and all that do, directly or not.

    `branches`: the ids of the replays of a run, the first one first. `more` were left out.
    """

    root: RunId
    runs: tuple[RunRow, ...]
    branches: Mapping[RunId, tuple[RunId, ...]]
    more: int = 0


def tree(snapshot: Snapshot, row: RunRow) -> RunTree:
    """All that has to do with a run; where an origin is deleted, its replays are what is left."""
    with snapshot.look("runs") as view:
        rows = view.execute(_FAMILY, [row.flow]).fetchall()
    kin = {one.id: one for one in map(run_row, rows)} | {row.id: row}
    root = row
    while root.origin in kin and root.origin is not None:
        root = kin[root.origin]
    below: dict[RunId, list[RunId]] = {}
    for one in kin.values():
        if one.origin in kin and one.origin is not None:
            below.setdefault(one.origin, []).append(one.id)
    order = [root.id]
    for known in order:
        order += below.get(known, ())
    kept = set(order[:MOST_BRANCHES])
    branches = {one: tuple(b for b in below.get(one, ()) if b in kept) for one in kept}
    rows_kept = tuple(kin[one] for one in order if one in kept)
    return RunTree(root.id, rows_kept, branches, len(order) - len(kept))


def checkpoints(events: Iterable[Event]) -> tuple[Checkpoint, ...]:
    """The points of a run's events that it can be replayed from.

    >>> done = NodeCompleted(run="r", seq=3, at=0.0, node="fetch", attempt=1, ms=2.0)
    >>> checkpoints([done])[0].seq
    3
    """
    known: dict[NodeId, tuple[ValueRef, ...]] = {}
    found: list[Checkpoint] = []
    for event in events:
        if isinstance(event, RunRecovered):
            for node in event.again:
                known.pop(node, None)
        if isinstance(event, CheckpointReached):
            if event.why == "node" and found and found[-1].seq == event.seq - 1:
                found[-1] = replace(found[-1], why=event.why)  # one point, not two
            else:
                found.append(_point(event, known))
        if not isinstance(event, NodeCompleted | NodeReused) or event.scope:
            continue  # a container is a point as a whole
        known[event.node] = tuple(event.outputs.values())
        if isinstance(event, NodeCompleted):
            found.append(_point(event, known))
    return tuple(found)


def _point(
    event: NodeCompleted | CheckpointReached, known: dict[NodeId, tuple[ValueRef, ...]]
) -> Checkpoint:
    kept = {ref.hash: ref.size for refs in known.values() for ref in refs if _kept(ref)}
    return Checkpoint(
        seq=event.seq,
        at=datetime.fromtimestamp(event.at, UTC),
        node=NodeId(f"{event.scope}.{event.node}" if event.scope else event.node or ""),
        done=len(known),
        bytes=sum(kept.values()),
        unkept=sum(not all(ref.exact for ref in refs) for refs in known.values()),
        why=event.why if isinstance(event, CheckpointReached) else "",
    )


def _kept(ref: ValueRef) -> bool:
    return ref.format is not ValueFormat.NONE


def branches(snapshot: Snapshot, run_id: str) -> tuple[RunRow, ...]:
    """The replays of a run, the first one first."""
    with snapshot.look("runs") as view:
        rows = view.execute(_BRANCHES, [run_id]).fetchall()
    return tuple(run_row(row) for row in rows)


def _cells(point: Checkpoint) -> tuple[str, ...]:
    unkept = str(point.unkept) if point.unkept else ""
    done, size = str(point.done), f"{point.bytes:,}"
    return str(point.seq), moment(point.at), point.node, done, size, unkept, point.why
