"""Which runs: the one way to narrow a list of them, for a page as for a deletion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any

from flowbook.errors import UsageError
from flowbook.events import RunStatus, TriggerKind
from flowbook.store.rows import from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """What runs must be like; None leaves it open.

    `since` and `until` bound the start, from inclusive to exclusive; naive times are local. `text`
    is the beginning of an id or any part of an error, in either case.

    >>> RunFilter(flow="tour", pinned=False).compile()
    (['flow = ?', 'pinned = ?'], ['tour', False])
    """

    flow: str | None = None
    status: RunStatus | str | None = None
    trigger: TriggerKind | str | None = None
    since: datetime | None = None
    until: datetime | None = None
    pinned: bool | None = None
    text: str | None = None

    def compile(self) -> tuple[list[str], list[Any]]:
        """Conditions on the view `runs`, and their values.

        Raises `UsageError` for a status or trigger that does not exist.
        """
        conditions: list[str] = []
        values: list[Any] = []
        for condition, value in (
            ("flow = ?", self.flow),
            ("status = ?", None if self.status is None else _one_of(RunStatus, self.status)),
            ("trigger = ?", None if self.trigger is None else _one_of(TriggerKind, self.trigger)),
            ("started_at >= make_timestamp(?)", None if self.since is None else to_us(self.since)),
            ("started_at < make_timestamp(?)", None if self.until is None else to_us(self.until)),
            ("pinned = ?", self.pinned),
        ):
            if value is not None:
                conditions.append(condition)
                values.append(value)
        if self.text:
            conditions.append("(starts_with(id, lower(?)) OR contains(lower(error), lower(?)))")
            values += [self.text, self.text]
        return conditions, values

    def sql(self) -> str:
        """The same as a query that `History.sql` answers as it stands, the latest runs first.

        >>> print(RunFilter(flow="Ann's", status="failed").sql())
        SELECT * FROM runs
        WHERE flow = 'Ann''s'
          AND status = 'failed'
        ORDER BY started_at DESC, id DESC
        """
        conditions, values = self.compile()
        given = iter(values)
        told = [re.sub(r"make_timestamp\(\?\)|\?", partial(_filled, given), c) for c in conditions]
        where = "WHERE " + "\n  AND ".join(told) + "\n" if told else ""
        return f"SELECT * FROM runs\n{where}ORDER BY started_at DESC, id DESC"  # noqa: S608  # quoted

    def to_json(self) -> dict[str, Any]:
        """What it narrows by, as plain data; empty when it takes every run."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: str(value) if isinstance(value, datetime | RunStatus | TriggerKind) else value
            for name, value in given.items()
            if value is not None and value != ""
        }


def _filled(given: Iterator[Any], slot: re.Match[str]) -> str:
    """What stands in place of a question mark."""
    value = next(given)
    if slot[0] != "?":
        return f"TIMESTAMP '{from_us(value).replace(tzinfo=None)}'"
    if isinstance(value, bool):
        return str(value).lower()
    return "'{}'".format(str(value).replace("'", "''"))


def _one_of(kind: type[RunStatus] | type[TriggerKind], word: str) -> str:
    try:
        return str(kind(word))
    except ValueError:
        raise UsageError(
            f"{word!r} is no {kind.__name__}", hint=f"write one of {', '.join(kind)}"
        ) from None
