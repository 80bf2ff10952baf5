"""New places for what was in a container, so that it is drawn where it was drawn before.

Places in a container count relative to each other, from the corner of its box: what leaves one has
to be given the place of that. A box begins at its first member, so the containers around move by as
much as their first member does.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowbook.graph.gestures.places import Places
from flowbook.graph.nested_layout import LANE, PAD, TITLE
from flowbook.graph.nesting import Nesting, block_of, container_of
from flowbook.graph.spec import FlowSpec, Position
from flowbook.ids import NodeId


def taken_out(spec: FlowSpec, container: NodeId, places: Places) -> dict[NodeId, Position]:
    """The places of what is in a container once that has gone; none where nobody placed anything.

    `places` are those of all nodes as they are drawn, each as its home counts them.
    """
    nesting = Nesting(spec)
    members: dict[str, list[NodeId]] = {}
    for node in spec.nodes:
        members.setdefault(container_of(nesting.home(node.id)), []).append(node.id)
    inside = members.get(container, [])
    untouched = all(node.position is None for node in spec.nodes)
    if not inside or untouched or not {container, *inside} <= places.keys():
        return {}
    corner, box = _corner(inside, places), places[container]
    lane = all(block_of(nesting.home(one)) for one in inside)
    x = box.x + PAD - corner.x
    y = box.y + TITLE + PAD + (LANE if lane else 0) - corner.y
    found = {one: Position(places[one].x + x, places[one].y + y) for one in inside}
    home, gone = container_of(nesting.home(container)), container
    while home and {home, *members[home]} <= places.keys():
        before = _corner(members[home], places)
        now = {**places, **found}
        beside = [one for one in members[home] if one != gone]
        after = _corner([*beside, *inside], now)
        if before == after:
            break
        at = places[NodeId(home)]
        found[NodeId(home)] = Position(at.x + after.x - before.x, at.y + after.y - before.y)
        gone, inside = NodeId(home), [NodeId(home)]
        home = container_of(nesting.home(gone))
    return found


def _corner(nodes: Iterable[NodeId], places: Places) -> Position:
    found = [places[one] for one in nodes]
    return Position(min(one.x for one in found), min(one.y for one in found))
