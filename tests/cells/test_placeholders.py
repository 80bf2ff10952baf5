"""A kind that is not installed: its cell and its wires stay, and one problem says so."""

from __future__ import annotations

import json

import pytest

from flowbook.cells.notebook import Notebook
from flowbook.cells.patches import apply_patches, patch, write
from flowbook.cells.source import read
from flowbook.errors import InvalidFlow
from flowbook.graph.edits import Connect, MoveNodes, RenameNode, SetOptions
from flowbook.graph.node import Node
from flowbook.graph.options import parse_options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec, Position
from flowbook.graph.wiring import resolve
from flowbook.ids import FlowId, NodeId, PortName
from flowbook.nodes.containers import GroupNode
from flowbook.nodes.http import HttpNode
from flowbook.nodes.python import PythonNode
from flowbook.plan.check import check
from flowbook.plan.compile import compile_plan

KINDS = Registry([PythonNode, HttpNode, GroupNode])
CELLS = (
    "%%flow fetch\nrows = [1, 2]\nrows",
    "%%flow shout.v3 loud -> big, small\n#| retries: 3\ntext: '{{ fetch }}'\nmode:   LOUD  # x\n",
    "%%flow count(n=get.status)\nn + 1",
    "%%flow fetcher get\nurl: '{{ loud.big }}/{{ city }}'\nnothing: '{{ nobody }}'",
    "%%flow query q\nSELECT * FROM '{{ fetch }}' -- {not yaml",
    "%%flow other\n1 + 1",
    "%%flow loop each(fetch)",
    "%%flow inner(item) --in each\nitem",
    "%%flow end(each, q, big)\nbig",
)


def notebook(*cells: str) -> Notebook:
    return Notebook.parse(
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {"own": {"kept": True}},
                "cells": [
                    {
                        "id": f"c{i}",
                        "cell_type": "code",
                        "metadata": {"mine": i},
                        "source": text,
                        "outputs": [],
                        "execution_count": i,
                    }
                    for i, text in enumerate(cells)
                ],
            },
            indent=1,
        )
    )


@pytest.fixture
def spec():
    return read(notebook(*CELLS), KINDS, FlowId("tour")).spec


def test_nothing_in_such_a_cell_is_a_mistake():
    assert read(notebook(*CELLS), KINDS, FlowId("tour")).problems == ()


def test_each_has_one_problem_and_its_neighbours_none(spec):
    problems = check(spec, KINDS)
    assert [(one.node, one.message) for one in problems] == [
        ("loud", "no node type is called 'shout.v3'"),
        ("get", "no node type is called 'fetcher'"),
        ("q", "no node type is called 'query'"),
        ("each", "no node type is called 'loop'"),
    ]
    assert {one.line for one in problems} == {1}


def test_its_settings_options_and_outputs_are_kept(spec):
    loud = spec.node(NodeId("loud"))
    assert loud.config == {"text": "{{ fetch }}", "mode": "LOUD"}
    assert loud.options.retries == 3
    assert loud.outputs == ("big", "small")
    assert loud.body == "text: '{{ fetch }}'\nmode:   LOUD  # x\n"


def test_edges_to_it_and_from_it_stay(spec):
    edges = {(str(edge.source), str(edge.output), str(edge.target)) for edge in resolve(spec).edges}
    assert edges == {
        ("fetch", "fetch", "loud"),
        ("get", "status", "count"),
        ("loud", "big", "get"),
        ("fetch", "fetch", "q"),
        ("fetch", "fetch", "each"),
        ("each", "each", "end"),
        ("q", "q", "end"),
        ("loud", "big", "end"),
    }


def test_a_run_refuses_only_what_needs_it(spec):
    plan = compile_plan(spec, KINDS, targets=[NodeId("other")])
    assert [step.node for step in plan.steps] == ["other"]
    with pytest.raises(InvalidFlow) as refused:
        compile_plan(spec, KINDS, targets=[NodeId("count")])
    assert [one.node for one in refused.value.problems] == ["loud", "get"]


def test_edits_around_it_leave_its_text_alone():
    book = notebook(*CELLS)
    moved = MoveNodes({NodeId("loud"): Position(5, 6)})
    wired = Connect(NodeId("fetch"), PortName("fetch"), NodeId("other"), PortName("rows"))
    for edit in (moved, wired, SetOptions(NodeId("other"), parse_options({"retries": 2}))):
        book = apply_patches(book, patch(book, edit, KINDS))
    for number in (1, 3, 4, 6):
        assert book.cells[number].source == CELLS[number]
        assert book.cells[number].metadata["mine"] == number


def test_options_of_its_own_change_its_head_alone():
    book = notebook(*CELLS)
    edit = SetOptions(NodeId("q"), parse_options({"retries": 2}))
    (change,) = patch(book, edit, KINDS)
    assert change.source == CELLS[4].replace("query q", "query q --retries 2")


def test_a_node_it_reads_may_be_renamed():
    book = notebook(*CELLS[:2])
    book = apply_patches(book, patch(book, RenameNode(NodeId("fetch"), NodeId("load")), KINDS))
    after = read(book, KINDS).spec
    assert [(edge.source, edge.target) for edge in resolve(after).edges] == [("load", "loud")]
    assert after.node(NodeId("loud")).config == {"text": "{{ fetch }}", "mode": "LOUD"}


def test_a_notebook_with_them_is_written_back_byte_by_byte():
    text = notebook(*CELLS).text()
    book = Notebook.parse(text)
    assert book.text() == text
    assert tuple(cell.source for cell in book.cells) == CELLS


def test_a_kind_close_to_one_that_is_there_is_suggested():
    spec = read(notebook("%%flow htpp get\nurl: x"), KINDS).spec
    (problem,) = check(spec, KINDS)
    assert problem.hint == "did you mean 'http'?"


def test_a_version_that_is_not_there_is_told_those_that_are():
    (problem,) = check(read(notebook("%%flow http.v9 get\nurl: x"), KINDS).spec, KINDS)
    assert (problem.message, problem.hint) == (
        "no node type is called 'http.v9'",
        "there is http.v1",
    )


def test_a_package_that_should_bring_it_is_named():
    def broken():
        raise ImportError("no numpie")

    kinds = Registry([PythonNode])
    kinds.take("shout", broken, "loudness 0.3")
    (problem,) = check(read(notebook("%%flow shout loud"), kinds).spec, kinds)
    assert problem.message == (
        "no node type is called 'shout': loudness 0.3 should bring it, and it cannot be loaded: "
        "ImportError: no numpie"
    )
    assert problem.hint == "install it anew: pip install --force-reinstall loudness"


def test_a_kind_that_two_packages_bring_is_a_warning_where_it_is_used():
    class Mine(Node):
        kind = "shout"

    class Theirs(Node):
        kind = "shout"

    kinds = Registry([PythonNode])
    kinds.take("shout", lambda: Mine, "loudness 0.3")
    kinds.take("shout", lambda: Theirs, "noise 1.0")
    spec = read(notebook("%%flow shout loud", "%%flow a\n1"), kinds).spec
    (problem,) = check(spec, kinds)
    assert problem.severity == "warning"
    assert "loudness 0.3 is taken" in problem.message
    assert "noise 1.0" in problem.message


def test_a_cell_of_that_version_reads_like_its_kind():
    spec = read(notebook("%%flow http.v1 get -> page\nurl: x"), KINDS).spec
    get = spec.node(NodeId("get"))
    assert (get.kind, get.config, get.outputs) == ("http.v1", {"url": "x"}, ("page",))
    assert check(spec, KINDS) == ()


def test_a_cell_can_be_made_for_one():
    node = NodeSpec(NodeId("loud"), kind="shout.v2", config={"text": "x"})
    book = write(FlowSpec(FlowId("f"), (node,)), KINDS)
    assert "%%flow shout.v2 loud\ntext: x" in [cell.source.rstrip() for cell in book.cells]
