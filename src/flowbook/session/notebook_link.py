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
from flowbook.cells.patches import CellPatch, patch
from flowbook.graph.edits import Edit
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


def follow(live: LiveNotebook, link: NotebookLink) -> None:
    """Have what edits the live flow change the notebook document, too, whose cells may be newer.

    A flow that was read anew changes nothing: that is what its cells say already.
    """
    registry = live.project.registry

    def say(edit: Edit) -> None:
        link.say(edit.label, lambda notebook: patch(notebook, edit, registry))

    live.watchers.append(say)
