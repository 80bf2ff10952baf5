"""Where nodes go when nobody has put them anywhere: layers from left to right. Pure.

The canvas has the same algorithm in TypeScript, and `tests/golden/layout.json` holds both to it.
So it is described here to the operation, and uses only sums, quotients and stable sorts of
doubles, which are the same in both languages.

Input: names in order, and edges (source, target) between them. Edges from a node to itself, to
unknown nodes, and repeated edges are dropped. Every list below keeps the order of the input.

1. **Layers.** Each node waits for its incoming edges. Take the first of the ready queue (first in,
   first out; at the start: nodes without incoming edges, in input order); for each of its edges, in
   order, to a target not yet taken: the target's layer is the larger of what it has and the
   source's layer + 1, it waits for one edge less, and joins the queue when it waits for none. When
   the queue is empty and nodes are left (a cycle), the first of them in input order that is not
   taken joins the queue as it is. An edge whose target was taken before its source is dropped.
2. **Order in a layer.** At first the order of input. The *rank* of the node at index i of a layer
   of n is i - (n - 1) / 2. Eight sweeps: even ones go through layers 1, 2, … and look at sources,
   odd ones through the last but one, … 0 and look at targets. For each node the key is the mean
   rank of those neighbours (sum, then one division), or its own rank when it has none; the layer
   is sorted by key, stably, and its ranks are counted anew before the next layer.
3. **Heights.** y starts as rank * PITCH_Y. Three passes, by sources (layers 1, 2, …), by targets
   (last but one, … 0), by sources. In a pass every node of a layer wishes to be at the mean y of
   those neighbours, or where it is when it has none. The layer is then placed as close to the
   wishes as order and pitch allow (least squares): with w[i] = wish[i] - i * PITCH_Y, go from
   first to last keeping blocks (sum, count); each w starts a block, and while the block before has
   a mean ≥ the mean of the last, the two merge (sums and counts added, earlier first). Then
   y[i] = mean of its block + i * PITCH_Y.
4. **Corner.** x = layer * PITCH_X. The smallest y becomes 0. y is rounded: floor(y + 0.5).

Each sweep and pass is linear but for its sorts. A hundred-line library would do the same; the
known ones are larger than the canvas and a hundred times slower.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from flowbook.graph.spec import FlowSpec, Position
from flowbook.graph.wiring import Wiring, resolve
from flowbook.ids import NodeId

WIDTH: Final = 200
HEIGHT: Final = 84
GAP_X: Final = 80
GAP_Y: Final = 36
PITCH_X: Final = WIDTH + GAP_X
PITCH_Y: Final = HEIGHT + GAP_Y
SWEEPS: Final = 8

Neighbours: TypeAlias = list[list[int]]


def arrange(spec: FlowSpec, wiring: Wiring | None = None) -> Mapping[NodeId, Position]:
    """A place for every node of `spec`, whether it has one or not."""
    edges = (wiring or resolve(spec)).edges
    return layout([node.id for node in spec.nodes], [(edge.source, edge.target) for edge in edges])


def layout(
    nodes: Sequence[NodeId], edges: Iterable[tuple[NodeId, NodeId]]
) -> dict[NodeId, Position]:
    """Top-left corners, in canvas units, of nodes of `WIDTH` by `HEIGHT`.

    >>> layout([NodeId("a"), NodeId("b")], [(NodeId("a"), NodeId("b"))])[NodeId("b")]
    Position(x=280, y=0)
    """
    return _Layout(nodes, edges).positions()


class _Layout:
    def __init__(self, nodes: Sequence[NodeId], edges: Iterable[tuple[NodeId, NodeId]]) -> None:
        self.nodes = nodes
        self.targets: Neighbours = [[] for _ in nodes]
        self.sources: Neighbours = [[] for _ in nodes]
        index = {node: i for i, node in enumerate(nodes)}
        for source, target in dict.fromkeys(edges):
            if source != target and source in index and target in index:
                self.targets[index[source]].append(index[target])
                self.sources[index[target]].append(index[source])
        self.layers = self.in_layers()
        self.rank = [0.0] * len(nodes)
        self.y = [0.0] * len(nodes)

    def positions(self) -> dict[NodeId, Position]:
        self.order()
        self.y = [rank * PITCH_Y for rank in self.rank]
        for neighbours in (self.sources, self.targets, self.sources):
            for layer in self.sweep(neighbours):
                self.place(layer, neighbours)
        top = min(self.y, default=0.0)
        at = {
            node: Position(column * PITCH_X, math.floor(self.y[node] - top + 0.5))
            for column, layer in enumerate(self.layers)
            for node in layer
        }
        return {node: at[i] for i, node in enumerate(self.nodes)}

    def in_layers(self) -> list[list[int]]:
        count = len(self.nodes)
        layer, waits, taken = [0] * count, list(map(len, self.sources)), [False] * count
        queue = [node for node in range(count) if not waits[node]]
        kept: list[tuple[int, int]] = []
        oldest = done = 0
        while done < count:
            if done == len(queue):
                while taken[oldest]:
                    oldest += 1
                queue.append(oldest)
            node = queue[done]
            done += 1
            taken[node] = True
            for target in self.targets[node]:
                if not taken[target]:
                    kept.append((node, target))
                    layer[target] = max(layer[target], layer[node] + 1)
                    waits[target] -= 1
                    if not waits[target]:
                        queue.append(target)
        self.keep(kept)
        layers: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
        for node in range(count):
            layers[layer[node]].append(node)
        return layers

    def keep(self, edges: list[tuple[int, int]]) -> None:
        """Only `edges` from here on: those that go from left to right, in input order."""
        kept = set(edges)
        for node, targets in enumerate(self.targets):
            self.targets[node] = [target for target in targets if (node, target) in kept]
        for node, sources in enumerate(self.sources):
            self.sources[node] = [source for source in sources if (source, node) in kept]

    def sweep(self, neighbours: Neighbours) -> list[list[int]]:
        """The layers in the direction in which `neighbours` lie behind."""
        return self.layers[1:] if neighbours is self.sources else self.layers[-2::-1]

    def order(self) -> None:
        for layer in self.layers:
            self.count(layer)
        for sweep in range(SWEEPS):
            neighbours = self.targets if sweep % 2 else self.sources
            for layer in self.sweep(neighbours):
                key = {node: self.mean(self.rank, neighbours[node], node) for node in layer}
                layer.sort(key=key.__getitem__)
                self.count(layer)

    def count(self, layer: list[int]) -> None:
        for i, node in enumerate(layer):
            self.rank[node] = i - (len(layer) - 1) / 2

    def mean(self, values: list[float], of: list[int], node: int) -> float:
        if not of:
            return values[node]
        # Not `sum`: Python 3.12 compensates its rounding, and TypeScript would not.
        total = 0.0
        for one in of:
            total += values[one]
        return total / len(of)

    def place(self, layer: list[int], neighbours: Neighbours) -> None:
        sums: list[float] = []
        counts: list[int] = []
        for i, node in enumerate(layer):
            sums.append(self.mean(self.y, neighbours[node], node) - i * PITCH_Y)
            counts.append(1)
            while len(sums) > 1 and sums[-2] / counts[-2] >= sums[-1] / counts[-1]:
                sums[-2:] = [sums[-2] + sums[-1]]
                counts[-2:] = [counts[-2] + counts[-1]]
        means = [
            total / count for total, count in zip(sums, counts, strict=True) for _ in range(count)
        ]
        for i, node in enumerate(layer):
            self.y[node] = means[i] + i * PITCH_Y
