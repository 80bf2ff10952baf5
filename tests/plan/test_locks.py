"""Locks that would never be had are said before anything runs."""

from __future__ import annotations

import pytest

from flowbook.graph.options import parse_options
from flowbook.graph.registry import Registry
from flowbook.nodes.containers import GroupNode
from flowbook.plan.check import check

from .conftest import Code, node_


@pytest.fixture
def problems(flow):
    registry = Registry([Code, GroupNode])
    return lambda *nodes: [(p.node, p.message) for p in check(flow(*nodes), registry)]


def locked(name, lock="", inside="", kind="python"):
    options = parse_options({"lock": lock, "inside": inside})
    return node_(name, kind=kind, outputs=(name,), options=options)


def test_nodes_beside_each_other_may_have_the_same_lock(problems):
    made = (locked("a", "till", kind="group"), locked("x", "", "a"), locked("b", "till, safe"))
    assert problems(*made) == []


def test_a_lock_that_is_held_around_a_node_is_never_had(problems):
    made = (
        locked("a", "till", kind="group"),
        locked("g", "", "a", "group"),
        locked("x", "till", "g"),
    )
    assert problems(*made) == [("x", "it waits for lock 'till', which 'a' around it holds")]


def test_locks_that_may_wait_for_each_other_are_refused(problems):
    def pair(name, outer, inner):
        return locked(name, outer, kind="group"), locked(f"in_{name}", inner, name)

    assert problems(*pair("a", "till", "safe"), *pair("b", "till", "safe")) == []
    made = (*pair("a", "till", "safe"), *pair("b", "safe", "key"), *pair("c", "key", "till"))
    assert [node for node, _ in problems(*made)] == ["in_a", "in_b", "in_c"]
