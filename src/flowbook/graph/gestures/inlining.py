"""A called flow in the place of its call: a group of its nodes, which gives what the call gave."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from flowbook.graph.edits import AddNode, Edit, RemoveNode
from flowbook.graph.flow_schema import last_nodes
from flowbook.graph.gestures.copying import Coming, bring
from flowbook.graph.gestures.keeping import Into, keeping
from flowbook.graph.gestures.made import Gesture, known, refused
from flowbook.graph.registry import Registry
from flowbook.graph.spec import MISSING, FlowSpec, InputSpec, Json, Missing, NodeSpec
from flowbook.graph.wiring import EdgeSpec, resolve
from flowbook.ids import NodeId, PortName

_NAME: Final = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_MAPPINGS: Final = ("inputs", "input_mapping", "inputMapping")


def inline(spec: FlowSpec, registry: Registry, node: NodeId, called: FlowSpec) -> Gesture:
    """Put the nodes of `called` where `node` calls it; who read the call reads the same."""
    label = f"Inline {node}"
    (call,) = known(spec, label, [node])
    if call.kind_name != "call":
        raise refused(label, f"it is a {call.kind}, and calls no flow", "choose a call")
    own = {one.body for one in spec.setup}
    if any(one.body not in own for one in called.setup):
        raise refused(
            label,
            f"flow {called.id!r} has setup cells that this notebook has not",
            "copy these cells into it first",
        )
    inner = _Inner(spec, call, called, label)
    group = NodeSpec(
        node,
        kind="group",
        outputs=call.outputs,
        options=replace(NodeSpec(node).options, inside=call.options.inside),
        position=call.position,
    )
    there = tuple(group if one is call else one for one in spec.nodes)
    coming = Coming(inner.nodes, inner.edges, outer=inner.outer)
    brought = bring(replace(spec, nodes=there), registry, coming, label)
    made = {one.id: one for one in _added(brought.edit)}
    names = dict(zip((one.id for one in inner.nodes), brought.nodes, strict=True))
    config: Mapping[str, Json] = {"result": str(names[inner.record.id])}
    at = spec.nodes.index(call)
    edits: list[Edit] = [RemoveNode(node), AddNode(replace(group, config=config), at)]
    for number, one in enumerate(made.values(), at + 1):
        inside = replace(one.options, inside=one.options.inside or str(node))
        edits.append(AddNode(replace(one, options=inside, position=None), number))
    gone = [(node, one.name) for one in call.inputs]
    edit = keeping(spec, label, edits, inner.wanted(names, made), gone)
    return Gesture(edit, (node,))


def _added(edit: Edit) -> Iterator[NodeSpec]:
    for one in getattr(edit, "edits", ()):
        if isinstance(one, AddNode):
            yield one.node


class _Inner:
    """The nodes that go into the group, and what feeds each of them."""

    def __init__(self, spec: FlowSpec, call: NodeSpec, called: FlowSpec, label: str) -> None:
        self.spec, self.call, self.called, self.label = spec, call, called, label
        wiring = resolve(called)
        self.fed = {e.input: e for e in resolve(spec).edges if e.target == call.id}
        given = next((call.config[key] for key in _MAPPINGS if call.config.get(key)), None)
        mapped = given if isinstance(given, Mapping) else None
        self.mapped: Mapping[str, Json] = (
            {str(one.name): f"{{{{ {one.name} }}}}" for one in call.inputs}
            if mapped is None
            else mapped
        )
        self.literals: dict[PortName, NodeSpec] = {}
        edges = list(wiring.edges)
        outer: list[EdgeSpec] = []
        for use in wiring.params:
            if use.frame is None:
                found = self._outer(use.param, use.target, use.input)
                outer += [found] if found else []
                edges += [] if found else self._param(use.param, use.target, use.input)
        self.record = self._record()
        for one, (node, port) in zip(self.record.inputs, self._outputs(), strict=True):
            edges.append(EdgeSpec(node, port, self.record.id, one.name))
        fed = {(one.target, one.input) for one in (*edges, *outer)}
        cells = [self._here(one, fed) for one in called.nodes]
        self.nodes = (*self.literals.values(), *cells, self.record)
        self.edges = tuple(edges)
        self.outer = tuple(outer)

    def wanted(
        self, names: Mapping[NodeId, NodeId], made: Mapping[NodeId, NodeSpec]
    ) -> dict[Into, EdgeSpec]:
        """What feeds each of them, by the names they have in the flow."""
        found = {
            (names[one.target], one.input): replace(one, target=names[one.target])
            for one in self.outer
        }
        were = {one.id: one.outputs for one in self.nodes}
        for one in self.edges:
            source, target = names[one.source], names[one.target]
            output = made[source].outputs[were[one.source].index(one.output)]
            found[target, one.input] = EdgeSpec(source, output, target, one.input)
        return found

    def _outer(self, param: PortName, target: NodeId, into: PortName) -> EdgeSpec | None:
        """The wire that feeds a parameter of the called flow here."""
        value = self.mapped.get(str(param))
        name = _NAME.fullmatch(value) if isinstance(value, str) else None
        edge = self.fed.get(PortName(name[1])) if name else None
        return EdgeSpec(edge.source, edge.output, target, into) if edge else None

    def _param(self, param: PortName, target: NodeId, into: PortName) -> Iterator[EdgeSpec]:
        """The value that a parameter of the called flow is given, as a node."""
        value = self.mapped.get(str(param))
        found = _NAME.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            node = self._literal(param, target, into)
            if node is not None:
                yield EdgeSpec(node.id, node.outputs[0], target, into)
            return
        if found[1] != str(param):
            raise refused(
                self.label,
                f"{param!r} is given the parameter {found[1]!r}, by another name",
                "put a node between that gives it",
            )

    def _literal(self, param: PortName, target: NodeId, into: PortName) -> NodeSpec | None:
        """A node that gives the value which a parameter has; None where an input has it itself."""
        one = self.called.by_id[target].input(into)
        own = one is not None and not isinstance(one.default, Missing)
        declared = next((p.default for p in self.called.params if p.name == param), None)
        if str(param) in self.mapped:
            value = self.mapped[str(param)]
        elif own:
            return None
        elif isinstance(declared, Missing):
            raise refused(self.label, f"it gives {param!r} no value", "map it in the call first")
        else:
            value = declared
        if isinstance(value, str) and "{{" in value:
            raise refused(
                self.label,
                f"{param!r} is given an expression: {value}",
                "make that a node of its own first",
            )
        made = NodeSpec(NodeId(param), outputs=(param,), body=repr(value))
        return self.literals.setdefault(param, made)

    def _here(self, node: NodeSpec, fed: Collection[Into]) -> NodeSpec:
        """The node with inputs as they are here: fed by a node, or parameters of the run."""
        inputs = []
        for one in node.inputs:
            call = self.call.input(one.name)
            default = one.default
            if (node.id, one.name) in fed:
                default = MISSING
            elif one.wire is None and isinstance(default, Missing) and call is not None:
                default = call.default
            inputs.append(replace(one, default=default))
        return replace(node, place=None, inputs=tuple(inputs))

    def _outputs(self) -> list[tuple[NodeId, PortName]]:
        """What the call gives, each of one node."""
        said = self.call.config.get("output")
        names = [str(one) for one in said] if isinstance(said, list) and said else []
        ends = [self.called.node(NodeId(one)) for one in names] or list(last_nodes(self.called))
        return [(one.id, one.outputs[0]) for one in ends if len(one.outputs) == 1]

    def _record(self) -> NodeSpec:
        outputs = self._outputs()
        taken = {str(one.id) for one in self.called.nodes} | {str(one) for one in self.mapped}
        name = next(n for n in ("record", *(f"record_{i}" for i in range(2, 99))) if n not in taken)
        inside = ", ".join(f'"{node}": {node}' for node, _ in outputs)
        return NodeSpec(
            NodeId(name),
            inputs=tuple(InputSpec(PortName(node)) for node, _ in outputs),
            outputs=(PortName(name),),
            body='{"child_run_id": None, "child_status": "succeeded", '
            f'"child_output": {{{inside}}}}}',
        )
