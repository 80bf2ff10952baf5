"""What connects a kernel's flow with the notebook document, where a front end offers it.

A `NotebookLink` is offered by the entry-point group `flowbook.links`; whoever has a shell asks for
one with `find_link`. Without one, everything works as before, and the notebook's text is the
user's to change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any, Protocol, TypeAlias

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.params import TAG
from flowbook.cells.patches import CellPatch, apply_patches, patch
from flowbook.errors import EditRejected
from flowbook.graph.edits import AddNode, Edit, MoveNodes, ReplaceNode, Several
from flowbook.graph.spec import FlowSpec
from flowbook.ids import NodeId
from flowbook.session.live import LiveNotebook

Make: TypeAlias = Callable[[Notebook], Sequence[CellPatch]]
"""What a gesture changes in a notebook, however that stands; `UsageError` when it cannot."""


class NotebookLink(Protocol):
    """The notebook document as a front end has it open, at arm's length."""

    @property
    def connected(self) -> bool:
        """Whether any front end shows the notebook now."""
        ...

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells as they stand, in order, run or not; none without a front end."""
        ...

    def apply(self, patches: Sequence[CellPatch], label: str) -> bool:
        """Ask for these changes of `cells`, as one gesture; False when nobody is connected."""
        ...

    def say(self, label: str, make: Make) -> bool:
        """Ask for what `make` changes, made again should the notebook have gone on meanwhile."""
        ...


def find_link(shell: Any) -> NotebookLink | None:
    """The link that an installed front end offers for this shell; None when there is none."""
    for point in entry_points(group="flowbook.links"):
        link: NotebookLink | None = point.load()(shell)
        if link is not None:
            return link
    return None


class Following:
    """Changes of a live flow, written into its cells: those that ran, and those of the notebook.

    An edit changes the text of the cells that ran, so that it outlives the next reading of them,
    and the same edit is said of the notebook, whose cells may be newer. Nodes that no cell holds
    (decorated functions) are not the notebook's affair. A flow that was read anew changes nothing:
    that is what its cells say already.
    """

    def __init__(self, live: LiveNotebook, link: NotebookLink | None) -> None:
        self._live = live
        self._link = link
        self.stop = live.flow.observe(self._changed)

    def _changed(self, _spec: FlowSpec, edit: Edit | None) -> None:
        if edit is None or self._is_code(edit):
            return
        ran = self._ran()
        held = {node.id for node in self._live.flow.spec().nodes if node.place is not None}
        said = _of_cells(edit, held)
        registry = self._live.project.registry
        try:
            patches = patch(ran, said, registry)
        except EditRejected:
            return  # of nodes that are in no cell
        if not patches:
            return
        after = apply_patches(ran, patches)
        self._live.cells = {cell.id: cell for cell in after.cells}
        if self._link is not None:
            self._link.say(said.label, lambda notebook: patch(notebook, said, registry))

    def _is_code(self, edit: Edit) -> bool:
        """True of a function that was decorated, or defined anew: its cell says so itself."""
        if not isinstance(edit, AddNode | ReplaceNode):
            return False
        return edit.node.id in self._live.flow.implementations

    def _ran(self) -> Notebook:
        tags = {"tags": [TAG]}
        return Notebook.of(
            tuple(
                Cell.code(cell.id, cell.source, tags) if cell.id in self._live.parameters else cell
                for cell in self._live.cells.values()
            )
        )


def _of_cells(edit: Edit, held: set[NodeId]) -> Edit:
    """The edit, without places of nodes that are in no cell."""
    if isinstance(edit, MoveNodes):
        return MoveNodes({node: at for node, at in edit.positions.items() if node in held})
    if isinstance(edit, Several):
        return Several(tuple(_of_cells(one, held) for one in edit.edits), edit.name)
    return edit
