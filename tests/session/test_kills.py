"""A run with a bit of everything in it, killed again and again, ends as one that nobody disturbed.

The moments are drawn from a seed: `FLOWBOOK_SEED` repeats one that failed, `FLOWBOOK_KILLS` says
how many kills there are to be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.session.children import mixed

from flowbook.events import (
    NodeCompleted,
    NodeResumed,
    NodeRetryScheduled,
    NodeStarted,
    NodeSuspended,
    RunCompleted,
    RunCreated,
    RunRecovered,
)
from flowbook.session.project import Project

KILLS = int(os.environ.get("FLOWBOOK_KILLS", "15"))
A_RUN = 5
FIRST = int(os.environ.get("FLOWBOOK_SEED", "1"))
SEEDS = range(FIRST, FIRST + -(-KILLS // A_RUN))
NODES = ("items", "each", "flaky", "nap", "paid", "agreed", "total", "guard", "sub", "shipped")


def perform(folder, seed, kills):
    """The run, in processes that are killed; what became of it."""
    folder.mkdir()
    words = [sys.executable, str(Path(mixed.__file__)), str(folder), str(seed), str(kills)]
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(words, env=path, stdout=subprocess.PIPE, text=True, check=True)
    ended = json.loads(told.stdout)
    assert ended["code"] == 0, f"FLOWBOOK_SEED={seed}"
    return Whole(folder, ended["lives"])


class Whole:
    """A run that is over, and the one that it called."""

    def __init__(self, folder, lives):
        self.lives, self.asked = lives, mixed.asked(folder)
        project = Project(folder)
        flow, _ = mixed.flows_of(project)
        self.runs = {row.flow: row for row in project.history.runs().runs}
        self.count = len(project.history.runs().runs)
        self.events = {name: project.history.events(row.id) for name, row in self.runs.items()}
        saved = flow.state(self.runs["mixed"].id)
        self.outputs = {name: told(name, saved[name].values) for name in NODES}
        project.close()

    def of(self, kind, flow="mixed"):
        return [event for event in self.events[flow] if isinstance(event, kind)]


def told(name, outputs):
    """Outputs without what no two runs have in common: times, and the id of the called run."""
    if name == "sub":
        return outputs["sub"]["child_status"], outputs["sub"]["child_output"]
    if name == "each":
        rejected = [one["index"] for one in outputs["each"] if one["status"] == "rejected"]
        counts = {k: v for k, v in outputs["each_summary"].items() if k != "duration_ms"}
        return outputs["each_values"], rejected, counts
    if name == "agreed":
        decision = outputs["agreed"]
        return decision["approved"], [one["by"] for one in decision["decisions"]]
    return {} if name == "shipped" else dict(outputs)


def key(event):
    return f"{event.scope}.{event.node}" if event.scope else str(event.node)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return perform(tmp_path_factory.mktemp("undisturbed") / "project", 0, 0)


@pytest.fixture(scope="module", params=SEEDS)
def killed(request, tmp_path_factory):
    return perform(tmp_path_factory.mktemp("killed") / "project", request.param, A_RUN)


def test_the_undisturbed_run_is_what_it_should_be(undisturbed):
    values = [item * 2 for item in range(mixed.ITEMS) if item % 10 != 7]
    assert undisturbed.outputs["total"] == {"total": sum(values) + 12 + 10}
    assert undisturbed.outputs["agreed"] == (True, ["Ada", "Bob"])
    assert undisturbed.outputs["sub"] == ("succeeded", {"billed": sum(values) + 23})
    assert len(undisturbed.asked) == len(values) + 3 + 3


@pytest.mark.kill
def test_a_killed_run_ends_with_the_same_outputs(killed, undisturbed):
    assert killed.outputs == undisturbed.outputs
    assert {name: row.status for name, row in killed.runs.items()} == {
        "mixed": "succeeded",
        "inner": "succeeded",
    }
    assert killed.count == 2, "what is called is called once"
    assert len(killed.of(RunRecovered)) <= killed.lives - 1


@pytest.mark.kill
@pytest.mark.parametrize("flow", ["mixed", "inner"])
def test_its_journal_has_one_beginning_one_end_and_no_node_after_its_end(killed, flow):
    events = killed.events[flow]
    assert [event.seq for event in events] == list(range(len(events)))
    assert [len(killed.of(kind, flow)) for kind in (RunCreated, RunCompleted)] == [1, 1]
    done = set()
    for event in events:
        if isinstance(event, NodeCompleted | NodeStarted):
            assert key(event) not in done
        if isinstance(event, NodeCompleted):
            done.add(key(event))


@pytest.mark.kill
def test_nobody_asks_for_an_effect_that_is_journalled(killed):
    ends = {
        f"{killed.runs[flow].id}:{key(event)}": event.at
        for flow in killed.runs
        for event in killed.of(NodeCompleted, flow)
    }
    late = [(name, at) for name, _, at in killed.asked if at > ends.get(name, at)]
    assert late == []


@pytest.mark.kill
def test_every_effect_has_one_key_and_happens(killed, undisturbed):
    def effects(whole):
        return Counter(path for _, path in {(k, p) for k, p, _ in whole.asked} if path != "flaky")

    assert effects(killed) == effects(undisturbed)
    assert set(effects(killed).values()) == {1}


@pytest.mark.kill
def test_no_timer_is_early(killed):
    waits, pauses, resumed = {}, {}, 0
    for event in killed.of(NodeSuspended | NodeResumed | NodeRetryScheduled | NodeStarted):
        if isinstance(event, NodeSuspended):
            waits[key(event)] = event
        elif isinstance(event, NodeRetryScheduled):
            pauses[key(event)] = event
        elif isinstance(event, NodeStarted):
            pause = pauses.pop(key(event), None)
            assert pause is None or event.at >= pause.at + pause.delay - 1e-3
        elif event.by == "time":
            resumed += 1
            assert event.at >= waits[key(event)].until
    assert resumed == 1
