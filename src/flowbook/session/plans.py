"""The plan of every flow, made again only when the flow has changed.

To compile a flow costs more than to run its nodes, where those do little. A spec is never changed,
only replaced, and a plan is frozen, so the same spec has the same plan.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

from flowbook.graph.flow import Flow
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec
from flowbook.ids import NodeId

if TYPE_CHECKING:
    from flowbook.plan.plan import Plan

_Asked: TypeAlias = tuple[tuple[NodeId, ...], bool]


class Plans:
    """The last plan of each flow as a whole, and the last of a part of it."""

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[Flow, tuple[FlowSpec, Registry, Plan]] = WeakKeyDictionary()
        self._parts: WeakKeyDictionary[Flow, tuple[FlowSpec, Registry, _Asked, Plan]]
        self._parts = WeakKeyDictionary()

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

    def part(
        self, flow: Flow, kinds: Registry, targets: Collection[NodeId], *, whole: bool
    ) -> Plan:
        """The plan of `targets` and what they need; the same cell is often run again."""
        spec, asked = flow.spec(), (tuple(targets), whole)
        known = self._parts.get(flow)
        if known is not None and known[0] is spec and known[2] == asked and known[1] == kinds:
            return known[3]
        from flowbook.plan.compile import compile_plan

        plan = compile_plan(spec, kinds, targets=targets, whole=whole)
        self._parts[flow] = (spec, kinds, asked, plan)
        return plan
