"""Facts about the turns of containers, and about the points that all before is on disk at."""

from __future__ import annotations

from flowbook.events.fact import Fact, OfNode
from flowbook.events.status import RunStatus
from flowbook.events.values import ErrorInfo, ValueRef
from flowbook.ids import NodeId, PortName, RunId


class NodeUnfolded(OfNode, frozen=True, kw_only=True, tag="NODE_UNFOLDED"):
    """A container knows what to do: `total` turns, None while only a condition can tell."""

    attempt: int
    total: int | None = None


class ScopeOpened(OfNode, frozen=True, kw_only=True, tag="SCOPE_OPENED"):
    """A turn of a container began: the nodes of `block`, for the item number `index`."""

    block: str = ""
    index: int | None = None


class ScopeLeft(OfNode, frozen=True, kw_only=True, tag="SCOPE_LEFT"):
    """A turn of a container is left early: nothing more starts in it, what runs is told to stop.

    `why` is `break` or `continue` where a node asked for it, `failed`, `timeout` or `cancelled`
    where the container gives the turn up, `completed` where another node completes the loop.
    """

    block: str = ""
    index: int | None = None
    why: str = "continue"
    error: ErrorInfo | None = None
    """What the container fails with, once its turns are over."""


class ScopeClosed(OfNode, frozen=True, kw_only=True, tag="SCOPE_CLOSED"):
    """A turn of a container is over, after `ms`.

    `succeeded` and `failed` count how all turns of the container have ended by now, this one too; a
    turn that is begun anew after a failure is counted once, as it ended last. `outputs` is what
    left the turn, by name, where its container does not collect that. `last`: no other turn begins
    behind a container that is done.
    """

    status: RunStatus
    block: str = ""
    index: int | None = None
    ms: float = 0.0
    succeeded: int = 0
    failed: int = 0
    outputs: dict[PortName, ValueRef] = {}
    last: bool = False


class ScopeReused(OfNode, frozen=True, kw_only=True, tag="SCOPE_REUSED"):
    """A turn of a container is not run: what leaves it is known, from run `source`.

    `outputs` are by the names that leave the block; `left`, `succeeded` and `failed` are as in
    `ScopeLeft` and `ScopeClosed`.
    """

    block: str = ""
    index: int | None = None
    outputs: dict[PortName, ValueRef] = {}
    source: RunId | None = None
    left: str = ""
    succeeded: int = 0
    failed: int = 0


class ItemsAdded(OfNode, frozen=True, kw_only=True, tag="ITEMS_ADDED"):
    """A container has `count` more items, behind those it had: the list in `outputs`.

    `total` is how many there are now, None before the container has its own. `by` is the node of
    the run that added them, None for somebody outside.
    """

    outputs: dict[PortName, ValueRef]
    count: int
    total: int | None = None
    by: NodeId | None = None


class CheckpointReached(Fact, frozen=True, kw_only=True, tag="CHECKPOINT_REACHED"):
    """All up to here is on disk before anything after it begins.

    `why` is `node` behind a node that asks for it, `turns` after so many turns of the container
    `node`, `interval` when it is time.
    """

    why: str
    node: NodeId | None = None
    scope: str = ""
