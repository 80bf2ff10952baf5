"""How two runs differ."""

from __future__ import annotations

from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.server.place import Place
from flowbook.server.routes import Asked, Route
from flowbook.server.shapes import RunsDiff
from flowbook.session.diffing import Asked as How
from flowbook.session.diffing import diff


class DiffAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The earlier run and the later one, of one flow.

    `key`: the columns that say which row is which, with commas between them. Without `rows` no
    value is looked into: those with other content count as changed.
    """

    a: str
    b: str
    key: str | None = None
    tolerance: float = 0.0
    rows: bool = True


def compare(place: Place, asked: DiffAsked) -> dict[str, Any]:
    """How run `b` is to run `a`."""
    if asked.tolerance < 0:
        raise UsageError("tolerance is by how much numbers may differ: 0 or more")
    for run in (asked.a, asked.b):
        place.run(run)
    key = None if asked.key is None else [one.strip() for one in asked.key.split(",")]
    return diff(place.project, asked.a, asked.b, How(key, asked.tolerance)).to_json(rows=asked.rows)


ROUTES: Final = (
    Route(
        "GET",
        "diff",
        compare,
        "How two runs of a flow differ, and where they part.",
        RunsDiff,
        takes=DiffAsked,
        names=True,
    ),
)
