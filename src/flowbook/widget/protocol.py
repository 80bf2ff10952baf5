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
from flowbook.ids import NodeId, RunId
from flowbook.widget.edit_protocol import EditAnswer, EditAsked
from flowbook.widget.find_protocol import FindAnswer, FindAsked
from flowbook.widget.form_protocol import FormAnswer, FormAsked
from flowbook.widget.run_protocol import RunAnswer, RunAsked
from flowbook.widget.statistics_protocol import StatisticsAnswer, StatisticsAsked
from flowbook.widget.travel_protocol import TravelAnswer, TravelAsked
from flowbook.widget.version_protocol import VersionAnswer, VersionAsked
from flowbook.widget.views import (
    FlowView,
    LogLine,
    Measured,
    PortPreview,
    ProblemView,
    ProgressView,
    RunView,
    StreamedView,
    StreamView,
)


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
    `logs` are the last lines of `lines` that there are, and `logs_cut` says that there are more.
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
    lines: int = 0
    error: ErrorInfo | None = None
    stream: StreamedView | None = None
    measured: Measured | None = None


class Refused(msgspec.Struct, frozen=True, tag_field="type", tag="REFUSED"):
    """A request that was not done, why, and what to do; `problems` name single fields.

    `view` and `rid` are those of the request, where it had any.
    """

    message: str
    hint: str | None = None
    problems: tuple[ProblemView, ...] = ()
    view: str = ""
    rid: int | None = None


class Part(msgspec.Struct, frozen=True, tag_field="type", tag="PART"):
    """A part of the canvas, as the text of an ES module."""

    view: str
    rid: int
    text: str


Told: TypeAlias = Snapshot | Batch | Details | Refused | Part

KernelMessage: TypeAlias = (
    Told
    | EditAnswer
    | FindAnswer
    | VersionAnswer
    | FormAnswer
    | RunAnswer
    | StatisticsAnswer
    | TravelAnswer
)


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


class AskPart(msgspec.Struct, frozen=True, tag_field="type", tag="PART"):
    """The rest of the canvas's own code, which is loaded when it is first wanted: send `Part`."""

    view: str
    rid: int
    name: str


FirstAsked: TypeAlias = Hello | StartRun | CancelRun | Inspect | Move | TidyUp | AskPart

ViewMessage: TypeAlias = (
    FirstAsked
    | EditAsked
    | FindAsked
    | VersionAsked
    | FormAsked
    | RunAsked
    | StatisticsAsked
    | TravelAsked
)


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
