"""The hands of a run: they carry out what was decided, and say what became of it.

Instructions in, stimuli out: attempts are launched on the executors, timers set, containers asked,
and every ending is told to the run as a stimulus. Lives on the engine's loop.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from flowbook.errors import UsageError, ValueUnavailable, WaitTimeout
from flowbook.events.values import ValueRef
from flowbook.graph import adding, suspension
from flowbook.graph.choices import On
from flowbook.graph.node import Outputs, as_outputs
from flowbook.graph.suspension import Suspend
from flowbook.ids import PortName
from flowbook.plan.plan import OTHERS, Step
from flowbook.run.accounts import Accounts
from flowbook.run.additions import Additions, with_additions
from flowbook.run.alarms import Alarms
from flowbook.run.containers import Containers
from flowbook.run.excerpt import told_inputs
from flowbook.run.failure import describe, hold
from flowbook.run.lookups import Asking, Lookups
from flowbook.run.permits import StepPermits
from flowbook.run.places.capture import listening
from flowbook.run.places.executors import Attempt, Ending, Raised, Returned, Ticket
from flowbook.run.places.measure import measured
from flowbook.run.rules.instruction import Abort, Consult, Gather, Launch
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import (
    StepCancelled,
    StepConsulted,
    StepRaised,
    StepReturned,
    StepTimedOut,
    StepUnfolded,
    Stimulus,
)
from flowbook.run.stage import Assignment, Stage
from flowbook.run.values import RESULT, Refs, Shelf
from flowbook.run.waits import Waits
from flowbook.run.work import StepContext, Work


class Hands:
    """Carries out the instructions of one run; `feed` tells the run what happened.

    `told` makes a text one that may be told; `shelf` holds what the steps gave.
    """

    def __init__(
        self,
        stage: Stage,
        assignment: Assignment,
        state: RunState,
        shelf: Shelf,
        accounts: Accounts,
        feed: Callable[[Stimulus], None],
    ) -> None:
        self._stage, self._state, self._shelf = stage, state, shelf
        self._cast, self._ambient = assignment.cast, assignment.ambient
        self._ambient.run(suspension.current.set, None)  # a node may have started this run
        self._accounts, self._feed, self._now = accounts, feed, stage.clock
        self.tickets: dict[int, Ticket] = {}
        """The attempts that are with an executor, by step."""
        self._measures = assignment.plan.options.measure
        self.alarms = Alarms(stage.loop)
        self.containers = Containers(
            state, shelf, assignment.params, self.work, lambda i: self._context(i, 0)
        )
        self.permits = StepPermits(stage, state, self.containers, feed)
        self.waits = Waits(stage, state, feed)
        self._carried = assignment.carried
        self._nested = bool(assignment.plan.blocks)
        self.additions = Additions(state, stage.keeper, self.containers.added.hold)
        self.lookups = Lookups(stage.keeper, stage.tools, shelf.values, self._run, feed)

    def work(self, i: int) -> Work:
        return self._cast[self._state.names[i]][0]

    def _context(self, i: int, attempt: int) -> StepContext:
        state = self._state
        scope = state.scopes[state.scope[i]].path
        words, tools = self._accounts.words, self._stage.tools
        made = StepContext(
            state.run, state.names[i], attempt, i, words, tools, scope, flow=state.flow
        )
        if i in state.resumed:
            made.resumption = self.waits.resumption(i)
        return made

    # ------------------------------------------------------------ instructions

    def launch(self, order: Launch) -> None:
        """Run an attempt, unless the step may be taken from the cache and is found there."""
        i, state = order.step, self._state
        step = state.steps[i]
        if i in self.permits.refused:
            self._raised(order, self.permits.refused[i], 0.0)
            return
        # What a join is given is more than the outputs it reads.
        asks = step.options.cache and step.join is None
        if not asks or not self.lookups.ask(order, self._asking(i), self._now):
            self._run(order)

    def _asking(self, i: int) -> Asking:
        state = self._state
        number = state.scope[i]
        scope = state.scopes[number]
        known: Sequence[Mapping[PortName, ValueRef]] = state.outputs
        if number:
            known = known[scope.base : scope.base + scope.size]
        names = self.containers.names(number)
        return Asking(state.flow, state.steps[i], self.work(i), scope.base, known, names)

    def _run(self, order: Launch) -> None:
        i = order.step
        work, on = self._cast[self._state.names[i]]
        context = self._context(i, order.attempt)
        context.tries = order.attempt - self._state.spared[i]
        if context.resumption is not None and context.resumption.timed_out:
            otherwise = self.waits.otherwise(i)
            if otherwise != "continue":
                self._waited_in_vain(order, otherwise)
                return
        try:
            inputs = self.containers.inputs(i)
        except ValueUnavailable as gone:
            self._raised(order, gone, 0.0)
            return
        ambient = self._ambient.copy()
        ambient.run(listening.set, context.hear)
        if self._nested:
            ambient.run(adding.current.set, context.add_items)
        if context.resumption is not None:
            ambient.run(suspension.current.set, context.resumption)
        options = self._state.steps[i].options
        if self._measures and (on is On.THREAD or on is On.INLINE):
            work = dataclasses.replace(work, call=measured(work.call))
        self.tickets[i] = self._stage.executors[on].launch(
            Attempt(
                work,
                inputs,
                context,
                ambient,
                partial(self._accounts.close, order, self._ended),
                options.bounds if on is On.PROCESS else None,
            )
        )
        if options.timeout is not None:
            self.watch(order)

    def watch(self, order: Launch) -> None:
        """See to the timeout of a step that begins now."""
        timeout = self._state.steps[order.step].options.timeout
        if timeout is not None:
            self.alarms.set(order.step, timeout, lambda: self._time_out(order))

    def _waited_in_vain(self, order: Launch, otherwise: object) -> None:
        if otherwise != "fail":
            self._returned(order, Returned(otherwise, 0.0))
            return
        waited, came = self._state.resumed[order.step]
        what = waited.reason or f"signal {waited.signal!r}"
        seconds = came.at - waited.at
        error = WaitTimeout(
            f"it waited {seconds:,.0f} s for {what}, which did not come",
            hint="give it more time, or say what is to become of it with on_timeout",
            seconds=seconds,
        )
        self._raised(order, error, 0.0)

    def consult(self, order: Consult) -> None:
        i, attempt, index = order.step, order.attempt, order.index

        def then(more: bool | Exception) -> None:
            if isinstance(more, Exception):
                if self._state.is_current(i, attempt):
                    self._raised(Launch(i, attempt, 0), more, 0.0)
                return
            at = self._now()
            self._feed(StepConsulted(at=at, step=i, attempt=attempt, index=index, go_on=more))

        try:
            question = self.containers.question(i, index)
            inside = self._state.steps[i].inside
            if inside is not None and inside.policy.slow:
                self._stage.keeper.make(question, then)
                return
            more = question()
        except Exception as error:  # noqa: BLE001 - a condition is the user's
            then(error)
            return
        then(more)

    def gather(self, order: Gather) -> None:
        launch = Launch(order.step, order.attempt, 0)

        def then(made: Outputs | Exception) -> None:
            self.containers.forget(order.step)
            if isinstance(made, Exception):
                self._raised(launch, made, 0.0)
            else:
                self._returned(
                    launch, Returned(made, _turned(self._state, order.step, self._now()))
                )

        self._stage.keeper.make(lambda: self.containers.gather(order.step), then)

    def abort(self, order: Abort) -> bool:
        """Make an attempt stop; False when nothing of it is in these hands."""
        ticket = self.tickets.get(order.step)
        if ticket is not None and ticket.attempt.context.attempt == order.attempt:
            ticket.stop()
            if not self._state.is_current(order.step, order.attempt):
                self._accounts.give_up((order.step, order.attempt))
        elif self.lookups.forget(order.step) or order.step in self._state.turning:
            usage = self._accounts.usage((order.step, order.attempt))
            self._feed(
                StepCancelled(at=self._now(), step=order.step, attempt=order.attempt, usage=usage)
            )
        else:
            return False
        return True

    def stop_all(self) -> None:
        """Make every attempt stop."""
        for ticket in tuple(self.tickets.values()):
            ticket.stop()

    def rest(self) -> None:
        """Nothing more will be waited for."""
        self.waits.rest()
        self.alarms.drop_all()

    def _time_out(self, order: Launch) -> None:
        ticket = self.tickets.get(order.step)
        ms = _turned(self._state, order.step, self._now()) if ticket is None else ticket.ms()
        left = (self._state.steps[order.step].options.timeout or 0.0) - ms / 1000
        if left > 0:  # it had to wait for a thread, and that is not its fault
            self.alarms.set(order.step, max(left, 0.001), lambda: self._time_out(order))
            return
        of = (order.step, order.attempt)

        def then() -> None:
            self._feed(
                StepTimedOut(
                    at=self._now(),
                    step=order.step,
                    attempt=order.attempt,
                    ms=ms,
                    chance=random.random(),  # noqa: S311 - spreads retries, hides nothing
                    cell=self.work(order.step).cell,
                    inputs=told_inputs(self.containers, order.step, self._stage.recording),
                    usage=self._accounts.usage(of),
                )
            )

        self._accounts.give_up(of, then)

    # ------------------------------------------------------------ how a step ended

    def _ended(self, order: Launch, ending: Ending) -> None:
        i = order.step
        if not self._state.is_current(order.step, order.attempt):
            self._accounts.used((i, order.attempt))
            return  # given up: another attempt may be on its way already
        self.tickets.pop(i, None)
        if not isinstance(ending, Returned) or isinstance(ending.value, Suspend):
            self.alarms.drop(i)
            self._gave_nothing(order, ending)
        elif self.work(i).container is not None:
            self._unfolded(order, ending)  # its time goes on until its turns are over
        else:
            self.alarms.drop(i)
            self._returned(order, ending)

    def _gave_nothing(self, order: Launch, ending: Ending) -> None:
        """It waits, failed, or was stopped."""
        i, attempt = order.step, order.attempt
        wish = ending.value if isinstance(ending, Returned) else getattr(ending, "error", None)
        if isinstance(wish, Suspend):
            wait = self.waits.suspended(i, attempt, wish)
            self._feed(replace(wait, usage=self._accounts.usage((i, attempt))))
        elif isinstance(ending, Raised):
            self._raised(order, ending.error, ending.ms)
        else:
            usage = self._accounts.usage((i, attempt))
            at, ms = self._now(), ending.ms
            self._feed(StepCancelled(at=at, step=i, attempt=attempt, ms=ms, usage=usage))

    def _unfolded(self, order: Launch, ending: Returned) -> None:
        try:
            total = self.containers.unfolded(order.step, ending.value)
        except UsageError as refused:
            self._raised(order, refused, ending.ms)
            return
        known = self._carried.turns.get(self._state.key(order.step), {})
        self._feed(
            StepUnfolded(
                at=self._now(),
                step=order.step,
                attempt=order.attempt,
                total=total,
                known=dict(known),
            )
        )

    def _raised(self, order: Launch, error: BaseException, ms: float) -> None:
        work, redact = self.work(order.step), self._stage.told
        self._accounts.words.additions(order.step, order.attempt)  # what fails adds nothing
        info = replace(
            describe(error, work.filename, work.cell, redact),
            inputs=told_inputs(self.containers, order.step, self._stage.recording),
        )
        hold(info, error, redact)
        self._feed(
            StepRaised(
                at=self._now(),
                step=order.step,
                attempt=order.attempt,
                ms=ms,
                error=info,
                chance=random.random(),  # noqa: S311 - spreads retries, hides nothing
                final=bool(getattr(error, "final", False)),
                wait=float(getattr(error, "retry_after", None) or 0.0),
                usage=self._accounts.usage((order.step, order.attempt)),
            )
        )

    def _returned(self, order: Launch, ending: Returned) -> None:
        try:
            outputs = as_outputs(ending.value, self._state.steps[order.step].outputs)
        except Exception as error:  # noqa: BLE001 - a node may return anything
            self._raised(order, error, ending.ms)
            return

        added = self._accounts.words.additions(order.step, order.attempt)
        whole = with_additions(outputs, added) if added else outputs
        self._stage.keeper.keep(
            whole, lambda refs: self._kept(order, ending.ms, outputs, refs, added)
        )

    def _kept(
        self,
        order: Launch,
        ms: float,
        outputs: Outputs,
        refs: Refs | Exception,
        added: Mapping[str, list[Any]],
    ) -> None:
        i, attempt = order.step, order.attempt
        if isinstance(refs, Exception):
            self._raised(order, refs, ms)
        elif self._state.is_current(i, attempt):
            more = self.additions.of(i, added, refs) if added else ()
            if isinstance(more, UsageError):
                self._raised(order, more, ms)
                return
            self._shelf.values[i] = outputs
            step = self._state.steps[i]
            done = StepReturned(
                at=self._now(),
                step=i,
                attempt=attempt,
                ms=ms,
                result=refs.pop(RESULT, None),
                outputs=refs,
                reason=_why(step, outputs, self._stage) if step.ends else "",
                usage=self._accounts.usage((i, attempt)),
                added=more,
            )
            asked = i in self.lookups.answers
            self._feed(replace(done, **self.lookups.told(i)) if asked else done)


def _why(step: Step, outputs: Outputs, stage: Stage) -> str:
    """What a node says that stops the run; nothing of all others."""
    if step.ends == OTHERS or outputs.result is None:
        return ""
    return stage.told(str(outputs.result))


def _turned(state: RunState, i: int, now: float) -> float:
    """Milliseconds since the container in slot `i` began with its turns."""
    opened = (state.scopes[at].opened_at for at in state.turning[i].scopes.values())
    began = min(opened, default=0.0)
    return round((now - began) * 1000, 3) if began else 0.0
