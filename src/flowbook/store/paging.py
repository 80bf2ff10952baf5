"""Cursors: where the next page of rows that are sorted by time and id begins."""

from __future__ import annotations

from datetime import datetime

from flowbook.errors import UsageError
from flowbook.store.rows import from_us, to_us

MOST = 10_000
"""Rows a page may have."""


def check_limit(limit: int) -> None:
    """Refuse a page size that is none, with `UsageError`."""
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit {limit} does not lie between 1 and {MOST}")


def write_cursor(at: datetime, row_id: str) -> str:
    """The cursor of the page behind a row.

    >>> from datetime import UTC
    >>> write_cursor(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "a")
    '1000000_a'
    """
    return f"{to_us(at)}_{row_id}"


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The naive UTC time and the id of the row a page begins behind; `UsageError` for rubbish."""
    text, _, row_id = cursor.partition("_")
    try:
        moment = from_us(int(text))
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not row_id:
        raise UsageError(f"{cursor!r} is no cursor", hint="give the `next` of the page before")
    return moment.replace(tzinfo=None), row_id
