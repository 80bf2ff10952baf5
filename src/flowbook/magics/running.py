"""A `%%flow` cell as it is run: its node defined, run on the latest values, its output shown.

What there is to say beside the output is a note, one line each: what was recomputed first, what is
stale now, and which other cells should say something else.
"""

from __future__ import annotations

import sys

from IPython.display import Markdown, display

from flowbook.events import TriggerKind
from flowbook.graph.spec import NodeSpec
from flowbook.ids import CellId, NodeId
from flowbook.magics.kernel_notebook import KernelNotebook, note, shown_names
from flowbook.magics.offering import offer_patches
from flowbook.magics.progress_display import progress_shown, screen_of
from flowbook.magics.showing import show_output
from flowbook.magics.tracebacks import name_node, run_setup_cell
from flowbook.run.handle import Run
from flowbook.run.rules.phase import Outcome
from flowbook.session.live import Defined
from flowbook.session.progress import queued_line
from flowbook.session.start import Start

_PATIENCE = 0.5
"""Seconds after which a cell shows how far its run is, or that it waits for its turn."""
_KEPT_FED = "Change what other cells read"


def run_cell(notebook: KernelNotebook, cell: CellId, source: str) -> None:
    """Define what the cell says, and run it unless cells only define here."""
    defined = notebook.live.define(cell, source, known_by_id=notebook.known_by_id)
    if not notebook.define_only:
        _tell(notebook, defined)
    notebook.reopen()
    if defined.node is not None:
        name_node(notebook.shell, defined.node)
    if defined.node is None:
        run_setup_cell(notebook.shell, source)
    elif notebook.define_only:
        return
    elif notebook.project.registry[defined.node.kind].silent:
        display(Markdown(defined.node.body))  # type: ignore[no-untyped-call]  # half typed
    elif defined.waits:
        sys.stdout.write(f"{defined.waits}\n")
    else:
        _run_node(notebook, defined.node)
    if not notebook.define_only:
        notebook.tell_stale(defined.node.id if defined.node else None)


def _run_node(notebook: KernelNotebook, spec: NodeSpec) -> None:
    node = spec.id
    how = Start(trigger=TriggerKind.CELL, targets=[node], part=True, rerun=[node])
    run = notebook.project.start(notebook.flow, {}, how)
    if not _waited(notebook, run):
        sys.stdout.write(f"{run!r}\n")
        return
    run.raise_for_status()
    first = [one for one in run.live_state.nodes if one != node and _ran(run, one)]
    if first:
        note(f"ran {shown_names(first)} first")
    if run[node].outcome is Outcome.SKIPPED:
        sys.stdout.write(f"{node} was skipped: the branch it hangs on was not taken\n")
        return
    if notebook.project.registry[spec.kind].asserts:
        sys.stdout.write(f"{run[node].output}\n")
    else:
        show_output(notebook.shell, spec, run[node])


def _waited(notebook: KernelNotebook, run: Run) -> bool:
    """Wait until the run is over, or rests; True if it is over."""
    with run.interruptible():
        soon = run.settled(_PATIENCE)
    if not soon:
        if run.waits_for:
            sys.stdout.write(f"{queued_line(run.waits_for)}\n")
        screen = screen_of(notebook.shell, watched=notebook.known_by_id)
        with progress_shown(run, screen):
            run.rest()
    return run.rest().status.over


def _ran(run: Run, node: NodeId) -> bool:
    return run[node].outcome is Outcome.SUCCEEDED


def _tell(notebook: KernelNotebook, defined: Defined) -> None:
    for one in defined.notes:
        note(one)
    if defined.source:
        notebook.shell.set_next_input(defined.source, replace=True)
    if defined.patches:
        offer_patches(notebook, defined.patches)
