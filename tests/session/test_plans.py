"""A plan is made again when the flow has changed, and only then."""

from __future__ import annotations

import pytest

from flowbook.errors import InvalidFlow
from flowbook.graph.flow import Flow
from flowbook.graph.node import Node
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId


@pytest.fixture
def flow(project):
    flow = Flow("tour", host=project)

    @flow.node
    def first():
        return 1

    return flow


def test_an_unchanged_flow_has_one_plan(flow, project):
    assert project.plan(flow) is project.plan(flow)


def test_a_change_makes_another(flow, project):
    before = project.plan(flow)

    @flow.node
    def second(first):
        return first + 1

    assert "second" in project.plan(flow).index
    flow.undo()
    assert project.plan(flow).index == before.index
    assert flow.run()["first"].output == 1


def test_a_function_that_is_defined_anew_is_what_runs(flow):
    assert flow.run()["first"].output == 1

    @flow.node
    def first():
        return 2

    assert flow.run()["first"].output == 2


def test_what_cannot_be_planned_is_looked_at_again(flow, project):
    @flow.node
    def lost(nobody):
        return nobody

    for _ in range(2):
        with pytest.raises(InvalidFlow):
            project.plan(flow)

    @flow.node
    def nobody():
        return 1

    assert "lost" in project.plan(flow).index


def test_a_kind_that_comes_with_a_node_object_counts(project):
    class One(Node):
        kind = "one_thing"

        def run(self, context, inputs):
            return 1

    flow = Flow("own", host=project)
    flow.add(One(NodeSpec(NodeId("a"), kind="one_thing", outputs=("value",))))
    assert project.plan(flow) is project.plan(flow)
    assert flow.run()["a"].output == 1
