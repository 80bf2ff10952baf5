"""Cells that run one node each, of one run: `%flow run --steps` begins it, `%flow step` goes on."""

from __future__ import annotations

import sys
from typing import Any, Final

from IPython.display import display

from flowbook.cells.header import PYTHON
from flowbook.errors import UsageError
from flowbook.events import RunStatus
from flowbook.graph.nesting import Nesting
from flowbook.ids import NodeId, PortName
from flowbook.magics.freezing import show_frozen
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.showing import is_quiet
from flowbook.run.handle import Run
from flowbook.run.rules.phase import Outcome
from flowbook.session.recorded import RecordedRun
from flowbook.session.stepping import Stepping

_WRONG = (RunStatus.FAILED, RunStatus.CANCELLED)
_LOOK_SECONDS: Final = 1.0


def begin(notebook: KernelNotebook, run: Run | RecordedRun) -> Run | RecordedRun:
    """Let the cells below run the nodes of `run`, which is paused.

    One that another process performs is waited for: its cells show what it gave. One that was begun
    before by such a cell, and is not over, is cancelled.
    """
    before = notebook.stepping
    if isinstance(before, Stepping):
        before.run.cancel("its cells began another run")
    if isinstance(run, RecordedRun):
        notebook.stepping = run.wait().raise_for_status()
    else:
        notebook.stepping = Stepping(run, lambda line: sys.stdout.write(line))
    return run


def step(notebook: KernelNotebook, node: NodeId) -> None:
    """Run the node, and show what it gave. A run that failed by it is the error of the cell."""
    stepping = _begun(notebook)
    outer = Nesting(notebook.flow.spec()).seen_from("", node) or node
    if isinstance(stepping, RecordedRun):
        _show(notebook, stepping, outer)
        return
    needed = notebook.project.plan(notebook.flow, [outer]).index
    run = stepping.run
    try:
        stepping.go(outer, [NodeId(one) for one in needed])
    finally:
        if run.status in _WRONG:
            show_frozen(notebook, run)
    if run.status in _WRONG:
        run.raise_for_status()
    _show(notebook, run, outer)


def finish(notebook: KernelNotebook) -> Run | RecordedRun:
    """Let all that is left go, and wait for the end; raises what became of a run that failed."""
    stepping = _begun(notebook)
    if isinstance(stepping, RecordedRun):
        return stepping
    try:
        stepping.finish()
    finally:
        show_frozen(notebook, stepping.run)
    return stepping.run.raise_for_status()


def stop(shell: Any) -> None:
    """Cancel the run that its cells have begun and no cell waits for; returns when it has ended.

    Whoever stops a job between two of its cells asks for it.
    """
    magics = getattr(shell, "_flowbook", None)
    stepping = None if magics is None else magics.notebook.stepping
    if isinstance(stepping, Stepping):
        stepping.run.cancel("its job was told to stop")
        while not stepping.run.settled(_LOOK_SECONDS):
            pass


def _begun(notebook: KernelNotebook) -> Stepping | RecordedRun:
    if notebook.stepping is None:
        raise UsageError(
            "no run was begun whose nodes could be run one by one",
            hint="begin one: run = %flow run --steps",
        )
    return notebook.stepping


def _show(notebook: KernelNotebook, run: Run | RecordedRun, node: NodeId) -> None:
    """What the node gave, without what the flow keeps back: its cell may be part of a report."""
    spec = notebook.flow.spec().node(node)
    if spec.kind == PYTHON and is_quiet(spec.body):
        return
    one = run[node]
    if one.outcome in (Outcome.SUCCEEDED, Outcome.REUSED):
        shown = one.shown({PortName(node): one.output}).values()
        seen = (value for value in shown if value is not None)
        display(*seen)  # type: ignore[no-untyped-call]  # half typed
