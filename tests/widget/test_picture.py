from __future__ import annotations

from tests.widget.stage import spec

from flowbook.graph.options import Options
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Place, Position, Wire
from flowbook.ids import CellId, FlowId, NodeId, PortName
from flowbook.widget.picture import picture
from flowbook.widget.protocol import SettingView


def test_inputs_say_what_feeds_them():
    clean, fetch = picture(spec(), (), {}).nodes
    assert fetch.inputs[0].source == "parameter city"
    assert clean.inputs[0].source == "fetch.rows"


def test_a_parameter_in_a_nodes_header_is_a_parameter_of_the_flow():
    node = NodeSpec(
        NodeId("hot"),
        inputs=(InputSpec(PortName("above"), default=25.0, annotation="float"),),
        outputs=(PortName("hot"),),
    )
    (above,) = picture(FlowSpec(FlowId("tour"), (node,)), (), {}).params
    assert (above.name, above.default, above.required) == ("above", 25.0, False)


def test_a_cycle_is_drawn_all_the_same():
    def knot(name, other):
        wire = Wire(NodeId(other))
        return NodeSpec(
            NodeId(name), inputs=(InputSpec(PortName("x"), wire),), outputs=(PortName(name),)
        )

    drawn = picture(FlowSpec(FlowId("knot"), (knot("a", "b"), knot("b", "a"))), (), {})
    assert [node.name for node in drawn.nodes] == ["a", "b"]
    assert len(drawn.edges) == 2


def test_place_options_problems_and_staleness_travel():
    node = NodeSpec(
        NodeId("a"),
        outputs=(PortName("a"),),
        options=Options(retries=2),
        place=Place(CellId("c7"), 4),
    )
    problem = Problem(Severity.WARNING, "slow", NodeId("a"), CellId("c7"), 3, "cache it")
    drawn = picture(
        FlowSpec(FlowId("tour"), (node,)), (problem,), {NodeId("a"): Position(5, 6)}, {NodeId("a")}
    )
    (shown,) = drawn.nodes
    assert (shown.x, shown.y, shown.cell, shown.index) == (5, 6, "c7", 4)
    assert shown.options == {"retries": "2"}
    assert drawn.problems[0].hint == "cache it"
    assert drawn.stale == ("a",)


def test_inputs_and_settings_say_what_kind_of_source_they_have():
    get = NodeSpec(
        NodeId("get"),
        "http",
        inputs=(InputSpec(PortName("city"), default="Oslo"),),
        outputs=(PortName("get"),),
        config={"url": "{{ city }}", "method": "GET"},
    )
    (drawn,) = picture(FlowSpec(FlowId("f"), (get,)), (), {}).nodes
    assert [(one.name, one.origin) for one in drawn.inputs] == [("city", "parameter")]
    assert [(one.name, one.origin, one.text) for one in drawn.settings] == [
        ("url", "expression", "{{ city }}"),
        ("method", "literal", "GET"),
    ]


def test_a_note_shows_its_text():
    spec = FlowSpec(
        "f", nodes=(NodeSpec(NodeId("about"), kind="note", body="\n**Sales** of the day\n"),)
    )
    (node,) = picture(spec, (), {}).nodes
    assert node.settings == (SettingView("text", "literal", "**Sales** of the day"),)
