from __future__ import annotations

from tests.graph.gestures.flows import KINDS, flow
from tests.widget.stage import spec

from flowbook.graph.edits import RemoveNode, SetBody, apply
from flowbook.graph.options import Options
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Place, Position, Wire
from flowbook.ids import CellId, FlowId, NodeId, PortName
from flowbook.widget.picture import Pictures, picture
from flowbook.widget.views import PortView, SettingView


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


def drawn(*sources, registry=KINDS):
    return {one.name: one for one in picture(flow(*sources), (), {}, registry=registry).nodes}


def test_what_is_inside_of_a_container_says_so():
    nodes = drawn("%%flow map each(items=[1])", "%%flow one --in each\nitem")
    assert (nodes["each"].contains, nodes["each"].inside) == (True, None)
    assert (nodes["one"].contains, nodes["one"].inside) == (False, "each")


def test_a_kind_that_is_not_installed_is_drawn_as_unknown():
    nodes = drawn("%%flow dream one\nx: 1", "%%flow two\n2")
    assert (nodes["one"].known, nodes["two"].known) == (False, True)


def test_outputs_have_the_labels_and_colours_of_their_conditions():
    (size,) = drawn(
        "%%flow router size\nconditions:\n"
        "- {id: big, expression: value > 3, label: Large order, color: green}"
    ).values()
    assert size.outputs == ("big", "default")
    assert size.ports == {"big": PortView("Large order", "green", "")}


def test_ports_say_their_types_where_there_are_any():
    nodes = drawn("%%flow a -> rows: list[int], n\nrows, n = [1], 1", "%%flow b(rows: list, n)\nn")
    assert nodes["a"].ports == {"rows": PortView(gives="list[int]")}
    assert [one.takes for one in nodes["b"].inputs] == ["list", ""]


def test_a_node_that_did_not_change_is_not_drawn_again():
    pictures = Pictures(KINDS)
    spec = flow("%%flow a\n1", "%%flow b(a)\na", "%%flow c(x=3)\nx")
    first = pictures.of(spec, (), {}).nodes
    again = pictures.of(apply(spec, SetBody("b", "a + 1")), (), {}).nodes
    assert [one is two for one, two in zip(first, again, strict=True)] == [True, False, True]
    moved = pictures.of(spec, (), {"a": Position(1, 2)}).nodes
    assert (moved[0].x, moved[0].y) == (1, 2)


def test_a_node_that_is_fed_otherwise_is_drawn_again():
    pictures = Pictures(KINDS)
    spec = flow("%%flow a\n1", "%%flow b(a)\na")
    assert pictures.of(spec, (), {}).nodes[1].inputs[0].source == "a.a"
    (alone,) = pictures.of(apply(spec, RemoveNode("a")), (), {}).nodes
    assert alone.inputs[0].source == "nothing"
