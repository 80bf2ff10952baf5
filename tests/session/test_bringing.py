"""A file that is brought to a flow is a node; paths are seen from the notebook's own folder."""

from __future__ import annotations

import json

import pytest
from tests.session.documents import Page

import flowbook
from flowbook.errors import UsageError
from flowbook.ids import NodeId
from flowbook.session.bringing import brought
from flowbook.session.document import DocumentDesk
from flowbook.session.live import LiveNotebook
from flowbook.session.notebooks import folder_of
from flowbook.widget.protocol import read
from flowbook.widget.publisher import ANSWERS
from flowbook.widget.unattended import answered

PATIENCE = 30


def notebook(path, *sources):
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": one, "outputs": []}
        for i, one in enumerate(sources)
    ]
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    return path


@pytest.fixture
def desk(project):
    """A document in a sub-folder, over a kernel that began there."""
    (project.path / "reports").mkdir()
    page = Page("%%flow one\n[1, 2]", "%%flow two(one)\nsum(one)", path="reports/month.ipynb")
    live = LiveNotebook(project, flowbook.Flow("month", host=project), {})
    return DocumentDesk(page, live, begun=project.path / "reports")


def ask(desk, question, **fields):
    message = read({"type": question, "view": "v", "rid": 1, **fields})
    return ANSWERS[type(message)](desk, message)


def test_a_notebook_in_the_projects_folder_is_named_from_a_sub_folder_on(desk, project):
    edited = ask(desk, "EXTRACT", nodes=["two"], name="half")
    assert edited.path == "../half.ipynb"
    assert (project.path / "half.ipynb").is_file()


def test_the_server_names_it_from_the_notebooks_folder_on_as_well(project):
    cells = [{"cell": "a", "kind": "code", "source": "%%flow one\n1"}]
    asked = {"type": "EXTRACT", "view": "v", "rid": 1, "nodes": ["one"], "name": "half"}
    told = answered(project, "deep/er/month.ipynb", cells, asked, project.path)
    assert told[-1]["path"] == "../../half.ipynb"


def test_a_csv_is_read_by_a_path_from_the_projects_folder_on(desk, project):
    (project.path / "data").mkdir()
    (project.path / "data" / "sun hours.csv").write_text("city,sun\nOslo,5\n")
    edited = ask(desk, "BRING", path="../data/sun hours.csv", x=440, y=480)
    node = desk.spec().node(edited.nodes[0])
    assert (node.id, node.kind) == ("sun_hours", "read_file")
    assert node.config == {"path": "data/sun hours.csv"}
    assert (node.position.x, node.position.y) == (440, 480)
    run = desk.start({}).wait(PATIENCE)
    assert list(run["sun_hours"].output["city"]) == ["Oslo"]


def test_a_notebook_with_a_flow_is_called(desk, project):
    notebook(project.path / "deep" / "weather.ipynb", "%%flow sun\n5")
    edited = ask(desk, "BRING", path="../deep/weather.ipynb")
    assert desk.spec().node(edited.nodes[0]).config == {"flow": "weather"}
    run = desk.start({}).wait(PATIENCE)
    assert run["weather"].output["child_output"] == {"sun": 5}


def test_a_file_can_be_put_into_a_wire(desk, project):
    (project.path / "a.json").write_text("[7]")
    ask(desk, "BRING", path="../a.json", on={"target": "two", "input": "one"})
    assert desk.spec().node(NodeId("two")).inputs[0].wire is not None


def test_a_folder_is_listed(project):
    (project.path / "data").mkdir()
    made = brought(project.path, project.path, "data")
    assert (made.kind, made.config) == ("list_files", {"path": "data/*"})


@pytest.mark.parametrize(
    ("name", "node"), [("2024.csv", "file_2024"), ("list.csv", "list_file"), ("é.csv", "file")]
)
def test_a_node_has_a_name_that_python_takes(project, name, node):
    (project.path / name).write_text("a\n1\n")
    assert brought(project.path, project.path, name).name == node


def test_what_makes_no_node_says_why(desk, project, tmp_path_factory):
    notebook(project.path / "plain.ipynb", "1 + 1")
    with pytest.raises(UsageError, match="holds no flow"):
        ask(desk, "BRING", path="../plain.ipynb")
    notebook(project.path / "a" / "twin.ipynb", "%%flow x\n1")
    notebook(project.path / "b" / "twin.ipynb", "%%flow x\n1")
    with pytest.raises(UsageError, match="more than one twin"):
        ask(desk, "BRING", path="../a/twin.ipynb")
    with pytest.raises(UsageError, match="no file"):
        ask(desk, "BRING", path="../gone.csv")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x.csv"
    elsewhere.write_text("a\n")
    with pytest.raises(UsageError, match="outside"):
        ask(desk, "BRING", path=str(elsewhere))


def test_the_folder_of_a_notebook_is_found_from_where_the_kernel_began(tmp_path):
    notebook(tmp_path / "a" / "one.ipynb")
    notebook(tmp_path / "b" / "two.ipynb")
    assert folder_of("a/one.ipynb", tmp_path / "a") == tmp_path / "a"
    assert folder_of("b/two.ipynb", tmp_path / "a") == tmp_path / "b"
    assert folder_of("three.ipynb", tmp_path) == tmp_path
    assert folder_of("gone/four.ipynb", tmp_path / "a") == tmp_path / "a"
