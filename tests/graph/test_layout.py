import itertools
import json
import timeit
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.graph.layout import NODE_REACH, PITCH_X, PITCH_Y, layout
from flowbook.graph.spec import Position

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "layout.json").read_text("utf-8"))


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_positions_are_those_both_languages_agreed_on(case: dict):
    found = layout(case["nodes"], [tuple(edge) for edge in case["edges"]])
    assert {node: [at.x, at.y] for node, at in found.items()} == case["positions"]


names = st.sampled_from("abcdefgh")
graphs = st.lists(st.tuples(names, names), max_size=14)


@given(graphs)
def test_no_two_nodes_overlap_and_the_top_left_is_the_origin(edges):
    found = layout("abcdefgh", edges)
    assert set(found) == set("abcdefgh")
    columns: dict[float, list[float]] = {}
    for at in found.values():
        columns.setdefault(at.x, []).append(at.y)
    for column in columns.values():
        column.sort()
        # Rounding may take one unit off the gap, never the gap itself.
        assert all(below - above >= PITCH_Y - 1 for above, below in itertools.pairwise(column))
    assert min(at.x for at in found.values()) == 0
    assert min(at.y for at in found.values()) == 0


@given(graphs)
def test_edges_of_a_flow_without_cycles_go_from_flows_of_right(edges):
    forward = [(one, other) for one, other in edges if one < other]
    found = layout("abcdefgh", forward)
    for source, target in forward:
        assert found[source].x + PITCH_X <= found[target].x


@given(graphs)
def test_the_same_graph_is_always_laid_out_the_same(edges):
    assert layout("abcdefgh", edges) == layout("abcdefgh", list(edges))


def test_a_chain_is_a_straight_line():
    found = layout("abc", [("a", "b"), ("b", "c")])
    assert [found[node] for node in "abc"] == [Position(PITCH_X * i, 0) for i in range(3)]


def test_a_node_makes_way_for_an_edge_that_passes_it():
    found = layout("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    middle = (found["a"].y + found["c"].y) / 2
    assert abs(found["b"].y - middle) >= NODE_REACH / 2


def test_crossing_edges_are_untangled():
    found = layout("abcd", [("a", "d"), ("b", "c")])
    assert (found["a"].y < found["b"].y) == (found["d"].y < found["c"].y)


def test_nothing_is_laid_out_as_nothing():
    assert layout([], []) == {}


def test_a_thousand_nodes_take_no_time():
    names = [f"n{i}" for i in range(1000)]
    edges = [(names[i * 7 % (j + 1)], names[j + 1]) for j in range(999) for i in (j, j + 3)]
    assert min(timeit.repeat(lambda: layout(names, edges), number=1, repeat=5)) < 0.1


def test_a_flow_that_is_all_long_edges_still_takes_no_time():
    names = [f"n{i}" for i in range(1000)]
    edges = [*itertools.pairwise(names), *((name, names[-1]) for name in names)]
    assert min(timeit.repeat(lambda: layout(names, edges), number=1, repeat=5)) < 1.0
