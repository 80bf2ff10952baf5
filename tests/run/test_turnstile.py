"""A run's way in: at once, when it is let in, or never; and the time it then has."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from tests.run.plans import n, plan_of, works

from flowbook.errors import RunTimeout
from flowbook.events import (
    NodeRetryScheduled,
    NodeStarted,
    RunCreated,
    RunRetried,
    RunStatus,
    TriggerKind,
)
from flowbook.graph.flow_options import FlowOptions
from flowbook.ids import NodeId, RunId
from flowbook.run.rules.phase import Outcome
from flowbook.run.rules.stimulus import Lineage


async def asleep(context, inputs):
    await asyncio.sleep(60)


def begin(engine, calls, *, seconds=None, again=0, lineage=None, queued=False):
    options = FlowOptions(timeout=seconds, timeout_retries=again)
    plan = replace(plan_of(*map(n, calls)), options=options)
    return engine.start(
        plan,
        works(plan, calls),
        {},
        run_id=RunId("r"),
        trigger=TriggerKind.MANUAL,
        lineage=lineage,
        queued=queued,
    )


def test_a_run_that_outlives_its_flows_timeout_fails_and_names_what_ran(engines):
    run = begin(engines(), {"slow": asleep, "quick": lambda c, i: 1}, seconds=0.2).wait(5)
    assert run.status is RunStatus.FAILED
    assert run["slow"].outcome is Outcome.CANCELLED
    with pytest.raises(RunTimeout, match=r"not over after 200ms; under way: slow") as late:
        run.raise_for_status()
    assert late.value.seconds == 0.2


def test_a_run_has_its_time_as_often_as_its_flow_says(engines):
    begun, done = [], []

    async def slow_at_first(context, inputs):
        begun.append(context.attempt)
        await asyncio.sleep(60 if context.attempt < 3 else 0)
        return "at last"

    calls = {"slow": slow_at_first, "quick": lambda c, i: done.append(1)}
    run = begin(engines(), calls, seconds=0.2, again=2).wait(10)
    assert (run.status, run["slow"].output) == (RunStatus.SUCCEEDED, "at last")
    assert (begun, done) == ([1, 2, 3], [1])
    told = [event for event in run.events() if isinstance(event, RunRetried)]
    assert [one.attempt for one in told] == [2, 3]
    created = run.events()[0]
    ends = [created.deadline, *(one.deadline for one in told)]
    assert [b - a >= 0.2 for a, b in pairwise(ends)] == [True, True]
    assert all(150 < e.ms < 5_000 for e in run.events() if isinstance(e, NodeRetryScheduled))


def test_a_run_that_never_ends_fails_with_all_the_time_it_had(engines):
    run = begin(engines(), {"slow": asleep}, seconds=0.1, again=2).wait(10)
    with pytest.raises(RunTimeout, match=r"attempt 3 of the run") as late:
        run.raise_for_status()
    assert 0.3 <= late.value.seconds < 5


def test_the_nearer_deadline_counts(engines):
    lineage = Lineage(deadline=time.time() + 0.2)
    run = begin(engines(), {"slow": asleep}, seconds=60.0, lineage=lineage).wait(5)
    assert run.events()[0].deadline == lineage.deadline
    assert run.status is RunStatus.FAILED


def test_a_run_says_where_it_comes_from(engines):
    lineage = Lineage(RunId("up"), NodeId("call"), depth=2, priority=5)
    run = begin(engines(), {"a": lambda c, i: 1}, lineage=lineage).wait(5)
    created = run.events()[0]
    assert isinstance(created, RunCreated)
    assert (created.parent, created.calling_node, created.depth, created.priority) == (
        "up", "call", 2, 5,
    )  # fmt: skip


def test_a_queued_run_begins_when_it_is_let_in_and_not_a_second_time(engines):
    run = begin(engines(), {"a": lambda c, i: 1}, queued=True)
    assert run.status is RunStatus.QUEUED
    assert not run.settled(0.05)
    assert (run.entry.open(), run.entry.open()) == (True, False)
    assert run.wait(5).status is RunStatus.SUCCEEDED


def test_cancelling_a_queued_run_ends_it_with_nothing_begun(engines):
    run = begin(engines(), {"a": lambda c, i: 1}, queued=True)
    run.cancel("not needed")
    assert run.wait(5).status is RunStatus.CANCELLED
    assert not any(isinstance(event, NodeStarted) for event in run.events())
    assert run.entry.open() is False


def test_waiting_for_its_turn_takes_nothing_off_a_runs_time(engines):
    run = begin(engines(), {"a": lambda c, i: 1}, seconds=30.0, queued=True)
    begun = time.time()
    run.entry.open()
    assert run.wait(5).events()[0].deadline >= begun + 30.0
