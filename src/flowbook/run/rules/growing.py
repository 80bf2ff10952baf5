"""More items for a container, and turns of it that need not run: what is decided about them.

A node adds items by what it returns: its completion and the items are one decision, and the items
come first, so that a crash between the two loses none. Where they are there already the same node
adds no more: what it does again adds nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowbook.events import ItemsAdded, ScopeReused
from flowbook.events.values import ErrorInfo
from flowbook.graph.container import BODY, Policy
from flowbook.ids import NodeId, PortName
from flowbook.run.rules import turns
from flowbook.run.rules.known import ItemsGiven, KnownTurn
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState, Turning
from flowbook.run.rules.stimulus import StepRaised, StepReturned
from flowbook.run.rules.turn import Turn

ITEMS = PortName("items")
"""What the items that were added are called among an event's outputs."""


def container_seen(state: RunState, i: int, name: str) -> int | None:
    """The slot of the container that the step in slot `i` means by `name`: the nearest around."""
    number = state.scope[i]
    while number >= 0:
        scope = state.scopes[number]
        found = state.index.get(f"{scope.path}.{name}" if scope.path else name)
        if found is not None and state.steps[found].inside is not None:
            return found
        number = state.scope[scope.owner] if scope.owner >= 0 else -1
    return None


def refusal(state: RunState, i: int) -> str:
    """Why the container in slot `i` takes no more items; '' while it does."""
    inside, phase = state.steps[i].inside, state.phase[i]
    if inside is None or not inside.policy.grows:
        return f"it is a {state.steps[i].kind} node, which goes over no items"
    if phase is Phase.DONE:
        outcome = state.outcome[i]
        return f"it is over ({'' if outcome is None else outcome.value})"
    if phase is Phase.CANCELLING or state.cancelling:
        return "it is being cancelled"
    if phase is not Phase.TURNING:
        return ""
    return _ended(inside.policy, state.turning[i])


def _ended(policy: Policy, turning: Turning) -> str:
    """Why a container begins no more turns; '' while it does."""
    if turning.broken:
        return "a break has ended it"
    if policy.stop and turning.failed:
        return "one of its items has failed, which ends it"
    if policy.enough is not None and turning.succeeded >= policy.enough:
        return "it has enough of them"
    if policy.asks and not turning.active:
        return "it is being asked whether it has enough"
    if not turning.active and turning.next >= (turning.total or 0):
        return "its items are all done, and what they gave is being gathered"
    return ""


def add(turn: Turn, given: ItemsGiven) -> None:
    """Take items in, where the container takes any."""
    state, i = turn.state, given.step
    if refusal(state, i) or _has_of(state, i, given.by):
        return
    _tell(turn, given)
    grow(turn, i)


def begin_with(turn: Turn, given: ItemsGiven) -> None:
    """Take in items that a run begins with."""
    _tell(turn, given)


def take(turn: Turn, returned: StepReturned) -> str:
    """Take in what a step that returned adds; why it cannot be, '' when it can."""
    state = turn.state
    for given in returned.added:
        if (why := refusal(state, given.step)) and not _has_of(state, given.step, given.by):
            return f"no items can be added to {state.key(given.step)!r}: {why}"
    for given in returned.added:
        if not _has_of(state, given.step, given.by):
            _tell(turn, given)
    return ""


def refused(returned: StepReturned, why: str) -> StepRaised:
    """What becomes of a step that adds what cannot be added: it has failed."""
    return StepRaised(
        at=returned.at,
        step=returned.step,
        attempt=returned.attempt,
        ms=returned.ms,
        error=ErrorInfo(type="UsageError", message=why),
        usage=returned.usage,
        final=True,
    )


def grow(turn: Turn, i: int) -> None:
    """Begin turns for what was added, unless the container is looked at anyway."""
    if turn.state.phase[i] is Phase.TURNING and all(one.owner != i for one in turn.ended):
        turns.go_on(turn, i)


def pass_over(turn: Turn, i: int, known: Mapping[int, KnownTurn]) -> None:
    """Say of each turn of the container in slot `i` that is known that it need not run."""
    turning = turn.state.turning[i]
    for index in sorted(known):
        if _may_be_known(turning, index):
            one = known[index]
            turn.tell(
                ScopeReused,
                i,
                index=index,
                outputs=one.outputs,
                source=one.source,
                left=one.left,
                succeeded=turning.succeeded + 1,
                failed=turning.failed,
            )


def _may_be_known(turning: Turning, index: int) -> bool:
    within = turning.total is None or index < turning.total
    return within and (BODY, index) not in turning.scopes


def _has_of(state: RunState, i: int, by: NodeId | None) -> bool:
    """True when the container has the items already that this node adds."""
    return by is not None and any(one.by == by for one in state.added.get(i, ()))


def _tell(turn: Turn, given: ItemsGiven) -> None:
    state, i = turn.state, given.step
    known = state.turning[i].total if state.phase[i] is Phase.TURNING else None
    turn.tell(
        ItemsAdded,
        i,
        outputs={ITEMS: given.items},
        count=given.count,
        total=None if known is None else known + given.count,
        by=given.by,
    )
