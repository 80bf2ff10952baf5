"""`Plan`: what will happen, frozen and indexed so that the engine does O(1) work per edge.

Steps are numbered in topological order, so a step only reads from lower numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NewType, TypeAlias

from flowbook.graph.choices import Role
from flowbook.graph.container import Policy
from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.options import Options
from flowbook.graph.spec import Json, ParamSpec
from flowbook.ids import FlowId, NodeId, PortName

StepIndex = NewType("StepIndex", int)


@dataclass(frozen=True, slots=True)
class FromStep:
    """The value of `port` of step `step`."""

    step: StepIndex
    port: PortName


@dataclass(frozen=True, slots=True)
class FromParam:
    """The run parameter `name`."""

    name: PortName


OTHERS = "others"
"""What a step `ends` that cancels or completes nodes."""

Source: TypeAlias = FromStep | FromParam


@dataclass(frozen=True, slots=True)
class Binding:
    """Where one input of a step takes its value; `required` False tolerates a dead branch."""

    input: PortName
    source: Source
    required: bool = True


@dataclass(frozen=True, slots=True)
class Join:
    """When a step runs that does not need every one of its inputs to be live.

    `need`: as soon as so many are; 0: once all are settled, however they ended, and then it is
    given a record of each. `cancels`: what else would have fed it is stopped. `each`: what comes
    later counts as well, for a container that has a turn for each.
    """

    need: int
    cancels: bool = False
    each: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One node, ready to run.

    `hash` is its content with that of everything upstream; `own` is its content alone: kind, body,
    configuration, outputs and how its inputs are called. `inside` is what a container is made of;
    a step that `leaves` ends the turn it is in (`continue`) or the whole loop (`break`). One that
    `ends` others cancels or completes what its options name, or stops the run with a status. `join`
    None: it runs once everything it reads is live.
    """

    index: StepIndex
    node: NodeId
    kind: str
    bindings: tuple[Binding, ...]
    outputs: tuple[PortName, ...]
    options: Options
    hash: str
    own: str = ""
    inside: Inside | None = None
    leaves: str = ""
    ends: str = ""
    join: Join | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """What one turn of a container performs, and what leaves it, by name.

    The plan's parameters are the names of the turn's frame: the container's inputs, and what it
    adds to them (the item, its number, the error).
    """

    plan: Plan
    gives: tuple[tuple[PortName, FromStep], ...] = ()


@dataclass(frozen=True, slots=True)
class Inside:
    """What a container is made of: how it goes about its turns, and its blocks by name.

    `own`: so many of its step's bindings, the first, are its own inputs; the rest is for its nodes.
    """

    policy: Policy
    blocks: Mapping[str, Block]
    own: int = 0


@dataclass(frozen=True)
class Plan:
    """A run's whole itinerary.

    `waits[i]`: how many edges must settle before step i is decided.
    `feeds[i]`: the steps fed by step i, once per edge, with the port each edge leaves from.
    Steps that stand by wait for none and are fed by none: they run when all is over.
    `version`: content hash of the definition (names, kinds, bodies, wires; no layout).
    `params`: every run parameter with its default.
    `options`: what the flow says about its recording; no part of `version`.
    `unasked`: steps that nothing asked for needs; they are skipped as the run begins.
    """

    flow: FlowId
    version: str
    steps: tuple[Step, ...]
    waits: tuple[int, ...]
    feeds: tuple[tuple[tuple[StepIndex, PortName], ...], ...]
    params: tuple[ParamSpec, ...] = ()
    index: Mapping[NodeId, StepIndex] = field(default_factory=dict)
    options: FlowOptions = field(default_factory=FlowOptions)
    unasked: tuple[StepIndex, ...] = ()

    def step(self, node: NodeId) -> Step:
        """The step of that node; `KeyError` when the plan leaves the node out."""
        return self.steps[self.index[node]]

    @cached_property
    def blocks(self) -> dict[NodeId, dict[str, tuple[NodeId, ...]]]:
        """The nodes inside of each container, by block; of containers inside of others too."""
        found: dict[NodeId, dict[str, tuple[NodeId, ...]]] = {}
        for step in self.steps:
            if step.inside is not None:
                blocks = step.inside.blocks
                found[step.node] = {
                    name: tuple(inner.node for inner in block.plan.steps)
                    for name, block in blocks.items()
                }
                for block in blocks.values():
                    found |= block.plan.blocks
        return found

    @cached_property
    def compensations(self) -> dict[NodeId, NodeId]:
        """Which node undoes which, by the one that is undone; inside of containers too."""
        known = set(self.index)
        found = {
            step.node: NodeId(step.options.compensate)
            for step in self.steps
            if step.options.compensate in known
        }
        for step in self.steps:
            for block in step.inside.blocks.values() if step.inside else ():
                found |= block.plan.compensations
        return found

    @cached_property
    def standby(self) -> frozenset[NodeId]:
        """The nodes, inside of containers too, that run only when others are over."""
        return frozenset((*self.compensations.values(), *self.of_role(Role.TEARDOWN)))

    def of_role(self, role: Role) -> tuple[NodeId, ...]:
        """The plan's own nodes of that role."""
        return tuple(step.node for step in self.steps if step.options.role is role)

    @cached_property
    def setup(self) -> tuple[NodeId, ...]:
        """The nodes that run before all others."""
        return self.of_role(Role.SETUP)

    @cached_property
    def demanded(self) -> tuple[ParamSpec, ...]:
        """The parameters that a run needs: where it does a part of the flow, those it reads."""
        if not self.unasked:
            return self.params
        unasked = set(self.unasked)
        read = {
            binding.source.name
            for step in self.steps
            if step.index not in unasked
            for binding in step.bindings
            if isinstance(binding.source, FromParam)
        }
        return tuple(param for param in self.params if param.name in read)

    @cached_property
    def joins(self) -> tuple[Join | None, ...]:
        """Per step, what it says about joining."""
        return tuple(step.join for step in self.steps)

    @cached_property
    def edges(self) -> tuple[Edges, ...]:
        """Per step, what it feeds."""
        tolerated: dict[tuple[int, PortName, int], bool] = {}
        for step in self.steps:
            for binding in step.bindings:
                source = binding.source
                if isinstance(source, FromStep):
                    edge = (source.step, source.port, step.index)
                    tolerated[edge] = tolerated.get(edge, True) and not binding.required
        return tuple(
            tuple(
                (target, port, not tolerated.get((i, port, target), False)) for target, port in to
            )
            for i, to in enumerate(self.feeds)
        )


Edges: TypeAlias = "tuple[tuple[int, PortName, bool], ...]"
"""The target, the port, and whether the target requires it: it does when one of two inputs does."""

Params: TypeAlias = Mapping[str, Json]
