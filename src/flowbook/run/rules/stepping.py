"""Pausing a run, letting one step at a time begin while it is paused, and going on."""

from __future__ import annotations

from flowbook.events import NodeScheduled, RunPaused, RunResumed
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.stimulus import NextAsked, PauseAsked, ResumeAsked
from flowbook.run.rules.turn import Turn


def on_pause(turn: Turn, _: PauseAsked) -> None:
    """What is ready, or will be, is held from now on."""
    if not turn.state.paused:
        turn.emit(RunPaused)


def on_next(turn: Turn, s: NextAsked) -> None:
    """One step that is held begins, within the limits of the run; the others stay held."""
    i = _next(turn) if s.step is None else s.step
    if i >= 0 and _waits_for_this(turn, i):
        turn.tell(NodeScheduled, i, stepped=True)
        turn.look_at([i])
        turn.end_if_done(turn.state.scopes[turn.state.scope[i]])


def on_resume(turn: Turn, _: ResumeAsked) -> None:
    """What is held begins."""
    state = turn.state
    if state.paused:
        turn.emit(RunResumed)
        ready = [i for i, phase in enumerate(state.phase) if phase is Phase.READY]
        turn.look_at(ready)
        for number in sorted({state.scope[i] for i in ready}):
            turn.end_if_done(state.scopes[number])


def _next(turn: Turn) -> int:
    """The step that is held and would go first: by priority, then as written; -1 for none."""
    state = turn.state
    held = (i for i in range(len(state.phase)) if _waits_for_this(turn, i))
    return min(held, key=lambda i: (-state.priority(i), i), default=-1)


def _waits_for_this(turn: Turn, i: int) -> bool:
    """It is held, and by nothing but the pause."""
    state = turn.state
    if not 0 <= i < len(state.phase) or state.phase[i] is not Phase.HELD:
        return False
    return not state.waits[i] or state.joins[i] is not None
