"""A project runs flows, remembers them, and says everything that is wrong before it starts."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import flowbook
from flowbook.events import NodeReused, RunStatus, TriggerKind
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId
from flowbook.run.rules.phase import Outcome
from flowbook.session.project import Start


def notebook(*cells: str, tags: dict[int, str] | None = None) -> str:
    """An .ipynb of code cells; `tags` gives cells a tag by position."""
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "execution_count": None,
                    "id": f"cell{number}",
                    "metadata": {"tags": [tags[number]]} if tags and number in tags else {},
                    "outputs": [],
                    "source": source.splitlines(keepends=True),
                }
                for number, source in enumerate(cells)
            ],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


@pytest.fixture
def flow(project):
    made = flowbook.Flow("hello", host=project)

    @made.node
    def greeting(name: str = "world"):
        return f"hello {name}"

    @made.node
    def loud(text=greeting):
        return text.upper()

    return made


def test_a_python_flow_runs_with_its_parameters(flow):
    run = flow.run(name="Oslo")
    assert run.status == RunStatus.SUCCEEDED
    assert run["loud"].output == "HELLO OSLO"


def test_every_run_is_a_row_that_sql_answers_for(flow, project):
    run = flow.run()
    rows = project.history.sql("select id, flow, status, trigger from runs")
    assert rows.to_dict("records") == [
        {"id": run.id, "flow": "hello", "status": "succeeded", "trigger": "manual"}
    ]


def test_a_wrong_parameter_starts_nothing(flow, project):
    with pytest.raises(flowbook.InvalidParameters, match="nane") as refused:
        flow.start(nane="Oslo")
    assert "did you mean 'name'?" in str(refused.value)
    assert project.history.runs().runs == ()


def test_targets_run_only_what_they_need(flow, project):
    how = Start(trigger=TriggerKind.CELL, targets=[NodeId("greeting")])
    run = project.start(flow, {}, how).wait()
    assert {node: run[node].outcome for node in ("greeting", "loud")} == {
        "greeting": Outcome.SUCCEEDED,
        "loud": Outcome.SKIPPED,
    }
    assert run.status == "succeeded"


def test_fresh_results_are_reused_and_stale_ones_are_not(flow, project):
    flow.run()
    how = Start(targets=[NodeId("loud")], rerun=[NodeId("loud")])
    assert project.start(flow, {}, how).wait()["greeting"].outcome == "reused"

    @flow.node
    def greeting(name: str = "world"):
        return f"hi {name}"

    assert project.stale(flow) == {"greeting", "loud"}
    again = project.start(flow, {}, how).wait()
    assert again["greeting"].outcome == "succeeded"
    assert again["loud"].output == "HI WORLD"


def test_a_notebook_is_read_and_run_without_its_plain_cells(project, tmp_path):
    path = tmp_path / "sums.ipynb"
    path.write_text(
        notebook(
            "top: int = 3",
            "%%flow setup\nimport math",
            "%%flow numbers\nnumbers = list(range(top))",
            "%%flow total(numbers) -> total\ntotal = math.fsum(numbers)",
            "raise SystemExit('a plain cell must never run')",
            tags={0: "parameters"},
        )
    )
    loaded = project.load(path)
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.flow.run(top=5)["total"].output == 10.0


def test_a_broken_notebook_says_everything_at_once(project, tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text(
        notebook(
            "%%flow one(nowhere)\none = nowhere",
            "%%flow two --retires 3\ntwo = 2",
            "%%flow smurf three\nx: 1",
        )
    )
    loaded = project.load(path)
    problems = {problem.cell: str(problem) for problem in loaded.problems}
    problems |= {p.cell: str(p) for p in project.check(loaded.flow) if p.cell not in problems}
    assert "nowhere" in problems["cell0"]
    assert "did you mean 'retries'?" in problems["cell1"]
    assert "smurf" in problems["cell2"]


def test_a_node_of_a_type_of_ones_own_runs_without_being_registered(project):
    class Double(flowbook.Node):
        kind = "double"

        def run(self, context, inputs):
            return inputs["value"] * 2

    flow = flowbook.Flow("own", host=project)
    flow.node(value)
    flow.add(Double(NodeSpec("twice", kind="double", inputs=(InputSpec("value"),))))
    assert flow.check() == ()
    assert flow.run(start=21)["twice"].output == 42
    assert "double" not in project.registry


def value(start=1):
    return start


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"[]", b'{"cells": [], "nbformat": 3}'])
def test_a_file_that_is_no_notebook_is_named(project, tmp_path, content):
    (tmp_path / "no.ipynb").write_bytes(content)
    with pytest.raises(flowbook.UsageError, match=r"no\.ipynb"):
        project.load(tmp_path / "no.ipynb")


def test_a_file_that_is_missing_is_named(project, tmp_path):
    with pytest.raises(flowbook.UsageError, match=r"gone\.ipynb"):
        project.load(tmp_path / "gone.ipynb")


def test_a_second_process_sees_and_adds_runs_at_the_same_time(flow, project):
    flow.run()
    script = (
        "import flowbook\n"
        "flow = flowbook.Flow('other')\n"
        "@flow.node\n"
        "def one(): return 1\n"
        "assert len(flowbook.project().history.runs().runs) == 1\n"
        "assert flow.run().status == 'succeeded'\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=project.path, check=True, timeout=60)
    flow.run()
    assert sorted(row.flow for row in project.history.runs().runs) == ["hello", "hello", "other"]


def test_the_nearest_folder_with_a_store_is_the_project(tmp_path, monkeypatch):
    (tmp_path / ".flowbook").mkdir()
    inner = tmp_path / "jobs" / "daily"
    inner.mkdir(parents=True)
    assert flowbook.project(inner).path == tmp_path
    monkeypatch.setenv("FLOWBOOK_PROJECT", str(tmp_path))
    monkeypatch.chdir("/")
    assert flowbook.project().path == tmp_path


def test_a_flow_written_as_a_notebook_reads_back_the_same(flow, project, tmp_path):
    flow.to_notebook(tmp_path / "hello.ipynb")
    again = project.read_notebook(tmp_path / "hello.ipynb")
    assert again.run(name="Bergen")["loud"].output == "HELLO BERGEN"


def test_a_reused_result_is_not_kept_twice_and_says_which_run_made_it(project):
    flow = flowbook.Flow("big", host=project)

    @flow.node
    def rows():
        return ["x" * 100] * 100

    @flow.node
    def count(rows):
        return len(rows)

    first = flow.run()
    put = project.store.vault.put
    project.store.vault.put = lambda value: pytest.fail("kept a reused value again")
    again = project.start(flow, {}, Start(targets=[NodeId("count")], rerun=[NodeId("count")]))
    again.wait()
    project.store.vault.put = put
    (reused,) = [event for event in again.events() if isinstance(event, NodeReused)]
    assert reused.source == first.id
    assert reused.outputs == first["rows"].refs


def test_a_node_that_takes_too_long_fails_in_its_own_cell(project, tmp_path):
    path = tmp_path / "slow.ipynb"
    path.write_text(
        notebook("%%flow slow --timeout 50ms\nimport asyncio\nawait asyncio.sleep(5)\nslow = 1")
    )
    error = project.load(path).flow.run()["slow"].error
    assert (error.type, error.cell) == ("TimeoutError", "cell0")
