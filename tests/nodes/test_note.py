"""A note is read by people and by nothing else: no step, no ports, no problem."""

from __future__ import annotations

import pytest

from flowbook import Flow, Project
from flowbook.graph.spec import NodeSpec
from flowbook.nodes.note import NoteNode


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.registry.register(NoteNode)
    yield made
    made.close()


def test_a_run_knows_nothing_of_it(project):
    flow = Flow("noted", host=project)
    flow.add(NoteNode(NodeSpec("about", kind="note", body="It *adds*.")))

    @flow.node
    def total():
        return 3

    assert flow.check() == ()
    run = flow.run()
    assert run.status == "succeeded"
    assert [step.node for step in project.plan(flow).steps] == ["total"]
    assert run["total"].output == 3


def test_a_flow_of_notes_alone_succeeds(project):
    flow = Flow("noted", host=project)
    flow.add(NoteNode(NodeSpec("about", kind="note", body="Nothing yet.")))
    assert flow.run().status == "succeeded"


def test_its_text_makes_nothing_stale(project):
    flow = Flow("noted", host=project)

    @flow.node
    def total():
        return 3

    before = project.plan(flow).steps[0].hash
    flow.add(NoteNode(NodeSpec("about", kind="note", body="It *adds*.")))
    assert project.plan(flow).steps[0].hash == before


def test_a_cell_may_hold_any_text(project, tmp_path):
    flow = Flow("noted", host=project)
    text = "# Sales\n\n- of the {{ day }}: *all*\n- key: [not yaml"
    flow.add(NodeSpec("about", kind="note", body=text))
    flow.add(NodeSpec("total", body="3 + 4"))
    project.write_notebook(flow, tmp_path / "noted.ipynb")
    again = project.read_notebook(tmp_path / "noted.ipynb")
    assert again.spec().node("about").body == text
    assert again.check() == ()
    assert again.run().status == "succeeded"


def test_nothing_can_be_read_of_it(project, tmp_path):
    flow = Flow("noted", host=project)
    note = flow.add(NoteNode(NodeSpec("about", kind="note", body="x")))
    with pytest.raises(AttributeError):
        _ = note.text
