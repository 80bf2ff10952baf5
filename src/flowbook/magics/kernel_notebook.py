"""The notebook of this kernel: its project, its live flow, and the cell that is being run."""

from __future__ import annotations

from typing import Any

from flowbook.graph.flow import Flow
from flowbook.ids import CellId
from flowbook.magics.identity import cell_of, deleted_cells, flow_name, in_job
from flowbook.session.live import LiveNotebook
from flowbook.session.notebook_link import find_link, follow
from flowbook.session.project import project


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
        self.is_job = in_job()
        self.link = None if self.is_job else find_link(shell)
        """The notebook document as a front end has it open, where one can tell."""
        if self.link is not None:
            follow(self.live, self.link)
        self.define_only = self.is_job
        """True when running a cell defines its node and no more."""

    @property
    def flow(self) -> Flow:
        """The live flow that `%load_ext flowbook` offers as `flow`."""
        return self.live.flow

    def reopen(self, *, whole: bool = False) -> None:
        """Let lost runs of this notebook go on, once its cells mean what they meant then."""
        if not self.is_job:
            self.project.reopening.look(self.flow, whole=whole)

    def before_cell(self, info: Any) -> None:
        """IPython's `pre_run_cell`: which cell is this, and which have been deleted?"""
        raw = self.source = info.raw_cell or ""
        self.cell = CellId(str(getattr(info, "cell_id", None) or "")) or cell_of(raw)
        self.live.forget(deleted_cells(self.shell))

    def after_cell(self, result: Any) -> None:
        """IPython's `post_run_cell`: a plain cell that ran may have bound names or parameters."""
        info = result.info
        if result.success and info is not None and info.raw_cell:
            self.live.notice(self.cell, info.raw_cell)
            self.reopen()

    def catch_up(self) -> None:
        """Notice the cells that ran before the extension was loaded, parameters above all."""
        for raw in self.shell.history_manager.input_hist_raw[1:-1]:
            self.live.notice(cell_of(raw), raw)
