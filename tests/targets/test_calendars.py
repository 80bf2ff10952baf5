"""The calendar of systemd comes when the schedule does, as systemd itself tells it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from tests.targets.reading import NOW, analyze, crons, elapses, moments

from flowbook.errors import InvalidSchedule
from flowbook.targets.calendars import calendars
from flowbook.targets.promises import changes
from flowbook.triggers.schedule import Schedule

START = datetime(2026, 1, 1, 6, tzinfo=UTC)


def told(schedule: Schedule, count: int) -> list[datetime]:
    found = (elapses(entry, count) for entry in calendars(schedule, NOW))
    return sorted(set(itertools.chain.from_iterable(found)))[:count]


def quiet(found: list[datetime], zone: str) -> list[datetime]:
    """Without the hours around changes of the clock, which the target warns of."""
    set_at = changes(zone, NOW)
    return [one for one in found if all(abs(one - at) > timedelta(hours=3) for at in set_at)]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(crons())
def test_entries_of_an_expression_come_when_it_does(schedule):
    analyze()
    try:
        found = told(schedule, 8)
    except InvalidSchedule:
        assume(False)
    expected = [one for one in moments(schedule, 8) if one.year < NOW.year + 20]
    assert quiet(found, schedule.timezone)[:6] == quiet(expected, schedule.timezone)[:6]


@pytest.mark.parametrize("seconds", [20, 60, 2700, 3600, 7 * 3600, 86_400, 7 * 86_400])
def test_entries_of_an_interval_come_when_it_does(seconds):
    schedule = Schedule(every=seconds, start=START)
    assert told(schedule, 10) == moments(schedule, 10)


def test_moments_come_once_each():
    schedule = Schedule(at=(NOW + timedelta(days=3), NOW + timedelta(hours=1, seconds=7)))
    assert told(schedule, 5) == moments(schedule, 5)


def test_what_comes_every_so_often_goes_by_utc_through_the_hour_that_is_twice():
    schedule = Schedule(cron="*/30 * * * *", timezone="Europe/Berlin")
    assert calendars(schedule, NOW) == ("*-*-* *:00,30:00 UTC",)


def test_a_day_that_has_to_be_a_counted_weekday_as_well_is_refused():
    with pytest.raises(InvalidSchedule):
        calendars(Schedule(cron="0 0 */2 * 1#2"), NOW)
