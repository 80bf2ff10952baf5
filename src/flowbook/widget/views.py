"""What messages between kernel and canvas are made of: a definition, a run, values to look at.

No message by itself; `flowbook.widget.protocol` has those.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from flowbook.events import Event
from flowbook.ids import CellId, FlowId, NodeId, PortName, RunId


class InputView(msgspec.Struct, frozen=True):
    """One input of a node, and what feeds it in the user's words (`clean.df`, `parameter city`)."""

    name: PortName
    source: str
    required: bool = True
    origin: str = ""
    """`upstream`, `parameter`, or `nothing`."""
    takes: str = ""
    """The type it is declared to take, as written; '' for any."""


class SettingView(msgspec.Struct, frozen=True):
    """One setting of a node: whether it is `literal`, `expression` or `secret`, and its text."""

    name: str
    origin: str
    text: str = ""


class PortView(msgspec.Struct, frozen=True):
    """An output as it is drawn: its label, its colour (`green`, `#a0f`; '' for gray), its type."""

    label: str = ""
    color: str = ""
    gives: str = ""


class NodeView(msgspec.Struct, frozen=True):
    """One node to draw: what it is, where it stands, and where it is written.

    `x` and `y` of what is in a container count relative to each other: it is drawn where its
    container stands.
    """

    name: NodeId
    kind: str
    x: float
    y: float
    inputs: tuple[InputView, ...] = ()
    outputs: tuple[PortName, ...] = ()
    options: dict[str, str] = {}
    cell: CellId | None = None
    index: int | None = None
    settings: tuple[SettingView, ...] = ()
    inside: NodeId | None = None
    """The container it is in."""
    contains: bool = False
    """It is a container."""
    known: bool = True
    """False for a kind that is not installed here; what is said of it is kept."""
    ports: dict[PortName, PortView] = {}
    """Outputs of which there is more to say than their name."""


class EdgeView(msgspec.Struct, frozen=True):
    """One edge: `output` of `source` feeds `input` of `target`."""

    source: NodeId
    output: PortName
    target: NodeId
    input: PortName


class ParamView(msgspec.Struct, frozen=True):
    """One run parameter; `default` is left out when `required`."""

    name: PortName
    required: bool = False
    default: Any = None
    annotation: str | None = None
    help: str | None = None


class ProblemView(msgspec.Struct, frozen=True):
    """One thing that is wrong with the definition."""

    severity: str
    message: str
    node: NodeId | None = None
    cell: CellId | None = None
    line: int | None = None
    hint: str | None = None


class FlowView(msgspec.Struct, frozen=True):
    """The definition as a view needs it; nodes in notebook order."""

    flow: FlowId
    nodes: tuple[NodeView, ...] = ()
    edges: tuple[EdgeView, ...] = ()
    params: tuple[ParamView, ...] = ()
    problems: tuple[ProblemView, ...] = ()
    stale: tuple[NodeId, ...] = ()
    """Nodes whose last result no longer follows from the definition."""
    reasons: dict[NodeId, str] = {}
    """Why, of those of them of which that is known."""
    locked: str = ""
    """Why it cannot be changed from here; '' when it can."""
    undo: str | None = None
    """What undo would take back, in words; None when there is nothing."""
    redo: str | None = None


class ProgressView(msgspec.Struct, frozen=True):
    """How far a running node is: `done` of `total` (None: unknown), and a word about it."""

    node: NodeId
    done: float
    total: float | None = None
    text: str = ""


class StreamView(msgspec.Struct, frozen=True):
    """What a running node has put on its stream since the last one of this `channel`.

    `text` is what new tokens say, a few words about the newest data, or an artefact's name; it
    stands for `chunks`, the first of which is number `chunk_index`.
    """

    node: NodeId
    scope: str
    attempt: int
    channel: str
    text: str
    chunk_index: int = 0
    chunks: int = 1


class RunView(msgspec.Struct, frozen=True):
    """The run a view shows: its facts so far, log lines left out, and live progress.

    `waits_for`: what it waits for, in words, while it is queued; it has hardly a fact until then.
    """

    run: RunId
    events: tuple[Event, ...] = ()
    progress: tuple[ProgressView, ...] = ()
    waits_for: str = ""


class Column(msgspec.Struct, frozen=True):
    """A table column and the type its library gives it."""

    name: str
    dtype: str


class ArrayPreview(msgspec.Struct, frozen=True, tag_field="show", tag="array"):
    """The first values of an array, and what is in it; `nulls` counts what is missing.

    `summarized` is how many of the first values the summary covers, None for all. `bars`: how many
    values fall into each of equal parts of the range; they and the median are of `sampled` values
    that lie evenly in it, None for all.
    """

    dtype: str
    shape: tuple[int, ...]
    values: tuple[str | int | float | bool | None, ...] = ()
    nulls: int | None = None
    min: str | int | float | bool | None = None
    max: str | int | float | bool | None = None
    mean: float | None = None
    summarized: int | None = None
    median: str | int | float | bool | None = None
    bars: tuple[int, ...] = ()
    sampled: int | None = None


class TablePreview(msgspec.Struct, frozen=True, tag_field="show", tag="table"):
    """The first rows of a table; `total` rows in all, `columns` cut to the first of `width`.

    `series`: of a series, what is in it.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | int | float | bool | None, ...], ...]
    total: int
    width: int
    series: ArrayPreview | None = None


class ImagePreview(msgspec.Struct, frozen=True, tag_field="show", tag="image"):
    """A picture: base64 `content` of `mime` (`image/png`, `image/svg+xml`, `image/jpeg`).

    `width` and `height`: of the picture itself in pixels, which may be larger than what is sent.
    """

    mime: str
    content: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


class TreePreview(msgspec.Struct, frozen=True, tag_field="show", tag="tree"):
    """Plain data; `cut` is True when long lists or deep levels were left out."""

    value: Any
    cut: bool = False


class TextPreview(msgspec.Struct, frozen=True, tag_field="show", tag="text"):
    """Text, or the printed form of anything else; `cut` is True when it is only the start.

    `total`: how many characters it has in all, where the rest can be asked for.
    """

    text: str
    cut: bool = False
    total: int | None = None


class RichPreview(msgspec.Struct, frozen=True, tag_field="show", tag="rich"):
    """What a value says of itself for a page to draw: a chart, HTML, Markdown or LaTeX.

    `data` of `mime`: an object for a chart (`application/vnd.plotly.v1+json`,
    `application/vnd.vegalite.v5+json`), else text. `image`: a picture of the same, for a page that
    cannot draw it.
    """

    mime: str
    data: Any
    image: ImagePreview | None = None


Preview: TypeAlias = (
    TablePreview | ArrayPreview | ImagePreview | TreePreview | TextPreview | RichPreview
)


class PortPreview(msgspec.Struct, frozen=True):
    """What passed one port: its Python type and a preview; `note` says why there is none."""

    port: str
    type: str = ""
    preview: Preview | None = None
    note: str = ""


class ArtefactView(msgspec.Struct, frozen=True):
    """A file that a node made, of `size` bytes; `note` says why there is no preview."""

    name: str
    media_type: str
    size: int
    preview: Preview | None = None
    note: str = ""


class StreamedView(msgspec.Struct, frozen=True):
    """What an attempt has streamed: the end of its text, the last of its data and artefacts.

    `cut`: text came before; `more_data`, `more_artefacts`: so many before those.
    """

    attempt: int
    text: str = ""
    cut: bool = False
    tokens: int = 0
    data: tuple[PortPreview, ...] = ()
    more_data: int = 0
    artefacts: tuple[ArtefactView, ...] = ()
    more_artefacts: int = 0


class Measured(msgspec.Struct, frozen=True):
    """What the last measured attempt of a node took, as `NodeUsed` has it."""

    attempt: int
    cpu_ms: float | None = None
    memory: int | None = None
    is_estimate: bool = False


class Level(StrEnum):
    """How grave a line is, the least first."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogLine(msgspec.Struct, frozen=True):
    """A line that a node said; `stream` is stdout, stderr or log, `seq` its event's number."""

    stream: str
    text: str
    at: float
    seq: int = 0
    level: Level = Level.INFO
