"""Words in a flow for whoever reads it: no step, no ports, and no part of any run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flowbook.graph.node import Node, NodeContext
from flowbook.graph.options import Options
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName


class NoteNode(Node):
    """Says something about the flow, in Markdown: the text below the header is all there is.

    It has no inputs and no outputs, never runs, and changing it makes nothing stale.
    """

    kind: ClassVar[str] = "note"
    begins: ClassVar[str] = "What this flow is about."
    body: ClassVar[str] = "text"
    family: ClassVar[str] = "flow"
    silent: ClassVar[bool] = True
    defaults: ClassVar[Options] = Options(pure=True)
    example: ClassVar[str] = """\
%%flow note about
**Sales of the day.** The numbers come from the till; see the *handbook* for refunds.

%%flow python total
total = 3 + 4
"""

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:  # noqa: ARG003  # the contract names it
        """None, whatever its header says."""
        return ()

    @classmethod
    def meaning(cls, spec: NodeSpec) -> str:  # noqa: ARG003  # the contract names it
        """Nothing: it decides no result."""
        return ""

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> None:
        """Nothing; no run ever gets here."""
