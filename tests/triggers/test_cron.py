"""Moments of cron expressions: over nights when clocks change, and next to another library."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flowbook.errors import InvalidSchedule
from flowbook.triggers.cron import Cron

# Spring and autumn of each zone: days on which its clock changes, and some around them.
NIGHTS = {
    "Europe/Berlin": ("2026-03-28", "2026-10-24"),
    "America/New_York": ("2026-03-07", "2026-10-31"),
    "Australia/Lord_Howe": ("2026-10-03", "2026-04-04"),
    "America/Santiago": ("2026-09-05", "2026-04-04"),
    "Asia/Amman": ("2021-03-25", "2021-10-28"),
    "UTC": ("2026-01-01", "2026-06-01"),
}


def first(cron: Cron, after: str, count: int) -> list[str]:
    """The next moments, as the zone's clock shows them."""
    zone = ZoneInfo(cron.timezone)
    begin = datetime.fromisoformat(after).replace(tzinfo=zone).astimezone(UTC)
    found = itertools.islice(cron.upcoming(begin), count)
    return [moment.astimezone(zone).isoformat(timespec="minutes") for moment in found]


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12", ["2026-03-29T03:00+02:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12", ["2026-10-25T02:30+02:00"]),
        ("0 3 * * *", "Europe/Berlin", "2026-10-24T12", ["2026-10-25T03:00+01:00"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12", ["2026-10-04T02:30+11:00"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12", ["2026-04-05T01:45+11:00"]),
        ("0 0 * * *", "America/Santiago", "2026-09-05T12", ["2026-09-06T01:00-03:00"]),
        ("30 0 * * *", "Asia/Amman", "2021-03-25T12", ["2021-03-26T01:00+03:00"]),
    ],
)
def test_a_time_of_day_that_is_skipped_comes_at_once_and_one_that_comes_twice_counts_once(
    expression, zone, after, expected
):
    cron = Cron(expression, zone)
    found = first(cron, after, 2)
    assert found[:1] == expected
    assert found[1][:10] > found[0][:10]  # the other one is of another day


def test_an_interval_follows_real_time_through_the_hour_that_comes_twice():
    assert first(Cron("*/30 * * * *", "Europe/Berlin"), "2026-10-25T01:45", 5) == [
        "2026-10-25T02:00+02:00",
        "2026-10-25T02:30+02:00",
        "2026-10-25T02:00+01:00",
        "2026-10-25T02:30+01:00",
        "2026-10-25T03:00+01:00",
    ]


def test_an_interval_makes_nothing_up_for_the_hour_that_is_skipped():
    assert first(Cron("*/30 * * * *", "Europe/Berlin"), "2026-03-29T01:15", 3) == [
        "2026-03-29T01:30+01:00",
        "2026-03-29T03:00+02:00",
        "2026-03-29T03:30+02:00",
    ]


def listed(low: int, high: int) -> st.SearchStrategy[str]:
    """Numbers and spans, as a field has them."""
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    return st.lists(st.one_of(number.map(str), span), min_size=1, max_size=3).map(",".join)


def field(low: int, high: int) -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(["*", "*/2", "*/5"]), listed(low, high))


DAYS = (field(1, 31), field(1, 12), field(0, 6))
OF_CLOCK = st.tuples(listed(0, 59), listed(0, 23), *DAYS).map(" ".join)
OF_TIME = st.tuples(
    st.sampled_from(["*", "*/2", "*/7", "5-20", "0,45"]), st.sampled_from(["*", "*/2", "*/3"])
).map(lambda pair: f"{pair[0]} {pair[1]} * * *")


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and a moment around one of its nights."""
    zone = draw(st.sampled_from(sorted(NIGHTS)))
    night = datetime.fromisoformat(draw(st.sampled_from(NIGHTS[zone])))
    return zone, night.replace(tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 3 * 86_400)))


MOMENTS = moments()


@given(OF_CLOCK, MOMENTS)
def test_times_of_day_are_those_of_a_library_that_follows_the_same_rules(expression, at):
    zone, after = at
    try:
        theirs = CronSim(expression, after.astimezone(ZoneInfo(zone)))
    except CronSimError:
        assume(False)  # it refuses what never comes; here there is no next moment
    expected = [moment.astimezone(UTC) for moment in itertools.islice(theirs, 4)]
    assert list(itertools.islice(Cron(expression, zone).upcoming(after), 4)) == expected


@given(OF_TIME, st.sampled_from(sorted(NIGHTS)), st.integers(0, 1))
@settings(max_examples=25)
def test_intervals_are_all_moments_at_which_the_clock_shows_a_reading_that_fits(
    expression, zone, season
):
    """The other library does this only where no zone is; it errs at half hours and at midnight."""
    begin = datetime.fromisoformat(NIGHTS[zone][season]).replace(hour=12, tzinfo=UTC)
    minutes = [begin + timedelta(minutes=n) for n in range(1, 10 * 60)]
    readings = [moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in minutes]
    expected = [
        moment
        for moment, reading in zip(minutes, readings, strict=True)
        if next(CronSim(expression, reading - timedelta(minutes=1))) == reading
    ]
    upcoming = Cron(expression, zone).upcoming(begin)
    assert list(itertools.takewhile(lambda one: one <= minutes[-1], upcoming)) == expected


@given(st.one_of(OF_CLOCK, OF_TIME), MOMENTS)
def test_the_next_moment_is_later_and_nothing_lies_between(expression, at):
    zone, after = at
    cron = Cron(expression, zone)
    found = cron.next(after)
    if found is None:
        return
    assert found > after
    assert found.second == 0
    halfway = after + (found - after) / 2
    assert cron.next(halfway) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 9 * *", "has 4 fields"),
        ("* * * * * *", "has 6 fields"),
        ("H * * * *", "has 'H' as its minute"),
        ("0 9 * * 8", "out of range"),
        ("noon", "has 1 fields"),
        ("0 9 * * some", "not acceptable"),
        ("@reboot", "has 1 fields"),
        ("0 9 15W * *", "nearest to one: '15W'"),
        ("0 23-3/2 * * *", "counts 23-3 in steps past its end"),
        ("0 9 * * sat-tue/2", "counts sat-tue in steps past its end"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_field_and_an_example(text, words):
    with pytest.raises(InvalidSchedule, match=words) as refused:
        Cron(text)
    assert (refused.value.field, refused.value.value) == ("cron", text)
    assert refused.value.hint


def test_the_last_weekday_of_a_month_may_be_said_as_other_tools_say_it():
    assert Cron("0 2 * * 5L").numbers == Cron("0 2 * * L5").numbers
    found = first(Cron("0 2 * * 5L"), "2026-01-02", 2)
    assert [moment[:10] for moment in found] == ["2026-01-30", "2026-02-27"]


def test_steps_in_a_range_that_ends_where_it_should_are_fine():
    assert Cron("0 9-17/2 * jan-mar/2 *").numbers.months == (1, 3)


def test_an_unknown_zone_is_refused_with_the_nearest_one():
    with pytest.raises(InvalidSchedule, match="no time zone 'Europe/Belin'") as refused:
        Cron("@daily", "Europe/Belin")
    assert refused.value.hint == "did you mean 'Europe/Berlin'?"


def test_an_expression_that_never_comes_has_no_next_moment():
    assert Cron("0 0 31 2 *").next(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@daily", "At 00:00"),
        ("0 * * * *", "Every hour"),
        ("0 9 * * 1-5", "At 09:00, Monday through Friday"),
        ("0 0 1 * *", "At 00:00, on day 1 of the month"),
        ("*/15 * * * *", "Every 15 minutes"),
    ],
)
def test_an_expression_is_said_in_words(text, words):
    assert Cron(text).words == words


def test_what_is_probably_meant_otherwise_is_said():
    assert Cron("59/15 * * * *").warnings == ("59/15 as its minute is 59 alone; */15?",)
    assert "either day will do" in Cron("0 0 13 * 5").warnings[0]
    assert Cron("0 9 * * 1-5").warnings == ()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 2 1 * 1#2", ["2026-01-12", "2026-02-01", "2026-02-09"]),
        ("0 2 L * L5", ["2026-01-30", "2026-01-31", "2026-02-27", "2026-02-28"]),
        ("0 2 */2 * 1#2", ["2026-02-09", "2026-03-09", "2026-04-13"]),
    ],
)
def test_a_counted_weekday_will_do_where_a_day_is_named_as_well_and_has_to_be_both_with_a_star(
    expression, expected
):
    found = first(Cron(expression), "2026-01-02", len(expected))
    assert [moment[:10] for moment in found] == expected
