"""`DocumentDesk`: a notebook that a front end has open, as its canvases see it.

The document is what its cells say, run or not, with what the front end is asked to change in them
(`session.sheet`); places are in the cells' metadata, and undo is the front end's own. A run is one
of the kernel's flow, which takes in first what the cells say (`session.taking_in`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.errors import InvalidFlow
from flowbook.graph.edits import Edit
from flowbook.graph.problem import Problem, errors
from flowbook.graph.spec import FlowSpec, Json, Position
from flowbook.ids import NodeId
from flowbook.session.any_desk import CellsDesk
from flowbook.session.desk_runs import DeskRuns
from flowbook.session.document_flow import as_flow
from flowbook.session.edited_rows import CellEdit
from flowbook.session.live import LiveNotebook
from flowbook.session.notebook_link import OpenNotebook
from flowbook.session.notebooks import folder_of
from flowbook.session.past import Past
from flowbook.session.portions import Portion
from flowbook.session.project import Project
from flowbook.session.sheet import Sheet
from flowbook.session.taking_in import (
    Execute,
    executed_in,
    outdated,
    refuse_unready,
    take_in,
)
from flowbook.session.travels import Travels

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.run.handle import Run


class DocumentRuns(DeskRuns):
    """The runs of a document: each begins with the kernel taking in what the cells say."""

    def __init__(self, project: Project, desk: DocumentDesk) -> None:
        super().__init__(project, desk.flow)
        self._desk = desk

    def start(
        self,
        params: Mapping[str, Json],
        portion: Portion | None = None,
        *,
        again: bool = False,
        paused: bool = False,
    ) -> Run:
        """Run a part of the flow as the cells say it now."""
        self._desk.taken_in()
        return super().start(params, portion, again=again, paused=paused)

    def start_with(
        self, tables: Mapping[str, Sequence[CellEdit]], since: Sequence[NodeId] = ()
    ) -> Run:
        """The last run once more, of the flow as the cells say it now."""
        self._desk.taken_in()
        return super().start_with(tables, since)


class DocumentDesk(CellsDesk):
    """What the canvases of one open notebook are on."""

    def __init__(
        self,
        view: OpenNotebook,
        live: LiveNotebook,
        execute: Execute | None = None,
        begun: Path | None = None,
    ) -> None:
        """A desk of `view` over the flow of a kernel; `execute` runs a setup cell there.

        `begun`: the folder that the kernel began in; the project's without one.
        """
        super().__init__(live.project, live.flow, begun and folder_of(view.path, begun))
        self._live = live
        self._project = live.project
        self._execute = execute or executed_in(live.namespace)
        self._sheet = Sheet(view, live.project, live.flow.spec().id, live.namespace)
        self.runs = DocumentRuns(self._project, self)
        """What can be done with its runs."""

    # ------------------------------------------------------------ what is there

    @property
    def locked(self) -> str:  # type: ignore[override]  # what others know once, a page may tell
        """Why the front end lets nobody change the notebook; '' when it does."""
        return self._sheet.locked

    @property
    def past(self) -> Past:
        """The versions the flow has had."""
        return Past(
            self._project,
            self,
            lambda: as_flow(self.spec(), self._project),
            lambda: self._sheet.now().notebook.cells,
        )

    def spec(self) -> FlowSpec:
        """The definition as the cells say it."""
        return self._sheet.now().parsed.spec

    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with it."""
        return self._sheet.problems()

    def positions(self) -> Mapping[NodeId, Position]:
        """A place for every node: its cell's, else the automatic layout's."""
        return self._sheet.positions()

    def stale(self) -> Mapping[NodeId, str]:
        """Nodes whose last result no longer follows, or whose cell says something else by now."""
        found = self._project.stale_reasons(self._live.flow)
        return {**outdated(self._live, self.spec()), **found}

    # ------------------------------------------------------------ what is changed

    def apply(self, edit: Edit) -> None:
        """Ask the front end for an edit, as one gesture; `EditRejected` when it does not apply."""
        self._sheet.ask(edit)

    # ------------------------------------------------------------ runs

    def start(self, params: Mapping[str, Json]) -> Run:
        """Run the whole flow, as the cells say it now.

        Raises `InvalidFlow` with what is wrong, and `UsageError` for a setup cell that raises.
        """
        return self.runs.start(params)

    @property
    def travel(self) -> Travels:
        """Opens moments of its runs in the kernel, once that says what the cells say."""
        return Travels(self._office, self.flow, self.taken_in)

    def taken_in(self) -> Flow:
        """The kernel's flow, once it says what the cells say; nothing but setup is executed."""
        cells = self._sheet.now()
        if wrong := errors(self.problems()):
            raise InvalidFlow("the flow has errors; nothing was run", problems=wrong)
        refuse_unready(self._live, cells.notebook, cells.parsed.spec, self._sheet.loose())
        take_in(self._live, cells.notebook, self._execute)
        return self._live.flow

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when cells change or a run starts; returns how to stop that."""
        flow = self._live.flow
        off = (
            self._sheet.observe(callback),
            flow.observe(lambda _spec, _edit: callback()),
            self._project.watch(lambda of, _run: callback() if of is flow else None),
        )

        def stop() -> None:
            for one in off:
                one()

        return stop
