"""`DraftDesk`: a notebook that no kernel has open, as a canvas sees it.

It knows the definition and nothing of runs. An edit changes the copy of the cells it was given;
what it changed there is for whoever has the notebook to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import CellPatch, apply_patches
from flowbook.cells.source import Parsed, flow_named
from flowbook.errors import UsageError
from flowbook.graph.edits import Edit
from flowbook.graph.problem import Problem
from flowbook.graph.spec import FlowSpec, Json, Position
from flowbook.ids import FlowId, NodeId
from flowbook.session.any_desk import CellsDesk, refuse_locked
from flowbook.session.document_flow import DocumentFlow, as_flow
from flowbook.session.late import made_on
from flowbook.session.past import Past

if TYPE_CHECKING:
    from flowbook.session.project import Project


class DraftDesk(CellsDesk):
    """What a canvas of cells is on."""

    def __init__(
        self,
        project: Project,
        notebook: Notebook,
        name: FlowId,
        folder: Path | None = None,
        locked: str = "",
    ) -> None:
        """A desk of the notebook `name` in `folder`, which is the project's without one."""
        flow = as_flow(FlowSpec(flow_named(notebook, name)), project)
        super().__init__(project, flow, folder or project.path)
        self._project = project
        self._cells = DocumentFlow(project, name)
        self.locked = locked
        """Why nothing may be changed; '' when it may."""
        self.notebook = notebook
        """The cells as they are by now."""
        self.said: list[tuple[str, tuple[CellPatch, ...]]] = []
        """What was changed, gesture by gesture."""

    @property
    def past(self) -> Past:
        """The versions the flow has had."""
        return Past(
            self._project,
            self,
            lambda: as_flow(self.spec(), self._project),
            lambda: self.notebook.cells,
        )

    def spec(self) -> FlowSpec:
        """The definition as the cells say it."""
        return self._parsed().spec

    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with it."""
        return self._cells.problems(self._parsed())

    def positions(self) -> Mapping[NodeId, Position]:
        """A place for every node: its cell's, else the automatic layout's."""
        return self._cells.positions(self.spec())

    def stale(self) -> Mapping[NodeId, str]:
        """Nothing: no result is known here."""
        return {}

    def current_run(self) -> None:
        """Nothing runs here."""

    def apply(self, edit: Edit) -> None:
        """Change the cells; `EditRejected` when the edit does not apply."""
        refuse_locked(edit, self.locked)
        made = made_on(edit, self.notebook, self._parsed(), self.registry)
        if made.patches:
            self.notebook = apply_patches(self.notebook, made.patches)
            self.said.append((edit.label, made.patches))

    def start(self, params: Mapping[str, Json]) -> NoReturn:
        """Refuse: `UsageError`."""
        raise UsageError("nothing runs without a kernel", hint="start a kernel for this notebook")

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Nothing happens here by itself."""
        return lambda: None

    def _parsed(self) -> Parsed:
        return self._cells.read(self.notebook)
