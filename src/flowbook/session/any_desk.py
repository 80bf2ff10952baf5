"""What all desks are: kinds, runs and offers of one flow of one project; and those of cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from flowbook.errors import EditRejected
from flowbook.graph.edits import Edit, MoveNodes
from flowbook.graph.flow import Flow
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Position
from flowbook.ids import NodeId
from flowbook.session import offering
from flowbook.session.desk_runs import Office as RunsOffice
from flowbook.session.travels import Office as TravelOffice
from flowbook.session.travels import Travels
from flowbook.session.versions import Publisher

if TYPE_CHECKING:
    from pathlib import Path

    from flowbook.events.values import ValueRef
    from flowbook.run.handle import Run
    from flowbook.store.preview import Preview


class Office(RunsOffice, offering.Office, Publisher, TravelOffice, Protocol):
    """What this needs of its project; `flowbook.Project` is one."""

    @property
    def registry(self) -> Registry: ...


def refuse_locked(edit: Edit, locked: str) -> None:
    """Raise `EditRejected` for the reason why nothing may be changed, if there is one."""
    if locked:
        raise EditRejected(
            f"{edit.label}: {locked}",
            hint="save a copy of the notebook, and change that",
            edit=edit,
            reason=locked,
        )


class AnyDesk:
    """What a canvas is opened on, whatever says what the flow is."""

    locked = ""
    """Who holds the flow, or has its notebook open, can change it."""

    def __init__(self, project: Office, flow: Flow, folder: Path | None = None) -> None:
        self._office = project
        self.flow = flow
        """The flow that runs."""
        self.folder = folder or project.path
        """Where paths that a view says or hears begin: the folder of its notebook."""

    @property
    def registry(self) -> Registry:
        """The kinds there are."""
        return self._office.registry

    @property
    def offers(self) -> offering.Offers:
        """What the project has for whoever edits the flow: names, and flows to call."""
        return offering.Offers(self._office, self.flow, self.folder)

    @property
    def travel(self) -> Travels:
        """Opens moments of its runs in the kernel."""
        return Travels(self._office, self.flow, self.flow.spec)

    def current_run(self) -> Run | None:
        """The run this process started last, running or over."""
        return self._office.last_run(self.flow)

    def preview(self, ref: ValueRef) -> Preview | None:
        """What a kept value looks like, without opening it; None when it is gone."""
        return self._office.store.vault.preview(ref)


class CellsDesk(AnyDesk, ABC):
    """What a canvas is opened on where a front end has the cells, and with them undo."""

    @abstractmethod
    def spec(self) -> FlowSpec:
        """The definition as the cells say it."""

    @abstractmethod
    def apply(self, edit: Edit) -> None:
        """Change what the cells say; `EditRejected` when the edit does not apply."""

    def history(self) -> tuple[str | None, str | None]:
        """Nothing: the front end has the notebook's undo."""
        return None, None

    def undo(self) -> str | None:
        """Nothing, for the same reason."""
        return None

    def redo(self) -> str | None:
        """Nothing, for the same reason."""
        return None

    def move(self, positions: Mapping[NodeId, Position]) -> None:
        """Place nodes where the user dropped them."""
        self.apply(MoveNodes(dict(positions)))

    def tidy(self) -> None:
        """Forget all places: back to the automatic layout."""
        placed = {node.id: None for node in self.spec().nodes if node.position is not None}
        if placed:
            self.apply(MoveNodes(placed))
