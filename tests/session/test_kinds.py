"""Kinds of installed packages in a project: versions that run, and packages that do not fit."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from traitlets import Int

import flowbook
from flowbook import InputSpec, Node, NodeSpec, Project
from flowbook.cells.notebook import Cell, Notebook
from flowbook.ids import CellId
from flowbook.session.kinds import GROUP, installed_kinds, package_of


class Times(Node):
    kind = "times"
    factor = Int(2).tag(config=True)

    def run(self, context, inputs):
        return next(iter(inputs.values())) * self.factor


class TimesTwo(Times):
    type_version = 2
    factor = None
    by = Int(2).tag(config=True)

    def run(self, context, inputs):
        return [next(iter(inputs.values())) * self.by]


@pytest.fixture
def project(tmp_path):
    opened = Project(tmp_path)
    opened.registry.register(Times)
    yield opened
    opened.close()


def load(project, *cells: str):
    """A flow of these cells, read from a notebook of the project."""
    path = project.path / "report.ipynb"
    made = tuple(Cell.code(CellId(f"c{i}"), text) for i, text in enumerate(cells))
    path.write_text(Notebook.of(made).text(), encoding="utf-8")
    return project.read_notebook(path)


def hashes(project, flow):
    return {step.node: step.own for step in project.plan(flow).steps}


def test_a_cell_runs_the_version_it_names_and_a_bare_kind_the_latest(project):
    cells = ("%%flow n\n3", "%%flow times.v1 old(n)\nfactor: 4", "%%flow times new(n)")
    assert load(project, *cells).run()["new"].output == 6
    project.registry.register(TimesTwo)
    run = load(project, *cells).run()
    assert (run["old"].output, run["new"].output) == (12, [6])


def test_another_version_of_a_kind_is_another_content(project):
    cells = ("%%flow n\n3", "%%flow times.v1 old(n)", "%%flow times new(n)")
    before = hashes(project, load(project, *cells))
    bare = hashes(project, load(project, *(cell.replace(".v1", "") for cell in cells)))
    assert bare == before  # it is the same kind, however a cell calls it
    project.registry.register(TimesTwo)
    after = hashes(project, load(project, *cells))
    assert after["old"] == before["old"]
    assert after["new"] != before["new"]


def test_containers_and_what_leaves_them_may_name_their_version(project):
    cells = (
        "%%flow numbers\n[1, 2, 3]",
        "%%flow map.v1 each(numbers)",
        "%%flow double --in each\nitem * 2",
        "%%flow foreach.v1 first(numbers)\nresult: one",
        "%%flow one --in first\nitem",
        "%%flow router.v1 size(one) --in first\nconditions: [{id: big, expression: value > 1}]",
        "%%flow break.v1 enough(big=size.big) --in first",
        "%%flow try.v1 guard",
        "%%flow fails --in guard\n1 / 0",
        "%%flow told --in guard.catch\nerror['type']",
        "%%flow sum_up(each_values)\nsum(each_values)",
    )
    flow = load(project, *cells)
    assert project.check(flow) == ()
    run = flow.run()
    bare = load(project, *(cell.replace(".v1", "") for cell in cells)).run()
    for node in ("each", "first", "guard", "sum_up"):
        assert steady(run[node].output) == steady(bare[node].output)
    assert run["sum_up"].output == 12
    assert run["guard"].output == {"guard": "ZeroDivisionError"}


def steady(value):
    """Without the time that it took."""
    if isinstance(value, dict):
        return {key: steady(one) for key, one in value.items() if key != "duration_ms"}
    return value


def test_a_flow_in_python_may_name_a_version(project):
    project.registry.register(TimesTwo)
    flow = flowbook.Flow("f", host=project)

    @flow.node
    def n():
        return 5

    flow.add(NodeSpec("old", kind="times.v1", inputs=(InputSpec("n"),)))
    flow.add(Times(NodeSpec("mine", kind="times.v1", inputs=(InputSpec("n"),)), factor=3))
    run = flow.run()
    assert (run["old"].output, run["mine"].output) == (10, 15)
    assert flow.spec().node("mine").kind == "times.v1"


def test_a_package_that_breaks_keeps_no_project_from_opening(tmp_path):
    points = [
        EntryPoint("gone", "no_such_module_at_all:Gone", GROUP),
        EntryPoint("merge", "flowbook.nodes.merge:MergeNode", GROUP),
        EntryPoint("other", "flowbook.nodes.merge:MergeNode", GROUP),
    ]
    kinds = installed_kinds(points)
    assert list(kinds) == ["merge"]
    assert [fault.kind for fault in kinds.faults] == ["gone", "other"]
    assert "No module named 'no_such_module_at_all'" in kinds.faults[0].message


def test_what_is_installed_says_which_package_it_is_of(project):
    from importlib.metadata import entry_points

    point = next(iter(entry_points(group=GROUP)))
    name, _, version = package_of(point).partition(" ")
    assert name == "flowbook"
    assert version == flowbook.__version__
    assert project.registry.package(project.registry["python"]) == package_of(point)
