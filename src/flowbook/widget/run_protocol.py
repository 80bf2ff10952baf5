"""Messages that start and steer runs, and that look into what runs gave.

What a run gave is never pushed: a view asks for the rows it shows (`AskPage`), for a value at a
glance (`AskPeek`), for the turns of a node (`AskTurns`), and for lines of its log (`AskLines`).
Each message is answered by the same `view` and `rid`, or with `Refused`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from flowbook.ids import NodeId, PortName, RunId
from flowbook.widget.views import Level, LogLine, PortPreview

Cell: TypeAlias = str | int | float | bool | None


class Side(StrEnum):
    """Whether a port takes or gives."""

    IN = "in"
    OUT = "out"


class How(StrEnum):
    """What a run is asked to do. `step`: let one node go, and stay paused."""

    PAUSE = "pause"
    RESUME = "resume"
    STEP = "step"


class CellChange(msgspec.Struct, frozen=True):
    """A cell changed by hand; row and column are counted from 0, rows as they lie in the table."""

    row: int
    column: int
    value: Cell


class TableChange(msgspec.Struct, frozen=True):
    """Cells of the table at one port that were changed by hand."""

    node: NodeId
    port: PortName
    cells: tuple[CellChange, ...]


class StartPart(msgspec.Struct, frozen=True, tag_field="type", tag="START"):
    """Run a part of the flow, on earlier results where they hold; nothing named is the whole.

    `since`: these nodes and all behind them. `until`: these and what they need. `only`: these
    alone. `again`: with the parameters of the last run. `paused`: it begins so, to be stepped
    through. `tables`: the last run once more, with these cells in place of its own.
    """

    view: str
    rid: int
    params: dict[str, Any] = {}
    since: tuple[NodeId, ...] = ()
    until: tuple[NodeId, ...] = ()
    only: tuple[NodeId, ...] = ()
    again: bool = False
    paused: bool = False
    tables: tuple[TableChange, ...] = ()


class SteerRun(msgspec.Struct, frozen=True, tag_field="type", tag="STEER"):
    """Pause the run, let it go on, or let one node go: the next one, or `node` with its turn."""

    view: str
    rid: int
    how: How
    node: str | None = None


class AskPage(msgspec.Struct, frozen=True, tag_field="type", tag="PAGE"):
    """Rows of the table at a port, `count` from `start` on. Columns are numbers from 0; -1: none.

    `find`: only rows with this text, in any column or in `column`, where it may also begin with
    `<`, `<=`, `>`, `>=`, `=` or `!=`. `scope`: in that turn of a container, the latest for None.
    """

    view: str
    rid: int
    node: NodeId
    port: PortName
    side: Side = Side.OUT
    scope: str | None = None
    start: int = 0
    count: int = 100
    sort: int = -1
    descending: bool = False
    find: str = ""
    column: int = -1


class AskPeek(msgspec.Struct, frozen=True, tag_field="type", tag="PEEK"):
    """What is at an output, at a glance."""

    view: str
    rid: int
    source: NodeId
    output: PortName
    scope: str | None = None


class AskTurns(msgspec.Struct, frozen=True, tag_field="type", tag="TURNS"):
    """How a node inside of containers went in each turn."""

    view: str
    rid: int
    node: NodeId


class AskText(msgspec.Struct, frozen=True, tag_field="type", tag="TEXT"):
    """More of the text at a port, from character `start` on; `scope` as in `AskPage`."""

    view: str
    rid: int
    node: NodeId
    port: PortName
    side: Side = Side.OUT
    scope: str | None = None
    start: int = 0


class AskLines(msgspec.Struct, frozen=True, tag_field="type", tag="LINES"):
    """Lines that a node printed and logged, `count` from `start` on; the last ones for None.

    Only those of `stream` ('' for all), as grave as `level` or graver, with the text `find`.
    `until`: as they stood when the event of that number had happened. `scope` as in `AskPage`.
    """

    view: str
    rid: int
    node: NodeId
    scope: str | None = None
    start: int | None = None
    count: int = 200
    stream: str = ""
    level: Level = Level.DEBUG
    find: str = ""
    until: int | None = None


RunAsked: TypeAlias = StartPart | SteerRun | AskPage | AskPeek | AskTurns | AskText | AskLines


class Started(msgspec.Struct, frozen=True, tag_field="type", tag="STARTED"):
    """A run was started; its facts come as those of any other."""

    view: str
    rid: int
    run: RunId


class Steered(msgspec.Struct, frozen=True, tag_field="type", tag="STEERED"):
    """The run was asked; what comes of it is among its facts."""

    view: str
    rid: int
    run: RunId


class GridColumn(msgspec.Struct, frozen=True):
    """A column: the type its library gives it, and how many cells are missing, if known."""

    name: str
    dtype: str
    nulls: int | None = None


class Page(msgspec.Struct, frozen=True, tag_field="type", tag="PAGE"):
    """Rows from `start` on, fewer than asked for where they would be too much at once.

    `at`: where each lies in the table. `total`: rows that were found, `of` all rows; `width`:
    columns in all, of which the first are shown. `none`: why there is no table to page.
    """

    view: str
    rid: int
    columns: tuple[GridColumn, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    at: tuple[int, ...] = ()
    start: int = 0
    total: int = 0
    of: int = 0
    width: int = 0
    none: str = ""


class PeekColumn(msgspec.Struct, frozen=True):
    """A column in short; `bars`: how many values fall into each of equal parts of its range."""

    name: str
    dtype: str
    nulls: int | None = None
    min: Cell = None
    max: Cell = None
    distinct: int | None = None
    bars: tuple[int, ...] = ()


class Peek(msgspec.Struct, frozen=True, tag_field="type", tag="PEEK"):
    """What is at an output, at a glance: a table in short, or `shown`, which is any other value.

    `sampled`: the bars are of that many first rows, None for all of them. `note`: why there is
    nothing.
    """

    view: str
    rid: int
    rows: int | None = None
    width: int = 0
    columns: tuple[PeekColumn, ...] = ()
    first: tuple[tuple[Cell, ...], ...] = ()
    sampled: int | None = None
    shown: PortPreview | None = None
    note: str = ""


class TurnView(msgspec.Struct, frozen=True):
    """How a node went in one turn; `status` is the word of its last event."""

    scope: str
    status: str
    ms: float | None = None


class Turns(msgspec.Struct, frozen=True, tag_field="type", tag="TURNS"):
    """The turns of a node, those that failed first; `more` of them are left out."""

    view: str
    rid: int
    turns: tuple[TurnView, ...] = ()
    more: int = 0


class Text(msgspec.Struct, frozen=True, tag_field="type", tag="TEXT"):
    """Part of a text of `total` characters, from `start` on; `none`: why there is none."""

    view: str
    rid: int
    text: str = ""
    start: int = 0
    total: int = 0
    none: str = ""


class Lines(msgspec.Struct, frozen=True, tag_field="type", tag="LINES"):
    """Lines from `start` on, of `total` that were wanted and `of` that there are."""

    view: str
    rid: int
    lines: tuple[LogLine, ...] = ()
    start: int = 0
    total: int = 0
    of: int = 0


RunAnswer: TypeAlias = Started | Steered | Page | Peek | Turns | Text | Lines
