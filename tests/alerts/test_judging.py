"""What a rule says of a run: nothing twice, nothing in quiet time, and the same every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.alerts.facts import Figures, FinishedRun, MissedSlot
from flowbook.alerts.judging import judge, judge_slot, judged, judged_slots
from flowbook.alerts.rule import rule_of

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CONDITIONS = [
    {"on": "failed"},
    {"on": "timed_out"},
    {"on": "recovered"},
    {"on": "slow"},
    {"on": "resources", "what": "cpu", "limit": 30},
    {"on": "resources", "what": "memory"},
]


def rule(when="failed", **said):
    on = {"on": when} if isinstance(when, str) else when
    return rule_of({"name": "n", "when": on, "to": [{"channel": "lab"}], **said})


def run(number=1, status="failed", error="KeyError: 'rain'", **said):
    at = BEGIN + timedelta(minutes=number)
    wrong = error if status == "failed" else None
    return FinishedRun(f"r{number}", said.pop("flow", "daily"), status, "cron", at, wrong, **said)


def event(*said):
    found = judge(*said)
    return found and found.event


def test_each_condition_tells_of_its_own():
    much = Figures(40.0, 20.0, 50)
    succeeded, late = run(status="succeeded"), run(error="TimeoutError: 5 s are over")
    assert event(rule(), run()) == "run_failed"
    assert event(rule(), succeeded) is None
    assert event(rule("timed_out"), late) == "run_timed_out"
    assert event(rule("timed_out"), run()) is None
    assert event(rule("slow"), succeeded, much) == "run_slow"
    assert event(rule("slow"), run(), much) is None
    assert event(rule(CONDITIONS[4]), run(), much) == "run_heavy"
    assert event(rule(CONDITIONS[5]), succeeded, much) == "run_heavy"
    assert event(rule("recovered"), run(2, "succeeded", before="failed")) == "run_recovered"
    assert event(rule("recovered"), run(2, "succeeded", before="succeeded")) is None
    assert event(rule("recovered"), run(2, "succeeded")) is None


@pytest.mark.parametrize(
    ("how", "level", "words"),
    [
        (run(status="succeeded"), "warning", "was out of time, and succeeded at attempt 3"),
        (run(), "error", "was out of time, and failed at attempt 3"),
        (run(error="TimeoutError: 5 s are over"), "error", "ran out of time"),
    ],
)
def test_a_run_that_had_its_time_again_is_told_of_however_it_ended(how, level, words):
    found = judge(rule("timed_out"), how, Figures(2.0))
    assert (found.event, found.level) == ("run_timed_out", level)
    assert found.message == f"Workflow 'daily' {words}"
    assert judge(rule("timed_out"), run(status="succeeded"), Figures(0.0)) is None


def test_nothing_is_slow_as_long_as_little_is_known():
    slow = rule({"on": "slow", "least": 10})
    done = run(status="succeeded")
    assert judge(slow, done, Figures(40.0, 20.0, 9)) is None
    assert judge(slow, done, Figures(20.0, 20.0, 10)) is None
    assert judge(slow, done, Figures(20.1, 20.0, 10)) is not None
    assert judge(slow, done, Figures(None, 20.0, 10)) is None


def test_a_failure_is_told_by_its_error_alone():
    notice = judge(rule(), run())
    assert (notice.error, notice.message, dict(notice.fields)) == ("KeyError: 'rain'", "", {})


def test_a_time_without_a_run_says_why():
    notice = judge_slot(rule("missed"), MissedSlot("daily", BEGIN, "still_running"))
    assert notice.message == "Workflow 'daily' did not run at 2026-01-01T00:00:00Z: still running"
    assert (notice.run, notice.event) == (None, "schedule_missed")
    assert judge_slot(rule("missed", flow="other"), MissedSlot("daily", BEGIN, "missed")) is None
    assert judge_slot(rule(), MissedSlot("daily", BEGIN, "missed")) is None


def test_quiet_time_is_for_each_flow_by_itself():
    slots = [
        MissedSlot(flow, BEGIN + timedelta(hours=h), "missed") for h in range(4) for flow in "ab"
    ]
    told = list(judged_slots(rule("missed", quiet=7200), slots))
    assert [(one.flow, one.fields["Scheduled for"][11:13]) for one in told] == [
        ("a", "00"), ("b", "00"), ("a", "02"), ("b", "02"),
    ]  # fmt: skip


@st.composite
def histories(draw):
    """Runs of two flows in their order, each knowing how the one before it ended."""
    before, found, minute = {}, [], 0
    for _ in range(draw(st.integers(0, 25))):
        minute += draw(st.integers(1, 3))
        flow, status = draw(st.sampled_from("ab")), draw(st.sampled_from(["failed", "succeeded"]))
        error = draw(st.sampled_from(["KeyError: 'x'", "TimeoutError: 5 s are over"]))
        one = run(minute, status, error, flow=flow, before=before.get(flow))
        before[flow] = status
        value = draw(st.none() | st.floats(0, 100))
        bar = draw(st.none() | st.floats(0, 100))
        found.append((one, Figures(value, bar, draw(st.integers(0, 60)))))
    return found


RULES = st.builds(
    lambda when, quiet, first: rule(
        when, quiet=quiet, first_only=first and when["on"] in ("failed", "timed_out")
    ),
    st.sampled_from(CONDITIONS), st.sampled_from([0, 60, 300, 3600]), st.booleans(),
)  # fmt: skip


@given(RULES, histories())
def test_judging_again_says_the_same(wanted, history):
    assert list(judged(wanted, history)) == list(judged(wanted, history))


@given(RULES, histories())
def test_no_notice_is_told_twice_and_each_is_what_its_run_alone_gives(wanted, history):
    told = list(judged(wanted, history))
    assert len({one.id for one in told}) == len(told)
    alone = {one.id: one for pair in history if (one := judge(wanted, *pair)) is not None}
    assert all(alone[one.id] == one for one in told)
    if not wanted.quiet:
        assert len(told) == len(alone)


@given(RULES, histories())
def test_within_quiet_time_a_flow_is_told_of_once(wanted, history):
    told = list(judged(wanted, history))
    for flow in "ab":
        times = [one.happened_at for one in told if one.flow == flow]
        assert all(b - a >= wanted.quiet for a, b in pairwise(times))


@given(RULES, histories(), st.integers(0, 25))
def test_it_does_not_matter_in_how_many_goes_runs_are_judged(wanted, history, cut):
    first = list(judged(wanted, history[:cut]))
    told_at = {}
    for one in first:
        told_at[one.flow] = one.happened_at
    assert first + list(judged(wanted, history[cut:], told_at)) == list(judged(wanted, history))


@given(histories())
def test_of_a_series_of_failures_the_first_is_told_and_its_end_once(history):
    first = {one.run for one in judged(rule(first_only=True), history)}
    ends = {one.run for one in judged(rule("recovered"), history)}
    for flow in "ab":
        series = [one for one, _ in history if one.flow == flow]
        changes = [b for a, b in zip([None, *series], series, strict=False)
                   if (a.status if a else "succeeded") != b.status]  # fmt: skip
        assert {one.id for one in changes if one.failed} == first & {one.id for one in series}
        assert {one.id for one in changes if not one.failed} == ends & {one.id for one in series}


@pytest.mark.parametrize("when", CONDITIONS, ids=lambda when: when["on"])
def test_targets_of_one_notice_have_keys_of_their_own(when):
    targets = rule_of(
        {
            "name": "n",
            "when": when,
            "to": [
                {"channel": "lab"},
                {"channel": "slack", "secret": "a"},
                {"channel": "slack", "secret": "b"},
            ],
        }
    ).to
    notice = judge(rule(), run())
    assert len({notice.key(one) for one in targets}) == 3
