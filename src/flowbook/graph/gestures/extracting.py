"""Nodes made a flow of their own that this one calls.

What they read from outside becomes parameters of the new flow, by the names they read it by; a wire
to a node that stays behind leads to a small node of that name, which gives what a parameter is.
Here a `call` takes their place, and a node behind it gives what others read of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flowbook.graph.edits import AddNode, Edit, RemoveNode, Several, apply
from flowbook.graph.gestures.grouping import exits, refuse_between, together, ungroup
from flowbook.graph.gestures.keeping import Into, keeping, wire_to
from flowbook.graph.gestures.made import Gesture, refused, some
from flowbook.graph.gestures.naming import free_name, taken_names
from flowbook.graph.gestures.removing import with_insides
from flowbook.graph.spec import FlowSpec, InputSpec, Json, Missing, NodeSpec, ParamSpec, Wire
from flowbook.graph.wiring import EdgeSpec, Wiring, resolve
from flowbook.ids import FlowId, NodeId, PortName, as_node_id

Extracted = tuple[Gesture, FlowSpec]


def extract(spec: FlowSpec, nodes: Sequence[NodeId], name: str) -> Extracted:
    """The gesture that leaves a call here, and the flow that it calls."""
    label = f"Extract {some(len(set(nodes)), 'node')}"
    only = spec.by_id.get(nodes[0]) if len(set(nodes)) == 1 else None
    if only is not None and only.kind_name == "group":
        opened = ungroup(spec, only.id, {})
        after = apply(spec, opened.edit)
        gesture, made = _extracted(after, opened.nodes, name or str(only.id), f"Extract {only.id}")
        edit = Several((opened.edit, gesture.edit), gesture.label)
        return replace(gesture, edit=edit), made
    return _extracted(spec, nodes, name or f"{spec.id}_part", label)


def _extracted(spec: FlowSpec, nodes: Sequence[NodeId], name: str, label: str) -> Extracted:
    members = together(spec, label, nodes)
    inside = with_insides(spec, label, [one.id for one in members])
    wiring = resolve(spec)
    refuse_between(wiring.edges, inside, label)
    called = _Called(spec, set(inside), {one.id for one in members})
    called.take_params(wiring)
    called.take_edges(wiring.edges)
    crossing = [one for one in wiring.edges if one.source in inside and one.target not in inside]
    leaving = exits(crossing, label)
    output = {port: called.exit(node, port) for port, node in leaving.items()}
    left = replace(spec, nodes=tuple(one for one in spec.nodes if one.id not in inside))
    taken = taken_names(left)
    call = called.call(free_name(as_node_id(_identifier(name)), taken | set(inside)), name, output)
    made = [replace(call, position=members[0].position)]
    if output:
        made.append(_unpacked(call.id, leaving, output, taken | {str(call.id)}))
    index = sum(one.id not in inside for one in spec.nodes[: spec.nodes.index(members[0])])
    home = members[0].options.inside
    edits: list[Edit] = [RemoveNode(node) for node in reversed(inside)]
    edits += [
        AddNode(replace(one, options=replace(one.options, inside=home)), index + number)
        for number, one in enumerate(made)
    ]
    wanted: dict[Into, EdgeSpec] = {
        (call.id, into): replace(edge, target=call.id, input=into)
        for into, edge in called.fed.items()
    }
    for edge in crossing:
        wanted[edge.target, edge.input] = replace(edge, source=made[-1].id)
    note = _missed(members, spec)
    edit = keeping(spec, label, edits, wanted)
    return Gesture(edit, tuple(one.id for one in made), note), called.flow(name)


def _unpacked(
    call: NodeId,
    leaving: dict[PortName, NodeId],
    output: dict[PortName, NodeId],
    taken: Collection[str],
) -> NodeSpec:
    """The node that gives what the call gave, by the names that others read."""
    got = {port: f'{call}["child_output"]["{node}"]' for port, node in output.items()}
    if len(got) == 1:
        ((port, text),) = got.items()
        alike = str(port) == str(leaving[port])
        name = free_name(str(leaving[port]), taken)
        body = text if alike and str(name) == str(port) else f"{port} = {text}"
    else:
        name = free_name(f"{call}_outputs", taken)
        body = "\n".join(f"{port} = {text}" for port, text in got.items())
    return NodeSpec(name, inputs=(InputSpec(PortName(call)),), outputs=tuple(got), body=body)


def _identifier(name: str) -> str:
    text = "".join(one if one.isalnum() else "_" for one in name)
    return text if text[:1].isalpha() else f"flow_{text}"


def _missed(members: Sequence[NodeSpec], spec: FlowSpec) -> str:
    """What the new flow does not have: names of plain cells of this notebook."""
    if spec.setup:
        return ""  # it takes the setup along, and nobody can tell which names are of that
    found = [f"{one.id} takes {name!r}" for one in members for name in one.captures]
    return f"{', '.join(found)} from a cell that stays here" if found else ""


@dataclass
class _Called:
    """The flow that is made, as it comes to be."""

    spec: FlowSpec
    inside: Collection[NodeId]
    outer: Collection[NodeId]
    """Those of them that are inside of none of the others."""
    params: dict[PortName, ParamSpec] = field(default_factory=dict)
    given: dict[PortName, InputSpec] = field(default_factory=dict)
    """The inputs of the call, by the parameter that each is."""
    fed: dict[PortName, EdgeSpec] = field(default_factory=dict)
    feeders: dict[NodeId, NodeSpec] = field(default_factory=dict)
    passing: list[NodeSpec] = field(default_factory=list)

    def take_params(self, wiring: Wiring) -> None:
        """Parameters of the flow, and names of turns, that they read."""
        known = {param.name: param for param in self.spec.params}
        for use in wiring.params:
            if use.target not in self.inside or use.frame in self.inside:
                continue
            one = self.spec.by_id[use.target].input(use.input)
            own = one is not None and not isinstance(one.default, Missing)
            if own and one is not None:
                self.params.setdefault(use.param, ParamSpec(use.param, one.default, one.annotation))
                self.given.setdefault(use.param, replace(one, line=None))
            else:
                self.params.setdefault(use.param, known.get(use.param, ParamSpec(use.param)))
                self.given.setdefault(use.param, InputSpec(use.param))

    def take_edges(self, edges: Sequence[EdgeSpec]) -> None:
        """What comes from nodes that stay behind."""
        for edge in edges:
            if edge.target not in self.inside or edge.source in self.inside:
                continue
            one = self.spec.by_id[edge.target].input(edge.input)
            if one is not None and one.wire is None and "." not in one.name:
                self._param(edge.input, edge)
            else:
                self._feeder(edge)

    def exit(self, node: NodeId, port: PortName) -> NodeId:
        """The node of the new flow whose whole output that is."""
        if len(self.spec.by_id[node].outputs) == 1:
            return node
        taken = {
            *map(str, self.inside),
            *map(str, self.feeders),
            *(str(p.id) for p in self.passing),
        }
        name = free_name(f"{port}_out", taken)
        self.passing.append(
            NodeSpec(
                name,
                inputs=(InputSpec(PortName("value"), Wire(node, port)),),
                outputs=(PortName(name),),
                body="value",
            )
        )
        return name

    def call(self, node: NodeId, flow: str, output: Mapping[PortName, NodeId]) -> NodeSpec:
        """The node that calls it."""
        config: dict[str, Json] = {"flow": flow}
        if self.given:
            config["inputs"] = {str(name): f"{{{{ {name} }}}}" for name in self.given}
        if output:
            config["output"] = [str(one) for one in output.values()]
        inputs = tuple(self.given.values())
        return NodeSpec(node, kind="call", inputs=inputs, outputs=(PortName(node),), config=config)

    def flow(self, name: str) -> FlowSpec:
        """The whole of it."""
        own = [
            replace(
                one,
                place=None,
                options=replace(one.options, inside="") if one.id in self.outer else one.options,
            )
            for one in self.spec.nodes
            if one.id in self.inside
        ]
        nodes = (*self.feeders.values(), *own, *self.passing)
        return FlowSpec(FlowId(name), nodes, tuple(self.params.values()), self.spec.setup)

    def _param(self, name: PortName, edge: EdgeSpec) -> None:
        if self.fed.get(name, edge).source != edge.source:
            raise refused(
                "Extract",
                f"{name!r} is fed by {self.fed[name].source} and by {edge.source}",
                "give one of the inputs another name first",
            )
        self.params.setdefault(name, ParamSpec(name))
        wire = None if name in (edge.output, edge.source) else wire_to(self.spec, edge)
        self.given.setdefault(name, InputSpec(name, wire))
        self.fed.setdefault(name, edge)

    def _feeder(self, edge: EdgeSpec) -> None:
        """A node of the name that a wire names, which gives what a parameter is."""
        source = self.spec.by_id[edge.source]
        sole = len(source.outputs) == 1
        param = PortName(f"{edge.source}_value" if sole else f"{edge.source}_{edge.output}")
        self._param(param, edge)
        was = self.feeders.get(edge.source, NodeSpec(edge.source))
        if edge.output in was.outputs:
            return
        self.feeders[edge.source] = replace(
            was,
            inputs=(*was.inputs, InputSpec(param)),
            outputs=(*was.outputs, edge.output),
            body=f"{was.body}\n{edge.output} = {param}".lstrip("\n"),
        )
