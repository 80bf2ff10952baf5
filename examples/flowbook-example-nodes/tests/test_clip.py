"""The node in flows, by nothing but what `flowbook` offers at its front door."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from flowbook_example_nodes.clip import Clip, ClipOne

from flowbook import Flow, InputSpec, NodeSpec, Project, RunFailed


@pytest.fixture
def project(tmp_path: Path):
    """An empty project; installed kinds are there by themselves."""
    opened = Project(tmp_path)
    yield opened
    opened.close()


def clipped(project: Project, numbers: object, kind: str = "clip", **settings: object):
    """What the node makes of `numbers`."""
    flow = Flow("clipping", host=project)

    @flow.node
    def given():
        return numbers

    flow.add(NodeSpec("kept", kind=kind, inputs=(InputSpec("given"),), config=settings))
    return flow.run()["kept"]


def test_numbers_outside_move_to_the_nearest_bound(project):
    kept = clipped(project, [-1, 5, 12], low=0, high=10)
    assert kept.output == [0, 5, 10]
    assert "2 lay outside" in str(kept.logs)


def test_they_may_be_left_out(project):
    assert clipped(project, [-1, 5, 12], low=0, high=10, drop=True).output == [5]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [("abc", "was given str"), ([1, "2"], "item 1 is '2'"), ([True], "item 0 is True")],
)
def test_what_is_no_number_is_refused(project, numbers, said):
    with pytest.raises(RunFailed, match=said):
        _ = clipped(project, numbers).output


def test_bounds_the_wrong_way_round_are_refused(project):
    with pytest.raises(RunFailed, match="has the bounds 3 and 2"):
        _ = clipped(project, [1], low=3, high=2).output


def test_the_first_version_is_what_it_was(project):
    assert clipped(project, [-1, 2], kind="clip.v1", smallest=0, largest=1).output == [0, 1]


def test_the_second_version_takes_over_what_the_first_one_had():
    old = NodeSpec("kept", kind="clip.v1", config={"smallest": 0, "largest": 9, "more": 1})
    assert Clip.migrate(old) == replace(old, config={"low": 0, "high": 9, "more": 1})


@pytest.mark.parametrize("node_type", [Clip, ClipOne])
def test_settings_explain_themselves(node_type):
    for name, one in node_type.schema()["properties"].items():
        assert one["description"].endswith("."), name


def test_it_goes_together_with_all_that_is_installed_and_its_examples_run(tmp_path):
    asked = ["nodes", "check", "--examples", "--package", "flowbook-example-nodes", "--json"]
    words = [sys.executable, "-m", "flowbook.cli", *asked]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert json.loads(done.stdout) == {"kinds": 2, "faults": []}
