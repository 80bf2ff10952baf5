"""Copies of nodes beside them, and nodes that come from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from flowbook.graph.edits import AddNode
from flowbook.graph.gestures.keeping import Into, keeping
from flowbook.graph.gestures.made import Gesture, refused, some
from flowbook.graph.gestures.naming import free_name, taken_names
from flowbook.graph.gestures.places import Places, free_place
from flowbook.graph.gestures.removing import with_insides
from flowbook.graph.leaving import binds_its_output
from flowbook.graph.nesting import own_outputs
from flowbook.graph.options import Options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, InputSpec, Json, NodeSpec, Position, Wire
from flowbook.graph.wiring import EdgeSpec, resolve
from flowbook.ids import NodeId, PortName

BESIDE: Final = Position(40.0, 40.0)
_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def duplicate(
    spec: FlowSpec,
    registry: Registry,
    nodes: Sequence[NodeId],
    places: Places,
    by: Position = BESIDE,
) -> Gesture:
    """Copies of these nodes, `by` so much beside them.

    Wires among them are copied, and what feeds one from outside feeds its copy, too.
    """
    inside = set(with_insides(spec, "Duplicate", nodes))
    chosen = [one for one in spec.nodes if one.id in inside]
    if not chosen:
        raise refused("Duplicate", "no node is selected", "select the nodes to copy first")
    label = f"Duplicate {_what(chosen, inside, nodes)}"
    edges = [edge for edge in resolve(spec).edges if edge.target in inside]
    at = {
        one.id: Position(places[one.id].x + by.x, places[one.id].y + by.y)
        for one in chosen
        if one.id in places
    }
    if all(node.position is None for node in spec.nodes):
        at = {}
    coming = Coming(tuple(chosen), tuple(edges), at)
    last = spec.nodes.index(chosen[-1]) + 1
    return bring(spec, registry, coming, label, last)


@dataclass(frozen=True, slots=True)
class Coming:
    """Nodes that are to be in a flow, under names of their own; what feeds them; where they stand.

    An edge from a node that is none of them comes from the flow they come to; `outer` are edges
    that do so in any case, whatever their source is called.
    """

    nodes: tuple[NodeSpec, ...]
    edges: tuple[EdgeSpec, ...] = ()
    places: Places = field(default_factory=dict)
    outer: tuple[EdgeSpec, ...] = ()


def bring(
    spec: FlowSpec, registry: Registry, coming: Coming, label: str, index: int | None = None
) -> Gesture:
    """The gesture that adds these nodes, under free names, fed as they say."""
    taken = taken_names(spec)
    names: dict[NodeId, NodeId] = {}
    for node in coming.nodes:
        names[node.id] = free_name(node.id, taken)
        taken |= {str(names[node.id]), *map(str, node.outputs)}
    ports = {
        node.id: dict(zip(node.outputs, _outputs(node, names[node.id]), strict=True))
        for node in coming.nodes
    }
    copies = _Copies(names, ports, registry)
    made: list[AddNode] = []
    stand = [one.position for one in spec.nodes if one.position is not None]
    for number, node in enumerate(coming.nodes):
        copy = replace(copies.of(node), position=coming.places.get(node.id))
        made.append(AddNode(copy, None if index is None else index + number))
    moved = _apart(made, stand)
    wanted: dict[Into, EdgeSpec] = {}
    for edge in coming.edges:
        target = names[edge.target]
        source = names.get(edge.source, edge.source)
        output = ports.get(edge.source, {}).get(edge.output, edge.output)
        into = copies.input_of(edge)
        wanted[target, into] = EdgeSpec(source, output, target, into)
    for edge in coming.outer:
        target, into = names[edge.target], copies.input_of(edge)
        wanted[target, into] = replace(edge, target=target, input=into)
    edit = keeping(spec, label, moved, wanted)
    return Gesture(edit, tuple(names.values()))


def _apart(made: Sequence[AddNode], stand: Iterable[Position]) -> list[AddNode]:
    """All of them moved down together until none lies on a node."""
    first = next((one.node.position for one in made if one.node.position is not None), None)
    if first is None:
        return list(made)
    free = free_place(first, stand)
    down = free.y - first.y
    return [
        replace(one, node=replace(one.node, position=Position(at.x, at.y + down)))
        if (at := one.node.position) is not None
        else one
        for one in made
    ]


def _outputs(node: NodeSpec, name: NodeId) -> tuple[PortName, ...]:
    """What a copy calls its outputs: after itself those that were called after the node."""
    its = own_outputs(node.id, node.kind)
    if name == node.id or node.outputs not in (its, its[:1]) or binds_its_output(node):
        return node.outputs
    return own_outputs(name, node.kind)[: len(node.outputs)]


@dataclass(frozen=True, slots=True)
class _Copies:
    """How nodes change that get other names, and read others by other names."""

    names: Mapping[NodeId, NodeId]
    ports: Mapping[NodeId, Mapping[PortName, PortName]]
    registry: Registry

    def of(self, node: NodeSpec) -> NodeSpec:
        """The copy of a node, by its own name."""
        paths = {str(one.name): str(self.name_of(one)) for one in node.inputs if "." in one.name}
        paths = {old: new for old, new in paths.items() if old != new}
        sql = node.kind in self.registry and self.registry[node.kind].body == "sql"
        ports = self.ports[node.id]
        return replace(
            node,
            id=self.names[node.id],
            inputs=tuple(map(self._input, node.inputs)),
            outputs=tuple(ports.values()),
            returns={ports.get(port, port): text for port, text in node.returns.items()},
            body=_with_paths(node.body, paths, everywhere=sql),
            config=self._config(node, paths),
            options=self._options(node),
            place=None,
        )

    def name_of(self, one: InputSpec) -> PortName:
        """What an input is called in the copy: a path follows the node that it names."""
        node, dot, port = one.name.partition(".")
        if not dot or NodeId(node) not in self.names:
            return one.name
        ports = self.ports[NodeId(node)]
        return PortName(f"{self.names[NodeId(node)]}.{ports.get(PortName(port), port)}")

    def input_of(self, edge: EdgeSpec) -> PortName:
        """What the input that an edge feeds is called in the copy."""
        return self.name_of(InputSpec(edge.input))

    def _input(self, one: InputSpec) -> InputSpec:
        wire = one.wire
        if wire is not None and wire.node in self.names:
            ports = self.ports[wire.node]
            port = None if wire.port is None else ports.get(wire.port, wire.port)
            wire = Wire(self.names[wire.node], port)
        return replace(one, name=self.name_of(one), wire=wire, line=None)

    def _config(self, node: NodeSpec, paths: Mapping[str, str]) -> Mapping[str, Json]:
        config = {key: _deep(value, paths) for key, value in node.config.items()}
        result = config.get("result")
        if isinstance(result, str) and NodeId(result) in self.names:
            config["result"] = str(self.names[NodeId(result)])
        return config

    def _options(self, node: NodeSpec) -> Options:
        options = node.options
        owner, dot, block = options.inside.partition(".")
        if NodeId(owner) in self.names:
            options = replace(options, inside=f"{self.names[NodeId(owner)]}{dot}{block}")
        schemas = self.ports[node.id]
        return replace(
            options,
            compensate=self._named(options.compensate),
            cancels=tuple(map(self._named, options.cancels)),
            completes=tuple(map(self._named, options.completes)),
            outputs=tuple((str(schemas.get(PortName(p), p)), s) for p, s in options.outputs),
        )

    def _named(self, name: str) -> str:
        return str(self.names.get(NodeId(name), name))


def _with_paths(text: str, paths: Mapping[str, str], *, everywhere: bool) -> str:
    """`{{ node.port }}`, and a table so called in SQL, by their new names."""
    if not paths:
        return text
    words = "|".join(map(re.escape, sorted(paths, key=len, reverse=True)))
    path = re.compile(rf"(?<![\w.])(?:{words})(?!\w)")

    def renamed(part: str) -> str:
        return path.sub(lambda found: paths[found[0]], part)

    return renamed(text) if everywhere else _TEMPLATE.sub(lambda found: renamed(found[0]), text)


def _deep(value: Json, paths: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        return _with_paths(value, paths, everywhere=False)
    if isinstance(value, list):
        return [_deep(one, paths) for one in value]
    if isinstance(value, Mapping):
        return {key: _deep(one, paths) for key, one in value.items()}
    return value


def _what(chosen: Sequence[NodeSpec], inside: Collection[NodeId], nodes: Sequence[NodeId]) -> str:
    if len(inside) == 1:
        return str(chosen[0].id)
    if len(set(nodes)) == 1:
        return f"{nodes[0]} with {some(len(inside) - 1, 'node')} inside"
    return some(len(inside), "node")
