"""Gestures of a canvas are answered with what became of the flow, or refused with the reason."""

from __future__ import annotations

import pytest
from tests.graph.gestures.flows import KINDS, TOUR, flow, told
from tests.widget.stage import FakeHost

from flowbook.errors import EditRejected
from flowbook.graph.registry import Registry
from flowbook.graph.spec import Position
from flowbook.widget.protocol import read
from flowbook.widget.publisher import ANSWERS


@pytest.fixture
def host():
    host = FakeHost()
    host.kinds = KINDS
    host.definition = flow(*TOUR)
    host.places = {}
    return host


def ask(host, question, /, **fields):
    message = read({"type": question, "view": "v", "rid": 7, **fields})
    answer = ANSWERS[type(message)](host, message)
    assert (answer.view, answer.rid) == ("v", 7)
    return answer


def test_a_node_is_put_into_an_edge_and_named_in_the_answer(host):
    edited = ask(host, "INSERT", kind="sql", on={"target": "report", "input": "d"})
    assert (edited.label, edited.nodes) == ("Add sql", ("sql",))
    assert {"clean.clean > sql.clean", "sql.sql > report.d"} <= told(host.definition)
    assert host.history()[0] == "Add sql"


def test_a_gesture_is_one_step_of_undo(host):
    before = host.definition
    ask(host, "REMOVE", nodes=["clean"], edges=[{"target": "report", "input": "k"}], heal=True)
    ask(host, "UNDO")
    assert host.definition == before


def test_copies_are_told_in_the_order_of_the_flow(host):
    assert ask(host, "DUPLICATE", nodes=["clean", "load"]).nodes == ("load_2", "clean_2")


def test_a_node_that_is_there_goes_into_an_edge(host):
    ask(host, "INSERT", kind="python", name="smooth")
    ask(host, "SPLICE", node="smooth", on={"target": "report", "input": "d"})
    assert "smooth.smooth > report.d" in told(host.definition)


def test_a_node_that_is_dropped_on_an_edge_goes_there_in_one_step(host):
    ask(host, "INSERT", kind="python", name="smooth")
    before = host.definition
    ask(host, "SPLICE", node="smooth", on={"target": "report", "input": "d"}, x=30.0, y=-5.0)
    assert "smooth.smooth > report.d" in told(host.definition)
    assert host.definition.node("smooth").position == Position(30.0, -5.0)
    ask(host, "UNDO")
    assert host.definition == before


def test_nodes_go_by_the_clipboard_and_say_what_they_lost(host):
    clip = ask(host, "COPY", nodes=["clean", "report"]).text
    ask(host, "REMOVE", nodes=["load", "clean", "report"])
    edited = ask(host, "PASTE", text=clip)
    assert (edited.label, edited.nodes) == ("Paste 2 nodes", ("clean", "report"))
    assert edited.note == "report.k was fed by load.n, which is not here"
    assert told(host.definition) == {"clean.clean > report.d"}


def test_what_was_cut_is_found_again_by_name(host):
    before = told(host.definition)
    clip = ask(host, "COPY", nodes=["clean"]).text
    ask(host, "REMOVE", nodes=["clean"])
    assert ask(host, "PASTE", text=clip).nodes == ("clean",)
    assert told(host.definition) == before


def test_a_group_and_back(host):
    before = told(host.definition)
    assert ask(host, "GROUP", nodes=["load", "clean"], name="prepare").nodes == ("prepare",)
    assert host.definition.node("load").options.inside == "prepare"
    assert ask(host, "UNGROUP", node="prepare").label == "Ungroup prepare"
    assert told(host.definition) == before


def test_targets_say_why_not(host):
    found = ask(host, "TARGETS", source="clean", output="clean").targets
    assert {one.node for one in found} == {"load", "report"}
    assert [one.replaces for one in found if one.input == "d"] == ["clean.clean"]


def test_what_is_refused_changes_nothing(host):
    before = host.definition
    with pytest.raises(EditRejected):
        ask(host, "INSERT", kind="sql", on={"target": "report", "input": "x"})
    assert host.definition == before
    assert host.history() == (None, None)


def test_every_kind_is_offered_with_what_it_is_for(host):
    found = {one.kind: one for one in ask(host, "KINDS").kinds}
    assert found["http"].title == "HTTP"
    assert found["http"].summary == "Fetches url and gives the body."
    assert found["map"].contains
    assert not found["http"].contains
    assert (found["sql"].family, found["sql"].body) == ("data", "sql")
    assert "max concurrent" in found["map"].words
    assert not any("." in kind for kind in found)


def test_a_kind_that_cannot_be_loaded_says_what_is_missing(host):
    def load():
        raise ModuleNotFoundError("No module named 'torch'")

    host.kinds = Registry()
    host.kinds.take("dream", load, "dreams 1.0")
    (dream,) = ask(host, "KINDS").kinds
    assert dream.kind == "dream"
    assert "dreams 1.0" in dream.missing
    assert "torch" in dream.missing
