import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.errors import InvalidFlow
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Wire
from flowbook.graph.topology import Topology, find_path, show_cycle
from flowbook.graph.wiring import resolve


def flow(edges: list[tuple[str, str]], nodes: str | list[str] = "") -> FlowSpec:
    names = list(dict.fromkeys([*nodes, *(name for edge in edges for name in edge)]))
    return FlowSpec(
        "flow",
        tuple(
            NodeSpec(
                name,
                inputs=tuple(
                    InputSpec(f"from_{source}", Wire(source))
                    for source, target in edges
                    if target == name
                ),
                outputs=(f"out_{name}",),
            )
            for name in names
        ),
    )


pairs = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=10, unique=True
)


@settings(deadline=None)  # the first cycle imports networkx
@given(pairs)
def test_an_order_has_every_node_after_what_feeds_it_or_there_is_a_cycle(edges):
    topology = Topology(flow(edges, "abcdef"))
    cycles = topology.cycles()
    if cycles:
        with pytest.raises(InvalidFlow):
            topology.order()
        for cycle in cycles:
            for source, target in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
                assert (source, target) in edges
        return
    order = topology.order()
    assert sorted(order) == list("abcdef")
    for source, target in edges:
        assert order.index(source) < order.index(target)
    lanes = topology.generations()
    assert sorted(node for lane in lanes for node in lane) == list("abcdef")
    lane_of = {node: i for i, lane in enumerate(lanes) for node in lane}
    for node in "abcdef":
        fed = [lane_of[source] for source, target in edges if target == node]
        assert lane_of[node] == max(fed, default=-1) + 1


@given(pairs)
def test_descendants_and_ancestors_mirror_each_other(edges):
    topology = Topology(flow(edges, "abcdef"))
    for one in "abcdef":
        for other in "abcdef":
            assert (other in topology.descendants(one)) == (one in topology.ancestors(other))


def test_order_is_the_notebooks_where_it_can_be():
    assert Topology(flow([("c", "a")], "abcd")).order() == ("b", "c", "a", "d")


def test_every_cycle_is_found_and_starts_at_its_first_node():
    topology = Topology(flow([("b", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("d", "d")], "abcd"))
    assert topology.cycles() == (("a", "b"), ("a", "b", "c"), ("d",))
    with pytest.raises(InvalidFlow) as refused:
        topology.order()
    assert "a → b → c → a" in str(refused.value)
    assert len(refused.value.problems) == 3


def test_a_knot_of_countless_cycles_is_cut_short():
    names = [f"n{i}" for i in range(30)]
    knot = [(one, other) for one in names for other in names if one != other]
    assert len(Topology(flow(knot)).cycles(limit=5)) == 5


def test_a_shortest_path_is_found():
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "c")]
    assert find_path(edges, "a", "d") == ("a", "c", "d")
    assert find_path(edges, "d", "a") == ()
    assert find_path(edges, "a", "a") == ("a",)
    assert show_cycle(("a",)) == "a → a"


def test_ten_thousand_nodes_take_no_time():
    names = [f"n{i}" for i in range(10_000)]
    spec = flow([], names)
    nodes = tuple(
        NodeSpec(name, inputs=(InputSpec("x", Wire(names[i // 2])),) if i else (), outputs=("o",))
        for i, name in enumerate(names)
    )
    wiring = resolve(FlowSpec(spec.id, nodes))
    started = time.thread_time()
    topology = Topology(FlowSpec(spec.id, nodes), wiring)
    assert len(topology.order()) == 10_000
    assert len(topology.descendants("n0")) == 9_999
    assert time.thread_time() - started < 1
