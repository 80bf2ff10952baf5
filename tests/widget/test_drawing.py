from __future__ import annotations

from xml.etree import ElementTree

from tests.widget.stage import spec

from flowbook.graph.spec import Position
from flowbook.ids import NodeId
from flowbook.widget.drawing import drawing, summary
from flowbook.widget.picture import picture
from flowbook.widget.protocol import FlowView, NodeView


def test_the_drawing_is_well_formed_and_shows_every_node_and_edge():
    places = {NodeId("clean"): Position(270, 0)}
    root = ElementTree.fromstring(drawing(picture(spec(), (), places)))
    svg = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{svg}g")) == 2
    assert len(root.findall(f"{svg}path")) == 1
    assert root.find(f"{svg}title").text == "flow tour: 2 nodes, 1 edges"


def test_text_of_the_flow_cannot_break_out():
    view = FlowView("<script>", (NodeView("a", "<b>&", 0, 0),))
    assert "<script>" not in drawing(view)
    ElementTree.fromstring(drawing(view))


def test_a_very_large_flow_says_what_is_left_out():
    view = FlowView("big", tuple(NodeView(f"n{i}", "python", 0, i) for i in range(200)))
    assert drawing(view).count("<rect") == 150
    assert summary(view).endswith("(50 not drawn)")
