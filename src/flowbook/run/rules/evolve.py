"""The fold of a run's events: the only code that changes a `RunState`.

`evolve` refuses, with the run's story, every event that the table does not have for the phase a
step is in, and every hole in the numbering. State is changed in place: a node costs the same in a
flow of ten and of ten thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from flowbook.events import (
    CancelRequested,
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeResumed,
    NodeRetryScheduled,
    NodeReused,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    NodeSuspended,
    NodeUnfolded,
    RunCompleted,
    RunCreated,
    RunEnding,
    RunPaused,
    RunRecovered,
    RunResumed,
    RunRetried,
    RunStatus,
    ScopeClosed,
    ScopeLeft,
    ScopeOpened,
    SkipReason,
)
from flowbook.ids import EventSeq
from flowbook.plan.plan import Plan
from flowbook.run.rules import behind, deadline, edges, grown, joins, standby
from flowbook.run.rules.illegal import illegal
from flowbook.run.rules.limits import gate_of
from flowbook.run.rules.phase import ENDING, GIVEN_UP, MOVES, TABLE, Outcome, Phase
from flowbook.run.rules.slots import add_scope
from flowbook.run.rules.state import RunState, Scope, Turning, scope_path
from flowbook.run.rules.suspended import resumed, suspended
from flowbook.run.rules.undoing import protected

_ACTIVE = frozenset({Phase.READY, Phase.RUNNING, Phase.BACKOFF, Phase.HELD, Phase.CANCELLING})
_GAVE = frozenset({Outcome.SUCCEEDED, Outcome.REUSED})


def evolve(state: RunState, event: Event) -> None:
    """Fold one event into `state`, in place; O(1) per edge that the event settles.

    Raises `IllegalTransition` for what the table lacks or a hole in the numbers, changing nothing.
    """
    whole = _WHOLE_RUN.get(type(event))
    if whole is None:
        evolve_slot(state, _slot_of(state, event), event)
        return
    if event.seq != state.seq or state.verdict is not None:
        raise illegal(state, "the run", f"event {state.seq}", event)
    whole(state, event)
    state.seq = cast(EventSeq, event.seq + 1)
    state.story.append(event)


def evolve_slot(state: RunState, i: int, event: Any) -> None:
    """As `evolve`, for an event of the step in slot `i`; -1 is no step."""
    if event.seq != state.seq or state.verdict is not None:
        raise illegal(state, "the run", f"event {state.seq}", event)
    if i < 0:
        raise illegal(state, event.node, "no such node", event)
    kind, before = type(event), state.phase[i]
    move = MOVES[kind].get(before)
    if move is None:
        raise illegal(state, state.key(i), before, event)
    phase, outcome = move
    if phase is Phase.READY:
        phase = _readied(state, i, stepped=kind is NodeScheduled and event.stepped)
    if phase is not before:
        _enter(state, i, phase)
    if outcome is not None:
        state.outcome[i] = outcome
    note = _NOTES.get(kind)
    if note is not None:
        note(state, i, event)
    state.seq = event.seq + 1
    state.story.append(event)


def fold(events: Iterable[Event], plan: Plan | None = None) -> RunState:
    """The state a run's events lead to."""
    state = RunState(plan)
    for event in events:
        evolve(state, event)
    return state


def _slot_of(state: RunState, event: Any) -> int:
    return state.index.get(f"{event.scope}.{event.node}" if event.scope else event.node, -1)


def _readied(state: RunState, i: int, *, stepped: bool = False) -> Phase:
    """What becomes of a step that may run from now on."""
    if state.joins and (join := state.joins[i]) is not None:
        joins.take(state, i, join)
    return Phase.HELD if state.paused and not stepped else Phase.READY


def _enter(state: RunState, i: int, phase: Phase) -> None:
    before = state.phase[i]
    if phase is before:
        return
    state.phase[i] = phase
    if state.gate is not None:
        state.gate.moved(i, state.steps[i], before, phase)
    if state.outside is not None:
        state.outside.moved(i, phase)
    state.active += (phase in _ACTIVE) - (before in _ACTIVE)
    if before is Phase.STANDBY:
        standby.roused(state, i)
    if phase is Phase.DONE:
        state.scopes[state.scope[i]].open -= 1
        if state.setup or state.undoing:
            standby.done(state, i)
    if phase is Phase.SUSPENDED:
        state.suspended += 1
    elif before is Phase.SUSPENDED:
        state.suspended -= 1


# ---------------------------------------------------------------- events of one node


def _started(state: RunState, i: int, event: NodeStarted) -> None:
    state.attempt[i] = event.attempt
    if state.joins and (join := state.joins[i]) is not None:
        joins.take(state, i, join)
    if state.resuming:
        state.resuming.discard(i)


def _completed(state: RunState, i: int, event: NodeCompleted) -> None:
    state.ms[i] = event.ms
    state.error[i] = None
    if state.turning:
        behind.outlasted(state, i)
    if state.compensations:
        standby.completed(state, i)
    _gave(state, i, event)


def _gave(state: RunState, i: int, event: NodeCompleted | NodeReused) -> None:
    outputs = state.outputs[i] = event.outputs
    if not state.edges:
        return
    waits, live = state.waits, state.live
    base = state.scopes[state.scope[i]].base
    for target, port, required in state.edges[i]:
        target += base
        waits[target] -= 1
        if port in outputs:
            live[target] += 1
        else:
            edges.dead(state, target, required, event.node)


def _retrying(state: RunState, i: int, event: NodeRetryScheduled) -> None:
    state.ms[i] = event.ms
    state.error[i] = event.error
    state.pause[i] = (event.at, event.delay)


def _failed(state: RunState, i: int, event: NodeFailed) -> None:
    state.ms[i] = event.ms
    state.error[i] = event.error
    scope = state.scopes[state.scope[i]]
    if scope.failed < 0 and i not in state.undoes:
        scope.failed = i
    edges.doom_followers(state, i, SkipReason.UPSTREAM_FAILED, event.node)


def _skipped(state: RunState, i: int, event: NodeSkipped) -> None:
    state.reason[i] = event.reason.value
    edges.doom_followers(state, i, event.reason, event.cause)


def _cancelled(state: RunState, i: int, event: NodeCancelled) -> None:
    if event.ms:
        state.ms[i] = event.ms
    how = SkipReason.UPSTREAM_CANCELLED
    if event.cause is not None:  # nobody's trouble: to those behind it, a branch not taken
        state.reason[i] = SkipReason.NOT_NEEDED.value
        how = SkipReason.BRANCH_NOT_TAKEN
    edges.doom_followers(state, i, how, event.node)


# ---------------------------------------------------------------- the turns of a container


def _unfolded(state: RunState, i: int, event: NodeUnfolded) -> None:
    state.turning[i] = Turning(event.total)


def _opened(state: RunState, i: int, event: ScopeOpened) -> None:
    turning, container = state.turning[i], state.names[i]
    nodes = state.blocks.get(container, {}).get(event.block, ())
    inside = state.steps[i].inside if state.steps else None
    scope = Scope(
        scope_path(event.scope, container, event.block, event.index),
        owner=i,
        block=event.block,
        index=event.index,
        opened_at=event.at,
    )
    scope.shielded = standby.shields(state, scope)
    before = turning.scopes.get((event.block, event.index))
    if before is not None:  # it failed, and begins anew
        turning.failed -= 1
        if turning.first_failed == before:
            turning.first_failed = -1
    turning.scopes[event.block, event.index] = len(state.scopes)
    add_scope(state, scope, nodes, None if inside is None else inside.blocks[event.block].plan)
    turning.active += 1
    if event.index is not None:
        grown.begun(turning, event.index)


def _scope_of(state: RunState, i: int, event: ScopeLeft | ScopeClosed) -> Scope:
    turning = state.turning.get(i)
    number = None if turning is None else turning.scopes.get((event.block, event.index))
    if number is None or state.scopes[number].status is not None:
        raise illegal(state, state.names[i], "no such turn", event)
    return state.scopes[number]


def _left(state: RunState, i: int, event: ScopeLeft) -> None:
    scope = _scope_of(state, i, event)
    scope.left = event.why
    state.turning[i].trouble = event.error or state.turning[i].trouble
    if event.why in ENDING or event.why in GIVEN_UP:
        state.turning[i].broken = event.why
    for slot in range(scope.base, scope.base + scope.size):
        going = state.phase[slot] in (Phase.RUNNING, Phase.TURNING)
        if going and state.names[slot] not in state.standby:
            _enter(state, slot, Phase.CANCELLING)


def _closed(state: RunState, i: int, event: ScopeClosed) -> None:
    scope, turning = _scope_of(state, i, event), state.turning[i]
    if scope.open:
        raise illegal(state, scope.path, f"{scope.open} steps open", event)
    scope.status, scope.ms, scope.gave = event.status, event.ms, event.outputs or None
    scope.failed = joins.unhandled(state, scope)
    turning.active -= 1
    if turning.outlasts:
        behind.closed(state, i, turning, scope, last=event.last)
    if event.status is not RunStatus.FAILED:
        turning.succeeded += event.status is RunStatus.SUCCEEDED
        return
    turning.failed += 1
    if event.index is not None:
        turning.tries[event.index] = turning.tries.get(event.index, 0) + 1
    if turning.first_failed < 0:
        turning.first_failed = turning.scopes[event.block, event.index]


_NOTES: Mapping[type, Callable[[RunState, int, Any], None]] = {
    NodeStarted: _started,
    NodeCompleted: _completed,
    NodeReused: _gave,
    NodeRetryScheduled: _retrying,
    NodeFailed: _failed,
    NodeSkipped: _skipped,
    NodeCancelled: _cancelled,
    NodeSuspended: suspended,
    NodeResumed: resumed,
    NodeUnfolded: _unfolded,
    ScopeOpened: _opened,
    ScopeLeft: _left,
    ScopeClosed: _closed,
    **grown.OF_NODES,
}


# ---------------------------------------------------------------- events of the whole run


def _created(state: RunState, event: RunCreated) -> None:
    if state.seq:
        raise illegal(state, "the run", "created", event)
    state.run, state.flow, state.trigger = event.run, event.flow, event.trigger
    state.created_at, state.deadline = event.at, event.deadline
    state.blocks = event.blocks
    standby.created(state, event)
    state.gate = None if state.plan is None else gate_of(state.plan)
    add_scope(state, Scope("", opened_at=event.at), event.nodes, state.plan)
    state.nodes = event.nodes  # last: another thread that sees the nodes sees all about them


def _each(state: RunState, event: Event, *, shield: bool = False) -> None:
    kind = type(event)
    for i, phase in enumerate(state.phase):
        move = TABLE.get((phase, kind))
        if move is not None and not (shield and protected(state, i)):
            _enter(state, i, move[0])


def _cancel_requested(state: RunState, event: CancelRequested) -> None:
    if state.forced or (state.cancelling and not event.force):
        raise illegal(state, "the run", "cancelling", event)
    if not state.cancelling:
        state.stopped, state.ending, state.stopper = event.error, event.status, event.node
    state.cancelling, state.forced = True, event.force
    _each(state, event, shield=not event.force)


def _worked(state: RunState, event: RunEnding) -> None:
    if state.worked is not None:
        raise illegal(state, "the run", "ending", event)
    state.worked = event


def _paused(state: RunState, event: RunPaused | RunResumed) -> None:
    wanted = isinstance(event, RunPaused)
    if state.paused is wanted:
        raise illegal(state, "the run", "paused" if wanted else "not paused", event)
    state.paused = wanted
    _each(state, event)


def _recovered(state: RunState, event: RunRecovered) -> None:
    lost = [state.index.get(node, -1) for node in event.lost]
    again = [state.index.get(node, -1) for node in event.again]
    if not all(i >= 0 and state.phase[i] is Phase.RUNNING for i in lost) or not all(
        i >= 0 and state.outcome[i] in _GAVE for i in again
    ):
        raise illegal(state, "what it lost", "another phase", event)
    for i in lost:
        state.spared[i] += 1
    for i in again:
        _take_back(state, i)
    for i in (*lost, *again):
        _enter(state, i, Phase.HELD if state.paused else Phase.READY)


def _take_back(state: RunState, i: int) -> None:
    """What the step gave is gone: whoever still reads it waits again."""
    scope = state.scopes[state.scope[i]]
    for target, port, _ in state.edges[i] if state.edges else ():
        state.waits[scope.base + target] += 1
        state.live[scope.base + target] -= port in state.outputs[i]
    state.spared[i] = state.attempt[i]
    state.pardoned.pop(i, None)
    state.outputs[i], state.outcome[i] = {}, None
    scope.open += 1
    standby.taken_back(state, i)


def _run_completed(state: RunState, event: RunCompleted) -> None:
    if state.open:
        raise illegal(state, "the run", f"{state.open} steps open", event)
    standby.over(state, event)
    state.verdict, state.failure = event.status, event.error
    state.scopes[0].failed = joins.unhandled(state, state.scopes[0])


_WHOLE_RUN: Mapping[type, Callable[[RunState, Any], None]] = {
    RunCreated: _created,
    CancelRequested: _cancel_requested,
    RunPaused: _paused,
    RunResumed: _paused,
    RunRecovered: _recovered,
    RunRetried: deadline.retried,
    **grown.OF_RUNS,
    RunEnding: _worked,
    RunCompleted: _run_completed,
}
