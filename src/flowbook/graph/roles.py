"""Nodes with a place of their own in a run: those that undo others, that set up, that tear down.

The place is said by options: `compensate` on the node that is undone, `role` on the node itself.
What a body may read by name there, beyond what all may, is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flowbook.graph.choices import Role
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName

STATUS, ERROR = PortName("status"), PortName("error")
WENT: Final[Mapping[PortName, PortName]] = {
    STATUS: PortName("run.status"),
    ERROR: PortName("run.error"),
}
"""What a node that tears down may read of the run: its names there, and what a plan calls them."""


class Roles:
    """Who undoes whom in a spec, and which names that gives; built once, asked often.

    >>> from flowbook.graph.options import Options
    >>> from flowbook.ids import FlowId
    >>> paid = NodeSpec(NodeId("charge"), options=Options(compensate="refund"))
    >>> roles = Roles(FlowSpec(FlowId("order"), (paid, NodeSpec(NodeId("refund")))))
    >>> [undone.id for undone in roles.undoes[NodeId("refund")]]
    ['charge']
    """

    def __init__(self, spec: FlowSpec) -> None:
        self.undoes: dict[NodeId, tuple[NodeSpec, ...]] = {}
        for node in spec.nodes:
            if node.options.compensate:
                name = NodeId(node.options.compensate)
                self.undoes[name] = (*self.undoes.get(name, ()), node)

    def stands_by(self, node: NodeSpec) -> bool:
        """True for a node that runs only when others are over."""
        return node.id in self.undoes or node.options.role is Role.TEARDOWN

    def undone_by(self, node: NodeId) -> NodeSpec | None:
        """The node that `node` undoes."""
        return next(iter(self.undoes.get(node, ())), None)

    def lent(self, node: NodeSpec, name: PortName) -> InputSpec | None:
        """The input of the undone node by that name, which the one that undoes it reads as well."""
        undone = self.undone_by(node.id)
        return None if undone is None else undone.input(name)

    def gives(self, node: NodeSpec, name: PortName) -> bool:
        """True when the place of `node` in a run brings that name."""
        if self.lent(node, name) is not None:
            return True
        return node.options.role is Role.TEARDOWN and name in WENT
