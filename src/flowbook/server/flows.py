"""Flows of the history, and how they and their nodes did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from flowbook.server.place import Place
from flowbook.server.routes import Asked, Route
from flowbook.server.runs import moment_of
from flowbook.server.shapes import Flows, Statistics

_FLOWS = """
SELECT flow, coalesce(runs, 0) AS runs, last_run, last_status, last_started_at, success_rate,
       p50_ms, p95_ms
FROM (SELECT DISTINCT flow FROM flow_versions) FULL JOIN flow_stats USING (flow)
WHERE flow IS NOT NULL ORDER BY last_started_at DESC NULLS LAST, flow
"""
_STATISTICS = """
FROM {}(since := CAST($since AS TIMESTAMP), until := CAST($until AS TIMESTAMP))
WHERE $flow IS NULL OR flow = $flow ORDER BY ALL
"""


class StatisticsAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which flow, and of runs that started when: from `since` on, and before `until`."""

    flow: str | None = None
    since: str | None = None
    until: str | None = None


def flows(place: Place) -> dict[str, Any]:
    """Every flow that ran or was published, the one that ran last first."""
    columns, rows = place.history.table(_FLOWS)
    return {"flows": [_flow(place, dict(zip(columns, row, strict=True))) for row in rows]}


def statistics(place: Place, asked: StatisticsAsked) -> dict[str, Any]:
    """How flows and nodes did."""
    known = {
        "flow": asked.flow,
        "since": _naive(moment_of("since", asked.since)),
        "until": _naive(moment_of("until", asked.until)),
    }
    flows, nodes = (
        _records(*place.history.table(_STATISTICS.format(view), known))
        for view in ("flow_stats", "node_stats")
    )
    return {"flows": flows, "nodes": nodes}


def _flow(place: Place, row: dict[str, Any]) -> dict[str, Any]:
    last = {
        "id": row.pop("last_run"),
        "status": row.pop("last_status"),
        "started_at": _told(row.pop("last_started_at")),
    }
    notebook = place.notebooks.holding(row["flow"])
    return {**row, "notebook": notebook, "last_run": last if last["id"] else None}


def _records(columns: Sequence[str], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [{name: _told(one) for name, one in zip(columns, row, strict=True)} for row in rows]


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        at = value.replace(tzinfo=UTC).isoformat(timespec="milliseconds")
        return at.replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


ROUTES: Final = (
    Route("GET", "flows", flows, "Flows that ran or were published, the latest first.", Flows),
    Route(
        "GET",
        "statistics",
        statistics,
        "How flows and their nodes did: rows of `flow_stats` and `node_stats`.",
        Statistics,
        takes=StatisticsAsked,
    ),
)
