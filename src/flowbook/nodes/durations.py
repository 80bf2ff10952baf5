"""Settings that are durations: seconds, or text such as `30s` and `5m`."""

from __future__ import annotations

from typing import Any

from traitlets import TraitError

from flowbook.graph.options import parse_duration


def duration(name: str, given: Any) -> float:
    """The seconds that the setting `name` says; `TraitError` for what is no duration.

    >>> duration("timeout", "1.5m")
    90.0
    """
    try:
        return parse_duration(given)
    except ValueError as refused:
        raise TraitError(f"{name} cannot be {given!r}: {refused}") from None


def duration_or_none(name: str, given: Any) -> float | None:
    """Likewise, or None where there is to be none.

    >>> duration_or_none("timeout", "none") is None
    True
    """
    return None if given in (None, "none") else duration(name, given)
