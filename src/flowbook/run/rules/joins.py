"""What a step that joins branches waits for, and what its branches' failures mean to the run.

A join counts its inputs like every step: settled ones, live ones. It reads the counts in its own
way: it may have enough before all are settled, it may know early that there will never be enough,
and it may not mind how its inputs ended. Everything here is a question to the state; it is asked
once per edge, and only of joins.
"""

from __future__ import annotations

from flowbook.events import SkipReason
from flowbook.ids import NodeId
from flowbook.plan.plan import FromStep, Join
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState, Scope

_GAVE = (Outcome.SUCCEEDED, Outcome.REUSED)


def undecided(state: RunState, i: int, join: Join) -> bool:
    """True while it depends on inputs that are not settled whether the join in slot `i` runs."""
    if not join.need:
        return state.waits[i] > 0
    return state.live[i] < join.need <= state.live[i] + state.waits[i]


def doom(state: RunState, i: int, join: Join) -> SkipReason | None:
    """Why a join that is decided does not run, None when it does."""
    worst, live = state.doom[i], state.live[i]
    if join.need:
        return None if live >= join.need else worst or SkipReason.BRANCH_NOT_TAKEN
    nothing_came = not live and worst in (None, SkipReason.BRANCH_NOT_TAKEN)
    return SkipReason.BRANCH_NOT_TAKEN if nothing_came else None


def take(state: RunState, i: int, join: Join) -> None:
    """Note which inputs a join takes, of which there are enough: what comes later comes too late.

    They are chosen anew when one of them is not there any more, because its process was lost.
    """
    base = state.scopes[state.scope[i]].base
    live = frozenset(
        binding.input
        for binding in state.steps[i].bindings
        if isinstance(source := binding.source, FromStep)
        and source.port in state.outputs[base + source.step]
    )
    known = state.taken.get(i)
    if join.need and not join.each and (known is None or not known <= live):
        state.taken[i] = live


def wants(state: RunState, i: int) -> bool:
    """True when slot `i` still has use for an input that is not settled."""
    if state.phase[i] is Phase.DONE:
        return False
    join = state.joins[i]
    if join is None or not join.need or join.each or state.phase[i] is Phase.WAITING:
        return True
    return state.live[i] < join.need


def has_enough(state: RunState, i: int) -> bool:
    """True for a join that runs or ran, and stops what else would have fed it."""
    join = state.joins[i]
    if join is None or not join.cancels or state.phase[i] is Phase.WAITING:
        return False
    withdrawn = state.outcome[i] in (Outcome.SKIPPED, Outcome.CANCELLED)
    return not withdrawn and not wants(state, i)


def withdrawer(state: RunState, i: int) -> NodeId | None:
    """The node that has made slot `i` needless: a join that has enough, or one that cancels it."""
    base = state.scopes[state.scope[i]].base
    for target, *_ in state.edges[i]:
        if has_enough(state, base + target):
            return state.names[base + target]
    name = str(state.names[i])
    says = (k for k, step in enumerate(state.steps) if name in step.options.cancels)
    by = next((k for k in says if state.outcome[k] in _GAVE), -1)
    return None if by < 0 else state.names[by]


def unhandled(state: RunState, scope: Scope) -> int:
    """The slot of a scope whose failure is that of the scope, -1 when there is none.

    A failure goes to every step that is fed, and on from those it skips. It is handled when each
    of its ways ends at a join that ran all the same. The first failure counts, unless it is
    handled; then the first in the plan's order that is not.
    """
    base, size, first = scope.base, scope.size, scope.failed
    joining = state.joins[base : base + size]
    if first < 0 or not any(joining):
        return first
    passed = [False] * size
    found = -1
    for step in reversed(range(size)):
        if _fails(state, base + step):
            to = state.edges[base + step]
            passed[step] = not to or any(
                passed[target] if _is_skipped(state, base + target) else not joining[target]
                for target, *_ in to
            )
            if passed[step] and state.outcome[base + step] is Outcome.FAILED:
                found = base + step
    return first if passed[first - base] else found


def _fails(state: RunState, i: int) -> bool:
    """True for a step that failed, or was skipped because one before it did."""
    if _is_skipped(state, i):
        return state.reason[i] == SkipReason.UPSTREAM_FAILED
    return state.outcome[i] is Outcome.FAILED and i not in state.undoes


def _is_skipped(state: RunState, i: int) -> bool:
    return state.outcome[i] is Outcome.SKIPPED
