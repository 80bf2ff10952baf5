"""How a run begins, and how it goes on when another process takes it up."""

from __future__ import annotations

from msgspec import structs

from flowbook.events import (
    NodeReused,
    NodeSkipped,
    RunCreated,
    RunPaused,
    RunRecovered,
    SkipReason,
)
from flowbook.graph.choices import Role
from flowbook.run.rules import (
    checkpoints,
    closing,
    ending,
    growing,
    losers,
    stopping,
    turns,
    undoing,
)
from flowbook.run.rules.instruction import Await, SetTimer
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.stimulus import Start, TakenUp
from flowbook.run.rules.turn import Turn


def on_start(turn: Turn, s: Start) -> None:
    """A run begins: what is known or not asked for is settled, and the rest is looked at."""
    plan = turn.plan
    _create(turn, s)
    if s.withdrawn is not None:
        ending.stop(turn, reason=s.withdrawn, force=bool(plan.standby))
        turn.close_if_done()
        return
    if s.paused:
        turn.emit(RunPaused)
    for more in s.added:
        growing.begin_with(turn, more)
    for i, known in s.given.items():
        turn.tell(NodeReused, i, outputs=known.outputs, source=known.source, by_hand=known.by_hand)
    checkpoints.begin(turn)
    for unasked in plan.unasked:
        if unasked not in s.given and plan.steps[unasked].node not in plan.standby:
            turn.tell(NodeSkipped, unasked, reason=SkipReason.NOT_ASKED)
    losers.settle_all(turn)
    if s.given:
        ending.settle_all(turn)
    turn.look_at(range(len(plan.steps)))
    turn.close_if_done()


def _create(turn: Turn, s: Start) -> None:
    plan, origin = turn.plan, s.origin
    turn.run = s.run
    turn.emit(
        RunCreated,
        flow=plan.flow,
        version=plan.version,
        trigger=s.trigger,
        nodes=tuple(step.node for step in plan.steps),
        params=s.params,
        key=s.key,
        host=s.host,
        pid=s.pid,
        blocks=plan.blocks,
        setup=plan.setup,
        teardown=plan.of_role(Role.TEARDOWN),
        compensations=plan.compensations,
        environment=s.environment,
        origin=None if origin is None else origin.run,
        origin_seq=None if origin is None else origin.seq,
        origin_node=None if origin is None else origin.node,
        items_of=s.items_of,
        called=s.called,
        routed=s.routed,
        **structs.asdict(s.lineage),
    )


def on_taken_up(turn: Turn, s: TakenUp) -> None:
    """A run goes on: what ran with the lost process starts again, what waited waits on."""
    state = turn.state
    for i in s.again:
        turns.give_up(turn, i, "cancelled")  # what goes on behind it is part of it
    lost = tuple(state.key(i) for i, phase in enumerate(state.phase) if phase is Phase.RUNNING)
    again = () if state.cancelling else tuple(map(state.key, s.again))
    here = {"host": s.host, "pid": s.pid, "environment": s.environment}
    turn.emit(RunRecovered, **here, lost=lost, again=again)
    if state.cancelling and (state.forced or not undoing.cleans_up(turn.plan)):
        turn.cancel_all()
    else:
        checkpoints.begin(turn)
        _wait_on(turn)
        _go_on(turn, s)
    turn.close_if_done()


def _wait_on(turn: Turn) -> None:
    """Set the alarms that were lost; where the run is being stopped, stop what else was lost."""
    state = turn.state
    if state.cancelling:
        stopping.end_lost(turn)
    for i, phase in enumerate(state.phase):
        if phase is Phase.BACKOFF:
            turn.instructions.append(SetTimer(i, state.attempt[i], _left(*state.pause[i], turn.at)))
        elif phase is Phase.SUSPENDED:
            turn.instructions.append(Await(i, state.waiting[i].seq))


def _go_on(turn: Turn, s: TakenUp) -> None:
    """Finish what was only begun to be said, and look at everything anew."""
    state = turn.state
    if not state.cancelling:
        stopping.leave_again(turn)
    losers.settle_all(turn)
    ending.settle_all(turn)
    if state.setups and not state.setup:
        closing.set_up(turn)
    turn.look_at(range(len(state.phase)))
    for i, known in s.known.items():
        if state.phase[i] is Phase.TURNING:
            growing.pass_over(turn, i, known)
    ending.end_left_turns(turn)
    turns.take_up(turn)
    stopping.end_left_containers(turn)


def _left(since: float, delay: float, now: float) -> float:
    """What is left of a pause; all of it, and no more, by a clock that went backwards."""
    return min(delay, max(0.0, since + delay - now))
