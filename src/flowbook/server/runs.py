"""Runs: pages of them, one of them, pinning and deleting."""

from __future__ import annotations

import time
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.server.listing import listed
from flowbook.server.place import Place
from flowbook.server.routes import Asked, Route
from flowbook.server.shapes import Deleted, OneRun, RunDetail, RunsPage
from flowbook.session.moments import moment
from flowbook.store.deletion import Deletion
from flowbook.store.filters import RunFilter

MOST: Final = 200
"""Runs, or whatever is listed, of a page."""


class Narrowed(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs. `since` and `until` bound the start, from inclusive to exclusive.

    They are times in ISO 8601, local without a zone, or say how long ago: `7d`. `text` is the
    beginning of an id or any part of an error.
    """

    flow: str | None = None
    status: str | None = None
    trigger: str | None = None
    since: str | None = None
    until: str | None = None
    pinned: bool | None = None
    text: str | None = None

    def which(self) -> RunFilter:
        """The same for the store; `UsageError` for times that are none."""
        return RunFilter(
            flow=self.flow,
            status=self.status,
            trigger=self.trigger,
            since=moment_of("since", self.since),
            until=moment_of("until", self.until),
            pinned=self.pinned,
            text=self.text,
        )


class PageAsked(Narrowed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs, how many of them, and where the page begins."""

    limit: int = 20
    cursor: str | None = None


class DeletionAsked(Narrowed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs, and why; they are only counted unless `dry_run` is false."""

    reason: str | None = None
    dry_run: bool = True


class Reason(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is done, for the audit."""

    reason: str | None = None


class DeleteAsked(Reason, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, and whether it is to go although it, or a run it started, is pinned."""

    pinned: bool = False


class PinAsked(Reason, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether it is to survive every retention."""

    pinned: bool = True


def page(place: Place, asked: PageAsked) -> dict[str, Any]:
    """A page of runs."""
    which, limit, position = asked.which(), bounded(asked.limit), time.time_ns() // 1000
    found = place.history.runs(**_words(which), limit=limit, cursor=asked.cursor)
    return {
        "runs": listed(place, found.runs),
        "next": found.next,
        "sql": which.sql(),
        "position": position,
    }


def delete_matching(place: Place, asked: DeletionAsked) -> Deletion:
    """Delete all runs that match, or count them."""
    which = asked.which()
    if not place.has_history:
        return Deletion(0, (), dry_run=asked.dry_run)
    how: dict[str, Any] = {"reason": asked.reason, "dry_run": asked.dry_run}
    return place.history.delete_where(**_words(which), **how)


def detail(place: Place, run: str) -> dict[str, Any]:
    """A run and its nodes."""
    return {
        "run": listed(place, [place.run(run)])[0],
        "nodes": [node.to_json() for node in place.history.node_runs(run)],
    }


def delete(place: Place, run: str, asked: DeleteAsked) -> Deletion:
    """Delete a run."""
    place.run(run)
    return place.history.delete(run, reason=asked.reason, pinned=asked.pinned)


def pin(place: Place, run: str, asked: PinAsked) -> dict[str, Any]:
    """Pin a run, or unpin it."""
    place.run(run)
    change = place.history.pin if asked.pinned else place.history.unpin
    change(run, reason=asked.reason)
    return {"run": listed(place, [place.run(run)])[0]}


def bounded(limit: int) -> int:
    """How many, at most a page."""
    return max(1, min(limit, MOST))


def _words(which: RunFilter) -> dict[str, Any]:
    return {one.name: getattr(which, one.name) for one in fields(which)}


def moment_of(name: str, text: str | None) -> datetime | None:
    """A time as it was asked for; `UsageError` for what is none."""
    try:
        return None if text is None else moment(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{name} must be a time in ISO 8601, not {text!r:.80}",
            hint="write 2026-05-01, 2026-05-01T12:00Z or, for so long ago, 7d",
        ) from None


ROUTES: Final = (
    Route("GET", "runs", page, "A page of runs, the latest first.", RunsPage, takes=PageAsked),
    Route(
        "POST",
        "runs/delete",
        delete_matching,
        "Delete all runs that match; they are only counted unless `dry_run` is false.",
        Deleted,
        takes=DeletionAsked,
    ),
    Route("GET", "runs/{run}", detail, "A run and its nodes.", RunDetail),
    Route(
        "DELETE",
        "runs/{run}",
        delete,
        "Delete a run for good; refused while it goes on, waits, or, without `pinned`, is pinned.",
        Deleted,
        takes=DeleteAsked,
        misuse=409,  # it goes on, waits, or is pinned
    ),
    Route(
        "POST",
        "runs/{run}/pin",
        pin,
        "Let a run survive every retention, or no longer.",
        OneRun,
        takes=PinAsked,
    ),
)
