import pytest

from flowbook.graph.node import Node, Outputs, as_outputs
from flowbook.graph.spec import NodeSpec


def test_ports_come_from_the_spec_then_the_kind_then_the_name():
    class Router(Node):
        kind = "router"
        outputs = ("default",)

    assert Router.ports(NodeSpec("season", outputs=("a", "b"))) == ("a", "b")
    assert Router.ports(NodeSpec("season")) == ("default",)
    assert Node.ports(NodeSpec("season")) == ("season",)


def test_a_node_type_must_say_how_it_runs():
    node = Node(NodeSpec("idle"))
    assert node.name == "idle"
    with pytest.raises(NotImplementedError, match=r"Node\.run"):
        node.run(None, {})


@pytest.mark.parametrize(
    ("value", "ports", "outputs"),
    [
        ([1, 2], ("x",), Outputs({"x": [1, 2]})),
        ({"x": 1}, ("x",), Outputs({"x": {"x": 1}})),
        ((1, 2), ("a", "b"), Outputs({"a": 1, "b": 2})),
        ({"b": 2, "a": 1}, ("a", "b"), Outputs({"a": 1, "b": 2})),
        (7, (), Outputs({}, result=7)),
        (Outputs({"a": 1}), ("a", "b"), Outputs({"a": 1})),
    ],
)
def test_what_a_node_returns_goes_to_its_ports(value, ports, outputs):
    assert as_outputs(value, ports) == outputs


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((1, 2, 3), "returned tuple, expected 2 values for a, b"),
        ({"a": 1}, "returned dict, expected 2 values for a, b"),
        (None, "returned NoneType, expected 2 values"),
        (Outputs({"c": 1}), r"output \['c'\] is none of \['a', 'b'\]"),
    ],
)
def test_a_return_that_does_not_fit_the_ports_is_refused(value, said):
    with pytest.raises(TypeError, match=said):
        as_outputs(value, ("a", "b"))
