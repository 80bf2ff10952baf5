"""The wire between kernel and canvas: two closed unions of messages.

Written once, here; `python -m flowbook.widget.generate` prints the TypeScript of it, and a test
fails when that is stale. The kernel speaks `KernelMessage`, a view speaks `ViewMessage`; each is
one JSON object whose `type` says which it is. Run facts travel as they are journalled
(`flowbook.events`), so the browser folds the very same events that history is made of.

What it refuses: an unknown `type`, a missing field or a wrong field type raises `Unreadable`,
which names the path, so that a stale browser tab gets an answer and not silence. No message has
a key called `id`: ipykernel 7.4 keeps one map entry per such key for ever.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from flowbook.errors import UsageError
from flowbook.events import Event
from flowbook.events.values import ErrorInfo
from flowbook.ids import CellId, FlowId, NodeId, PortName, RunId


class InputView(msgspec.Struct, frozen=True):
    """One input of a node, and what feeds it in the user's words (`clean.df`, `parameter city`)."""

    name: PortName
    source: str
    required: bool = True
    origin: str = ""
    """`upstream`, `parameter`, or `nothing`."""


class SettingView(msgspec.Struct, frozen=True):
    """One setting of a node: whether it is `literal`, `expression` or `secret`, and its text."""

    name: str
    origin: str
    text: str = ""


class NodeView(msgspec.Struct, frozen=True):
    """One node to draw: what it is, where it stands, and where it is written."""

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


class TablePreview(msgspec.Struct, frozen=True, tag_field="show", tag="table"):
    """The first rows of a table; `total` rows in all, `columns` cut to the first of `width`."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | int | float | bool | None, ...], ...]
    total: int
    width: int


class ArrayPreview(msgspec.Struct, frozen=True, tag_field="show", tag="array"):
    """The first values of an array, and what is in it; `nulls` counts what is missing.

    `summarized` is how many of the first values the summary covers, None for all.
    """

    dtype: str
    shape: tuple[int, ...]
    values: tuple[str | int | float | bool | None, ...] = ()
    nulls: int | None = None
    min: str | int | float | bool | None = None
    max: str | int | float | bool | None = None
    mean: float | None = None
    summarized: int | None = None


class ImagePreview(msgspec.Struct, frozen=True, tag_field="show", tag="image"):
    """A picture: base64 `content` of `mime` (`image/png`, `image/svg+xml`, `image/jpeg`)."""

    mime: str
    content: str
    alt: str = ""


class TreePreview(msgspec.Struct, frozen=True, tag_field="show", tag="tree"):
    """Plain data; `cut` is True when long lists or deep levels were left out."""

    value: Any
    cut: bool = False


class TextPreview(msgspec.Struct, frozen=True, tag_field="show", tag="text"):
    """Text, or the printed form of anything else; `cut` is True when it is only the start."""

    text: str
    cut: bool = False


Preview: TypeAlias = TablePreview | ArrayPreview | ImagePreview | TreePreview | TextPreview


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


class LogLine(msgspec.Struct, frozen=True):
    """Text a node printed; `stream` is stdout, stderr or log."""

    stream: str
    text: str
    at: float


class Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="SNAPSHOT"):
    """Everything a view needs to start, or to start again after a gap in `seq`."""

    seq: int
    flow: FlowView
    run: RunView | None = None


class Batch(msgspec.Struct, frozen=True, tag_field="type", tag="BATCH"):
    """What happened since the message numbered `seq - 1`."""

    seq: int
    events: tuple[Event, ...] = ()
    progress: tuple[ProgressView, ...] = ()
    streams: tuple[StreamView, ...] = ()


class Details(msgspec.Struct, frozen=True, tag_field="type", tag="DETAILS"):
    """The answer to `Inspect`, for the `view` that asked: one node, close up.

    Of a node inside of a container `scope` says in which turn, the latest one unless asked for.
    """

    view: str
    node: NodeId
    run: RunId | None = None
    scope: str = ""
    inputs: tuple[PortPreview, ...] = ()
    outputs: tuple[PortPreview, ...] = ()
    source: str = ""
    language: str = "python"
    logs: tuple[LogLine, ...] = ()
    logs_cut: bool = False
    error: ErrorInfo | None = None
    stream: StreamedView | None = None
    measured: Measured | None = None


class Refused(msgspec.Struct, frozen=True, tag_field="type", tag="REFUSED"):
    """A request that was not done, why, and what to do; `problems` name single fields."""

    message: str
    hint: str | None = None
    problems: tuple[ProblemView, ...] = ()


KernelMessage: TypeAlias = Snapshot | Batch | Details | Refused


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="HELLO"):
    """A view began, came back, or met a gap: send a `Snapshot`."""

    view: str


class StartRun(msgspec.Struct, frozen=True, tag_field="type", tag="RUN"):
    """Start a run; parameters that are absent take their defaults."""

    params: dict[str, Any] = {}


class CancelRun(msgspec.Struct, frozen=True, tag_field="type", tag="CANCEL"):
    """Stop the run that is going on."""


class Inspect(msgspec.Struct, frozen=True, tag_field="type", tag="INSPECT"):
    """Send `Details` of a node to this view; `scope` names the turn of a container (`each[3]`)."""

    view: str
    node: NodeId
    scope: str | None = None


class Place(msgspec.Struct, frozen=True):
    """Where a node was put."""

    x: float
    y: float


class Move(msgspec.Struct, frozen=True, tag_field="type", tag="MOVE"):
    """Nodes were dragged to new places."""

    positions: dict[NodeId, Place]


class TidyUp(msgspec.Struct, frozen=True, tag_field="type", tag="TIDY_UP"):
    """Forget dragged positions; lay the flow out again."""


ViewMessage: TypeAlias = Hello | StartRun | CancelRun | Inspect | Move | TidyUp


class Unreadable(UsageError):
    """A message from a view that is none of `ViewMessage`; the text names the path."""


def read(content: object) -> ViewMessage:
    """The message a view sent, or `Unreadable`.

    >>> read({"type": "INSPECT", "view": "v1", "node": "clean"}).node
    'clean'
    """
    try:
        message: ViewMessage = msgspec.convert(content, ViewMessage)
    except msgspec.ValidationError as refused:
        raise Unreadable(
            f"the canvas sent a message this kernel cannot read: {refused}",
            hint="reload the page; if that does not help, restart the kernel",
        ) from None
    return message


def write(message: KernelMessage) -> dict[str, Any]:
    """The plain JSON object that is sent."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(message))
    return plain
