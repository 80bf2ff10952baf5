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
from flowbook.graph.choices import Losers, Role
from flowbook.graph.codec import canonical
from flowbook.graph.container import Container, Turns
from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.nesting import Nesting, block_of, container_of, names_in
from flowbook.graph.node import Node
from flowbook.graph.options import Options
from flowbook.graph.problem import errors
from flowbook.graph.registry import Registry
from flowbook.graph.roles import Roles
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.graph.topology import Topology
from flowbook.graph.wiring import EdgeSpec, ParamUse, Wiring, resolve
from flowbook.ids import NodeId, PortName
from flowbook.plan.check import check
from flowbook.plan.plan import (
    OTHERS,
    Binding,
    Block,
    FromParam,
    FromStep,
    Inside,
    Join,
    Plan,
    Source,
    Step,
    StepIndex,
)
from flowbook.plan.reading import completed


def compile_plan(
    spec: FlowSpec,
    registry: Registry,
    *,
    targets: Collection[NodeId] | None = None,
    order: Sequence[NodeId] | None = None,
    version: str | None = None,
    whole: bool = False,
) -> Plan:
    """The plan of `spec`, or of `targets` and what they need; O(nodes + edges).

    `whole`: all other nodes that can run are in it too, to be skipped. Tests are in no plan but one
    that has them among its targets.

    `order` numbers the steps as an earlier plan of the same version did: moving a cell may change
    the order and means nothing. `version` is that of `spec` if it is known already, which spares
    working it out.

    Raises `InvalidFlow` with every problem `check` finds, `UnknownNode` for an unknown target. What
    is wrong in nodes that the targets do not need is none of this plan's business.
    """
    version = version or version_of(spec)
    wiring = resolve(spec)
    whole_spec = completed(spec, wiring, registry)
    if whole_spec is not spec:
        spec, wiring = whole_spec, resolve(whole_spec)
    topology = Topology(spec, wiring)
    wanted = None if targets is None else _needed(spec, topology, targets)
    wrong = errors(check(spec, registry))
    if whole and wanted is not None and not wrong:
        steps = _speaking(spec, registry, topology.order(), wanted)
        plan = _Compiler(spec, registry, wiring, steps).plan(version)
        unasked = tuple(step.index for step in plan.steps if step.node not in wanted)
        return replace(plan, unasked=unasked)
    if wanted is not None:
        wrong = tuple(one for one in wrong if one.node is None or one.node in wanted)
    if wrong:
        raise InvalidFlow(f"{_called(spec, targets)} cannot run as it is", problems=wrong)
    if wanted is not None:
        topology = _part(spec, wiring, wanted)
    found = _speaking(spec, registry, topology.order(), wanted or ()) if order is None else order
    steps = tuple(found)
    return _Compiler(spec, registry, wiring, steps).plan(version)


def _speaking(
    spec: FlowSpec, registry: Registry, order: Sequence[NodeId], asked: Collection[NodeId]
) -> tuple[NodeId, ...]:
    """The nodes that are steps: not those for people to read, nor tests that nobody asked for."""
    kinds = ((node, registry[spec.node(node).kind]) for node in order)
    return tuple(
        node for node, kind in kinds if not (kind.silent or (kind.asserts and node not in asked))
    )


def version_of(spec: FlowSpec) -> str:
    """The content hash of what a flow means; equal versions run alike."""
    return hashlib.sha256(canonical(spec)).hexdigest()[:16]


def _called(spec: FlowSpec, targets: Collection[NodeId] | None) -> str:
    return f"node {next(iter(targets))!r}" if targets and len(targets) == 1 else f"flow {spec.id!r}"


def _part(spec: FlowSpec, wiring: Wiring, wanted: set[NodeId]) -> Topology:
    """The shape of the wanted nodes alone: a cycle elsewhere does not keep them from an order."""
    nodes = tuple(node for node in spec.nodes if node.id in wanted)
    edges = tuple(one for one in wiring.edges if one.target in wanted and one.source in wanted)
    return Topology(replace(spec, nodes=nodes), replace(wiring, edges=edges))


def _needed(spec: FlowSpec, topology: Topology, targets: Collection[NodeId]) -> set[NodeId]:
    """The targets and all that they need, in one walk however many there are.

    What sets up and tears down belongs to every part of a flow, what undoes a node to that node;
    what they read beyond that is left out.
    """
    nesting, roles = Nesting(spec), Roles(spec)
    asked = [spec.node(target) for target in targets]
    aside = [node.id for node in asked if roles.stands_by(node)]
    waiting = [node.id for node in asked if not roles.stands_by(node)]
    waiting += [node.id for node in spec.nodes if node.options.role is Role.SETUP]
    found: set[NodeId] = set()
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(topology.fed_by[node])
            if nesting.nested:  # a container runs whole or not at all
                waiting.extend(nesting.kin(node))
    aside += [NodeId(spec.node(node).options.compensate) for node in found]
    aside += [node.id for node in spec.nodes if node.options.role is Role.TEARDOWN]
    for node in aside:  # grows while it is walked
        if node in spec.by_id and node not in found:
            found.add(node)
            aside.extend(nesting.kin(node) if nesting.nested else ())
    return found


class _Compiler:
    """Makes the plan of one home after the other, those inside of containers first."""

    def __init__(
        self, spec: FlowSpec, registry: Registry, wiring: Wiring, order: tuple[NodeId, ...]
    ) -> None:
        self.spec = spec
        self.registry = registry
        self.order = order
        python = registry.get("python", Node)
        self.shared = "\n".join(python.meaning(cell) for cell in spec.setup)
        self.nesting = Nesting(spec)
        self.roles = Roles(spec)
        self.homes: dict[str, list[NodeId]] = {"": []}
        for node in order:
            self.homes.setdefault(self.nesting.home(node), []).append(node)
        self.reads: dict[tuple[NodeId, PortName], EdgeSpec | ParamUse] = {}
        self.reads.update({(edge.target, edge.input): edge for edge in wiring.edges})
        self.reads.update({(use.target, use.input): use for use in wiring.params})

    def plan(self, version: str) -> Plan:
        return _Home(self, "").plan(version, self._params(), self.spec.options)

    def _params(self) -> tuple[ParamSpec, ...]:
        """The flow's parameters, then the literal defaults of the plan's nodes, each name once."""
        found = {param.name: param for param in self.spec.params}
        for node in self.order:
            for one in self.spec.node(node).inputs:
                if one.wire is None and not isinstance(one.default, Missing):
                    own = ParamSpec(one.name, one.default, one.annotation)
                    found.setdefault(one.name, own)
        return tuple(found.values())


class _Home:
    """The plan of the nodes of one home.

    `needs`: what they read from outside, under the name it has in the turn's frame.
    """

    def __init__(self, whole: _Compiler, home: str) -> None:
        self.whole, self.home = whole, home
        self.nodes = whole.homes.get(home, [])
        self.aside = {one for one in self.nodes if whole.roles.stands_by(whole.spec.node(one))}
        self.index = {node: StepIndex(i) for i, node in enumerate(self.nodes)}
        self.taken = self._taken()
        self.needs: dict[PortName, tuple[EdgeSpec | ParamUse, bool]] = {}
        self.steps: list[Step] = []
        for node in self.nodes:
            self.steps.append(self._step(whole.spec.node(node)))

    def _taken(self) -> frozenset[PortName]:
        """The names of the turn's own frame."""
        if not self.home:
            return frozenset()
        container = self.whole.spec.node(NodeId(container_of(self.home)))
        return frozenset(names_in(container, block_of(self.home)))

    def plan(
        self,
        version: str,
        params: tuple[ParamSpec, ...] = (),
        options: FlowOptions = FlowOptions(),  # noqa: B008 - frozen
    ) -> Plan:
        feeds: list[list[tuple[StepIndex, PortName]]] = [[] for _ in self.steps]
        waits = [0] * len(self.steps)
        for step in self.steps:
            for binding in step.bindings if step.node not in self.aside else ():
                if isinstance(binding.source, FromStep):
                    feeds[binding.source.step].append((step.index, binding.source.port))
                    waits[step.index] += 1
        return Plan(
            flow=self.whole.spec.id,
            version=version,
            steps=tuple(self.steps),
            waits=tuple(waits),
            feeds=tuple(map(tuple, feeds)),
            params=params,
            index=self.index,
            options=options,
        )

    def _step(self, node: NodeSpec) -> Step:
        node_type = self.whole.registry[node.kind]
        bindings = tuple(
            Binding(one.name, self._source(read, required), required)
            for one in node.inputs
            if (read := self.whole.reads.get((node.id, one.name))) is not None
            for required in (one.required and not (node_type.tolerant or node.options.joins),)
        )
        own, inside = _own(node, node_type), None
        if issubclass(node_type, Container):
            inside, lifted = self._inside(node, node_type)
            bindings += lifted
            own = _digest([own, [_meaning_of(block) for block in inside.blocks.values()]])
        shared = self.whole.shared if node.captures or inside is not None else ""
        return Step(
            index=self.index[node.id],
            node=node.id,
            kind=node_type.kind or node.kind,
            bindings=bindings,
            outputs=node_type.ports(node),
            options=over_defaults(node.options, node_type.defaults),
            hash=_content(own, bindings, self.steps, shared),
            own=own,
            inside=inside,
            leaves=node_type.leaves,
            ends=node_type.ends(node) or (OTHERS if node.options.ends_others else ""),
            join=_join(node.options, bindings) if inside is None else _arrivals(inside, bindings),
        )

    def _source(self, read: EdgeSpec | ParamUse, required: bool) -> Source:
        """Where a node of this home takes a value: a step of it, or a name of the frame."""
        if isinstance(read, EdgeSpec):
            if read.source in self.index:
                return FromStep(self.index[read.source], read.output)
            name = PortName(f"{read.source}.{read.output}")
        else:
            name = read.param
            if not self.home or read.frame == container_of(self.home):
                return FromParam(name)
            if read.frame or name in self.taken:  # not the frame's own, though it may have one
                name = PortName(f"{read.frame or ''}.{name}")
        before = self.needs.get(name)
        self.needs[name] = (read, required or (before is not None and before[1]))
        return FromParam(name)

    def _inside(
        self, node: NodeSpec, node_type: type[Container]
    ) -> tuple[Inside, tuple[Binding, ...]]:
        """What a container is made of, and what it takes along for the nodes inside."""
        policy = node_type.policy(node)
        blocks: dict[str, Block] = {}
        taken: dict[PortName, Binding] = {}
        for name in policy.blocks:
            home = f"{node.id}.{name}" if name else str(node.id)
            if name and home not in self.whole.homes:
                continue
            inner = _Home(self.whole, home)
            plan = inner.plan("")
            blocks[name] = Block(plan, gives_of(plan, node_type.ports(node), node.config))
            for key, (read, required) in inner.needs.items():
                required = required or (key in taken and taken[key].required)
                taken[key] = Binding(key, self._source(read, required), required)
        own = sum((node.id, one.name) in self.whole.reads for one in node.inputs)
        return Inside(policy, blocks, own), tuple(taken.values())


def gives_of(
    plan: Plan, outputs: tuple[PortName, ...], config: Mapping[str, Any]
) -> tuple[tuple[PortName, FromStep], ...]:
    """What leaves a block: what the container's outputs are called, else what ends it.

    `result` in the configuration names the one node whose outputs count.
    """
    made = {port: FromStep(step.index, port) for step in plan.steps for port in step.outputs}
    named = tuple((port, made[port]) for port in outputs if port in made)
    if named:
        return named
    result = config.get("result")
    ends = [
        step
        for step in plan.steps
        if (step.node == result if result else not (plan.feeds[step.index] or _is_exit(step, plan)))
    ]
    return tuple((port, FromStep(step.index, port)) for step in ends for port in step.outputs)


def _is_exit(step: Step, plan: Plan) -> bool:
    """True for a node that is there to leave the turn or the run, or for after it: no result."""
    return bool(step.leaves) or step.ends not in ("", OTHERS) or step.node in plan.standby


def _meaning_of(block: Block) -> list[Any]:
    """What decides the result of a block."""
    steps = [[step.node, step.hash] for step in block.plan.steps]
    return [steps, [[name, source.step, source.port] for name, source in block.gives]]


def _join(options: Options, bindings: tuple[Binding, ...]) -> Join | None:
    branches = sum(isinstance(binding.source, FromStep) for binding in bindings)
    if not branches or not options.joins:
        return None
    if options.settled:
        return Join(0)
    return Join(min(options.join, branches), options.losers is Losers.CANCEL)


def _arrivals(inside: Inside, bindings: tuple[Binding, ...]) -> Join | None:
    """A container that has a turn for each of its inputs begins with the first."""
    coming = any(isinstance(binding.source, FromStep) for binding in bindings[: inside.own])
    return Join(1, each=True) if coming and inside.policy.turns is Turns.ARRIVING else None


def over_defaults(given: Options, defaults: Options) -> Options:
    """The user's options, with the node type's own where the user left flowbook's default.

    >>> made = over_defaults(Options(retries=2), Options(pure=True))
    >>> made.retries, made.pure
    (2, True)
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
    kind: list[Any] = [node_type.kind or node.kind, node_type.version]
    kind += [node_type.type_version] if node_type.type_version > 1 else []
    meant, joins = node_type.meaning(node), node.options
    what: list[Any] = [kind, meant, config, node.outputs, sorted(node.captures), inputs]
    what += [joins.join, joins.settled] if joins.joins else []
    what += [joins.inputs, joins.outputs] if joins.inputs or joins.outputs else []
    return _digest(what)


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
