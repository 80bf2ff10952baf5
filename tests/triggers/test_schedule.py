from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import InvalidSchedule
from flowbook.triggers.schedule import Schedule

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({}, "cron", "nothing says when"),
        ({"cron": "@daily", "every": 60.0, "start": NEW_YEAR}, "every", "cron and every say when"),
        ({"cron": "0 9 * *"}, "cron", "has 4 fields"),
        ({"cron": "@daily", "timezone": "Mars/Olympus"}, "timezone", "no time zone"),
        ({"every": 60.0}, "start", "an interval has no start"),
        ({"every": 0.5, "start": NEW_YEAR}, "every", "every is 0.5"),
        ({"cron": "@daily", "jitter": -1.0}, "jitter", "jitter is -1"),
        ({"cron": "@daily", "jitter": float("nan")}, "jitter", "jitter is nan"),
        ({"cron": "@daily", "parallel": 0}, "parallel", "parallel is 0"),
        ({"cron": "@daily", "catch_up_most": 0}, "catch_up_most", "catch_up_most is 0"),
        ({"cron": "@daily", "start": NEW_YEAR, "end": NEW_YEAR}, "end", "ends before it starts"),
        ({"at": (datetime(2026, 1, 1),)}, "at", "has no time zone"),  # noqa: DTZ001
    ],
)
def test_what_is_no_schedule_is_refused_with_the_field_that_cannot_be(fields, field, words):
    with pytest.raises(InvalidSchedule, match=words) as refused:
        Schedule(**fields)
    assert refused.value.field == field
    assert refused.value.hint


def test_nothing_comes_before_its_start_nor_from_its_end_on():
    begin, end = NEW_YEAR + timedelta(days=2), NEW_YEAR + timedelta(days=4)
    schedule = Schedule(cron="@daily", start=begin, end=end)
    assert schedule.upcoming(NEW_YEAR, 9) == (begin, begin + timedelta(days=1))
    assert schedule.next(end) is None


def test_moments_of_their_own_come_in_their_order_and_once():
    late, early = NEW_YEAR + timedelta(hours=3), NEW_YEAR + timedelta(hours=1)
    assert Schedule(at=(late, early, late)).upcoming(NEW_YEAR, 9) == (early, late)


@given(st.integers(1, 100_000), st.integers(-(10**7), 10**7))
def test_an_interval_is_counted_from_its_start_wherever_one_looks_from(every, seconds):
    schedule = Schedule(every=float(every), start=NEW_YEAR)
    after = NEW_YEAR + timedelta(seconds=seconds)
    first, second = schedule.upcoming(after, 2)
    assert after < first or first == NEW_YEAR
    assert first >= NEW_YEAR
    assert (first - NEW_YEAR) % timedelta(seconds=every) == timedelta(0)
    assert second - first == timedelta(seconds=every)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cron": "0 9 * * 1-5"}, "At 09:00, Monday through Friday (UTC)"),
        ({"every": 900.0, "start": NEW_YEAR}, "Every 15 minutes"),
        ({"every": 86_400.0, "start": NEW_YEAR}, "Every day"),
        (
            {"at": (NEW_YEAR,), "timezone": "Europe/Berlin"},
            "At 2026-01-01 01:00 (Europe/Berlin)",
        ),
    ],
)
def test_a_schedule_is_said_in_words(fields, words):
    assert Schedule(**fields).words == words
