import pytest

from flowbook.graph.soundness import contradiction
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Wire


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ((NodeSpec("a"), NodeSpec("a")), "two nodes are called 'a'"),
        ((NodeSpec("a b"),), "'a b' cannot name a node"),
        ((NodeSpec("a", inputs=(InputSpec("x"), InputSpec("x"))),), "two inputs of a are called"),
        ((NodeSpec("a", outputs=("x", "x")),), "two outputs of a are called 'x'"),
    ],
)
def test_a_contradiction_is_named(nodes, said):
    assert said in contradiction(FlowSpec("flow", nodes))


def test_two_parameters_of_one_name_contradict_each_other():
    assert contradiction(FlowSpec("flow", params=(ParamSpec("p"), ParamSpec("p"))))


def test_an_incomplete_flow_is_no_contradiction():
    node = NodeSpec("a", inputs=(InputSpec("x", Wire("nobody")), InputSpec("y")), outputs=("x",))
    assert contradiction(FlowSpec("flow", (node,))) is None
