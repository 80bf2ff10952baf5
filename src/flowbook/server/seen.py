"""A run, looked at closely: events, values, what was printed, its branches, its canvas."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from flowbook.errors import UnknownNode
from flowbook.ids import RunId
from flowbook.server.listing import listed
from flowbook.server.place import Missing, Place
from flowbook.server.routes import Asked, Route
from flowbook.server.runs import bounded
from flowbook.server.shapes import (
    CheckpointList,
    Events,
    Log,
    Messages,
    Nodes,
    RanIn,
    Tree,
    ValuePage,
    Values,
)
from flowbook.widget.looked_at import at_port
from flowbook.widget.run_page import answered_of
from flowbook.widget.run_protocol import Side

_VALUES = 'FROM "values" WHERE run_id = $run ORDER BY ts, node, port'
_LOG = """
SELECT payload FROM events
WHERE run_id = $run AND kind = 'NODE_LOGGED' AND seq > $after
      AND ($node IS NULL OR node = $node) AND ($scope IS NULL OR scope = $scope)
ORDER BY seq LIMIT $limit"""
_LARGEST_SEQ: Final = 2**31 - 1


class After(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many, from the one behind number `after`."""

    after: int = -1
    limit: int = 100

    @property
    def behind(self) -> int:
        """The number, as far as there are numbers."""
        return max(-1, min(self.after, _LARGEST_SEQ))


class LogAsked(After, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which node, and in which turn of its containers; of all without."""

    node: str | None = None
    scope: str | None = None


class TableAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows of a table, `count` from `start` on; see `Page`. Columns are numbers from 0.

    `find`: only rows with this text, in any column or in `column`. `scope`: in that turn of a
    container, the latest without. `side`: what the node took (`in`) or gave (`out`).
    """

    scope: str | None = None
    side: Side = Side.OUT
    start: int = 0
    count: int = 100
    sort: int = -1
    descending: bool = False
    find: str = ""
    column: int = -1


class RunCanvasAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message of a canvas, as it sends it to a kernel."""

    message: dict[str, Any]


def nodes(place: Place, run: str) -> dict[str, Any]:
    """The nodes of a run."""
    place.run(run)
    return {"nodes": [node.to_json() for node in place.history.node_runs(run)]}


def values(place: Place, run: str) -> dict[str, Any]:
    """What the nodes of a run gave, described."""
    place.run(run)
    columns, rows = place.history.table(_VALUES, {"run": run})
    return {"values": [_value(dict(zip(columns, row, strict=True))) for row in rows]}


def value(place: Place, run: str, node: str, port: str, asked: TableAsked) -> Any:
    """Rows of the table at a port, or the value at a glance."""
    place.run(run)
    desk = place.desks.of(run)
    try:
        found = at_port(desk, node, port, **msgspec.structs.asdict(asked))
    except UnknownNode as unknown:
        raise Missing(unknown.message, hint=unknown.hint) from None
    if found is None:
        where = f"{asked.scope}.{node}" if asked.scope else node
        raise Missing(
            f"nothing is recorded at {where}.{port} of run {run}",
            hint="GET runs/{run}/values lists what is",
        )
    return found


def events(place: Place, run: str, asked: After) -> dict[str, Any]:
    """Events of a run."""
    limit = bounded(asked.limit)
    with place.known():
        found = place.history.events(run, after=asked.behind, limit=limit)
    return {"events": found, "next": found[-1].seq if len(found) == limit else None}


def log(place: Place, run: str, asked: LogAsked) -> dict[str, Any]:
    """What nodes of a run printed."""
    place.run(run)
    limit = bounded(asked.limit)
    known = {"run": run, "after": asked.behind, "node": asked.node, "scope": asked.scope}
    _, rows = place.history.table(_LOG, {**known, "limit": limit})
    lines = [_line(json.loads(payload)) for (payload,) in rows]
    return {"lines": lines, "next": lines[-1]["seq"] if len(lines) == limit else None}


def tree(place: Place, run: str) -> dict[str, Any]:
    """The run that all replays of this one come from, with its branches."""
    with place.known():
        found = place.history.tree(run)
    told = {row["id"]: row for row in listed(place, found.runs)}

    def branch(one: RunId) -> dict[str, Any]:
        below = [branch(inner) for inner in found.branches.get(one, ())]
        return {"run": told[one], "branches": below}

    return {**branch(found.root), "more": found.more}


def checkpoints(place: Place, run: str) -> dict[str, Any]:
    """The points that a run can be restored from."""
    with place.known():
        return place.history.checkpoints(run).to_json()


def environment(place: Place, run: str) -> dict[str, Any]:
    """What a run is performed in."""
    digest = place.run(run).environment
    found = place.project.store.environments.get(digest)
    return {"environment": None if found is None else {"digest": digest, **found.to_json()}}


def canvas(place: Place, run: str, asked: RunCanvasAsked) -> dict[str, Any]:
    """What a canvas asks of a run."""
    place.run(run)
    return {"messages": answered_of(place.desks.of(run), asked.message)}


def _value(row: dict[str, Any]) -> dict[str, Any]:
    at = row["ts"].replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**row, "ts": at, "columns": json.loads(row["columns"] or "null")}


def _line(event: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromtimestamp(event["at"], UTC)
    return {
        "seq": event["seq"],
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "node": event["node"],
        "scope": event.get("scope", ""),
        "stream": event["stream"],
        "text": event["text"],
    }


ROUTES: Final = (
    Route("GET", "runs/{run}/nodes", nodes, "What became of the nodes of a run.", Nodes),
    Route("GET", "runs/{run}/values", values, "What its nodes gave, described.", Values),
    Route(
        "GET",
        "runs/{run}/values/{node}/{port}",
        value,
        "Rows of the table that passed a port, or any other value at a glance.",
        ValuePage,
        takes=TableAsked,
    ),
    Route("GET", "runs/{run}/events", events, "What happened, in order.", Events, takes=After),
    Route("GET", "runs/{run}/log", log, "What its nodes printed, in order.", Log, takes=LogAsked),
    Route(
        "GET",
        "runs/{run}/tree",
        tree,
        "The run that it and others replay, with all of their branches.",
        Tree,
    ),
    Route(
        "GET",
        "runs/{run}/checkpoints",
        checkpoints,
        "The points that it can be restored from.",
        CheckpointList,
    ),
    Route(
        "GET",
        "runs/{run}/environment",
        environment,
        "Python, flowbook and the packages that it is performed with.",
        RanIn,
    ),
    Route(
        "POST",
        "runs/{run}/canvas",
        canvas,
        "What a canvas asks of the run and of the definition it had, and what it hears.",
        Messages,
        takes=RunCanvasAsked,
    ),
)
