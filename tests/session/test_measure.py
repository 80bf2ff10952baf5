"""What attempts take stands in the history; what they may take is kept to."""

from __future__ import annotations

import os
import time

import pytest

from flowbook.errors import FlowSyntaxError, InvalidFlow
from flowbook.graph.flow import Flow

ASKED = "select node, attempt, status, cpu_ms, memory, is_estimate from attempts order by all"
linux = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="there is no /proc")


def attempts(project):
    return project.history.table(ASKED)[1]


def test_a_process_is_always_measured(project):
    flow = Flow("measured", host=project)

    @flow.node(on="process")
    def hold():
        import time

        held = bytearray(40_000_000)
        begun = time.process_time()
        while time.process_time() - begun < 0.05:
            pass
        return len(held)

    flow.run()
    ((_, _, status, cpu, memory, estimate),) = attempts(project)
    assert (status, estimate) == ("succeeded", False)
    assert cpu >= 50
    assert memory > 40_000_000


@pytest.mark.parametrize("on", ["inline", "thread"])
def test_others_are_measured_where_the_flow_says_so(project, on):
    def made(**options):
        flow = Flow("maybe", host=project, **options)

        @flow.node(on=on)
        def spin():
            begun = time.thread_time()
            while time.thread_time() - begun < 0.02:
                pass
            return 1

        return flow

    made().run()
    assert attempts(project)[0][3:] == (None, None, None)
    made(measure=True).run()
    (cpu,) = project.history.table("select max(cpu_ms) from attempts")[1][0]
    assert cpu >= 20


@linux
@pytest.mark.parametrize("way", ["bit by bit", "at once"])
def test_a_node_that_wants_too_much_memory_fails_and_says_what_to_do(project, way):
    flow = Flow("greedy", host=project)

    @flow.node(on="process", memory_limit="120MB")
    def greedy(way: str = "at once"):
        held = []
        while way == "bit by bit":
            held.append(bytearray(2_000_000))
        return len(bytearray(3_000_000_000))

    error = flow.start(way=way).wait()["greedy"].error
    assert error.name == "LimitExceeded"
    assert "memory_limit=120MB" in error.message
    assert "raise memory_limit" in error.hint
    assert attempts(project)[0][2] == "failed"


@linux
def test_a_node_that_takes_too_much_cpu_time_fails_and_was_measured(project):
    flow = Flow("spinning", host=project)

    @flow.node(on="process", cpu_limit="200ms")
    def spin():
        while True:
            pass

    error = flow.start().wait()["spin"].error
    assert error.name == "LimitExceeded"
    assert "cpu_limit=200ms" in error.message
    assert attempts(project)[0][3] >= 200


@linux
def test_the_next_attempt_in_a_process_has_its_limit_to_itself(project):
    flow = Flow("twice", host=project)

    @flow.node(on="process", memory_limit="120MB")
    def bounded():
        try:
            bytearray(3_000_000_000)
        except MemoryError:
            return "refused"

    @flow.node(on="process")
    def free(bounded):
        return len(bytearray(400_000_000))

    assert flow.run()["free"].output == 400_000_000


def test_limits_need_a_process(project):
    flow = Flow("wrong", host=project)

    @flow.node(memory_limit="1GB", cpu_limit="5s")
    def node():
        return 1

    with pytest.raises(InvalidFlow, match="needs a process of its own"):
        flow.run()


def test_a_limit_is_a_size(project):
    flow = Flow("wrong", host=project)
    with pytest.raises(FlowSyntaxError, match="memory_limit"):

        @flow.node(on="process", memory_limit="much")
        def node():
            return 1


def test_an_attempt_that_is_cancelled_is_measured(project):
    flow = Flow("stopped", host=project)

    @flow.node(on="process", timeout=0.5)
    def spin():
        while True:
            pass

    @flow.node
    def after(x: int = 1):
        deadline = time.monotonic() + 20
        while not (runs and told()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return x

    def told():
        return any(one.__struct_config__.tag == "NODE_USED" for one in runs[0].events())

    runs = [flow.start()]
    runs[0].wait()
    assert runs[0]["spin"].error.name == "TimeoutError"
    measured = [row for row in attempts(project) if row[0] == "spin"]
    assert measured[0][2] == "failed"
    assert measured[0][3] > 0
