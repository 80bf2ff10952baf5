"""What a body reads, turned into inputs, captured names or problems, once all outputs are known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from flowbook.cells.analyse import BUILTINS, Read
from flowbook.cells.header import Header
from flowbook.expr.roots import PREVIOUS
from flowbook.graph.edits import Connect, SetInputs
from flowbook.graph.nesting import Nesting, block_of, container_of, frame_names, names_in
from flowbook.graph.options import did_you_mean
from flowbook.graph.problem import Fix, Problem, Severity
from flowbook.graph.reach import unreachable
from flowbook.graph.roles import Roles
from flowbook.graph.spec import FlowSpec, InputSpec, Missing, NodeSpec, Wire
from flowbook.graph.wiring import Wiring, chosen, resolve
from flowbook.ids import CellId, NodeId, PortName


@dataclass(frozen=True, slots=True)
class Draft:
    """A node as far as its own cell tells.

    `known`: names its body leaves at its top level. `spare`: functions and classes it defines.
    `adds`: reads come on top of the inputs its head lists (templates, SQL), instead of having to
    be among them (Python). `asks`: names in its own expressions, inputs where something makes them;
    a turn may bring the others. `folds`: its names are meant in any case of letters (SQL).
    """

    spec: NodeSpec
    header: Header
    reads: tuple[Read, ...] = ()
    known: frozenset[str] = frozenset()
    spare: tuple[PortName, ...] = ()
    asks: tuple[Read, ...] = ()
    adds: bool = False
    tolerant: bool = False
    folds: bool = False


class Made:
    """The outputs of all nodes: by node, by the names they can be asked for, and in their order."""

    def __init__(self, outputs: Mapping[NodeId, tuple[PortName, ...]]) -> None:
        self.outputs: dict[NodeId, tuple[PortName, ...]] = {}
        self.makers: dict[str, set[NodeId]] = {}
        self.order: dict[NodeId, int] = {}
        for node, ports in outputs.items():
            self.put(node, ports)

    def put(self, node: NodeId, ports: tuple[PortName, ...]) -> None:
        """`node` has these outputs; a new one stands behind the others."""
        for name in asked_as(node, self.outputs.get(node, ())):
            self.makers[name].discard(node)
        self.outputs[node] = ports
        self.order.setdefault(node, len(self.order))
        for name in asked_as(node, ports):
            self.makers.setdefault(name, set()).add(node)


def asked_as(node: NodeId, ports: tuple[PortName, ...]) -> tuple[str, ...]:
    """The names that outputs of a node can be asked for."""
    return tuple(dict.fromkeys((*ports, node))) if len(ports) == 1 else ports


@dataclass(frozen=True)
class Scope:
    """All names a body may mean, by where they come from; a home sees no others' insides."""

    nesting: Nesting
    made: Made
    params: frozenset[str]
    shared: frozenset[str]
    loose: Mapping[str, CellId]
    ambient: frozenset[str]
    excused: frozenset[str]
    open: bool = False
    """A setup cell imports `*`: any name may come from it."""
    owned: dict[str, NodeId] = field(default_factory=dict)
    """Parameters that a node's head declares with a default, by the first node that does."""

    @property
    def outputs(self) -> Mapping[NodeId, tuple[PortName, ...]]:
        """The outputs of every node, in the notebook's order."""
        return self.made.outputs

    @property
    def makers(self) -> Mapping[str, set[NodeId]]:
        """Nodes by the names their outputs can be asked for."""
        return self.made.makers

    @cached_property
    def roles(self) -> Roles:
        """Who undoes whom, and who sets up and tears down."""
        return Roles(self.nesting.spec)

    def makes(self, name: str, asker: NodeId, *, above: bool = False) -> bool:
        """True when `asker` can read that name from a node (`above`: one further up) or a frame."""
        home = self.nesting.home(asker)
        barred = {asker, *self.nesting.owners(home)}
        makers = (one for one in self.makers.get(name, ()) if self.nesting.visible(one, home))
        return self.framed(name, asker) or any(
            one not in barred and not (above and self.made.order[one] > self.made.order[asker])
            for one in makers
        )

    def framed(self, name: str, asker: NodeId) -> bool:
        """True when a container around `asker` gives that name, or its place in the run does."""
        node = self.nesting.spec.by_id.get(asker)
        if node is not None and self.roles.gives(node, PortName(name)):
            return True
        if not self.nesting.nested:
            return False
        return any(name in names for _, names in self.nesting.frames(self.nesting.home(asker)))

    def turns(self, read: Read, draft: Draft) -> bool:
        """True when what a container's expression reads is brought by its turns."""
        makers = self.makers.get(read.root, ())
        homes = (self.nesting.home(one) for one in makers)
        inside = any(container_of(home) == draft.spec.id for home in homes)
        return inside or read.root in frame_names(draft.spec)

    def ports(self, name: str, asker: NodeId) -> tuple[str, ...]:
        """What can stand behind `name.` in a body: outputs, or the names of a container around."""
        node, home = NodeId(name), self.nesting.home(asker)
        if node in self.nesting.owners(home):
            frames = self.nesting.frames(home)
            return next(names for container, names in frames if container.id == node)
        seen = node != asker and node in self.outputs and self.nesting.visible(node, home)
        if not seen or self._shadowed(name, home, self.nesting.home(node)):
            return ()
        return self.outputs[node]

    def _shadowed(self, name: str, home: str, of: str) -> bool:
        """True when a frame on the way out to home `of` gives that name."""
        for one in self.nesting.around(home):
            if one == of:
                return False
            container = self.nesting.spec.node(NodeId(container_of(one)))
            if name in names_in(container, block_of(one)):
                return True
        return False

    def hidden(self, name: str, asker: NodeId) -> str | None:
        """The container inside of which that name is made, when `asker` cannot read it."""
        home = self.nesting.home(asker)
        homes = (self.nesting.home(one) for one in self.makers.get(name, ()) if one != asker)
        return next(
            (container_of(one) for one in homes if one not in self.nesting.around(home)), None
        )

    def unfolded(self, read: Read) -> Read:
        """What a name of SQL means: that of a node, an output or a parameter in any case."""
        root = self._alike(read.root, (*self.made.makers, *self.outputs, *self.params))
        rest = read.path[1:]
        if rest:
            ports = self.outputs.get(NodeId(root), ())
            rest = (self._alike(rest[0], ports), *rest[1:])
        return replace(read, path=(root, *rest))

    def _alike(self, name: str, known: Collection[str]) -> str:
        if name in known:
            return name
        return next((str(one) for one in known if one.lower() == name.lower()), name)

    @cached_property
    def everything(self) -> tuple[str, ...]:
        """Every name there is, for suggestions."""
        ports = (port for ports in self.outputs.values() for port in ports)
        names = (*self.outputs, *ports, *self.params, *self.shared, *self.loose)
        return tuple(dict.fromkeys(map(str, names)))


def resolve_draft(draft: Draft, scope: Scope) -> tuple[NodeSpec, list[Problem]]:
    """The node with its inputs and captured names, and what its reads make wrong."""
    inputs = {one.name: one for one in draft.header.inputs or () if not _awaits_mending(one, scope)}
    given = {one.name for one in draft.header.inputs or ()}
    captures: dict[str, None] = {}
    problems: list[Problem] = []
    if draft.tolerant:
        # An input that need not be live must still be one that could be.
        unmade = (
            one for one in inputs.values() if one.wire is None and not _bound(one, draft, scope)
        )
        problems += [_unbound(draft, Read((one.name,), _head_line(draft)), scope) for one in unmade]
    for read in map(scope.unfolded, draft.reads) if draft.folds else draft.reads:
        found = None if read.root in given else _input(draft, read, scope)
        if found is not None:
            if draft.header.inputs is None or draft.adds:
                inputs.setdefault(found.name, found)
            elif not read.soft:
                problems.append(_undeclared(draft, read, found, scope))
        elif read.root not in given:
            problem = _captured(draft, read, scope, captures)
            problems += [problem] if problem else []
    asked = map(scope.unfolded, draft.asks) if draft.folds else draft.asks
    asks = (one for one in asked if one.root not in given and not scope.turns(one, draft))
    for one in (_input(draft, ask, scope) for ask in asks):
        if one is not None:
            inputs.setdefault(one.name, one)
    specs = tuple(
        replace(one, required=False) if draft.tolerant else one for one in inputs.values()
    )
    return replace(draft.spec, inputs=specs, captures=tuple(captures)), problems


def _input(draft: Draft, read: Read, scope: Scope) -> InputSpec | None:
    """The input a read asks for, or None when no node and no parameter is meant."""
    root, line = NodeId(read.root), draft.spec.body_line + read.line - 1
    if len(read.path) > 1 and read.path[1] in scope.ports(root, draft.spec.id):
        port = PortName(read.path[1])
        return InputSpec(PortName(f"{root}.{port}"), wire=Wire(root, port), line=line)
    if scope.makes(read.root, draft.spec.id, above=read.soft) or read.root in scope.params:
        return InputSpec(PortName(read.root), line=line)
    return None


def _awaits_mending(one: InputSpec, scope: Scope) -> bool:
    """True for an input from a cell too broken to read: that cell has the problem, not this."""
    source = one.wire.node if one.wire else NodeId(one.name)
    unread = isinstance(one.default, Missing) and source in scope.excused
    return unread and not (source in scope.outputs or scope.makers.get(source))


def _bound(one: InputSpec, draft: Draft, scope: Scope) -> bool:
    given = not isinstance(one.default, Missing) or one.name in scope.params
    return given or scope.makes(one.name, draft.spec.id)


def _head_line(draft: Draft) -> int:
    """The head's line, as a line of the body."""
    return 2 - draft.spec.body_line


def _undeclared(draft: Draft, read: Read, found: InputSpec, scope: Scope) -> Problem:
    problem = _problem(
        draft,
        read,
        f"{read.root!r} is not among the inputs this node lists",
        f"add it to the header: {draft.spec.id}(…, {read.root})",
    )
    return replace(problem, fix=_wire(draft, found, scope))


def _wire(draft: Draft, found: InputSpec, scope: Scope) -> Fix | None:
    """The edit that lists an input, if it is plain what feeds it."""
    if found.wire is not None:
        return None  # a head has no name for an output of a node, which the body then calls so
    home = scope.nesting.home(draft.spec.id)
    makers = [
        one
        for one in scope.outputs
        if one in scope.makers.get(found.name, ())
        and one != draft.spec.id
        and scope.nesting.visible(one, home)
    ]
    maker = chosen(found.name, makers)
    if maker is not None:
        ports = scope.outputs[maker]
        port = found.name if found.name in ports else ports[0]
        return Connect(maker, port, draft.spec.id, found.name)
    listed = draft.header.inputs or ()
    return SetInputs(draft.spec.id, (*listed, found)) if found.name in scope.params else None


def possible(problems: Sequence[Problem], spec: FlowSpec) -> tuple[Problem, ...]:
    """The problems, without those fixes that are wires which would close a cycle."""
    if not any(isinstance(one.fix, Connect) for one in problems):
        return tuple(problems)
    wiring = resolve(spec)
    return tuple([_possible(one, spec, wiring) for one in problems])


def _possible(problem: Problem, spec: FlowSpec, wiring: Wiring) -> Problem:
    fix = problem.fix
    if isinstance(fix, Connect) and unreachable(spec, fix.source, fix.target, fix.input, wiring):
        return replace(problem, fix=None)
    return problem


def _captured(draft: Draft, read: Read, scope: Scope, captures: dict[str, None]) -> Problem | None:
    """Take a name from the shared namespace, or say that nobody makes it."""
    name = read.root
    if draft.adds:
        if name == PREVIOUS and draft.spec.config:
            return None  # the plan gives it its wire, or tells that there is none
        return None if name in scope.excused else _unbound(draft, read, scope)
    if name in scope.shared:
        captures[name] = None
        return None
    if name in scope.loose:
        captures[name] = None
        if name in scope.ambient:
            return None
        problem = _problem(
            draft,
            read,
            f"{name!r} comes from cell {scope.loose[name]}, which is no part of the flow",
            "an export takes over imports, functions and plain values: put the rest into a "
            "%%flow setup cell",
        )
        return replace(problem, severity=Severity.WARNING)
    if name in scope.ambient:
        captures[name] = None
        return None
    if name in BUILTINS or name.startswith("__"):
        return None
    if scope.open and not read.soft:
        captures[name] = None
        return None
    if read.soft or name in scope.excused:
        return None
    return _unbound(draft, read, scope)


def _unbound(draft: Draft, read: Read, scope: Scope) -> Problem:
    name = ".".join(read.path) if read.root in scope.outputs else read.root
    ports = scope.ports(read.root, draft.spec.id)
    if hidden := scope.hidden(read.root, draft.spec.id):
        hint = f"it is made inside of {hidden}: let it leave, or read an output of {hidden}"
    elif read.root == draft.spec.id or read.root in draft.spec.outputs:
        hint = "no other node makes it"
    elif ports:
        hint = f"say which output: {' or '.join(f'{read.root}.{port}' for port in ports)}"
    elif read.root in scope.owned:
        owner = scope.owned[read.root]
        hint = f"it is a parameter of {owner} alone: declare it in the parameters cell instead"
    else:
        hint = did_you_mean(read.root, scope.everything)
    message = f"{name!r} is read here, and no node, parameter or setup cell makes it"
    return _problem(draft, read, message, hint)


def _problem(draft: Draft, read: Read, message: str, hint: str) -> Problem:
    place = draft.spec.place
    line = draft.spec.body_line + read.line - 1
    return Problem(
        Severity.ERROR, message, draft.spec.id, place.cell if place else None, line, hint
    )
