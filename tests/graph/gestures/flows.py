"""Small flows to make gestures on, and what every gesture has to hold."""

from __future__ import annotations

from functools import partial
from typing import Any

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.patches import apply_patches, patch
from flowbook.cells.rereading import as_written
from flowbook.cells.source import read
from flowbook.graph.edits import apply, inverse
from flowbook.graph.gestures.made import Gesture
from flowbook.graph.spec import FlowSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import CellId
from flowbook.session.kinds import installed_kinds

KINDS = installed_kinds()
reading = partial(as_written, registry=KINDS)

TOUR = (
    "%%flow load -> rows, n\nrows = [{'a': 1}]\nn = 1",
    "%%flow clean\nclean = rows",
    "%%flow report(d=clean, k=load.n)\nd",
)


def notebook(*sources: str) -> Notebook:
    """A notebook of these cells, called c0, c1, …"""
    return Notebook.of(tuple(Cell.code(CellId(f"c{i}"), one) for i, one in enumerate(sources)))


def flow(*sources: str) -> FlowSpec:
    """The flow that these cells hold."""
    return read(notebook(*sources), KINDS).spec


def told(spec: FlowSpec) -> set[str]:
    """Its edges in words."""
    return {f"{e.source}.{e.output} > {e.target}.{e.input}" for e in resolve(spec).edges}


def done(spec: FlowSpec, gesture: Gesture) -> FlowSpec:
    """What the gesture makes of the flow; taking it back gives the flow as it was."""
    after = apply(spec, gesture.edit)
    assert apply(after, inverse(spec, gesture.edit)) == spec
    return after


def written(sources: tuple[str, ...], make: Any) -> list[str]:
    """The cells after a gesture; reading them gives what the gesture says."""
    before = notebook(*sources)
    spec = read(before, KINDS).spec
    gesture = make(spec)
    after = apply_patches(before, patch(before, gesture.edit, KINDS, spec))
    found = read(after, KINDS).spec
    meant = done(spec, gesture)
    assert told(found) == told(meant)
    assert [(n.id, n.outputs) for n in found.nodes] == [(n.id, n.outputs) for n in meant.nodes]
    return [cell.source for cell in after.cells]
