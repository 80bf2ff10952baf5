"""Patches made for a notebook that has gone on since, made anew for how it stands.

What a patch changed of a text is changed in the newer text, too; where both changed the same words
there is no way to do both, and nothing that was typed is lost: `UsageError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from flowbook.cells.merging import merged
from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import CellPatch, DeleteCell, InsertCell, ReplaceSource, SetMetadata
from flowbook.errors import UsageError
from flowbook.ids import CellId

Metadata: TypeAlias = Mapping[str, Any]


def rebased(patches: Iterable[CellPatch], made_for: Notebook, now: Notebook) -> list[CellPatch]:
    """The patches that do in `now` what those do in `made_for`.

    Raises `UsageError` when a cell that one changes has gone, or was changed in the same words, or
    when one would delete a cell that says something else by now.
    """
    return [one for patch in patches for one in _one(patch, made_for, now)]


def _one(patch: CellPatch, made_for: Notebook, now: Notebook) -> Iterator[CellPatch]:
    if isinstance(patch, InsertCell):
        yield InsertCell(_place(patch.index, made_for, now), patch.cell)
        return
    was = made_for.cells[made_for.index(patch.cell)]
    here = [cell for cell in now.cells if cell.id == patch.cell]
    if isinstance(patch, DeleteCell):
        if here and here[0].source != was.source:
            raise UsageError(f"cell {patch.cell} was changed", hint="delete it yourself")
        yield from [patch] * len(here)
        return
    cell = now.cells[now.index(patch.cell)]
    if isinstance(patch, ReplaceSource):
        source = _merged(patch.cell, was.source, patch.source, cell.source)
        if source != cell.source:
            yield ReplaceSource(patch.cell, source)
        return
    metadata = _changed(was.metadata, patch.metadata, cell.metadata)
    if metadata != cell.metadata:
        yield SetMetadata(patch.cell, metadata)


def _changed(was: Metadata, ours: Metadata, theirs: Metadata) -> Metadata:
    """`theirs`, with the keys that `ours` has otherwise than it `was`."""
    keys = [key for key in {**was, **ours} if was.get(key) != ours.get(key)]
    kept = {key: value for key, value in theirs.items() if key not in keys}
    return {**kept, **{key: ours[key] for key in keys if key in ours}}


def _place(index: int, made_for: Notebook, now: Notebook) -> int:
    """Below the nearest cell above that is still there."""
    order = [cell.id for cell in now.cells]
    above = (cell.id for cell in reversed(made_for.cells[:index]))
    return next((order.index(cell) + 1 for cell in above if cell in order), 0)


def _merged(cell: CellId, was: str, ours: str, theirs: str) -> str:
    if ours == theirs:
        return theirs
    both = merged(was, ours, theirs)
    if both is None:
        raise UsageError(
            f"what it changes in cell {cell} was changed in the notebook, too",
            hint="run that cell, and do it again",
        )
    return both
