"""`flowbook history waiting`, `signal`, `approve` and `reject`, and recovering what waits."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tests.session.children.waits import flow_of, until

import flowbook
from flowbook.events import RunStatus
from flowbook.export.exits import ExitCode
from flowbook.session import listening
from flowbook.session.project import Project

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "cells": [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(
            [
                "%%flow paid\nfrom flowbook import Suspend, resumption\ncame = resumption()\n"
                "if came is None:\n    raise Suspend('payment', signal='paid')\n"
                "paid = came.payload['amount']",
                "%%flow twice(paid)\n2 * paid",
            ]
        )
    ],
}


@pytest.fixture
def project(tmp_path):
    opened = flowbook.project(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def waits(tmp_path, project, monkeypatch):
    """A run of this process that waits."""
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.01)
    run = flow_of(project, tmp_path).start()
    until(lambda: run["nap"].outcome is not None and run.status is RunStatus.SUSPENDED)
    yield run
    run.cancel()
    run.settled(10)


def test_what_waits_is_listed(ask, waits):
    code, out, err = ask("history", "waiting")
    assert (code, err) == (0, "")
    rows = [line.split()[:3] for line in out.splitlines() if line.startswith(waits.id)]
    assert rows == [[waits.id, "waits", one.node] for one in flowbook.project().waiting()]
    told = json.loads(ask("history", "waiting", waits.id, "--json")[1])["waiting"]
    assert {one["node"]: one["signal"] for one in told} == {"paid": "paid", "ask": "approval:ask"}


def test_nothing_waits(ask, tmp_path):
    code, out, err = ask("history", "waiting")
    assert (code, out, err) == (0, "", f"nothing waits in {tmp_path}\n")


def test_a_signal_is_sent_with_what_comes_with_it(ask, waits):
    code, out, err = ask("history", "signal", waits.id, "paid", "--data", '{"amount": 3}')
    assert (code, out, err) == (0, f"sent paid to run {waits.id}\n", "")
    until(lambda: waits["after"].outcome is not None)
    assert waits["after"].output == 3


def test_what_is_no_json_is_refused_before_anything_is_sent(ask, project, waits):
    code, _, err = ask("history", "signal", waits.id, "paid", "--data", "{amount: 3}")
    assert code == 2
    assert "--data is no JSON" in err
    assert project.store.signals.pending(waits.id) == ()


def test_people_approve_and_reject(ask, project, waits):
    run = waits.id
    code, out, _ = ask("history", "approve", run, "ask", "--by", "Ada", "--comment", "as agreed")
    assert (code, out) == (0, f"approved: ask of run {run}\n")
    told = json.loads(ask("history", "reject", run, "ask", "--by", "Bob", "--json")[1])
    assert (told["node"], told["approved"]) == ("ask", False)
    until(lambda: waits["ask"].outcome is not None)
    assert [one["approved"] for one in waits["ask"].output["decisions"]] == [True, False]
    assert {one.action for one in project.store.audit.search(run=run).entries} == {
        "APPROVED",
        "REJECTED",
    }


def test_a_stranger_is_told_who_may(ask, waits):
    code, _, err = ask("history", "approve", waits.id, "ask", "--by", "Eve")
    assert code == 2
    assert "'Eve' is none of the approvers of 'ask': Ada, Bob" in err


@pytest.mark.kill
def test_a_run_that_waits_outlives_the_end_of_its_command(tmp_path, project):
    (tmp_path / "order.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "flowbook.cli", "run", "order.ipynb", "--no-report"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
    )
    until(lambda: len(project.waiting()) == 1)
    process.terminate()
    assert process.wait(30) == ExitCode.TERMINATED
    (row,) = project.history.runs().runs
    assert row.status is RunStatus.SUSPENDED


def test_all_that_can_go_on_does_and_what_waits_is_left_alone(ask, tmp_path, project):
    (tmp_path / "order.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    gone = Project(tmp_path)
    flow = gone.read_notebook(tmp_path / "order.ipynb")
    first, second = flow.start(), flow.start()
    until(lambda: {first.status, second.status} == {RunStatus.SUSPENDED})
    gone.close()
    code, out, err = ask("history", "recover", "--all")
    assert (code, out) == (0, "")
    assert "nothing to recover" in err
    assert "left alone: 2 suspended\nhint: flowbook history waiting\n" in err
    assert ask("history", "signal", first.id, "paid", "--data", '{"amount": 4}')[0] == 0
    code, out, err = ask("history", "recover", "--all")
    assert (code, out) == (0, f"{first.id}  order  succeeded\n")
    assert project.history.run(second.id).status is RunStatus.SUSPENDED
    code, out, _ = ask("history", "recover", second.id)
    assert (code, out) == (0, f"{second.id}  order  suspended\n")
