import pytest

from flowbook.errors import UnknownKind, UsageError
from flowbook.graph.node import Node
from flowbook.graph.registry import Registry


class Double(Node):
    kind = "double"


class Rival(Node):
    kind = "double"


class Nameless(Node):
    kind = "not a name"


def test_node_types_are_found_by_kind():
    registry = Registry([Double])
    assert registry["double"] is Double
    assert registry.register(Double) is Double
    assert list(registry) == ["double"]
    assert len(registry) == 1
    assert "double" in registry


def test_an_unknown_kind_is_told_the_closest_one():
    with pytest.raises(UnknownKind, match="'dobule'") as refused:
        Registry([Double])["dobule"]
    assert refused.value.hint == "did you mean 'double'?"
    assert refused.value.known == ("double",)


@pytest.mark.parametrize(("node_type", "said"), [(Rival, "call themselves"), (Nameless, "not an")])
def test_a_kind_is_one_name_for_one_type(node_type, said):
    with pytest.raises(UsageError, match=said):
        Registry([Double, node_type])
