"""A problem stands on a line of its node's cell; without a cell it has no line."""

from __future__ import annotations

import pytest

from flowbook.graph.placing import at, line_of
from flowbook.graph.problem import Severity
from flowbook.graph.spec import NodeSpec, Place
from flowbook.ids import CellId, NodeId

BODY = "items: rows\nmax_concurrent: 5\nover: the items of yesterday"


def node(place=None):
    return NodeSpec(NodeId("each"), body=BODY, body_line=2, place=place)


def test_without_a_cell_there_is_no_line():
    found = at(node(), "no", "do", 7)
    assert (found.node, found.cell, found.line, found.hint) == ("each", None, None, "do")


def test_in_a_cell_it_is_the_head_unless_said():
    placed = node(Place(CellId("c1"), 0))
    assert [at(placed, "no", "").line, at(placed, "no", "", 3).line] == [1, 3]
    assert at(placed, "no", "").hint is None
    assert at(placed, "no", "", severity=Severity.WARNING).severity is Severity.WARNING


@pytest.mark.parametrize(("text", "line"), [("over", 4), ("items", 2), ("nowhere", 1)])
def test_a_setting_is_on_the_line_that_begins_with_it(text, line):
    assert line_of(node(), text) == line
