import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.triggers.schedule import CatchUp, Overlap, Schedule
from flowbook.triggers.slots import Due, Verdict, due

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def told(found: Due) -> list[tuple[int, str, str]]:
    return [(one.scheduled_for.hour, one.verdict.value, one.why.value) for one in found.slots]


def hourly(**fields: object) -> Schedule:
    return Schedule(cron="@hourly", **fields)


def hours_ago(hours: float) -> datetime:
    return NOON - timedelta(hours=hours)


def test_a_moment_that_has_come_runs_and_the_next_one_is_said():
    found = due(hourly(), hours_ago(0.5), NOON)
    assert told(found) == [(12, "run", "on_time")]
    assert found.next == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        (CatchUp.NONE, [(9, "skip", "missed"), (10, "skip", "missed"), (11, "skip", "missed")]),
        (
            CatchUp.LATEST,
            [(9, "skip", "superseded"), (10, "skip", "superseded"), (11, "run", "caught_up")],
        ),
        (
            CatchUp.ALL,
            [(9, "skip", "too_many"), (10, "run", "caught_up"), (11, "run", "caught_up")],
        ),
    ],
)
def test_missed_moments_are_made_up_for_as_the_schedule_says(catch_up, expected):
    schedule = hourly(catch_up=catch_up, catch_up_most=2, overlap=Overlap.PARALLEL)
    assert told(due(schedule, hours_ago(3.5), NOON - timedelta(minutes=30))) == expected


def test_a_moment_that_is_late_by_less_than_the_grace_is_kept():
    schedule = hourly(catch_up=CatchUp.NONE, grace=300.0)
    late = due(schedule, hours_ago(0.5), NOON + timedelta(seconds=299))
    assert told(late) == [(12, "run", "on_time")]
    later = due(schedule, hours_ago(0.5), NOON + timedelta(seconds=301))
    assert told(later) == [(12, "skip", "missed")]


@pytest.mark.parametrize(
    ("overlap", "running", "waiting", "expected"),
    [
        (Overlap.SKIP, 1, 0, (12, "skip", "still_running")),
        (Overlap.QUEUE_ONE, 1, 0, (12, "wait", "still_running")),
        (Overlap.QUEUE_ONE, 1, 1, (12, "skip", "one_waits")),
        (Overlap.PARALLEL, 5, 0, (12, "run", "on_time")),
    ],
)
def test_a_moment_at_which_another_run_goes_on_follows_the_overlap(
    overlap, running, waiting, expected
):
    found = due(hourly(overlap=overlap), hours_ago(0.5), NOON, running=running, waiting=waiting)
    assert told(found) == [expected]


def test_parallel_runs_are_as_many_as_the_schedule_lets_there_be():
    schedule = hourly(overlap=Overlap.PARALLEL, parallel=2)
    assert told(due(schedule, hours_ago(0.5), NOON, running=2)) == [(12, "skip", "still_running")]
    assert told(due(schedule, hours_ago(0.5), NOON, running=1)) == [(12, "run", "on_time")]


def test_a_schedule_that_is_paused_does_nothing_and_knows_when_it_would():
    found = due(hourly(enabled=False), hours_ago(3.5), NOON)
    assert found == Due((), NOON + timedelta(hours=1))


@given(
    st.sampled_from(Overlap),
    st.sampled_from(CatchUp),
    st.integers(0, 200),
    st.lists(st.integers(0, 200), max_size=4),
    st.integers(0, 2),
)
def test_every_moment_gets_one_verdict_however_often_one_looks(
    overlap, catch_up, minutes, looks, running
):
    """Nothing is told twice and nothing is passed over, at whatever times somebody looks."""
    schedule = Schedule(
        cron="*/10 * * * *", overlap=overlap, catch_up=catch_up, catch_up_most=3, parallel=2
    )
    end = NOON + timedelta(minutes=minutes)
    times = sorted(NOON + timedelta(minutes=min(one, minutes)) for one in looks)
    seen, since = [], NOON
    for now in [*times, end]:
        found = due(schedule, since, now, running=running)
        seen += [slot.scheduled_for for slot in found.slots]
        assert found.next is not None
        assert found.next > now
        begun = [slot for slot in found.slots if slot.verdict is Verdict.RUN]
        room = {Overlap.PARALLEL: 2}.get(overlap, 1)
        assert len(begun) <= max(0, room - running)
        since = now
    expected = [NOON + timedelta(minutes=10 * n) for n in range(1, minutes // 10 + 1)]
    assert seen == expected


@pytest.mark.parametrize("days", [1, 365])
def test_of_a_long_absence_the_latest_moments_are_told(days):
    """After a year as soon as after a day."""
    schedule = Schedule(every=1.0, start=NOON - timedelta(days=400), catch_up=CatchUp.NONE)
    begun = time.perf_counter()
    found = due(schedule, NOON - timedelta(days=days), NOON)
    assert time.perf_counter() - begun < 5
    assert len(found.slots) == 1_000
    assert found.slots[-1].scheduled_for == NOON
