"""Which output feeds which input: explicit wires and wires by name, resolved in one pass.

An input with a default takes the run parameter of its own name and nothing else. Without one it
is wired by name, in this order: an output called so of any other node; a node called so with a
single output; a parameter of the flow. Of several outputs of one name, that of the node which is
itself called so is meant: `clean` is the output of `clean`, also where a copy of its cell,
`clean_2`, still binds `clean`. Any others are no guess but a problem, told where the name is read.

Inside of a container the search goes from the node's own home outwards: its home, then the names
of the turn's frame and the container's inputs, then the home around it. What is inside of a
container is not seen from outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flowbook.graph.nesting import Nesting, block_of, container_of, names_in
from flowbook.graph.options import did_you_mean
from flowbook.graph.placing import at
from flowbook.graph.problem import Problem
from flowbook.graph.roles import WENT, Roles
from flowbook.graph.spec import FlowSpec, InputSpec, Missing, NodeSpec, Wire
from flowbook.ids import NodeId, PortName

_KEPT: Final = "_wiring"
"""Where a spec, which is frozen, holds its wiring once that is known, as it does its `by_id`."""


@dataclass(frozen=True, slots=True)
class EdgeSpec:
    """One edge: `output` of `source` feeds `input` of `target`."""

    source: NodeId
    output: PortName
    target: NodeId
    input: PortName


@dataclass(frozen=True, slots=True)
class ParamUse:
    """A run parameter feeding an input: of the flow, or of the node when it has a default.

    `frame`: the container whose turns give the value, if it is no parameter of the run.
    """

    param: PortName
    target: NodeId
    input: PortName
    frame: NodeId | None = None


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything resolved: the edges, the uses of parameters, and what did not resolve."""

    edges: tuple[EdgeSpec, ...]
    params: tuple[ParamUse, ...]
    problems: tuple[Problem, ...]


def resolve(spec: FlowSpec) -> Wiring:
    """The wiring of `spec`; O(nodes + inputs), once for each spec; never raises."""
    found: Wiring | None = vars(spec).get(_KEPT)
    if found is None:
        found = vars(spec)[_KEPT] = _Resolver(spec).wiring()
    return found


class _Resolver:
    def __init__(self, spec: FlowSpec) -> None:
        self.spec = spec
        self.nesting = Nesting(spec)
        self.roles = Roles(spec)
        self.params = {param.name for param in spec.params}
        self.producers: dict[tuple[str, PortName], list[NodeId]] = {}
        for node in spec.nodes:
            home = self.nesting.home(node.id)
            for port in node.outputs:
                self.producers.setdefault((home, port), []).append(node.id)
        self.edges: list[EdgeSpec] = []
        self.uses: list[ParamUse] = []
        self.problems: list[Problem] = []

    def wiring(self) -> Wiring:
        for node in self.spec.nodes:
            for one in node.inputs:
                if one.wire is not None:
                    self._explicit(node, one, one.wire)
                elif not isinstance(one.default, Missing):
                    self.uses.append(ParamUse(one.name, node.id, one.name))
                else:
                    self._by_name(node, one)
        problems = (*self.nesting.problems, *self.problems)
        return Wiring(tuple(self.edges), tuple(self.uses), problems)

    def _explicit(self, node: NodeSpec, one: InputSpec, wire: Wire) -> None:
        source = self.spec.by_id.get(wire.node)
        if source is None:
            self._problem(
                node,
                f"input {one.name!r} is wired to {wire.node!r}, which is no node of this flow",
                did_you_mean(wire.node, tuple(self.spec.by_id)),
                one,
            )
            return
        if source.id in self.nesting.owners(self.nesting.home(node.id)):
            self._of_frame(node, one, source, wire)
            return
        if not self.nesting.visible(source.id, self.nesting.home(node.id)):
            inside = container_of(self.nesting.home(source.id))
            self._problem(
                node,
                f"input {one.name!r} is wired to {source.id!r}, which is inside of {inside!r}",
                f"read an output of {inside!r} instead",
                one,
            )
            return
        port = wire.port or _only_output(source)
        if port is None:
            ports = ", ".join(f"{source.id}.{port}" for port in source.outputs) or "none"
            self._problem(
                node,
                f"input {one.name!r} does not say which output of {source.id!r} it takes",
                f"outputs: {ports}",
                one,
            )
        elif port not in source.outputs:
            self._problem(
                node,
                f"{source.id!r} has no output {port!r}",
                did_you_mean(port, source.outputs),
                one,
            )
        else:
            self.edges.append(EdgeSpec(source.id, port, node.id, one.name))

    def _of_frame(self, node: NodeSpec, one: InputSpec, owner: NodeSpec, wire: Wire) -> None:
        """`each.item`, inside of `each`: what its turns are called there."""
        names = next(
            names
            for container, names in self.nesting.frames(self.nesting.home(node.id))
            if container.id == owner.id
        )
        if wire.port in names and wire.port is not None:
            self.uses.append(ParamUse(wire.port, node.id, one.name, owner.id))
            return
        self._problem(
            node,
            f"input {one.name!r} is wired to {str(wire)!r}, and {node.id!r} is inside of "
            f"{owner.id!r}",
            f"inside, it has: {', '.join(f'{owner.id}.{name}' for name in names) or 'no names'}",
            one,
        )

    def _by_name(self, node: NodeSpec, one: InputSpec) -> None:
        if self.roles.undoes and self._of_undone(node, one):
            return
        for home in self.nesting.around(self.nesting.home(node.id)):
            if self._in_home(home, node, one) or (home and self._in_frame(home, node, one)):
                return
        if one.name in WENT and self.roles.gives(node, one.name):
            self.uses.append(ParamUse(WENT[one.name], node.id, one.name, node.id))
        elif one.name in self.params:
            self.uses.append(ParamUse(one.name, node.id, one.name))
        elif one.required:
            self._unbound(node, one)

    def _of_undone(self, node: NodeSpec, one: InputSpec) -> bool:
        """Wire the input to what the node gave that `node` undoes, or to what that one read."""
        undone = self.roles.undone_by(node.id)
        if undone is None:
            return False
        port = _only_output(undone) if str(one.name) == undone.id else one.name
        if port is not None and port in undone.outputs:
            self.edges.append(EdgeSpec(undone.id, port, node.id, one.name))
            return True
        lent = undone.input(one.name)
        if lent is None or (lent.wire is None and isinstance(lent.default, Missing)):
            return False  # it is found by the same name
        if lent.wire is not None:
            self._explicit(node, one, lent.wire)
        else:
            self.uses.append(ParamUse(one.name, node.id, one.name))
        return True

    def _in_home(self, home: str, node: NodeSpec, one: InputSpec) -> bool:
        """Wire the input to what `home` makes under its name; False when that is nothing."""
        barred = {node.id, *self.nesting.owners(self.nesting.home(node.id))}
        makers = [
            maker for maker in self.producers.get((home, one.name), ()) if maker not in barred
        ]
        maker = chosen(one.name, makers)
        if maker is not None:
            self.edges.append(EdgeSpec(maker, one.name, node.id, one.name))
        elif makers:
            choices = " or ".join(f"{one.name}={maker}.{one.name}" for maker in makers)
            found = ", ".join(map(self._named, makers))
            self._problem(
                node,
                f"input {one.name!r} has {len(makers)} producers: {found}",
                f"say which one in the header: {choices}",
                one,
            )
        elif (port := self._single_output_of(home, node, one.name)) is not None:
            self.edges.append(EdgeSpec(NodeId(one.name), port, node.id, one.name))
        else:
            return False
        return True

    def _in_frame(self, home: str, node: NodeSpec, one: InputSpec) -> bool:
        """Let the input take a name of the frame of `home`; False when it has none of that name."""
        container = self.spec.by_id[NodeId(container_of(home))]
        if one.name not in names_in(container, block_of(home)):
            return False
        self.uses.append(ParamUse(one.name, node.id, one.name, container.id))
        return True

    def _unbound(self, node: NodeSpec, one: InputSpec) -> None:
        home = self.nesting.home(node.id)
        if node.id in self.producers.get((home, one.name), ()):
            self._problem(
                node,
                f"input {one.name!r} is an output of {node.id!r} itself",
                "give the input another name, or the output: -> other",
                one,
            )
            return
        hidden = [
            maker
            for (where, port), makers in self.producers.items()
            for maker in makers
            if port == one.name and not self.nesting.visible(maker, home)
        ]
        own = {str(node.id), *node.outputs}
        ports = (port for _, port in self.producers)
        known = (*ports, *self.spec.by_id, *self.params)
        message = (
            f"input {one.name!r} is bound to nothing: no output, node or parameter has that name"
        )
        if hidden:
            inside = container_of(self.nesting.home(hidden[0]))
            message = f"input {one.name!r} is made inside of {inside!r}, where nobody else reads it"
        hint = (
            f"let it leave: give {inside!r} the output {one.name}"
            if hidden
            else did_you_mean(one.name, tuple(name for name in known if name not in own))
        )
        self._problem(node, message, hint, one)

    def _single_output_of(self, home: str, node: NodeSpec, name: str) -> PortName | None:
        source = self.spec.by_id.get(NodeId(name))
        if source is None or source.id == node.id or self.nesting.home(source.id) != home:
            return None
        if source.id in self.nesting.owners(self.nesting.home(node.id)):
            return None
        return _only_output(source)

    def _named(self, node: NodeId) -> str:
        """A node with its cell, where it has one."""
        place = self.spec.by_id[node].place
        return f"{node} (cell {place.cell})" if place else node

    def _problem(
        self, node: NodeSpec, message: str, hint: str, one: InputSpec | None = None
    ) -> None:
        line = one.line if one is not None else None
        self.problems.append(at(node, message, hint, line or 1))


def chosen(name: PortName, makers: Sequence[NodeId]) -> NodeId | None:
    """Whose output is meant by a name that `makers` have an output of; None: nobody can tell.

    >>> chosen(PortName("clean"), [NodeId("clean"), NodeId("clean_2")])
    'clean'
    """
    if len(makers) > 1:
        return next((maker for maker in makers if str(maker) == str(name)), None)
    return makers[0] if makers else None


def _only_output(node: NodeSpec) -> PortName | None:
    return node.outputs[0] if len(node.outputs) == 1 else None


def edges_into(edges: tuple[EdgeSpec, ...]) -> Mapping[NodeId, tuple[EdgeSpec, ...]]:
    """Edges by the node they feed."""
    found: dict[NodeId, list[EdgeSpec]] = {}
    for edge in edges:
        found.setdefault(edge.target, []).append(edge)
    return {target: tuple(ones) for target, ones in found.items()}
