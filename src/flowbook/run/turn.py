"""One decision in the making: the events of a turn, and what the engine is to do about them.

Every event is folded into the state as it is emitted, so each next question is asked of the state
as it then is. `flowbook.run.decide` says which stimulus makes which turn; this says how a run
moves on when a step is settled, whatever settled it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flowbook.events import (
    ErrorInfo,
    Event,
    NodeCancelled,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    RunCompleted,
    RunStatus,
    SkipReason,
)
from flowbook.plan.plan import Plan
from flowbook.run.phase import Outcome, Phase
from flowbook.run.state import RunState, evolve
from flowbook.run.stimulus import CloseRun, Instruction, Launch

_F = TypeVar("_F", bound=Event)


class Turn:
    """One decision in the making."""

    __slots__ = ("at", "events", "instructions", "plan", "run", "state")

    def __init__(self, plan: Plan, state: RunState, at: float) -> None:
        self.plan = plan
        self.state = state
        self.run = state.run
        self.at = at
        self.events: list[Event] = []
        self.instructions: list[Instruction] = []

    def emit(self, kind: Callable[..., _F], **fields: Any) -> _F:
        state = self.state
        event = kind(run=self.run, seq=state.seq, at=self.at, **fields)
        evolve(state, event)
        self.events.append(event)
        return event

    # ------------------------------------------------------------ moving on

    def look_at(self, steps: Iterable[int]) -> None:
        """Start or skip those of `steps` whose inputs are all settled, and what follows."""
        waits, feeds = self.state.waits, self.plan.feeds
        skipped = [i for i in steps if waits[i] == 0 and self._settled(i)]
        for done in skipped:  # grows while it is walked: skipping is no recursion
            for i, _ in feeds[done]:
                if waits[i] == 0 and self._settled(i):
                    skipped.append(i)

    def _settled(self, i: int) -> bool:
        """Decide one step whose inputs are settled; True when it was skipped."""
        state, node = self.state, self.plan.steps[i].node
        phase = state.phase[i]
        if phase is not Phase.WAITING and phase is not Phase.READY:
            return False
        doom = state.doom[i]
        if doom is None and self.plan.waits[i] and not state.live[i]:
            doom = SkipReason.BRANCH_NOT_TAKEN
        if doom is not None:
            self.emit(NodeSkipped, node=node, reason=doom, cause=state.blame[i])
            return True
        if phase is Phase.WAITING:
            self.emit(NodeScheduled, node=node)
        if state.phase[i] is Phase.READY:
            self.start(i)
        return False

    def start(self, i: int) -> None:
        """Begin the next attempt of a step."""
        places, attempt = self.state.places, self.state.attempt[i] + 1
        on = places[i].value if places else ""
        self.emit(NodeStarted, node=self.plan.steps[i].node, attempt=attempt, on=on)
        self.instructions.append(Launch(i, attempt, self.state.seq - 1))

    def cancel_all(self) -> None:
        """Nothing that is open goes on."""
        state = self.state
        for i, phase in enumerate(state.phase):
            if phase is not Phase.DONE:
                self.emit(NodeCancelled, node=self.plan.steps[i].node, attempt=state.attempt[i])

    def after(self, i: int) -> None:
        """Step `i` is done: look at what it feeds, and close the run when nothing is open."""
        self.look_at([target for target, _ in self.plan.feeds[i]])
        self.close_if_done()

    def close_if_done(self) -> None:
        state = self.state
        if state.open == 0:
            self.close(self._status(), self._first_error())

    def close(self, status: RunStatus, error: ErrorInfo | None) -> None:
        state = self.state
        self.emit(
            RunCompleted,
            status=status,
            ms=round((self.at - state.created_at) * 1000, 3),
            error=error,
            node=state.first_failed if status is RunStatus.FAILED else None,
        )
        self.instructions.append(CloseRun())

    def _status(self) -> RunStatus:
        state = self.state
        if state.cancelling:
            return RunStatus.CANCELLED if state.stopped is None else RunStatus.FAILED
        if state.first_failed is not None:
            return RunStatus.FAILED
        if Outcome.CANCELLED in state.outcome:
            return RunStatus.CANCELLED
        return RunStatus.SUCCEEDED

    def _first_error(self) -> ErrorInfo | None:
        state = self.state
        if state.cancelling or state.first_failed is None:
            return state.stopped
        return state.error[state.index[state.first_failed]]
