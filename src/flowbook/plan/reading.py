"""What expressions of a configuration may read: the inputs of their node, so its direct upstream.

In cells whatever a template reads becomes an input, and the rule holds by itself. A node that was
made in Python, edited or imported says its inputs: what its expressions read besides is a problem
that names the missing wire, and offers it where it can be drawn. `previous` means the one node
that feeds the node: `completed` gives it its wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from flowbook.errors import ExpressionError
from flowbook.expr.parse import bare, parse
from flowbook.expr.roots import PREVIOUS, Path
from flowbook.expr.template import Template
from flowbook.graph.container import Container
from flowbook.graph.edits import Connect, SetInputs
from flowbook.graph.nesting import Nesting, container_of
from flowbook.graph.node import Node
from flowbook.graph.options import did_you_mean
from flowbook.graph.placing import at, line_of
from flowbook.graph.problem import Fix, Problem
from flowbook.graph.reach import unreachable
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, InputSpec, Json, NodeSpec, Wire
from flowbook.graph.wiring import Wiring
from flowbook.ids import NodeId, PortName


def reading_problems(spec: FlowSpec, wiring: Wiring, registry: Registry) -> Iterator[Problem]:
    """What expressions read that is no input of their node, each with a fix where there is one."""
    reader = _Reader(spec, wiring)
    for node in spec.nodes:
        for setting, path in _unfed(node, registry):
            line = line_of(node, ".".join(path), setting)
            templated = setting not in registry[node.kind].untemplated
            problem = reader.missing(node, setting, path, told=templated and bool(node.place))
            if problem is not None:
                yield replace(problem, line=line if problem.cell else None)


def completed(spec: FlowSpec, wiring: Wiring, registry: Registry) -> FlowSpec:
    """`spec` in which `previous`, where it is read, is an input from the one node it means."""
    reader = _Reader(spec, wiring)
    nodes = []
    for node in spec.nodes:
        paths = [path for _, path in _unfed(node, registry) if path[0] == PREVIOUS]
        added = reader.previous(node, paths) if paths else ()
        nodes.append(replace(node, inputs=(*node.inputs, *added)) if added else node)
    return replace(spec, nodes=tuple(nodes)) if nodes != list(spec.nodes) else spec


def _unfed(node: NodeSpec, registry: Registry) -> Iterator[tuple[str, Path]]:
    """Each setting of a node with a path it reads and no input brings."""
    node_type = registry.get(node.kind)
    if node_type is None or node_type.body != "config":
        return
    inputs = frozenset(str(one.name) for one in node.inputs)
    for name, value in node.config.items():
        paths: dict[Path, None] = {}
        for reads in _reads(node_type, name, value):
            paths.update(dict.fromkeys(sorted(reads)))
        yield from ((name, path) for path in paths if not _fed(path, inputs))


def _reads(node_type: type[Node], name: str, value: Json) -> Iterator[frozenset[Path]]:
    """What the expressions in a setting read; what cannot be read is told by others."""
    if name not in node_type.untemplated:
        for text in _texts(value):
            with suppress(ExpressionError):
                yield Template.parse(text).inputs
    elif name in node_type.expressions and not issubclass(node_type, Container):
        for text in _expressions(value):
            with suppress(ExpressionError):
                found = parse(bare(text)).inputs
                yield frozenset(path for path in found if path[0] not in node_type.brings)


def _texts(value: Json) -> Iterator[str]:
    """All texts in a setting that hold a template."""
    if isinstance(value, str):
        if "{{" in value:
            yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _expressions(value: Json) -> Iterator[str]:
    """The expressions in a setting: it is one, or a list of what has one under `expression`."""
    if isinstance(value, str) and value.strip():
        yield value
    for one in value if isinstance(value, list) else ():
        text = one.get("expression") if isinstance(one, dict) else None
        if isinstance(text, str) and text.strip():
            yield text


def _fed(path: Path, inputs: frozenset[str]) -> bool:
    """True when an input brings what `path` leads to, or where it begins."""
    if path[0] in inputs or (len(path) > 1 and f"{path[0]}.{path[1]}" in inputs):
        return True
    return len(path) == 1 and any(name.startswith(f"{path[0]}.") for name in inputs)


@dataclass(frozen=True)
class _Meant:
    """The output that a path means, and the input that would bring it."""

    source: NodeId
    port: PortName
    input: PortName


class _Reader:
    """Tells what a path that no input brings could mean in `spec`."""

    def __init__(self, spec: FlowSpec, wiring: Wiring) -> None:
        self.spec = spec
        self.edges = wiring.edges

    @cached_property
    def nesting(self) -> Nesting:
        return Nesting(self.spec)

    @cached_property
    def makers(self) -> Mapping[str, list[NodeId]]:
        """Nodes by the names of their outputs."""
        found: dict[str, list[NodeId]] = {}
        for node in self.spec.nodes:
            for port in node.outputs:
                found.setdefault(port, []).append(node.id)
        return found

    def missing(self, node: NodeSpec, setting: str, path: Path, *, told: bool) -> Problem | None:
        """The problem of `path`; None where reading its cell has `told` already."""
        if path[0] == PREVIOUS and not self._is_known(PREVIOUS):
            return self._no_previous(node, setting, path)
        meant = self.meant(node, path)
        said = ".".join(path[:2])
        if isinstance(meant, _Meant):
            return self._unwired(node, f"{setting}: {said!r}", meant)
        if told:
            return None
        if any(param.name == path[0] for param in self.spec.params):
            fix = SetInputs(node.id, (*node.inputs, InputSpec(PortName(path[0]))))
            message = f"{setting}: {path[0]!r} is a parameter and no input of {node.id!r}"
            return replace(at(node, message, f"give it the input {path[0]}"), fix=fix)
        return at(node, f"{setting}: {said!r} is no input of {node.id!r}", meant)

    def _unwired(self, node: NodeSpec, said: str, meant: _Meant) -> Problem:
        wire = f"{meant.source}.{meant.port}"
        message = f"{said} is read, and there is no wire from {wire} to {node.id!r}"
        reason = unreachable(self.spec, meant.source, node.id, meant.input)
        if reason is not None:
            return at(node, message, f"there can be none: {reason}")
        fix: Fix = Connect(meant.source, meant.port, node.id, meant.input)
        hint = f"an expression reads what is wired to its node: {fix.label.lower()}"
        return replace(at(node, message, hint), fix=fix)

    def meant(self, node: NodeSpec, path: Path) -> _Meant | str:
        """The output meant, or what to do instead."""
        source = self.spec.by_id.get(NodeId(path[0]))
        if source is not None and source.id != node.id:
            if len(path) > 1 and path[1] in source.outputs:
                return _Meant(source.id, PortName(path[1]), PortName(f"{path[0]}.{path[1]}"))
            if len(source.outputs) == 1:
                return _Meant(source.id, source.outputs[0], PortName(path[0]))
            ports = " or ".join(f"{source.id}.{port}" for port in source.outputs)
            return f"say which output: {ports}" if ports else f"{source.id!r} has no outputs"
        home = self.nesting.home(node.id)
        every = [one for one in self.makers.get(path[0], ()) if one != node.id]
        seen = [one for one in every if self.nesting.visible(one, home)]
        if len(seen) == 1:
            return _Meant(seen[0], PortName(path[0]), PortName(path[0]))
        if seen:
            return f"say whose: {' or '.join(f'{one}.{path[0]}' for one in seen)}"
        if every:
            inside = container_of(self.nesting.home(every[0]))
            return f"it is inside of {inside!r}: read an output of {inside!r} instead"
        if source is not None:
            return "a node does not read itself"
        known = (*self.spec.by_id, *self.makers, *(one.name for one in node.inputs))
        return did_you_mean(path[0], tuple(dict.fromkeys(map(str, known))))

    # ------------------------------------------------------------ previous

    def _is_known(self, name: str) -> bool:
        named = name in self.spec.by_id or name in self.makers
        return named or any(param.name == name for param in self.spec.params)

    def parents(self, node: NodeId) -> tuple[NodeId, ...]:
        """The nodes that feed `node`."""
        return tuple(dict.fromkeys(edge.source for edge in self.edges if edge.target == node))

    def previous(self, node: NodeSpec, paths: Sequence[Path]) -> tuple[InputSpec, ...]:
        """The inputs that bring `previous`, as far as it is plain what is meant.

        It is the node's output, or the one that is wired to this node; by the names of its outputs
        it goes only where every path says one, or where nothing else is meant.
        """
        parents = self.parents(node.id)
        if len(parents) != 1 or self._is_known(PREVIOUS):
            return ()
        ports = self.spec.node(parents[0]).outputs
        fed = {edge.output for edge in self.edges if edge.target == node.id}
        only = ports if len(ports) == 1 else tuple(fed)
        named = tuple(dict.fromkeys(PortName(path[1]) for path in paths if len(path) > 1))
        if all(len(path) > 1 and path[1] in ports for path in paths):
            return self._by_port(parents[0], named)
        if len(only) == 1:
            return (InputSpec(PortName(PREVIOUS), Wire(parents[0], only[0])),)
        return self._by_port(parents[0], ports) if set(named) <= set(ports) else ()

    def _by_port(self, parent: NodeId, ports: Sequence[PortName]) -> tuple[InputSpec, ...]:
        return tuple(InputSpec(PortName(f"{PREVIOUS}.{one}"), Wire(parent, one)) for one in ports)

    def _no_previous(self, node: NodeSpec, setting: str, path: Path) -> Problem | None:
        parents = self.parents(node.id)
        if self.previous(node, [path]):
            return None
        if len(parents) == 1:
            ports = " or ".join(f"{PREVIOUS}.{port}" for port in self.spec.node(parents[0]).outputs)
            message = f"{setting}: {PREVIOUS!r} is {parents[0]!r}, which has several outputs"
            return at(node, message, f"say which: {ports}")
        found = f"{', '.join(parents)} feed it" if parents else "nothing feeds it"
        message = f"{setting}: {PREVIOUS!r} is the one node that feeds {node.id!r}, and {found}"
        return at(node, message, "name the node that is meant, such as fetch.status")
