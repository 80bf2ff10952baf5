"""What holds of a run after each stimulus, and of one that is over, as the world around it knows.

The referee reads what happened; here it is asked whether what is there can go on: whether the world
has something to come for everything that is not done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.schedules.referee import Foul

from flowbook.events import decode
from flowbook.graph.container import FINALLY
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.phase import GIVEN_UP, Outcome, Phase

if TYPE_CHECKING:
    from tests.schedules.world import World

    from flowbook.run.rules.state import RunState


def demand(holds: object, law: str) -> None:
    """`Foul`, naming the law, unless it holds."""
    if not holds:
        raise Foul(law)


def look(world: World) -> None:
    """All that holds after a stimulus."""
    demand(world.shadow == world.state, "the live state is the fold of the journal")
    if not world.state.over:
        nothing_is_forgotten(world)
        who_leaves_has_left(world)
        losers_are_stopped(world)
        room_is_used(world)
        permits_are_given_back(world)


def permits_are_given_back(world: World) -> None:
    """Nobody asks for a permit or has one that has no use for it."""
    state, waits = world.state, (Phase.READY, Phase.HELD)
    uses = (*waits, Phase.RUNNING, Phase.TURNING, Phase.CANCELLING)
    idle = [i for i in world.applied if state.phase[i] not in waits]
    kept = world.permitted >= 0 and state.phase[world.permitted] not in uses
    demand(not idle and not kept, f"permits are given back: {idle or world.permitted}")


def nothing_is_forgotten(world: World) -> None:
    """Whatever is not done goes on by itself, or waits for something that has a name."""
    for i, phase in enumerate(world.state.phase):
        if phase is not Phase.DONE:
            key = world.state.key(i)
            demand(_EXPECTED[phase](world, i), f"nothing is forgotten: {key} is {phase.value}")


def _goes(world: World, i: int) -> bool:
    return (i, world.state.attempt[i]) in world.going


def _turns(world: World, i: int) -> bool:
    turning = world.state.turning.get(i)
    inside = turning is not None and turning.active > 0
    inside = inside or world.referee.accounts.undoes_in(world.state.key(i))
    return inside or world.asked[i, world.state.attempt[i]] > 0


def _stops(world: World, i: int) -> bool:
    going = world.going.get((i, world.state.attempt[i]))
    return _turns(world, i) or (going is not None and going.stopped)


def _is_open(world: World, i: int) -> bool:
    return world.referee.may_run(world.state.key(i)) is None


_EXPECTED: Mapping[Phase, Callable[[World, int], bool]] = {
    Phase.RUNNING: _goes,
    Phase.TURNING: _turns,
    Phase.CANCELLING: _stops,
    Phase.BACKOFF: lambda world, i: (i, world.state.attempt[i]) in world.timers,
    Phase.SUSPENDED: lambda world, i: (i, world.state.waiting[i].seq) in world.awaits,
    Phase.HELD: lambda world, i: world.state.paused,
    Phase.READY: lambda world, i: (
        world.state.gate is not None or i in world.applied or _is_open(world, i)
    ),
    Phase.WAITING: _is_open,
    Phase.STANDBY: lambda world, i: True,
}
"""What the world has to have for a step in each phase."""


def who_leaves_has_left(world: World) -> None:
    """A `break` or `continue` that has run ended its turn of the nearest loop."""
    state = world.state
    for i, step in enumerate(state.steps):
        if step.leaves and state.outcome[i] is Outcome.SUCCEEDED:
            scope = state.scopes[state.scope[i]]
            while scope.owner >= 0 and not state.steps[scope.owner].inside.policy.counts:
                scope = state.scopes[state.scope[scope.owner]]
            left = scope.owner < 0 or scope.left or scope.status or state.cancelling
            demand(left, f"who leaves has left: {state.key(i)}")


def losers_are_stopped(world: World) -> None:
    """Who feeds nothing but a join that has enough, and stops the others, goes on no more."""
    state = world.state
    for i, join in enumerate(state.joins):
        begun = join is not None and join.cancels and state.phase[i] is not Phase.WAITING
        withdrawn = state.outcome[i] in (Outcome.CANCELLED, Outcome.SKIPPED)
        if not begun or withdrawn or not world.referee.may_run(state.key(i)):
            continue
        scope = state.scopes[state.scope[i]]
        owner = state.steps[scope.owner].inside if scope.owner >= 0 else None
        gives = () if owner is None else owner.blocks[scope.block].gives
        leaving = {source.step for _, source in gives}
        for binding in state.steps[i].bindings:
            source = binding.source.step
            only = {to for to, *_ in state.edges[scope.base + source]} == {i - scope.base}
            ended = state.phase[scope.base + source] in (Phase.DONE, Phase.CANCELLING)
            ended = ended or _is_tidying(state, scope.base + source)
            stopped = ended or not only or source in leaving
            demand(stopped, f"losers are stopped: {state.key(scope.base + source)}")


def _is_tidying(state: RunState, i: int) -> bool:
    """True for a container that is over once what is inside is undone and cleaned up."""
    turning = state.turning.get(i)
    tidies = turning is not None and (FINALLY, None) in turning.scopes
    return tidies or (turning is not None and turning.broken in GIVEN_UP)


def room_is_used(world: World) -> None:
    """Where limits bind, somebody runs as long as somebody may."""
    state, holding = world.state, {Phase.RUNNING, Phase.CANCELLING}
    locked = (bool(step.options.lock) for step in state.steps)
    busy = any(
        phase in holding or (lock and phase is Phase.TURNING)
        for phase, lock in zip(state.phase, locked, strict=True)
    )
    if state.gate is None or state.paused or busy or world.applied:
        return
    for i, phase in enumerate(state.phase):
        idle = phase is Phase.READY and world.referee.may_run(state.key(i))
        demand(not idle, f"room is used: {state.key(i)} is ready, and nobody runs")


def look_back(world: World) -> None:
    """What holds of a run that is over."""
    state = world.state
    demand(all(p is Phase.DONE for p in state.phase), "every node is done")
    demand(all(s.status is not None for s in state.scopes[1:]), "every turn is over")
    used = () if state.gate is None else state.gate.used.values()
    demand(all(abs(much) < 1e-6 for much in used), "who is done holds nothing")
    demand(world.permitted < 0 and not world.applied, "who is done has no permit, and wants none")
    events = [decode(line) for line in world.lines]
    demand(fold(events, world.plan) == state, "the journal leads to the same state")
    bare = fold(events)
    same = (bare.status, bare.phase, bare.outcome, bare.outputs)
    told = (state.status, state.phase, state.outcome, state.outputs)
    demand(same == told, "a view without the plan sees the same")
