"""What SQL says of runs is what anybody finds who goes through them one by one."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.alerts.facts import Figures, FinishedRun
from flowbook.alerts.judging import judged
from flowbook.alerts.rule import Heavy, TimedOut, rule_of
from flowbook.events import (
    NodeStarted,
    NodeUsed,
    RunCompleted,
    RunCreated,
    RunRetried,
    RunStatus,
    TriggerKind,
)
from flowbook.events.values import ErrorInfo
from flowbook.ids import mint_uuid7
from flowbook.store.judging import facts, unjudged
from flowbook.store.store import Store

BEGIN = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
ENDINGS = {
    "succeeded": None,
    "failed": ErrorInfo("KeyError", "'rain'"),
    "timed out": ErrorInfo("TimeoutError", "gave nothing within 5 s"),
    "cancelled": None,
}


def rule(when, **said):
    return rule_of({"name": "n", "when": when, "to": [{"channel": "lab"}], **said})


def events_of(number, flow, how, trigger, took, used, again):
    """A run that began in that minute; `used`: CPU seconds and bytes of its nodes `a` and `b`."""
    at = BEGIN + number * 60
    run = mint_uuid7(int(at * 1000), number + 1)
    status = RunStatus({"timed out": "failed"}.get(how, how))
    found = [
        RunCreated(run=run, seq=0, at=at, flow=flow, version="v", trigger=trigger, nodes=("a", "b"))
    ]
    for node, (cpu, memory) in zip("ab", used, strict=True):
        seq = len(found)
        found.append(NodeStarted(run=run, seq=seq, at=at, node=node, attempt=1, on="loop"))
        found.append(
            NodeUsed(run=run, seq=seq + 1, at=at, node=node, attempt=1, cpu_ms=cpu, memory=memory)
        )
    for count in range(again):
        found.append(
            RunRetried(run=run, seq=len(found), at=at, attempt=count + 2, deadline=at + 9,
                       error=ENDINGS["timed out"])
        )  # fmt: skip
    found.append(
        RunCompleted(run=run, seq=len(found), at=at + took, status=status, ms=took * 1e3,
                     error=ENDINGS[how])
    )  # fmt: skip
    return found


TRIGGERS = st.sampled_from([TriggerKind.CRON, TriggerKind.CLI, TriggerKind.TEST])
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["daily", "weekly"]), st.sampled_from(list(ENDINGS)), TRIGGERS,
        st.integers(1, 50),
        st.tuples(*[st.tuples(st.integers(0, 90_000), st.integers(1, 10_000))] * 2),
        st.sampled_from([0, 0, 0, 1, 2]),
    ),
    max_size=14,
)  # fmt: skip
# Percentiles that are exact in binary: the two ways to work them out must not differ by a rounding.
RULES = st.builds(
    rule,
    st.one_of(
        st.sampled_from([{"on": "failed"}, {"on": "timed_out"}, {"on": "recovered"}]),
        st.builds(
            lambda p, over, least: {"on": "slow", "percentile": p, "over": over, "least": least},
            st.sampled_from([50, 75]), st.integers(1, 6), st.integers(1, 3),
        ),
        st.builds(
            lambda what, node, limit: {
                "on": "resources", "what": what, "node": node, "limit": limit, "over": 5,
                "percentile": 75, "least": 2,
            },
            st.sampled_from(["cpu", "memory"]), st.sampled_from([None, "a", "b"]),
            st.sampled_from([None, 40.0, 5000.0]),
        ),
    ),
    flow=st.sampled_from(["*", "dai*"]),
    quiet=st.sampled_from([0, 150]),
)  # fmt: skip


def by_hand(wanted, history):
    """The notices, found run by run."""
    before, usual, told = {}, {}, []
    for number, (flow, how, trigger, took, used, again) in enumerate(history):
        if how == "cancelled" or not wanted.watches(flow, trigger):
            continue
        status = "succeeded" if how == "succeeded" else "failed"
        error = ENDINGS[how] and f"{ENDINGS[how].type}: {ENDINGS[how].message}"
        ended = datetime.fromtimestamp(BEGIN + number * 60 + took, UTC)
        run = FinishedRun(
            str(number), flow, status, trigger, ended, error, before.get(flow)
        )  # fmt: skip
        value, past = value_of(wanted.when, took, used, again), usual.setdefault(flow, [])
        last = past[-getattr(wanted.when, "over", 50) :]
        bar = numpy.quantile(last, wanted.when.percentile / 100) if last and value else None
        told.append((run, Figures(value, None if bar is None else float(bar), len(last))))
        before[flow] = status
        if status == "succeeded":
            past.append(value)
    return list(judged(wanted, told))


def value_of(when, took, used, again):
    if isinstance(when, TimedOut):
        return float(again)
    if not isinstance(when, Heavy):
        return float(took) if hasattr(when, "percentile") else None
    mine = [one for node, one in zip("ab", used, strict=True) if when.node in (None, node)]
    if when.what == "cpu":
        return sum(cpu for cpu, _ in mine) / 1e3
    return float(max(memory for _, memory in mine))


@given(HISTORIES, RULES, st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_going_through_runs_one_by_one_say_the_same(history, wanted, folded):
    # Ends come in the order of begins: no run takes as long as a minute.
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / ".flowbook", durability="off")
        try:
            ids = {}
            for number, one in enumerate(history):
                events = events_of(number, *one)
                ids[events[0].run] = str(number)
                store.sink.append(events).result(30)
            if folded and history:
                store.fold()
            found = facts(store.notices.snapshot, wanted)
            told = [(ids[one.run], one.event, one.fields) for one in judged(wanted, found)]
        finally:
            store.close()
    expected = by_hand(wanted, history)
    assert told == [(one.run, one.event, one.fields) for one in expected]


def test_facts_are_narrowed_by_ids_and_by_times(store, story):
    for day in range(3):
        store.sink.append(story.run(at=BEGIN + day * 86_400)).result(5)
    failed, snapshot = rule({"on": "failed"}), store.notices.snapshot
    found = [run.id for run, _ in facts(snapshot, failed)]
    assert [run.id for run, _ in facts(snapshot, failed, runs=found[1:2])] == found[1:2]
    since = datetime.fromtimestamp(BEGIN + 86_000, UTC)
    until = datetime.fromtimestamp(BEGIN + 87_000, UTC)
    assert [run.id for run, _ in facts(snapshot, failed, since=since)] == found[1:]
    assert [run.id for run, _ in facts(snapshot, failed, since=since, until=until)] == found[1:2]
    assert facts(snapshot, failed, runs=[]) == []


def test_a_run_is_unjudged_until_it_is_judged_and_a_test_never(store, story):
    told, test = story.run(at=BEGIN), story.run(at=BEGIN, trigger="test")
    going = story.run(at=time.time(), over=False)
    for events in (told, test, going):
        store.sink.append(events).result(5)
    snapshot = store.notices.snapshot
    found = unjudged(snapshot, BEGIN, time.time())
    assert found.runs == (told[0].run,)
    assert unjudged(snapshot, BEGIN + 10, time.time()).runs == ()
    store.notices.write([], found)
    assert unjudged(snapshot, BEGIN, time.time()).runs == ()
    store.fold()
    assert unjudged(snapshot, BEGIN, time.time()).runs == ()


@pytest.mark.kill
def test_a_lost_run_is_judged_after_a_grace_and_again_when_it_is_over(store, lost_run):
    run, snapshot = lost_run(), store.notices.snapshot
    now = time.time()
    assert unjudged(snapshot, 0, now).lost == ()
    found = unjudged(snapshot, 0, now + 120)
    assert (found.lost, found.over) == ((run,), ())
    store.notices.write([], found)
    assert unjudged(snapshot, 0, now + 120).runs == ()
    last = store.history.events(run)[-1]
    over = RunCompleted(
        run=run, seq=last.seq + 1, at=last.at + 5, status=RunStatus.FAILED, ms=5e3,
        error=ErrorInfo("KeyError", "x"),
    )  # fmt: skip
    store.sink.append([over]).result(5)
    assert unjudged(snapshot, 0, now + 120).over == (run,)
