"""Containers are boxes with room for their members, and both languages agree where."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.graph.layout import PITCH_X, layout
from flowbook.graph.nested_layout import GAP_Y, MANY, NOTE, Member, arrange, nested
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Position
from flowbook.ids import NodeId

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "nested.json").read_text("utf-8"))


def members(rows: list[list[str]]) -> list[Member]:
    found = []
    for name, kind, home in rows:
        inside, _, block = home.partition(".")
        contains = kind in ("group", "map", "try")
        place = NodeId(inside) if inside else None
        found.append(Member(NodeId(name), kind, place, block, contains))
    return found


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_places_are_those_both_languages_agreed_on(case: dict):
    found = nested(members(case["nodes"]), [tuple(edge) for edge in case["edges"]])
    assert {node: [at.x, at.y] for node, at in found.items()} == case["places"]


names = st.sampled_from("abcdefgh")
graphs = st.lists(st.tuples(names, names), max_size=14)


@given(graphs)
def test_without_containers_it_is_the_plain_layout(edges):
    plain = [Member(NodeId(name), "python") for name in "abcdefgh"]
    assert nested(plain, edges) == layout("abcdefgh", edges)


@given(graphs, st.lists(st.sampled_from("abcdefgh."), min_size=8, max_size=8))
def test_every_node_has_a_place_whatever_is_inside_of_what(edges, homes):
    rows = [[name, "group", home.strip(".")] for name, home in zip("abcdefgh", homes, strict=True)]
    assert set(nested(members(rows), edges)) == set("abcdefgh")


def test_what_follows_a_container_begins_behind_its_box():
    rows = [["each", "map", ""], ["a", "python", "each"], ["b", "python", "each"], ["z", "sql", ""]]
    found = nested(members(rows), [("each", "z"), ("a", "b")])
    assert found["b"] == Position(PITCH_X, 0)
    assert found["z"].x > found["each"].x + 2 * PITCH_X


def test_nodes_of_one_column_make_room_for_a_note():
    found = nested(members([["a", "note", ""], ["b", "python", ""], ["c", "note", ""]]), [])
    heights = sorted(at.y for at in found.values())
    assert all(below - above >= 84 + GAP_Y for above, below in itertools.pairwise(heights))
    assert found["b"].y >= found["a"].y + NOTE.height


def test_a_container_of_many_is_as_large_as_a_node():
    inside = [[f"n{i}", "python", "each"] for i in range(MANY + 1)]
    found = nested(members([["each", "map", ""], *inside, ["z", "sql", ""]]), [("each", "z")])
    assert found["z"] == Position(PITCH_X, 0)


def test_a_spec_is_arranged_by_its_wiring():
    spec = FlowSpec(
        "f",
        (NodeSpec("b", inputs=(InputSpec("a"),), outputs=("b",)), NodeSpec("a", outputs=("a",))),
    )
    assert arrange(spec) == {"b": Position(PITCH_X, 0), "a": Position(0, 0)}
