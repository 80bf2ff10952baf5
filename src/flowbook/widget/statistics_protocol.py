"""Messages about how the runs of a flow went, for what is laid over its drawing."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from flowbook.ids import NodeId, PortName


class AskStatistics(msgspec.Struct, frozen=True, tag_field="type", tag="ASK_STATS"):
    """How did runs go that started from `since`, in seconds since the epoch? None: all of them.

    Answered with `Statistics`.
    """

    view: str
    rid: int
    since: float | None = None


class NodeTiming(msgspec.Struct, frozen=True):
    """A node over many runs; see the view `node_stats` of the history.

    `path`: in how many of the latest `of` runs it was on the critical path.
    """

    node: NodeId
    runs: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    path: int = 0
    of: int = 0


class EdgeTaken(msgspec.Struct, frozen=True):
    """In how many runs a value went along an edge; see the view `edge_frequency`."""

    source: NodeId
    output: PortName
    target: NodeId
    input: PortName
    taken: int
    runs: int


class Statistics(msgspec.Struct, frozen=True, tag_field="type", tag="STATS"):
    """How `runs` of the flow went."""

    view: str
    rid: int
    runs: int
    nodes: tuple[NodeTiming, ...] = ()
    edges: tuple[EdgeTaken, ...] = ()


StatisticsAsked: TypeAlias = AskStatistics
StatisticsAnswer: TypeAlias = Statistics
