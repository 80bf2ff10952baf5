"""Flows that a node may call, and new ones made for it."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from tests.widget.forms import Asking

from flowbook.errors import UsageError
from flowbook.events import RunCreated, RunRetried, RunStatus, TriggerKind
from flowbook.events.values import ErrorInfo
from flowbook.graph.options import parse_options
from flowbook.ids import RunId

LATE = ErrorInfo("TimeoutError", "the run was not over after 60s")

CELLS = (
    "region: str = 'north'\n",
    "%%flow people\npeople = [{'name': 'Bo'}, {'name': 'Di'}]",
    "%%flow call forecast(region)\nflow: weather\ninputs:\n  city: '{{ region }}'\n",
    "%%flow map each\nover: '{{ people }}'\n",
    "%%flow greet\n#| in: each\nitem['name']",
)


@pytest.fixture
def ask(project):
    Asking(
        project,
        "city: str\ndays: int = 7\n",
        "%%flow http forecast\nurl: 'http://x/{{ city }}?key={{ $secret.api_key }}'\n",
        name="weather",
    )
    return Asking(project, *CELLS)


def test_the_flows_of_the_workspace_are_offered_with_what_they_take(ask):
    found = ask("FLOWS", node="forecast").flows
    assert [one.name for one in found] == ["weather"]
    assert [(one.name, one.required) for one in found[0].params] == [
        ("city", True),
        ("days", False),
    ]
    assert (found[0].outputs, found[0].secrets) == (("forecast",), ("api_key",))


def test_the_deadline_is_what_the_run_has_left(ask):
    assert ask("FLOWS", node="forecast").deadline is None
    ask("OPTION", name="timeout", value="12s")
    assert ask("FLOWS", node="forecast").deadline == 12.0


@pytest.mark.parametrize(("again", "left"), [(False, 30.0), (True, 90.0)])
def test_a_run_that_has_its_time_again_has_it_left(ask, monkeypatch, again, left):
    ask("OPTION", name="timeout", value="60s")
    run, now = RunId("r"), time.time()
    events = [
        RunCreated(
            run=run, seq=0, at=now - 30, flow="f", version="v", trigger=TriggerKind.MANUAL,
            nodes=(), deadline=now + 30,
        ),
        RunRetried(run=run, seq=1, at=now + 30, attempt=2, deadline=now + 90, error=LATE),
    ]  # fmt: skip
    going = SimpleNamespace(status=RunStatus.RUNNING, events=lambda: events[: 1 + again])
    monkeypatch.setattr(ask.desk, "current_run", lambda: going)
    assert ask("FLOWS", node="forecast").deadline == pytest.approx(left, abs=5)


def test_an_iterator_is_a_notebook_and_a_call_inside(ask, project):
    ask.run_to("people")
    done = ask("ITERATOR", node="each", name="one person")
    assert done.path == "one person.ipynb"
    call = ask.node(done.nodes[0])
    assert (call.kind, call.options.inside) == ("call", "each")
    assert call.config["inputs"] == {"item": "{{ item }}", "index": "{{ index }}"}
    made = project.read_notebook(project.path / done.path).spec()
    assert {one.name: one.default for one in made.params} == {"item": {"name": "Bo"}, "index": 0}
    assert made.nodes[0].options.outputs == parse_options({"outputs": "{result: dict}"}).outputs


def test_an_iterator_runs_for_each_item(ask):
    ask("ITERATOR", node="each", name="one")
    run = ask.flow.run(only="each")
    assert [one["value"]["one"]["child_output"] for one in run["each"].outputs["each"]] == [
        {"result": {"item": {"name": "Bo"}, "index": 0}},
        {"result": {"item": {"name": "Di"}, "index": 1}},
    ]


def test_a_sub_flow_takes_what_the_call_gives_it(ask, project):
    ask("ITERATOR", node="forecast", name="storm")
    assert ask.node("forecast").config["flow"] == "storm"
    made = project.read_notebook(project.path / "storm.ipynb").spec()
    assert [one.name for one in made.params] == ["city"]


def test_no_notebook_is_overwritten_and_nothing_changes_then(ask):
    before = ask.flow.spec()
    with pytest.raises(UsageError, match="already"):
        ask("ITERATOR", node="each", name="weather")
    with pytest.raises(UsageError, match="cannot name a flow"):
        ask("ITERATOR", node="each", name="../x")
    with pytest.raises(UsageError, match="calls no flow"):
        ask("ITERATOR", node="people", name="x")
    assert ask.flow.spec() == before
