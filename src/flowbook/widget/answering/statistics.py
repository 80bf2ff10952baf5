"""Answers how the runs of a flow went, from the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flowbook.widget.host import CanvasHost
from flowbook.widget.statistics_protocol import (
    AskStatistics,
    EdgeTaken,
    NodeTiming,
    Statistics,
)


def told(host: CanvasHost, asked: AskStatistics) -> Statistics:
    """The figures of every node and edge that a run has come to."""
    since = None if asked.since is None else datetime.fromtimestamp(asked.since, UTC)
    found = host.past.stats(since=since)
    path = {one.node: (one.runs, one.of) for one in found.path}
    return Statistics(
        asked.view,
        asked.rid,
        found.overview.runs,
        tuple(
            NodeTiming(
                one.node, one.runs, one.failed, one.p50_ms, one.p95_ms, one.p99_ms,
                *path.get(one.node, (0, 0)),
            )
            for one in found.nodes
        ),
        tuple(
            EdgeTaken(one.source, one.output, one.target, one.input, one.taken, one.runs)
            for one in found.edges
        ),
    )  # fmt: skip


ANSWERS: Final[Mapping[type, Callable[[CanvasHost, Any], Statistics]]] = {AskStatistics: told}
