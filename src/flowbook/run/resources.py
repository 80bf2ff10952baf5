"""What a run used, by node: CPU time, memory, and the bytes it gave.

CPU time and memory are known of attempts in processes of their own, and of all with `measure`; see
`flowbook.run.places.measure`. Turns of containers are added up; of memory the most counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any

from flowbook.events import Event, NodeCompleted, NodeReused, NodeStarted, NodeUsed
from flowbook.ids import NodeId
from flowbook.run.node_run import shown_seconds


@dataclass(frozen=True, slots=True)
class NodeResources:
    """What all attempts of one node took together, in all its turns.

    `cpu_ms` is milliseconds of CPU time, `memory` the most bytes it had at any one time; None where
    nothing was measured. `is_estimate`: others ran in the same process, and `memory` is by how much
    that grew. `bytes` is the size of what it gave, as stored.
    """

    node: NodeId
    attempts: int = 0
    cpu_ms: float | None = None
    memory: int | None = None
    is_estimate: bool = False
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Resources:
    """What a run used, and its nodes in the order in which they began.

    >>> took = NodeUsed(run="r", seq=0, at=0.0, node="a", attempt=1, cpu_ms=12.5, memory=1000)
    >>> resources([took]).cpu_ms
    12.5
    """

    nodes: tuple[NodeResources, ...]

    @property
    def cpu_ms(self) -> float | None:
        """Milliseconds of CPU time of all nodes; None where nothing was measured."""
        found = [node.cpu_ms for node in self.nodes if node.cpu_ms is not None]
        return sum(found) if found else None

    @property
    def memory(self) -> int | None:
        """Bytes of the node that had most; None where nothing was measured."""
        return max((node.memory for node in self.nodes if node.memory is not None), default=None)

    @property
    def bytes(self) -> int:
        """Size of all that nodes gave, as stored."""
        return sum(node.bytes for node in self.nodes)

    def __getitem__(self, node: str) -> NodeResources:
        """What one node used; nothing, where it did not run."""
        return next((one for one in self.nodes if one.node == node), NodeResources(NodeId(node)))

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.node)}</td><td>{one.attempts}</td><td>{_seconds(one.cpu_ms)}</td>"
            f"<td>{_bytes(one.memory, about=one.is_estimate)}</td><td>{_bytes(one.bytes)}</td></tr>"
            for one in self.nodes
        )
        head = "<th>node</th><th>attempts</th><th>CPU</th><th>memory</th><th>gave</th>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def to_json(self) -> dict[str, Any]:
        """The whole and each node, as plain data."""
        return {
            "cpu_ms": self.cpu_ms,
            "memory": self.memory,
            "bytes": self.bytes,
            "nodes": [asdict(node) for node in self.nodes],
        }


def resources(events: Iterable[Event]) -> Resources:
    """What a run used, by its events so far."""
    found: dict[NodeId, NodeResources] = {}
    for event in events:
        if not isinstance(event, NodeStarted | NodeUsed | NodeCompleted | NodeReused):
            continue
        node = found.get(event.node) or NodeResources(event.node)
        if isinstance(event, NodeStarted):
            node = replace(node, attempts=node.attempts + 1)
        elif isinstance(event, NodeUsed):
            node = _with(node, event)
        else:
            refs = (*event.outputs.values(), *filter(None, (event.result,)))
            node = replace(node, bytes=node.bytes + sum(ref.size for ref in refs))
        found[event.node] = node
    return Resources(tuple(found.values()))


def _with(node: NodeResources, event: NodeUsed) -> NodeResources:
    if event.cpu_ms is None:
        return node
    return replace(
        node,
        cpu_ms=(node.cpu_ms or 0.0) + event.cpu_ms,
        memory=max(node.memory or 0, event.memory or 0),
        is_estimate=node.is_estimate or event.is_estimate,
    )


def _seconds(milliseconds: float | None) -> str:
    return "" if milliseconds is None else shown_seconds(milliseconds / 1000)


def _bytes(size: int | None, *, about: bool = False) -> str:
    return "" if size is None else f"{'about ' if about else ''}{size / 1e6:,.1f} MB"
