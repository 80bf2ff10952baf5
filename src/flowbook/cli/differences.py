"""What became of the cells of a notebook, as a patch shows it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from flowbook.cells.notebook import Notebook


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell that becomes another; '' where there is none."""

    cell: str
    before: str
    after: str

    def lines(self, name: str) -> Iterator[str]:
        """The difference, line by line; `name` is the notebook's."""
        place = f"{name} cell {self.cell}"
        old, new = self.before.splitlines(), self.after.splitlines()
        yield from difflib.unified_diff(old, new, place, place, lineterm="")


def changes(before: Notebook, after: Notebook) -> list[CellChange]:
    """The cells whose text differs, in the order of the notebook; new ones last."""
    was = {cell.id: cell.source for cell in before.cells}
    now = {cell.id: cell.source for cell in after.cells}
    return [
        CellChange(cell, was.get(cell, ""), now.get(cell, ""))
        for cell in (*was, *(cell for cell in now if cell not in was))
        if was.get(cell, "") != now.get(cell, "")
    ]
