"""The plan of every flow, made again only when the flow has changed.

To compile a flow costs more than to run its nodes, where those do little. A spec is never changed,
only replaced, and a plan is frozen, so the same spec has the same plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from flowbook.graph.flow import Flow
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec

if TYPE_CHECKING:
    from flowbook.plan.plan import Plan


class Plans:
    """The last plan of each flow, as a whole."""

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[Flow, tuple[FlowSpec, Registry, Plan]] = WeakKeyDictionary()

    def of(self, flow: Flow, kinds: Registry) -> Plan:
        """The compiled flow; raises as `compile_plan` does, and then keeps nothing."""
        spec = flow.spec()
        known = self._made.get(flow)
        if known is not None and known[0] is spec and (known[1] is kinds or known[1] == kinds):
            return known[2]
        from flowbook.plan.compile import compile_plan

        plan = compile_plan(spec, kinds)
        self._made[flow] = (spec, kinds, plan)
        return plan
