"""Nodes travel as text: wires among them stay, others go to what has the name here, or are told."""

from __future__ import annotations

import json

import pytest
from tests.graph.gestures.flows import KINDS, TOUR, done, flow, told

from flowbook.cells.clipping import around, clipped, pasted, unclipped
from flowbook.errors import UsageError
from flowbook.graph.gestures.copying import Coming, bring
from flowbook.graph.spec import FlowSpec, Position
from flowbook.ids import FlowId, NodeId

EMPTY = FlowSpec(FlowId("empty"))


def clip(spec, *nodes, places=None):
    return clipped(spec, [NodeId(one) for one in nodes], KINDS, places or {})


def paste(text, spec):
    found = pasted(unclipped(text), spec, KINDS)
    gesture = bring(spec, KINDS, Coming(found.nodes, found.edges, found.places), "Paste")
    return done(spec, gesture), found.lost


def test_a_clip_is_a_notebook_with_the_places_of_its_nodes():
    text = clip(flow(*TOUR), "load", "clean", places={NodeId("clean"): Position(3, 4)})
    document = json.loads(text)
    assert document["nbformat"] == 4
    first, second = document["cells"]
    assert "".join(first["source"]).startswith("%%flow load")
    assert second["metadata"] == {"flowbook": {"position": [3, 4]}}


def test_wires_among_what_is_pasted_are_kept():
    spec = flow(*TOUR)
    made, lost = paste(clip(spec, "load", "clean", "report"), EMPTY)
    assert told(made) == told(spec)
    assert lost == ()


def test_what_is_fed_from_elsewhere_is_fed_by_what_is_called_so_here():
    made, lost = paste(clip(flow(*TOUR), "report"), flow(*TOUR[:2]))
    assert told(made) >= {"clean.clean > report.d", "load.n > report.k"}
    assert lost == ()


def test_a_wire_from_a_node_that_is_not_here_is_left_out_and_told():
    made, lost = paste(clip(flow(*TOUR), "report"), EMPTY)
    assert told(made) == set()
    assert lost == (
        "report.d was fed by clean, which is not here",
        "report.k was fed by load.n, which is not here",
    )


def test_pasting_where_the_names_are_taken_makes_copies():
    spec = flow(*TOUR)
    made, _ = paste(clip(spec, "load", "clean"), spec)
    assert told(made) == told(spec) | {"load_2.rows > clean_2.rows"}


def test_plain_text_with_flow_cells_is_pasted():
    text = "Try this:\n\n%%flow half(rows)\nlen(rows) / 2\n\n%%flow quarter(half)\nhalf / 2\n"
    made, _ = paste(text, flow(*TOUR))
    assert told(made) >= {"load.rows > half.rows", "half.half > quarter.half"}


def test_what_a_body_reads_is_found_here_without_being_listed():
    made, _ = paste("%%flow half\nlen(rows) / 2", flow(*TOUR))
    assert "load.rows > half.rows" in told(made)


def test_a_container_comes_with_what_is_inside():
    sources = ("%%flow map each(items=[1])", "%%flow one --in each\nitem")
    spec = flow(*sources)
    made, _ = paste(clip(spec, "each", "one"), spec)
    assert made.node(NodeId("one_2")).options.inside == "each_2"
    alone, lost = paste(clip(spec, "one"), EMPTY)
    assert alone.node(NodeId("one")).options.inside == ""
    assert lost == ("one was inside of each, which is not here",)


def test_a_text_without_nodes_is_refused():
    for text in ("x = 1", "{}", '{"cells": 3}', ""):
        with pytest.raises(UsageError, match="holds no nodes"):
            unclipped(text)


def test_what_is_pasted_at_a_place_keeps_its_shape():
    places = {NodeId("a"): Position(10, 50), NodeId("b"): Position(30, 20)}
    assert around(places, Position(100, 200)) == {"a": Position(100, 230), "b": Position(120, 200)}
    assert around(places, None) == places
