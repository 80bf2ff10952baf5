"""What an `each_of` says of itself, and makes of its turns."""

from __future__ import annotations

from flowbook.graph.container import Policy, TurnEnd, Turns, TurnStart
from flowbook.nodes.arriving import EachOfNode


def test_it_has_a_turn_for_each_input_and_takes_those_that_are_live(spec):
    assert EachOfNode.policy(spec(kind="each_of")) == Policy(Turns.ARRIVING, window=2, stop=False)
    assert EachOfNode.tolerant
    assert not EachOfNode.policy(spec(kind="each_of")).counts  # it is no loop


def test_a_turn_knows_its_input_and_where_that_stands(made):
    node = made.node(EachOfNode, inputs="a b")
    assert node.frame(TurnStart(index=1, item="B")) == {"item": "B", "index": 1}
    assert EachOfNode.names(node.spec, "") == ("item", "index")


def test_it_gives_the_list_of_what_the_turns_gave(made):
    turns = [TurnEnd(index=0, gave={"x": 1}), TurnEnd(index=2, gave={"x": 3, "y": 4})]
    assert made.node(EachOfNode, "heard").gather(turns).ports == {"heard": [1, {"x": 3, "y": 4}]}
