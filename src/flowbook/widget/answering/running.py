"""Answers to what starts and steers runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from flowbook.errors import UsageError
from flowbook.session.edited_rows import CellEdit
from flowbook.session.portions import Portion
from flowbook.widget.answering import looking
from flowbook.widget.host import CanvasHost, runs_of
from flowbook.widget.run_protocol import (
    AskLines,
    AskPage,
    AskPeek,
    AskText,
    AskTurns,
    How,
    RunAnswer,
    Started,
    StartPart,
    Steered,
    SteerRun,
)

Answering: TypeAlias = Callable[[Any, Any], RunAnswer]


def start(host: CanvasHost, asked: StartPart) -> Started:
    """Run a part of the flow, or the last run with tables changed by hand."""
    if asked.tables:
        edits = {
            f"{one.node}.{one.port}": [CellEdit(c.row, c.column, c.value) for c in one.cells]
            for one in asked.tables
        }
        run = runs_of(host).start_with(edits, asked.since)
    else:
        portion = Portion(asked.since, asked.until, asked.only)
        run = runs_of(host).start(asked.params, portion, again=asked.again, paused=asked.paused)
    return Started(asked.view, asked.rid, run.id)


def steer(host: CanvasHost, asked: SteerRun) -> Steered:
    """Pause a run, resume it, or let one node go."""
    run = host.current_run()
    if run is None or run.status.over:
        raise UsageError("nothing is running", hint="press Run to start")
    match asked.how:
        case How.PAUSE:
            run.pause()
        case How.RESUME:
            run.resume()
        case How.STEP:
            run.step(asked.node)
    return Steered(asked.view, asked.rid, run.id)


ANSWERS: Final[Mapping[type, Answering]] = {
    StartPart: start,
    SteerRun: steer,
    AskPage: looking.ask_page,
    AskPeek: looking.ask_peek,
    AskTurns: looking.ask_turns,
    AskText: looking.ask_text,
    AskLines: looking.ask_lines,
}
