"""A notebook's cells as its front end last told them, and patches as it understands them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowbook.cells.notebook import METADATA_KEY, Cell, Notebook
from flowbook.cells.patches import CellPatch, DeleteCell, InsertCell, ReplaceSource
from flowbook.graph.spec import Position
from flowbook.ids import CellId
from flowbook.widget.notebook_protocol import (
    CellChanges,
    CellView,
    DeleteCellView,
    InsertCellView,
    PatchView,
    ReplaceSourceView,
    SetMetadataView,
)

OURS = ("tags", METADATA_KEY)
"""The keys of a cell's metadata that travel."""


class Mirror:
    """The cells of one open notebook, in order, each with its revision.

    >>> mirror = Mirror([CellView(CellId("a"), "code", "x = 1", revision=3)])
    >>> mirror.notebook().cells[0].source, mirror.revision(CellId("a"))
    ('x = 1', 3)
    """

    def __init__(self, cells: Iterable[CellView] = ()) -> None:
        self._cells = {one.cell: one for one in cells}

    def take(self, changes: CellChanges) -> None:
        """Stand as the front end says it stands; a cell it never told of is left out."""
        known = {**self._cells, **{one.cell: one for one in changes.cells}}
        order = known if changes.order is None else changes.order
        self._cells = {cell: known[cell] for cell in order if cell in known}

    def notebook(self) -> Notebook:
        """The whole of it as a notebook."""
        return Notebook.of(
            tuple(
                Cell(one.cell, one.kind, one.source, one.metadata) for one in self._cells.values()
            )
        )

    def places(self) -> dict[CellId, Position | None]:
        """Where the canvas is to draw the node of each cell."""
        return {cell.id: cell.position for cell in self.notebook().cells}

    def revision(self, cell: CellId) -> int:
        """Which state of that cell this is; -1 for one that is not there."""
        found = self._cells.get(cell)
        return -1 if found is None else found.revision

    def on_the_wire(self, patches: Iterable[CellPatch]) -> Iterator[PatchView]:
        """The patches with what they were made from: revisions, and a neighbour for an index."""
        order = list(self._cells)
        for one in patches:
            if isinstance(one, InsertCell):
                after = order[one.index - 1] if one.index else None
                order.insert(one.index, one.cell.id)
                yield InsertCellView(after, cell_view(one.cell))
            elif isinstance(one, DeleteCell):
                order.remove(one.cell)
                yield DeleteCellView(one.cell, self.revision(one.cell))
            elif isinstance(one, ReplaceSource):
                yield ReplaceSourceView(one.cell, one.source, self.revision(one.cell))
            else:
                kept = {key: one.metadata[key] for key in OURS if key in one.metadata}
                yield SetMetadataView(one.cell, kept, self.revision(one.cell))


def cell_view(cell: Cell) -> CellView:
    """A new cell as it travels."""
    metadata = {key: cell.metadata[key] for key in OURS if key in cell.metadata}
    return CellView(cell.id, cell.type, cell.source, metadata)
