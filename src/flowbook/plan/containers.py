"""What is wrong with containers: where nodes say they are, and what leaves a container's blocks.

Only what a container's spec and its nodes' specs tell is looked at; names that do not resolve are
`graph.wiring`'s to report. Linear in the nodes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from flowbook.errors import ExpressionError
from flowbook.expr.parse import bare, parse
from flowbook.graph.container import BODY, FINALLY, Container, Policy, Turns
from flowbook.graph.nesting import Nesting, block_of, container_of, frame_names, own_outputs
from flowbook.graph.node import Node
from flowbook.graph.options import did_you_mean
from flowbook.graph.placing import at, line_of
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.registry import Registry
from flowbook.graph.roles import Roles
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import EdgeSpec, Wiring
from flowbook.ids import NodeId, PortName

_COUNTED = ("succeeded", "failed", "total", "values")


def container_problems(spec: FlowSpec, wiring: Wiring, registry: Registry) -> Iterator[Problem]:
    """All that is wrong with containers and the nodes inside of them, whatever their order."""
    checked = _Checked(spec, wiring, registry)
    for node in spec.nodes:
        home = checked.nesting.home(node.id)
        if home:
            yield from checked.place(node, home)
        kind = registry.get(node.kind)
        if kind is not None and kind.leaves:
            yield from checked.leaving(node, home)
        if kind is not None and issubclass(kind, Container):
            yield from checked.container(node, kind)


class _Checked:
    def __init__(self, spec: FlowSpec, wiring: Wiring, registry: Registry) -> None:
        self.spec, self.registry = spec, registry
        self.nesting, self.roles = Nesting(spec), Roles(spec)
        self.fed: dict[NodeId, list[EdgeSpec]] = {}
        for edge in wiring.edges:
            self.fed.setdefault(edge.source, []).append(edge)

    def kind(self, node: NodeId) -> type[Node] | None:
        kind: type[Node] | None = self.registry.get(self.spec.node(node).kind)
        return kind

    def policy(self, node: NodeId) -> Policy | None:
        """How a container goes about its turns; None for a node that is none."""
        kind = self.kind(node)
        if kind is None or not issubclass(kind, Container):
            return None
        return kind.policy(self.spec.node(node))

    def inside(self, node: NodeId, block: str = BODY) -> tuple[NodeSpec, ...]:
        return self.nesting.members.get(f"{node}.{block}" if block else str(node), ())

    # ------------------------------------------------------------ nodes inside

    def place(self, node: NodeSpec, home: str) -> Iterator[Problem]:
        owner, block = NodeId(container_of(home)), block_of(home)
        policy = self.policy(owner)
        if policy is None:
            if self.kind(owner) is not None:
                kind = self.spec.node(owner).kind
                yield _problem(
                    node,
                    f"it is inside of {owner!r}, which is a {kind} node and no container",
                    "name a map, foreach, while, repeat, try or group",
                )
        elif block not in policy.blocks:
            kind = self.spec.node(owner).kind
            yield _problem(
                node, f"{kind} {owner!r} has no block {block!r}", f"say in: {owner}, or use a try"
            )

    def leaving(self, node: NodeSpec, home: str) -> Iterator[Problem]:
        owners = (NodeId(container_of(one)) for one in self.nesting.around(home) if one)
        policies = [self.policy(owner) for owner in owners]
        if not any(policy is not None and policy.counts for policy in policies):
            hint = "put it into a map, foreach, while or repeat: #| in: name"
            yield _problem(node, f"{node.kind} {node.id!r} is not inside of a loop", hint)

    # ------------------------------------------------------------ containers

    def container(self, node: NodeSpec, kind: type[Container]) -> Iterator[Problem]:
        if not self.inside(node.id):
            hint = f"put a node into it: #| in: {node.id}"
            yield _problem(node, f"no node is inside of {node.kind} {node.id!r}", hint)
        policy = kind.policy(node)
        ports, result = kind.ports(node), node.config.get("result")
        yield from self.outputs(node, ports, policy)
        if result:
            yield from self.result(node, str(result), policy)
        else:
            for block in policy.blocks:
                yield from self.leaves(node, ports, block) if block != FINALLY else ()
        if "over" in kind.class_trait_names(config=True):
            yield from _nothing_to_go_over(node)
        if policy.turns is Turns.WHILE:
            yield from self.condition(node)
        if not policy.collects:
            yield from self.uncollected(node, ports[:2])
        if policy.asks:
            yield from _enough(node)
        if policy.turns is Turns.ARRIVING:
            yield from self.arriving(node)

    def uncollected(self, node: NodeSpec, ports: tuple[PortName, ...]) -> Iterator[Problem]:
        """Nodes that read what a map does not collect."""
        for edge in self.fed.get(node.id, ()):
            if edge.output in ports:
                message = f"{node.id!r} does not collect its results, and {edge.target} reads them"
                hint = "take collect_results: false out, or read the view results"
                yield _problem(node, message, hint, "collect_results")

    def result(self, node: NodeSpec, result: str, policy: Policy) -> Iterator[Problem]:
        names = [one.id for block in policy.blocks for one in self.inside(node.id, block)]
        if result not in names:
            message = f"result: {result!r} is no node inside of {node.id!r}"
            yield _problem(node, message, did_you_mean(result, tuple(names)), "result")

    def leaves(self, node: NodeSpec, ports: tuple[PortName, ...], block: str) -> Iterator[Problem]:
        """What leaves a block has a name each: that of an output, else that of what ends it."""
        members = self.inside(node.id, block)
        made = Counter(port for one in members for port in one.outputs)
        named = {port for port in ports if made[port]}
        giving = members if named else [one for one in members if self._is_end(one)]
        gives = Counter(port for one in giving for port in one.outputs)
        for port in (port for port in gives if gives[port] > 1 and (not named or port in named)):
            by = [one.id for one in giving if port in one.outputs]
            message = f"{' and '.join(by)} both give {port!r}, and {node.id!r} takes one of them"
            yield _problem(node, message, f"rename one, or say which counts: result: {by[0]}")

    def outputs(
        self, node: NodeSpec, ports: tuple[PortName, ...], policy: Policy
    ) -> Iterator[Problem]:
        """Outputs the container is said to have and nothing makes."""
        own = own_outputs(node.id, node.kind)
        if policy.turns is Turns.EACH:
            if len(ports) > len(own):
                message = f"{node.kind} {node.id!r} gives {len(own)}, not {len(ports)} outputs"
                yield _problem(node, message, f"it gives {', '.join(own)}, by any name")
            return
        blocks = (block for block in policy.blocks if block != FINALLY)
        made = {
            port for block in blocks for one in self.inside(node.id, block) for port in one.outputs
        }
        left = [port for port in ports if port != policy.told]
        for port in left if len(left) > 1 else ():
            if port not in made:
                message = f"no node inside of {node.id!r} makes its output {port!r}"
                yield _problem(node, message, did_you_mean(port, tuple(made)))

    def _is_end(self, node: NodeSpec) -> bool:
        """True for a node that feeds no other of its own home, directly or through a container."""
        home = self.nesting.home(node.id)
        kind = self.registry.get(node.kind)
        if self.roles.stands_by(node):
            return False
        if kind is not None and (kind.leaves or kind.ends(node)):
            return False
        return not any(
            self.nesting.seen_from(home, edge.target)
            for edge in self.fed.get(node.id, ())
            if not self.roles.stands_by(self.spec.node(edge.target))
        )

    def arriving(self, node: NodeSpec) -> Iterator[Problem]:
        """A container that begins with the first of its inputs: what its nodes read may be late."""
        home, own = self.nesting.home(node.id), node.id
        edges = [edge for edges in self.fed.values() for edge in edges]
        late = (
            edge
            for edge in edges
            if edge.target != own
            and self.nesting.seen_from(home, edge.target) == own
            and self.nesting.seen_from(home, edge.source) != own
        )
        for edge in late:
            message = f"it reads {edge.source!r}, which may not be there when {own!r} begins"
            hint = "let the branches bring what it needs"
            yield _problem(self.spec.node(edge.target), message, hint)
        if not any(edge.target == own and self.nesting.home(edge.source) == home for edge in edges):
            message = f"each_of {own!r} has no branch to take"
            yield _problem(node, message, "name nodes beside it in the head: (a, b)")

    def condition(self, node: NodeSpec) -> Iterator[Problem]:
        text = node.config.get("condition")
        if not isinstance(text, str) or not bare(text):
            hint = 'such as condition: "last < 10"'
            if not text or isinstance(text, str):  # its kind refuses what is neither
                yield _problem(node, f"while {node.id!r} has no condition", hint, "condition")
            return
        try:
            reads = {path[0] for path in parse(bare(text)).inputs}
        except ExpressionError as refused:
            yield _problem(node, f"condition: {refused.message}", refused.hint or "", "condition")
            return
        turning = {*frame_names(node), *self._gives(node.id)}
        given = {one.name.partition(".")[0] for one in node.inputs}
        unknown = reads - turning - given
        for name in sorted(unknown):
            hint = did_you_mean(name, (*sorted(turning), *sorted(given)))
            yield _problem(node, f"condition: nothing is called {name!r}", hint, "condition")
        if not (unknown or reads & turning or self._breaks(node.id)):
            message = "the condition reads nothing that a turn changes, so it never comes to an end"
            hint = f"read one of {', '.join(sorted(turning))}, or put a break inside"
            yield _problem(node, message, hint, "condition", Severity.WARNING)

    def _gives(self, node: NodeId) -> Iterator[str]:
        for one in self.inside(node):
            yield from one.outputs

    def _breaks(self, node: NodeId) -> bool:
        return any(
            one.kind_name == "break" and node in self.nesting.owners(self.nesting.home(one.id))
            for one in self.spec.nodes
        )


def _nothing_to_go_over(node: NodeSpec) -> Iterator[Problem]:
    if "over" in node.config or node.input(PortName("items")) is not None or len(node.inputs) == 1:
        return
    named = (one.name for one in node.inputs)
    message = f"{node.kind} {node.id!r} has nothing to go over"
    if node.inputs:
        message = f"{node.kind} {node.id!r} does not say which of {', '.join(named)} it goes over"
    hint = 'say it in the head, (items=fetch.rows), or in the body, over: "{{ fetch.rows }}"'
    yield _problem(node, message, hint)


def _enough(node: NodeSpec) -> Iterator[Problem]:
    """An expression that says when a loop is over."""
    try:
        reads = {path[0] for path in parse(bare(str(node.config["enough"]))).inputs}
    except ExpressionError as refused:
        yield _problem(node, f"enough: {refused.message}", refused.hint or "", "enough")
        return
    known = (*_COUNTED, *(one.name.partition(".")[0] for one in node.inputs))
    for name in sorted(reads - {*known}):
        yield _problem(
            node, f"enough: nothing is called {name!r}", did_you_mean(name, known), "enough"
        )


def _problem(
    node: NodeSpec, message: str, hint: str, setting: str = "", how: Severity = Severity.ERROR
) -> Problem:
    """A problem on the line of a setting of the body, else on that of the head."""
    return at(node, message, hint, line_of(node, setting) if setting else 1, how)
