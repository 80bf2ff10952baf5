"""A notebook in a front end, for tests: its cells, and gestures that it does when it is told to."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import (
    CellPatch,
    DeleteCell,
    InsertCell,
    ReplaceSource,
    SetMetadata,
    apply_patches,
)
from flowbook.errors import UsageError
from flowbook.ids import CellId


class Page:
    """An open notebook. What a kernel is told of it, and what it is asked for, both may lag.

    Without `slow` everything is done at once.
    """

    def __init__(self, *sources: str, path: str = "tour.ipynb", slow: bool = False) -> None:
        cells = tuple(Cell.code(CellId(f"c{i}"), one) for i, one in enumerate(sources))
        self.path, self.slow, self.locked = path, slow, ""
        self.cells = Notebook.of(cells)
        """As the user sees them."""
        self.told = self.cells
        """As the kernel was told last."""
        self.revisions = dict.fromkeys((cell.id for cell in cells), 1)
        self.notices: list[str] = []
        self.labels: list[str] = []
        """Of the gestures that were done."""
        self.asked: list[str] = []
        """Of all gestures."""
        self.needless: list[str] = []
        """Of those that had nothing left to change when their turn came."""
        self._made: dict[CellId, int] = dict(self.revisions)
        self._waiting: deque = deque()
        self._asked = None
        self._watchers: list[Callable[[], None]] = []
        self._ids = itertools.count()

    # ------------------------------------------------------------ what a kernel sees

    @property
    def rests(self) -> bool:
        return self._asked is None and not self._waiting

    def notebook(self) -> Notebook:
        return self.told

    def observe(self, callback):
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def say(self, label, make) -> bool:
        self.asked.append(label)
        self._waiting.append((label, make, False))
        self._ask()
        if not self.slow:
            self.settle()
        return True

    # ------------------------------------------------------------ what happens in between

    def _ask(self) -> None:
        while self._asked is None and self._waiting:
            label, make, last = self._waiting.popleft()
            try:
                patches = tuple(make(self.told))
            except UsageError as refused:
                self.notices.append(f"{label}: {refused.message}")
                continue
            if not patches:
                self.needless.append(label)
            else:
                self._asked = (label, make, last, patches, dict(self._made), self.told)

    def answer(self) -> None:
        """The front end gets to what it is asked for, and its answer arrives."""
        if self._asked is None:
            return
        label, make, last, patches, made_from, made_for = self._asked
        self._asked = None
        if self._fits(patches, made_from):
            self._do(patches, made_for)
            self.labels.append(label)
        elif not last:
            self._waiting.appendleft((label, make, True))
        else:
            self.notices.append(f"{label}: the cells changed meanwhile")
        self.tell()

    def tell(self) -> None:
        """What the user did arrives at the kernel."""
        self.told, self._made = self.cells, dict(self.revisions)
        self._ask()
        for watcher in list(self._watchers):
            watcher()

    def settle(self) -> None:
        """Everything arrives."""
        self.tell()
        while not self.rests:
            self.answer()

    def _fits(self, patches: Sequence[CellPatch], made_from: dict[CellId, int]) -> bool:
        touched = [one.cell for one in patches if not isinstance(one, InsertCell)]
        return all(
            cell in self.revisions and self.revisions[cell] == made_from.get(cell)
            for cell in touched
        )

    def _do(self, patches: Sequence[CellPatch], made_for: Notebook) -> None:
        order = [cell.id for cell in made_for.cells]
        for one in patches:
            if isinstance(one, InsertCell):
                above = order[one.index - 1] if one.index else None
                order.insert(one.index, one.cell.id)
                here = [cell.id for cell in self.cells.cells]
                at = here.index(above) + 1 if above in here else 0
                self.cells = apply_patches(self.cells, [replace(one, index=at)])
                self.revisions[one.cell.id] = 1
                continue
            if isinstance(one, DeleteCell):
                order.remove(one.cell)
            self.cells = apply_patches(self.cells, [one])
            self.revisions[one.cell] = self.revisions.get(one.cell, 0) + 1
            if isinstance(one, DeleteCell):
                del self.revisions[one.cell]

    # ------------------------------------------------------------ what the user does

    def text(self, cell: str) -> str:
        return next(one.source for one in self.cells.cells if one.id == cell)

    def write(self, cell: str, source: str) -> None:
        """Type in a cell."""
        self._by_hand(ReplaceSource(CellId(cell), source))

    def add(self, source: str, at: int) -> CellId:
        """A new cell."""
        cell = CellId(f"new{next(self._ids)}")
        self.cells = apply_patches(self.cells, [InsertCell(at, Cell.code(cell, source))])
        self.revisions[cell] = 1
        self._told()
        return cell

    def delete(self, cell: str) -> None:
        """A cell goes."""
        self.cells = apply_patches(self.cells, [DeleteCell(CellId(cell))])
        self.revisions.pop(CellId(cell), None)
        self._told()

    def place(self, cell: str, metadata: dict) -> None:
        self._by_hand(SetMetadata(CellId(cell), metadata))

    def _by_hand(self, one: ReplaceSource | SetMetadata) -> None:
        self.cells = apply_patches(self.cells, [one])
        self.revisions[one.cell] += 1
        self._told()

    def _told(self) -> None:
        if not self.slow:
            self.tell()
