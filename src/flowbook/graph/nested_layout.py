"""Where nodes go when nobody has put them anywhere, containers and what is inside of them. Pure.

The canvas has the same algorithm in `js/src/model/nesting.ts`, and `tests/golden/nested.json` holds
both to it. Places of members count relative to each other: a container is drawn as a box around
them, where the container stands, and they begin below its title.

1. **Homes, from the inside out.** The members of each container are laid out by themselves, then
   the container has the size of its box. One of more than MANY members is drawn closed, as large
   as a node; one without members has room for one. A note is larger than a node.
2. **One home.** Each of its blocks is laid out by itself, the first one on top, the others in
   their order below, LANE apart for their names. An edge counts for the nodes of this home that
   its ends are, or are in.
3. **One block.** First the layout of `flowbook.graph.layout`, as if all were nodes. Its columns
   keep their order, each as wide as its widest. In a column each wishes to keep its middle, and
   goes down until it is GAP_Y below the one before; the column then goes back up by the mean of
   what was gone down. All is rounded as there, and the smallest y is 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from flowbook.graph.layout import HEIGHT, PITCH_X, WIDTH, layout
from flowbook.graph.nesting import Nesting, block_of, container_of, is_container
from flowbook.graph.spec import FlowSpec, NodeSpec, Position
from flowbook.graph.wiring import Wiring, resolve
from flowbook.ids import NodeId

TITLE: Final = 36
PAD: Final = 20
LANE: Final = 26
MANY: Final = 40
GAP_X: Final = PITCH_X - WIDTH
GAP_Y: Final = 34
"""A little less than two nodes are apart: heights are rounded."""

Link: TypeAlias = tuple[NodeId, NodeId]


class Size(NamedTuple):
    """How large something is drawn, in canvas units."""

    width: float
    height: float


NODE: Final = Size(WIDTH, HEIGHT)
NOTE: Final = Size(224, 132)
EMPTY: Final = Size(WIDTH + 2 * PAD, TITLE + HEIGHT + 2 * PAD)


@dataclass(frozen=True, slots=True)
class Member:
    """What the layout has to know of a node; `inside` and `block` of the container it is in."""

    name: NodeId
    kind: str = ""
    inside: NodeId | None = None
    block: str = ""
    contains: bool = False


def arrange(spec: FlowSpec, wiring: Wiring | None = None) -> Mapping[NodeId, Position]:
    """A place for every node of `spec`, whether it has one or not."""
    homes = Nesting(spec)
    edges = (wiring or resolve(spec)).edges
    return nested(
        [_member(node, homes.home(node.id)) for node in spec.nodes],
        [(edge.source, edge.target) for edge in edges],
    )


def nested(members: Sequence[Member], links: Iterable[Link]) -> dict[NodeId, Position]:
    """Top-left corners, in canvas units; of what is in a container, relative to each other.

    >>> group, inner = NodeId("group"), NodeId("inner")
    >>> nested([Member(group, contains=True), Member(inner, inside=group)], [])[inner].x
    0.0
    """
    return _Nested(members, list(links)).places()


def _member(node: NodeSpec, home: str) -> Member:
    inside = NodeId(container_of(home)) if home else None
    return Member(node.id, node.kind_name, inside, block_of(home), is_container(node))


class _Nested:
    def __init__(self, members: Sequence[Member], links: Sequence[Link]) -> None:
        self.links = links
        self.by_name = {one.name: one for one in members}
        self.by_home: dict[NodeId | None, list[Member]] = {}
        for one in members:
            self.by_home.setdefault(self.home(one.name), []).append(one)
        self.found: dict[NodeId, Position] = {}

    def places(self) -> dict[NodeId, Position]:
        self.place(None)
        return self.found

    def home(self, name: NodeId) -> NodeId | None:
        """The container it is in; None outside of all, and in a circle of containers."""
        inside = self.by_name[name].inside
        seen = {name}
        at = inside
        while at is not None and at in self.by_name:
            if at in seen:
                return None
            seen.add(at)
            at = self.by_name[at].inside
        return inside if inside in self.by_name else None

    def place(self, home: NodeId | None) -> Size:
        sizes = {one.name: self.size(one) for one in self.by_home.get(home, ())}
        return self.blocks(home, sizes)

    def size(self, one: Member) -> Size:
        count = len(self.by_home.get(one.name, ()))
        if not count and not one.contains:
            return NOTE if one.kind == "note" else NODE
        inner = self.place(one.name)
        if not count:
            return EMPTY
        if count > MANY:
            return NODE
        return Size(inner.width + 2 * PAD, TITLE + inner.height + 2 * PAD)

    def lifted(self, name: NodeId, home: NodeId | None) -> NodeId | None:
        """The node itself, or what is around it directly in `home`; None elsewhere."""
        at: NodeId | None = name if name in self.by_name else None
        while at is not None and self.home(at) != home:
            at = self.home(at)
        return at

    def blocks(self, home: NodeId | None, sizes: Mapping[NodeId, Size]) -> Size:
        by_block: dict[str, list[NodeId]] = {}
        for one in self.by_home.get(home, ()):
            by_block.setdefault(one.block if home is not None else "", []).append(one.name)
        ends = ((self.lifted(a, home), self.lifted(b, home)) for a, b in self.links)
        links = [(a, b) for a, b in ends if a is not None and b is not None and a != b]
        width = height = 0.0
        for block in sorted(by_block, key=lambda name: name != ""):
            names = by_block[block]
            room = self.spread(names, links, sizes)
            top = (height + (GAP_Y if height else 0) + LANE) if block else 0
            for name in names:
                at = self.found[name]
                self.found[name] = Position(at.x, at.y + top)
            width = max(width, room.width)
            height = top + room.height
        return Size(width, height)

    def spread(
        self, names: Sequence[NodeId], links: Sequence[Link], sizes: Mapping[NodeId, Size]
    ) -> Size:
        """The layout of nodes that are all alike, with room made for those that are larger."""
        flat = layout(names, links)
        columns: dict[float, list[NodeId]] = {}
        for name in names:
            columns.setdefault(flat[name].x, []).append(name)
        left = 0.0
        for _, column in sorted(columns.items()):
            for name, y in _stacked(column, flat, sizes):
                self.found[name] = Position(left, y)
            left += max(sizes[name].width for name in column) + GAP_X
        top = min((self.found[name].y for name in names), default=0)
        bottom = 0.0
        for name in names:
            at = self.found[name]
            self.found[name] = Position(at.x, at.y - top)
            bottom = max(bottom, at.y - top + sizes[name].height)
        return Size(left - GAP_X, bottom)


def _stacked(
    column: Sequence[NodeId], flat: Mapping[NodeId, Position], sizes: Mapping[NodeId, Size]
) -> list[tuple[NodeId, int]]:
    """Each as near to where it was as those above allow, and the column in the same middle."""
    middles = {name: flat[name].y + HEIGHT / 2 for name in column}
    least = -math.inf
    pushed = 0.0
    found: list[tuple[NodeId, float]] = []
    for name in sorted(column, key=middles.__getitem__):
        height = sizes[name].height
        wish = middles[name] - height / 2
        y = max(wish, least)
        pushed += y - wish
        least = y + height + GAP_Y
        found.append((name, y))
    back = math.floor(pushed / len(column) + 0.5)
    return [(name, math.floor(y - back + 0.5)) for name, y in found]
