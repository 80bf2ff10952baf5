"""`flowbook history cancel`, `pause` and `resume`, for a run that another process performs."""

from __future__ import annotations

import json
import os
import signal

import pytest
from tests.session.children.slow import slow_runs

import flowbook


@pytest.fixture
def project(tmp_path):
    opened = flowbook.project(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def slow(tmp_path, project):
    """A process, and the id of the run it performs."""
    with slow_runs(tmp_path) as (process, (run,)):
        yield process, run


def test_a_run_is_cancelled_and_the_audit_says_by_whom_and_why(ask, project, slow):
    process, run = slow
    code, out, err = ask("history", "cancel", run, "--reason", "wrong month", "--wait", "30")
    assert (code, out, err) == (0, f"cancelled: {run}\n", "")
    assert process.stdout.readline() == "cancelled\n"
    (entry,) = project.store.audit.search(run=run).entries
    assert (entry.action, entry.metadata["reason"]) == ("CANCELLED", "wrong month")
    assert entry.metadata["source"] == "cli"


def test_a_run_is_paused_and_resumed(ask, slow, tmp_path):
    process, run = slow
    assert ask("history", "pause", run, "--wait", "30s")[1] == f"paused: {run}\n"
    (tmp_path / "go").touch()
    assert ask("history", "resume", run, "--wait", "30s")[1] == f"resumed: {run}\n"
    assert process.stdout.readline() == "succeeded\n"


def test_without_waiting_it_says_who_was_asked(ask, slow):
    process, run = slow
    code, out, _ = ask("history", "pause", run)
    assert code == 0
    assert out.startswith(f"asked process {process.pid} on ")
    assert out.endswith(f" to pause run {run}\n")
    told = json.loads(ask("history", "cancel", run, "--json")[1])
    assert (told["run"], told["asked"], told["pid"]) == (run, "cancel", process.pid)
    assert (told["here"], told["waited"]) == (False, False)


def test_a_wait_that_is_too_short_exits_with_124(ask, slow):
    process, run = slow
    os.kill(process.pid, signal.SIGSTOP)
    code, out, err = ask("history", "cancel", run, "--wait", "200ms")
    assert (code, out) == (124, "")
    assert "has not after 0.2 s" in err


def test_a_run_that_is_over_unknown_or_lost_is_refused(ask, slow):
    process, run = slow
    code, _, err = ask("history", "cancel", "nope")
    assert (code, "no run 'nope'" in err) == (2, True)
    process.kill()
    process.wait()
    code, out, err = ask("history", "pause", run)
    assert (code, out) == (2, "")
    assert "is lost" in err
    assert f"flowbook history recover {run}" in err


@pytest.mark.parametrize("word", ["cancel", "pause", "resume"])
def test_nothing_is_asked_where_there_is_no_history(ask, tmp_path, word):
    code, _, err = ask("history", word, "x")
    assert (code, f"there is no history in {tmp_path}" in err) == (2, True)
    assert list(tmp_path.iterdir()) == []
