"""Names of nodes that others cancel or complete: known, in reach, loops where they must be."""

from __future__ import annotations

import pytest

from flowbook.graph.nesting import own_outputs
from flowbook.graph.options import Options, parse_options
from flowbook.graph.registry import Registry
from flowbook.nodes.containers import GroupNode, MapNode
from flowbook.nodes.stopping import StopNode
from flowbook.plan.check import check
from flowbook.plan.compile import compile_plan

from .conftest import Code, node_

REGISTRY = Registry([Code, MapNode, GroupNode, StopNode])


@pytest.fixture
def problems(flow):
    return lambda *nodes: [(p.node, p.message, p.hint) for p in check(flow(*nodes), REGISTRY)]


def ends(name, inside="", **options):
    return node_(name, options=parse_options({**options, "inside": inside}))


def box(name, kind="map", inside=""):
    config = {"over": [1, 2]} if kind == "map" else {}
    options = Options(inside=inside)
    return node_(name, kind=kind, outputs=own_outputs(name, kind), config=config, options=options)


def test_a_node_may_end_what_is_beside_it_and_around_it(problems):
    made = (node_("a"), box("each"), ends("x", "each", cancels="a, y", completes="each"))
    assert problems(*made, ends("y", "each"), ends("z", completes="each", cancels="a")) == []


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        ({"cancels": "eahc"}, "it ends 'eahc', and no node is called so", "did you mean 'each'?"),
        ({"cancels": "a"}, "it ends itself, and is over by then", "name another node"),
        (
            {"cancels": "x"},
            "it ends 'x', which is inside of 'each' and out of its reach",
            "name 'each', or say it in a node that is inside of it, too",
        ),
        (
            {"completes": "tidy"},
            "it completes 'tidy', which is no loop",
            "complete a map, foreach, repeat or while; or say cancels: tidy",
        ),
    ],
)
def test_what_a_node_cannot_end_is_said(problems, said, message, hint):
    inside = (box("each"), ends("x", "each"), box("tidy", "group"), ends("t", "tidy"))
    assert problems(ends("a", **said), *inside) == [("a", message, hint)]


def test_a_stop_gives_the_container_it_is_in_nothing(flow):
    stop = node_("enough", "when=x", kind="stop", options=Options(inside="tidy"))
    made = flow(box("tidy", "group"), ends("x", "tidy"), ends("y", "tidy"), stop)
    [group] = compile_plan(made, REGISTRY).steps
    assert [name for name, _ in group.inside.blocks[""].gives] == ["y"]


def test_the_status_of_a_stop_is_part_of_the_plan(flow):
    made = flow(node_("a"), node_("s", "when=a", kind="stop", config={"status": "failed"}))
    assert [step.ends for step in compile_plan(made, REGISTRY).steps] == ["", "failed"]
