"""Where each node of a view is drawn, containers as boxes around their members. Pure.

The browser does the same in `js/src/model/nesting.ts`, where somebody may have closed some.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flowbook.graph.nested_layout import EMPTY, LANE, MANY, NODE, NOTE, PAD, TITLE, Size
from flowbook.graph.nesting import block_of
from flowbook.ids import NodeId
from flowbook.widget.views import NodeView


@dataclass(frozen=True, slots=True)
class Box:
    """One node as it is drawn, from the corner of the canvas; `opened`: around its members."""

    node: NodeView
    x: float
    y: float
    width: float
    height: float
    opened: bool = False


def boxes(nodes: Sequence[NodeView]) -> dict[NodeId, Box]:
    """Every node that is seen, containers before what is in them.

    >>> boxes([NodeView(NodeId("a"), "python", 10, 20)])["a"].width
    184
    """
    names = {node.name for node in nodes}
    members: dict[NodeId | None, list[NodeView]] = {}
    for node in nodes:
        members.setdefault(node.inside if node.inside in names else None, []).append(node)
    drawing = _Drawing(members)
    return {box.node.name: box for box in drawing.within(None, 0.0, 0.0)}


@dataclass(frozen=True, slots=True)
class _Drawing:
    members: dict[NodeId | None, list[NodeView]]

    def within(self, home: NodeId | None, x: float, y: float) -> Iterator[Box]:
        """What is in a home that begins there, and all that is in that."""
        for node in self.members.get(home, ()):
            inside = self.members.get(node.name, [])
            opened = 0 < len(inside) <= MANY
            left, top = x + node.x, y + node.y
            yield Box(node, left, top, *self.size(node), opened)
            if opened:
                first = min(one.x for one in inside), min(one.y for one in inside)
                below = TITLE + PAD + _lane(inside)
                yield from self.within(node.name, left + PAD - first[0], top + below - first[1])

    def size(self, node: NodeView) -> Size:
        inside = self.members.get(node.name, [])
        if not inside:
            return EMPTY if node.contains else NOTE if node.kind == "note" else NODE
        if len(inside) > MANY:
            return NODE
        sizes = [self.size(one) for one in inside]
        ends = zip(inside, sizes, strict=True)
        right, bottom = (
            max(pair)
            for pair in zip(
                *((one.x + size.width, one.y + size.height) for one, size in ends), strict=True
            )
        )
        width = right - min(one.x for one in inside)
        height = bottom - min(one.y for one in inside)
        return Size(width + 2 * PAD, TITLE + height + 2 * PAD + _lane(inside))


def _lane(inside: Iterable[NodeView]) -> float:
    """Room for the name of a block, where the container has none without a name."""
    plain = any(not block_of(one.options.get("in", "")) for one in inside)
    return 0.0 if plain else LANE
