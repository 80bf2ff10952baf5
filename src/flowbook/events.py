"""What happened: the closed union of facts, and where they are put.

A run is the list of its events; everything else that is known of it is a fold over them. Each
fact is one frozen struct; the tag names are the stored and the wire format (`RUN_CREATED`, …), so
they are never renamed, and a decoder meeting an unknown tag refuses it.

`seq` counts from 0 in each run; what is written of it has holes where the flow's journal is a
summary. `at` is seconds since the epoch, UTC. Only the engine that holds the run writes its events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

import msgspec

from flowbook.ids import CellId, EventSeq, FlowId, NodeId, PortName, RunId


class RunStatus(StrEnum):
    """What a run is doing or how it ended."""

    QUEUED = "queued"
    RUNNING = "running"
    SUSPENDED = "suspended"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """True when nothing more will happen."""
        return self in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)


class TriggerKind(StrEnum):
    """What started a run."""

    MANUAL = "manual"
    CELL = "cell"
    CANVAS = "canvas"
    CLI = "cli"
    PAPERMILL = "papermill"
    CRON = "cron"
    WEBHOOK = "webhook"
    SUBFLOW = "subflow"
    EVENT = "event"
    EVAL = "eval"


class SkipReason(StrEnum):
    """Why a node was not run."""

    BRANCH_NOT_TAKEN = "branch_not_taken"
    UPSTREAM_FAILED = "upstream_failed"
    UPSTREAM_CANCELLED = "upstream_cancelled"


class ValueFormat(StrEnum):
    """How a value is kept."""

    JSON = "json"
    PARQUET = "parquet"
    TEXT = "text"
    BYTES = "bytes"
    NPY = "npy"
    IMAGE = "image"
    PICKLE = "pickle"
    """Kept and read only by a flow that allows it, for reading one runs code."""
    NONE = "none"
    """Not kept: the value lives in memory only, and `ValueRef.reason` says why."""


class ValueRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value by its content: `hash` is sha256 hex of the stored bytes, '' when not kept.

    Values of at most 4 KiB of JSON travel `inline`; larger ones are objects in the store.
    `type` is the Python type to bring back (`pandas.DataFrame`), `rows` its length if a table.
    `parts` are the hashes of further objects that plain data with tables in it needs. A `redacted`
    value had some of its fields replaced before it was kept; of a `pictured` one, it or something
    in it is kept as a picture only.
    """

    hash: str
    format: ValueFormat
    type: str
    size: int = 0
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    inline: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    reason: str | None = None
    parts: tuple[str, ...] = ()
    redacted: bool = False
    pictured: bool = False

    @property
    def exact(self) -> bool:
        """True when the value itself is kept: it can come back, and equal hashes are equal values.

        >>> ValueRef("ab12", ValueFormat.JSON, "dict", redacted=True).exact
        False
        """
        return not (self.format is ValueFormat.NONE or self.redacted or self.pictured)


class ErrorInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node's exception as data: enough to show it where it happened."""

    type: str
    message: str
    traceback: str = ""
    cell: CellId | None = None
    line: int | None = None
    hint: str | None = None

    @property
    def name(self) -> str:
        """The exception's own name, without the module it is defined in."""
        return self.type.rpartition(".")[2]


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one call of a metered service cost; `cost` in US dollars, where it is known.

    `is_estimate`: the provider did not say, and the tokens were counted here.
    """

    provider: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cost: float | None = None
    is_estimate: bool = False


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """What every event carries: which run, its place in it, and when."""

    run: RunId
    seq: EventSeq
    at: float


class RunCreated(Fact, frozen=True, kw_only=True, tag="RUN_CREATED"):
    """A run of a frozen plan began; `nodes` lists the plan's steps in order.

    `depth` counts the runs above it; `deadline` is when it must be over, in epoch seconds.
    """

    flow: FlowId
    version: str
    trigger: TriggerKind
    nodes: tuple[NodeId, ...]
    params: dict[str, Any] = {}
    key: str | None = None
    parent: RunId | None = None
    host: str | None = None
    pid: int | None = None
    depth: int = 0
    calling_node: NodeId | None = None
    deadline: float | None = None
    priority: int = 0


class NodeScheduled(Fact, frozen=True, kw_only=True, tag="NODE_SCHEDULED"):
    """All inputs of a node are settled; it may run."""

    node: NodeId


class NodeStarted(Fact, frozen=True, kw_only=True, tag="NODE_STARTED"):
    """Attempt `attempt` (from 1) of a node began, on that executor."""

    node: NodeId
    attempt: int
    on: str = ""


class NodeCompleted(Fact, frozen=True, kw_only=True, tag="NODE_COMPLETED"):
    """A node gave its outputs; ports of the node that are absent are dead."""

    node: NodeId
    attempt: int
    ms: float
    outputs: dict[PortName, ValueRef] = {}
    result: ValueRef | None = None
    cache_key: str | None = None
    """Set where the node may be taken from the cache: equal keys, equal outputs."""
    usage: tuple[Usage, ...] = ()


class NodeReused(Fact, frozen=True, kw_only=True, tag="NODE_REUSED"):
    """A node was not run because its outputs are known already, from `source` if recorded."""

    node: NodeId
    outputs: dict[PortName, ValueRef] = {}
    source: RunId | None = None


class NodeRetryScheduled(Fact, frozen=True, kw_only=True, tag="NODE_RETRY_SCHEDULED"):
    """An attempt failed and another follows after `delay` seconds."""

    node: NodeId
    attempt: int
    ms: float
    delay: float
    error: ErrorInfo
    usage: tuple[Usage, ...] = ()


class NodeFailed(Fact, frozen=True, kw_only=True, tag="NODE_FAILED"):
    """The last attempt of a node failed."""

    node: NodeId
    attempt: int
    ms: float
    error: ErrorInfo
    usage: tuple[Usage, ...] = ()


class NodeSkipped(Fact, frozen=True, kw_only=True, tag="NODE_SKIPPED"):
    """A node will not run; `cause` is the node that decided it."""

    node: NodeId
    reason: SkipReason
    cause: NodeId | None = None


class NodeCancelled(Fact, frozen=True, kw_only=True, tag="NODE_CANCELLED"):
    """A node was stopped, or never started, because the run was cancelled."""

    node: NodeId
    attempt: int = 0
    ms: float = 0.0


class NodeSuspended(Fact, frozen=True, kw_only=True, tag="NODE_SUSPENDED"):
    """A node waits for something outside (a signal, an approval, a time)."""

    node: NodeId
    reason: str


class NodeResumed(Fact, frozen=True, kw_only=True, tag="NODE_RESUMED"):
    """What a suspended node waited for has come."""

    node: NodeId


class NodeLogged(Fact, frozen=True, kw_only=True, tag="NODE_LOGGED"):
    """Text a node printed or logged; `stream` is stdout, stderr or log."""

    node: NodeId
    stream: str
    text: str


class CancelRequested(Fact, frozen=True, kw_only=True, tag="CANCEL_REQUESTED"):
    """Somebody asked the run to stop, or, with an `error`, it failed as a whole and has to."""

    reason: str = ""
    error: ErrorInfo | None = None


class RunPaused(Fact, frozen=True, kw_only=True, tag="RUN_PAUSED"):
    """The run starts nothing more for now; what is ready, or becomes so, is held."""


class RunResumed(Fact, frozen=True, kw_only=True, tag="RUN_RESUMED"):
    """A paused run goes on; what was held is ready again."""


class RunRecovered(Fact, frozen=True, kw_only=True, tag="RUN_RECOVERED"):
    """Another process took the run up, because its own was gone.

    `lost` were under way and start again; `again` are run once more, for what they gave is gone.
    """

    host: str | None = None
    pid: int | None = None
    lost: tuple[NodeId, ...] = ()
    again: tuple[NodeId, ...] = ()


class RunCompleted(Fact, frozen=True, kw_only=True, tag="RUN_COMPLETED"):
    """The run is over. Nothing follows."""

    status: RunStatus
    ms: float
    error: ErrorInfo | None = None
    node: NodeId | None = None


Event: TypeAlias = (
    RunCreated
    | NodeScheduled
    | NodeStarted
    | NodeCompleted
    | NodeReused
    | NodeRetryScheduled
    | NodeFailed
    | NodeSkipped
    | NodeCancelled
    | NodeSuspended
    | NodeResumed
    | NodeLogged
    | CancelRequested
    | RunPaused
    | RunResumed
    | RunRecovered
    | RunCompleted
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """One event as a line of JSON, without the newline."""
    return _encoder.encode(event)


def decode(line: bytes | str) -> Event:
    """The event a line of JSON holds; `msgspec.ValidationError` for an unknown tag or field type.

    >>> decode(b'{"kind":"NODE_SCHEDULED","run":"r","seq":3,"at":1.5,"node":"clean"}').node
    'clean'
    """
    return _decoder.decode(line)


class Sink(Protocol):
    """Where facts go. `append` returns at once; the future is done when they are durable.

    Facts become durable in the order they were appended. A future that fails means the sink can
    keep no more: the run that gets it stops, rather than go on unrecorded.
    """

    def append(self, events: Sequence[Event]) -> Future[None]: ...


class Vault(Protocol):
    """Where values go: by reference in the kernel, by content in the store."""

    def inline(self, value: object) -> ValueRef | None:
        """A reference made without any I/O, for small plain data; None for all else."""
        ...

    def put(self, value: object) -> ValueRef:
        """Keep `value` durably; blocking. What it cannot keep is of format `NONE`, not an error."""
        ...

    def get(self, ref: ValueRef) -> object:
        """Bring a value back as it was; `ValueUnavailable` says why it cannot."""


class Recording(Protocol):
    """How one run is recorded: where to, and without what.

    A run without one writes straight to its engine's sink and vault. What goes through `text` and
    `params` is what views see and what is written; nodes get the values themselves.
    """

    @property
    def sink(self) -> Sink: ...

    @property
    def vault(self) -> Vault: ...

    def text(self, text: str) -> str:
        """A log, a message or a traceback as it may be told."""
        ...

    def params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters as they may be told."""
        ...

    def hidden(self, port: PortName, value: object) -> ValueRef | None:
        """The reference of an output that is not kept because of its name; None for others."""
        ...

    def shown(self, values: Mapping[PortName, Any]) -> dict[PortName, Any]:
        """Inputs or outputs of a node as they may be told."""
        ...


class DevNull:
    """A sink that keeps nothing, for `journal = off` and for measuring."""

    def append(self, events: Sequence[Event]) -> Future[None]:
        """Forget the events; they count as durable at once."""
        return _DONE


_DONE: Future[None] = Future()
_DONE.set_result(None)
