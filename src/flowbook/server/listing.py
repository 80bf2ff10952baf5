"""Runs as the server tells them: with what they wait for, and the notebook of their flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowbook.events import RunStatus
from flowbook.server.place import Place
from flowbook.session.waiting import waiting_for
from flowbook.store.rows import RunRow

_MAY_WAIT = (RunStatus.SUSPENDED, RunStatus.RUNNING)


def listed(place: Place, rows: Sequence[RunRow]) -> list[dict[str, Any]]:
    """Rows as plain data; see `flowbook.server.shapes.ListedRun`."""
    may_wait = [row.id for row in rows if row.status in _MAY_WAIT]
    waits = waiting_for(place.history, may_wait) if may_wait else {}
    return [
        {
            **row.to_json(),
            "waiting_for": waits.get(row.id, ""),
            "notebook": place.notebooks.holding(row.flow),
        }
        for row in rows
    ]
