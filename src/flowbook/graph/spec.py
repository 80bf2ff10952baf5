"""`FlowSpec`: what was meant. Frozen, complete, and the same whichever door it came through.

A wire is stored once, on the input it feeds; edges are derived (`flowbook.graph.wiring`), so a
spec cannot contradict itself. Layout and the cell a node is written in travel with the spec but
are no part of its meaning: `plan.compile` leaves them out of every hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeAlias, final

from flowbook.errors import UnknownNode
from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.options import Options, did_you_mean
from flowbook.graph.versions import name_of
from flowbook.ids import CellId, FlowId, NodeId, PortName

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@final
class Missing:
    """The type of `MISSING`, which tells "no default" from a default of `None`."""

    _only: Missing | None = None

    def __new__(cls) -> Missing:
        cls._only = cls._only or super().__new__(cls)
        return cls._only

    def __reduce__(self) -> str:
        return "MISSING"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Wire:
    """Where an input takes its value: `port` of `node`, or its only output when `port` is None."""

    node: NodeId
    port: PortName | None = None

    def __str__(self) -> str:
        return f"{self.node}.{self.port}" if self.port else str(self.node)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input of a node.

    `wire` set: an explicit wire. `default` set: a run parameter with that default. Neither: wired
    by name to the output or flow parameter called `name`. `required` False: the node also runs
    when the branch behind this input was not taken. `line` is that of the cell which reads it
    first, where that is known; it is no part of what is meant.
    """

    name: PortName
    wire: Wire | None = None
    default: Json | Missing = MISSING
    annotation: str | None = None
    required: bool = True
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is written: its cell and that cell's position among the notebook's cells."""

    cell: CellId
    index: int


@dataclass(frozen=True, slots=True)
class Position:
    """Top-left corner of a node on the canvas, in canvas units (pixels at zoom 1)."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node, as meant.

    `kind` is what its author wrote, with or without a version: `http` or `http.v1`. `body` is the
    cell's text below header and option lines (code, SQL or YAML); `config` is that text read as
    trait values for configuration kinds, templates still unrendered. `captures` are names the body
    reads from the kernel or from `setup` cells. `body_line` is the cell line (from 1) on which
    `body` starts, which is what makes tracebacks point at the cell.
    """

    id: NodeId
    kind: str = "python"
    inputs: tuple[InputSpec, ...] = ()
    outputs: tuple[PortName, ...] = ()
    body: str = ""
    config: Mapping[str, Json] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    captures: tuple[str, ...] = ()
    place: Place | None = None
    body_line: int = 1
    position: Position | None = None
    returns: Mapping[PortName, str] = field(default_factory=dict)
    """Annotations of outputs, as they are written."""

    @property
    def kind_name(self) -> str:
        """Its kind without a version."""
        return name_of(self.kind)

    def input(self, name: PortName) -> InputSpec | None:
        """The input called `name`, if there is one."""
        return next((one for one in self.inputs if one.name == name), None)


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One parameter of the flow; `default` `MISSING` means that a run must give it."""

    name: PortName
    default: Json | Missing = MISSING
    annotation: str | None = None
    help: str | None = None


@dataclass(frozen=True)
class FlowSpec:
    """A whole flow, as meant: nodes in notebook order, parameters, shared setup code, options.

    >>> spec = FlowSpec(FlowId("tour"), (NodeSpec(NodeId("fetch")),))
    >>> spec.node(NodeId("fetch")).kind
    'python'
    """

    id: FlowId
    nodes: tuple[NodeSpec, ...] = ()
    params: tuple[ParamSpec, ...] = ()
    setup: tuple[NodeSpec, ...] = ()
    """`setup` cells: run once, before the first node, into the namespace all nodes share."""
    options: FlowOptions = field(default_factory=FlowOptions)
    """What it says about its own recording; no part of what it computes."""

    @cached_property
    def by_id(self) -> Mapping[NodeId, NodeSpec]:
        """Nodes by id; building it once keeps every lookup O(1)."""
        return {node.id: node for node in self.nodes}

    def node(self, node_id: NodeId) -> NodeSpec:
        """The node of that name, or `UnknownNode`."""
        found = self.by_id.get(node_id)
        if found is None:
            raise no_node(f"flow {self.id!r} has no node {node_id!r}", node_id, tuple(self.by_id))
        return found


def no_node(message: str, node: str, known: tuple[str, ...]) -> UnknownNode:
    """What is raised where there is no such node, with the name that was probably meant.

    >>> no_node("flow 'tour' has no node 'laod'", "laod", ("load", "clean")).hint
    "did you mean 'load'?"
    """
    return UnknownNode(message, hint=did_you_mean(node, known), node=node, known=known)
