"""A `%%flow` cell as it is run: its node defined, run on the latest values, its output shown."""

from __future__ import annotations

import sys

from IPython.display import display

from flowbook.cells.header import parse_cell
from flowbook.events import TriggerKind
from flowbook.graph.flow import Flow
from flowbook.ids import CellId, NodeId
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.run.rules.phase import Outcome
from flowbook.session.progress import queued_line
from flowbook.session.project import Project
from flowbook.session.start import Start

_PATIENCE = 0.5
"""Seconds after which a cell says that its run waits for its turn."""


def run_cell(notebook: KernelNotebook, cell: CellId, source: str) -> None:
    """Define what the cell says, and run it unless cells only define here."""
    defined = notebook.live.define(cell, source)
    for note in defined.notes:
        sys.stderr.write(f"note: {note}\n")
    notebook.reopen()
    if defined.node is None:
        notebook.shell.run_cell(parse_cell(source).body, silent=True).raise_error()
    elif defined.waits:
        sys.stdout.write(f"{defined.waits}\n")
    elif not notebook.define_only:
        _run_node(notebook.project, notebook.flow, defined.node.id)


def _run_node(project: Project, flow: Flow, node: NodeId) -> None:
    how = Start(trigger=TriggerKind.CELL, targets=[node], part=True, rerun=[node])
    run = project.start(flow, {}, how)
    if not run.settled(_PATIENCE) and run.waits_for:
        sys.stdout.write(f"{queued_line(run.waits_for)}\n")
    if not run.rest().status.over:
        sys.stdout.write(f"{run!r}\n")
        return
    run.raise_for_status()
    if run[node].outcome is Outcome.SKIPPED:
        sys.stdout.write(f"{node} was skipped: the branch it hangs on was not taken\n")
        return
    value = run[node].output
    if project.registry[flow.spec().node(node).kind].asserts:
        sys.stdout.write(f"{value}\n")
    elif value is not None:
        display(value)  # type: ignore[no-untyped-call]  # IPython is half typed
