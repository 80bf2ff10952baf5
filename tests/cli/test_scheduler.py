"""`flowbook schedule …` and `flowbook scheduler` on a project with a published flow."""

import json
import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner
from tests.session.scheduled_sample import eventually, published

from flowbook.cli import flowbook as command_line
from flowbook.errors import InvalidSchedule, UsageError
from flowbook.session.project import Project, project


@pytest.fixture
def home(tmp_path):
    (tmp_path / ".flowbook").mkdir()
    found = project(tmp_path)
    published(found)
    yield found
    found.close()


def ask(home: Project, *words: str) -> str:
    where = [] if words[0] == "add" else ["--project", str(home.path)]
    runner = CliRunner()
    found = runner.invoke(command_line, ["schedule", *words, *where], standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return found.stdout


def add(home, *words):
    return ask(home, "add", "nightly", str(home.path / "report.ipynb"), *words)


def test_a_schedule_is_added_with_typed_parameters_and_told(home):
    told = json.loads(add(home, "30 2 * * *", "--timezone", "Europe/Berlin", "-p", "city=7",
                          "--overlap", "queue_one", "--after", "load", "--json"))  # fmt: skip
    assert told["settings"]["input_data"] == {"city": "7"}
    assert (told["settings"]["overlap"], told["settings"]["after"]) == ("queue_one", ["load"])
    (listed,) = json.loads(ask(home, "list", "--json"))
    assert listed == told
    assert len(json.loads(ask(home, "show", "nightly", "--json"))["next"]) == 5
    assert "02:30" in ask(home, "show", "nightly")


def test_an_interval_is_counted_from_now(home):
    assert "Every 15 minutes; next at" in add(home, "--every", "15m")


def test_what_cannot_be_scheduled_is_refused(home):
    with pytest.raises(InvalidSchedule, match="no parameter 'town'"):
        add(home, "@daily", "-p", "town=Oslo")
    with pytest.raises(InvalidSchedule, match="nothing says when"):
        add(home)
    with pytest.raises(UsageError, match="no schedule 'other'"):
        ask(home, "show", "other")


def test_a_schedule_is_paused_resumed_and_removed(home):
    add(home, "@daily")
    assert ask(home, "pause", "nightly") == ""
    assert "paused" in ask(home, "list")
    ask(home, "resume", "nightly")
    assert "paused" not in ask(home, "list")
    ask(home, "remove", "nightly")
    assert json.loads(ask(home, "list", "--json")) == []


def test_a_run_at_once_may_have_typed_parameters_of_its_own(home):
    add(home, "@daily", "-p", "city=Bergen")
    slot = json.loads(ask(home, "now", "nightly", "-p", "city=5", "--json"))
    assert (slot["reason"], slot["detail"]) == ("by_hand", '{"city":"5"}')
    eventually(lambda: home.schedules.history("nightly")[0].run_status == "succeeded")
    assert dict(home.history.run(slot["run"]).params) == {"city": "5"}
    assert 'started by hand ({"city":"5"})' in ask(home, "history", "nightly")
    with pytest.raises(InvalidSchedule, match="town"):
        ask(home, "now", "nightly", "-p", "town=Oslo")
    assert len(home.schedules.history("nightly")) == 1


@pytest.mark.parametrize("moment", ["tomorrow", "2026-05-01T00:30:00"])
def test_the_run_of_a_moment_that_is_none_is_refused(home, moment):
    add(home, "30 2 * * *")
    with pytest.raises(UsageError, match="is no moment"):
        ask(home, "fire", "nightly", moment)


def test_what_is_made_up_for_is_listed_and_stays_in_the_history(home):
    add(home, "@daily")
    asked = ask(home, "backfill", "nightly", "--from", "2026-05-01T00:00+00:00",
                "--to", "2026-05-03T00:00+00:00", "--json")  # fmt: skip
    assert [slot["reason"] for slot in json.loads(asked)] == ["backfilled"] * 2
    assert ask(home, "history", "nightly").count("waits") == 2


def test_one_look_starts_what_is_due_and_a_signal_ends_the_loop(home):
    add(home, "--every", "1s", "--parallel", "1", "--overlap", "parallel")
    words = [sys.executable, "-m", "flowbook.cli", "scheduler", "--project", str(home.path)]
    process = subprocess.Popen([*words, "--json"], stdout=subprocess.PIPE, env=os.environ)
    first = json.loads(process.stdout.readline())
    assert (first["schedule"], first["verdict"]) == ("nightly", "run")
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    assert process.wait(60) == 0
    process.stdout.close()
    eventually(lambda: home.schedules.history("nightly", 1000)[-1].run_status == "succeeded")
    assert (
        subprocess.run([*words, "--once"], check=False, stdout=subprocess.DEVNULL).returncode == 0
    )
