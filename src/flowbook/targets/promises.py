"""What schedulers other than ours do about clocks that change, and what they all cannot keep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flowbook.targets.job import Caveat
from flowbook.triggers.clock import Clock
from flowbook.triggers.cron import Cron
from flowbook.triggers.schedule import CatchUp, Overlap, Schedule

_YEAR = timedelta(days=366)
_AROUND = timedelta(hours=3)
_INSTANT = timedelta(seconds=1)


def changes(zone: str, now: datetime) -> tuple[datetime, ...]:
    """When the clock of a zone is set otherwise within a year.

    >>> [f"{one:%m-%d}" for one in changes("Europe/Berlin", datetime(2026, 1, 1, tzinfo=UTC))]
    ['03-29', '10-25']
    """
    clock, found, after = Clock.of(zone), [], now.astimezone(UTC)
    until = after + _YEAR
    while (change := clock.change(after, until)) is not None:
        found.append(change)
        after = change
    return tuple(found)


def skipped(schedule: Schedule, now: datetime) -> tuple[datetime, ...]:
    """Moments within a year that come later than named, because the clock leaps over their time."""
    return tuple(one for one in _around(schedule, now) if _is_made_up(schedule, one))


def doubled(schedule: Schedule, now: datetime) -> tuple[datetime, ...]:
    """Moments within a year whose time of day the clock shows twice."""
    clock = Clock.of(schedule.timezone)
    return tuple(one for one in _around(schedule, now) if clock.shows_twice(clock.reading(one)))


def clock_caveats(schedule: Schedule, now: datetime, leap: str, twice: str) -> Iterator[Caveat]:
    """What to say of a scheduler when clocks are set forward, and back; '' where it is as ours."""
    cases = (
        (leap, skipped(schedule, now), "leaps over that time of day"),
        (twice, doubled(schedule, now), "shows that time of day twice"),
    )
    for what, moments, why in cases:
        if what and moments:
            yield Caveat(
                f"on {moments[0]:%Y-%m-%d} the clock of {schedule.timezone} {why}, and {what}",
                "name a time of day that every day has once, such as 04:30, or write it for UTC",
            )


def follows_time(schedule: Schedule) -> bool:
    """True where clocks that are set change nothing of it: it says how often."""
    if schedule.cron is None:
        return True
    return Cron(schedule.cron, schedule.timezone).follows_time


def catch_up_caveat(schedule: Schedule, who: str) -> Iterator[Caveat]:
    """What to say of a scheduler that knows nothing of what was missed."""
    if schedule.catch_up is not CatchUp.NONE:
        yield Caveat(
            f"{who} does not start what was missed (catch_up={schedule.catch_up.value})",
            "run it by hand after an outage: flowbook job run; or deploy it with systemd",
        )


def all_caveat(schedule: Schedule, who: str) -> Iterator[Caveat]:
    """What to say of a scheduler that starts one run for all moments that were missed."""
    if schedule.catch_up is CatchUp.ALL:
        yield Caveat(
            f"{who} starts one run for everything that was missed, not one for each (catch_up=all)",
            "let the flow do all that has become due, or run it by hand for the others",
        )


def jitter_caveat(schedule: Schedule, who: str) -> Iterator[Caveat]:
    """What to say of a scheduler that cannot spread runs."""
    if schedule.jitter:
        yield Caveat(
            f"{who} does not spread runs over time (jitter={schedule.jitter:g} s)",
            "choose odd minutes for flows that would begin at once",
        )


def parallel_caveat(schedule: Schedule, who: str) -> Iterator[Caveat]:
    """What to say of a scheduler that runs any number of runs at once, or one."""
    if schedule.overlap is Overlap.PARALLEL and schedule.parallel is not None:
        yield Caveat(
            f"{who} does not count runs: more than {schedule.parallel} may go on at once",
            "limit them in the flow itself: its concurrency option holds wherever it is started",
        )


def span_tests(schedule: Schedule) -> list[str]:
    """Tests of a shell that hold between start and end; moments one by one need none."""
    tests: list[str] = []
    if schedule.at:
        return tests
    if schedule.start is not None:
        tests.append(f'[ "$(date +%s)" -ge {int(schedule.start.timestamp())} ]')
    if schedule.end is not None:
        tests.append(f'[ "$(date +%s)" -lt {int(schedule.end.timestamp())} ]')
    return tests


def _around(schedule: Schedule, now: datetime) -> Iterator[datetime]:
    """Moments near those at which the clock is set, of a schedule that names times of day."""
    if follows_time(schedule):
        return
    for change in changes(schedule.timezone, now):
        for moment in schedule.moments(change - _AROUND):
            if moment > change + _AROUND:
                break
            yield moment


def _is_made_up(schedule: Schedule, moment: datetime) -> bool:
    clock = Clock.of(schedule.timezone)
    before = clock.offset(moment - _INSTANT)
    if clock.offset(moment) <= before or schedule.cron is None:
        return False
    named = Cron(schedule.cron, schedule.timezone).numbers
    reading = clock.reading(moment)
    return reading.hour not in named.hours or reading.minute not in named.minutes
