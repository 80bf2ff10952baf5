"""Renaming a node so that everything it fed stays fed.

Explicit wires follow the name. An input that found the node by name keeps its own name, because
its body reads it, and gets a wire instead. The one output that was called like its node is
renamed with it, and so are those a container calls after itself; one that leaves its container by
its name keeps it, and so does one that a body binds by that name. The nodes inside of a container
follow it, and its `result` follows the node it names, as do the `cancels` and `completes` of
others. After that nothing takes another value than before: whatever would, is pinned by a wire, and
a parameter that would be hidden refuses the whole renaming.
"""

from __future__ import annotations

from dataclasses import replace

from flowbook.errors import UsageError
from flowbook.graph.leaving import binds_its_output
from flowbook.graph.nesting import container_of, own_outputs
from flowbook.graph.spec import MISSING, FlowSpec, NodeSpec, Wire
from flowbook.graph.wiring import EdgeSpec, Wiring, resolve
from flowbook.ids import NodeId, PortName


def renamed(spec: FlowSpec, old: NodeId, new: NodeId) -> FlowSpec:
    """`spec` with node `old` called `new`; `UsageError` when that would hide a parameter.

    Both names are the caller's to check: `old` is a node, `new` is none yet.
    """
    return _Renaming(old, new).applied(spec)


def swapped(spec: FlowSpec, node: NodeSpec) -> FlowSpec:
    """`spec` with `node` in place of the node of its name."""
    return replace(
        spec, nodes=tuple(node if other.id == node.id else other for other in spec.nodes)
    )


def rewired(spec: FlowSpec, target: NodeId, name: PortName, wire: Wire | None) -> FlowSpec:
    """`spec` with that wire, or none, on that input; a wire takes the place of a default."""
    node = spec.by_id[target]
    inputs = tuple(
        replace(one, wire=wire, default=one.default if wire is None else MISSING)
        if one.name == name
        else one
        for one in node.inputs
    )
    return swapped(spec, replace(node, inputs=inputs))


def _stays(spec: FlowSpec, node: NodeSpec) -> bool:
    """True when its outputs keep their names: they are bound so, or leave their container so."""
    if binds_its_output(node):
        return True
    container = spec.by_id.get(NodeId(container_of(node.options.inside)))
    return container is not None and not set(node.outputs).isdisjoint(container.outputs)


class _Renaming:
    def __init__(self, old: NodeId, new: NodeId) -> None:
        self.old = old
        self.new = new
        self.ports: dict[PortName, PortName] = {}
        self.home = ""

    def applied(self, spec: FlowSpec) -> FlowSpec:
        before = resolve(spec)
        node = spec.by_id[self.old]
        its, then = own_outputs(self.old, node.kind), own_outputs(self.new, node.kind)
        follows = node.outputs in (its, its[:1]) and not _stays(spec, node)
        self.ports = dict(zip(its, then, strict=True)) if follows else {}
        self.home = node.options.inside
        return self._pinned(before, replace(spec, nodes=tuple(map(self._node, spec.nodes))))

    def _node(self, node: NodeSpec) -> NodeSpec:
        inputs = tuple(
            replace(one, wire=Wire(self.new, one.wire.port and self._port(one.wire.port)))
            if one.wire is not None and one.wire.node == self.old
            else one
            for one in node.inputs
        )
        if node.id != self.old:
            return replace(self._owned(node), inputs=inputs)
        outputs = tuple(map(self._port, node.outputs))
        returns = {self._port(port): text for port, text in node.returns.items()}
        schemas = tuple(
            (str(self._port(PortName(port))), one) for port, one in node.options.outputs
        )
        options = replace(node.options, outputs=schemas)
        return replace(
            node, id=self.new, inputs=inputs, outputs=outputs, returns=returns, options=options
        )

    def _owned(self, node: NodeSpec) -> NodeSpec:
        """Another node, whose container or whose result may be the one that is renamed."""
        if node.options.compensate == self.old:
            node = replace(node, options=replace(node.options, compensate=self.new))
        if node.options.ends_others:
            cancels, completes = map(self._named, (node.options.cancels, node.options.completes))
            options = replace(node.options, cancels=cancels, completes=completes)
            node = replace(node, options=options)
        container, dot, block = node.options.inside.partition(".")
        if container == self.old:
            inside = f"{self.new}{dot}{block}"
            node = replace(node, options=replace(node.options, inside=inside))
        if node.id == container_of(self.home) and node.config.get("result") == self.old:
            node = replace(node, config={**node.config, "result": str(self.new)})
        return node

    def _named(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(self._id(NodeId(name))) for name in names)

    def _id(self, node: NodeId) -> NodeId:
        return self.new if node == self.old else node

    def _port(self, port: PortName) -> PortName:
        return self.ports.get(port, port)

    def _pinned(self, before: Wiring, spec: FlowSpec) -> FlowSpec:
        now = {(edge.target, edge.input): edge for edge in resolve(spec).edges}
        for use in before.params:
            if (self._id(use.target), use.input) in now:
                raise UsageError(
                    f"{use.target}.{use.input} takes the parameter {use.param!r} today",
                    hint="choose another name, or rename the parameter",
                )
        for was in before.edges:
            edge = self._edge(was)
            if now.get((edge.target, edge.input)) != edge:
                sole = len(spec.by_id[edge.source].outputs) == 1
                wire = Wire(edge.source, None if sole else edge.output)
                spec = rewired(spec, edge.target, edge.input, wire)
        return spec

    def _edge(self, was: EdgeSpec) -> EdgeSpec:
        source, target = self._id(was.source), self._id(was.target)
        output = self._port(was.output) if was.source == self.old else was.output
        return EdgeSpec(source, output, target, was.input)
