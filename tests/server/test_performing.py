"""Re-run, replay and restore with no kernel: by a process of its own, in the notebook's folder."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest
from tests.cells.conftest import notebook_of
from tests.server.conftest import ask, serving
from tests.session.children.slow import until

import flowbook
from flowbook.server.performing import _says_something

CELLS = (
    "%%flow load(top=3)\nimport helper\nprint(helper.WORD)\n[{'n': n} for n in range(top)]",
    "%%flow total(load)\nsum(row['n'] for row in load)",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The API over a project with a notebook in a folder of its own, and a run of that."""
    folder = tmp_path_factory.mktemp("home")
    inner = folder / "daily"
    inner.mkdir()
    (folder / ".flowbook").mkdir()
    (inner / "helper.py").write_text("WORD = 'helped'\n")
    (inner / "sums.ipynb").write_text(notebook_of(*CELLS).text())
    project = flowbook.project(folder)
    before = Path.cwd()
    os.chdir(inner)
    try:
        import sys

        sys.path.insert(0, str(inner))
        run = project.read_notebook(inner / "sums.ipynb").run(top=4)
        strange = flowbook.Flow("of_python", host=project)

        @strange.node
        def one():
            return 1

        other = strange.run()
    finally:
        os.chdir(before)
        sys.path.remove(str(inner))
    assert run.status == "succeeded", run.raise_for_status()
    project.close()
    with serving(folder) as base:
        yield base, run.id, other.id


def over(base, run):
    """The run, once it is over."""

    def status():
        return ask("GET", f"{base}/runs/{run}").json()["run"]["status"]

    until(lambda: status() not in ("running", "suspended"), seconds=60)
    return ask("GET", f"{base}/runs/{run}").json()


def output(base, run, node):
    found = ask("GET", f"{base}/runs/{run}/values/{node}/{node}").json()
    return found["shown"]["preview"]["value"]


def test_a_run_is_run_again_with_its_parameters_where_its_notebook_lies(home):
    base, run, _ = home
    begun = ask("POST", f"{base}/runs/{run}/rerun", json={})
    assert begun.status_code == 202, begun.text
    again = begun.json()["run"]
    told = ask("GET", f"{base}/runs/{again}").json()["run"]  # it is there at once
    assert (told["origin"], told["trigger"], told["params"]) == (run, "canvas", {"top": 4})
    assert over(base, again)["run"]["status"] == "succeeded"
    assert output(base, again, "total") == 6
    lines = ask("GET", f"{base}/runs/{again}/log").json()["lines"]
    assert "helped" in "".join(line["text"] for line in lines)
    (entry,) = ask("GET", f"{base}/audit", params={"run": again}).json()["entries"]
    assert (entry["action"], entry["metadata"]["origin"]) == ("STARTED", run)
    assert entry["metadata"]["source"] == "server 127.0.0.1"


def test_what_a_replay_would_do_is_told_and_nothing_is_started(home):
    base, run, _ = home
    before = ask("GET", f"{base}/runs").json()["runs"]
    told = ask("POST", f"{base}/runs/{run}/replay", json={"from": "total", "check": True})
    assert told.status_code == 200, told.text
    assert {one["node"]: one["fate"] for one in told.json()["nodes"]} == {
        "load": "taken",
        "total": "runs",
    }
    assert ask("GET", f"{base}/runs").json()["runs"] == before


def test_a_replay_takes_what_was_done_and_what_is_given(home):
    base, run, _ = home
    url = f"{base}/runs/{run}/replay"
    part = ask("POST", url, json={"from": ["total"]}).json()["run"]
    nodes = {one["node"]: one["status"] for one in over(base, part)["nodes"]}
    assert nodes == {"load": "reused", "total": "succeeded"}
    other = ask("POST", url, json={"params": {"top": 5}}).json()["run"]
    assert over(base, other)["run"]["params"] == {"top": 5}
    assert output(base, other, "total") == 10
    given = ask("POST", url, json={"outputs": {"load": [{"n": 20}, {"n": 30}]}}).json()["run"]
    over(base, given)
    assert output(base, given, "total") == 50


def test_a_table_of_the_run_is_replayed_with_cells_changed_by_hand(home):
    base, run, _ = home
    cells = [{"row": 0, "column": 0, "value": 100}]
    asked = {"tables": [{"node": "load", "port": "load", "cells": cells}]}
    checked = ask("POST", f"{base}/runs/{run}/replay", json={**asked, "check": True}).json()
    assert {one["node"]: one["fate"] for one in checked["nodes"]} == {
        "load": "given",
        "total": "runs",
    }
    edited = ask("POST", f"{base}/runs/{run}/replay", json=asked).json()["run"]
    over(base, edited)
    assert output(base, edited, "total") == 106
    nothing = {"tables": [{"node": "load", "port": "rows", "cells": cells}]}
    refused = ask("POST", f"{base}/runs/{run}/replay", json=nothing)
    assert (refused.status_code, "load.rows" in refused.json()["message"]) == (409, True)


def test_a_run_is_restored_from_a_checkpoint(home):
    base, run, _ = home
    points = ask("GET", f"{base}/runs/{run}/checkpoints").json()["checkpoints"]
    begun = ask("POST", f"{base}/runs/{run}/restore", json={"checkpoint": points[0]["seq"]})
    restored = over(base, begun.json()["run"])
    assert {one["node"]: one["status"] for one in restored["nodes"]} == {
        "load": "reused",
        "total": "succeeded",
    }
    refused = ask("POST", f"{base}/runs/{run}/restore", json={"checkpoint": 0})
    assert (refused.status_code, "no checkpoint" in refused.json()["message"]) == (409, True)


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ({"from": "nobody"}, 409, "no node 'nobody'"),
        ({"from": "total", "at": 2}, 409, "not at both"),
        ({"params": {"botttom": 1}}, 409, "botttom"),
        ({"failed": True}, 409, "nothing failed"),
        ({"frm": "total"}, 400, "frm is no field"),
        ({"at": "soon"}, 400, "at: "),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_the_reason(home, asked, status, told):
    base, run, _ = home
    refused = ask("POST", f"{base}/runs/{run}/replay", json=asked)
    assert refused.status_code == status, refused.text
    assert told in refused.json()["message"]


def test_a_flow_without_a_notebook_is_refused_by_name(home):
    base, _, other = home
    refused = ask("POST", f"{base}/runs/{other}/rerun", json={})
    assert refused.status_code == 409
    assert "'of_python'" in refused.json()["message"]
    assert "flow.replay()" in refused.json()["hint"]


def test_a_page_elsewhere_starts_nothing_and_nothing_starts_of_no_run(home):
    base, run, _ = home
    assert ask("POST", f"{base}/runs/{run}/rerun", token=None).status_code == 403
    assert ask("POST", f"{base}/runs/{'0' * 36}/replay", json={}).status_code == 404


def test_the_last_words_of_a_process_that_cannot_begin_are_told(home, tmp_path, monkeypatch):
    from flowbook.server.performing import CouldNotStart, started
    from flowbook.session.ordered import Order

    (tmp_path / "sums.ipynb").write_text(notebook_of(*CELLS).text())
    (tmp_path / "msgspec.py").write_text("raise SystemExit('this is no msgspec')\n")
    order = Order(project=str(tmp_path), notebook=str(tmp_path / "sums.ipynb"), run="0" * 36)
    with pytest.raises(CouldNotStart, match="this is no msgspec"):
        started(order)
    (tmp_path / "msgspec.py").write_text("import time\ntime.sleep(60)\n")
    with pytest.raises(CouldNotStart, match="it said nothing"):
        started(order, seconds=0.5)


def test_a_server_of_very_many_files_hears_what_its_processes_say():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, limits[1]), limits[1]))
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        readable, writable = os.pipe()
        assert readable > 1023
        with os.fdopen(readable, "rb") as heard:
            assert not _says_something(heard, 0.01)
            os.write(writable, b"begun\n")
            assert _says_something(heard, 10)
        os.close(writable)
    finally:
        for one in taken:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
