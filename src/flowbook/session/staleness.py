"""Which nodes of a flow are stale, and why, also while parts of it cannot run.

A node with a problem, and what reads from it, is stale once it had a result; the others are judged
as if the broken part were not there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from flowbook.errors import InvalidFlow
from flowbook.graph.problem import errors
from flowbook.graph.wiring import resolve

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.graph.spec import FlowSpec
    from flowbook.ids import NodeId
    from flowbook.plan.plan import Plan
    from flowbook.session.live_flow import LiveFlows


class Ageing:
    """The part of a project that tells which results no longer hold."""

    live: LiveFlows

    def plan(
        self, flow: Flow, targets: Collection[NodeId] | None = None, *, whole: bool = False
    ) -> Plan:
        """The compiled flow, or `InvalidFlow`."""
        raise NotImplementedError  # a project can

    def stale(self, flow: Flow) -> frozenset[NodeId]:
        """Nodes whose last result no longer follows from the definition."""
        return frozenset(self.stale_reasons(flow))

    def stale_reasons(self, flow: Flow) -> Mapping[NodeId, str]:
        """Why nodes of `flow` are stale, by node, in the order they run in; never stored."""
        live, spec = self.live.of(flow), flow.spec()
        if not live.memory.known:
            return {}
        try:
            return live.stale(self.plan(flow), spec)
        except InvalidFlow as broken:
            found = reversed(errors(tuple(broken.problems)))
        behind = _behind(spec, {one.node: one.message for one in found if one.node})
        sound = [node for node in spec.by_id if node not in behind]
        try:
            told = live.stale(self.plan(flow, sound), spec) if sound else {}
        except InvalidFlow:
            return {}
        known = live.memory.known
        return {**told, **{node: why for node, why in behind.items() if node in known}}


def _behind(spec: FlowSpec, wrong: Mapping[NodeId, str]) -> dict[NodeId, str]:
    """The nodes with a problem and those they feed, each with the reason."""
    feeds: dict[NodeId, list[NodeId]] = {}
    for edge in resolve(spec).edges:
        feeds.setdefault(edge.source, []).append(edge.target)
    found = dict(wrong)
    waiting = list(wrong)
    while waiting:
        node = waiting.pop(0)
        for target in feeds.get(node, ()):
            if target not in found:
                found[target] = f"{node} is stale"
                waiting.append(target)
    return found
