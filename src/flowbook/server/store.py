"""The store itself: the audit, how it is, how large it is."""

from __future__ import annotations

from typing import Any, Final

from flowbook.server.place import Place
from flowbook.server.routes import Asked, Route
from flowbook.server.runs import bounded, moment_of
from flowbook.server.shapes import AuditPage, Sizes
from flowbook.store.status import StoreStatus


class AuditAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries of the audit, and where the page begins."""

    run: str | None = None
    flow: str | None = None
    action: str | None = None
    actor: str | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    limit: int = 100
    cursor: str | None = None


def audit(place: Place, asked: AuditAsked) -> dict[str, Any]:
    """A page of the audit."""
    return place.project.store.audit.search(
        run=asked.run,
        flow=asked.flow,
        action=asked.action,
        actor=asked.actor,
        since=moment_of("since", asked.since),
        until=moment_of("until", asked.until),
        text=asked.text,
        limit=bounded(asked.limit),
        cursor=asked.cursor,
    ).to_json()


def status(place: Place) -> dict[str, Any]:
    """How the store is."""
    return place.project.store.status().to_json()


def sizes(place: Place) -> dict[str, Any]:
    """How much room each flow takes up."""
    return {"flows": place.project.store.sizes()}


ROUTES: Final = (
    Route("GET", "audit", audit, "Who did what, newest first.", AuditPage, takes=AuditAsked),
    Route("GET", "store/status", status, "What lies in the store, and who is at it.", StoreStatus),
    Route("GET", "store/sizes", sizes, "How much room each flow takes up.", Sizes),
)
