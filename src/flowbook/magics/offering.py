"""Changes of other cells: a kernel cannot write them, but it can see to it that they are written.

Where JupyterLab is linked with the kernel, it writes them itself. Else the cell that runs is given
its new text, and of all others the user is told what they should say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flowbook.cells.notebook import Cell
from flowbook.cells.patches import CellPatch, ReplaceSource
from flowbook.ids import CellId
from flowbook.magics.kernel_notebook import KernelNotebook, note


def offer_patches(
    notebook: KernelNotebook,
    patches: Sequence[CellPatch],
    *,
    label: str = "Follow the flow",
    before: Mapping[CellId, Cell] | None = None,
) -> bool:
    """Have the cells changed, or say what they should say; True when a front end does it.

    `label` is what the front end calls it in its undo menu. `before` are the cells as they were:
    then each line that is new is told, else the head alone.
    """
    if notebook.following is not None and notebook.following.offer(patches, label):
        return True
    names = {str(node.place.cell): node.id for node in notebook.flow.spec().nodes if node.place}
    for one in patches:
        if not isinstance(one, ReplaceSource):
            continue
        if notebook.known_by_id and one.cell == notebook.cell:
            notebook.shell.set_next_input(one.source, replace=True)
            continue
        was = (before or {}).get(one.cell)
        for text in _news("" if was is None else was.source, one.source):
            note(f"the cell of {names.get(one.cell, one.cell)} should say: {text}")
    return False


def _news(was: str, now: str) -> Iterator[str]:
    r"""The lines of a text that are new in it; its head where that is all there is to tell.

    >>> list(_news("%%flow a\nx = b", "%%flow a\nx = c"))
    ['x = c']
    >>> list(_news("", "%%flow a\nx = c"))
    ['%%flow a']
    """
    before, lines = was.split("\n"), now.split("\n")
    new = [line for line in lines if line not in before] if was else []
    yield from new or lines[:1]
