"""Which runs: the one way to narrow a list of them, for a page as for a deletion."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from flowbook.errors import UsageError
from flowbook.events import RunStatus, TriggerKind
from flowbook.store.rows import to_us


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

    def to_json(self) -> dict[str, Any]:
        """What it narrows by, as plain data; empty when it takes every run."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: str(value) if isinstance(value, datetime | RunStatus | TriggerKind) else value
            for name, value in given.items()
            if value is not None and value != ""
        }


def _one_of(kind: type[RunStatus] | type[TriggerKind], word: str) -> str:
    try:
        return str(kind(word))
    except ValueError:
        raise UsageError(
            f"{word!r} is no {kind.__name__}", hint=f"write one of {', '.join(kind)}"
        ) from None
