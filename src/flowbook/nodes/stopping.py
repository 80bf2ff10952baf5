"""End the run from within: at once, as a success, a failure or a cancellation.

A run that nobody stops ends when nothing is left to do. A `stop` ends it as soon as what it reads
is live: what has not begun never does, what runs is told to stop, and the run has the status that
the node says, whatever else went on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Enum

from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.options import Options
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName

_STATUSES: Final = ("succeeded", "failed", "cancelled")


class StopNode(Node):
    """Stops the run, with a `status` and a `message`; passes on what it was given.

    With `status: failed` the run fails, and the message is its error.
    """

    kind: ClassVar[str] = "stop"
    begins: ClassVar[str] = "message: It stops here."
    family: ClassVar[str] = "flow"
    example: ClassVar[str] = """\
%%flow python order
order = {"id": 7, "pieces": 0}

%%flow stop sold_out(order)
status: failed
message: "order {{ order.id }}: {{ order.pieces }} left"
"""
    defaults: ClassVar[Options] = Options(pure=True)
    untemplated: ClassVar[tuple[str, ...]] = ("status",)

    status = Enum(_STATUSES, default_value=_STATUSES[0], help="How the run then ends.").tag(
        config=True
    )
    message = traitlets.Any(
        "", help="Why; of a run that failed, its error. Templates are filled in."
    ).tag(config=True, examples=["order {{ order.id }} is sold out"])

    @classmethod
    def ends(cls, spec: NodeSpec) -> str:
        """The status; what is malformed counts as not said, never raised."""
        status = spec.config.get("status")
        return str(status) if status in _STATUSES else _STATUSES[0]

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """Its input, if that is one thing; the message is its result."""
        ports = type(self).ports(self.spec)
        given = next(iter(inputs.values())) if len(inputs) == 1 else dict(inputs) or None
        return Outputs(dict.fromkeys(ports[:1], given), result=str(self.message) or None)
