"""Cron lines name the same moments as the schedule they are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from tests.targets.reading import NOW, crons, moments, of_lines

from flowbook.errors import InvalidSchedule
from flowbook.targets.lines import cron_lines, expanded, interval_slots, shifted, spelled
from flowbook.triggers.cron import Cron
from flowbook.triggers.schedule import Schedule

START = datetime(2026, 1, 1, 6, tzinfo=UTC)


def told(schedule: Schedule) -> list[str]:
    return [line.text for line in cron_lines(schedule)[1]]


@settings(max_examples=150, deadline=None)
@given(crons())
def test_the_lines_of_an_expression_come_when_it_does(schedule):
    try:
        zone, lines = cron_lines(schedule)
    except InvalidSchedule:
        assume(False)
    expected = moments(schedule, 12)
    assume(expected)
    until = expected[-1] + timedelta(seconds=1)
    assert of_lines([(one.text, one) for one in lines], zone, until) == expected


@pytest.mark.parametrize("minutes", [1, 5, 45, 60, 90, 120, 24 * 60, 7 * 60, 48 * 60 * 7 // 2])
def test_the_lines_of_an_interval_come_when_it_does(minutes):
    schedule = Schedule(every=minutes * 60, start=START)
    zone, lines = cron_lines(schedule)
    expected = moments(schedule, 40)
    until = expected[-1] + timedelta(seconds=1)
    assert of_lines([(one.text, None) for one in lines], zone, until) == expected


@settings(max_examples=150, deadline=None)
@given(crons())
def test_on_the_clock_of_utc_they_come_when_it_does_until_clocks_are_set(schedule):
    """Within the weeks before the clock of any of these zones is set otherwise."""
    named = Cron(schedule.cron, schedule.timezone)
    try:
        zone, (line,) = cron_lines(schedule)
        lines = shifted(line, named.numbers, named.clock.offset(NOW))
    except InvalidSchedule:
        assume(False)
    until = NOW + timedelta(days=40)
    expected = [one for one in moments(schedule, 60) if one < until]
    found = of_lines([(one.text, one) for one in lines], "UTC", until, zone)
    assert found[: len(expected)] == expected


def test_numbers_and_fields_are_each_others_inverse():
    for numbers in ([0], [0, 1, 2], [0, 20, 40], [3, 9, 15], [1, 2, 3, 30, 59], list(range(60))):
        assert list(expanded(spelled(numbers, "minute"), "minute")) == numbers


def test_names_become_numbers_and_portable_times_stay_as_they_were_written():
    assert told(Schedule(cron="*/7 0-23/2 * JAN-MAR SUN")) == ["*/7 0-23/2 * 1-3 0"]
    assert told(Schedule(cron="5/20 1 * * *")) == ["5-45/20 1 * * *"]


def test_either_of_day_and_weekday_stays_one_line_so_that_nothing_comes_twice():
    assert told(Schedule(cron="0 9 13 * FRI")) == ["0 9 13 * 5"]


def test_one_moment_is_a_line_of_that_date():
    schedule = Schedule(at=(datetime(2026, 5, 1, 7, tzinfo=UTC),), timezone="Europe/Berlin")
    (line,) = cron_lines(schedule)[1]
    assert (line.text, line.guard.dates) == ("0 9 1 5 *", ("2026-05-01",))


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        (Schedule(every=30, start=START), "every"),
        (Schedule(every=0.5 + 60, start=START), "every"),
        (Schedule(every=5 * 86_400, start=START), "every"),
        (Schedule(every=3600, start=START + timedelta(seconds=30)), "every"),
        (Schedule(at=(START + timedelta(seconds=1),)), "at"),
        (Schedule(at=(START,), start=START + timedelta(days=1)), "at"),
        (Schedule(cron="0 0 */2 * L5"), "cron"),
    ],
)
def test_what_cannot_be_said_is_refused_by_its_field(schedule, field):
    with pytest.raises(InvalidSchedule) as refused:
        cron_lines(schedule)
    assert refused.value.field == field
    assert refused.value.hint


def test_seconds_are_kept_for_who_knows_them():
    (slots,) = interval_slots(Schedule(every=20, start=START))
    assert slots.seconds == (0, 20, 40)
