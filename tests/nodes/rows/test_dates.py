"""date_maths: over columns of every kind of table, lists and single values."""

# ruff: noqa: DTZ001 - moments without a zone are moments, too

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.nodes.rows.kinds import plain, ran
from traitlets import TraitError

from flowbook.errors import UsageError
from flowbook.nodes.rows.dates import DateMathsNode
from flowbook.nodes.rows.moments import Duration, between, truncated

ROWS = [
    {"id": 1, "sent": "31.01.2026", "paid": "2026-03-02"},
    {"id": 2, "sent": None, "paid": "2026-03-01"},
    {"id": 3, "sent": "15.02.2026", "paid": None},
]


def column(told, name):
    return [row[name] for row in plain(told)]


def test_texts_are_read_and_moved_by_the_calendar(family):
    told = ran(DateMathsNode, family.make(ROWS), column="sent", parse="%d.%m.%Y", add="1 month",
               into="due")  # fmt: skip
    assert isinstance(told, family.type)
    assert column(told, "due") == [date(2026, 2, 28), None, date(2026, 3, 15)]
    assert column(told, "sent") == [row["sent"] for row in ROWS]


def test_columns_of_moments_stay_columns_of_moments(family):
    rows = [{"at": datetime(2026, 1, 31, 10, 30)}, {"at": None}]
    told = ran(DateMathsNode, family.make(rows), column="at", subtract="90m", truncate="hour")
    assert column(told, "at") == [datetime(2026, 1, 31, 9), None]


@pytest.mark.parametrize(
    ("part", "wanted"),
    [("year", 2026), ("quarter", 2), ("month", 5), ("week", 20), ("day", 17), ("weekday", 7),
     ("day_of_year", 137), ("hour", 10), ("minute", 30), ("second", 5), ("date", date(2026, 5, 17)),
     ("epoch", 1779013805.0)],
)  # fmt: skip
def test_parts(part, wanted):
    assert ran(DateMathsNode, "2026-05-17T10:30:05", part=part) == wanted


def test_a_difference_between_columns_or_from_a_moment(family):
    rows = [{"a": "2026-01-01", "b": "2026-01-03"}, {"a": None, "b": "2026-01-03"}]
    given = family.make(rows)
    told = ran(DateMathsNode, given, column="b", difference="a", into="days")
    assert column(told, "days") == [2, None]
    told = ran(DateMathsNode, given, column="b", difference="2026-01-01", unit="hour", into="h")
    assert column(told, "h") == [48, 48]


def test_time_zones_are_told_converted_and_kept(family):
    rows = [{"at": "2026-03-29T01:30:00"}, {"at": "2026-07-01T12:00:00"}]
    told = ran(DateMathsNode, family.make(rows), column="at", timezone="Europe/Oslo", add="1h")
    assert [one.astimezone(UTC) for one in column(told, "at")] == [
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 7, 1, 11, tzinfo=UTC),
    ]
    told = ran(DateMathsNode, family.make(rows), column="at", timezone="Europe/Oslo",
               convert="UTC", format="%H:%M")  # fmt: skip
    assert column(told, "at") == ["00:30", "10:00"]


def test_a_day_is_one_of_the_clock_and_24_hours_are_time_that_passes():
    saturday = {"timezone": "Europe/Oslo", "format": "iso"}
    assert ran(DateMathsNode, "2026-03-28T12:00", add="1 day", **saturday) == (
        "2026-03-29T12:00:00+02:00"
    )
    assert ran(DateMathsNode, "2026-03-28T12:00", add="24h", **saturday) == (
        "2026-03-29T13:00:00+02:00"
    )


def test_one_moment_in_two_time_zones_is_told_in_each():
    zoned = ["2026-01-01T12:00:00+00:00", "2026-01-01T13:00:00+01:00"]
    rows = [{"at": datetime.fromisoformat(one)} for one in zoned]
    assert column(ran(DateMathsNode, rows, column="at", part="hour"), "at") == [12, 13]


def test_a_list_is_no_moment():
    with pytest.raises(UsageError, match=r"row 0 of 'at' has \[1\], which is no date"):
        ran(DateMathsNode, [{"at": [1]}], column="at", part="hour")


def test_single_values_and_lists():
    assert ran(DateMathsNode, date(2026, 1, 31), add="1 month") == date(2026, 2, 28)
    assert ran(DateMathsNode, None, add="1 month") is None
    assert ran(DateMathsNode, ["2026-05-17", None], truncate="quarter") == [date(2026, 4, 1), None]
    assert ran(DateMathsNode, 0, parse="epoch", format="%Y") == "1970"
    assert ran(DateMathsNode, {"at": "2026-05-17"}, column="at", part="month") == {"at": 5}


def test_the_row_that_is_no_moment_is_named(family):
    rows = [{"at": "2026-01-01"}, {"at": "soon"}]
    with pytest.raises(UsageError) as told:
        ran(DateMathsNode, family.make(rows), column="at", part="year")
    assert "date_maths 'node': row 1 of 'at' has 'soon', which is no date" in str(told.value)
    assert 'parse: "%d.%m.%Y"' in str(told.value)


def test_what_cannot_be_is_refused():
    for config, message in (
        ({"add": "2 fortnights"}, "no unit of time"),
        ({"add": "soon"}, "no duration"),
        ({"add": "1.5 months"}, "no whole number of months"),
        ({"timezone": "Europe/Olso"}, "no time zone 'Europe/Olso'"),
        ({"truncate": "moon"}, "truncate"),
    ):
        with pytest.raises(TraitError, match=message):
            ran(DateMathsNode, "2026-01-01", **config)
    for config, message in (
        ({"part": "year", "format": "iso"}, "takes one of difference, part, format"),
        ({"convert": "UTC"}, "names no time zone"),
        ({"add": "9999 years"}, "leaves the years 1 to 9999"),
    ):
        with pytest.raises(UsageError, match=message):
            ran(DateMathsNode, "2026-01-01T10:00", **config)
    with pytest.raises(UsageError, match="which column"):
        ran(DateMathsNode, ROWS)
    with pytest.raises(UsageError, match="there is no column 'snt'"):
        ran(DateMathsNode, ROWS, column="snt")
    with pytest.raises(
        UsageError, match="difference of date_maths 'node': there is no column 'pad'"
    ):
        ran(DateMathsNode, ROWS, column="paid", difference="pad")


DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@given(day=DAYS, months=st.integers(-600, 600))
def test_months_go_there_and_no_further(day, months):
    moved = Duration(months, 0, 0).added(day)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day <= day.day
    if moved.day < day.day:
        assert (moved + timedelta(days=1)).day == 1


@given(one=DAYS, other=DAYS)
def test_a_difference_in_months_is_the_most_that_fit(one, other):
    late, early = max(one, other), min(one, other)
    months = between(late, early, "month")
    assert Duration(months, 0, 0).added(early) <= late < Duration(months + 1, 0, 0).added(early)
    assert between(late, early, "day") == (late - early).days


@given(
    moment=st.datetimes(), unit=st.sampled_from(["year", "quarter", "month", "week", "day", "hour"])
)
def test_truncating_twice_is_truncating_once_and_never_later(moment, unit):
    start = truncated(moment, unit, "here")
    assert start <= moment
    assert truncated(start, unit, "here") == start
    assert unit != "week" or start.weekday() == 0
