"""Checks of a project's folder say what they found, and what to do when it is not well."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from flowbook.errors import StoreBusy
from flowbook.session.health import Verdict, clock_check, examine, scheduler_check, store_check
from flowbook.session.project import project
from flowbook.tour.first import write_first

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)


class History:
    """A history with schedules."""

    def __init__(self, rows):
        self.rows = rows

    def table(self, query):
        return ((), [("schedules",)] if "information_schema" in query else self.rows)


def home(tmp_path, **said):
    return SimpleNamespace(path=tmp_path, **said)


def store(tmp_path, **said):
    told = {"problem": None, "holders": (), "writers": (), "runs": 3, "root": tmp_path, **said}
    return home(tmp_path, store=SimpleNamespace(status=lambda: SimpleNamespace(**told)))


@pytest.fixture
def scheduled(tmp_path):
    """`scheduled(minutes)`: the check of a project whose one schedule comes then."""
    (tmp_path / ".flowbook").mkdir()

    def check(*minutes):
        due = [(f"s{n}", (NOW + timedelta(minutes=one)).replace(tzinfo=None))
               for n, one in enumerate(minutes)]  # fmt: skip
        return scheduler_check(home(tmp_path, history=History(due)), NOW)

    return check


def test_looking_at_a_folder_where_nothing_has_run_makes_nothing(tmp_path):
    found = list(examine(project(tmp_path), ()))
    assert [one.name for one in found] == ["store", "scheduler", "clock"]
    assert [one.verdict for one in found] == [Verdict.OK, Verdict.SKIPPED, Verdict.OK]
    assert list(tmp_path.iterdir()) == []


def test_a_project_with_runs_is_read_and_has_no_schedules_to_be_late(tmp_path):
    made = write_first(tmp_path, "first")
    opened = project(tmp_path)
    opened.load(made.notebook).flow.run()
    assert store_check(opened).found.startswith("1 runs in ")
    assert scheduler_check(opened, NOW).verdict is Verdict.SKIPPED


def test_a_store_with_a_problem_says_where_to_look(tmp_path):
    check = store_check(store(tmp_path, problem="it is damaged"))
    assert (check.verdict, check.found) == (Verdict.FAILED, "it is damaged")
    assert "flowbook store verify" in check.hint


def test_a_store_that_does_not_open_is_a_failed_check_and_no_error(tmp_path):
    def status():
        raise StoreBusy("held too long", hint="wait", path="x", pid=1, seconds=5)

    check = store_check(home(tmp_path, store=SimpleNamespace(status=status)))
    assert (check.verdict, check.found, check.hint) == (Verdict.FAILED, "held too long", "wait")


def test_who_else_holds_it_is_named_and_we_are_not(tmp_path):
    held = [SimpleNamespace(pid=pid, mode="write", path=tmp_path / "store.lock")
            for pid in (os.getpid(), 4711)]  # fmt: skip
    check = store_check(store(tmp_path, holders=tuple(held)))
    assert check.verdict is Verdict.WARNING
    assert check.found == "locked by process 4711 (write store.lock)"


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    gone = tmp_path / "gone"
    check = store_check(store(gone, root=gone / ".flowbook"))
    assert check.verdict is Verdict.FAILED
    assert "cannot be written" in check.found
    assert "local disk" in check.hint


def test_a_schedule_that_is_overdue_has_nobody_who_starts_it(scheduled):
    late = scheduled(-30, 5)
    assert late.verdict is Verdict.FAILED
    assert "'s0' has been due for 30 minutes" in late.found
    assert late.hint
    assert scheduled(-1, 5).verdict is Verdict.OK


def test_without_a_schedule_that_is_on_there_is_nobody_to_miss(scheduled):
    assert scheduled().verdict is Verdict.SKIPPED


def test_a_clock_that_is_not_the_file_systems_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("flowbook.session.health.time.time", lambda: 0.0)
    check = clock_check(home(tmp_path))
    assert check.verdict is Verdict.FAILED
    assert "timedatectl" in check.hint
