import pickle

import pytest

from flowbook.errors import UnknownNode
from flowbook.graph.spec import MISSING, FlowSpec, InputSpec, Missing, NodeSpec, Wire


def test_missing_is_one_value_even_after_pickling():
    assert Missing() is MISSING
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING
    assert repr(MISSING) == "MISSING"


def test_an_unknown_node_is_told_the_closest_one():
    spec = FlowSpec("tour", (NodeSpec("clean"),))
    with pytest.raises(UnknownNode, match="flow 'tour' has no node 'claen'") as refused:
        spec.node("claen")
    assert refused.value.hint == "did you mean 'clean'?"
    assert refused.value.known == ("clean",)


def test_an_input_is_found_by_name():
    node = NodeSpec("clean", inputs=(InputSpec("rows"),))
    assert node.input("rows") is node.inputs[0]
    assert node.input("other") is None


def test_a_wire_reads_as_in_a_header():
    assert (str(Wire("clean", "df")), str(Wire("clean"))) == ("clean.df", "clean")
