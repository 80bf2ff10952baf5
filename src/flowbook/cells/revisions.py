"""The revisions of a notebook: what it was, and at which of them each cell changed, and by whom."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

from flowbook.cells.notebook import Notebook
from flowbook.cells.registers import Slot
from flowbook.cells.source import Parsed
from flowbook.errors import UsageError
from flowbook.ids import CellId

_MOST: Final = 200


class Past(NamedTuple):
    """A notebook as it was, and its flow if somebody had asked for that."""

    notebook: Notebook
    parsed: Parsed | None


class Revisions:
    """The number of the current one, and what is remembered of those before."""

    def __init__(self) -> None:
        self.current = 0
        self._past: OrderedDict[int, Past] = OrderedDict()
        self._changed: dict[CellId, int] = {}
        self._written: dict[CellId, tuple[int, str]] = {}

    def of(self, cell: CellId) -> int:
        """The revision at which a cell changed last; 0 when it never did."""
        return self._changed.get(cell, 0)

    def written(self, cell: CellId) -> tuple[int, str]:
        """The revision at which a cell's text was written last, and who wrote it."""
        return self._written.get(cell, (0, ""))

    def remember(self, notebook: Notebook, parsed: Parsed | None, least: int = 0) -> None:
        """Keep the current revision, before there is another, with a number above `least`."""
        self._past[self.current] = Past(notebook, parsed)
        while len(self._past) > _MOST:
            self._past.popitem(last=False)
        self.current = max(self.current, least)

    def advance(
        self, before: Mapping[CellId, Slot | None], after: Mapping[CellId, Slot], by: str
    ) -> None:
        """These cells have changed."""
        self.current += 1
        for cell, now in after.items():
            self._changed[cell] = self.current
            was = before[cell]
            if (was.text if was else None) != now.text:
                self._written[cell] = (self.current, by)

    def at(self, seen: int | None) -> Past | None:
        """What was at an older revision; None for the current one, and for one long gone.

        Raises `UsageError` for a revision that has not been.
        """
        if seen is None or seen == self.current:
            return None
        if not 0 <= seen < self.current:
            raise UsageError(
                f"revision {seen} has not been: the notebook is at {self.current}",
                hint="read it again",
            )
        return self._past.get(seen)

    def text_at(self, seen: int | None, cell: CellId) -> str | None:
        """The text of a cell at an older revision, if that is known."""
        past = self.at(seen)
        cells = past.notebook.cells if past else ()
        return next((one.source for one in cells if one.id == cell), None)
