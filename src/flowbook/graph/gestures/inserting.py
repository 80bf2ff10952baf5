"""New nodes: on their own, behind an output, into an edge, inside of a container."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from flowbook.graph.edits import AddNode, Edit, MoveNodes
from flowbook.graph.gestures.keeping import Into, keeping
from flowbook.graph.gestures.made import Gesture, known, refused
from flowbook.graph.gestures.naming import free_name, named_by_kind, taken_names
from flowbook.graph.gestures.places import Places, between, free_place, right_of
from flowbook.graph.gestures.starting import begin, given
from flowbook.graph.nesting import Nesting, is_container
from flowbook.graph.options import did_you_mean
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Json, NodeSpec, Position, Wire
from flowbook.graph.wiring import EdgeSpec, resolve
from flowbook.ids import NodeId, PortName, as_node_id

Port: TypeAlias = tuple[NodeId, PortName]
Reading: TypeAlias = Callable[[NodeSpec], NodeSpec]
"""What a node of a text is: its settings and outputs, as its cell would be read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A node to be: of a kind, perhaps named, placed and with a body; and where it goes.

    `on`: into the edge that feeds that input. `after`: fed by that output. `inside`: in that
    container.
    """

    kind: str
    name: str = ""
    at: Position | None = None
    body: str | None = None
    config: Mapping[str, Json] = field(default_factory=dict)
    on: Into | None = None
    after: Port | None = None
    inside: NodeId | None = None


def insert(
    spec: FlowSpec,
    registry: Registry,
    wanted: Wanted,
    places: Places,
    read: Reading = lambda node: node,
) -> Gesture:
    """The gesture that adds this node; `EditRejected` for what cannot be.

    `places` are those of all nodes as they are drawn. `read` makes of a body what its cell will
    say, where that is more than text: settings, outputs.
    """
    node_type = registry.get(wanted.kind)
    label = f"Add {wanted.name or wanted.kind}"
    if node_type is None:
        raise refused(label, f"no node type is called {wanted.kind!r}", registry.hint(wanted.kind))
    edge = None if wanted.on is None else edge_into(spec, label, wanted.on)
    source = _source(spec, label, wanted, edge)
    name = _named(spec, wanted, source)
    label = f"Add {name}"
    start = begin(node_type, wanted.kind, name, None if source is None else source[1])
    made = read(given(wanted.body, wanted.config, start))
    home = _home(spec, label, wanted, edge, source)
    made = replace(made, options=replace(made.options, inside=home))
    at = _place(spec, wanted, edge, source, places)
    made = replace(made, position=at)
    edges: dict[Into, EdgeSpec] = {}
    if source is not None and made.inputs:
        edges[made.id, made.inputs[0].name] = EdgeSpec(*source, made.id, made.inputs[0].name)
        made = _with_wire(made, source, spec)
    if edge is not None:
        edges[edge.target, edge.input] = EdgeSpec(made.id, _first(made, label), *_into(edge))
    index = _index(spec, home, source)
    edit = keeping(spec, label, [AddNode(made, index)], edges)
    return Gesture(edit, (made.id,))


def splice(spec: FlowSpec, node: NodeId, on: Into, at: Position | None = None) -> Gesture:
    """Put a node that is there into an edge: fed by its source, feeding its target.

    `at`: the place it gets meanwhile.
    """
    label = f"Insert {node}"
    (one,) = known(spec, label, [node])
    edge = edge_into(spec, label, on)
    if node in (edge.source, edge.target):
        raise refused(label, f"it is at an end of that edge already ({edge.source} → {on[0]})")
    wiring = resolve(spec)
    fed = {one.input for one in wiring.edges if one.target == node}
    into = _fitting(one, edge.output, fed)
    edits: list[Edit] = [] if at is None else [MoveNodes({node: at})]
    wanted = {
        (node, into): EdgeSpec(edge.source, edge.output, node, into),
        on: EdgeSpec(node, _first(one, label), *on),
    }
    _refuse_cycle(spec, label, node, edge)
    return Gesture(keeping(spec, label, edits, wanted), (node,))


def edge_into(spec: FlowSpec, label: str, on: Into) -> EdgeSpec:
    """The edge that feeds an input."""
    target, name = on
    found = next((e for e in resolve(spec).edges if (e.target, e.input) == on), None)
    if found is None:
        known(spec, label, [target])
        raise refused(
            label, f"no node feeds {target}.{name}", "choose an edge that goes from node to node"
        )
    return found


def _into(edge: EdgeSpec) -> Into:
    return edge.target, edge.input


def _source(spec: FlowSpec, label: str, wanted: Wanted, edge: EdgeSpec | None) -> Port | None:
    """What feeds the new node."""
    if edge is not None:
        return edge.source, edge.output
    if wanted.after is None:
        return None
    (node,) = known(spec, label, [wanted.after[0]])
    if wanted.after[1] not in node.outputs:
        hint = did_you_mean(wanted.after[1], node.outputs)
        raise refused(label, f"{node.id!r} has no output {wanted.after[1]!r}", hint)
    return wanted.after


def _named(spec: FlowSpec, wanted: Wanted, source: Port | None) -> NodeId:
    taken = taken_names(spec)
    if wanted.name:
        return free_name(as_node_id(wanted.name), taken)
    if wanted.kind == "test" and source is not None:
        return free_name(f"test_{source[0]}", taken)
    return named_by_kind(wanted.kind, taken)


def _home(
    spec: FlowSpec, label: str, wanted: Wanted, edge: EdgeSpec | None, source: Port | None
) -> str:
    """What container it is in: the one that is meant, else that of what it is put behind."""
    if wanted.inside:
        (container,) = known(spec, label, [wanted.inside])
        if not is_container(container):
            raise refused(
                label,
                f"{container.id!r} is a {container.kind}, and nothing can be inside of it",
                "choose a map, foreach, while, repeat, try or group",
            )
        return str(container.id)
    near = edge.target if edge is not None else source[0] if source is not None else None
    return "" if near is None else Nesting(spec).home(near)


def _with_wire(node: NodeSpec, source: Port, spec: FlowSpec) -> NodeSpec:
    """Its first input wired to `source`, unless that has the name already."""
    first, *others = node.inputs
    if first.name in source:
        return node  # the name alone may do; whoever keeps wires sees to it
    sole = len(spec.by_id[source[0]].outputs) == 1
    wired = replace(first, wire=Wire(source[0], None if sole else source[1]))
    return replace(node, inputs=(wired, *others))


def _first(node: NodeSpec, label: str) -> PortName:
    if not node.outputs:
        raise refused(label, f"a {node.kind} gives nothing that could feed another node")
    return node.outputs[0]


def _fitting(node: NodeSpec, output: PortName, fed: set[PortName]) -> PortName:
    """The input of a node that is to take `output`: one that waits for something, if any does."""
    names = [one.name for one in node.inputs]
    open_ = [name for name in names if name not in fed]
    if output in names:
        return output
    return open_[0] if open_ else names[0] if names else output


def _refuse_cycle(spec: FlowSpec, label: str, node: NodeId, edge: EdgeSpec) -> None:
    from_target = {edge.target}
    followers: dict[NodeId, list[NodeId]] = {}
    for one in resolve(spec).edges:
        followers.setdefault(one.source, []).append(one.target)
    left = [edge.target]
    while left:
        for after in followers.get(left.pop(), ()):
            if after not in from_target:
                from_target.add(after)
                left.append(after)
    if node in from_target:
        raise refused(
            label,
            f"it would close a cycle: {node} comes after {edge.target}",
            "disconnect it first",
        )


def _index(spec: FlowSpec, home: str, source: Port | None) -> int | None:
    """Its cell stands below that of its source, else below the last one it is inside with."""
    if source is not None:
        return spec.nodes.index(spec.by_id[source[0]]) + 1
    if not home:
        return None
    owner = home.partition(".")[0]
    nesting = Nesting(spec)
    inside = [
        number
        for number, one in enumerate(spec.nodes)
        if one.id == owner or NodeId(owner) in nesting.owners(nesting.home(one.id))
    ]
    return inside[-1] + 1


def _place(
    spec: FlowSpec,
    wanted: Wanted,
    edge: EdgeSpec | None,
    source: Port | None,
    places: Places,
) -> Position | None:
    """Where it stands; None, for the layout to say, where nobody has placed anything."""
    if wanted.at is not None:
        return free_place(wanted.at, places.values())
    if all(node.position is None for node in spec.nodes):
        return None
    if edge is not None and edge.source in places and edge.target in places:
        middle = between(places[edge.source], places[edge.target])
        return free_place(middle, places.values())
    if source is not None and source[0] in places:
        return free_place(right_of(places[source[0]]), places.values())
    lowest = max((one.y for one in places.values()), default=0.0)
    left = min((one.x for one in places.values()), default=0.0)
    return free_place(Position(left, lowest + 1), places.values())
