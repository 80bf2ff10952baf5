"""What a body reads, turned into inputs, captured names or problems, once all outputs are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from flowbook.cells.analyse import BUILTINS, Read
from flowbook.cells.header import Header
from flowbook.graph.options import did_you_mean
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import CellId, NodeId, PortName


@dataclass(frozen=True, slots=True)
class Draft:
    """A node as far as its own cell tells.

    `known`: names its body leaves at its top level. `spare`: functions and classes it defines.
    `adds`: reads come on top of the inputs its head lists (templates), instead of having to be
    among them (code).
    """

    spec: NodeSpec
    header: Header
    reads: tuple[Read, ...] = ()
    known: frozenset[str] = frozenset()
    spare: tuple[PortName, ...] = ()
    adds: bool = False
    tolerant: bool = False
    broken: bool = False


@dataclass(frozen=True)
class Scope:
    """All names a body may mean, by where they come from."""

    outputs: Mapping[NodeId, tuple[PortName, ...]]
    params: frozenset[str]
    shared: frozenset[str]
    loose: Mapping[str, CellId]
    ambient: frozenset[str]
    excused: frozenset[str]

    @cached_property
    def makers(self) -> Mapping[str, frozenset[NodeId]]:
        """Nodes by the names their outputs can be asked for."""
        found: dict[str, set[NodeId]] = {}
        for node, ports in self.outputs.items():
            for name in (*ports, *([str(node)] if len(ports) == 1 else [])):
                found.setdefault(name, set()).add(node)
        return {name: frozenset(nodes) for name, nodes in found.items()}

    def makes(self, name: str, asker: NodeId) -> bool:
        """True when another node has an output of that name, or is a node so called."""
        return bool(self.makers.get(name, frozenset()) - {asker})

    @property
    def everything(self) -> tuple[str, ...]:
        """Every name there is, for suggestions."""
        ports = (port for ports in self.outputs.values() for port in ports)
        return (*self.outputs, *ports, *self.params, *self.shared, *self.loose)


def resolve_draft(draft: Draft, scope: Scope) -> tuple[NodeSpec, list[Problem]]:
    """The node with its inputs and captured names, and what its reads make wrong."""
    inputs = {one.name: one for one in draft.header.inputs or ()}
    given = set(inputs)
    captures: dict[str, None] = {}
    problems: list[Problem] = []
    for read in draft.reads:
        found = None if read.root in given else _input(draft, read, scope)
        if found is not None:
            if draft.header.inputs is None or draft.adds:
                inputs.setdefault(found.name, found)
            else:
                problems.append(_undeclared(draft, read))
        elif read.root not in given:
            problem = _captured(draft, read, scope, captures)
            problems += [problem] if problem else []
    specs = tuple(
        replace(one, required=False) if draft.tolerant else one for one in inputs.values()
    )
    return replace(draft.spec, inputs=specs, captures=tuple(captures)), problems


def _input(draft: Draft, read: Read, scope: Scope) -> InputSpec | None:
    """The input a read asks for, or None when no node and no parameter is meant."""
    root = NodeId(read.root)
    ports = scope.outputs.get(root, ())
    if len(read.path) > 1 and root != draft.spec.id and read.path[1] in ports:
        port = PortName(read.path[1])
        return InputSpec(PortName(f"{root}.{port}"), wire=Wire(root, port))
    if scope.makes(read.root, draft.spec.id) or read.root in scope.params:
        return InputSpec(PortName(read.root))
    return None


def _undeclared(draft: Draft, read: Read) -> Problem:
    return _problem(
        draft,
        read,
        f"{read.root!r} is not among the inputs this node lists",
        f"add it to the header: {draft.spec.id}(…, {read.root})",
    )


def _captured(draft: Draft, read: Read, scope: Scope, captures: dict[str, None]) -> Problem | None:
    """Take a name from the shared namespace, or say that nobody makes it."""
    name = read.root
    if draft.adds or draft.spec.kind == "sql":
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
            "a job does not run that cell: put it into a %%flow setup cell",
        )
        return replace(problem, severity=Severity.WARNING)
    if name in scope.ambient:
        captures[name] = None
        return None
    if name in BUILTINS:
        return None
    if read.soft or name in scope.excused:
        return None
    return _unbound(draft, read, scope)


def _unbound(draft: Draft, read: Read, scope: Scope) -> Problem:
    name = ".".join(read.path) if read.root in scope.outputs else read.root
    if name == str(draft.spec.id) or read.root in draft.spec.outputs:
        hint = "no other node makes it before this one does"
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
