"""What happened: the closed union of facts.

A run is the list of its events; everything else that is known of it is a fold over them. Each
fact is one frozen struct; tag names are the stored and the wire format (`RUN_CREATED`, …): they are
never renamed, and a decoder meeting an unknown tag refuses it.

`seq` counts from 0 in each run; what is written of it has holes where the flow's journal is a
summary. `at` is seconds since the epoch, UTC. Only the engine that holds the run writes its events.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from flowbook.events.fact import Fact as Fact
from flowbook.events.fact import OfNode as OfNode
from flowbook.events.status import RunStatus as RunStatus
from flowbook.events.status import SkipReason as SkipReason
from flowbook.events.status import TriggerKind as TriggerKind
from flowbook.events.turns import (
    CheckpointReached as CheckpointReached,
)
from flowbook.events.turns import (
    ItemsAdded as ItemsAdded,
)
from flowbook.events.turns import (
    NodeUnfolded as NodeUnfolded,
)
from flowbook.events.turns import (
    ScopeClosed as ScopeClosed,
)
from flowbook.events.turns import (
    ScopeLeft as ScopeLeft,
)
from flowbook.events.turns import (
    ScopeOpened as ScopeOpened,
)
from flowbook.events.turns import (
    ScopeReused as ScopeReused,
)
from flowbook.events.values import ErrorInfo, Usage, ValueRef
from flowbook.ids import FlowId, NodeId, PortName, RunId


class RunCreated(Fact, frozen=True, kw_only=True, tag="RUN_CREATED"):
    """A run of a frozen plan began; `nodes` lists the plan's steps in order.

    `blocks` lists, by container and block, the nodes inside.
    `origin`: the run it replays, up to event `origin_seq`, and from node `origin_node` if named.
    `items_of`: the containers of which it takes the turns that went well there.
    `setup` and `teardown` are the nodes that run before and after all others; `compensations` says
    which node undoes which, by the node that is undone.
    `depth` counts the runs above it; `deadline` is when it must be over, in epoch seconds.
    `called`: by node, the versions of other flows that it calls, where that was settled.
    `environment`: the digest of what it is performed in.
    `secrets`: of a run that another called, the names of secrets it was given, and their names at
    the run above all; never what they are.
    `schedule`: the one that started it, for its moment `scheduled_for`, in epoch seconds.
    `routed`: which version it was to take, and why; None where it is of the flow as it was.
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
    blocks: dict[NodeId, dict[str, tuple[NodeId, ...]]] = {}
    origin: RunId | None = None
    origin_seq: int | None = None
    origin_node: NodeId | None = None
    depth: int = 0
    calling_node: NodeId | None = None
    deadline: float | None = None
    priority: int = 0
    items_of: tuple[NodeId, ...] = ()
    called: dict[str, str] = {}
    secrets: dict[str, str] = {}
    setup: tuple[NodeId, ...] = ()
    teardown: tuple[NodeId, ...] = ()
    compensations: dict[NodeId, NodeId] = {}
    schedule: str | None = None
    scheduled_for: float | None = None
    routed: str | None = None
    environment: str | None = None


class NodeScheduled(OfNode, frozen=True, kw_only=True, tag="NODE_SCHEDULED"):
    """All inputs of a node are settled; it may run. `stepped`: though the run is paused."""

    stepped: bool = False


class NodeStarted(OfNode, frozen=True, kw_only=True, tag="NODE_STARTED"):
    """Attempt `attempt` (from 1) of a node began, on that executor."""

    attempt: int
    on: str = ""


class NodeCompleted(OfNode, frozen=True, kw_only=True, tag="NODE_COMPLETED"):
    """A node gave its outputs; ports of the node that are absent are dead."""

    attempt: int
    ms: float
    outputs: dict[PortName, ValueRef] = {}
    result: ValueRef | None = None
    cache_key: str | None = None
    """Set where the node may be taken from the cache: equal keys, equal outputs."""
    cache_parts: dict[str, str] = {}
    cache_miss: str | None = None
    """Short digests of what the key is made of, and why the cache gave nothing."""
    usage: tuple[Usage, ...] = ()


class NodeReused(OfNode, frozen=True, kw_only=True, tag="NODE_REUSED"):
    """A node was not run: its outputs are known, from run `source`, or somebody's, `by_hand`.

    With a `cache_key` it is the cache that gave them.
    """

    outputs: dict[PortName, ValueRef] = {}
    source: RunId | None = None
    by_hand: bool = False
    result: ValueRef | None = None
    cache_key: str | None = None


class NodeRetryScheduled(OfNode, frozen=True, kw_only=True, tag="NODE_RETRY_SCHEDULED"):
    """An attempt failed and another follows after `delay` seconds."""

    attempt: int
    ms: float
    delay: float
    error: ErrorInfo
    usage: tuple[Usage, ...] = ()


class NodeFailed(OfNode, frozen=True, kw_only=True, tag="NODE_FAILED"):
    """The last attempt of a node failed."""

    attempt: int
    ms: float
    error: ErrorInfo
    usage: tuple[Usage, ...] = ()


class NodeSkipped(OfNode, frozen=True, kw_only=True, tag="NODE_SKIPPED"):
    """A node will not run; `cause` is the node that decided it."""

    reason: SkipReason
    cause: NodeId | None = None


class NodeCancelled(OfNode, frozen=True, kw_only=True, tag="NODE_CANCELLED"):
    """A node was stopped, or never started, because the run was cancelled.

    `cause`: the join that had enough without it, or the node that cancels it, where it was stopped
    for that.
    """

    attempt: int = 0
    ms: float = 0.0
    usage: tuple[Usage, ...] = ()
    cause: NodeId | None = None


class NodeSuspended(OfNode, frozen=True, kw_only=True, tag="NODE_SUSPENDED"):
    """A node waits for something outside (a signal, an approval, a time).

    `until` and `timeout_at` are seconds since the epoch, `signal` is a signal's name. `on_timeout`
    is `fail`, `continue`, or the value the node then gives. `data` is what the node gave itself to
    remember. `fresh`: only a signal that is sent from now on counts.
    """

    reason: str
    until: float | None = None
    signal: str | None = None
    timeout_at: float | None = None
    on_timeout: Any = "fail"
    data: dict[str, Any] = {}
    fresh: bool = False
    usage: tuple[Usage, ...] = ()


class NodeResumed(OfNode, frozen=True, kw_only=True, tag="NODE_RESUMED"):
    """What a suspended node waited for has come: `by` is `signal`, `time` or `timeout`.

    `payload` is what came with the signal whose id `signal` is; that signal is used up. Where `by`
    is `cancel`, nothing came: the node is about to be cancelled.
    """

    payload: Any = None
    by: str = ""
    signal: str = ""


class NodeLogged(OfNode, frozen=True, kw_only=True, tag="NODE_LOGGED"):
    """Text a node printed or logged; `stream` is stdout, stderr or log."""

    stream: str
    text: str


class NodeStreamed(OfNode, frozen=True, kw_only=True, tag="NODE_STREAMED"):
    """What a node put on its stream, as it is kept; `channel` is token, data, artefact or progress.

    `chunk_index` counts from 0 in each channel of an attempt, and `chunks` says how many of them
    this stands for: all tokens of an attempt are one text. `name` and `media_type` are those of an
    artefact.
    """

    attempt: int
    channel: str
    value: ValueRef
    chunk_index: int = 0
    chunks: int = 1
    name: str = ""
    media_type: str = ""


class NodeUsed(OfNode, frozen=True, kw_only=True, tag="NODE_USED"):
    """What an attempt used, beyond what the event that ends it says.

    `usage` was told after the attempt had been given up. Where the attempt was measured, `cpu_ms`
    is its CPU time and `memory` the bytes it had at most; `is_estimate`: other attempts went on in
    the same process, and `memory` is by how much that process grew.
    """

    attempt: int
    usage: tuple[Usage, ...] = ()
    cpu_ms: float | None = None
    memory: int | None = None
    is_estimate: bool = False


class CancelRequested(Fact, frozen=True, kw_only=True, tag="CANCEL_REQUESTED"):
    """Somebody asked the run to stop, or, with an `error`, it failed as a whole and has to.

    `node`: the one of the run that stops it, by its name in the whole run; `status` is then how the
    run ends. `force`: what undoes and cleans up is to stop too.
    """

    reason: str = ""
    error: ErrorInfo | None = None
    node: NodeId | None = None
    status: RunStatus | None = None
    force: bool = False


class RunPaused(Fact, frozen=True, kw_only=True, tag="RUN_PAUSED"):
    """The run starts nothing more for now; what is ready, or becomes so, is held."""


class RunResumed(Fact, frozen=True, kw_only=True, tag="RUN_RESUMED"):
    """A paused run goes on; what was held is ready again."""


class RunRecovered(Fact, frozen=True, kw_only=True, tag="RUN_RECOVERED"):
    """Another process took the run up, because its own was gone.

    `lost` were under way and start again; `again` are run once more, as their outputs are gone.
    `environment`: the digest of what it is performed in from now on.
    """

    host: str | None = None
    pid: int | None = None
    lost: tuple[NodeId, ...] = ()
    again: tuple[NodeId, ...] = ()
    environment: str | None = None


class RunRetried(Fact, frozen=True, kw_only=True, tag="RUN_RETRIED"):
    """The run was not over in time, and has its time again: until `deadline`, in epoch seconds.

    `attempt` is the one of the whole run that begins, from 2 on, and `error` what is said of the
    one before. `lost` were under way, are given up and start again; what is done stays done.
    """

    attempt: int
    deadline: float
    error: ErrorInfo
    lost: tuple[NodeId, ...] = ()


class RunEnding(Fact, frozen=True, kw_only=True, tag="RUN_ENDING"):
    """The run's work is over and went so; what undoes it and what tears down is still to run."""

    status: RunStatus
    error: ErrorInfo | None = None
    node: NodeId | None = None


class RunCompleted(Fact, frozen=True, kw_only=True, tag="RUN_COMPLETED"):
    """The run is over. Nothing follows.

    `compensated` are the nodes that were undone, in that order; `uncompensated` those that should
    have been and were not, because what undoes them failed, or was given up.
    """

    status: RunStatus
    ms: float
    error: ErrorInfo | None = None
    node: NodeId | None = None
    compensated: tuple[NodeId, ...] = ()
    uncompensated: tuple[NodeId, ...] = ()


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
    | NodeStreamed
    | NodeUsed
    | NodeUnfolded
    | ScopeOpened
    | ScopeLeft
    | ScopeClosed
    | ScopeReused
    | ItemsAdded
    | CheckpointReached
    | CancelRequested
    | RunPaused
    | RunResumed
    | RunRecovered
    | RunRetried
    | RunEnding
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
