"""Answers to what looks into a run: pages of tables and logs, a value at a glance, turns.

What the flow keeps back is taken out of every page, by the name of port and column; such a column
is neither sorted nor searched by, for that would tell of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.errors import UsageError
from flowbook.events import (
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeRetryScheduled,
    NodeReused,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    NodeSuspended,
    OfNode,
)
from flowbook.ids import NodeId, PortName
from flowbook.store.bars import SAMPLED, bars_of
from flowbook.store.grid import Grid, Wanted, page
from flowbook.store.grid import Page as StoredPage
from flowbook.widget.closeup import latest, port_preview
from flowbook.widget.host import CanvasHost, CanvasNodeRun, runs_of
from flowbook.widget.log_lines import log_lines, page_of
from flowbook.widget.run_protocol import (
    AskLines,
    AskPage,
    AskPeek,
    AskText,
    AskTurns,
    Cell,
    GridColumn,
    Lines,
    Page,
    Peek,
    PeekColumn,
    Side,
    Text,
    Turns,
    TurnView,
)

FIRST_ROWS = 5
MOST_TURNS = 500
MOST_TEXT = 200_000
"""Characters of a text that are sent at once."""
MOST_PEEKED = 24
"""Columns of a peek."""
NOT_RUN = "nothing has run yet"
GAVE_NOTHING = "nothing passed here in this run"

_WORDS: Mapping[type[Event], str] = {
    NodeScheduled: "ready",
    NodeStarted: "running",
    NodeRetryScheduled: "backoff",
    NodeSuspended: "suspended",
    NodeCompleted: "succeeded",
    NodeReused: "reused",
    NodeFailed: "failed",
    NodeSkipped: "skipped",
    NodeCancelled: "cancelled",
}


def ask_page(host: CanvasHost, asked: AskPage) -> Page:
    """Rows of a table at a port."""
    ran, value = _value(host, asked.node, asked.port, asked.side, asked.scope)
    if isinstance(value, str) and ran is None:
        return Page(asked.view, asked.rid, none=value)
    assert ran is not None  # noqa: S101 - else there was no value
    grid = _hidden(ran, asked.port) or runs_of(host).grid(value)
    if grid is None or isinstance(grid, str):
        return Page(asked.view, asked.rid, none=grid or "this is no table")
    wanted = Wanted(asked.sort, asked.descending, asked.find, asked.column)
    kept = _kept_back(ran, grid)
    _refuse(wanted, kept, grid)
    found = page(grid, asked.start, asked.count, wanted)
    columns = tuple(GridColumn(one.name, one.dtype, one.nulls) for one in found.columns)
    rest = (found.at, found.start, found.total, found.of, found.width)
    return Page(asked.view, asked.rid, columns, _told(ran, found), *rest)


def at_glance(host: CanvasHost, asked: AskPage) -> Peek:
    """What is at a port of which there are no pages, at a glance."""
    ran, value = _value(host, asked.node, asked.port, asked.side, asked.scope)
    if ran is None:
        return Peek(asked.view, asked.rid, note=str(value))
    shown = port_preview(ran, asked.port, asked.port, value, host.preview)
    return Peek(asked.view, asked.rid, shown=shown)


def ask_peek(host: CanvasHost, asked: AskPeek) -> Peek:
    """A value at a glance."""
    ran, value = _value(host, asked.source, asked.output, Side.OUT, asked.scope)
    grid = None if ran is None else _hidden(ran, asked.output) or runs_of(host).grid(value)
    if ran is None or grid is None or isinstance(grid, str):
        return at_glance(
            host, AskPage(asked.view, asked.rid, asked.source, asked.output, scope=asked.scope)
        )
    kept = _kept_back(ran, grid)
    first = page(grid, 0, FIRST_ROWS, Wanted())
    bars = bars_of(grid.sample(SAMPLED)[:MOST_PEEKED])
    columns = tuple(
        PeekColumn(one.name, one.dtype, one.nulls)
        if i in kept
        else PeekColumn(one.name, one.dtype, one.nulls, one.min, one.max, one.distinct, bars[i])
        for i, one in enumerate(grid.columns[:MOST_PEEKED])
    )
    rows = tuple(row[:MOST_PEEKED] for row in _told(ran, first))
    sampled = SAMPLED if grid.rows > SAMPLED else None
    return Peek(asked.view, asked.rid, grid.rows, grid.width, columns, rows, sampled)


def ask_text(host: CanvasHost, asked: AskText) -> Text:
    """More of a text."""
    ran, value = _value(host, asked.node, asked.port, asked.side, asked.scope)
    if ran is None:
        return Text(asked.view, asked.rid, none=str(value))
    text = value if isinstance(value, str) else runs_of(host).text(value)
    if text is None:
        return Text(asked.view, asked.rid, none="this is no text")
    told = str(ran.shown({asked.port: text})[asked.port])
    part = told[asked.start : asked.start + MOST_TEXT]
    return Text(asked.view, asked.rid, part, asked.start, len(told))


def ask_turns(host: CanvasHost, asked: AskTurns) -> Turns:
    """How a node went in each turn."""
    run = host.current_run()
    found: dict[str, TurnView] = {}
    for event in () if run is None else run.events():
        if isinstance(event, OfNode) and event.node == asked.node and event.scope:
            word = _WORDS.get(type(event))
            if word is not None:
                found[event.scope] = TurnView(event.scope, word, getattr(event, "ms", None))
    turns = sorted(found.values(), key=lambda one: one.status != "failed")
    return Turns(asked.view, asked.rid, tuple(turns[:MOST_TURNS]), max(0, len(turns) - MOST_TURNS))


def ask_lines(host: CanvasHost, asked: AskLines) -> Lines:
    """Lines of a node's log."""
    run, spec = host.current_run(), host.spec().node(asked.node)
    events = [] if run is None else run.events()
    turn = latest(events, spec) if asked.scope is None else asked.scope
    return page_of(log_lines(events, asked.node, turn, asked.until), asked)


def _value(
    host: CanvasHost, node: NodeId, port: PortName, side: Side, scope: str | None
) -> tuple[CanvasNodeRun | None, Any]:
    """The value at a port, or None and why there is none."""
    spec, run = host.spec().node(node), host.current_run()
    if run is None:
        return None, NOT_RUN
    turn = latest(run.events(), spec) if scope is None else scope
    ran = run[f"{turn}.{node}" if turn else node]
    held = ran.held_outputs if side is Side.OUT else ran.held_inputs
    return (ran, held[port]) if port in held else (None, GAVE_NOTHING)


def _hidden(ran: CanvasNodeRun, port: PortName) -> str:
    """What stands for a value that is not to be seen at all; '' for others."""
    told = ran.shown({port: ""})[port]
    return "" if told == "" else str(told)


def _kept_back(ran: CanvasNodeRun, grid: Grid) -> frozenset[int]:
    """The columns that are not to be seen, by number."""
    told = ran.shown({PortName(one.name): "" for one in grid.columns})
    columns = enumerate(grid.columns)
    return frozenset(i for i, one in columns if told[PortName(one.name)] != "")


def _refuse(wanted: Wanted, kept: frozenset[int], grid: Grid) -> None:
    """Order and search tell of what is in a column; of some nothing is to be told."""
    asked = {wanted.sort, wanted.column} if wanted.find.strip() else {wanted.sort}
    if asked & kept or (kept and wanted.find.strip() and wanted.column < 0):
        names = ", ".join(grid.columns[i].name for i in sorted(kept))
        raise UsageError(
            f"{names} is kept back, so rows are neither sorted nor searched by it",
            hint="search in another column",
        )


def _told(ran: CanvasNodeRun, found: StoredPage) -> tuple[tuple[Cell, ...], ...]:
    """The rows as they may be told."""
    told = []
    for i, column in enumerate(found.columns if found.rows else ()):
        cells = [row[i] for row in found.rows]
        name = PortName(column.name)
        shown = ran.shown({name: cells})[name]
        told.append(shown if isinstance(shown, list) else [str(shown)] * len(cells))
    return tuple(zip(*told, strict=True))
