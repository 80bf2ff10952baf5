"""The shape of a flow: order, lanes, what lies up- and downstream, and cycles as readable paths.

Everything here is linear in nodes and edges but `order` (n log n, for an order as close to the
notebook's as there is) and `cycles` (linear per cycle found, and a flow can have exponentially
many: it stops at `limit`). networkx is asked for cycles only, and only when there are any.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NoReturn

from flowbook.errors import InvalidFlow
from flowbook.graph.nesting import Nesting
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import FlowSpec
from flowbook.graph.wiring import Wiring, resolve
from flowbook.ids import NodeId

MOST_CYCLES = 20


class Topology:
    """The nodes of a spec and who feeds whom; built once, asked often.

    What feeds a node inside of a container from outside feeds the container.

    >>> from flowbook.graph.spec import InputSpec, NodeSpec, PortName
    >>> clean = NodeSpec(NodeId("clean"), inputs=(InputSpec(PortName("raw")),))
    >>> raw = NodeSpec(NodeId("raw"), outputs=(PortName("raw"),))
    >>> Topology(FlowSpec(NodeId("tour"), (clean, raw))).order()
    ('raw', 'clean')
    """

    def __init__(self, spec: FlowSpec, wiring: Wiring | None = None) -> None:
        self.nodes: tuple[NodeId, ...] = tuple(node.id for node in spec.nodes)
        edges = (wiring or resolve(spec)).edges
        pairs = [(edge.source, edge.target) for edge in edges]
        nesting = Nesting(spec)
        if nesting.nested:
            pairs = list(nesting.lifted(pairs))
        self.feeds: Mapping[NodeId, tuple[NodeId, ...]] = self._neighbours(pairs)
        self.fed_by: Mapping[NodeId, tuple[NodeId, ...]] = self._neighbours(
            (target, source) for source, target in pairs
        )

    def _neighbours(
        self, pairs: Iterable[tuple[NodeId, NodeId]]
    ) -> Mapping[NodeId, tuple[NodeId, ...]]:
        found: dict[NodeId, dict[NodeId, None]] = {node: {} for node in self.nodes}
        for one, other in pairs:
            found[one][other] = None
        return {node: tuple(others) for node, others in found.items()}

    def order(self) -> tuple[NodeId, ...]:
        """Every node after all that feed it, otherwise as the notebook has them.

        Raises `InvalidFlow` naming the cycles when there is no such order.
        """
        at = {node: index for index, node in enumerate(self.nodes)}
        waits = {node: len(self.fed_by[node]) for node in self.nodes}
        ready = [at[node] for node in self.nodes if not waits[node]]
        done: list[NodeId] = []
        while ready:
            node = self.nodes[heapq.heappop(ready)]
            done.append(node)
            for fed in self.feeds[node]:
                waits[fed] -= 1
                if not waits[fed]:
                    heapq.heappush(ready, at[fed])
        if len(done) < len(self.nodes):
            self._refuse_cycles()
        return tuple(done)

    def _refuse_cycles(self) -> NoReturn:
        found = tuple(
            Problem(
                Severity.ERROR,
                f"the nodes wait for each other: {show_cycle(cycle)}",
                node=cycle[0],
                hint="take one of these edges away",
            )
            for cycle in self.cycles()
        )
        raise InvalidFlow("the flow has no order to run in", problems=found)

    def generations(self) -> tuple[tuple[NodeId, ...], ...]:
        """Lanes: a node's lane is one after the last lane that feeds it; `InvalidFlow` on cycles.

        All nodes of a lane may run at the same time.
        """
        lane: dict[NodeId, int] = {}
        lanes: list[list[NodeId]] = []
        for node in self.order():
            lane[node] = 1 + max((lane[source] for source in self.fed_by[node]), default=-1)
            if lane[node] == len(lanes):
                lanes.append([])
            lanes[lane[node]].append(node)
        return tuple(map(tuple, lanes))

    def ancestors(self, node: NodeId) -> frozenset[NodeId]:
        """Every node that `node` needs, directly or not; itself only when it is on a cycle."""
        return frozenset(_reached(self.fed_by, node))

    def descendants(self, node: NodeId) -> frozenset[NodeId]:
        """Every node that needs `node`, directly or not; itself only when it is on a cycle."""
        return frozenset(_reached(self.feeds, node))

    def cycles(self, limit: int = MOST_CYCLES) -> tuple[tuple[NodeId, ...], ...]:
        """Every simple cycle, at most `limit` of each knot, from its first node in the notebook."""
        import networkx

        at = {node: index for index, node in enumerate(self.nodes)}
        graph = networkx.DiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from((node, fed) for node in self.nodes for fed in self.feeds[node])
        found: list[tuple[NodeId, ...]] = []
        for knot in networkx.strongly_connected_components(graph):
            if len(knot) > 1 or any(graph.has_edge(node, node) for node in knot):
                simple = networkx.simple_cycles(graph.subgraph(knot).copy())
                found += [_from_first(cycle, at) for cycle in islice(simple, limit)]
        return tuple(sorted(found, key=lambda cycle: [at[node] for node in cycle]))


def _reached(neighbours: Mapping[NodeId, tuple[NodeId, ...]], start: NodeId) -> Iterator[NodeId]:
    seen: set[NodeId] = set()
    queue = list(neighbours[start])
    while queue:
        node = queue.pop()
        if node not in seen:
            seen.add(node)
            yield node
            queue.extend(neighbours[node])


def _from_first(cycle: Sequence[NodeId], at: Mapping[NodeId, int]) -> tuple[NodeId, ...]:
    first = min(range(len(cycle)), key=lambda index: at[cycle[index]])
    return (*cycle[first:], *cycle[:first])


def show_cycle(cycle: Sequence[NodeId]) -> str:
    """A cycle as a path that ends where it began.

    >>> show_cycle([NodeId("a"), NodeId("b")])
    'a → b → a'
    """
    return " → ".join((*cycle, cycle[0]))


def find_path(
    edges: Iterable[tuple[NodeId, NodeId]], source: NodeId, target: NodeId
) -> tuple[NodeId, ...]:
    """A shortest way from `source` to `target`, ends included; empty when there is none.

    `edges` are pairs: who feeds, who is fed.
    """
    feeds: dict[NodeId, list[NodeId]] = {}
    for feeding, fed in edges:
        feeds.setdefault(feeding, []).append(fed)
    came_from: dict[NodeId, NodeId | None] = {source: None}
    queue = [source]
    for node in queue:
        if node == target:
            return _walk_back(came_from, node)
        for fed in feeds.get(node, ()):
            if fed not in came_from:
                came_from[fed] = node
                queue.append(fed)
    return ()


def _walk_back(came_from: Mapping[NodeId, NodeId | None], end: NodeId) -> tuple[NodeId, ...]:
    path: list[NodeId] = []
    node: NodeId | None = end
    while node is not None:
        path.append(node)
        node = came_from[node]
    return tuple(reversed(path))
