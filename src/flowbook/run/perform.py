"""Performing one run: stimuli in, events to the sink, instructions to the hands.

Everything here happens on the engine's loop. This object is the sole writer of its run's events.

Output commit: a launch of a step that may have effects waits until every event up to its own
`NODE_STARTED` is durable; a pure step runs ahead. Events gather until somebody waits for them, so
a chain of pure steps costs one sync. The run is over, for those who wait, when its last event is
durable.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowbook.errors import RunError
from flowbook.events import Event, RunStatus
from flowbook.graph.node import Outputs, Progress
from flowbook.ids import NodeId
from flowbook.run.accounts import Accounts
from flowbook.run.additions import Offers
from flowbook.run.alarms import NOBODY
from flowbook.run.failure import describe
from flowbook.run.hands import Hands
from flowbook.run.permits import awaited
from flowbook.run.places.loops import soon
from flowbook.run.places.machine import machine
from flowbook.run.record import Record
from flowbook.run.rules.decide import decide
from flowbook.run.rules.instruction import (
    Abort,
    Acquire,
    Await,
    CloseRun,
    Consult,
    Gather,
    Instruction,
    Launch,
    Release,
    SetTimer,
)
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import (
    CheckpointDue,
    JournalFailed,
    StepCancelled,
    StepLogged,
    Stimulus,
    TimerFired,
)
from flowbook.run.rules.upkeep import Flush, LetGo, Remind
from flowbook.run.stage import Assignment, Stage
from flowbook.run.stream import News, NodeStream
from flowbook.run.streaming import Streaming
from flowbook.run.values import Shelf
from flowbook.run.waits import Letter
from flowbook.run.words import Words

_log = logging.getLogger("flowbook.run")


@dataclass(frozen=True, slots=True)
class NodeProgress:
    """A live notice, never journalled: how far a node is."""

    node: NodeId
    progress: Progress


Notice: TypeAlias = Event | NodeProgress | NodeStream


class Performance:
    """One run on its way."""

    def __init__(self, stage: Stage, assignment: Assignment, closed: Callable[[], None]) -> None:
        self.plan, self.params = assignment.plan, assignment.params
        past = assignment.past
        self.state = RunState(assignment.plan) if past is None else past.state
        self.state.places = {node: place.value for node, (_, place) in assignment.cast.items()}
        self.state.machine = machine()
        self.state.outside = awaited(stage, assignment)
        self.events: list[Event] = [] if past is None else list(past.events)
        slots = max(len(assignment.plan.steps), len(self.state.phase))
        self.values: list[Outputs | None] = [None] * slots
        for i, outputs in {} if past is None else past.values.items():
            self.values[i] = outputs
        stored = assignment.stored if past is None else past.stored
        self.shelf = Shelf(stage.keeper, self.values, stored, self.state.outputs)
        self.listeners: list[Callable[[Notice], None]] = []
        self.over: Future[None] = Future()
        self.left = False
        """It is suspended, and this process goes on with it no more."""
        self._stage, self._closed, self.tools = stage, closed, stage.tools
        self.executors = stage.executors
        self._stimuli: deque[Stimulus] = deque()
        self._busy = self._ended = False
        self._parked: deque[Launch] = deque()
        self._flushed = -1
        """Nothing begins before this event is on disk."""
        self._record = Record(stage.loop, stage.sink, self._synced, self._unrecorded)
        self._record.durable = self.state.seq - 1
        self.recording, self.told = stage.recording, stage.told
        self.now = stage.clock
        redact = None if stage.recording is None else stage.told
        kept = self.plan.options.streams
        words = Words(stage.loop, self._heard, redact, kept, redacts=stage.redacts)
        self.streams, self.keeper = words.streams, stage.keeper
        self._streaming = Streaming(stage, self.state, words.streams, self.feed, self.notify)
        accounts = Accounts(words, self._streaming, self.feed, stage.clock)
        self._hands = Hands(stage, assignment, self.state, self.shelf, accounts, self.feed)
        self.offers = Offers(stage, self.state, self._hands.additions, self._record, self.feed)
        self.containers, self.lookups = self._hands.containers, self._hands.lookups
        self.watch = self._hands.watch
        self.permits, self.tickets = self._hands.permits, self._hands.tickets

    # ------------------------------------------------------------ the cycle

    def feed(self, stimulus: Stimulus) -> None:
        """Tell the run that something happened."""
        if self._ended or self.left:
            return
        self._stimuli.append(stimulus)
        if self._busy:
            return
        self._busy = True
        try:
            while self._stimuli:
                self._take(self._stimuli.popleft())
        except Exception as bug:  # noqa: BLE001 - logged, and the run is ended with it
            _log.exception("run %s is broken; please report this", self.state.run)
            self._end(f"flowbook broke ({type(bug).__name__}: {bug}); please report this")
        finally:
            self._busy = False

    def _take(self, stimulus: Stimulus) -> None:
        decision = decide(self.plan, self.state, stimulus)
        if decision.events:
            self.events.extend(decision.events)
            more = len(self.state.phase) - len(self.values)
            if more > 0:
                self.values += [None] * more
            self._record.add(decision.events)
            if self.listeners:
                for event in decision.events:
                    self.notify(event)
        for order in decision.instructions:
            _PERFORM[type(order)](self, order)

    def ask(self, stimulus: Stimulus) -> None:
        """`feed`, from any thread."""
        soon(self._stage.loop, self.feed, stimulus)

    def notify(self, notice: Notice) -> None:
        """Tell every listener; one that fails is no concern of the run."""
        for listener in tuple(self.listeners):
            try:
                listener(notice)
            except Exception:  # noqa: BLE001 - logged; a view must not stop a run
                _log.exception("a listener of run %s failed", self.state.run)

    # ------------------------------------------------------------ instructions

    def launch(self, order: Launch) -> None:
        ahead = self._hands.work(order.step).pure and self._flushed <= self._record.durable
        if ahead or order.after <= self._record.durable:
            self._hands.launch(order)
        else:
            self._parked.append(order)
            self._record.hurry()

    def checkpoint(self, order: Flush | Remind) -> None:
        if isinstance(order, Flush):
            self._flushed = order.until
            self._record.hurry()
            return
        self._hands.alarms.set(NOBODY, order.delay, lambda: self.feed(CheckpointDue(at=self.now())))

    def ask_container(self, order: Consult | Gather | LetGo) -> None:
        if isinstance(order, Consult):
            self._hands.consult(order)
        elif isinstance(order, LetGo):
            self.containers.release(order.scope)
        else:
            self._hands.gather(order)

    def abort(self, order: Abort) -> None:
        if not self._hands.abort(order) and any(one.step == order.step for one in self._parked):
            self.feed(StepCancelled(at=self.now(), step=order.step, attempt=order.attempt))

    def set_timer(self, order: SetTimer) -> None:
        def ring() -> None:
            self.feed(TimerFired(at=self.now(), step=order.step, attempt=order.attempt))

        self._hands.alarms.set(order.step, order.delay, ring)

    def wait_for(self, order: Await) -> None:
        self._hands.waits.begin(order)
        self._record.hurry()  # the process may end at any time, and nothing else is going on

    def deliver(self, letter: Letter) -> None:
        """Give a signal to whoever waits for it; from any thread."""
        soon(self._stage.loop, self._delivered, letter)

    def _delivered(self, letter: Letter) -> None:
        if not self.over.done() and not self.left:
            self._hands.waits.deliver(letter)

    def let_go(self, otherwise: Stimulus | None = None) -> None:
        """Leave a run that is suspended to whoever takes it up; from any thread.

        Of one that is not, tell it `otherwise`.
        """
        soon(self._stage.loop, self._let_go, otherwise)

    def _let_go(self, otherwise: Stimulus | None) -> None:
        if self.state.status is RunStatus.SUSPENDED:
            self.left = True
            self._hands.rest()
            self._record.hurry()
            self._synced()
        elif otherwise is not None:
            self.feed(otherwise)

    def close_run(self, _: CloseRun) -> None:
        self._hands.rest()
        self._record.hurry()

    # ------------------------------------------------------------ words, journal, end

    def _heard(self, step: int, attempt: int, stream: str, what: str | Progress | News) -> None:
        if self.state.over or self.state.attempt[step] != attempt:
            return
        if isinstance(what, Progress):
            self.notify(NodeProgress(self.state.key(step), what))
        elif isinstance(what, News):
            self._streaming.take((step, attempt), what)
        else:
            self.feed(StepLogged(at=self.now(), step=step, stream=stream, text=what))

    def _synced(self) -> None:
        durable = self._record.durable
        self._hands.waits.synced(durable)
        if self.left and durable >= self.state.seq - 1:
            self._end("it is suspended, and this process has let go of it; go on with flow.recover")
        parked, self._parked = self._parked, deque()
        for order in parked:
            under_way = self.state.phase[order.step] is Phase.RUNNING
            if not under_way or self.state.attempt[order.step] != order.attempt:
                continue  # given up before it began
            if order.after <= durable:
                self._hands.launch(order)
            else:
                self._parked.append(order)
        if self.state.over and durable >= self.state.seq - 1:
            self._end(None)

    def _unrecorded(self, error: BaseException) -> None:
        if self.state.over:
            self._end(f"it {self.state.status.value}, but its end could not be recorded: {error}")
        else:
            self.feed(JournalFailed(at=self.now(), error=describe(error, redact=self._stage.told)))
            self._end(None)

    def _end(self, trouble: str | None) -> None:
        if self._ended:
            return
        self._ended = True
        self.permits.release_all()
        if trouble is None:
            self.over.set_result(None)
        else:
            self._hands.stop_all()
            run = self.state.run
            self.over.set_exception(RunError(f"run {run}: {trouble}", run_id=run))
        self._closed()


_PERFORM: Mapping[type[Instruction], Callable[[Performance, Any], None]] = {
    Launch: Performance.launch,
    Acquire: lambda run, order: run.permits.acquire(order),
    Release: lambda run, order: run.permits.release(order),
    Consult: Performance.ask_container,
    Gather: Performance.ask_container,
    Flush: Performance.checkpoint,
    Remind: Performance.checkpoint,
    LetGo: Performance.ask_container,
    Abort: Performance.abort,
    SetTimer: Performance.set_timer,
    Await: Performance.wait_for,
    CloseRun: Performance.close_run,
}
