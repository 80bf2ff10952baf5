"""Whether a wire may go from one node to another: what neither order nor containers allow."""

from __future__ import annotations

from flowbook.graph.nesting import Nesting, container_of
from flowbook.graph.spec import FlowSpec
from flowbook.graph.topology import find_path, show_cycle
from flowbook.graph.wiring import Wiring, resolve
from flowbook.ids import NodeId, PortName


def unreachable(
    spec: FlowSpec, source: NodeId, target: NodeId, into: PortName, wiring: Wiring | None = None
) -> str | None:
    """Why no wire can go from `source` to input `into` of `target`; None when one can.

    What feeds that input today does not count. Names of inside of a container are not seen from
    outside, and a wire from outside to a node inside is one to the container. `wiring` is that of
    `spec`, if it is known.

    >>> from flowbook.graph.options import Options
    >>> from flowbook.graph.spec import NodeSpec
    >>> inner = NodeSpec(NodeId("clean"), options=Options(inside="each"))
    >>> spec = FlowSpec(NodeId("tour"), (NodeSpec(NodeId("each"), kind="map"), inner))
    >>> unreachable(spec, NodeId("each"), NodeId("clean"), PortName("x"))
    "'clean' is inside of it"
    """
    nesting = Nesting(spec)
    home = nesting.home(target)
    if not nesting.visible(source, home):
        return (
            f"it is inside of {container_of(nesting.home(source))!r}, and nobody outside reads it"
        )
    if source in nesting.owners(home):
        return f"{target!r} is inside of it"
    waits = nesting.seen_from(nesting.home(source), target) or target
    edges = (wiring or resolve(spec)).edges
    others = [
        (one.source, one.target) for one in edges if (one.target, one.input) != (target, into)
    ]
    loop = find_path(nesting.lifted(others) if nesting.nested else others, waits, source)
    return f"it would close a cycle: {show_cycle(loop)}" if loop else None


def reachable(spec: FlowSpec, target: NodeId, wiring: Wiring | None = None) -> tuple[NodeId, ...]:
    """The nodes that a new input of `target` may be wired to, in their order; linear.

    >>> from flowbook.graph.spec import InputSpec, NodeSpec, Wire
    >>> one, two = NodeSpec(NodeId("one")), NodeSpec(NodeId("two"))
    >>> three = NodeSpec(NodeId("three"), inputs=(InputSpec(PortName("x"), Wire(NodeId("two"))),))
    >>> reachable(FlowSpec(NodeId("tour"), (one, two, three)), NodeId("two"))
    ('one', 'three')
    >>> two = NodeSpec(NodeId("two"), outputs=(PortName("two"),))
    >>> reachable(FlowSpec(NodeId("tour"), (one, two, three)), NodeId("two"))
    ('one',)
    """
    nesting = Nesting(spec)
    home = nesting.home(target)
    owners = nesting.owners(home)
    edges = [(one.source, one.target) for one in (wiring or resolve(spec)).edges]
    readers: dict[NodeId, list[NodeId]] = {}
    for source, reader in nesting.lifted(edges) if nesting.nested else edges:
        readers.setdefault(source, []).append(reader)
    behind: set[NodeId] = {target, *owners}
    left = list(behind)
    while left:
        for one in readers.get(left.pop(), ()):
            if one not in behind:
                behind.add(one)
                left.append(one)
    return tuple(
        one.id for one in spec.nodes if one.id not in behind and nesting.visible(one.id, home)
    )
