"""The critical path of a run: the chain of nodes that its duration is the sum of.

Read off the order of events, as the view `critical_path` of the history does: whatever settles last
before a node is ready is what that node has waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, cast

from flowbook.events import (
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeReused,
    NodeScheduled,
    NodeStarted,
    OfNode,
)
from flowbook.ids import NodeId
from flowbook.run.node_run import shown_seconds

_ENDINGS: Mapping[type, str] = {
    NodeCompleted: "succeeded",
    NodeReused: "reused",
    NodeFailed: "failed",
    NodeCancelled: "cancelled",
}
_TOLD = frozenset((NodeScheduled, NodeStarted, *_ENDINGS))


@dataclass(frozen=True, slots=True)
class PathStep:
    """One node of the path; times are seconds since the epoch, UTC.

    `ms` is from the end of the step before to its own end, `wait_ms` from when it was ready until
    its first attempt began, `share` its part of the whole path, from 0 to 1.
    """

    node: NodeId
    status: str
    ready_at: float
    started_at: float | None
    ended_at: float
    ms: float
    wait_ms: float | None
    share: float | None


@dataclass(frozen=True, slots=True, repr=False)
class CriticalPath:
    """The steps in the order of time; to make the run faster, make one of them faster."""

    steps: tuple[PathStep, ...]

    def __iter__(self) -> Iterator[PathStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def nodes(self) -> tuple[NodeId, ...]:
        """The names alone."""
        return tuple(step.node for step in self.steps)

    def __repr__(self) -> str:
        return " → ".join(f"{step.node} {_part(step)}" for step in self.steps) or "no path yet"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(step.node)}</td><td>{escape(step.status)}</td>"
            f"<td>{shown_seconds(step.ms / 1000)}</td>"
            f"<td>{shown_seconds((step.wait_ms or 0) / 1000)}</td><td>{_percent(step)}</td></tr>"
            for step in self.steps
        )
        head = "<th>node</th><th>status</th><th>time</th><th>waited</th><th>share</th>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def to_json(self) -> list[dict[str, Any]]:
        """The steps as plain data."""
        return [asdict(step) for step in self.steps]


@dataclass(slots=True)
class _Known:
    """What is known of a node so far."""

    after: NodeId | None
    ready_at: float
    ready: bool = False
    status: str = ""
    started_at: float | None = None
    ended_at: float | None = None


def critical_path(events: Iterable[Event], scope: str = "") -> CriticalPath:
    """The path of a run, or of one turn of a container: `each[3]`.

    Of a run that goes on, as far as it has come. Empty where it is not written when nodes are
    ready, as with `journal=summary`.

    >>> critical_path([NodeScheduled(run="r", seq=0, at=0.0, node="a"),
    ...                NodeCompleted(run="r", seq=1, at=2.0, node="a", attempt=1, ms=1.9),
    ...                NodeScheduled(run="r", seq=2, at=2.0, node="b"),
    ...                NodeCompleted(run="r", seq=3, at=3.0, node="b", attempt=1, ms=1.0)])
    a 67 % → b 33 %
    """
    known: dict[NodeId, _Known] = {}
    settled: NodeId | None = None
    last: NodeId | None = None
    for fact in events:
        if type(fact) not in _TOLD or (event := cast(OfNode, fact)).scope != scope:
            continue
        node = known.get(event.node)
        if node is None:
            node = known[event.node] = _Known(settled, event.at)
        if isinstance(event, NodeScheduled | NodeReused):
            node.ready = True
        elif isinstance(event, NodeStarted) and node.started_at is None:
            node.started_at = event.at
        ending = _ENDINGS.get(type(event))
        if ending is not None:
            node.status, node.ended_at = ending, event.at
            last = event.node if node.ready else last
            settled = settled if isinstance(event, NodeCancelled) else event.node
    return CriticalPath(tuple(_steps(known, last)))


def _steps(known: Mapping[NodeId, _Known], last: NodeId | None) -> Iterator[PathStep]:
    chain: list[tuple[NodeId, _Known]] = []
    while last is not None and (node := known.get(last)) is not None and node.ready:
        chain.append((last, node))
        last = node.after
    chain.reverse()
    ends = [node.ready_at if node.ended_at is None else node.ended_at for _, node in chain]
    whole = ends[-1] - chain[0][1].ready_at if chain else 0.0
    for i, (name, node) in enumerate(chain):
        took = ends[i] - (ends[i - 1] if i else node.ready_at)
        yield PathStep(
            name,
            node.status,
            node.ready_at,
            node.started_at,
            ends[i],
            round(took * 1e3, 3),
            None if node.started_at is None else round((node.started_at - node.ready_at) * 1e3, 3),
            took / whole if whole > 0 else None,
        )


def _percent(step: PathStep) -> str:
    return "" if step.share is None else f"{step.share:.0%}".replace("%", " %")


def _part(step: PathStep) -> str:
    return _percent(step) or shown_seconds(step.ms / 1000)
