"""`flowbook history stats` and `trace`: where the time of runs went."""

from __future__ import annotations

import json

import pytest

from flowbook.graph.flow import Flow
from flowbook.session.project import Project


@pytest.fixture
def ran(tmp_path):
    """A project with two runs of `report`, one of which failed, and the id of that one."""
    project = Project(tmp_path)
    flow = Flow("report", host=project)

    @flow.node
    def orders(count: int = 1):
        return [count]

    @flow.node
    def total(orders):
        return 1 / sum(orders)

    flow.run(count=3)
    run = flow.start(count=0).wait()
    yield tmp_path, str(run.id)
    project.close()


def test_a_flow_is_summed_up(ask, ran):
    folder, _run = ran
    code, out, _ = ask("history", "stats", "report", "--project", str(folder))
    assert code == 0
    assert out.startswith("report: 2 runs, 50 % succeeded")
    assert {"orders", "total"} <= {line.split()[0] for line in out.splitlines() if line}
    _, out, _ = ask("history", "stats", "report", "--json", "--project", str(folder))
    told = json.loads(out)
    assert (told["runs"], told["failed"]) == (2, 1)
    assert [(edge["source"], edge["taken"]) for edge in told["edges"]] == [("orders", 2)]


def test_a_flow_without_such_runs_says_so(ask, ran):
    folder, _run = ran
    code, out, err = ask("history", "stats", "report", "--since", "2999-01-01",
                         "--project", str(folder))  # fmt: skip
    assert (code, out) == (0, "")
    assert "no such runs" in err


def test_a_trace_is_listed_with_its_critical_path(ask, ran):
    folder, run = ran
    code, out, _ = ask("history", "trace", run, "--project", str(folder))
    assert code == 0
    assert "orders *" in out
    assert "ZeroDivisionError" in out


@pytest.mark.parametrize(
    ("form", "key"), [("json", "spans"), ("otlp", "resourceSpans"), ("chrome", "traceEvents")]
)
def test_a_trace_is_written_for_other_tools(ask, ran, form, key, tmp_path):
    folder, run = ran
    file = tmp_path / "trace.json"
    asked = ("history", "trace", run, "--format", form, "--project", str(folder))
    code, out, _ = ask(*asked)
    assert (code, key in json.loads(out)) == (0, True)
    assert ask(*asked, "--output", str(file))[0] == 0
    assert json.loads(file.read_text()) == json.loads(out)


def test_a_run_that_is_not_there_is_told(ask, ran):
    code, _, err = ask("history", "trace", "nothing", "--project", str(ran[0]))
    assert code == 2
    assert "no run 'nothing'" in err
