"""Moments as people write them: a date, a time, or so long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from flowbook.graph.options import parse_duration


def moment(text: str) -> datetime:
    """An ISO date or time, local without a zone, or so long before now.

    >>> moment("2026-05-01T12:00+00:00").isoformat()
    '2026-05-01T12:00:00+00:00'
    >>> moment("1d") < moment("1h") < datetime.now().astimezone()
    True
    """
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        pass
    try:
        return datetime.now().astimezone() - timedelta(seconds=parse_duration(text))
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: write 2026-05-01, 2026-05-01T12:00 or, for so long ago, 7d"
        ) from None
