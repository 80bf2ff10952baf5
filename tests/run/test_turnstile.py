"""A run's way in: at once, when it is let in, or never; and the time it then has."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from tests.run.plans import n, plan_of, works

from flowbook.errors import RunTimeout
from flowbook.events import NodeStarted, RunCreated, RunStatus, TriggerKind
from flowbook.graph.flow_options import FlowOptions
from flowbook.ids import NodeId, RunId
from flowbook.run.rules.phase import Outcome
from flowbook.run.rules.stimulus import Lineage


async def asleep(context, inputs):
    await asyncio.sleep(60)


def begin(engine, calls, *, seconds=None, lineage=None, queued=False):
    plan = replace(plan_of(*map(n, calls)), options=FlowOptions(timeout=seconds))
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
