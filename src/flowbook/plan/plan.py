"""`Plan`: what will happen, frozen and indexed so that the engine does O(1) work per edge.

Steps are numbered in topological order, so a step only reads from lower numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType, TypeAlias

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


Source: TypeAlias = FromStep | FromParam


@dataclass(frozen=True, slots=True)
class Binding:
    """Where one input of a step takes its value; `required` False tolerates a dead branch."""

    input: PortName
    source: Source
    required: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One node, ready to run.

    `hash` is its content with that of everything upstream; `own` is its content alone: kind, body,
    configuration, outputs and how its inputs are called.
    """

    index: StepIndex
    node: NodeId
    kind: str
    bindings: tuple[Binding, ...]
    outputs: tuple[PortName, ...]
    options: Options
    hash: str
    own: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's whole itinerary.

    `waits[i]`: how many edges must settle before step i is decided.
    `feeds[i]`: the steps fed by step i, once per edge, with the port each edge leaves from.
    `version`: content hash of the definition (names, kinds, bodies, wires; no layout).
    `params`: every run parameter with its default.
    `options`: what the flow says about its recording; no part of `version`.
    """

    flow: FlowId
    version: str
    steps: tuple[Step, ...]
    waits: tuple[int, ...]
    feeds: tuple[tuple[tuple[StepIndex, PortName], ...], ...]
    params: tuple[ParamSpec, ...] = ()
    index: Mapping[NodeId, StepIndex] = field(default_factory=dict)
    options: FlowOptions = field(default_factory=FlowOptions)

    def step(self, node: NodeId) -> Step:
        """The step of that node; `KeyError` when the plan leaves the node out."""
        return self.steps[self.index[node]]


Params: TypeAlias = Mapping[str, Json]
