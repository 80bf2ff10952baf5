"""Dates and times: read, moved, truncated, taken apart, compared, in another time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Enum, TraitError, Unicode, validate

from flowbook.errors import UsageError
from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.nodes.rows.columns import check_columns
from flowbook.nodes.rows.moments import (
    PARTS,
    UNITS,
    Duration,
    between,
    each_once,
    read_moment,
    truncated,
    zone,
)
from flowbook.nodes.rows.node import RowsNode
from flowbook.nodes.rows.shapes import Items, Rows

_LAST: Final = ("difference", "part", "format")
"""Settings that say what comes out, instead of a moment: one of them at most."""


class DateMathsNode(RowsNode):
    """Works with dates and times, in a column or in a single value.

    In this order, each where it is given: `parse`, `timezone`, `add`, `subtract`, `convert`,
    `truncate`, and then one of `difference`, `part` and `format`. Years, months, weeks and days are
    those of the calendar, in the time zone: the 31st and a month is the last of the next; hours and
    less are time that passes. A null stays null.
    """

    kind: ClassVar[str] = "date_maths"
    single: ClassVar[bool] = True
    untemplated: ClassVar[tuple[str, ...]] = ("column", "into")
    example: ClassVar[str] = """\
%%flow invoices()
return [{"id": 1, "sent": "31.01.2026"}, {"id": 2, "sent": "15.02.2026"}]

%%flow date_maths due(invoices)
column: sent
parse: "%d.%m.%Y"
add: 1 month
into: due

%%flow date_maths weekday(invoices)
column: sent
parse: "%d.%m.%Y"
part: weekday
into: weekday
"""

    column = Unicode(
        help="The column with the moments; left out for a single moment or a list of them."
    ).tag(config=True, examples=["sent"])
    into = Unicode(help="The column for what comes out; the same one when left out.").tag(
        config=True, examples=["due"]
    )
    parse = Unicode(
        "iso",
        help="How texts are written: iso, epoch (seconds since 1970) or a pattern of strptime.",
    ).tag(config=True, examples=["%d.%m.%Y", "%Y-%m-%d %H:%M", "epoch"])
    timezone = Unicode(help="The time zone of moments that name none.").tag(
        config=True, examples=["Europe/Oslo", "UTC"]
    )
    add = Unicode(help="How much later.").tag(config=True, examples=["2 days", "1 month 12h"])
    subtract = Unicode(help="How much earlier.").tag(config=True, examples=["90m", "1 year"])
    convert = Unicode(help="The time zone to tell it in.").tag(
        config=True, examples=["America/New_York"]
    )
    truncate = Enum(
        ("", *UNITS),
        default_value="",
        help="Back to the beginning of the year, month, day and so on.",
    ).tag(config=True)
    difference = traitlets.Any(
        "",
        help="How long since another moment: a column, or a moment written as ISO.",
    ).tag(config=True, examples=["ordered", "2026-01-01"])
    unit = Enum(
        UNITS,
        default_value="day",
        help="What the difference is counted in; months, quarters and years are whole ones.",
    ).tag(config=True)
    part = Enum(
        ("", *PARTS),
        default_value="",
        help="What to take of it: year, week (of ISO), weekday (Monday is 1), epoch and so on.",
    ).tag(config=True)
    format = Unicode(help="Write it as text: iso, or a pattern of strftime.").tag(
        config=True, examples=["%d.%m.%Y", "%G-W%V"]
    )

    @validate("timezone", "convert")
    def _check_zone(self, proposal: Any) -> Any:
        if proposal["value"]:
            try:
                zone(proposal["value"])
            except ValueError as refused:
                raise TraitError(f"{proposal['trait'].name}: {refused}") from None
        return proposal["value"]

    @validate("add", "subtract")
    def _check_duration(self, proposal: Any) -> Any:
        if proposal["value"]:
            try:
                Duration.read(proposal["value"])
            except ValueError as refused:
                raise TraitError(f"{proposal['trait'].name}: {refused}") from None
        return proposal["value"]

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The rows, the list or the one value; `UsageError` names the row that is no moment."""
        given = [name for name in _LAST if not _empty(getattr(self, name))]
        if len(given) > 1:
            raise UsageError(
                f"{self.place} takes one of {', '.join(_LAST)}, and has {' and '.join(given)}",
                hint="use a node for each",
            )
        value = self.subject(inputs)
        if not self.column and (value is None or isinstance(value, str | date | int | float)):
            return self._made(value, self._since(None, 0), self.place)
        rows = self.rows(inputs)
        if isinstance(rows, Items) or (rows.columns is None and not len(rows)):
            return [
                self._made(one, self._since(None, at), f"{self.place}: item {at}")
                for at, one in enumerate(rows.items())
            ]
        if not self.column:
            raise UsageError(
                f"{self.place} does not know which column to work on",
                hint=f"name it, such as column: {(rows.columns or ['at'])[0]}",
            )
        check_columns(rows, [self.column], f"column of {self.place}")
        return rows.put({self.into or self.column: self._column(rows)}).give()

    def _column(self, rows: Rows) -> list[Any]:
        """What comes out for each row; each moment that occurs is worked out once."""
        values = rows.values(self.column)
        others: list[Any] = [None] * len(values)
        if isinstance(self.difference, str) and self.difference in (rows.columns or ()):
            others = rows.values(self.difference)

        def made(at: int, pair: tuple[Any, Any]) -> Any:
            place = f"{self.place}: row {at} of {self.column!r}"
            return self._made(pair[0], self._since(rows, at, pair[1]), place)

        return each_once(list(zip(values, others, strict=True)), made)

    def _since(self, rows: Rows | None, at: int, value: Any = None) -> date | None:
        """The moment that a difference is counted from."""
        if _empty(self.difference):
            return None
        place = f"difference of {self.place}"
        if rows is not None and isinstance(self.difference, str) and rows.columns is not None:
            if self.difference in rows.columns:
                return self._read(value, f"{place}: row {at}")
            if not self.difference[:1].isdigit():
                check_columns(rows, [self.difference], place)
        return self._read(self.difference, place)

    def _read(self, value: Any, place: str) -> date | None:
        # What the setting itself says is written as ISO.
        layout = "" if value is self.difference else self.parse
        moment = read_moment(value, layout, place)
        if self.timezone and moment is not None:
            if not isinstance(moment, datetime):
                moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001  zoned below
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=zone(self.timezone))
        return moment

    def _made(self, value: Any, since: date | None, place: str) -> Any:
        moment = self._read(value, place)
        if moment is None:
            return None
        try:
            moment = self._moved(moment, place)
        except (OverflowError, ValueError) as error:
            raise UsageError(
                f"{place} leaves the years 1 to 9999: {error}", hint="add or subtract less"
            ) from None
        if not _empty(self.difference):
            return None if since is None else between(moment, since, self.unit)
        if self.part:
            return PARTS[self.part](moment)
        if self.format:
            return moment.isoformat() if self.format == "iso" else moment.strftime(self.format)
        return moment

    def _moved(self, moment: date, place: str) -> date:
        if self.add:
            moment = Duration.read(self.add).added(moment)
        if self.subtract:
            moment = Duration.read(self.subtract).added(moment, -1)
        if self.convert:
            if not isinstance(moment, datetime) or moment.tzinfo is None:
                raise UsageError(
                    f"{place} names no time zone, so it cannot be told in {self.convert}",
                    hint="say in which it is: timezone: Europe/Oslo",
                )
            moment = moment.astimezone(zone(self.convert))
        if self.truncate:
            moment = truncated(moment, self.truncate, place) or moment
        return moment


def _empty(setting: Any) -> bool:
    return setting is None or (isinstance(setting, str) and not setting)
