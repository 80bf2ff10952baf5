"""A gesture on a notebook that may have gone on by the time it is made: again, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flowbook.cells.merging import loses, merged
from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import CellPatch, DeleteCell, InsertCell, ReplaceSource, patch
from flowbook.cells.refusing import explained
from flowbook.cells.source import Parsed
from flowbook.errors import EditRejected
from flowbook.graph.edits import Edit
from flowbook.graph.rebasing import rebased
from flowbook.graph.registry import Registry
from flowbook.ids import CellId


@dataclass(frozen=True, slots=True)
class Made:
    """An edit, the notebook it was made on, and what it changes there."""

    edit: Edit
    notebook: Notebook
    parsed: Parsed
    patches: tuple[CellPatch, ...]


def made_on(edit: Edit, notebook: Notebook, parsed: Parsed, registry: Registry) -> Made:
    """An edit with the patches it comes to.

    Raises `EditRejected` when it does not apply, or would change a cell that is locked.
    """
    try:
        found = patch(notebook, edit, registry, parsed.spec)
    except EditRejected as refused:
        raise explained(refused, edit, notebook, parsed.spec, None) from None
    _refuse_kept(edit, found, notebook)
    return Made(edit, notebook, parsed, found)


def _refuse_kept(edit: Edit, patches: Sequence[CellPatch], notebook: Notebook) -> None:
    """Refuse what changes a cell that its user wants kept as it is."""
    metadata = {cell.id: cell.metadata for cell in notebook.cells}
    for one in patches:
        if isinstance(one, InsertCell):
            continue
        kept = metadata.get(one.cell, {})
        if isinstance(one, ReplaceSource) and kept.get("editable") is False:
            reason = f"cell {one.cell} is locked against changes"
        elif isinstance(one, DeleteCell) and kept.get("deletable") is False:
            reason = f"cell {one.cell} is locked against deletion"
        else:
            continue
        hint = "unlock the cell: `editable` and `deletable` in its metadata"
        raise EditRejected(f"{edit.label}: {reason}", hint=hint, edit=edit, reason=reason)


def again(
    made: Made, now: Notebook, read: Callable[[Notebook], Parsed], registry: Registry
) -> tuple[CellPatch, ...]:
    """The patches that do in `now` what the gesture means, if it takes no typed text away.

    Raises `EditRejected` when the node has gone, or when what it changes in a cell, or the cell it
    deletes, was typed over meanwhile.
    """
    if now.cells == made.notebook.cells:
        return made.patches
    parsed = read(now)
    edit = rebased(made.edit, made.parsed.spec, parsed.spec)
    try:
        found = patch(now, edit, registry, parsed.spec)
    except EditRejected as refused:
        raise explained(refused, edit, now, parsed.spec, made.parsed.spec) from None
    return tuple(_with_what_was_typed(made, one, now) for one in found)


def _with_what_was_typed(made: Made, one: CellPatch, now: Notebook) -> CellPatch:
    """The patch with what was typed in its cell since; `EditRejected` where both cannot be."""
    if not isinstance(one, DeleteCell | ReplaceSource):
        return one
    seen = {cell.id: cell.source for cell in made.notebook.cells}
    here = next(cell.source for cell in now.cells if cell.id == one.cell)
    base = seen.get(one.cell, here)
    if base == here:
        return one
    if isinstance(one, DeleteCell):
        raise _typed_over(made.edit, one.cell)
    meant = [p.source for p in made.patches if isinstance(p, ReplaceSource) and p.cell == one.cell]
    source = merged(base, meant[0], here) if meant else one.source
    if source is None or loses(base, here, source):
        raise _typed_over(made.edit, one.cell)
    return ReplaceSource(one.cell, source)


def _typed_over(edit: Edit, cell: CellId) -> EditRejected:
    reason = f"what it changes in cell {cell} was changed in the notebook meanwhile"
    return EditRejected(
        f"{edit.label}: {reason}",
        hint="look at that cell, and do it again",
        edit=edit,
        reason=reason,
    )
