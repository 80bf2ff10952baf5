"""What connects a kernel's flow with the notebook document, where a front end offers it.

A `NotebookLink` is offered by the entry-point group `flowbook.links`; whoever has a shell asks for
one with `find_link`, and `Following` has it say what changes the flow. Where nobody offers one, the
notebook's text is the user's to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, Protocol, TypeAlias

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import CellPatch, InsertCell, patch
from flowbook.cells.source import read
from flowbook.graph.edits import Edit, MoveNodes
from flowbook.graph.spec import FlowSpec, Position
from flowbook.graph.wiring import EdgeSpec, resolve
from flowbook.ids import CellId, NodeId
from flowbook.session.feeding import Cells
from flowbook.session.live import LiveNotebook
from flowbook.session.rebase import rebased

Make: TypeAlias = Callable[[Notebook], Sequence[CellPatch]]
"""What a gesture changes in a notebook, however that stands; `UsageError` when it cannot."""

Places: TypeAlias = Mapping[CellId, Position | None]


Stop: TypeAlias = Callable[[], None]
"""Call it to hear no more."""


class OpenNotebook(Protocol):
    """One view of a notebook in a front end: its cells as they stand there, run or not."""

    path: str
    """Where the front end has it, seen from its server's root."""

    @property
    def locked(self) -> str:
        """Why nothing of it may be changed, in words; '' when it may."""
        ...

    @property
    def rests(self) -> bool:
        """Whether everything that was said has been done or refused."""
        ...

    def notebook(self) -> Notebook:
        """All cells, in order."""
        ...

    def observe(self, callback: Callable[[], None]) -> Stop:
        """Call back when cells have changed, whoever changed them."""
        ...

    def say(self, label: str, make: Make) -> bool:
        """Ask for what `make` changes, in this view; False when it is no longer open."""
        ...


Hosts: TypeAlias = Callable[[OpenNotebook], Any]
"""What makes the host of the canvases of a view."""


class NotebookLink(Protocol):
    """The notebook document as a front end has it open, at arm's length.

    `placed`, if somebody sets it, is called with the cells that the document has in other places
    than before: all that have one when it is opened. `hosts`, if somebody sets it, is what canvases
    of the document are on.
    """

    placed: Callable[[Places], None]
    hosts: Hosts | None

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


Offer: TypeAlias = Callable[[Any], NotebookLink | None]
"""What an entry point holds: the link of the notebook of a shell; None if it is not its kind."""


def find_link(shell: Any, offers: Iterable[Offer] | None = None) -> NotebookLink | None:
    """The link that an installed front end offers for this shell; None when there is none."""
    if offers is None:
        offers = (point.load() for point in entry_points(group="flowbook.links"))
    links = (offer(shell) for offer in offers)
    return next((link for link in links if link is not None), None)


class Following:
    """Changes of a live flow, written into the cells of the notebook document.

    The texts that ran are the live notebook's to keep, and it tells which edits changed them. Here
    each is said of the document, whose cells may be newer or not have been run, so that nothing
    typed is lost. A flow that was read anew changes nothing: that is what its cells say already, or
    what `offer` tells of.
    """

    def __init__(self, live: LiveNotebook, link: NotebookLink) -> None:
        self._live = live
        self._link = link
        self._cells: Cells = dict(live.cells)
        self._before = self._cells
        """The cells as they were until the last change."""
        live.watchers.append(self._say)
        live.document = self._cell
        link.placed = self._place
        live.flow.observe(self._remember)

    def offer(self, patches: Sequence[CellPatch], label: str) -> bool:
        """Say what just became of the cells that ran; False when no front end is connected.

        A cell that says something else by now, of the same node fed by the same, has said it.
        """
        made_for = Notebook.of(tuple(self._before.values()))

        def made(notebook: Notebook) -> Sequence[CellPatch]:
            there, wanted = _fed(self._read(notebook)), _fed(self._live.flow.spec())
            as_run = {cell.id: cell.source for cell in made_for.cells}
            said = {
                cell.id
                for cell in notebook.cells
                if cell.source != as_run.get(cell.id) and there.get(cell.id) == wanted.get(cell.id)
            }
            open_ = [one for one in patches if isinstance(one, InsertCell) or one.cell not in said]
            return rebased(open_, made_for, notebook)

        return self._link.say(label, made)

    def _say(self, edit: Edit) -> None:
        self._link.say(edit.label, lambda notebook: self._made(notebook, edit))

    def _made(self, notebook: Notebook, edit: Edit) -> Sequence[CellPatch]:
        return patch(notebook, edit, self._live.project.registry, self._read(notebook))

    def _read(self, notebook: Notebook) -> FlowSpec:
        live = self._live
        ambient = frozenset(name for name in list(live.namespace) if not name.startswith("_"))
        return read(notebook, live.project.registry, live.flow.spec().id, ambient=ambient).spec

    def _cell(self, cell_id: CellId) -> Cell | None:
        return next((cell for cell in self._link.cells if cell.id == cell_id), None)

    def _place(self, places: Places) -> None:
        """Nodes stand where the document has them."""
        moved = {
            node.id: places[node.place.cell]
            for node in self._live.flow.spec().nodes
            if node.place is not None
            and node.place.cell in places
            and places[node.place.cell] != node.position
        }
        if moved:
            self._live.flow.apply(MoveNodes(moved))

    def _remember(self, _spec: FlowSpec, _edit: Edit | None) -> None:
        if self._cells != self._live.cells:
            self._before, self._cells = self._cells, dict(self._live.cells)


def _fed(spec: FlowSpec) -> dict[CellId, tuple[NodeId, frozenset[EdgeSpec]]]:
    """The node of each cell, and what feeds it."""
    into: dict[NodeId, list[EdgeSpec]] = {}
    for edge in resolve(spec).edges:
        into.setdefault(edge.target, []).append(edge)
    return {
        node.place.cell: (node.id, frozenset(into.get(node.id, ())))
        for node in spec.nodes
        if node.place
    }
