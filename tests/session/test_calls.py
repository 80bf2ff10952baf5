"""A flow calls another: as runs of their own, with what was mapped and nothing else."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import replace

import pytest
from traitlets import TraitError

from flowbook.errors import RunFailed, RunTimeout, UsageError
from flowbook.events import RunStatus, TriggerKind
from flowbook.graph.edits import AddNode
from flowbook.graph.flow import Flow
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import NodeId, PortName
from flowbook.nodes.containers import MapNode
from flowbook.run.rules.phase import Outcome


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


@pytest.fixture
def inner(project):
    flow = Flow("inner", host=project)

    @flow.node
    def shout(city: str = "Oslo"):
        return city.upper()

    return flow


@pytest.fixture
def outer(project, inner):
    flow = Flow("outer", host=project)

    @flow.node
    def place(name: str = "Bergen"):
        return name

    flow.call(inner, name="sub", city=place)
    return flow


def test_a_call_is_a_run_of_its_own_whose_outputs_come_back(project, outer):
    run = outer.run().raise_for_status()
    record = run["sub"].output
    assert record["child_output"] == {"shout": "BERGEN"}
    assert record["child_status"] == "succeeded"
    row = project.history.run(record["child_run_id"])
    assert (row.flow, row.trigger, row.parent) == ("inner", TriggerKind.SUBFLOW, run.id)
    assert (row.depth, row.calling_node, dict(row.params)) == (1, "sub", {"city": "BERGEN".title()})
    assert [child.id for child in project.history.children(run.id)] == [row.id]
    assert [child.id for child in run.children] == [row.id]
    assert row.id > run.id


def test_a_later_node_reads_the_record(project, outer):
    @outer.node
    def louder(sub):
        return sub["child_output"]["shout"] + "!"

    assert outer.run(name="Voss")["louder"].output == "VOSS!"


def test_a_called_flow_is_one_by_name_when_it_is_live(project, inner):
    flow = Flow("by name", host=project)
    flow.call("inner", city="Rome")
    assert flow.run()["inner"].output["child_output"] == {"shout": "ROME"}


def notebook(path, *cells):
    made = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "outputs": [],
         "execution_count": None}
        for i, source in enumerate(cells)
    ]  # fmt: skip
    text = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}
    path.write_text(json.dumps(text), encoding="utf-8")


CALLER = '%%flow call sub\nflow: greet\ninputs:\n  name: "{{ who }}"\noutput: [greeting]'


def test_notebooks_call_each_other_and_are_read_when_they_are_called(project, tmp_path):
    (tmp_path / "parts").mkdir()
    notebook(tmp_path / "parts" / "greet.ipynb", '%%flow greeting(name="you")\n"hi " + name')
    notebook(tmp_path / "main.ipynb", '%%flow who\n"Ada"', CALLER)
    flow = project.read_notebook(tmp_path / "main.ipynb")
    assert flow.run()["sub"].output["child_output"] == {"greeting": "hi Ada"}
    notebook(tmp_path / "parts" / "greet.ipynb", '%%flow greeting(name="you")\n"hello " + name')
    assert flow.run()["sub"].output["child_output"] == {"greeting": "hello Ada"}


def test_a_version_of_the_history_can_be_called_after_the_notebook_has_changed(project, tmp_path):
    path = tmp_path / "greet.ipynb"
    notebook(path, '%%flow greeting(name="you")\n"hi " + name')
    before = project.history.run(project.read_notebook(path).run().id).version
    notebook(path, '%%flow greeting(name="you")\n"hello " + name')
    flow = Flow("main", host=project)
    flow.call("greet", name="pinned", version=before, inputs={"name": "Ada"})
    flow.call("greet", name="newest", inputs={"name": "Ada"})
    run = flow.run().raise_for_status()
    assert run["pinned"].output["child_output"] == {"greeting": "hi Ada"}
    assert run["newest"].output["child_output"] == {"greeting": "hello Ada"}
    flow.call("greet", name="pinned", version="nonsense")
    with pytest.raises(RunFailed, match="no version 'nonsense'"):
        flow.run().raise_for_status()


def test_what_is_called_may_not_be_there_or_not_take_this(project, inner):
    flow = Flow("wrong", host=project)
    flow.call("nobody", name="lost")
    flow.call(inner, name="unfit", town="Rome")
    flow.call(inner, name="picky", output="whisper")

    @flow.node
    def table():
        return {1, 2}

    flow.call(inner, name="odd", city=table)
    run = flow.run()
    assert "no notebook nobody.ipynb" in run["lost"].error.message
    assert "town" in run["unfit"].error.message
    assert "whisper" in run["picky"].error.message
    assert "plain data" in run["odd"].error.message
    assert run.children == []


def test_a_call_is_refused_where_it_is_written(project, inner):
    flow = Flow("refused", host=project)
    with pytest.raises(UsageError, match="no run parameter can hold"):
        flow.call(inner, city=object())
    other = Flow("other", host=project)

    @other.node
    def far():
        return 1

    with pytest.raises(UsageError, match="inside one flow"):
        flow.call(inner, city=far)
    flow.add(NodeSpec("bad", kind="call", config={"flow": "inner", "timeout": "soon"}))
    assert [problem.node for problem in project.check(flow)] == ["bad"]


def failing(project):
    flow = Flow("failing", host=project)

    @flow.node
    def fine():
        return 1

    @flow.node
    def broken():
        raise ValueError("no rows")

    return flow


def test_a_failed_sub_run_fails_its_node_and_says_why(project):
    flow = Flow("outer", host=project)
    flow.call(failing(project), name="sub")
    run = flow.run()
    assert run["sub"].outcome is Outcome.FAILED
    assert run["sub"].error.name == "SubflowFailed"
    assert "ValueError: no rows" in run["sub"].error.message


def test_a_failed_sub_run_can_be_carried_on_with(project):
    flow = Flow("outer", host=project)
    flow.call(failing(project), name="sub", on_error="continue")
    record = flow.run().raise_for_status()["sub"].output
    assert record["child_status"] == "failed"
    assert record["child_output"] == {"fine": 1}
    assert "no rows" in record["child_error"]


def test_a_retried_call_is_a_new_run_each_time(project):
    flow = Flow("outer", host=project)
    flow.call(failing(project), name="sub", options={"retries": 2, "backoff": "10ms"})
    run = flow.run()
    children = project.history.children(run.id)
    assert run["sub"].attempts == len({child.id for child in children}) == 3


def test_a_flow_calls_itself_until_it_is_too_deep(project):
    flow = Flow("down", host=project)

    @flow.node
    def level(n: int = 0):
        return n + 1

    flow.call(flow, name="again", inputs={"n": level})
    run = flow.run()
    rows = project.history.runs(flow="down", limit=50).runs
    assert sorted(row.depth for row in rows) == list(range(10))
    assert run.status is RunStatus.FAILED
    deepest = next(row for row in rows if row.depth == 9)
    assert "RecursionLimit" in deepest.error
    assert flow.last_run() is run


def test_a_flow_that_calls_itself_and_stops_in_time_succeeds(project):
    flow = Flow("count", host=project)

    @flow.node(outputs=("more", "done"))
    def split(n: int = 3):
        from flowbook import Outputs

        return Outputs({"more" if n else "done": n - 1})

    flow.call(flow, name="again", inputs={"n": split.more})
    flow.run().raise_for_status()
    assert len(project.history.runs(flow="count").runs) == 4


def test_cancelling_a_run_cancels_what_it_called(project):
    begun = threading.Event()
    stuck, outer = Flow("stuck", host=project), Flow("outer", host=project)

    @stuck.node
    async def forever():
        begun.set()
        await asyncio.sleep(60)

    outer.call(stuck, name="sub")
    run = outer.start()
    assert begun.wait(10)
    run.cancel("enough")
    run.wait(10)
    (child,) = run.children
    assert (run.status, child.status) == (RunStatus.CANCELLED, RunStatus.CANCELLED)
    assert run["sub"].outcome is Outcome.CANCELLED


def test_a_sub_run_that_somebody_cancels_fails_its_node_for_good(project):
    begun = threading.Event()
    stuck, outer = Flow("stuck", host=project), Flow("outer", host=project)

    @stuck.node
    async def forever():
        begun.set()
        await asyncio.sleep(60)

    outer.call(stuck, name="sub", options={"retries": 3})
    run = outer.start()
    assert begun.wait(10)
    run.children[0].cancel("not this one")
    run.wait(10)
    assert (run.status, run["sub"].attempts) == (RunStatus.FAILED, 1)
    assert "cancelled" in run["sub"].error.message


@pytest.mark.parametrize(("own", "above"), [("200ms", None), (None, "200ms"), ("200ms", "1h")])
def test_a_sub_run_has_its_own_time_or_what_is_left_of_its_callers(project, own, above):
    stuck = Flow("stuck", host=project)
    outer = Flow("outer", host=project, timeout=above)

    @stuck.node
    async def forever():
        await asyncio.sleep(60)

    outer.call(stuck, name="sub", timeout=own)
    run = outer.run()
    (child,) = project.history.children(run.id)
    created = project.history.events(child.id)[0]
    assert created.deadline - created.at <= 0.25
    assert (run.status, child.status.over) == (RunStatus.FAILED, True)


def test_a_detached_call_is_done_at_once_and_its_run_outlives_the_caller(project):
    gate = threading.Event()
    slow, outer = Flow("slow", host=project), Flow("outer", host=project, timeout="1h")

    @slow.node
    def gated():
        gate.wait(10)
        return 1

    outer.call(slow, name="sub", detach=True)
    run = outer.run().raise_for_status()
    assert run["sub"].output["child_output"] is None
    (child,) = run.children
    assert child.status is RunStatus.RUNNING
    gate.set()
    assert child.wait(10).status is RunStatus.SUCCEEDED
    assert child.entry.lineage.deadline is None


def test_a_sub_run_is_heard_as_well_when_another_run_of_its_flow_is_under_way(project):
    gate = threading.Event()
    slow, outer = Flow("slow", host=project), Flow("outer", host=project)

    @slow.node
    def gated():
        gate.wait(10)

    outer.call(slow, name="sub", on_error="continue")
    other = slow.start()
    run = outer.start()
    until(lambda: run.children)
    (child,) = run.children
    assert project.last_run(slow) is other
    assert project.listener.run(child.id) is child
    assert project.cancel(child.id).here
    assert run.wait(10)["sub"].output["child_status"] == "cancelled"
    gate.set()
    other.wait(10)
    assert project.listener.run(child.id) is None


def test_many_waiting_calls_take_no_threads(project):
    gate, inside, before = threading.Event(), [], {*threading.enumerate()}
    slow, outer = Flow("slow", host=project), Flow("outer", host=project)

    @slow.node
    async def gated(i: int = 0):
        inside.append(i)
        while not gate.is_set():
            await asyncio.sleep(0.01)
        return i

    for i in range(40):
        outer.call(slow, name=f"sub{i}", inputs={"i": i})
    run = outer.start()
    until(lambda: len(inside) == 40, 30)
    assert len({*threading.enumerate()} - before) < 20
    gate.set()
    assert run.wait(30).status is RunStatus.SUCCEEDED


def test_a_sub_run_has_the_priority_of_its_caller_unless_its_flow_has_one(project, inner):
    urgent = Flow("urgent", host=project, priority=7)
    own = Flow("own", host=project, priority=3)

    @own.node
    def one():
        return 1

    urgent.call(inner, name="a")
    urgent.call(own, name="b")
    run = urgent.run().raise_for_status()
    created = {row.flow: project.history.events(row.id)[0] for row in
               project.history.children(run.id)}  # fmt: skip
    assert (created["inner"].priority, created["own"].priority) == (7, 3)


def changed(name):
    def other():
        return "changed"

    other.__name__ = name
    return other


def test_an_edit_while_a_run_goes_on_changes_neither_it_nor_what_it_has_called(project):
    gate, begun = threading.Event(), threading.Event()
    inner, outer = Flow("inner", host=project), Flow("outer", host=project)

    @inner.node
    def gated():
        begun.set()
        gate.wait(10)
        return "as it was"

    outer.call(inner, name="sub")
    run = outer.start()
    assert begun.wait(10)

    inner.node(changed("gated"))
    outer.call(inner, name="another")
    gate.set()
    run.wait(10)
    assert list(run.state.nodes) == ["sub"]
    assert run["sub"].output["child_output"] == {"gated": "as it was"}


def test_a_call_from_a_process_of_its_own_is_refused(project, inner):
    flow = Flow("outer", host=project)
    flow.call(inner, name="sub", options={"on": "process"})
    assert "leave out `on`" in flow.run()["sub"].error.message


def mapping(project, inner, values, timeout=None, **config):
    """A flow that calls another for each of some values, and gives what the calls gave."""
    flow = Flow("outer", host=project, timeout=timeout)

    @flow.node
    def numbers():
        return values

    each = NodeSpec(NodeId("each"), kind="map", config=config)
    reads = (InputSpec(PortName("items"), Wire(NodeId("numbers"))),)
    flow.apply(AddNode(replace(each, inputs=reads, outputs=MapNode.ports(each))))
    flow.call(inner, name="sub", inputs={"x": "{{ item }}"}, options={"inside": "each"})
    return flow


def test_each_turn_of_a_container_calls_for_itself(project):
    inner = Flow("inner", host=project)

    @inner.node
    def double(x: int = 0):
        return 2 * x

    run = mapping(project, inner, [1, 2, 3], max_concurrent=2).run().raise_for_status()
    given = [record["child_output"]["double"] for record in run["each"].outputs["each_values"]]
    assert given == [2, 4, 6]
    children = project.history.children(run.id)
    assert sorted(row.calling_node for row in children) == [f"each[{i}].sub" for i in range(3)]
    assert {dict(row.params)["x"]: row.id for row in children} == {
        i + 1: run[f"each[{i}].sub"].output["child_run_id"] for i in range(3)
    }


def test_a_turn_that_is_begun_anew_calls_anew(project):
    inner, seen = Flow("inner", host=project), []

    @inner.node
    def flaky(x: int = 0):
        seen.append(x)
        if len(seen) == 1:
            raise ValueError("not yet")
        return x

    run = mapping(project, inner, [5], max_retries=1).run().raise_for_status()
    assert [row.status for row in project.history.children(run.id)] == [
        RunStatus.FAILED,
        RunStatus.SUCCEEDED,
    ]


def test_a_run_out_of_time_names_the_calls_of_its_turns_and_stops_them(project):
    inner = Flow("inner", host=project)

    @inner.node
    async def forever(x: int = 0):
        await asyncio.sleep(60)

    run = mapping(project, inner, [1, 2], max_concurrent=2, timeout="2s").run()
    with pytest.raises(RunTimeout, match=r"under way: each\[0\]\.sub, each\[1\]\.sub"):
        run.raise_for_status()
    assert not any(child.status is RunStatus.RUNNING for child in run.children)


def test_a_run_that_has_its_time_again_calls_anew_and_gives_up_what_it_called(project):
    inner, begun = Flow("inner", host=project), []

    @inner.node
    async def slow_once(x: int = 0):
        begun.append(x)
        await asyncio.sleep(60 if len(begun) == 1 else 0)
        return x + 1

    outer = Flow("outer", host=project, timeout="2s", timeout_retries=1)
    outer.call(inner, name="sub", x=4)
    run = outer.run().raise_for_status()
    assert run["sub"].output["child_output"] == {"slow_once": 5}
    assert [row.status for row in project.history.children(run.id)] == [
        RunStatus.CANCELLED,
        RunStatus.SUCCEEDED,
    ]


def test_a_call_is_written_as_a_cell_and_read_back(project, outer, tmp_path):
    outer.to_notebook(tmp_path / "outer.ipynb")
    again = project.read_notebook(tmp_path / "outer.ipynb")
    assert again.spec().node("sub").config == outer.spec().node("sub").config
    assert again.run(name="Ulvik")["sub"].output["child_output"] == {"shout": "ULVIK"}


def test_a_setting_of_a_call_is_checked():
    from flowbook.nodes.call import CallNode

    with pytest.raises(TraitError):
        CallNode(NodeSpec("sub"), on_error="shrug")
