"""What becomes of moments as time passes: a week, a host that sleeps, and runs that take long."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.triggers.schedule import CatchUp, Overlap, Schedule
from flowbook.triggers.settle import Pending, Standing, settle
from flowbook.triggers.slots import Verdict, Why

BEGIN = datetime(2026, 10, 22, tzinfo=UTC)
WEEK = timedelta(days=7)
CRONS = ("17 */2 * * *", "30 2 * * *", "*/30 1-3 * * *", "0 */6 * * 1-5", "0 3 25 * *")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")


@dataclass
class Host:
    """What a scheduler knows and keeps; time is told to it."""

    schedule: Schedule
    takes: timedelta
    since: datetime = BEGIN
    ends: dict[datetime, datetime] = field(default_factory=dict)
    waiting: dict[datetime, Pending] = field(default_factory=dict)
    verdicts: dict[datetime, list[tuple[Verdict, Why]]] = field(default_factory=dict)
    most: int = 0

    def look(self, now, lacking=lambda _since: ()):
        going = sum(end > now for end in self.ends.values())
        standing = Standing(self.since, going, tuple(self.waiting.values()))
        found = settle(self.schedule, standing, now, lacking)
        for one in found.decisions:
            at, verdict, why = one.slot.scheduled_for, one.slot.verdict, one.slot.why
            assert at <= now
            self.verdicts.setdefault(at, []).append((verdict, why))
            self.waiting.pop(at, None)
            if verdict is Verdict.RUN:
                assert at not in self.ends, "a second run"
                self.ends[at] = now + self.takes
            elif verdict is Verdict.WAIT:
                self.waiting[at] = Pending(at, why, one.behind)
        self.since = found.upto or self.since
        self.most = max(self.most, sum(end > now for end in self.ends.values()))


schedules = st.builds(
    Schedule,
    cron=st.sampled_from(CRONS),
    timezone=st.sampled_from(ZONES),
    overlap=st.sampled_from(Overlap),
    parallel=st.one_of(st.none(), st.integers(1, 3)),
    catch_up=st.sampled_from(CatchUp),
    catch_up_most=st.integers(1, 5),
    grace=st.sampled_from([0.0, 60.0, 3600.0]),
)
naps = st.lists(st.sampled_from([1, 5, 60, 480, 2000]), min_size=10, max_size=40)


@settings(max_examples=6)
@given(schedules, naps, st.sampled_from([1, 45, 200]))
def test_in_a_week_every_moment_has_a_verdict_and_at_most_one_run(schedule, naps, takes):
    host, now = Host(schedule, timedelta(minutes=takes)), BEGIN
    for minutes in naps:
        now = min(now + timedelta(minutes=minutes), BEGIN + WEEK)
        host.look(now)
    come = list(takewhile(lambda at: at <= now, schedule.moments(BEGIN)))
    assert sorted(host.verdicts) == come
    for said in host.verdicts.values():
        assert all(verdict is Verdict.WAIT for verdict, _why in said[:-1])
    if schedule.most is not None:
        assert host.most <= schedule.most
    assert len(host.waiting) <= (schedule.overlap is Overlap.QUEUE_ONE)


@settings(max_examples=6)
@given(schedules, naps)
def test_a_look_that_comes_twice_changes_nothing_that_was_decided(schedule, naps):
    first, second = (Host(schedule, timedelta(minutes=45)) for _ in range(2))
    now = BEGIN
    for minutes in naps:
        now += timedelta(minutes=minutes)
        first.look(now)
        second.look(now)
        second.look(now)
    assert first.verdicts == second.verdicts


def test_what_waits_for_other_flows_waits_until_they_have_succeeded():
    host = Host(Schedule(cron="@daily", after=("load",)), timedelta(minutes=5))
    host.look(BEGIN + timedelta(hours=24), lambda _since: ("load",))
    host.look(BEGIN + timedelta(hours=25), lambda _since: ("load",))
    host.look(BEGIN + timedelta(hours=26))
    assert host.verdicts == {
        BEGIN + timedelta(days=1): [
            (Verdict.WAIT, Why.NOT_READY),
            (Verdict.RUN, Why.ITS_TURN),
        ]
    }


@pytest.mark.parametrize(
    ("patience", "hours", "last"),
    [(3600.0, 26, Why.NEVER_READY), (86_400.0, 26, Why.NOT_READY), (86_400.0, 48, Why.NEVER_READY)],
)
def test_it_is_given_up_when_patience_ends_or_the_next_moment_comes(patience, hours, last):
    schedule = Schedule(cron="@daily", after=("load",), patience=patience)
    host = Host(schedule, timedelta(minutes=5))
    for hour in (24, hours):
        host.look(BEGIN + timedelta(hours=hour), lambda _since: ("load",))
    assert host.verdicts[BEGIN + timedelta(days=1)][-1][1] is last


def test_a_paused_schedule_decides_on_nothing_new():
    host = Host(Schedule(cron="@daily", enabled=False), timedelta(minutes=5))
    host.look(BEGIN + WEEK)
    assert host.verdicts == {}
