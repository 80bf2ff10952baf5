"""What nodes take from the kernel is listed, told apart, and warned of where it cannot travel."""

from __future__ import annotations

import sqlite3
import sys
import threading
from types import ModuleType

import pytest

from flowbook.graph.flow import Flow
from flowbook.graph.spec import FlowSpec, NodeSpec, Place
from flowbook.ids import CellId
from flowbook.session.captured import captured_of, captured_problems, digests
from flowbook.session.live import LiveNotebook
from flowbook.session.project import Project


def of(namespace, setup=(), loose=()):
    spec = FlowSpec("tour", (NodeSpec("a", captures=tuple(namespace)),), setup=tuple(setup))
    return captured_of(spec.node("a"), spec, namespace, dict(loose))


def helper():
    return 1


def test_each_name_says_what_it_is_and_where_it_comes_from():
    tool = ModuleType("tool")
    tool.__version__ = "1.2"
    setup = NodeSpec("setup_0", body="import tool", place=Place(CellId("c0"), 0))
    found = of({"tool": tool, "helper": helper, "rate": 2}, [setup], {"rate": CellId("c3")})
    assert [str(one) for one in found.values()] == [
        "tool: module tool 1.2, from setup cell c0",
        f"helper: function {__name__}.helper, from the kernel",
        "rate: value of type int, 28 B, from cell c3",
    ]


@pytest.mark.parametrize(
    ("make", "risk"),
    [
        (lambda folder: bytes(2_000_000), "is 2.0 MB and travels with the node"),
        (lambda folder: ["x" * 10_000] * 10_000, "a change in place is not noticed"),
        (lambda folder: (folder / "x").open("w"), "is an open file"),
        (lambda folder: sqlite3.connect(":memory:"), "is an open connection"),
        (lambda folder: threading.Lock(), "is a lock"),
        (lambda folder: threading.Thread(), "is a thread"),
        (lambda folder: [1, 2], ""),
        (lambda folder: sys, ""),
    ],
)
def test_what_cannot_travel_is_warned_of(tmp_path, make, risk):
    value = make(tmp_path)
    assert risk in of({"x": value})["x"].risk
    spec = FlowSpec("tour", (NodeSpec("a", captures=("x",), place=Place(CellId("c1"), 0)),))
    told = [(one.cell, one.severity) for one in captured_problems(spec, {"x": value}, {})]
    assert told == ([("c1", "warning")] if risk else [])
    if hasattr(value, "close"):
        value.close()


def test_values_are_told_apart_by_content_and_large_ones_by_identity():
    large = bytes(20_000_000)
    one, other = ({"f": helper, "n": n, "x": x} for n, x in ((1, large), (2, bytes(20_000_000))))
    first, second = digests(one, one), digests(other, other)
    assert first["f"] == second["f"]
    assert first["n"] != second["n"]
    assert first["x"] != second["x"]
    assert digests(one, one) == first


def test_a_module_is_told_apart_by_its_version():
    was, now = ModuleType("tool"), ModuleType("tool")
    was.__version__, now.__version__ = "1", "2"
    assert digests({"m": was}, ["m"]) != digests({"m": now}, ["m"])


def test_a_nodes_captures_and_their_notes_are_there_when_it_is_defined(tmp_path):
    project = Project(tmp_path)
    space = {"rate": 2, "lock": threading.Lock()}
    flow = Flow("tour", host=project)
    live = LiveNotebook(project, flow, space)
    live.notice(CellId("c0"), "rate = 2")
    defined = live.define(CellId("c1"), "%%flow a\nrate * 2, lock")
    assert any("'lock' is a lock" in note for note in defined.notes)
    assert str(flow["a"].captures["rate"]) == "rate: value of type int, 28 B, from cell c0"
    assert any("'lock' is a lock" in one.message for one in flow.check())
