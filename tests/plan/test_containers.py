"""What is wrong with containers, at its place, with what to do."""

from __future__ import annotations

import pytest

from flowbook.graph.nesting import own_outputs
from flowbook.graph.options import Options
from flowbook.graph.registry import Registry
from flowbook.nodes.arriving import EachOfNode
from flowbook.nodes.containers import (
    BreakNode,
    ContinueNode,
    ForeachNode,
    GroupNode,
    MapNode,
    RepeatNode,
    TryNode,
    WhileNode,
)
from flowbook.plan.check import check

from .conftest import Code, node_

KINDS = (MapNode, ForeachNode, RepeatNode, WhileNode, TryNode, GroupNode, BreakNode, ContinueNode)


@pytest.fixture
def problems(flow):
    registry = Registry([Code, EachOfNode, *KINDS])

    def problems(*nodes):
        return [(p.cell, p.line, p.message, p.hint) for p in check(flow(*nodes), registry)]

    return problems


def box(name, kind="group", *inputs, outputs=None, inside="", **config):
    body = "\n".join(f"{key}: {value}" for key, value in config.items())
    ports = outputs or own_outputs(name, kind)
    options = Options(inside=inside)
    return node_(name, *inputs, kind=kind, outputs=ports, config=config, body=body, options=options)


def inner(name, *inputs, inside="box", **fields):
    return node_(name, *inputs, options=Options(inside=inside), **fields)


def only(found):
    (problem,) = found
    return problem


def test_containers_that_are_whole_have_no_problems(problems):
    assert (
        problems(
            node_("rows"),
            box("each", "map", "items=rows"),
            inner("a", "item", inside="each"),
            box("guard", "try", inside="each"),
            inner("b", "a", inside="guard"),
            inner("c", "error", inside="guard.catch"),
            inner("nobody_reads", inside="guard.finally"),
            box("loop", "while", condition="last < 3", initial=0),
            inner("d", "last", inside="loop"),
            inner("stop", "x=d", inside="loop", kind="break"),
            box("pair", outputs=("low", "high")),
            inner("ends", inside="pair", outputs=("low", "high")),
        )
        == []
    )


def test_a_container_without_nodes(problems):
    assert problems(box("box")) == [
        ("cell-box", 1, "no node is inside of group 'box'", "put a node into it: #| in: box")
    ]


def test_a_node_inside_of_none(problems):
    assert "which is no node" in only(problems(inner("a", inside="nowhere")))[2]


def test_a_node_inside_of_what_is_no_container(problems):
    problem = only(problems(node_("rows"), inner("a", inside="rows")))
    assert problem[:2] == ("cell-a", 1)
    assert problem[2] == "it is inside of 'rows', which is a python node and no container"


def test_a_block_the_container_has_not(problems):
    found = problems(box("box"), inner("a"), inner("b", inside="box.catch"))
    assert only(found)[2:] == ("group 'box' has no block 'catch'", "say in: box, or use a try")


@pytest.mark.parametrize("kind", ["break", "continue"])
def test_leaving_a_loop_outside_of_one(problems, kind):
    stop = inner("stop", "a", kind=kind)
    found = only(problems(box("box"), inner("a"), stop))
    assert found[2] == f"{kind} 'stop' is not inside of a loop"
    assert problems(box("loop", "repeat"), box("box", inside="loop"), inner("a"), stop) == []


@pytest.mark.parametrize(
    ("condition", "message", "hint"),
    [
        (None, "while 'box' has no condition", "last < 10"),
        ("'  '", "while 'box' has no condition", "last < 10"),
        ("last <", "condition: this is not an expression: invalid syntax", None),
        ("lost < 3", "condition: nothing is called 'lost'", "did you mean 'last'?"),
        ("1 < 3", "the condition reads nothing that a turn changes", "read one of a, index, last"),
    ],
)
def test_a_condition(problems, condition, message, hint):
    settings = {} if condition is None else {"condition": condition.strip("'")}
    cell, line, said, told = only(problems(box("box", "while", **settings), inner("a")))
    assert (cell, line) == ("cell-box", 1 if condition is None else 2)
    assert said.startswith(message)
    assert (told or "").startswith(hint or "") or hint in told


def test_a_condition_may_stand_still_where_a_break_ends_the_loop(problems):
    loop = box("box", "while", condition="1 == 1")
    assert problems(loop, inner("a"), inner("stop", "a", kind="break")) == []


def test_nothing_to_go_over(problems):
    assert only(problems(box("box", "map"), inner("a")))[2] == "map 'box' has nothing to go over"
    found = problems(node_("x"), node_("y"), box("box", "foreach", "x", "y"), inner("a"))
    assert only(found)[2] == "foreach 'box' does not say which of x, y it goes over"


def test_a_result_that_is_not_inside(problems):
    found = only(problems(node_("far"), box("box", result="aa"), inner("a")))
    assert found[1:] == (2, "result: 'aa' is no node inside of 'box'", "did you mean 'a'?")


def test_two_ends_of_one_name(problems):
    ends = (inner("a", outputs=["df"]), inner("b", outputs=["df"]))
    cell, _, message, hint = only(problems(box("box"), *ends))
    assert (cell, message) == ("cell-box", "a and b both give 'df', and 'box' takes one of them")
    assert hint == "rename one, or say which counts: result: a"
    assert problems(box("box", result="b"), *ends) == []


def test_an_end_and_what_it_reads_may_share_a_name(problems):
    assert problems(box("box"), inner("a", outputs=["df"]), inner("b", "x=a", outputs=["df"])) == []


def test_outputs_that_nothing_makes(problems):
    found = problems(box("box", outputs=("low", "high")), inner("a", outputs=["low"]))
    assert only(found)[2] == "no node inside of 'box' makes its output 'high'"
    found = problems(box("box", "repeat", outputs=("a", "b")), inner("a"))
    assert only(found)[2] == "repeat 'box' gives 1, not 2 outputs"


def test_an_expression_that_says_when_there_is_enough_is_looked_at(problems):
    each = box("each", "map", "items=rows", enough="sucseeded > 2")
    found = problems(node_("rows"), each, inner("x", "item", inside="each"))
    assert only(found)[1:] == (
        2,
        "enough: nothing is called 'sucseeded'",
        "did you mean 'succeeded'?",
    )
    each = box("each", "map", "items=rows", "most=rows", enough="succeeded > most")
    assert problems(node_("rows"), each, inner("x", "item", inside="each")) == []


def test_what_runs_for_each_branch_needs_branches_and_nothing_else(problems):
    one = inner("x", "item", inside="each")
    assert problems(node_("a"), node_("b"), box("each", "each_of", "a", "b"), one) == []
    assert only(problems(box("each", "each_of"), one))[2:] == (
        "each_of 'each' has no branch to take",
        "name nodes beside it in the head: (a, b)",
    )
    late = inner("x", "item", "b", inside="each")
    assert only(problems(node_("a"), node_("b"), box("each", "each_of", "a"), late))[2:] == (
        "it reads 'b', which may not be there when 'each' begins",
        "let the branches bring what it needs",
    )
