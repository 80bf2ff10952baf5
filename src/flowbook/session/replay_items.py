"""A replay of a container takes the items that went well, and runs the others.

The rule is that of nodes: an item's turn is taken if it had succeeded at the point, everything in
it still is as it was, everything before the container is taken, and what left the turn can be had.
A turn with a container in it of which something failed is none that went well, whatever it gave.
Turns that follow from each other are taken up to the first that is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flowbook.errors import UsageError
from flowbook.events import ItemsAdded, NodeCompleted, NodeReused, RunStatus, ScopeReused
from flowbook.events.ports import Vault
from flowbook.events.values import ValueRef
from flowbook.graph.container import BODY
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Block, Inside, Plan
from flowbook.run.rules.growing import ITEMS
from flowbook.run.rules.known import KnownTurn
from flowbook.run.rules.state import RunState, Scope
from flowbook.run.work import Carried, Items
from flowbook.session.replay_asked import Asked
from flowbook.session.replay_plan import Fate, ReplayNode, Story

Turns = Mapping[NodeId, Mapping[int, KnownTurn]]


def turns_of(story: Story, plan: Plan, vault: Vault) -> dict[NodeId, dict[int, KnownTurn]]:
    """The turns of the plan's containers that went well and can be had; reads the store."""
    found = {}
    for step in plan.steps:
        i = story.state.index.get(step.node, -1)
        if step.inside is not None and i in story.state.turning:
            turns = _Turns(story, vault, step.node, step.inside).known(i)
            if turns:
                found[step.node] = turns
    return found


@dataclass(frozen=True, slots=True)
class _Turns:
    story: Story
    vault: Vault
    node: NodeId
    inside: Inside

    def known(self, i: int) -> dict[int, KnownTurn]:
        state, policy = self.story.state, self.inside.policy
        turning = state.turning[i]
        if not policy.counts or turning.broken:
            return {}
        found: dict[int, KnownTurn] = {}
        numbered = [(index, at) for (_, index), at in turning.scopes.items() if index is not None]
        for index, number in sorted(numbered):
            scope = state.scopes[number]
            known = None if _went_wrong(state, scope) else self._turn(scope)
            if known is not None:
                found[index] = known
        if policy.settle:
            return found
        until = next((at for at, index in enumerate(sorted(found)) if at != index), len(found))
        return {index: found[index] for index in range(until)}

    def _turn(self, scope: Scope) -> KnownTurn | None:
        before = self.story.inside.get(scope.path)
        if isinstance(before, ScopeReused):
            made: dict[PortName, ValueRef] = dict(before.outputs)
            source = before.source
        elif scope.gave is not None:
            made, source = dict(scope.gave), None
        else:
            made = dict(self._gave(scope, self.inside.blocks[scope.block or BODY]))
            source = None
        if not all(ref.exact and self.vault.touch(ref) for ref in made.values()):
            return None
        return KnownTurn(made, source or self.story.created.run, scope.left)

    def _gave(self, scope: Scope, block: Block) -> Iterator[tuple[PortName, ValueRef]]:
        for name, source in block.gives:
            event = self.story.inside.get(f"{scope.path}.{block.plan.steps[source.step].node}")
            if isinstance(event, NodeCompleted | NodeReused) and source.port in event.outputs:
                yield name, event.outputs[source.port]


def _went_wrong(state: RunState, scope: Scope) -> bool:
    """True when a turn did not succeed, or something in a container in it failed."""
    if scope.status is not RunStatus.SUCCEEDED:
        return True
    return any(
        _went_wrong(state, state.scopes[number])
        for i in range(scope.base, scope.base + scope.size)
        if i in state.turning
        for number in state.turning[i].scopes.values()
    )


def carried(story: Story, nodes: Sequence[ReplayNode], turns: Turns, asked: Asked) -> Carried:
    """What the containers that run have of the run that is replayed, and what is added now."""
    fates = {one.node: one for one in nodes}
    taken: dict[NodeId, Mapping[int, KnownTurn]] = {}
    items: dict[NodeId, list[Items]] = {}
    for one in nodes:
        if one.fate is Fate.RUNS:
            if one.items:
                taken[one.node] = turns[one.node]
            known = [_kept(e) for e in story.added.get(one.node, ()) if _is_due(e, one, fates)]
            given = asked.add.get(one.node)
            more = [] if given is None else [Items(list(given), len(given))]
            if known or more:
                items[one.node] = [*known, *more]
    return Carried(taken, items)


def _kept(event: ItemsAdded) -> Items:
    return Items(None, event.count, event.outputs[ITEMS], event.by)


def _is_due(event: ItemsAdded, one: ReplayNode, fates: Mapping[NodeId, ReplayNode]) -> bool:
    """False for what the node that added it will add again."""
    if event.by is None or one.items:
        return True
    adder = fates.get(NodeId(re.split(r"[.\[]", event.by)[0]))
    return adder is not None and adder.fate is Fate.TAKEN


def refuse_additions(plan: Plan, asked: Asked) -> None:
    """`UsageError` for items that are added to what goes over none."""
    for name in asked.add:
        step = plan.steps[plan.index[NodeId(name)]] if name in plan.index else None
        if step is None or step.inside is None or not step.inside.policy.grows:
            growing = [s.node for s in plan.steps if s.inside and s.inside.policy.grows]
            raise UsageError(
                f"no items can be added to {name!r}: it is no map or foreach of this flow",
                hint=f"there {'is' if len(growing) == 1 else 'are'} {', '.join(growing) or 'none'}",
            )


def gone_items(story: Story, carried: Carried, vault: Vault) -> Iterator[str]:
    """What was added to a container in the replayed run and cannot be had any more."""
    for node, lists in carried.items.items():
        for one in lists:
            if one.ref is not None and not (one.ref.exact and vault.touch(one.ref)):
                yield f"items that were added to {node} in run {story.created.run} are gone"
