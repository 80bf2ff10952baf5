"""Versions are numbered by first use; a run keeps its own; going back is an edit like any other."""

from __future__ import annotations

import threading

import pytest

import flowbook
from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import apply_patches, patch
from flowbook.cells.source import read
from flowbook.errors import EditRejected, UsageError
from flowbook.graph.edits import RemoveNode, RenameNode, SetBody
from flowbook.graph.flow_edits import SetParams, SetSetup
from flowbook.graph.spec import FlowSpec, NodeSpec, ParamSpec
from flowbook.plan.compile import version_of
from flowbook.session.versions import Stored, rollback_edit, stored_spec

CELLS = ("%%flow first(n=2)\nn * 10", "%%flow second(first)\nfirst + 1")


@pytest.fixture
def flow(project, tmp_path):
    """A flow of cells."""
    path = tmp_path / "cells.ipynb"
    path.write_text(Notebook.of(tuple(map(cell, CELLS))).text())
    return project.read_notebook(path)


def cell(source):
    from flowbook.cells.notebook import Cell

    return Cell.code(f"cell-{source.split()[1].partition('(')[0]}", source)


def test_versions_are_numbered_by_first_use_and_count_their_runs(flow, project):
    assert repr(flow.versions()) == "no versions"
    flow.run()
    flow.apply(SetBody("second", "first + 2"))
    flow.run()
    flow.run()
    flow.undo()
    flow.run()
    one, two = flow.versions()
    assert [(v.number, v.runs, v.current) for v in (one, two)] == [(1, 2, True), (2, 2, False)]
    assert one.version == version_of(flow.spec())
    project.store.fold()
    assert flow.versions() == (one, two)
    _names, rows = project.history.table("SELECT number, version FROM flow_versions ORDER BY 1")
    assert rows == [(1, one.version), (2, two.version)]
    assert project.versions("nobody's") == ()
    assert one.to_json()["number"] == 1


def test_a_run_keeps_the_definition_it_was_started_with(project):
    flow = flowbook.Flow("edited", host=project)
    reached, go = threading.Event(), threading.Event()

    @flow.node
    def first():
        reached.set()
        assert go.wait(20)
        return 1

    @flow.node
    def second(n=first):
        return n + 1

    version = version_of(flow.spec())
    run = flow.start()
    assert reached.wait(20)

    @flow.node
    def second(n=first):  # noqa: F811 - the same node, defined anew
        return n + 100

    flow.apply(RenameNode("first", "start"))
    go.set()
    run.wait().raise_for_status()
    assert run["second"].output == 2
    assert list(run.state.nodes) == ["first", "second"]
    assert project.history.run(run.id).version == version
    assert flow.run()["second"].output == 101


def test_going_back_gives_the_flow_the_meaning_it_had_and_is_undone_like_any_edit(flow, project):
    flow.run()
    flow.apply(SetBody("second", "first + 2"))
    flow.apply(RenameNode("first", "begin"))
    flow.run()
    later = flow.spec()
    seen = []
    flow.observe(lambda spec, edit: seen.append(edit.label))
    back = flow.rollback(1)
    assert (back.number, back.current) == (1, True)
    assert seen == ["Roll back to version 1"]
    assert flow.undoable == "Roll back to version 1"
    assert flow.run()["second"].output == 21
    assert [one.runs for one in flow.versions()] == [2, 1]
    flow.undo()
    assert version_of(flow.spec()) == version_of(later)
    flow.redo()
    assert flow.run()["second"].output == 21
    assert flow.rollback(1) is None  # it has that meaning already


def test_a_version_is_named_by_its_number_its_hash_or_the_beginning_of_that(flow, project):
    flow.run()
    (one,) = flow.versions()
    for which in (1, "1", one.version, one.version[:6]):
        assert stored_spec(project.history, flow.spec().id, which).version == one.version
    for which in (2, "zz", "ffffffff"):
        with pytest.raises(UsageError, match="no version"):
            flow.rollback(which)


def test_functions_come_back_with_their_version_as_long_as_undo_holds_them(project):
    flow = flowbook.Flow("live", host=project)

    @flow.node
    def answer():
        return 1

    flow.run()

    @flow.node
    def answer():  # noqa: F811 - the same node, defined anew
        return 2

    assert flow.run()["answer"].output == 2
    flow.rollback(1)
    assert flow.run()["answer"].output == 1
    flow.undo()
    assert flow.run()["answer"].output == 2
    elsewhere = flowbook.Flow("live", host=project)
    before = elsewhere.spec()
    with pytest.raises(UsageError, match="answer: the functions of that version"):
        elsewhere.rollback(1)
    assert elsewhere.spec() == before


def test_a_redacted_definition_does_not_come_back(project):
    flow = flowbook.Flow("hidden", host=project, sensitive_fields="token")

    @flow.node
    def login(token="t0p-s3cret"):
        return 1

    flow.run()
    flow.apply(RemoveNode("login"))
    with pytest.raises(UsageError, match="redacted"):
        flow.rollback(1)


def test_parameters_and_setup_come_back_too():
    setup = (NodeSpec("setup", kind="setup", body="import math"),)
    then = FlowSpec("f", (NodeSpec("a", body="1"),), (ParamSpec("n", 1),), setup)
    now = FlowSpec("f", (NodeSpec("b", body="1"), NodeSpec("a", body="2")))
    edit = rollback_edit(now, Stored(3, version_of(then), then))
    made = edit.apply(now)
    assert version_of(made) == version_of(then)
    assert edit.inverse(now).apply(made) == now
    assert {SetParams, SetSetup} < {type(one) for one in edit.edits}


def test_the_same_edit_writes_the_cells_of_a_notebook(project, flow):
    flow.run()
    then = stored_spec(project.history, flow.spec().id, 1)
    later = Notebook.of((cell("%%flow first(n=2)\nn * 11"), cell("%%flow third(first)\nfirst + 1")))
    edit = rollback_edit(read(later, project.registry, flow.spec().id).spec, then)
    rolled = apply_patches(later, patch(later, edit, project.registry))
    assert version_of(read(rolled, project.registry, flow.spec().id).spec) == then.version
    setup = SetSetup((NodeSpec("s", kind="setup", body="x = 1"),))
    with pytest.raises(EditRejected, match="setup cells differ"):
        patch(later, setup, project.registry)


def test_a_published_version_stays_published_while_the_draft_goes_on(flow, project):
    first = flow.publish("for the weekly report")
    assert (first.number, first.published, first.current, first.runs) == (1, True, True, 0)
    flow.apply(SetBody("second", "first + 2"))
    flow.run()
    one, two = flow.versions()
    assert [(v.published, v.current) for v in (one, two)] == [(True, False), (False, True)]
    assert one.note == "for the weekly report"
    flow.publish()
    project.store.fold()
    one, two = flow.versions()
    assert [v.published for v in (one, two)] == [False, True]
    assert one.published_at is not None
    assert "published" in repr(flow.versions())
    _names, rows = project.history.table("SELECT version, note FROM publications ORDER BY ALL")
    assert sorted(rows) == sorted([(one.version, "for the weekly report"), (two.version, "")])
    told = project.store.audit.search(action="PUBLISHED").entries
    assert [entry.metadata["version"] for entry in told] == [two.version, one.version]


def test_going_back_to_what_is_published_makes_the_draft_the_same_again(flow):
    published = flow.publish()
    flow.apply(SetBody("second", "first * 9"))
    flow.rollback(published.number)
    back, left = flow.versions()
    assert (back.current, back.published) == (True, True)
    assert (left.current, left.published, left.runs) == (False, False, 0)
    flow.rollback(left.number)  # what was not run is not lost either
    assert flow.run()["second"].output == 180


def test_a_flow_with_errors_is_not_published(project, tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text(Notebook.of((cell("%%flow first(n=nobody.x)\nn"),)).text())
    broken = project.read_notebook(path)
    with pytest.raises(flowbook.InvalidFlow):
        broken.publish()
    assert broken.versions() == ()


def test_a_flow_that_keeps_no_history_has_nothing_to_publish(project):
    silent = flowbook.Flow("silent", host=project, journal="off")
    with pytest.raises(UsageError, match="keeps no history"):
        silent.publish()


def test_what_is_published_is_asked_of_the_flow_or_of_the_project_by_name(flow, project):
    assert flow.published is None
    first = flow.publish("for the weekly report")
    assert flow.published == project.published(flow) == first
    assert project.published("cells").version == first.version
    flow.apply(SetBody("second", "first + 2"))
    assert flow.published.number == 1
    assert not flow.published.current
    second = flow.publish()
    assert project.published("cells").version == second.version
    assert project.published("nobody's") is None


def test_a_published_flow_runs_where_its_plain_cells_are_not(project, tmp_path):
    from flowbook.cells.notebook import Cell

    plain = Cell.code("plain", "import math\nOFFSET = 100\nprint('explored')")
    path = tmp_path / "taking.ipynb"
    path.write_text(Notebook.of((plain, cell("%%flow area(r=2)\nmath.floor(r) + OFFSET"))).text())
    flow = project.read_notebook(path)
    version = flow.publish()
    assert flow.at_version(1) is flow
    assert flow.run().status == "failed"  # nobody ran its plain cell
    assert flow.run(route="published")["area"].output == 102
    path.write_text(Notebook.of((cell("%%flow area(r=2)\nr"),)).text())
    later = project.read_notebook(path)
    run = later.run(route="published")
    run.raise_for_status()
    assert run["area"].output == 102
    assert project.history.run(run.id).version == version.version
