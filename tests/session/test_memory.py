"""Flows remember from run to run, and a node that runs again does not write twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest
from tests.session.children import counting

import flowbook
from flowbook import Suspend, memory, resumption
from flowbook.errors import MemoryConflict, UsageError
from flowbook.graph.node import Node
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.session.project import Project


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    yield project
    project.close()


@pytest.fixture
def flow(project):
    return flowbook.Flow("orders", host=project)


def test_a_run_finds_what_the_one_before_has_left(project, flow):
    @flow.node
    def count():
        return memory().update("runs", lambda runs: runs + 1, 0)

    assert [flow.run()["count"].output for _ in range(3)] == [1, 2, 3]
    assert flow.memory["runs"] == 3
    other = Project(project.path / "elsewhere")
    assert flowbook.Flow("orders", host=other).memory.get("runs") is None


def test_what_the_project_remembers_is_shared_by_its_flows(project, flow):
    @flow.node
    def leave():
        memory().shared["token"] = "t"

    flow.run().raise_for_status()
    assert (project.memory["token"], flow.memory.get("token")) == ("t", None)
    assert flowbook.Flow("other", host=project).memory.shared["token"] == "t"


def test_a_retried_node_counts_once_and_leaves_what_it_wrote_last(flow):
    @flow.node(retries=2, backoff="fixed 1ms")
    def flaky():
        first = memory().update("count", lambda count: count + 1, 0)
        second = memory().update("count", lambda count: count + 10, 0)
        tries.append((first, second))
        memory()["tries"] = len(tries)
        if len(tries) < 3:
            raise ConnectionError("not yet")
        return first, second

    tries = []
    flow.run().raise_for_status()
    assert tries == [(1, 11)] * 3
    assert (flow.memory["count"], flow.memory["tries"]) == (11, 3)
    (last, *_) = flow.memory.history("count")
    assert (last.node, last.attempt, last.version) == ("flaky", 1, 2)
    flow.run().raise_for_status()
    assert flow.memory["count"] == 22


def test_a_node_that_waited_and_runs_again_counts_once(flow):
    @flow.node
    def asked():
        number = memory().update("asked", lambda count: count + 1, 0)
        return Suspend("a moment", until=0.05) if resumption() is None else number

    assert flow.run().wait(30)["asked"].output == 1
    assert flow.memory["asked"] == 1


def test_each_turn_of_a_container_writes_for_itself(flow):
    @flow.node
    def rows():
        return [5, 6, 7]

    with flow.map("each", rows):

        @flow.node
        def add(item):
            return memory().update("sum", lambda total: total + item, 0)

    flow.run().raise_for_status()
    assert flow.memory["sum"] == 18
    assert {one.node for one in flow.memory.history("sum")} == {f"each[{n}].add" for n in range(3)}


@pytest.mark.kill
def test_a_node_whose_process_died_behind_its_write_does_not_write_twice(tmp_path):
    done = subprocess.run(
        [sys.executable, counting.__file__, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == -9
    project = Project(tmp_path)
    flow = counting.flow_of(project, dies=False)
    assert (flow.memory["tickets"], flow.memory["last order"]) == (1, 7)
    (lost,) = project.history.runs().runs
    project.close()
    project = Project(tmp_path)
    flow = counting.flow_of(project, dies=True)
    (run,) = counting.flow_of(project, dies=False).recover(lost.id).wait(30)
    assert run["ticket"].output == 1
    assert flow.memory["tickets"] == 1
    assert len(flow.memory.history()) == 2
    project.close()


def test_a_conflict_fails_the_node_that_was_late(flow):
    flow.memory["offset"] = 1

    @flow.node
    def late():
        seen = memory().version("offset")
        flow.memory.set("offset", 2)
        return memory().set("offset", 3, if_version=seen)

    run = flow.run()
    assert run["late"].error.name == "MemoryConflict"
    assert flow.memory["offset"] == 2


def test_a_node_type_and_a_coroutine_remember_too(project, flow):
    class Keeper(Node):
        kind = "keeper"
        outputs = (PortName("kept"),)

        def run(self, context, inputs):
            context.memory["who"] = context.path
            return context.memory["who"]

    project.registry.register(Keeper)
    flow.add(Keeper(NodeSpec(NodeId("kept"), kind="keeper")))

    @flow.node
    async def later():
        await asyncio.to_thread(memory().set, "later", 1)
        return await asyncio.to_thread(memory().update, "later", lambda one: one + 1)

    run = flow.run().raise_for_status()
    assert (run["kept"].output, run["later"].output) == ("kept", 2)
    assert {one.run_id for one in flow.memory.entries()} == {run.id}


def test_in_another_process_and_outside_of_nodes_it_says_where_to_look(flow):
    with pytest.raises(UsageError, match=r"flow\.memory"):
        memory()

    @flow.node(on="process")
    def far():
        from flowbook import memory as own

        return own().get("x")

    assert "leave out on='process'" in flow.run()["far"].error.hint


def test_the_error_has_both_versions(flow):
    flow.memory["a"] = 1
    with pytest.raises(MemoryConflict) as met:
        flow.memory.set("a", 2, if_version=7)
    assert (met.value.expected, met.value.found) == (7, 1)
