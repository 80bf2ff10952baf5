"""What a scheduler does when: a clock that is set by hand, and runs performed in this process."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.session.scheduled_sample import published

from flowbook.errors import InvalidSchedule, UsageError
from flowbook.session.project import Project
from flowbook.session.scheduled import slot_words
from flowbook.session.scheduler import MOST_TRIES, Scheduler
from flowbook.session.slot_process import perform

BEGIN = datetime(2026, 3, 27, 12, tzinfo=UTC)


class World:
    """A project with its scheduler, its clock, and whoever starts processes."""

    def __init__(self, project):
        self.project, self.at = project, BEGIN
        self.schedules = project.schedules
        project.store.agenda.now = lambda: self.at.timestamp()
        self.schedules.launch = self.launch
        self.scheduler = Scheduler(project, unstarted=timedelta(days=9).total_seconds())
        self.performs, self.waiting = True, []

    def launch(self, one, scheduled_for):
        """Perform at once, or leave it for `end`."""
        if self.performs:
            perform(self.project, one.name, scheduled_for)
        else:
            self.waiting.append((one.name, scheduled_for))

    def end(self):
        """Perform what was left."""
        while self.waiting:
            perform(self.project, *self.waiting.pop(0))

    def until(self, moment):
        """Let the time pass, looking whenever something is due."""
        while self.at < moment:
            due = self.scheduler.look().next
            self.at = moment if due is None or due <= self.at else min(due, moment)
        self.scheduler.look()

    def told(self, name="nightly"):
        """What became of the slots, in their order."""
        slots = reversed(self.schedules.history(name))
        return [(one.scheduled_for, one.verdict, one.reason) for one in slots]

    def words(self, name="nightly"):
        """The same without the moments."""
        return [(verdict, reason) for _at, verdict, reason in self.told(name)]


@pytest.fixture
def world(tmp_path):
    project = Project(tmp_path)
    published(project)
    yield World(project)
    project.close()


def hourly(world, **more):
    return world.schedules.save("nightly", "report", cron="@hourly", **more)


@pytest.mark.parametrize(
    ("night", "zone", "cron", "expected"),
    [
        ((2026, 3, 28), "Europe/Berlin", "30 2 * * *", ["29 01:00", "30 00:30"]),
        ((2026, 10, 24), "Europe/Berlin", "30 2 * * *", ["25 00:30", "26 01:30"]),
        ((2026, 10, 24), "Europe/Berlin", "0 3 * * *", ["25 02:00", "26 02:00"]),
        ((2026, 3, 7), "America/New_York", "30 2 * * *", ["08 07:00", "09 06:30"]),
        ((2026, 4, 4), "Australia/Lord_Howe", "45 1 * * *", ["04 14:45", "05 15:15"]),
    ],
)
def test_a_night_in_which_the_clock_is_changed_has_one_run(world, night, zone, cron, expected):
    world.at = datetime(*night, 12, tzinfo=UTC)
    world.schedules.save("nightly", "report", cron=cron, timezone=zone)
    world.until(world.at + timedelta(hours=44))
    runs = sorted(world.project.history.runs().runs, key=lambda run: run.scheduled_for)
    assert [f"{run.scheduled_for:%d %H:%M}" for run in runs] == expected
    assert {(run.trigger, run.schedule) for run in runs} == {("cron", "nightly")}
    assert world.words() == [("run", "on_time")] * 2


def test_the_next_moment_is_worked_out_before_it_comes(world):
    assert hourly(world).next_run == BEGIN + timedelta(hours=1)
    world.until(BEGIN + timedelta(hours=1))
    assert world.schedules.get("nightly").next_run == BEGIN + timedelta(hours=2)


def test_a_scheduler_knows_for_how_long_there_is_nothing_to_do(world):
    hourly(world)
    looked = world.scheduler.look()
    assert (looked.started, looked.next) == (0, BEGIN + timedelta(hours=1))
    world.at += timedelta(minutes=59, seconds=59)
    assert world.scheduler.rest(looked) == 1.0


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        ("skip", [("run", "on_time"), ("skip", "still_running"), ("skip", "still_running")]),
        ("queue_one", [("run", "on_time"), ("wait", "still_running"), ("skip", "one_waits")]),
        ("parallel", [("run", "on_time")] * 3),
    ],
)
def test_moments_that_come_while_a_run_goes_on(world, overlap, expected):
    hourly(world, overlap=overlap)
    world.performs = False
    world.until(BEGIN + timedelta(hours=3))
    assert world.words() == expected


def test_the_moment_that_waits_has_its_turn_when_the_run_is_over(world):
    hourly(world, overlap="queue_one")
    world.performs = False
    world.until(BEGIN + timedelta(hours=2))
    world.end()
    world.scheduler.look()
    assert world.words() == [("run", "on_time"), ("run", "its_turn")]
    world.end()
    assert len(world.project.history.runs().runs) == 2


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ({"catch_up": "none"}, [("skip", "missed")] * 3),
        ({"catch_up": "latest"}, [("skip", "superseded")] * 2 + [("run", "caught_up")]),
        ({"catch_up": "all", "overlap": "parallel"}, [("run", "caught_up")] * 3),
        (
            {"catch_up": "all", "catch_up_most": 1},
            [("skip", "too_many")] * 2 + [("run", "caught_up")],
        ),
    ],
)
def test_moments_at_which_nobody_was_there(world, catch_up, expected):
    hourly(world, **catch_up)
    world.at += timedelta(hours=3, minutes=30)
    world.scheduler.look()
    assert world.words() == expected
    run = [at for at, verdict, _why in world.told() if verdict == "run"]
    keyed = {run.key for run in world.project.history.runs().runs}
    assert len(keyed) == len(run)


def test_saving_a_schedule_anew_forgets_no_missed_moment(world):
    hourly(world, catch_up="all", overlap="parallel")
    world.at += timedelta(hours=2, minutes=30)
    hourly(world, catch_up="all", overlap="parallel", input_data={"city": "Bergen"})
    world.scheduler.look()
    assert world.words() == [("run", "caught_up")] * 2


def test_moments_that_come_while_it_is_paused_are_none(world):
    hourly(world)
    world.schedules.pause("nightly")
    world.until(BEGIN + timedelta(hours=2, minutes=30))
    assert world.told() == []
    world.schedules.resume("nightly")
    world.until(BEGIN + timedelta(hours=3))
    assert world.told() == [(BEGIN + timedelta(hours=3), "run", "on_time")]


def test_moments_one_by_one_come_and_then_no_more(world):
    first, second = BEGIN + timedelta(minutes=5), BEGIN + timedelta(minutes=7)
    world.schedules.save("nightly", "report", at=[second.isoformat(), first.isoformat()])
    world.until(BEGIN + timedelta(hours=1))
    assert world.told() == [(first, "run", "on_time"), (second, "run", "on_time")]
    assert world.schedules.get("nightly").next_run is None


def test_an_interval_begins_and_ends_where_it_is_said(world):
    world.schedules.save(
        "nightly", "report", every=600.0, start=BEGIN + timedelta(minutes=15),
        end=BEGIN + timedelta(minutes=40),
    )  # fmt: skip
    world.until(BEGIN + timedelta(hours=1))
    minutes = [(at - BEGIN).total_seconds() / 60 for at, _verdict, _why in world.told()]
    assert minutes == [15, 25, 35]


def test_jitter_lets_a_run_begin_later_always_by_as_much(world):
    one = hourly(world, jitter=600.0)
    assert 0 < one.delay < 600
    world.at = BEGIN + timedelta(hours=1, seconds=one.delay - 1)
    world.scheduler.look()
    assert world.told() == []
    world.at += timedelta(seconds=1)
    world.scheduler.look()
    assert world.told() == [(BEGIN + timedelta(hours=1), "run", "on_time")]


# ------------------------------------------------------------ run after


def after_load(world, **more):
    """`report` an hour after `load`, of which it needs a run."""
    published(world.project, "load")
    world.schedules.save("loading", "load", cron="0 * * * *")
    return world.schedules.save("nightly", "report", cron="30 * * * *", after=["load"], **more)


def test_a_flow_runs_after_another_has_succeeded(world):
    after_load(world)
    world.until(BEGIN + timedelta(hours=2))
    assert world.words() == [("run", "its_turn"), ("run", "on_time")]


def test_what_waits_for_a_flow_says_so_and_is_given_up_when_the_next_moment_comes(world):
    after_load(world)
    world.schedules.pause("loading")
    world.until(BEGIN + timedelta(minutes=40))
    (waiting,) = world.schedules.history("nightly")
    assert (waiting.verdict, waiting.reason, waiting.detail) == ("wait", "not_ready", "load")
    world.until(BEGIN + timedelta(minutes=100))
    assert world.words() == [("skip", "never_ready"), ("wait", "not_ready")]


def test_of_two_that_are_due_at_once_the_one_that_the_other_needs_goes_first(world):
    published(world.project, "load")
    world.schedules.save("a", "report", cron="@hourly", after=["load"])
    world.schedules.save("b", "load", cron="@hourly")
    world.at += timedelta(hours=1)
    world.scheduler.look()
    runs = sorted(world.project.history.runs().runs, key=lambda run: run.id)
    assert [run.flow for run in runs] == ["load", "report"]


def test_a_run_of_the_moment_before_is_not_taken_for_one_of_this(world):
    published(world.project, "load")
    world.schedules.save("b", "load", cron="@hourly")
    world.schedules.save("nightly", "report", cron="@hourly", after=["load"])
    world.at += timedelta(hours=1)
    world.scheduler.look()
    world.schedules.pause("b")
    world.at += timedelta(hours=1)
    world.scheduler.look()
    assert world.words() == [("run", "on_time"), ("wait", "not_ready")]


def test_flows_that_would_wait_for_each_other_are_refused_by_name(world):
    after_load(world)
    with pytest.raises(InvalidSchedule, match="load after report after load") as refused:
        world.schedules.save("loading", "load", cron="0 * * * *", after=["report"])
    assert refused.value.field == "after"


# ------------------------------------------------------------ by hand, and what goes wrong


def test_a_schedule_is_made_up_for_where_it_has_no_run(world):
    hourly(world)
    world.at = BEGIN + timedelta(hours=2)
    world.scheduler.look()
    asked = world.schedules.backfill(
        "nightly", BEGIN - timedelta(hours=1), BEGIN + timedelta(hours=2)
    )
    assert [one.scheduled_for.hour for one in asked] == [11, 12, 13]
    for _ in range(4):
        world.scheduler.look()
    assert [verdict for verdict, _why in world.words()] == ["run"] * 4
    assert len(world.project.history.runs().runs) == 4
    again = world.schedules.backfill("nightly", BEGIN - timedelta(hours=1), world.at)
    assert len(again) == 0


def test_what_is_made_up_for_goes_behind_what_is_due(world):
    hourly(world)
    world.performs = False
    world.schedules.backfill("nightly", BEGIN - timedelta(hours=3), BEGIN)
    world.at += timedelta(hours=1)
    world.scheduler.look()
    assert world.words() == [("wait", "backfilled")] * 3 + [("run", "on_time")]


def test_what_has_not_come_cannot_be_made_up_for(world):
    hourly(world)
    with pytest.raises(UsageError, match="has not come yet"):
        world.schedules.backfill("nightly", BEGIN, BEGIN + timedelta(days=1))


def test_a_run_by_hand_stands_beside_all_others(world):
    hourly(world)
    slot = world.schedules.run_now("nightly")
    assert (slot.reason, slot.run_status) == ("by_hand", "succeeded")
    assert world.project.history.run(slot.run_id).scheduled_for == BEGIN


def test_a_run_by_hand_may_have_parameters_of_its_own(world):
    hourly(world, input_data={"city": "Bergen"})
    slot = world.schedules.run_now("nightly", {"city": "Tromsø"})
    run = world.project.history.run(slot.run_id)
    assert (run.status, dict(run.params)) == ("succeeded", {"city": "Tromsø"})
    assert (slot.reason, slot.detail) == ("by_hand", '{"city":"Tromsø"}')
    assert slot_words(slot) == 'started by hand ({"city":"Tromsø"})'
    assert world.schedules.get("nightly").schedule.input_data == {"city": "Bergen"}
    world.at += timedelta(minutes=1)
    after = world.schedules.run_now("nightly")
    assert dict(world.project.history.run(after.run_id).params) == {"city": "Bergen"}
    assert after.detail == ""


@pytest.mark.parametrize("params", [{"city": 5}, {"town": "Oslo"}])
def test_what_the_flow_does_not_take_starts_nothing_and_is_named(world, params):
    hourly(world)
    with pytest.raises(InvalidSchedule, match=next(iter(params))):
        world.schedules.run_now("nightly", params)
    assert world.schedules.history("nightly") == ()


def test_a_run_by_hand_that_is_taken_up_has_the_parameters_it_was_asked_for_with(world):
    hourly(world, input_data={"city": "Bergen"})
    world.performs, world.scheduler = False, Scheduler(world.project)
    slot = world.schedules.run_now("nightly", {"city": "Tromsø"})
    world.waiting.clear()  # its process was killed before it began
    world.at += timedelta(minutes=1)
    world.performs = True
    world.scheduler.look()
    (again,) = world.schedules.history("nightly")
    assert (again.reason, again.run_id, again.begun) == ("taken_up", slot.run_id, True)
    assert dict(world.project.history.run(slot.run_id).params) == {"city": "Tromsø"}


def test_a_flow_that_takes_no_such_parameters_any_more_is_refused_in_its_slot(world):
    hourly(world, input_data={"city": "Bergen"})
    path = world.project.path / "report.ipynb"
    path.write_text(path.read_text().replace("city", "town"))
    world.project.read_notebook(path).publish()
    world.until(BEGIN + timedelta(hours=1))
    (slot,) = world.schedules.history("nightly")
    assert (slot.verdict, slot.reason, slot.run_id) == ("skip", "refused", None)
    assert "parameter" in slot.detail or "cannot run" in slot.detail
    assert world.project.history.runs().runs == ()


def test_what_runs_is_what_was_published_whatever_the_notebook_says_now(world):
    hourly(world)
    (world.project.path / "report.ipynb").write_text("{}")
    world.until(BEGIN + timedelta(hours=1))
    (run,) = world.project.history.runs().runs
    assert (run.status, dict(run.params)) == ("succeeded", {"city": "Oslo"})


@pytest.mark.parametrize(
    ("flow", "settings", "field"),
    [
        ("draft", {}, "flow"),
        ("report", {"input_data": {"city": 5}}, "input_data"),
        ("report", {"cron": "61 * * * *"}, "cron"),
        ("report", {"overlap": "sometimes"}, "overlap"),
        ("report", {"notebook": "nowhere.ipynb"}, "notebook"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_with_its_field(world, flow, settings, field):
    with pytest.raises(InvalidSchedule) as refused:
        world.schedules.save("nightly", flow, **{"cron": "@hourly", **settings})
    assert refused.value.field == field
    assert world.schedules.list() == ()


def test_a_run_that_no_process_begins_is_given_up_after_some(world):
    hourly(world)
    world.performs, world.scheduler = False, Scheduler(world.project)
    world.until(BEGIN + timedelta(hours=1))
    for _ in range(MOST_TRIES + 1):
        world.at += timedelta(minutes=1)
        world.scheduler.look()
    assert world.words() == [("skip", "not_started")]
    assert len(world.waiting) == MOST_TRIES
    with pytest.raises(UsageError, match="no run of schedule"):
        world.end()


def test_a_schedule_that_another_decides_about_is_passed_by(world):
    hourly(world)
    world.at += timedelta(hours=1)
    with world.schedules.held("nightly"):
        assert world.scheduler.look().started == 0
    assert world.scheduler.look().started == 1


def test_what_is_done_is_said(world):
    said = []
    hourly(world)
    world.at += timedelta(hours=1)
    Scheduler(world.project, say=said.append).look()
    (word,) = said
    assert (word["schedule"], word["verdict"], word["reason"]) == ("nightly", "run", "on_time")
    assert word["run"] == world.project.history.runs().runs[0].id


def test_at_most_ten_schedules_are_looked_after_in_one_go(world):
    for number in range(12):
        world.schedules.save(f"n{number}", "report", cron="@hourly")
    world.performs = False
    world.at += timedelta(hours=1)
    assert [world.scheduler.look().started for _ in range(3)] == [10, 2, 0]


def test_a_slot_that_nobody_decided_on_has_no_run(world):
    hourly(world)
    with pytest.raises(UsageError):
        perform(world.project, "nightly", BEGIN)
    assert world.project.history.runs().runs == ()
