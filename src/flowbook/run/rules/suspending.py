"""Steps that wait for something outside: what is decided when they do, and when it comes.

A suspended step holds no thread and no attempt: all there is of it is its `NODE_SUSPENDED`. When
what it waits for has come, that is journalled and the step starts again, with the same attempt.
What came stays with the step until it is suspended anew: a retry, or another process after a
crash, finds it again.
"""

from __future__ import annotations

from flowbook.events import NodeResumed, NodeSuspended
from flowbook.run.rules import attempts
from flowbook.run.rules.instruction import Await
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.stimulus import StepDue, StepResumed, StepSuspended
from flowbook.run.rules.turn import Turn


def on_suspended(turn: Turn, s: StepSuspended) -> None:
    """An attempt has returned, to go on later."""
    state = turn.state
    if not state.is_current(s.step, s.attempt):
        return
    if state.phase[s.step] is Phase.CANCELLING:
        attempts.cancelled(turn, s, usage=s.usage)
        return
    event = turn.tell(
        NodeSuspended,
        s.step,
        reason=s.reason,
        until=s.until,
        signal=s.signal,
        timeout_at=s.timeout_at,
        on_timeout=s.on_timeout,
        data=s.data,
        fresh=s.fresh,
        usage=s.usage,
    )
    turn.instructions.append(Await(s.step, event.seq))


def on_resumed(turn: Turn, s: StepResumed) -> None:
    """A signal has come; one that is used up already, or is not for this wait, is no signal."""
    before = turn.state.waiting.get(s.step)
    if before is not None and s.since in (None, before.seq) and s.signal not in turn.state.answered:
        turn.tell(NodeResumed, s.step, payload=s.payload, by="signal", signal=s.signal)
        _go_on(turn, s.step)


def on_due(turn: Turn, s: StepDue) -> None:
    """A clock says that it is time; never early by the clock the time was set by."""
    before = turn.state.waiting.get(s.step)
    if before is None or before.seq != s.since:
        return
    if before.until is not None and s.at >= before.until:
        turn.tell(NodeResumed, s.step, by="time")
    elif before.timeout_at is not None and s.at >= before.timeout_at:
        turn.tell(NodeResumed, s.step, by="timeout")
    else:
        turn.instructions.append(Await(s.step, s.since))
        return
    _go_on(turn, s.step)


def _go_on(turn: Turn, i: int) -> None:
    turn.look_at([i])
    turn.end_if_done(turn.state.scopes[turn.state.scope[i]])
