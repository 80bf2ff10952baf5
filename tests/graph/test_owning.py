"""Containers in Python: what `with` makes of the nodes defined in it, and what is shown."""

from __future__ import annotations

import pytest

from flowbook import Flow
from flowbook.errors import FlowSyntaxError, UsageError
from flowbook.graph.spec import InputSpec, NodeSpec, Wire


@pytest.fixture
def flow():
    made = Flow("tour")

    @made.node
    def rows():
        return [1, 2]

    return made


def step():
    return None


def homes(flow):
    return {node.id: node.options.inside for node in flow.spec().nodes}


def test_what_is_defined_in_a_with_is_inside(flow):
    with flow.map("each", flow["rows"]):
        flow.node(step)
        with flow.group("box"):
            flow.add(NodeSpec("a"))
    flow.add(NodeSpec("b"))
    assert homes(flow) == {
        "rows": "",
        "each": "",
        "step": "each",
        "box": "each",
        "a": "box",
        "b": "",
    }


def test_what_says_where_it_is_is_there(flow):
    flow.group("other")
    with flow.group("box"):
        flow.node(inside="other")(step)
    assert homes(flow)["step"] == "other"


def test_a_with_that_fails_is_left_all_the_same(flow):
    with pytest.raises(RuntimeError), flow.group("box"):
        raise RuntimeError
    flow.node(step)
    assert homes(flow)["step"] == ""


def test_the_blocks_of_a_try(flow):
    with flow.try_("guard") as guard:
        flow.add(NodeSpec("a"))
        with guard.catch:
            flow.add(NodeSpec("b"))
        with guard.finally_:
            flow.add(NodeSpec("c"))
    with flow["guard"].catch:
        flow.add(NodeSpec("d"))
    assert homes(flow) == {
        "rows": "", "guard": "", "a": "guard", "b": "guard.catch", "c": "guard.finally",
        "d": "guard.catch",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("over", "inputs", "config"),
    [
        ([1, 2], (), {"over": [1, 2]}),
        (range(2), (), {"over": [0, 1]}),
        ("rows", (InputSpec("rows"),), {"over": "{{ rows }}"}),
        (None, (), {}),
    ],
)
def test_what_a_map_goes_over(flow, over, inputs, config):
    flow.map("each", over, max_concurrent=2, retries=1)
    node = flow.spec().node("each")
    assert (node.inputs, node.config) == (inputs, {**config, "max_concurrent": 2})
    assert node.options.retries == 1
    assert node.outputs == ("each", "each_values", "each_summary")


def test_a_node_to_go_over_is_a_wire(flow):
    flow.foreach("walk", flow["rows"])
    assert flow.spec().node("walk").inputs == (InputSpec("items", Wire("rows")),)


def test_what_cannot_be_written_down_is_refused(flow):
    with pytest.raises(UsageError, match="a set cannot be written into a flow"):
        flow.map("each", {1, 2})
    with pytest.raises(FlowSyntaxError, match="retries"):
        flow.map("each", [1], retries="many")
    assert list(flow) == ["rows"]


def test_defining_a_container_again_updates_it_and_keeps_its_place(flow):
    flow.map("each", [1])
    flow.map("each", [1, 2])
    flow.map("each", [1, 2])
    assert flow.spec().node("each").config == {"over": [1, 2]}
    assert [flow.undo(), flow.undo()] == ["Redefine each", "Add each"]


def test_names_of_a_turn_are_wires(flow):
    with flow.map("each", [1], item="city") as each:
        assert each.city.wire == Wire("each", "city")
        assert each.each_values.wire == Wire("each", "each_values")
        with pytest.raises(AttributeError, match="item"):
            _ = each.item


def test_nesting_is_shown_by_indentation(flow):
    with flow.map("each", flow["rows"]), flow.try_("guard") as guard:

        @flow.node
        def risky(item):
            return item

        with guard.catch:

            @flow.node
            def mended(error):
                return error

    assert repr(flow) == "\n".join(
        [
            "Flow('tour')",
            "  rows",
            "  each (map) <- rows",
            "    guard (try)",
            "      risky <- item",
            "      mended (in catch) <- error",
        ]
    )
    assert "padding-left:5em" in flow._repr_html_()
