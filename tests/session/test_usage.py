"""What nodes say their calls used, as the history tells it."""

from __future__ import annotations

import pytest

from flowbook.graph.choices import Backoff, BackoffKind, On
from flowbook.graph.flow import Flow
from flowbook.graph.node import Node
from flowbook.graph.options import Options
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId, PortName


class Ask(Node):
    """Two calls a go; the first go fails after them."""

    kind = "ask"
    outputs = (PortName("answer"),)

    def run(self, context, inputs):
        context.record_usage("acme", "small", prompt_tokens=10, completion_tokens=2, cost=0.25)
        context.record_usage("acme", "small", prompt_tokens=context.attempt, is_estimate=True)
        if context.attempt == 1:
            raise ConnectionError("busy")
        return "yes"


def asking(project, on, **options):
    project.registry.register(Ask)
    flow = Flow("asking", host=project, **options)
    said = Options(on=On(on), retries=1, backoff=Backoff(BackoffKind.FIXED, 0.01))
    flow.add(Ask(NodeSpec(NodeId("asked"), kind="ask", options=said)))
    return flow


TOLD = [
    ("asked", 1, "small", 12, 0.25, False),
    ("asked", 1, "small", 1, None, True),
    ("asked", 2, "small", 12, 0.25, False),
    ("asked", 2, "small", 2, None, True),
]
QUERY = (
    "select node, attempt, model, total_tokens, cost, is_estimate from usage "
    "order by attempt, is_estimate"
)


@pytest.mark.parametrize("on", ["inline", "thread", "process"])
def test_the_history_knows_what_every_attempt_used(project, on):
    assert asking(project, on).run()["asked"].output == "yes"
    assert project.history.table(QUERY)[1] == TOLD
    assert len(project.history.sql("select * from usage")) == 4


def test_it_is_the_same_once_it_is_folded_and_verified(project):
    asking(project, "thread").run()
    project.store.fold()
    assert project.history.table(QUERY)[1] == TOLD
    assert project.store.verify().ok


def test_a_summary_tells_all_of_it(project):
    asking(project, "thread", journal="summary").run()
    assert project.history.table(QUERY)[1] == TOLD
