"""A replay that is ordered by somebody who has no kernel: of a notebook, in plain words.

What it says is data, so that it can be handed to another process, which performs it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from flowbook.errors import UsageError
from flowbook.events import TriggerKind
from flowbook.events.values import ValueRef
from flowbook.session.edited_rows import CellEdit, with_cells
from flowbook.session.run_desk import RunDesk

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.run.handle import Run
    from flowbook.session.project import Project
    from flowbook.session.replay_plan import ReplayPlan


class EditedCell(msgspec.Struct, frozen=True):
    """A cell changed by hand; row and column are counted from 0."""

    row: int
    column: int
    value: str | int | float | bool | None


class EditedTable(msgspec.Struct, frozen=True):
    """The table that passed a port of the run, with cells changed by hand."""

    node: str
    port: str
    cells: tuple[EditedCell, ...]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay, of which project and notebook; `words` are those of `Flow.replay`.

    `restore`: from a checkpoint, which is `at`, or the last one. `actor` and `source` are for the
    audit.
    """

    project: str
    notebook: str
    run: str
    words: dict[str, Any] = {}
    tables: tuple[EditedTable, ...] = ()
    restore: bool = False
    actor: str = ""
    source: str = ""


def foreseen(project: Project, order: Order) -> ReplayPlan:
    """What the replay would take and run; nothing is executed or written."""
    flow = project.read_notebook(Path(order.notebook))
    return project.replay_plan(flow, order.run, **_words(project, order))


def performed(project: Project, order: Order) -> Run:
    """Start the replay and return at once; raises as `Project.replay` does."""
    flow = project.read_notebook(Path(order.notebook))
    words = _words(project, order)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # who ordered it has been told before
        run = _begun(project, flow, order, words)
    _account(project, order, run)
    return run


def _begun(project: Project, flow: Flow, order: Order, words: dict[str, Any]) -> Run:
    if not order.restore:
        return project.replay(flow, order.run, trigger=TriggerKind.CANVAS, **words)
    point = words.pop("at", None)
    return project.restore(flow, order.run, point, trigger=TriggerKind.CANVAS, **words)


def _account(project: Project, order: Order, run: Run) -> None:
    """Let the audit say who ordered it, where the flow itself does not see to that."""
    audit = project.store.audit
    if order.actor and not audit.search(run=run.id, action="STARTED", limit=1).entries:
        told = {"actor": order.actor, "source": order.source, "origin": order.run}
        audit.record("STARTED", run=run.id, flow=run.flow, **told)


def _words(project: Project, order: Order) -> dict[str, Any]:
    words = dict(order.words)
    for side, name, table in _edited(project, order):
        words[side] = {**(words.get(side) or {}), name: table}
    return words


def _edited(project: Project, order: Order) -> Iterator[tuple[str, str, Any]]:
    """Tables with their changes: whether an output or an input, of what, and the table."""
    if not order.tables:
        return
    run = RunDesk(project, order.run).current_run()
    for one in order.tables:
        node = run[one.node]
        cells = [CellEdit(cell.row, cell.column, cell.value) for cell in one.cells]
        for side, held in (("outputs", node.held_outputs), ("inputs", node.held_inputs)):
            if one.port in held:
                value = _value(project, held, one.port)
                yield side, f"{one.node}.{one.port}", with_cells(value, cells)
                break
        else:
            raise UsageError(
                f"nothing passed {one.node}.{one.port} in run {order.run}",
                hint="change a table that is there",
            )


def _value(project: Project, held: Mapping[Any, Any], port: str) -> Any:
    value = held[port]
    return project.store.vault.get(value) if isinstance(value, ValueRef) else value
