"""One decision in the making: the events of a turn, and what the engine is to do about them.

Every event is folded into the state as it is emitted, so each next question is asked of the state
as it then is. `flowbook.run.rules.decide` says which stimulus makes which turn; this says how a run
moves on when a step is settled, whatever settled it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from flowbook.events import (
    Event,
    NodeCancelled,
    NodeResumed,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    RunCompleted,
    RunStatus,
    ScopeClosed,
    SkipReason,
)
from flowbook.events.values import ErrorInfo, ValueRef
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Join, Plan
from flowbook.run.rules import joins, undoing, verdicts
from flowbook.run.rules.evolve import evolve, evolve_slot
from flowbook.run.rules.instruction import Acquire, CloseRun, Instruction, Launch
from flowbook.run.rules.outside import Outside
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState, Scope
from flowbook.run.rules.upkeep import LetGo

_F = TypeVar("_F", bound=Event)


class Turn:
    """One decision in the making."""

    __slots__ = ("at", "ended", "events", "fed", "instructions", "plan", "run", "state", "won")

    def __init__(self, plan: Plan, state: RunState, at: float) -> None:
        self.plan = plan
        self.state = state
        self.run = state.run
        self.at = at
        self.events: list[Event] = []
        self.instructions: list[Instruction] = []
        self.ended: list[Scope] = []
        """Turns that are over, or would be but for what stands by, which is to be looked at."""
        self.won: list[int] = []
        """Joins that have enough, whose losers have not been stopped."""
        self.fed: list[int] = []
        """Containers that take what comes while they are under way, and to which something came."""

    def emit(self, kind: Callable[..., _F], **fields: Any) -> _F:
        state = self.state
        event = kind(run=self.run, seq=state.seq, at=self.at, **fields)
        evolve(state, event)
        self.events.append(event)
        return event

    def tell(self, kind: Callable[..., _F], i: int, **fields: Any) -> _F:
        """Emit a fact about the step in slot `i`."""
        state = self.state
        scope = state.scopes[state.scope[i]].path
        return self.add(
            kind(
                run=self.run, seq=state.seq, at=self.at, node=state.names[i], scope=scope, **fields
            ),
            i,
        )

    def add(self, event: _F, i: int) -> _F:
        """The same, for an event that is made already: every step makes three."""
        evolve_slot(self.state, i, event)
        self.events.append(event)
        return event

    # ------------------------------------------------------------ moving on

    def look_at(self, slots: Iterable[int]) -> None:
        """Start or skip those of `slots` whose inputs are all settled, and what follows.

        A join is looked at in any case: it may have enough of them.
        """
        state = self.state
        waits, joining = state.waits, state.joins
        skipped = [
            i for i in slots if (waits[i] == 0 or joining[i] is not None) and self._settled(i)
        ]
        for done in skipped:  # grows while it is walked: skipping is no recursion
            base = state.scopes[state.scope[done]].base
            for target, _, _ in state.edges[done]:
                i = base + target
                if (waits[i] == 0 or joining[i] is not None) and self._settled(i):
                    skipped.append(i)

    def _settled(self, i: int) -> bool:
        """Decide one step whose inputs are settled; True when it was skipped."""
        state = self.state
        phase = state.phase[i]
        if phase is not Phase.WAITING and phase is not Phase.READY:
            if phase is Phase.TURNING and state.joins[i] is not None:
                self.fed.append(i)
            return False
        join = state.joins[i]
        if (join is not None and joins.undecided(state, i, join)) or (
            state.setup and not state.scope[i] and i not in state.setup
        ):
            return False
        doom, cause = _doom(state, i, join)
        if doom is not None:
            self.tell(NodeSkipped, i, reason=doom, cause=cause)
            return True
        if phase is Phase.WAITING:
            self.tell(NodeScheduled, i)
            if join is not None and join.cancels:
                self.won.append(i)
        if state.phase[i] is Phase.READY:
            self.start(i)
        return False

    def start(self, i: int, *, admitted: bool = False) -> None:
        """Begin the next attempt of a step, or go on with the one that was suspended.

        Where there are limits, it queues until it is admitted, and then until it has its permit.
        """
        state = self.state
        if state.gate is not None and not admitted:
            state.gate.offer(i, state.steps[i], state.priority(i))
            return
        if state.outside is not None and not self._permitted(i, state.outside):
            return
        attempt, node = state.attempt[i] + (i not in state.resuming), state.names[i]
        event = NodeStarted(
            run=self.run,
            seq=state.seq,
            at=self.at,
            node=node,
            scope=state.scopes[state.scope[i]].path,
            attempt=attempt,
            on=state.places.get(node, ""),
        )
        self.add(event, i)
        self.instructions.append(Launch(i, attempt, state.seq - 1))

    def _permitted(self, i: int, outside: Outside) -> bool:
        """True when step `i` needs no permit, or has it; else it has applied for one."""
        state = self.state
        if i in outside.held or not outside.concerns(state.steps[i]):
            return True
        if state.gate is not None:
            state.gate.promise(i, state.steps[i])
        if outside.asks(i):
            self.instructions.append(Acquire(i, state.priority(i)))
        return False

    def start_admitted(self) -> None:
        """Start what waits at the gate and may pass; the last thing in every decision."""
        state = self.state
        gate = state.gate
        while (
            gate is not None
            and state.verdict is None
            and (i := gate.admit(state.phase, state.machine)) >= 0
        ):
            self.start(i, admitted=True)

    def cancel(self, i: int) -> None:
        """Step `i`, whatever it does, goes on no more."""
        if self.state.phase[i] is Phase.SUSPENDED:  # else the run's row would say that it waits
            self.tell(NodeResumed, i, by="cancel")
        self.tell(NodeCancelled, i, attempt=self.state.attempt[i])

    def cancel_all(self) -> None:
        """Nothing that is open goes on; what is inside of a container ends before it."""
        state = self.state
        for scope in reversed(state.scopes):
            for i in range(scope.base, scope.base + scope.size):
                if state.phase[i] is not Phase.DONE and state.phase[i] is not Phase.STANDBY:
                    self.cancel(i)
            if scope.owner >= 0:
                self.end_if_done(scope)

    def after(self, i: int) -> None:
        """Step `i` is done: look at what it feeds, and end the turn or the run it was last in."""
        state = self.state
        scope = state.scopes[state.scope[i]]
        self.look_at([scope.base + target for target, _, _ in state.edges[i]])
        if (state.standby or state.setups) and undoing.stands_apart(state, i):
            self.ended.append(scope)
        else:
            self.end_if_done(scope)

    def end_if_done(self, scope: Scope) -> None:
        """End the run, or the turn, when nothing in it is open; once."""
        if scope.open or self.state.verdict is not None:
            return
        if scope.owner < 0:
            if self.state.standby:
                self.ended.append(scope)
            else:
                self.close()
        elif scope.status is None:
            status, turning = verdicts.went(self.state, scope), self.state.turning[scope.owner]
            if undoing.fails(self.state, status) and undoing.is_due(self.state, scope):
                self.ended.append(scope)
                return
            took = round((self.at - scope.opened_at) * 1000, 3)
            self.tell(
                ScopeClosed,
                scope.owner,
                block=scope.block,
                index=scope.index,
                status=status,
                ms=took,
                succeeded=turning.succeeded + (status is RunStatus.SUCCEEDED),
                failed=turning.failed + (status is RunStatus.FAILED),
                outputs=self._gave(scope, status),
                last=verdicts.is_last(self.state, scope, status),
            )
            self.ended.append(scope)

    def _gave(self, scope: Scope, status: RunStatus) -> Mapping[PortName, ValueRef]:
        """What left a turn whose container does not collect that, and need not be held any more."""
        inside = self.state.steps[scope.owner].inside
        if inside is None or inside.policy.collects:
            return {}
        self.instructions.append(
            LetGo(self.state.turning[scope.owner].scopes[scope.block, scope.index])
        )
        if status is not RunStatus.SUCCEEDED:
            return {}
        outputs, base = self.state.outputs, scope.base
        return {
            name: outputs[base + source.step][source.port]
            for name, source in inside.blocks[scope.block].gives
            if source.port in outputs[base + source.step]
        }

    def close_if_done(self) -> None:
        """The same for the run."""
        if self.state.verdict is None:
            self.end_if_done(self.state.scopes[0])

    def close(self, status: RunStatus | None = None, error: ErrorInfo | None = None) -> None:
        """The run is over; it went as its steps did, unless one says otherwise."""
        state = self.state
        if status is None:
            status, error = verdicts.status(state), verdicts.error(state)
        undone, left = undoing.accounts(state, status) if state.compensations else ((), ())
        self.emit(
            RunCompleted,
            status=status,
            ms=round((self.at - state.created_at) * 1000, 3),
            error=error,
            node=verdicts.node(state) if status is RunStatus.FAILED else None,
            compensated=undone,
            uncompensated=left,
        )
        self.instructions.append(CloseRun())


def _doom(state: RunState, i: int, join: Join | None) -> tuple[SkipReason | None, NodeId | None]:
    """Why a step that is decided does not run, None when it does, and the node behind it."""
    if state.setups and (barred := undoing.bar(state, i)) is not None:
        return barred
    doom = state.doom[i]
    if join is not None:
        doom = joins.doom(state, i, join)
    elif doom is None and state.fed[i] and not state.live[i]:
        doom = SkipReason.BRANCH_NOT_TAKEN
    return doom, state.blame[i]
