"""What containers make of their settings, their turns and what the turns gave; nothing runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from traitlets import TraitError

from flowbook.errors import ExpressionError, UsageError
from flowbook.graph.container import Policy, TurnEnd, Turns, TurnStart
from flowbook.nodes.containers import (
    ForeachNode,
    GroupNode,
    MapNode,
    RepeatNode,
    TryNode,
    WhileNode,
)


def gave(index, block="", **ports):
    return TurnEnd(block, index, ports, ms=100.0, began=10.0 + (index or 0) * 0.05)


def failed(index, block=""):
    return TurnEnd(block, index, error={"type": "ValueError"}, ms=100.0, began=10.0)


# ---------------------------------------------------------------- settings


def test_a_map_goes_on_with_ten_at_once_unless_told_otherwise(spec):
    untold = Policy(Turns.EACH, window=10, stop=False, settle=True, grows=True)
    assert MapNode.policy(spec(kind="map")) == untold
    told = spec(kind="map", max_concurrent=3, continue_on_error=False, max_retries=2)
    assert MapNode.policy(told) == replace(untold, window=3, stop=True, retries=2)


@pytest.mark.parametrize("wrong", [0, -1, "many", True, 2.5, None])
def test_what_is_no_number_of_items_counts_as_not_said(spec, made, wrong):
    assert MapNode.policy(spec(kind="map", max_concurrent=wrong)).window == 10
    if wrong is not True:
        with pytest.raises(TraitError):
            made.node(MapNode, max_concurrent=wrong)


def test_a_name_of_a_turn_must_be_one(made):
    with pytest.raises(TraitError):
        made.node(MapNode, item="two words")


def test_outputs_of_the_users_choice_come_in_the_same_order(spec):
    assert MapNode.ports(spec("each")) == ("each", "each_values", "each_summary")
    assert MapNode.ports(spec("each", outputs="all well")) == ("all", "well")
    assert TryNode.ports(spec("guard")) == ("guard", "guard_error")


# ---------------------------------------------------------------- items


@pytest.mark.parametrize("items", [[1, 2], (1, 2), range(1, 3), {1: 0, 2: 0}.keys(), iter([1, 2])])
def test_what_can_be_gone_through_has_items(made, context, items):
    node = made.node(MapNode, inputs="items")
    assert list(node.run(context, {"items": items})) == [1, 2]


def test_the_only_input_is_gone_over_and_the_one_called_items_before_others(made, context):
    assert made.node(MapNode, inputs="rows").run(context, {"rows": [1]}) == [1]
    node = made.node(MapNode, inputs="a items")
    assert node.run(context, {"a": [0], "items": [1]}) == [1]
    with pytest.raises(UsageError, match="what to go over"):
        made.node(MapNode, inputs="a b").run(context, {"a": [0], "b": [1]})


def test_what_is_taken_along_for_nodes_inside_is_not_gone_over(made, context):
    node = made.node(MapNode, inputs="rows")
    assert node.run(context, {"rows": [1], "far.df": [2]}) == [1]


@pytest.mark.parametrize("times", [-1, 2.0, "3", True])
def test_a_number_of_turns_is_a_whole_one(made, context, times):
    with pytest.raises(UsageError, match="turns"):
        made.node(RepeatNode, times=times).run(context, {})


# ---------------------------------------------------------------- frames and conditions


def test_a_turn_brings_its_names_as_they_were_chosen(made):
    node = made.node(MapNode, item="city", index="at")
    assert node.frame(TurnStart(index=3, item="Oslo")) == {"city": "Oslo", "at": 3}
    node = made.node(ForeachNode)
    start = TurnStart(index=1, item="Oslo", last={"sum": 4})
    assert node.frame(start) == {"item": "Oslo", "index": 1, "last": 4}


def test_a_condition_reads_inputs_and_what_the_turn_before_gave(made, context):
    node = made.node(WhileNode, condition="{{ sum < 5 }}", initial=0)
    assert node.goes_on(context, {"sum": 9}, TurnStart(index=1, last={"sum": 4}))
    node = made.node(WhileNode, condition="last < 5", initial=4)
    assert node.goes_on(context, {}, TurnStart(index=0))
    assert not node.goes_on(context, {}, TurnStart(index=1, last={"sum": 5}))
    node = made.node(WhileNode, condition="fetch.limit > 5")
    assert node.goes_on(context, {"fetch.limit": 6}, TurnStart(index=0))


def test_a_condition_of_unknown_names_says_so(made, context):
    with pytest.raises(ExpressionError, match=r"condition 'lost < 5' cannot be worked out: .*lost"):
        made.node(WhileNode, condition="lost < 5").goes_on(context, {}, TurnStart(index=0))


def test_enough_of_unknown_names_says_so(made, context):
    with pytest.raises(ExpressionError, match=r"enough 'lost < 5' cannot be worked out: .*lost"):
        made.node(MapNode, enough="lost < 5").satisfied(context, {"items": [1]}, [])


# ---------------------------------------------------------------- what leaves


@pytest.mark.parametrize(
    ("said", "policy"),
    [
        ({"enough": 3}, {"enough": 3}),
        ({"enough": 0, "rest": "leave"}, {"enough": 0, "outlasts": True}),
        ({"enough": "failed > 2"}, {"asks": True}),
    ],
)
def test_a_map_says_how_many_are_enough(spec, made, said, policy):
    whole = Policy(Turns.EACH, window=10, stop=False, settle=True, grows=True)
    assert MapNode.policy(spec(kind="map", **said)) == replace(whole, **policy)
    assert made.node(MapNode, **said).enough == said["enough"]


@pytest.mark.parametrize("enough", [0, -1, True, 1.5, " ", [3]])
def test_what_cannot_be_enough_is_refused(made, enough):
    with pytest.raises(UsageError, match="neither a whole number from 1 on nor an expression"):
        made.node(MapNode, enough=enough)


def test_a_map_asks_its_expression_whether_there_is_enough(made, context):
    node = made.node(MapNode, inputs="items", enough="succeeded > failed")
    turns = [gave(0, x=1), failed(1), gave(2, x=3)]
    assert not node.satisfied(context, {"items": [1, 2, 3]}, turns[:2])
    assert node.satisfied(context, {"items": [1, 2, 3]}, turns)


def test_a_map_gives_what_settled_the_values_and_a_summary(made):
    node = made.node(MapNode, "each")
    given = node.gather([gave(0, x=1), failed(1), gave(2, x=1, y=2)]).ports
    assert given["each"] == [
        {"status": "fulfilled", "value": 1, "index": 0},
        {"status": "rejected", "reason": {"type": "ValueError"}, "index": 1},
        {"status": "fulfilled", "value": {"x": 1, "y": 2}, "index": 2},
    ]
    assert given["each_values"] == [1, {"x": 1, "y": 2}]
    summary = {"total": 3, "succeeded": 2, "failed": 1, "duration_ms": 200.0}
    assert given["each_summary"] == summary


def test_a_turn_that_was_left_before_it_gave_anything_is_not_collected(made):
    left = TurnEnd(index=1, left=True)
    turns = [gave(0, x=1), left, gave(2, x=3)]
    assert made.node(ForeachNode, "walk").gather(turns).ports == {"walk": [1, 3]}
    assert made.node(RepeatNode, "walk").gather(turns).ports == {"walk": [1, 3]}


def test_one_table_of_what_is_none_is_refused(made):
    node = made.node(ForeachNode, "walk", collect="table")
    with pytest.raises(UsageError, match="cannot make one table of a int"):
        node.gather([gave(0, x=1)])


def test_a_while_that_never_turned_gives_what_it_began_with(made):
    assert made.node(WhileNode, "grow", initial=7).gather([]).ports == {"grow": 7}


def test_a_try_gives_the_body_or_what_caught_it_or_the_failure(made):
    node = made.node(TryNode, "guard")
    swept = gave(None, "finally", z=0)
    assert node.gather([gave(None, x=1), swept]).ports == {"guard": 1}
    assert node.gather([failed(None), gave(None, "catch", y=2), swept]).ports == {"guard": 2}
    assert node.gather([failed(None), swept]).ports == {"guard_error": {"type": "ValueError"}}


def test_a_group_gives_by_name_what_is_called_like_its_outputs(made):
    node = made.node(GroupNode, "box", outputs="low high")
    assert node.gather([gave(None, low=1, high=2)]).ports == {"low": 1, "high": 2}
    assert node.gather([gave(None, low=1)]).ports == {"low": 1}
