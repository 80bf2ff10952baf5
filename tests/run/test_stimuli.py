"""Any stimulus at any time: a machine that does to a run whatever may be done to it.

The world is that of `tests/schedules`, with its laws; what is due in it happens in an order that
has nothing to do with time, and stimuli come that nobody waits for. Hypothesis makes it small.
"""

from __future__ import annotations

import random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.run.histories import BOOM, REF
from tests.schedules.world import World

from flowbook.events.values import ErrorInfo
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.stimulus import (
    CancelAsked,
    Expired,
    JournalFailed,
    NextAsked,
    PauseAsked,
    ResumeAsked,
    StepCancelled,
    StepConsulted,
    StepDue,
    StepLogged,
    StepPermitted,
    StepRaised,
    StepRecalled,
    StepResumed,
    StepReturned,
    StepSuspended,
    StepTimedOut,
    StepUnfolded,
    TimerFired,
)

LATE = (
    lambda one: StepReturned(**one, ms=-1.0, outputs={"x": REF}),
    lambda one: StepRaised(**one, ms=1.0, error=BOOM),
    lambda one: StepTimedOut(**one, ms=1.0),
    lambda one: StepCancelled(**one, ms=1.0),
    lambda one: StepSuspended(**one, reason="approval"),
    lambda one: StepRecalled(**one, outputs={"x": REF}),
    lambda one: StepUnfolded(**one, total=2),
    lambda one: StepConsulted(**one, index=0, go_on=True),
    lambda one: TimerFired(**one),
)


class AnyStimulus(RuleBasedStateMachine):
    """Random flows, random stimuli, in time and late."""

    @initialize(chance=st.randoms(use_true_random=True), most=st.integers(1, 8))
    def begin(self, chance, most):
        self.world = World(0, most=most, chance=chance)
        self.world.troubles.clear()
        self.world.start()

    @property
    def goes_on(self):
        return not self.world.state.over

    @precondition(lambda self: self.goes_on and self.world.agenda)
    @rule(picks=st.lists(st.integers(0, 9), min_size=1, max_size=12))
    def things_that_are_due_happen(self, picks):
        for pick in picks:
            agenda = self.world.agenda
            if agenda and self.goes_on:
                self.world.perform(agenda.pop(pick % len(agenda)))

    @rule(data=st.data(), make=st.sampled_from(LATE))
    def something_comes_of_an_attempt_that_is_over(self, data, make):
        state = self.world.state
        step = data.draw(st.integers(0, len(state.phase) - 1))
        attempt = data.draw(st.integers(0, state.attempt[step]))
        late = make({"at": self.world.now, "step": step, "attempt": attempt})
        current = state.is_current(step, attempt)
        if not current and (step, attempt) not in self.world.timers:
            seen = len(self.world.events)
            self.world.feed(late)
            assert len(self.world.events) == seen, "what comes late changes nothing"

    @rule(data=st.data(), since=st.integers(0, 40), name=st.sampled_from(["", "one", "two"]))
    def something_comes_from_outside(self, data, since, name):
        world = self.world
        step = data.draw(st.integers(0, len(world.state.phase) - 1))
        log = StepLogged(at=world.now, step=step, stream="stdout", text="x")
        came = StepResumed(at=world.now, step=step, signal=name, payload=name)
        due = StepDue(at=world.now, step=step, since=since)
        told = [log, came, due]
        if step not in world.applied and step != world.permitted:
            told.append(StepPermitted(at=world.now, step=step))  # nobody wants it any more
        world.feed(data.draw(st.sampled_from(told)))

    @rule(kind=st.sampled_from([PauseAsked, NextAsked, ResumeAsked]))
    def somebody_pauses_or_resumes(self, kind):
        self.world.feed(kind(at=self.world.now))

    @rule(name=st.sampled_from(["paid", "sent"]))
    def somebody_sends_a_signal(self, name):
        if self.goes_on:
            self.world.send(name)

    @rule(always=st.integers(0, 29))
    def it_is_to_end(self, always):
        at, full = self.world.now, ErrorInfo("OSError", "disk full")
        ends = (
            CancelAsked(at=at),
            CancelAsked(at=at, force=True),
            Expired(at=at, seconds=1.0),
            JournalFailed(at=at, error=full),
        )
        if always < len(ends):
            self.world.feed(ends[always])

    @rule()
    def somebody_cancels_twice(self):
        if self.world.state.worked is not None or self.world.state.cancelling:
            self.world.feed(CancelAsked(at=self.world.now))

    @rule()
    def somebody_offers_items(self):
        self.world.offer()

    @precondition(lambda self: self.goes_on)
    @rule()
    def the_process_dies_and_another_goes_on(self):
        self.world.die()

    @invariant()
    def the_journal_leads_to_the_live_state(self):
        if hasattr(self, "world"):
            assert fold(self.world.events, self.world.plan) == self.world.state

    def teardown(self):
        """With nobody in the way, the run ends."""
        if hasattr(self, "world"):
            self.world.chance = self.world.fate = random.Random(0)
            self.world.go_on()


AnyStimulus.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestAnyStimulus = AnyStimulus.TestCase
