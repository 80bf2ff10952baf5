"""Names of columns that settings mention: found, or refused with the closest there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flowbook.errors import UsageError
from flowbook.graph.options import did_you_mean
from flowbook.nodes.rows.shapes import Rows

_MOST = 12


def check_columns(rows: Rows, wanted: Iterable[str], place: str) -> None:
    """Raise `UsageError` for the first of `wanted` that `rows` do not have."""
    have = rows.columns
    if have is None:
        if len(rows):
            for name in wanted:
                rows.values(name)  # which a plain list refuses
        return
    for name in wanted:
        if name not in have:
            raise unknown_column(name, have, place)


def unknown_column(name: str, have: Sequence[str], place: str) -> UsageError:
    """The refusal of a column that is not there."""
    close = did_you_mean(name, list(have))
    told = listed(have)
    hint = f"{close} its columns: {told}" if close.startswith("did you mean") else close
    return UsageError(
        f"{place}: there is no column {name!r}", hint=hint if have else "it has no columns"
    )


def listed(names: Sequence[str]) -> str:
    """Names in a message, at most a dozen."""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def shortened(value: Any, most: int = 40) -> str:
    """A value in a message."""
    told = repr(value)
    return told if len(told) <= most else f"{told[: most - 1]}…"


def as_list(value: Any) -> list[Any]:
    """A setting that may be given as one thing or a list of them."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
