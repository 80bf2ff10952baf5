"""Where wires and ports lie in a picture of a flow, as on the live canvas. Pure.

The browser does the same in `js/src/canvas/path.ts` and `port.ts`: a wire leaves and arrives at its
ports, goes through the corridor that the layout kept free where both ends are still there, and ends
at a closed container where what it leads to is inside of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from flowbook.graph.layout import HEIGHT, PITCH_X, WIDTH, Routes, routes
from flowbook.ids import NodeId, PortName
from flowbook.widget.boxes import Box
from flowbook.widget.views import EdgeView, FlowView, NodeView

_GAP: Final = PITCH_X - WIDTH
_LEVEL: Final = 1.5
"""So far from its place in the layout an end may be for the corridor to hold."""

Point: TypeAlias = tuple[float, float]
Heights: TypeAlias = Mapping[tuple[NodeId, str, PortName], float]


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire: what it is, how it goes (an SVG path), where its label stands.

    `span`: how far it goes to the left and to the right.
    """

    edge: EdgeView
    path: str
    label: Point
    span: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is wired how: all wires in the order of the flow, and the places of all ports."""

    wires: list[Wire]
    dots: list[Point]


def wiring(flow: FlowView, shown: Mapping[NodeId, Box]) -> Wiring:
    """The wires between nodes that are drawn."""
    ways = routes(
        [node.name for node in flow.nodes], [(edge.source, edge.target) for edge in flow.edges]
    )
    heights = ports(flow, shown, ways)
    nested = any(node.inside for node in flow.nodes)
    inside = {node.name: node.inside for node in flow.nodes}
    found: dict[tuple[Point, Point], Wire] = {}
    for edge in flow.edges:
        source, target = _seen(edge.source, inside, shown), _seen(edge.target, inside, shown)
        if source is None or target is None or source is target:
            continue
        start = _end(source, heights, (edge.source, "out", edge.output), source.width)
        end = _end(target, heights, (edge.target, "in", edge.input), 0)
        via = () if nested else _via(ways, edge, (source, start), (target, end))
        path, label = line(start, end, via)
        found.setdefault((start, end), Wire(edge, path, label, _span(start, end)))
    dots = [
        (shown[name].x + (shown[name].width if side == "out" else 0), shown[name].y + below)
        for (name, side, _), below in heights.items()
    ]
    return Wiring(
        list(found.values()), list(dict.fromkeys([*dots, *(p for k in found for p in k)]))
    )


def ports(flow: FlowView, shown: Mapping[NodeId, Box], ways: Routes) -> Heights:
    """How far below its node's top each port is: wired inputs in the order their wires arrive."""
    middle = {node.name: node.y + HEIGHT / 2 for node in flow.nodes}
    arrives: dict[NodeId, dict[PortName, float]] = {}
    for edge in flow.edges:
        via = ways.via(edge.source, edge.target)
        height = via[-1][1] if via else middle.get(edge.source, 0.0)
        arrives.setdefault(edge.target, {})[edge.input] = height
    found: dict[tuple[NodeId, str, PortName], float] = {}
    for name, box in shown.items():
        wired = arrives.get(name, {})
        for side, names in (("in", _inputs(box.node, wired)), ("out", box.node.outputs)):
            for i, port in enumerate(names):
                found[name, side, port] = box.height * (i + 1) / (len(names) + 1)
    return found


def line(start: Point, end: Point, via: Sequence[Point]) -> tuple[str, Point]:
    """A wire and the place of its label; straight through the corridor's points, curved between.

    >>> line((0, 0), (60, 0), ())[0]
    'M0,0C30,0 30,0 60,0'
    """
    points = [start, *(one for x, y in via for one in ((x, y), (x + WIDTH, y))), end]
    parts = [f"M{start[0]:g},{start[1]:g}"]
    for i in range(0, len(points) - 1, 2):
        parts.append(_curve(points[i], points[i + 1]))
        if i + 2 < len(points):
            parts.append(f"L{points[i + 2][0]:g},{points[i + 2][1]:g}")
    first = points[1]
    return "".join(parts), ((start[0] + first[0]) / 2, (start[1] + first[1]) / 2)


def _bend(start: Point, end: Point) -> float:
    """How far from its ends the points stand that the curve is drawn towards."""
    ahead = end[0] - start[0]
    return ahead / 2 if ahead >= _GAP / 2 else _GAP + min(_GAP * 2.0, -ahead / 4)


def _span(start: Point, end: Point) -> tuple[float, float]:
    """Between which it stays, also where it has to go back; a cubic gets no farther than 4/9.

    >>> _span((0, 0), (90, 50))
    (70.0, 20.0)
    """
    far = _bend(start, end) * 4 / 9
    return end[0] - far, start[0] + far


def _curve(start: Point, end: Point) -> str:
    bend = _bend(start, end)
    return f"C{start[0] + bend:g},{start[1]:g} {end[0] - bend:g},{end[1]:g} {end[0]:g},{end[1]:g}"


def _inputs(node: NodeView, wired: Mapping[PortName, float]) -> list[PortName]:
    names = [one.name for one in node.inputs]
    first = sorted((one for one in names if one in wired), key=lambda one: wired[one])
    return [*first, *(one for one in names if one not in wired)]


def _seen(
    name: NodeId, inside: Mapping[NodeId, NodeId | None], shown: Mapping[NodeId, Box]
) -> Box | None:
    """The node, or the closed container around it that is drawn."""
    at: NodeId | None = name
    while at is not None and at not in shown:
        at = inside.get(at)
    return None if at is None else shown[at]


def _end(box: Box, heights: Heights, port: tuple[NodeId, str, PortName], across: float) -> Point:
    below = heights.get(port, box.height / 2) if port[0] == box.node.name else box.height / 2
    return box.x + across, box.y + below


def _via(
    ways: Routes, edge: EdgeView, start: tuple[Box, Point], end: tuple[Box, Point]
) -> Sequence[Point]:
    """The corridor, where both ends are where the layout put them."""
    for (box, _), name in ((start, edge.source), (end, edge.target)):
        place = ways.places[name]
        if abs(box.x - place.x) > _LEVEL or abs(box.y - place.y) > _LEVEL:
            return ()
    return ways.via(edge.source, edge.target)
