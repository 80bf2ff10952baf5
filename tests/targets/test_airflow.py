"""DAG files: Python that compiles, and makes of Airflow's words what was asked for."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from types import ModuleType

import jinja2
import msgspec
import pytest
from tests.targets.golden import CASES
from tests.targets.reading import JOB, NOW

from flowbook.targets.airflow import airflow
from flowbook.triggers.schedule import CatchUp, Overlap, Schedule


@pytest.fixture
def load(monkeypatch):
    """`load(schedule)`: what the file says to Airflow, which stands aside and takes notes."""

    def run(schedule: Schedule, job=JOB) -> dict:
        said: dict = {}
        for name in ("CronTriggerTimetable", "MultipleCronTriggerTimetable", "EventsTimetable"):
            setattr(triggers, name, lambda *a, _name=name, **k: (_name, a, k))
        airflow_.DAG = lambda **given: said.update(dag=given) or nullcontext()
        bash.BashOperator = lambda **given: said.update(task=given)
        (file,) = airflow(job, schedule, NOW).files
        exec(compile(file.text, file.name, "exec"), {})
        return said

    airflow_, triggers, bash = ModuleType("airflow"), ModuleType("x"), ModuleType("y")
    for name, module in {
        "airflow": airflow_,
        "airflow.timetables.trigger": triggers,
        "airflow.timetables.events": triggers,
        "airflow.operators.bash": bash,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    return run


@pytest.mark.parametrize("case", CASES)
def test_every_file_runs(load, case):
    assert set(load(CASES[case])) == {"dag", "task"}


def test_the_expression_is_about_the_clock_of_its_zone(load):
    said = load(Schedule(cron="0 9 * * 1-5", timezone="Europe/Berlin"))
    expected = ("CronTriggerTimetable", ("0 9 * * 1-5",), {"timezone": "Europe/Berlin"})
    assert said["dag"]["schedule"] == expected


def test_an_interval_takes_several_lines_and_moments_are_events(load):
    name, lines, _ = load(CASES["often"])["dag"]["schedule"]
    assert (name, len(lines)) == ("MultipleCronTriggerTimetable", 3)
    name, _, given = load(CASES["once"])["dag"]["schedule"]
    assert (name, given["event_dates"][0]) == (
        "EventsTimetable",
        datetime(2026, 5, 1, 7, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("schedule", "runs", "catch_up"),
    [
        (Schedule(cron="@daily", overlap=Overlap.QUEUE_ONE), 1, False),
        (Schedule(cron="@daily", overlap=Overlap.PARALLEL, parallel=4), 4, False),
        (Schedule(cron="@daily", overlap=Overlap.PARALLEL), None, False),
        (Schedule(cron="@daily", catch_up=CatchUp.ALL), 1, True),
    ],
)
def test_overlap_and_catching_up(load, schedule, runs, catch_up):
    dag = load(schedule)["dag"]
    assert (dag.get("max_active_runs"), dag["catchup"]) == (runs, catch_up)
    assert dag["default_args"] == {"retries": 0}


def test_a_run_that_was_turned_away_is_a_task_that_was_skipped(load):
    assert load(Schedule(cron="@daily"))["task"]["skip_on_exit_code"] == 3
    assert "|| exit 3; cd" in load(Schedule(cron="0 9 L * *"))["task"]["bash_command"]


def test_nothing_in_the_command_is_jinjas_and_it_is_no_name_of_a_file(load):
    job = msgspec.structs.replace(JOB, params={"x": "{{ ds }}"}, timeout=None)
    command = load(Schedule(cron="@daily"), job)["task"]["bash_command"]
    assert "-p 'x={{ ds }}'" in jinja2.Template(command).render(ds="no")
    assert command.endswith(" ")


def test_an_export_of_another_day_is_the_same(load):
    later = airflow(JOB, CASES["nightly"], NOW.replace(day=28))
    assert later.files == airflow(JOB, CASES["nightly"], NOW).files


def test_what_it_cannot_keep_is_told():
    def told(**said):
        made = airflow(JOB, Schedule(cron="30 2 * * *", timezone="Europe/Berlin", **said), NOW)
        return "\n".join(one.what for one in made.caveats)

    assert "(overlap=skip)" in told()
    assert "(catch_up=none)" in told(catch_up=CatchUp.NONE)
    assert "not for 10 at most" in told(catch_up=CatchUp.ALL)
    assert "may start two runs" in told()
