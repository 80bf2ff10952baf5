"""The values a replay takes: brought back where a node that runs reads them, else left to lie.

A result that is read and cannot be had is no result: its node runs, and with it whatever follows.
So which nodes run is known only when the values have been looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flowbook.errors import ValueUnavailable
from flowbook.events import NodeCompleted, NodeReused
from flowbook.events.ports import Vault
from flowbook.graph.node import Outputs
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Plan
from flowbook.run.recall import held
from flowbook.run.work import Reuse
from flowbook.session.replay_plan import (
    Fate,
    ReplayNode,
    Story,
    Terms,
    fates,
    read_by_what_runs,
)


@dataclass(slots=True)
class Values:
    """What the nodes of a run gave, as far as it was needed and there."""

    story: Story
    vault: Vault
    brought: dict[NodeId, Outputs] = field(default_factory=dict)

    def settle(self, plan: Plan, terms: Terms) -> tuple[tuple[ReplayNode, ...], list[str]]:
        """The fates of all nodes once what is read is known to be there, and what cannot be."""
        gone: dict[NodeId, str] = {}
        while True:  # every turn but the last one adds to `gone`
            nodes = fates(plan, self.story, replace(terms, gone=gone))
            lost = {
                node: why
                for node, ports in read_by_what_runs(plan, nodes).items()
                if node not in terms.by_hand and (why := self.bring(node, ports))
            }
            for_good = [node for node in lost if node in self.story.by_hand]
            if for_good or not lost:
                told = [f"what was given by hand for {n} is gone: {lost[n]}" for n in for_good]
                return nodes, told
            gone.update(lost)

    def bring(self, node: NodeId, ports: set[PortName]) -> str:
        """Bring what a node gave, or these ports of it; why it cannot be had, '' when it can."""
        event = self.event(node)
        wanted = ports & set(event.outputs)
        if isinstance(event, NodeReused) and event.by_hand and wanted != ports:
            return "it was not recorded"
        if node in self.brought and wanted <= set(self.brought[node].ports):
            return ""
        try:
            self.brought[node] = self._whole_or(event, wanted)
        except ValueUnavailable as gone:
            return gone.reason or gone.message
        return ""

    def _whole_or(self, event: NodeCompleted | NodeReused, ports: set[PortName]) -> Outputs:
        try:
            return held(self.vault, event)
        except ValueUnavailable:
            return Outputs({port: self.vault.get(event.outputs[port]) for port in ports})

    def event(self, node: NodeId) -> NodeCompleted | NodeReused:
        """The event that tells of what the node gave."""
        return self.story.gave.get(node) or self.story.by_hand[node]

    def given(
        self, nodes: Sequence[ReplayNode], by_hand: Mapping[NodeId, Outputs]
    ) -> dict[NodeId, Reuse]:
        """What the engine is given, by node."""
        found: dict[NodeId, Reuse] = {}
        for one in nodes:
            if one.node in by_hand:
                found[one.node] = Reuse(by_hand[one.node], by_hand=True)
            elif one.fate in (Fate.TAKEN, Fate.GIVEN):
                found[one.node] = self._reuse(one)
        return found

    def _reuse(self, one: ReplayNode) -> Reuse:
        event = self.event(one.node)
        source = event.source if isinstance(event, NodeReused) else None
        brought = self.brought.get(one.node)
        return Reuse(
            brought,
            refs=event.outputs,
            source=source or event.run,
            by_hand=one.fate is Fate.GIVEN,
            stored=event if brought is None else None,
        )
