"""`FlowSpec` → `Plan`: steps in topological order, inputs bound, content hashed.

A step's hash covers what decides its result: kind and the version of it, what the body means,
configuration, outputs, captured names (with the setup cells they may come from), how its inputs are
bound, and the hashes of the steps it reads. The layout of code, its comments, retries, backoff,
timeout, cache, place and tags decide how, when and where it is computed, not what, so they stay
out: changing them makes nothing stale. The plan's `version` covers the definition as it is written,
its nodes' options included; what the flow says about its recording is carried along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import msgspec

from flowbook.errors import InvalidFlow
from flowbook.graph.codec import canonical
from flowbook.graph.node import Node
from flowbook.graph.options import Options
from flowbook.graph.problem import errors
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.graph.topology import Topology
from flowbook.graph.wiring import Wiring, resolve
from flowbook.ids import NodeId, PortName
from flowbook.plan.check import check
from flowbook.plan.plan import Binding, FromParam, FromStep, Plan, Source, Step, StepIndex


def compile_plan(
    spec: FlowSpec,
    registry: Registry,
    *,
    targets: Collection[NodeId] | None = None,
    order: Sequence[NodeId] | None = None,
    version: str | None = None,
) -> Plan:
    """The plan of `spec`, or of `targets` and what they need; O(nodes + edges).

    `order` numbers the steps as an earlier plan of the same version did: moving a cell may change
    the order and means nothing. `version` is that of `spec` if it is known already, which spares
    working it out.

    Raises `InvalidFlow` with every problem `check` finds, `UnknownNode` for an unknown target. What
    is wrong in nodes that the targets do not need is none of this plan's business.
    """
    wiring = resolve(spec)
    topology = Topology(spec, wiring)
    wanted = None if targets is None else _needed(spec, topology, targets)
    wrong = errors(check(spec, registry))
    if wanted is not None:
        wrong = tuple(one for one in wrong if one.node is None or one.node in wanted)
    if wrong:
        raise InvalidFlow(f"{_called(spec, targets)} cannot run as it is", problems=wrong)
    if wanted is not None:
        topology = _part(spec, wiring, wanted)
    steps = topology.order() if order is None else tuple(order)
    return _Compiler(spec, registry, wiring, steps).plan(version or version_of(spec))


def version_of(spec: FlowSpec) -> str:
    """The content hash of what a flow means; equal versions run alike."""
    return hashlib.sha256(canonical(spec)).hexdigest()[:16]


def _called(spec: FlowSpec, targets: Collection[NodeId] | None) -> str:
    return f"node {next(iter(targets))!r}" if targets and len(targets) == 1 else f"flow {spec.id!r}"


def _part(spec: FlowSpec, wiring: Wiring, wanted: set[NodeId]) -> Topology:
    """The shape of the wanted nodes alone: a cycle elsewhere does not keep them from an order."""
    nodes = tuple(node for node in spec.nodes if node.id in wanted)
    edges = tuple(edge for edge in wiring.edges if edge.target in wanted)
    return Topology(replace(spec, nodes=nodes), replace(wiring, edges=edges))


def _needed(spec: FlowSpec, topology: Topology, targets: Collection[NodeId]) -> set[NodeId]:
    """The targets and all that they need, in one walk however many there are."""
    found: set[NodeId] = set()
    waiting = [spec.node(target).id for target in targets]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(topology.fed_by[node])
    return found


class _Compiler:
    def __init__(
        self, spec: FlowSpec, registry: Registry, wiring: Wiring, order: tuple[NodeId, ...]
    ) -> None:
        self.spec = spec
        self.registry = registry
        self.order = order
        python = registry.get("python", Node)
        self.shared = "\n".join(python.meaning(cell) for cell in spec.setup)
        self.index = {node: StepIndex(i) for i, node in enumerate(order)}
        self.sources: dict[tuple[NodeId, PortName], Source] = {}
        for edge in wiring.edges:
            if edge.target in self.index:
                source = FromStep(self.index[edge.source], edge.output)
                self.sources[edge.target, edge.input] = source
        for use in wiring.params:
            self.sources[use.target, use.input] = FromParam(use.param)

    def plan(self, version: str) -> Plan:
        steps: list[Step] = []
        for node in self.order:
            steps.append(self._step(self.spec.node(node), steps))
        feeds: list[list[tuple[StepIndex, PortName]]] = [[] for _ in steps]
        waits = [0] * len(steps)
        for step in steps:
            for binding in step.bindings:
                if isinstance(binding.source, FromStep):
                    feeds[binding.source.step].append((step.index, binding.source.port))
                    waits[step.index] += 1
        return Plan(
            flow=self.spec.id,
            version=version,
            steps=tuple(steps),
            waits=tuple(waits),
            feeds=tuple(map(tuple, feeds)),
            params=self._params(steps),
            index=self.index,
            options=self.spec.options,
        )

    def _step(self, node: NodeSpec, done: list[Step]) -> Step:
        node_type = self.registry[node.kind]
        bindings = tuple(
            Binding(one.name, source, one.required and not node_type.tolerant)
            for one in node.inputs
            if (source := self.sources.get((node.id, one.name))) is not None
        )
        own = _own(node, node_type)
        return Step(
            index=self.index[node.id],
            node=node.id,
            kind=node.kind,
            bindings=bindings,
            outputs=node_type.ports(node),
            options=over_defaults(node.options, node_type.defaults),
            hash=_content(own, bindings, done, self.shared if node.captures else ""),
            own=own,
        )

    def _params(self, steps: list[Step]) -> tuple[ParamSpec, ...]:
        """The flow's parameters, then the literal defaults of the plan's nodes, each name once."""
        found = {param.name: param for param in self.spec.params}
        for step in steps:
            for one in self.spec.node(step.node).inputs:
                if one.wire is None and not isinstance(one.default, Missing):
                    own = ParamSpec(one.name, one.default, one.annotation)
                    found.setdefault(one.name, own)
        return tuple(found.values())


def over_defaults(given: Options, defaults: Options) -> Options:
    """The user's options, with the node type's own where the user left flowbook's default.

    >>> over_defaults(Options(retries=2), Options(pure=True))
    Options(retries=2, backoff=Backoff(kind=<BackoffKind.EXPONENTIAL: 'exponential'>, first=1.0, \
cap=300.0), timeout=None, on=<On.AUTO: 'auto'>, pure=True, cache=False, cache_key='', tags=())
    """
    plain = Options()
    if defaults == plain:
        return given
    changes: dict[str, Any] = {
        one.name: getattr(defaults, one.name)
        for one in fields(Options)
        if getattr(given, one.name) == getattr(plain, one.name)
    }
    return replace(given, **changes)


def _own(node: NodeSpec, node_type: type[Node]) -> str:
    inputs = [one.name for one in node.inputs]
    config: Mapping[str, Any] = node.config
    kind = [node.kind, node_type.version]
    meant = node_type.meaning(node)
    return _digest([kind, meant, config, node.outputs, sorted(node.captures), inputs])


def _content(own: str, bindings: tuple[Binding, ...], done: list[Step], shared: str) -> str:
    read = [
        [binding.input, source.port, done[source.step].hash]
        if isinstance(source := binding.source, FromStep)
        else [binding.input, source.name]
        for binding in bindings
    ]
    return _digest([own, shared, read])


def _digest(content: list[Any]) -> str:
    encoded = msgspec.json.encode(content, enc_hook=repr, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()
