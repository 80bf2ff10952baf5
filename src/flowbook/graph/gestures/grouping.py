"""Nodes put into a group, and taken out of a container again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from flowbook.graph.container import BODY
from flowbook.graph.edits import AddNode, Edit, MoveNodes, RemoveNode, SetOptions
from flowbook.graph.gestures.keeping import Into, keeping
from flowbook.graph.gestures.made import Gesture, known, refused, some
from flowbook.graph.gestures.naming import free_name, taken_names
from flowbook.graph.gestures.places import Places
from flowbook.graph.gestures.removing import with_insides
from flowbook.graph.gestures.settling import taken_out
from flowbook.graph.nesting import Nesting, block_of, container_of, is_container
from flowbook.graph.spec import FlowSpec, NodeSpec, Position
from flowbook.graph.wiring import EdgeSpec, Wiring, resolve
from flowbook.ids import NodeId, PortName, as_node_id

_ROOM: Final = Position(24.0, 56.0)
"""How far the corner of a group is from that of what is inside of it."""


def group(spec: FlowSpec, nodes: Sequence[NodeId], name: str, places: Places) -> Gesture:
    """Put these nodes into a new group; what others read of them becomes its outputs."""
    label = f"Group {some(len(set(nodes)), 'node')}"
    members = together(spec, label, nodes)
    inside = set(with_insides(spec, label, [one.id for one in members]))
    edges = resolve(spec).edges
    refuse_between(edges, inside, label)
    called = free_name(as_node_id(name) if name else "group", taken_names(spec))
    leaving = [edge for edge in edges if edge.source in inside and edge.target not in inside]
    ports = exits(leaving, label)
    made = NodeSpec(
        called,
        kind="group",
        outputs=tuple(ports) or (PortName(called),),
        options=replace(NodeSpec(called).options, inside=members[0].options.inside),
        position=_corner(members, places),
    )
    edits: list[Edit] = [AddNode(made, spec.nodes.index(members[0]))]
    edits += [SetOptions(one.id, replace(one.options, inside=str(called))) for one in members]
    wanted = {
        (edge.target, edge.input): EdgeSpec(called, edge.output, edge.target, edge.input)
        for edge in leaving
    }
    return Gesture(keeping(spec, label, edits, wanted), (called,))


def ungroup(spec: FlowSpec, node: NodeId, places: Places) -> Gesture:
    """A container goes; what is inside of it stays, and stays fed, and so does who read it.

    `places` are those of all nodes as they are drawn: nothing is drawn elsewhere afterwards, unless
    nobody has placed anything.
    """
    label = f"Ungroup {node}"
    (container,) = known(spec, label, [node])
    if not is_container(container):
        raise refused(label, f"it is a {container.kind}, and nothing is inside of it")
    wiring, nesting = resolve(spec), Nesting(spec)
    members = [one for one in spec.nodes if container_of(one.options.inside) == node]
    _refuse_blocks(label, members)
    fed = {(edge.target, edge.input): edge for edge in wiring.edges}
    wanted: dict[Into, EdgeSpec] = {}
    for use in wiring.params:
        if use.frame == node:
            source = fed.get((node, use.param))
            if source is None:
                raise refused(
                    label,
                    f"{use.target} reads {use.param!r}, which only a turn of {node} gives it",
                    "feed it otherwise first",
                )
            into = (use.target, use.input)
            wanted[into] = EdgeSpec(source.source, source.output, *into)
    gives = _gives(wiring, nesting, container, members)
    for edge in wiring.edges:
        if edge.source != node:
            continue
        inner = gives.get(edge.output)
        if inner is None:
            hint = "name what leaves it: -> a, b"
            reason = f"{edge.target} reads {edge.output!r}, which no node inside gives by itself"
            raise refused(label, reason, hint)
        wanted[edge.target, edge.input] = EdgeSpec(*inner, edge.target, edge.input)
    edits: list[Edit] = [RemoveNode(node)]
    moved = taken_out(spec, node, places)
    if moved:
        edits.append(MoveNodes(moved))
    edit = keeping(spec, label, edits, wanted)
    return Gesture(edit, tuple(one.id for one in members))


def together(spec: FlowSpec, label: str, nodes: Sequence[NodeId]) -> tuple[NodeSpec, ...]:
    """These nodes without those that are inside of one of them; they have to be in one place."""
    chosen = known(spec, label, nodes)
    if not chosen:
        raise refused(label, "nothing is selected", "select nodes first")
    names = {one.id for one in chosen}
    nesting = Nesting(spec)
    members = tuple(one for one in chosen if names.isdisjoint(nesting.owners(nesting.home(one.id))))
    homes = list(dict.fromkeys(nesting.home(one.id) for one in members))
    if len(homes) > 1:
        where = " and ".join(home or "the flow itself" for home in homes[:2])
        raise refused(label, f"they are in different places: {where}", "take those of one place")
    return members


def exits(leaving: Sequence[EdgeSpec], label: str) -> dict[PortName, NodeId]:
    """What others read of some nodes: the outputs, by name, and whose each is."""
    found: dict[PortName, NodeId] = {}
    for edge in leaving:
        other = found.setdefault(edge.output, edge.source)
        if other != edge.source:
            raise refused(
                label,
                f"{other} and {edge.source} both give {edge.output!r}, and both are read outside",
                "give one of the outputs another name first",
            )
    return found


def refuse_between(edges: Sequence[EdgeSpec], inside: Collection[NodeId], label: str) -> None:
    """Refuse nodes between which another one runs: as one they would wait for themselves."""
    then: dict[NodeId, list[NodeId]] = {}
    for edge in edges:
        then.setdefault(edge.source, []).append(edge.target)
    left = [edge.target for edge in edges if edge.source in inside and edge.target not in inside]
    came = {node: node for node in left}
    while left:
        node = left.pop()
        for after in then.get(node, ()):
            if after in inside:
                raise refused(
                    label,
                    f"{came[node]} runs between them: it reads one and feeds {after}",
                    f"select {came[node]}, too",
                )
            if after not in came:
                came[after] = came[node]
                left.append(after)


def _corner(members: Sequence[NodeSpec], places: Places) -> Position | None:
    placed = [places[one.id] for one in members if one.id in places]
    if not placed or all(one.position is None for one in members):
        return None
    left, top = min(one.x for one in placed), min(one.y for one in placed)
    return Position(left - _ROOM.x, top - _ROOM.y)


def _refuse_blocks(label: str, members: Sequence[NodeSpec]) -> None:
    other = next((one for one in members if block_of(one.options.inside) != BODY), None)
    if other is not None:
        raise refused(
            label,
            f"{other.id} is in {other.options.inside}, and outside it would run every time",
            "delete it, or move it out of there, first",
        )


def _gives(
    wiring: Wiring, nesting: Nesting, container: NodeSpec, members: Sequence[NodeSpec]
) -> Mapping[PortName, tuple[NodeId, PortName]]:
    """What each output of a container is, as one output of a node inside; else it is left out."""
    made = {port: (one.id, port) for one in members for port in one.outputs}
    named = {port: made[port] for port in container.outputs if port in made}
    if named or container.kind_name not in ("group", "try") or len(container.outputs) != 1:
        return named if container.kind_name in ("group", "try") else {}
    result = container.config.get("result")
    feeding = {
        edge.source
        for edge in wiring.edges
        if container_of(nesting.home(edge.target)) == container.id
    }
    ends = [one for one in members if (one.id == result if result else one.id not in feeding)]
    ports = [(one.id, port) for one in ends for port in one.outputs]
    return {container.outputs[0]: ports[0]} if len(ports) == 1 else {}
