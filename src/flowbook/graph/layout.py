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
2. **Corridors.** An edge that crosses layers gets free room in them: thin points that only the
   edge goes through. All edges of one source share its corridor, which has a point in each layer
   between the source and the farthest of its targets. Points are made source by source, in input
   order, left to right, and join the end of their layers. From here on the source leads to its
   first point, each point to the next, and the last point before a target to that target. These
   *links* are made source by source: first along the corridor, then to the targets in order. A
   corridor that would bring the points to more than POINTS_PER_NODE * nodes is not made; edges
   of such a source stay links as they are.
3. **Order in a layer.** At first the order of input. The *rank* of the one at index i of a layer
   of n is i - (n - 1) / 2. Eight sweeps: even ones go through layers 1, 2, … and look at sources,
   odd ones through the last but one, … 0 and look at targets. For each the key is the mean rank
   of those neighbours (sum, then one division), or its own rank when it has none; the layer is
   sorted by key, stably, and its ranks are counted anew before the next layer.
4. **Heights.** Each needs its *reach* above and below its centre: NODE_REACH, or POINT_REACH for
   a point. The *offset* of the first in a layer is 0, of the next that of the one before + both
   reaches. y (the centre) starts as offset - half the last offset of the layer. PASSES passes, by
   sources (layers 1, 2, …) and by targets (last but one, … 0) in turn. In a pass each wishes to be
   at the mean y of those neighbours, or where it is when it has none. The layer is then placed as
   close to the wishes as order and reaches allow (least squares): with w[i] = wish[i] - offset[i],
   go from first to last keeping blocks (sum, count); each w starts a block, and while the block
   before has a mean ≥ the mean of the last, the two merge (sums and counts added, earlier first).
   Then y[i] = mean of its block + offset[i].
5. **Corner.** x = layer * PITCH_X. The smallest y of a node becomes 0. y is rounded:
   floor(y + 0.5).

Each sweep and pass is linear but for its sorts. A hundred-line library would do the same; the
known ones are larger than the canvas and a hundred times slower.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from flowbook.graph.spec import Position
from flowbook.ids import NodeId

WIDTH: Final = 184
HEIGHT: Final = 84
PITCH_X: Final = WIDTH + 60
NODE_REACH: Final = 60
POINT_REACH: Final = 12
PITCH_Y: Final = 2 * NODE_REACH
SWEEPS: Final = 8
PASSES: Final = 5
POINTS_PER_NODE: Final = 2

Neighbours: TypeAlias = list[list[int]]


def layout(
    nodes: Sequence[NodeId], edges: Iterable[tuple[NodeId, NodeId]]
) -> dict[NodeId, Position]:
    """Top-left corners, in canvas units, of nodes of `WIDTH` by `HEIGHT`.

    >>> layout([NodeId("a"), NodeId("b")], [(NodeId("a"), NodeId("b"))])[NodeId("b")]
    Position(x=244, y=0)
    """
    return _Layout(nodes, edges).positions()


def routes(nodes: Sequence[NodeId], edges: Iterable[tuple[NodeId, NodeId]]) -> Routes:
    """The same places, and the corridors that are kept free for edges that cross columns.

    >>> a, b, c = NodeId("a"), NodeId("b"), NodeId("c")
    >>> routes([a, b, c], [(a, b), (b, c), (a, c)]).via(a, c)
    [(244, 114.0)]
    """
    return Routes(_Layout(nodes, edges))


class Routes:
    """Where nodes go, and how edges get from one to the other."""

    def __init__(self, layout: _Layout) -> None:
        self._layout = layout
        self.places = layout.positions()

    def via(self, source: NodeId, target: NodeId) -> list[tuple[float, float]]:
        """Where an edge enters each column it crosses; it goes straight on until `WIDTH` later."""
        return self._layout.via(source, target)


class _Layout:
    """Nodes are numbers in the order of input; the points of corridors are the numbers after."""

    def __init__(self, nodes: Sequence[NodeId], edges: Iterable[tuple[NodeId, NodeId]]) -> None:
        self.nodes = nodes
        self.targets: Neighbours = [[] for _ in nodes]
        self.sources: Neighbours = [[] for _ in nodes]
        self.index = index = {node: i for i, node in enumerate(nodes)}
        self.ways: list[list[int]] = []
        self.column: list[int] = []
        for source, target in dict.fromkeys(edges):
            if source != target and source in index and target in index:
                self.link(index[source], index[target])
        self.layers = self.in_layers()
        self.rank = [0.0] * len(self.targets)
        self.y = [0.0] * len(self.targets)

    def positions(self) -> dict[NodeId, Position]:
        self.order()
        self.place()
        top = min(self.y[: len(self.nodes)], default=0.0)
        at = {
            one: Position(column * PITCH_X, math.floor(self.y[one] - top + 0.5))
            for column, layer in enumerate(self.layers)
            for one in layer
        }
        return {node: at[i] for i, node in enumerate(self.nodes)}

    def via(self, source: NodeId, target: NodeId) -> list[tuple[float, float]]:
        if source not in self.index or target not in self.index:
            return []
        start, end = self.index[source], self.index[target]
        first = self.column[start] + 1
        way = self.ways[start][1 : max(1, self.column[end] - first + 1)]
        top = min(self.y[: len(self.nodes)], default=0.0)
        return [
            ((first + i) * PITCH_X, math.floor(self.y[point] - top + 0.5) + HEIGHT / 2)
            for i, point in enumerate(way)
        ]

    def link(self, source: int, target: int) -> None:
        self.targets[source].append(target)
        self.sources[target].append(source)

    def in_layers(self) -> list[list[int]]:
        count = len(self.nodes)
        layer, waits, taken = [0] * count, list(map(len, self.sources)), [False] * count
        queue = [node for node in range(count) if not waits[node]]
        kept: Neighbours = [[] for _ in range(count)]
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
                    kept[node].append(target)
                    layer[target] = max(layer[target], layer[node] + 1)
                    waits[target] -= 1
                    if not waits[target]:
                        queue.append(target)
        layers: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
        for node in range(count):
            layers[layer[node]].append(node)
        self.column = layer
        self.lead(kept, layer, layers)
        return layers

    def lead(self, edges: Neighbours, layer: list[int], layers: list[list[int]]) -> None:
        """Lay corridors for `edges`, which go from left to right, and link along them."""
        self.targets = [[] for _ in self.nodes]
        self.sources = [[] for _ in self.nodes]
        most = len(self.nodes) * (POINTS_PER_NODE + 1)
        for node, targets in enumerate(edges):
            first = layer[node] + 1
            last = max((layer[target] for target in targets), default=0)
            way = [node]
            self.ways.append(way)
            if len(self.targets) + last - first <= most:
                for column in range(first, last):
                    way.append(self.point())
                    layers[column].append(way[-1])
                    self.link(way[-2], way[-1])
            for target in targets:
                self.link(way[min(layer[target] - first, len(way) - 1)], target)

    def point(self) -> int:
        self.targets.append([])
        self.sources.append([])
        return len(self.targets) - 1

    def sweep(self, neighbours: Neighbours) -> list[list[int]]:
        """The layers in the direction in which `neighbours` lie behind."""
        return self.layers[1:] if neighbours is self.sources else self.layers[-2::-1]

    def order(self) -> None:
        for layer in self.layers:
            self.count(layer)
        for sweep in range(SWEEPS):
            neighbours = self.targets if sweep % 2 else self.sources
            for layer in self.sweep(neighbours):
                key = {one: self.mean(self.rank, neighbours[one], one) for one in layer}
                layer.sort(key=key.__getitem__)
                self.count(layer)

    def count(self, layer: list[int]) -> None:
        for i, one in enumerate(layer):
            self.rank[one] = i - (len(layer) - 1) / 2

    def mean(self, values: list[float], of: list[int], one: int) -> float:
        if not of:
            return values[one]
        # Not `sum`: Python 3.12 compensates its rounding, and TypeScript would not.
        total = 0.0
        for each in of:
            total += values[each]
        return total / len(of)

    def place(self) -> None:
        for layer in self.layers:
            offsets = self.offsets(layer)
            for one, offset in zip(layer, offsets, strict=True):
                self.y[one] = offset - offsets[-1] / 2
        for turn in range(PASSES):
            neighbours = self.targets if turn % 2 else self.sources
            for layer in self.sweep(neighbours):
                self.settle(layer, neighbours)

    def offsets(self, layer: list[int]) -> list[int]:
        found: list[int] = []
        before = 0
        for one in layer:
            reach = NODE_REACH if one < len(self.nodes) else POINT_REACH
            found.append(found[-1] + before + reach if found else 0)
            before = reach
        return found

    def settle(self, layer: list[int], neighbours: Neighbours) -> None:
        """As close to where each wishes to be as order and reaches allow."""
        offsets = self.offsets(layer)
        sums: list[float] = []
        counts: list[int] = []
        for one, offset in zip(layer, offsets, strict=True):
            sums.append(self.mean(self.y, neighbours[one], one) - offset)
            counts.append(1)
            while len(sums) > 1 and sums[-2] / counts[-2] >= sums[-1] / counts[-1]:
                sums[-2:] = [sums[-2] + sums[-1]]
                counts[-2:] = [counts[-2] + counts[-1]]
        means = [
            total / count for total, count in zip(sums, counts, strict=True) for _ in range(count)
        ]
        for one, offset, middle in zip(layer, offsets, means, strict=True):
            self.y[one] = middle + offset
