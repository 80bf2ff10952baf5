"""Edits: the only way a definition changes, each undone by another edit.

Every edit is a frozen value that knows three things: the spec it makes of a spec, the edit that
takes it back, and what to call it in an undo menu. `apply(apply(spec, edit), inverse(spec, edit))`
is `spec`, for every edit that applies.

`apply` never yields a spec that contradicts itself (`graph.soundness`): the edit is refused with
`EditRejected` and its reason. A spec may well be *incomplete*: removing a node leaves the wires
that came from it, as deleting its cell leaves the headers of others, and `plan.check` says so.
Which cells change is the business of `cells`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, TypeAlias

from flowbook.errors import EditRejected, UsageError
from flowbook.graph.flow_edits import SetFlowOptions, SetParams, SetSetup
from flowbook.graph.nesting import container_of
from flowbook.graph.options import Options, did_you_mean
from flowbook.graph.reach import unreachable
from flowbook.graph.renaming import renamed, rewired, swapped
from flowbook.graph.soundness import contradiction
from flowbook.graph.spec import FlowSpec, InputSpec, Json, NodeSpec, Position, Wire
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName


@dataclass(frozen=True, slots=True)
class AddNode:
    """A new node, at `index` among the nodes (None: after the last)."""

    node: NodeSpec
    index: int | None = None

    def apply(self, spec: FlowSpec) -> FlowSpec:
        where = len(spec.nodes) if self.index is None else self.index
        if not 0 <= where <= len(spec.nodes):
            raise _rejected(self, f"index {where} is not within 0 to {len(spec.nodes)}")
        return replace(spec, nodes=(*spec.nodes[:where], self.node, *spec.nodes[where:]))

    def inverse(self, spec: FlowSpec) -> Edit:
        return _with_insides(RemoveNode(self.node.id), spec, self.node.id)

    @property
    def label(self) -> str:
        return f"Add {self.node.id}"


@dataclass(frozen=True, slots=True)
class RemoveNode:
    """A node goes; wires of others to it stay as they are and are found by `plan.check`.

    What was inside of it stays, and is then where it was itself.
    """

    node: NodeId

    def apply(self, spec: FlowSpec) -> FlowSpec:
        gone = _find(self, spec, self.node)
        nodes = (node for node in spec.nodes if node is not gone)
        return replace(spec, nodes=tuple(_lifted(node, gone) for node in nodes))

    def inverse(self, spec: FlowSpec) -> Edit:
        gone = _find(self, spec, self.node)
        return _with_insides(AddNode(gone, spec.nodes.index(gone)), spec, gone.id)

    @property
    def label(self) -> str:
        return f"Remove {self.node}"


@dataclass(frozen=True, slots=True)
class RenameNode:
    """A node takes another name and everything it fed stays fed (`graph.renaming` says how).

    Refused when the new name would catch an input that takes a parameter of that name today.
    """

    old: NodeId
    new: NodeId

    def apply(self, spec: FlowSpec) -> FlowSpec:
        _find(self, spec, self.old)
        if self.new == self.old:
            return spec
        try:
            return renamed(spec, self.old, self.new)
        except UsageError as refused:
            raise _rejected(self, refused.message, refused.hint) from None

    def inverse(self, spec: FlowSpec) -> Edit:
        there = self.apply(spec)
        back = renamed(there, self.new, self.old)
        repairs = tuple(
            ReplaceNode(was) for was, now in zip(spec.nodes, back.nodes, strict=True) if was != now
        )
        way_back = RenameNode(self.new, self.old)
        return Several((way_back, *repairs), way_back.label) if repairs else way_back

    @property
    def label(self) -> str:
        return f"Rename {self.old} to {self.new}"


@dataclass(frozen=True, slots=True)
class ReplaceNode:
    """A node of the same name is defined anew: its cell was run again, its function redefined."""

    node: NodeSpec

    def apply(self, spec: FlowSpec) -> FlowSpec:
        _find(self, spec, self.node.id)
        return swapped(spec, self.node)

    def inverse(self, spec: FlowSpec) -> Edit:
        return ReplaceNode(_find(self, spec, self.node.id))

    @property
    def label(self) -> str:
        return f"Redefine {self.node.id}"


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the edits share that give one field of one node another value."""

    field: ClassVar[str]
    node: NodeId

    def apply(self, spec: FlowSpec) -> FlowSpec:
        changed: dict[str, Any] = {self.field: getattr(self, self.field)}
        return swapped(spec, replace(_find(self, spec, self.node), **changed))

    def inverse(self, spec: FlowSpec) -> Self:
        was: dict[str, Any] = {self.field: getattr(_find(self, spec, self.node), self.field)}
        return replace(self, **was)

    @property
    def label(self) -> str:
        return f"Change {self.field} of {self.node}"


@dataclass(frozen=True, slots=True)
class SetBody(_Setting):
    """Other code, SQL or YAML."""

    field: ClassVar[str] = "body"
    body: str


@dataclass(frozen=True, slots=True)
class SetConfig(_Setting):
    """Other trait values."""

    field: ClassVar[str] = "config"
    config: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class SetOptions(_Setting):
    """Other retries, timeout, executor and the like."""

    field: ClassVar[str] = "options"
    options: Options


@dataclass(frozen=True, slots=True)
class SetInputs(_Setting):
    """Other inputs, wires and defaults, all at once."""

    field: ClassVar[str] = "inputs"
    inputs: tuple[InputSpec, ...]


@dataclass(frozen=True, slots=True)
class SetOutputs(_Setting):
    """Other output ports."""

    field: ClassVar[str] = "outputs"
    outputs: tuple[PortName, ...]


@dataclass(frozen=True, slots=True)
class Connect:
    """An explicit wire from `output` of `source` to `input` of `target`.

    An input that is not there yet is added; on a join, whose inputs are all optional, so is the
    new one. A run parameter becomes a wire. Refused when it would close a cycle.
    """

    source: NodeId
    output: PortName
    target: NodeId
    input: PortName

    def apply(self, spec: FlowSpec) -> FlowSpec:
        source = _find(self, spec, self.source)
        target = _find(self, spec, self.target)
        if self.output not in source.outputs:
            raise _rejected(
                self,
                f"{self.source!r} has no output {self.output!r}",
                did_you_mean(self.output, source.outputs),
            )
        if reason := unreachable(spec, self.source, self.target, self.input):
            raise _rejected(self, reason)
        wire = Wire(self.source, None if len(source.outputs) == 1 else self.output)
        if target.input(self.input) is not None:
            return rewired(spec, self.target, self.input, wire)
        required = not target.inputs or any(one.required for one in target.inputs)
        added = InputSpec(self.input, wire, required=required)
        return swapped(spec, replace(target, inputs=(*target.inputs, added)))

    def inverse(self, spec: FlowSpec) -> Edit:
        return SetInputs(self.target, _find(self, spec, self.target).inputs)

    @property
    def label(self) -> str:
        return f"Connect {self.source} to {self.target}"


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Whatever feeds `input` of `target` no longer does.

    The input stays, unbound, and `plan.check` says so; it goes when it is optional or when its
    name alone would bind it again.
    """

    target: NodeId
    input: PortName

    def apply(self, spec: FlowSpec) -> FlowSpec:
        target = _find(self, spec, self.target)
        one = target.input(self.input)
        if one is None:
            known = tuple(one.name for one in target.inputs)
            raise _rejected(
                self,
                f"{self.target!r} has no input {self.input!r}",
                did_you_mean(self.input, known),
            )
        if one.wire is None and not self._fed(spec):
            raise _rejected(self, f"nothing is connected to {self.target}.{self.input}")
        loose = rewired(spec, self.target, self.input, None)
        if one.required and not self._fed(loose):
            return loose
        kept = tuple(other for other in target.inputs if other is not one)
        return swapped(spec, replace(target, inputs=kept))

    def _fed(self, spec: FlowSpec) -> bool:
        return any(
            (edge.target, edge.input) == (self.target, self.input) for edge in resolve(spec).edges
        )

    def inverse(self, spec: FlowSpec) -> Edit:
        return SetInputs(self.target, _find(self, spec, self.target).inputs)

    @property
    def label(self) -> str:
        return f"Disconnect {self.target}.{self.input}"


@dataclass(frozen=True, slots=True)
class MoveNodes:
    """Other places on the canvas; None takes a node's place away, so that layout finds one."""

    positions: Mapping[NodeId, Position | None]

    def apply(self, spec: FlowSpec) -> FlowSpec:
        for node in self.positions:
            _find(self, spec, node)
        return replace(
            spec,
            nodes=tuple(
                replace(node, position=self.positions[node.id])
                if node.id in self.positions
                else node
                for node in spec.nodes
            ),
        )

    def inverse(self, spec: FlowSpec) -> Edit:
        return MoveNodes({node: _find(self, spec, node).position for node in self.positions})

    @property
    def label(self) -> str:
        only = next(iter(self.positions), "")
        return f"Move {only if len(self.positions) == 1 else f'{len(self.positions)} nodes'}"


@dataclass(frozen=True, slots=True)
class Several:
    """Edits that are one gesture: all apply, in order, or none does."""

    edits: tuple[Edit, ...]
    name: str = ""

    def apply(self, spec: FlowSpec) -> FlowSpec:
        for edit in self.edits:
            spec = edit.apply(spec)
        return spec

    def inverse(self, spec: FlowSpec) -> Edit:
        undone: list[Edit] = []
        for edit in self.edits:
            undone.append(edit.inverse(spec))
            spec = edit.apply(spec)
        return Several(tuple(reversed(undone)), self.label)

    @property
    def label(self) -> str:
        if self.name or len(self.edits) != 1:
            return self.name or f"{len(self.edits)} changes"
        return self.edits[0].label


Edit: TypeAlias = (
    AddNode
    | RemoveNode
    | RenameNode
    | ReplaceNode
    | SetBody
    | SetConfig
    | SetOptions
    | SetInputs
    | SetOutputs
    | Connect
    | Disconnect
    | MoveNodes
    | SetParams
    | SetSetup
    | SetFlowOptions
    | Several
)


def apply(spec: FlowSpec, edit: Edit) -> FlowSpec:
    """What `spec` becomes by `edit`; `EditRejected` with its reason when it does not apply.

    >>> from flowbook.ids import FlowId
    >>> spec = apply(FlowSpec(FlowId("tour")), AddNode(NodeSpec(NodeId("fetch"))))
    >>> [node.id for node in apply(spec, RenameNode(NodeId("fetch"), NodeId("get"))).nodes]
    ['get']
    """
    made = edit.apply(spec)
    if reason := contradiction(made, spec):
        raise _rejected(edit, reason)
    return made


def inverse(spec: FlowSpec, edit: Edit) -> Edit:
    """The edit that takes `edit`, applied to `spec`, back."""
    return edit.inverse(spec)


def label(edit: Edit) -> str:
    """What an undo menu calls it.

    >>> label(MoveNodes({NodeId("a"): Position(0, 0), NodeId("b"): Position(0, 9)}))
    'Move 2 nodes'
    """
    return edit.label


def _rejected(edit: Any, reason: str, hint: str | None = None) -> EditRejected:
    return EditRejected(f"{edit.label}: {reason}", hint=hint, edit=edit, reason=reason)


def _with_insides(edit: AddNode | RemoveNode, spec: FlowSpec, container: NodeId) -> Edit:
    """`edit`, and then what says that it is in `container` says so as it does in `spec`.

    A node may say so of one that is not there yet, or no more.
    """
    inside = [
        node
        for node in spec.nodes
        if node.options.inside and container_of(node.options.inside) == container
    ]
    again = [SetOptions(node.id, node.options) for node in inside if node.id != container]
    return Several((edit, *again), edit.label) if again else edit


def _lifted(node: NodeSpec, container: NodeSpec) -> NodeSpec:
    """A node that was directly inside of a container that goes, where the container was."""
    if container_of(node.options.inside) != container.id:
        return node
    return replace(node, options=replace(node.options, inside=container.options.inside))


def _find(edit: Any, spec: FlowSpec, node: NodeId) -> NodeSpec:
    found = spec.by_id.get(node)
    if found is None:
        raise _rejected(edit, f"there is no node {node!r}", did_you_mean(node, tuple(spec.by_id)))
    return found
