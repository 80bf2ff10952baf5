"""The notebook of this kernel: its project, its live flow, and the cell that is being run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from flowbook.cells.flow_line import split_options
from flowbook.cells.header import is_flow_cell
from flowbook.cells.notebook import Cell
from flowbook.graph.flow import Flow
from flowbook.graph.topology import Topology
from flowbook.ids import CellId, FlowId, NodeId
from flowbook.magics.identity import cell_of, deleted_cells, flow_name, in_job, notebook_file
from flowbook.magics.tracebacks import run_setup_cell
from flowbook.session.desk import Desk
from flowbook.session.document import DocumentDesk
from flowbook.session.live import LiveNotebook
from flowbook.session.notebook_link import Following, OpenNotebook, find_link
from flowbook.session.project import project
from flowbook.session.recorded import RecordedRun
from flowbook.session.stepping import Stepping

_MOST_NAMES = 5


class KernelNotebook:
    """What the magics of one shell share; it hears from IPython of every cell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.project = project()
        flow = Flow(flow_name(shell.user_ns), host=self.project)
        self.live = LiveNotebook(self.project, flow, shell.user_ns)
        self.cell = CellId("")
        """The cell that is being run."""
        self.source = ""
        """Its text."""
        self.known_by_id = False
        """The front end says which cell it is."""
        self.told_stale: frozenset[NodeId] = frozenset()
        """The nodes that are known to be stale to who runs the cells."""
        self.is_job = in_job()
        self.link = None if self.is_job else find_link(shell)
        """The notebook document as a front end has it open, where one can tell."""
        self.following = Following(self.live, self.link) if self.link else None
        if self.link is not None:
            self.link.hosts = self._host
        file = notebook_file(shell.user_ns)
        self._begun = Path.cwd() if file is None else file.parent
        self._path = ""
        self._others: dict[str, LiveNotebook] = {}
        """The flows of other documents that are open over this kernel, by path."""
        self.define_only = self.is_job
        """True when running a cell defines its node and no more."""
        self.entered: Any = None
        """What cells ran in before they were let into a moment of a run; None outside of any."""
        self.stepping: Stepping | RecordedRun | None = None
        """The run whose nodes are run by cells of their own; a recorded one is over."""

    @property
    def flow(self) -> Flow:
        """The live flow that `%load_ext flowbook` offers as `flow`."""
        return self.live.flow

    def _host(self, view: OpenNotebook) -> Desk | DocumentDesk:
        """What canvases of a document are on: its cells, over the flow that they run in.

        A notebook that builds its flow in Python has none in its cells.
        """
        flow = self.shell.user_ns.get("flow")
        cells = view.notebook().cells
        if (
            isinstance(flow, Flow)
            and flow is not self.flow
            and not any(is_flow_cell(cell.source) for cell in cells)
        ):
            return Desk(self.project, flow)
        return DocumentDesk(view, self._live_of(view.path), self.execute, self._begun)

    def _live_of(self, path: str) -> LiveNotebook:
        """The flow of a document: each has its own, and the kernel's first one is that of cells."""
        name = FlowId(PurePosixPath(path).stem or self.flow.name)
        if not self._others and (name == self.flow.name or self._path in ("", path)):
            self._path = path
            return self.live
        if path == self._path:
            return self.live
        if path not in self._others:
            flow = Flow(name, host=self.project)
            self._others[path] = LiveNotebook(self.project, flow, self.shell.user_ns)
        return self._others[path]

    def execute(self, cell: Cell) -> None:
        """Run a cell of setup or parameters, without its lines of options."""
        run_setup_cell(self.shell, split_options(cell.source)[0])

    def reopen(self, *, whole: bool = False) -> None:
        """Let lost runs of this notebook go on, once its cells mean what they meant then."""
        if not self.is_job:
            self.project.reopening.look(self.flow, whole=whole)

    def before_cell(self, info: Any) -> None:
        """IPython's `pre_run_cell`: which cell is this, and which have been deleted?"""
        raw = self.source = info.raw_cell or ""
        given = getattr(info, "cell_id", None)
        self.known_by_id = bool(given)
        self.cell = CellId(str(given)) if given else cell_of(raw)
        self.live.forget([cell for cell in deleted_cells(self.shell) if cell != self.cell])

    def after_cell(self, result: Any) -> None:
        """IPython's `post_run_cell`: a plain cell that ran may have bound names or parameters."""
        info = result.info
        if result.success and info is not None and info.raw_cell:
            if is_flow_cell(info.raw_cell) or self.entered is not None:
                return
            self.live.notice(self.cell, info.raw_cell)
            self.reopen()
            if not self.define_only and self.live.concerns(info.raw_cell):
                self.tell_stale()

    def tell_stale(self, behind: NodeId | None = None) -> None:
        """Say which nodes have become stale since it was last said.

        Those behind a node; or those that take from the kernel what has changed there, with all
        behind them.
        """
        shape = Topology(self.flow.spec())
        known = self.project.live.of(self.flow).memory.known.keys()
        if behind is not None and known.isdisjoint(shape.descendants(behind)):
            return  # a plan of the whole flow costs more than the cell
        stale = self.project.stale_reasons(self.flow)
        roots = [behind] if behind is not None else [one for one in stale if _taken(stale[one])]
        reached = {node for root in roots for node in shape.descendants(root)}
        reached |= set(roots) - {behind}
        told = self.told_stale & stale.keys()
        new = [node for node in stale if node in reached and node not in told]
        self.told_stale = told.union(new)
        if new:
            note(f"{shown_names(new)} {'is' if len(new) == 1 else 'are'} stale now")

    def catch_up(self) -> None:
        """Notice the cells that ran before the extension was loaded, parameters above all."""
        for raw in self.shell.history_manager.input_hist_raw[1:-1]:
            self.live.notice(cell_of(raw), raw)


def _taken(why: str) -> bool:
    """True of a reason that is about a name of the kernel."""
    return why.startswith(("captured name ", "parameter "))


def note(text: str) -> None:
    """A remark of a cell; no error, which front ends take all of stderr for."""
    sys.stdout.write(f"note: {text}\n")


def shown_names(names: Sequence[NodeId]) -> str:
    """Nodes on one line.

    >>> shown_names([NodeId(name) for name in "abcdefg"])
    'a, b, c, d, e and 2 more'
    """
    more = len(names) - _MOST_NAMES
    told = ", ".join(names[:_MOST_NAMES])
    return f"{told} and {more} more" if more > 0 else told
