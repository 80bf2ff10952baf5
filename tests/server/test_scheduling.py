"""The scheduler of a Jupyter server: by a clock that is set by hand, and beside another one."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from tests.server.conftest import ask, serving
from tests.session.scheduled_sample import eventually, published

from flowbook.errors import StoreBusy
from flowbook.server import scheduling
from flowbook.server.scheduling import Serving, is_running, serve
from flowbook.session.project import Project, project
from flowbook.session.slot_process import perform

BEGIN = datetime(2026, 3, 27, 12, tzinfo=UTC)
LOG = logging.getLogger("flowbook.tests.scheduling")


class Served:
    """A project with a published flow, its clock, and what ran in this process for others."""

    def __init__(self, folder):
        self.home, self.at, self.launched = project(folder), BEGIN, []
        published(self.home)
        self.home.store.agenda.now = lambda: self.at.timestamp()
        self.home.schedules.launch = self.launch
        self.before_launch = lambda: None

    def launch(self, one, scheduled_for):
        self.before_launch()
        perform(self.home, one.name, scheduled_for)
        self.launched.append((one.name, scheduled_for))

    def hourly(self, *names):
        for name in names or ("nightly",):
            self.home.schedules.save(name, "report", cron="@hourly", overlap="parallel")


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setattr(scheduling, "LOOK_SECONDS", 0.05)
    found = Served(tmp_path)
    yield found
    found.home.close()


@pytest.fixture
def start(served):
    """`start()` → the thread that looks after the project, stopped after the test."""
    made = []

    def begin():
        made.append(Serving(str(served.home.path), LOG))
        return made[-1]

    yield begin
    for one in made:
        one.stop()


def test_what_is_due_is_started_once_and_what_is_not_waits(served, start):
    served.hourly()
    one = start()
    eventually(lambda: one.active)
    assert served.launched == []
    for hour in (1, 2):
        served.at = BEGIN + timedelta(hours=hour)
        eventually(lambda hour=hour: len(served.launched) == hour)
    assert served.launched == [("nightly", BEGIN + timedelta(hours=h)) for h in (1, 2)]


def test_two_servers_over_one_project_start_a_moment_once(served, start):
    served.hourly()
    start(), start()
    served.at = BEGIN + timedelta(hours=1)
    eventually(lambda: served.launched)
    served.at = BEGIN + timedelta(hours=2)
    eventually(lambda: len(served.launched) > 1)
    assert served.launched == [("nightly", BEGIN + timedelta(hours=h)) for h in (1, 2)]


def test_a_server_that_was_stopped_starts_nothing_more(served, start):
    served.hourly()
    one = start()
    eventually(lambda: one.active)
    one.stop()
    served.at = BEGIN + timedelta(hours=1)
    assert not one.active
    assert not one._thread.is_alive()
    assert served.launched == []
    start()  # what is due was left for the next
    eventually(lambda: served.launched)


def test_a_server_that_is_told_to_stop_while_it_starts_something_starts_nothing_else(served, start):
    served.hourly("a", "b", "c")
    starting, go_on = threading.Event(), threading.Event()

    def held():
        starting.set()
        assert go_on.wait(60)

    served.before_launch = held
    served.at = BEGIN + timedelta(hours=1)
    one = start()
    assert starting.wait(60)
    stopping = threading.Thread(target=one.stop)
    stopping.start()
    eventually(lambda: one._stopping.is_set() and one._scheduler._stopping.is_set())
    go_on.set()
    stopping.join(60)
    assert not stopping.is_alive()
    assert [name for name, _at in served.launched] == ["a"]
    assert [slot.schedule for slot in served.home.schedules.history()] == ["a"]


@pytest.mark.parametrize("wrong", [StoreBusy("the store is held"), RuntimeError("our own bug")])
def test_a_look_that_fails_is_logged_and_the_loop_goes_on(
    served, start, monkeypatch, caplog, wrong
):
    served.hourly()
    agenda = served.home.store.agenda
    listed, failed = agenda.schedules, []

    def schedules():
        if len(failed) < 3:
            failed.append(wrong)
            raise wrong
        return listed()

    monkeypatch.setattr(agenda, "schedules", schedules)
    served.at = BEGIN + timedelta(hours=1)
    with caplog.at_level(logging.WARNING, LOG.name):
        start()
        eventually(lambda: served.launched)
    told = [one for one in caplog.records if "cannot be looked after" in one.getMessage()]
    assert len(told) == 3
    assert str(wrong) in caplog.text


def test_the_setting_of_the_project_holds_at_the_next_look(served, start):
    served.home.store.settings.set("scheduler", False)
    served.hourly()
    served.at = BEGIN + timedelta(hours=1)
    one = start()
    served.home.store.settings.set("scheduler", True)
    eventually(lambda: served.launched)
    assert one.active
    served.home.store.settings.set("scheduler", False)
    eventually(lambda: not one.active)
    served.at = BEGIN + timedelta(hours=2)
    served.home.store.settings.set("scheduler", True)
    eventually(lambda: len(served.launched) == 2)


def test_what_was_started_is_logged(served, start, caplog):
    served.hourly()
    served.at = BEGIN + timedelta(hours=1)
    with caplog.at_level(logging.INFO, LOG.name):
        start()
        eventually(lambda: "flowbook: schedule nightly: run" in caplog.text)


def test_a_folder_without_a_store_is_left_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(scheduling, "LOOK_SECONDS", 0.01)
    looked = threading.Event()
    wanted = scheduling._is_wanted
    monkeypatch.setattr(scheduling, "_is_wanted", lambda home: (wanted(home), looked.set())[0])
    one = Serving(str(tmp_path), LOG)
    assert looked.wait(60)
    one.stop()
    assert not one.active
    assert list(tmp_path.iterdir()) == []


def test_a_process_has_one_thread_for_a_folder_and_says_whether_it_runs(served):
    served.hourly()
    one = serve(str(served.home.path), LOG)
    try:
        assert serve(str(served.home.path / "."), LOG) is one
        eventually(lambda: is_running(served.home))
    finally:
        one.stop()
        scheduling._running.pop(served.home.path.resolve())
    assert not is_running(served.home)


@pytest.mark.kernel
def test_a_server_and_a_scheduler_over_one_project_give_each_moment_one_run(tmp_path):
    home = Project(tmp_path)
    published(home)
    words = [sys.executable, "-m", "flowbook.cli", "scheduler", "--project", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with serving(tmp_path) as base:
        other = subprocess.Popen(
            words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            eventually(lambda: ask("GET", f"{base}/schedules").json()["running"])
            begin = home.schedules.now() + timedelta(seconds=3)
            moments = [(begin + timedelta(seconds=n)).isoformat() for n in range(3)]
            home.schedules.save("nightly", "report", at=moments, overlap="parallel", catch_up="all")
            eventually(lambda: ended(home) == ["succeeded"] * 3, 240)
        finally:
            other.terminate()
            other.wait(60)
    slots = home.schedules.history("nightly")
    runs = home.history.runs().runs
    assert sorted(one.scheduled_for for one in runs) == sorted(one.scheduled_for for one in slots)
    assert {one.id for one in runs} == {one.run_id for one in slots}
    home.close()


def ended(home):
    return [one.run_status for one in home.schedules.history("nightly") if one.run_id]
