"""Performing one run: instructions in, stimuli out, events to the sink.

Everything here happens on the engine's loop. This object is the sole writer of its run's events.

Output commit: a launch of a step that may have effects waits until every event up to its own
`NODE_STARTED` is durable; a pure step runs ahead. Events gather until somebody waits for them, so
a chain of pure steps costs one sync. The run is over, for those who wait, when its last event is
durable.
"""

from __future__ import annotations

import logging
import random
from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextvars import Context
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from flowbook.errors import RunError
from flowbook.events import Event, Recording, Sink
from flowbook.graph.node import Outputs, Progress, as_outputs
from flowbook.graph.options import On
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Plan, Step
from flowbook.run.capture import listening
from flowbook.run.decide import decide
from flowbook.run.executors import Attempt, Ending, Executor, Raised, Returned, Ticket
from flowbook.run.failure import describe
from flowbook.run.lookups import Lookups
from flowbook.run.loops import soon
from flowbook.run.past import Past
from flowbook.run.phase import Phase
from flowbook.run.record import Record
from flowbook.run.state import RunState
from flowbook.run.stimulus import (
    Abort,
    CloseRun,
    Instruction,
    JournalFailed,
    Launch,
    SetTimer,
    StepCancelled,
    StepLogged,
    StepRaised,
    StepReturned,
    StepTimedOut,
    Stimulus,
    TimerFired,
)
from flowbook.run.values import RESULT, Keeper, Refs, Shelf, inputs_of
from flowbook.run.words import Words
from flowbook.run.work import StepContext, Tools, Work

_log = logging.getLogger("flowbook.run")


@dataclass(frozen=True, slots=True)
class NodeProgress:
    """A live notice, never journalled: how far a node is."""

    node: NodeId
    progress: Progress


Notice: TypeAlias = Event | NodeProgress


@dataclass(frozen=True, slots=True)
class Stage:
    """What the engine lends to each of its runs."""

    loop: AbstractEventLoop
    sink: Sink
    keeper: Keeper
    tools: Tools
    clock: Callable[[], float]
    executors: Mapping[On, Executor]
    recording: Recording | None = None

    def recorded(self, recording: Recording) -> Stage:
        """This stage for one run that is recorded in its own way."""
        keeper = self.keeper.of(recording)
        return replace(self, sink=recording.sink, keeper=keeper, recording=recording)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is to be performed: the plan, the code of its steps, the parameters.

    `past` is what another process had made of the run.
    """

    plan: Plan
    work: tuple[Work, ...]
    params: Mapping[PortName, Any]
    ambient: Context = field(repr=False)
    past: Past | None = None


class Performance:
    """One run on its way."""

    def __init__(self, stage: Stage, assignment: Assignment, closed: Callable[[], None]) -> None:
        self.plan, self.params = assignment.plan, assignment.params
        past = assignment.past
        self.state = RunState(assignment.plan) if past is None else past.state
        self.state.places = tuple(map(_place, assignment.plan.steps, assignment.work))
        self.events: list[Event] = [] if past is None else list(past.events)
        self.values: list[Outputs | None] = [None] * len(assignment.plan.steps)
        for i, outputs in {} if past is None else past.values.items():
            self.values[i] = outputs
        self.shelf = Shelf(stage.keeper, self.values, {} if past is None else past.stored)
        self.listeners: list[Callable[[Notice], None]] = []
        self.over: Future[None] = Future()
        self._stage, self._work, self._ambient = stage, assignment.work, assignment.ambient
        self._closed = closed
        self._stimuli: deque[Stimulus] = deque()
        self._busy = False
        self._tickets: dict[int, Ticket] = {}
        self._timers: dict[int, TimerHandle] = {}
        self._parked: deque[Launch] = deque()
        self._record = Record(stage.loop, stage.sink, self._synced, self._unrecorded)
        self._record.durable = self.state.seq - 1
        recording = stage.recording
        self.recording = recording
        self.told: Callable[[str], str] = str if recording is None else recording.text
        self._words = Words(stage.loop, self._heard, None if recording is None else self.told)
        self._lookups = Lookups(stage.keeper, stage.tools.memoir, self.values, self._run, self.feed)
        self.now = stage.clock

    # ------------------------------------------------------------ the cycle

    def feed(self, stimulus: Stimulus) -> None:
        """Tell the run that something happened."""
        if self.over.done():
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
        if self._work[order.step].pure or order.after <= self._record.durable:
            self._go(order)
        else:
            self._parked.append(order)
            self._record.hurry()

    def _go(self, order: Launch) -> None:
        """Run an attempt, unless the step may be taken from the cache and is found there."""
        i = order.step
        step, work, known = self.plan.steps[i], self._work[i], self.state.outputs
        if not self._lookups.ask(order, step, work, known, self.params, self.now):
            self._run(order)

    def _run(self, order: Launch) -> None:
        i, stage = order.step, self._stage
        step, work = self.plan.steps[i], self._work[i]
        words = self._words
        context = StepContext(self.state.run, step.node, order.attempt, i, words, stage.tools)
        context.tries = order.attempt - self.state.spared[i]
        ambient = self._ambient.copy()
        ambient.run(listening.set, context.hear)
        self._tickets[i] = stage.executors[self.state.places[i]].launch(
            Attempt(
                work,
                inputs_of(self.plan, i, self.values, self.params),
                context,
                ambient,
                lambda end: self._ended(order, end),
            )
        )
        if step.options.timeout is not None:
            self._set_deadline(order, step.options.timeout)

    def abort(self, order: Abort) -> None:
        ticket = self._tickets.get(order.step)
        if ticket is not None and ticket.attempt.context.attempt == order.attempt:
            ticket.stop()
        elif self._lookups.forget(order.step) or any(
            parked.step == order.step for parked in self._parked
        ):
            self.feed(StepCancelled(at=self.now(), step=order.step, attempt=order.attempt))

    def set_timer(self, order: SetTimer) -> None:
        self._timers[order.step] = self._stage.loop.call_later(
            order.delay,
            lambda: self.feed(TimerFired(at=self.now(), step=order.step, attempt=order.attempt)),
        )

    def _set_deadline(self, order: Launch, seconds: float) -> None:
        self._timers[order.step] = self._stage.loop.call_later(seconds, self._time_out, order)

    def _time_out(self, order: Launch) -> None:
        ms = self._tickets[order.step].ms()
        left = (self.plan.steps[order.step].options.timeout or 0.0) - ms / 1000
        if left > 0:  # it had to wait for a thread, and that is not its fault
            self._set_deadline(order, max(left, 0.001))
            return
        self._words.drain()
        self.feed(
            StepTimedOut(
                at=self.now(),
                step=order.step,
                attempt=order.attempt,
                ms=ms,
                chance=random.random(),  # noqa: S311 - spreads retries, hides nothing
                cell=self._work[order.step].cell,
            )
        )

    def close_run(self, _: CloseRun) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._record.hurry()

    # ------------------------------------------------------------ how a step ended

    def _ended(self, order: Launch, ending: Ending) -> None:
        i = order.step
        self._words.drain()
        if not self.state.is_current(order.step, order.attempt):
            return  # given up: another attempt may be on its way already
        self._tickets.pop(i, None)
        timer = self._timers.pop(i, None)
        if timer is not None:
            timer.cancel()
        if isinstance(ending, Returned):
            self._returned(order, ending)
        elif isinstance(ending, Raised):
            self._raised(order, ending.error, ending.ms)
        else:
            self.feed(StepCancelled(at=self.now(), step=i, attempt=order.attempt, ms=ending.ms))

    def _raised(self, order: Launch, error: BaseException, ms: float) -> None:
        work = self._work[order.step]
        self.feed(
            StepRaised(
                at=self.now(),
                step=order.step,
                attempt=order.attempt,
                ms=ms,
                error=describe(error, work.filename, work.cell, self.told),
                chance=random.random(),  # noqa: S311 - spreads retries, hides nothing
                final=bool(getattr(error, "final", False)),
                wait=float(getattr(error, "retry_after", None) or 0.0),
            )
        )

    def _returned(self, order: Launch, ending: Returned) -> None:
        try:
            outputs = as_outputs(ending.value, self.plan.steps[order.step].outputs)
        except Exception as error:  # noqa: BLE001 - a node may return anything
            self._raised(order, error, ending.ms)
            return

        def then(refs: Refs | Exception) -> None:
            if isinstance(refs, Exception):
                self._raised(order, refs, ending.ms)
            elif self.state.is_current(order.step, order.attempt):
                self.values[order.step] = outputs
                result = refs.pop(RESULT, None)
                self.feed(
                    StepReturned(
                        at=self.now(),
                        step=order.step,
                        attempt=order.attempt,
                        ms=ending.ms,
                        outputs=refs,
                        result=result,
                        cache_key=self._lookups.keys.get(order.step),
                    )
                )

        self._stage.keeper.keep(outputs, then)

    # ------------------------------------------------------------ words, journal, end

    def _heard(self, step: int, attempt: int, stream: str, what: str | Progress) -> None:
        if self.state.over or self.state.attempt[step] != attempt:
            return
        if isinstance(what, Progress):
            self.notify(NodeProgress(self.plan.steps[step].node, what))
        else:
            self.feed(StepLogged(at=self.now(), step=step, stream=stream, text=what))

    def _synced(self) -> None:
        durable = self._record.durable
        parked, self._parked = self._parked, deque()
        for order in parked:
            if self.state.phase[order.step] is not Phase.RUNNING:
                continue
            if order.after <= durable:
                self._go(order)
            else:
                self._parked.append(order)
        if self.state.over and durable >= self.state.seq - 1:
            self._end(None)

    def _unrecorded(self, error: BaseException) -> None:
        if self.state.over:
            self._end(f"it {self.state.status.value}, but its end could not be recorded: {error}")
        else:
            self.feed(JournalFailed(at=self.now(), error=describe(error, redact=self.told)))
            self._end(None)

    def _end(self, trouble: str | None) -> None:
        if self.over.done():
            return
        if trouble is None:
            self.over.set_result(None)
        else:
            for ticket in tuple(self._tickets.values()):
                ticket.stop()
            run = self.state.run
            self.over.set_exception(RunError(f"run {run}: {trouble}", run_id=run))
        self._closed()


_PERFORM: Mapping[type[Instruction], Callable[[Performance, Any], None]] = {
    Launch: Performance.launch,
    Abort: Performance.abort,
    SetTimer: Performance.set_timer,
    CloseRun: Performance.close_run,
}


def _place(step: Step, work: Work) -> On:
    on = step.options.on
    if on is On.AUTO:
        return On.INLINE if work.is_async else On.THREAD
    return on
