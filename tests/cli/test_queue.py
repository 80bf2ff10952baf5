"""`flowbook queue`: who waits for what, in which order, of all processes."""

from __future__ import annotations

import json
import threading

import pytest
from click.testing import CliRunner

import flowbook
from flowbook.cli import flowbook as command_line
from flowbook.graph.flow import Flow


@pytest.fixture
def project(tmp_path):
    opened = flowbook.project(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def waiting(project):
    """A flow of which one run goes on and two wait, until the test is over."""
    project.store.settings.set("limits", "runs=1")
    flow, gate, begun = Flow("gated", host=project), threading.Event(), threading.Event()

    @flow.node
    def work():
        begun.set()
        gate.wait(20)

    runs = [flow.start(), flow.start(), flow.start(priority=-2)]
    assert begun.wait(10)
    yield runs
    gate.set()
    for run in runs:
        run.wait(10)


def said(project, *words):
    result = CliRunner().invoke(command_line, ["queue", *words, "--project", str(project.path)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def test_runs_are_listed_with_their_priority_and_what_they_wait_for(project, waiting):
    first, second, third = waiting
    lines = said(project).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == [second.id, third.id, first.id]
    assert "queued" in lines[2]
    assert "runs=1 of the project" in lines[2]
    assert "-2" in lines[3]
    assert "running" in lines[4]
    assert lines[-1] == "runs: 1 of 1"


def test_the_list_as_json(project, waiting):
    told = json.loads(said(project, "--json"))
    assert [one["run"] for one in told["waiting"]] == [run.id for run in waiting[1:]]
    assert [one["run"] for one in told["going"]] == [waiting[0].id]
    assert told["limits"] == {"runs": 1}
    assert [(one["limit"], one["run"]) for one in told["held"]] == [("runs", waiting[0].id)]


def test_a_run_that_waits_is_moved(project, waiting):
    last = waiting[2].id
    assert said(project, "prioritize", last, "5") == f"priority 5: {last}\n"
    assert json.loads(said(project, "--json"))["waiting"][0]["run"] == last


def test_a_project_in_which_nothing_has_run_is_left_as_it_is(project):
    assert (
        said(project, "--json")
        == json.dumps({"waiting": [], "going": [], "limits": {}, "held": []}, indent=2) + "\n"
    )
    assert list(project.path.iterdir()) == []
