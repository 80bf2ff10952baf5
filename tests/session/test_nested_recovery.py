"""A process is killed in the middle of a container; the next one does the rest, and only that."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.session.children import nested

from flowbook.events import NodeCompleted, NodeFailed
from flowbook.session.project import Project

CHILD = Path(nested.__file__)


def child(folder, name, fatal, *words):
    return subprocess.run(
        [sys.executable, str(CHILD), str(folder), name, str(fatal), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


def opened(folder, name):
    project = Project(folder)
    ledger = nested.Ledger(folder)
    return project, nested.FLOWS[name](project, ledger), ledger


def over(project, run):
    """The nodes whose end is written down, by path."""
    return {
        f"{event.scope}.{event.node}" if event.scope else str(event.node)
        for event in project.history.events(run)
        if isinstance(event, NodeCompleted | NodeFailed)
    }


@pytest.mark.kill
@pytest.mark.parametrize("fatal", [1, 2, 9, 60, 117, 190, 201])
def test_a_map_of_a_hundred_does_what_is_left_of_it(tmp_path, fatal):
    assert child(tmp_path, "many", fatal).returncode == -9
    project, flow, ledger = opened(tmp_path, "many")
    (row,) = project.history.runs().runs
    done, before = over(project, row.id), Counter(ledger.lines())
    (run,) = flow.recover().wait()
    assert run.status == "succeeded"
    assert run["total"].output == (sum(2 * n + 1 for n in range(100) if n % 10 != 7), 10)
    settled = run["each"].outputs["each"]
    assert [one["index"] for one in settled] == list(range(100))
    assert [one["index"] for one in settled if one["status"] == "rejected"] == list(
        range(7, 100, 10)
    )
    after = Counter(ledger.lines())
    assert len(after) == 201
    assert {node: after[node] for node in after if node in done} == {
        node: before[node] for node in before if node in done
    }
    assert after.total() - before.total() <= 201 - len(done & set(before))
    project.close()


@pytest.mark.kill
@pytest.mark.parametrize("fatal", [1, 3, 6, 7, 9, 12, 14, 16, 18, 20])
def test_containers_in_each_other_go_on_where_they_were(tmp_path, fatal):
    (tmp_path / "whole").mkdir()
    project, flow, whole = opened(tmp_path / "whole", "mixed")
    expected = flow.run().raise_for_status()["walk"].output
    project.close()
    assert child(tmp_path, "mixed", fatal).returncode in (-9, 0)
    project, flow, ledger = opened(tmp_path, "mixed")
    (row,) = project.history.runs().runs
    for run in flow.recover().wait():
        assert run["walk"].output == expected
    assert project.history.run(row.id).status == "succeeded"
    assert Counter(ledger.lines()) == Counter(whole.lines())
    project.close()


@pytest.mark.kill
@pytest.mark.parametrize("fatal", range(1, 11))
def test_items_that_go_on_behind_their_map_do_so_in_another_process(tmp_path, fatal):
    assert child(tmp_path, "lasting", fatal).returncode == -9
    project, flow, ledger = opened(tmp_path, "lasting")
    (run,) = flow.recover().wait()
    assert run.status == "succeeded"
    assert run["total"].output == 10
    assert [run[f"each[{at}].stored"].output for at in range(4)] == [8, 2, 4, 6]
    assert len(set(ledger.lines())) == 10
    project.close()


@pytest.mark.kill
@pytest.mark.parametrize("fatal", range(1, 8))
def test_branches_that_came_before_a_death_are_there_after_it(tmp_path, fatal):
    assert child(tmp_path, "arriving", fatal).returncode == -9
    project, flow, ledger = opened(tmp_path, "arriving")
    (run,) = flow.recover().wait()
    assert run.status == "succeeded"
    assert run["total"].output == [30, 20, 10]
    assert len(set(ledger.lines())) == 7
    project.close()


@pytest.mark.kill
def test_a_map_outlives_many_deaths(tmp_path):
    assert child(tmp_path, "many", 40).returncode == -9
    for _ in range(3):
        assert child(tmp_path, "many", 30, "recover").returncode == -9
    project, flow, ledger = opened(tmp_path, "many")
    (run,) = flow.recover().wait()
    assert run["each"].outputs["each_summary"]["total"] == 100
    assert run["total"].output[1] == 10
    assert len(set(ledger.lines())) == 201
    project.close()


@pytest.mark.kill
def test_a_container_that_is_taken_up_has_its_time_again_and_no_more(tmp_path):
    assert child(tmp_path, "timed", 1).returncode == -9
    project, flow, _ = opened(tmp_path, "timed")
    (run,) = flow.recover().wait(30)
    assert run["box"].error.type == "TimeoutError"
    nested.HOLD.set()
    project.close()
