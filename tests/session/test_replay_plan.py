"""What is taken and what runs is decided by rule, and told with a reason."""

from __future__ import annotations

import pytest
from tests.run.histories import Play
from tests.run.plans import n

from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Wire
from flowbook.graph.wiring import resolve
from flowbook.session.replay_changes import changes_since
from flowbook.session.replay_plan import (
    Fate,
    ReplayPlan,
    Terms,
    fates,
    read_by_what_runs,
    story_of,
    with_inputs_by_hand,
)

NODES = (n("a"), n("b", "a"), n("c", "b"), n("d", "a"))


def told(at=None, **terms):
    """The fates in a replay of a run of a → b → c and a → d in which c failed."""
    play = Play(*NODES).returns("a").returns("b").fails("c").returns("d")
    story = story_of(play.events, play.events[-1].seq if at is None else at)
    return play.plan, fates(play.plan, story, Terms(**terms))


def words(nodes):
    return {one.node: one.fate.value for one in nodes}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, {"a": "taken", "b": "taken", "c": "runs", "d": "taken"}),
        ({"at": 0}, dict.fromkeys("abcd", "runs")),
        ({"begin": ["d"]}, {"a": "taken", "b": "taken", "c": "runs", "d": "runs"}),
        ({"by_hand": ["a"]}, {"a": "given", "b": "runs", "c": "runs", "d": "runs"}),
        ({"by_hand": ["b"]}, {"a": "taken", "b": "given", "c": "runs", "d": "taken"}),
        ({"gone": {"b": "lost"}}, {"a": "taken", "b": "runs", "c": "runs", "d": "taken"}),
        ({"changes": {"a": ("code changed",)}}, dict.fromkeys("abcd", "runs")),
        (
            {"changes": {"a": ("code changed",)}, "trust": True},
            {"a": "taken", "b": "taken", "c": "runs", "d": "taken"},
        ),
        (
            {"changes": {"a": ("outputs changed (a → x)",)}, "trust": True},
            dict.fromkeys("abcd", "runs"),
        ),
    ],
)
def test_a_result_is_taken_if_it_was_there_is_true_and_all_before_it_is_taken(terms, expected):
    _plan, nodes = told(**terms)
    assert words(nodes) == expected


def test_each_has_its_reason():
    _plan, nodes = told(begin=["d"], gone={"b": "lost"})
    assert {one.node: one.why for one in nodes} == {
        "a": "as it was at event 3",
        "b": "what it gave is gone: lost",
        "c": "it failed",
        "d": "replayed from here",
    }


def test_only_what_a_running_node_reads_has_to_be_brought_back():
    plan, nodes = told(begin=["d"])
    assert read_by_what_runs(plan, nodes) == {"a": {"a"}, "b": {"b"}}


def spec(*nodes, **fields):
    return FlowSpec("f", nodes, **fields)


A = NodeSpec("a", body="1", outputs=("a",))
B = NodeSpec("b", inputs=(InputSpec("x", Wire("a")),), body="x", outputs=("b",), captures=("np",))
SETUP = (NodeSpec("s", kind="setup", body="import numpy as np"),)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (spec(A, B), spec(B, A), {}),
        (None, spec(A), {"a": ("the definition of that run is not known",)}),
        (spec(A), spec(A, B), {"b": ("node added",)}),
        (spec(A), spec(NodeSpec("a", "sql", body="1", outputs=("a",))),
         {"a": ("kind changed (python → sql)",)}),
        (spec(A), spec(NodeSpec("a", body="1", outputs=("z",))),
         {"a": ("outputs changed (a → z)",)}),
        (spec(A, B), spec(A, NodeSpec("b", inputs=(InputSpec("x", default=1),), body="x",
                                      outputs=("b",), captures=("np",))),
         {"b": ("inputs rewired (x: a.a → parameter x)",)}),
        (spec(A, B), spec(A, B, setup=SETUP), {"b": ("setup changed",)}),
    ],
)  # fmt: skip
def test_what_differs_is_said_in_words(before, now, expected):
    assert changes_since(before, now) == expected


def test_an_input_given_by_hand_has_a_source_of_its_own():
    made = with_inputs_by_hand(spec(A, B), ["b.x"])
    (edge,) = resolve(made).edges
    assert (edge.source, edge.target, edge.input) == ("b.x", "b", "x")
    assert with_inputs_by_hand(spec(A, B), []) == spec(A, B)


def test_a_plan_reads_as_a_list_and_as_json():
    _plan, nodes = told(by_hand=["b"])
    plan = ReplayPlan("r", "f", "v", 7, nodes, ("look out",), ("no",))
    assert (plan.taken, plan.given, plan.runs) == (("a", "d"), ("b",), ("c",))
    assert (plan.ok, plan.changed, plan["b"].fate) == (False, {}, Fate.GIVEN)
    text = repr(plan).splitlines()
    assert text[0] == "<replay of run r of 'f', by its event 7>"
    assert text[-2:] == ["  warning: look out", "  cannot start: no"]
    assert plan.to_json()["nodes"][1] == {
        "node": "b", "fate": "given", "why": "given by hand", "changes": [], "items": 0,
    }  # fmt: skip
