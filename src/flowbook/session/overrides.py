"""Values of a variant that stand for nodes: given to a run, so that they are not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.run.work import Reuse
from flowbook.session.checks import output_misfits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowbook.graph.flow import Flow
    from flowbook.ids import NodeId
    from flowbook.plan.plan import Plan


def given_by_overrides(flow: Flow, plan: Plan) -> Mapping[NodeId, Reuse]:
    """What nodes of a variant give, by hand; nothing for a flow that is none.

    A value that does not fit what the node's ports say is left to the node: it is what the attempt
    gave, and fails it as any output does.
    """
    if flow.base is None:
        return {}
    spec, steps = flow.spec(), {step.node for step in plan.steps}
    return {
        node: Reuse(outputs, by_hand=True)
        for node, outputs in flow.given_values.items()
        if node in steps and not any(output_misfits(spec.node(node), spec, outputs))
    }
