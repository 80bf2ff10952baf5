"""Patches made for a notebook that has gone on since, made anew for how it stands.

What a patch changed of a text, line by line, is changed in the newer text, too; where both changed
the same lines there is no way to do both, and neither is lost: `UsageError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, TypeAlias

from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import CellPatch, DeleteCell, InsertCell, ReplaceSource, SetMetadata
from flowbook.errors import UsageError

Metadata: TypeAlias = Mapping[str, Any]


def rebased(patches: Iterable[CellPatch], made_for: Notebook, now: Notebook) -> list[CellPatch]:
    """The patches that do in `now` what those do in `made_for`.

    Raises `UsageError` when a cell that one changes has gone, or was changed in the same lines, or
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
        source = merged(was.source, patch.source, cell.source)
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


def merged(was: str, ours: str, theirs: str) -> str:
    r"""`theirs`, with what `ours` changed of `was`; `UsageError` where both changed the same lines.

    >>> merged("%%flow a\nx = 1", "%%flow b\nx = 1", "%%flow a\nx = 2")
    '%%flow b\nx = 2'
    """
    if theirs in (was, ours):
        return ours
    if was == ours:
        return theirs
    base = was.split("\n")
    changes = sorted([*_changes(base, ours.split("\n")), *_changes(base, theirs.split("\n"))])
    lines: list[str] = []
    at, last = 0, None
    for start, end, new in changes:
        if last == (start, end, new):
            continue
        if start < at or (last is not None and start == last[0]):
            raise UsageError(
                f"line {start + 1} was changed in the notebook, too",
                hint="run the cell, and do it again",
            )
        lines += [*base[at:start], *new]
        at, last = end, (start, end, new)
    return "\n".join([*lines, *base[at:]])


def _changes(base: list[str], new: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    matcher = SequenceMatcher(None, base, new, autojunk=False)
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what != "equal":
            yield start, end, new[new_start:new_end]
