"""Which version of another flow a call means, whatever becomes of that flow meanwhile."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from tests.session.test_calls import notebook

from flowbook.errors import UsageError
from flowbook.events import NodeCompleted, RunStatus
from flowbook.graph.codec import encode
from flowbook.graph.edits import ReplaceNode
from flowbook.graph.flow import Flow
from flowbook.graph.options import Options
from flowbook.session.project import Project

HI, HELLO = (f'%%flow greeting(name="you")\n"{word} " + name' for word in ("hi", "hello"))


def caller(project, gate=None, **how):
    flow = Flow("main", host=project)

    @flow.node
    def who():
        if gate is not None:
            gate.wait(30)
        return "Ada"

    flow.call("greet", name="sub", inputs={"name": who}, **how)
    return flow


@pytest.fixture
def greet(tmp_path):
    path = tmp_path / "greet.ipynb"
    notebook(path, HI)
    return path


def said(run, node="sub"):
    return run.wait(30).raise_for_status()[node].output["child_output"]["greeting"]


@pytest.mark.parametrize(("version", "word"), [("snapshot", "hi"), ("latest", "hello")])
def test_a_snapshot_is_the_flow_as_it_was_when_the_caller_began(project, greet, version, word):
    gate = threading.Event()
    run = caller(project, gate, version=version).start()
    notebook(greet, HELLO)
    gate.set()
    assert said(run) == f"{word} Ada"
    assert set(run.called) == ({"sub"} if version == "snapshot" else set())
    assert said(caller(project, version="snapshot").start()) == "hello Ada"


def test_a_version_is_called_by_its_number_too(project, greet):
    project.read_notebook(greet).run()
    notebook(greet, HELLO)
    project.read_notebook(greet).run()
    assert [said(caller(project, version=number).start()) for number in (1, 2)] == [
        "hi Ada", "hello Ada"
    ]  # fmt: skip


def greets(flow, word):
    @flow.node
    def greeting(name: str = "you"):
        return f"{word} {name}"


def test_a_function_is_found_as_it_was_while_its_process_lives(project):
    inner, gate = Flow("greet", host=project), threading.Event()
    greets(inner, "hi")
    inner.apply(ReplaceNode(replace(inner.spec().node("greeting"), options=Options(retries=1))))
    run = caller(project, gate, version="snapshot").start()
    inner.undo()
    gate.set()
    assert said(run) == "hi Ada"
    assert project.history.children(run.id)[0].version == run.called["sub"]


def test_a_snapshot_of_what_is_not_there_refuses_the_run(project):
    with pytest.raises(UsageError, match=r"no notebook greet\.ipynb"):
        caller(project, version="snapshot").start()
    flow = Flow("main", host=project)

    @flow.node
    def which():
        return "greet"

    flow.call("{{ which }}", name="sub", version="snapshot", inputs={"name": "{{ which }}"})
    with pytest.raises(UsageError, match="which nobody knows before it runs"):
        flow.start()
    assert project.history.runs().runs == ()


def test_a_recovered_caller_calls_the_snapshot_that_its_process_had_taken(project, greet, tmp_path):
    (tmp_path / "whole").mkdir()
    whole = Project(tmp_path / "whole")
    notebook(whole.path / "greet.ipynb", HI)
    flow = caller(whole, version="snapshot")
    run = flow.run()
    events = whole.history.events(run.id)
    told = [event for event in events if isinstance(event, NodeCompleted)]
    kept = events[: told[0].seq + 1]
    specs = {one.id: (one, events[0].version) for one in (flow.spec(),)}
    inner = whole.read_notebook(whole.path / "greet.ipynb").spec()
    specs[inner.id] = (inner, events[0].called["sub"])
    whole.close()
    for name, (spec, version) in specs.items():
        project.store.record_flow(name, version, encode(spec))
    project.store.sink.append(kept).result()
    project.close()
    again = Project(tmp_path)
    notebook(greet, HELLO)
    (lost,) = caller(again, version="snapshot").recover()
    assert (lost.id, said(lost), lost.status) == (run.id, "hi Ada", RunStatus.SUCCEEDED)
    again.close()


def test_a_replay_calls_what_was_called_unless_it_is_asked_otherwise(project, greet):
    flow = caller(project)
    first = flow.run()
    assert said(first) == "hi Ada"
    notebook(greet, HELLO)
    same = flow.replay(first.id, from_="sub")
    assert said(same) == "hi Ada"
    assert said(flow.replay(same.id, from_="sub")) == "hi Ada"
    assert said(flow.replay(first.id, from_="sub", calls="latest")) == "hello Ada"
    with pytest.raises(UsageError, match="calls cannot be 'newest'"):
        flow.replay(first.id, calls="newest")
    assert said(flow.start()) == "hello Ada"


def test_turns_that_called_one_version_settle_on_it_by_node(project, greet):
    flow = Flow("main", host=project)

    @flow.node
    def names():
        return ["Ada", "Bob"]

    flow.map("each", names)
    flow.call("greet", name="sub", inputs={"name": "{{ item }}"}, options={"inside": "each"})

    run = flow.run().raise_for_status()
    replay = flow.replay(run.id, from_="each").wait(30).raise_for_status()
    assert set(replay.called) == {"sub"}
    notebook(greet, HELLO)
    records = flow.replay(run.id, from_="each").wait(30)["each"].outputs["each_values"]
    assert [one["child_output"]["greeting"] for one in records] == ["hi Ada", "hi Bob"]
