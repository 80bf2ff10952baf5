"""How a container goes on: which turn begins, when it has had enough, and what that makes of it.

One function for each way a container can go about its turns; each is asked when the container has
unfolded, whenever a turn is over, and when a run is taken up; it looks only at the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flowbook.events import (
    NodeCancelled,
    NodeSkipped,
    RunStatus,
    ScopeLeft,
    ScopeOpened,
    SkipReason,
)
from flowbook.events.values import ErrorInfo
from flowbook.graph.container import BODY, CATCH, FINALLY, Policy, Turns
from flowbook.plan.plan import FromStep
from flowbook.run.rules import attempts, checkpoints, closing, joins, verdicts
from flowbook.run.rules.instruction import Abort, Consult, Gather
from flowbook.run.rules.phase import GIVEN_UP, Outcome, Phase
from flowbook.run.rules.state import Scope, Turning
from flowbook.run.rules.stimulus import StepRaised
from flowbook.run.rules.turn import Turn
from flowbook.run.rules.undoing import BUSY, next_of, tidies

TOO_SLOW, FAILED = "timeout", "failed"
"""Why turns are left: their container took too long, or it, or another turn of it, failed."""


def settle(turn: Turn) -> None:
    """Let every container go on that a turn of has ended; the last thing in every decision."""
    state = turn.state
    while (turn.ended or turn.fed) and state.verdict is None:
        ended, turn.ended = turn.ended, []
        fed, turn.fed = turn.fed, []
        if state.standby or state.setups:
            ended = closing.settle(turn, ended)
        for scope in ended:
            if state.phase[scope.owner] is Phase.TURNING and not _begin_anew(turn, scope):
                checkpoints.behind_turn(turn, scope)
        for i in dict.fromkeys((*fed, *(scope.owner for scope in ended))):
            turning = state.turning[i]
            if state.phase[i] is Phase.TURNING or turning.outlasts:
                go_on(turn, i)
            elif state.phase[i] is Phase.CANCELLING and not turning.active:
                end_stopped(turn, i)
            elif state.outcome[i] is Outcome.SUCCEEDED:  # its last turn went on behind it
                turn.end_if_done(state.scopes[state.scope[i]])


def end_stopped(turn: Turn, i: int) -> None:
    """The turns of a container that was told to stop are over: it is, after its `finally`."""
    if not _opens_finally(turn, i):
        turn.cancel(i)
        turn.after(i)


def go_on(turn: Turn, i: int) -> None:
    """Begin the turns of the container in slot `i` that may begin now, or conclude it."""
    inside = turn.state.steps[i].inside
    turning = turn.state.turning[i]
    assert inside is not None  # noqa: S101 - only containers turn
    given_up = turning.broken in GIVEN_UP or turning.trouble is not None
    if given_up and turn.state.phase[i] is Phase.TURNING:
        if not turning.active and not _opens_finally(turn, i):
            _end_given_up(turn, i, turning.broken)
        return
    _WAYS[inside.policy.turns](turn, i, inside.policy, turning)


def take_up(turn: Turn) -> None:
    """Let every container go on whose process was lost."""
    state = turn.state
    for i, turning in tuple(state.turning.items()):
        if state.phase[i] is Phase.TURNING:
            for number in tuple(turning.scopes.values()):
                _begin_anew(turn, state.scopes[number])
            if state.phase[i] is Phase.TURNING:
                go_on(turn, i)
        elif turning.outlasts and not state.cancelling:
            go_on(turn, i)


def leave(
    turn: Turn, scope: Scope, why: str, *, hard: bool = False, error: ErrorInfo | None = None
) -> None:
    """End a turn early: what runs is told to stop, the rest is not begun.

    `hard`: what runs is given up at once, and the turn is over when this returns.
    """
    state = turn.state
    if scope.status is not None:
        return
    if not scope.left:
        of = {"block": scope.block, "index": scope.index, "why": why, "error": error}
        turn.tell(ScopeLeft, scope.owner, **of)
    for i in range(scope.base, scope.base + scope.size):
        phase = state.phase[i]
        if state.standby and state.names[i] in state.standby:
            continue
        if phase is Phase.WAITING or phase is Phase.READY:
            turn.tell(NodeSkipped, i, reason=SkipReason.TURN_LEFT)
        elif phase is Phase.CANCELLING:
            _stop(turn, i, why, hard=hard)
        elif phase is not Phase.DONE:
            turn.cancel(i)
        else:
            for behind in tuple(going(turn, i)):
                leave(turn, behind, "cancelled", hard=hard)
    turn.end_if_done(scope)


def leave_loop(turn: Turn, i: int, how: str, *, hard: bool = False) -> None:
    """End the turn of the nearest loop around slot `i`: `continue`, or `break` it altogether."""
    state = turn.state
    scope = state.scopes[state.scope[i]]
    while scope.owner >= 0:
        inside = state.steps[scope.owner].inside
        if inside is not None and inside.policy.counts:
            leave(turn, scope, how, hard=hard)
            return
        scope = state.scopes[state.scope[scope.owner]]


def give_up(turn: Turn, i: int, why: str, error: ErrorInfo | None = None) -> bool:
    """End every turn of the container in slot `i`; False while something of it is still to be done.

    They end here and now; but where something inside is to be undone or cleaned up, what runs is
    told to stop, and the container ends when all that is done, failed with the `error` if any.
    """
    state, turning = turn.state, turn.state.turning.get(i)
    if state.undoing and next_of(state, i) == BUSY:
        return False
    hard, left = not tidies(state.steps[i]), _unshielded(turn, i)
    for scope in left:
        leave(turn, scope, why, hard=hard, error=None if hard else error)
    if left and not hard:
        return False  # it goes on with what is due, in this decision if its turns are over
    if turning is None or not turning.scopes:
        return True
    return not (turning.active or _opens_finally(turn, i))


def _opens_finally(turn: Turn, i: int) -> bool:
    """Begin the block `finally` of a container that was given up, if it is still to run."""
    inside, known = turn.state.steps[i].inside, turn.state.turning[i].scopes
    done = turn.state.forced or (FINALLY, None) in known
    if done or inside is None or FINALLY not in inside.blocks:
        return False
    begin(turn, i, FINALLY, None)
    return True


def _end_given_up(turn: Turn, i: int, why: str) -> None:
    """The turns of a container that was given up are over."""
    state = turn.state
    trouble = state.turning[i].trouble
    if trouble is not None:
        fail(turn, i, trouble)
    elif why == TOO_SLOW:
        fail(turn, i, attempts.too_slow(state.steps[i].options))
    elif not (state.standby and closing.undoes(turn, i)):
        cause = joins.withdrawer(state, i)
        turn.tell(NodeCancelled, i, attempt=state.attempt[i], cause=cause)
        turn.after(i)


def stops(turn: Turn, i: int) -> bool:
    """True for a container that was told to stop, and ends with the last of its turns."""
    turning = turn.state.turning.get(i)
    stopping = turn.state.phase[i] is Phase.CANCELLING
    return stopping and turning is not None and turning.active > 0


def _stop(turn: Turn, i: int, why: str, *, hard: bool) -> None:
    """A step or container that was told to stop."""
    state = turn.state
    if not any(going(turn, i)):
        turn.instructions.append(Abort(i, state.attempt[i]))
    for scope in _unshielded(turn, i):
        leave(turn, scope, why, hard=hard)
    if hard and not _is_tidied(turn, i):
        turn.cancel(i)


def _unshielded(turn: Turn, i: int) -> list[Scope]:
    """The turns of a container that are left with it: its block `finally` is not."""
    return [one for one in going(turn, i) if one.block != FINALLY or turn.state.forced]


def _is_tidied(turn: Turn, i: int) -> bool:
    """True while the container in slot `i`, whose turns were left, undoes and cleans up."""
    turning = turn.state.turning.get(i)
    return turning is not None and (turning.active > 0 or _opens_finally(turn, i))


def going(turn: Turn, i: int) -> Iterator[Scope]:
    """The turns of the container in slot `i` that are under way."""
    state = turn.state
    turning = state.turning.get(i)
    if turning is not None and turning.active:
        for number in turning.scopes.values():
            if state.scopes[number].status is None:
                yield state.scopes[number]


# ---------------------------------------------------------------- one way of turning each


def _each(turn: Turn, i: int, policy: Policy, turning: Turning) -> None:
    stopped = policy.stop and turning.failed > 0
    if left := [scope for scope in going(turn, i) if not scope.left] if stopped else []:
        for scope in left:
            leave(turn, scope, FAILED)
        return  # each of them comes back here when it is over
    done = turning.succeeded + turning.failed
    if policy.enough is not None and turning.succeeded >= policy.enough:
        _have_enough(turn, i, policy, turning)
    elif policy.asks and done and not (stopped or turning.broken or turning.outlasts):
        turn.instructions.append(Consult(i, turn.state.attempt[i], done))
    else:
        _fill(turn, i, policy, turning, stopped=stopped)


def _fill(turn: Turn, i: int, policy: Policy, turning: Turning, *, stopped: bool = False) -> None:
    """Begin as many turns as may be under way; conclude when there are none."""
    total = turning.total or 0
    while (
        not (stopped or turning.broken) and turning.active < policy.window and turning.next < total
    ):
        begin(turn, i, BODY, turning.next)
    idle = not turning.active and not any(scope.owner == i for scope in turn.ended[-1:])
    if idle and turn.state.phase[i] is Phase.TURNING:
        _conclude(turn, i, policy, turning)


def _have_enough(turn: Turn, i: int, policy: Policy, turning: Turning) -> None:
    """Conclude a container that needs no more turns: the others are given up, or go on behind it.

    Each that is given up comes back here, when there is nothing left to give up.
    """
    if policy.outlasts:
        before = turning.active
        _fill(turn, i, policy, turning)
        if before + turning.active and turn.state.phase[i] is Phase.TURNING:
            _conclude(turn, i, policy, turning)
        return
    left, hard = list(going(turn, i)), not tidies(turn.state.steps[i])
    for scope in left:
        if hard or not scope.left:
            leave(turn, scope, "completed", hard=hard)
    if not left:
        _conclude(turn, i, policy, turning)


def _while(turn: Turn, i: int, policy: Policy, turning: Turning) -> None:
    if turning.active:
        return
    if turning.broken or (policy.stop and turning.failed):
        _conclude(turn, i, policy, turning)
    else:
        _ask(turn, Consult(i, turn.state.attempt[i], turning.next))


def consulted(turn: Turn, i: int, index: int, *, go_on: bool) -> None:
    """The condition of the container in slot `i` has been asked about turn `index`."""
    inside, turning = turn.state.steps[i].inside, turn.state.turning[i]
    if inside is not None and inside.policy.asks:
        if index != turning.succeeded + turning.failed or turning.broken:
            return  # it has been asked again since, or is over anyway
        (_fill if go_on else _have_enough)(turn, i, inside.policy, turning)
        return
    if inside is None or turning.active or index != turning.next:
        return
    most = inside.policy.most
    if not go_on:
        _conclude(turn, i, inside.policy, turning)
    elif most is not None and index >= most:
        message = f"its condition still held after {most} turns"
        hint = "mend the condition, or allow more turns"
        fail(turn, i, ErrorInfo(type="LoopLimit", message=message, hint=hint))
    else:
        begin(turn, i, BODY, index)


def _arriving(turn: Turn, i: int, policy: Policy, turning: Turning) -> None:
    """A turn for each input that has come; over when none comes any more."""
    state, step = turn.state, turn.state.steps[i]
    base = state.scopes[state.scope[i]].base
    own = 0 if step.inside is None else step.inside.own
    for number, binding in enumerate(step.bindings[:own]):
        source = binding.source
        if not isinstance(source, FromStep) or (BODY, number) in turning.scopes:
            continue
        if source.port in state.outputs[base + source.step]:
            begin(turn, i, BODY, number)
    if not (state.waits[i] or turning.active or any(s.owner == i for s in turn.ended[-1:])):
        _conclude(turn, i, policy, turning)


def _once(turn: Turn, i: int, policy: Policy, turning: Turning) -> None:
    if not turning.scopes:
        begin(turn, i, BODY, None)
    elif not turning.active:
        _conclude(turn, i, policy, turning)


def _guarded(turn: Turn, i: int, policy: Policy, turning: Turning) -> None:
    inside = turn.state.steps[i].inside
    if turning.active or inside is None:
        return
    went = {block: turn.state.scopes[at].status for (block, _), at in turning.scopes.items()}
    if BODY not in went:
        begin(turn, i, BODY, None)
    elif went[BODY] is RunStatus.FAILED and CATCH in inside.blocks and CATCH not in went:
        begin(turn, i, CATCH, None)
    elif FINALLY in inside.blocks and FINALLY not in went:
        begin(turn, i, FINALLY, None)
    else:
        _conclude_guarded(turn, i, went, told=bool(policy.told))


def _conclude_guarded(
    turn: Turn, i: int, went: Mapping[str, RunStatus | None], *, told: bool
) -> None:
    """The last block that failed decides, unless what it failed with has a port to leave by."""
    state = turn.state
    bad = [block for block, how in went.items() if how is RunStatus.FAILED]
    failed = [block for block in bad if block != BODY or not (CATCH in went or told)]
    if failed:
        number = state.turning[i].scopes[failed[-1], None]
        fail(turn, i, verdicts.error_of(turn.state, state.scopes[number]))
    else:
        _ask(turn, Gather(i, state.attempt[i]))


_WAYS: Mapping[Turns, Callable[[Turn, int, Policy, Turning], None]] = {
    Turns.ONCE: _once,
    Turns.EACH: _each,
    Turns.WHILE: _while,
    Turns.ARRIVING: _arriving,
    Turns.GUARDED: _guarded,
}


# ---------------------------------------------------------------- beginning and ending


def begin(turn: Turn, i: int, block: str, index: int | None) -> Scope:
    """Begin a turn of the container in slot `i`."""
    state = turn.state
    turn.tell(ScopeOpened, i, block=block, index=index)
    scope = state.scopes[-1]
    turn.look_at(range(scope.base, scope.base + scope.size))
    turn.end_if_done(scope)
    return scope


def _begin_anew(turn: Turn, scope: Scope) -> bool:
    """Begin a turn that failed once more, if it may be."""
    state = turn.state
    inside, turning = state.steps[scope.owner].inside, state.turning[scope.owner]
    if scope.status is not RunStatus.FAILED or scope.index is None or inside is None:
        return False
    if turning.broken or turning.tries[scope.index] > inside.policy.retries:
        return False
    begin(turn, scope.owner, scope.block, scope.index)
    return True


def _conclude(turn: Turn, i: int, policy: Policy, turning: Turning) -> None:
    if turning.failed and not policy.settle:
        fail(turn, i, verdicts.error_of(turn.state, turn.state.scopes[turning.first_failed]))
    else:
        _ask(turn, Gather(i, turn.state.attempt[i]))


def _ask(turn: Turn, order: Consult | Gather) -> None:
    """Ask a container; once in a decision, for a run that is taken up looks at each more often."""
    if order not in turn.instructions:
        turn.instructions.append(order)


def fail(turn: Turn, i: int, error: ErrorInfo) -> None:
    """The container has failed, as soon as what completed inside is undone."""
    if turn.state.standby and closing.undoes(turn, i):
        return
    attempt = turn.state.attempt[i]
    give_up(turn, i, "failed")
    attempts.failed(turn, StepRaised(at=turn.at, step=i, attempt=attempt, ms=0.0, error=error))
