"""What nodes say their calls used, as the history tells it."""

from __future__ import annotations

import threading
import time

import pytest

from flowbook.events import NodeUsed
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


def spending(project, name, begun=None, **options):
    class Spend(Node):
        """Uses something before and after it is told to stop."""

        kind = name
        outputs = (PortName("spent"),)

        def run(self, context, inputs):
            context.record_usage("acme", "early", prompt_tokens=1)
            if begun is not None:
                begun.set()
            while not context.cancelled():
                time.sleep(0.001)
            context.record_usage("acme", "late", prompt_tokens=2)
            return "spent"

    project.registry.register(Spend)
    return Spend(NodeSpec(NodeId(name), kind=name, options=Options(**options)))


def test_what_a_loser_of_a_join_used_is_not_lost(project):
    flow = Flow("racing", host=project)
    runs, begun = [], threading.Event()

    def told_late():
        used = (one.usage for one in runs[0].events() if isinstance(one, NodeUsed))
        return any(one.model == "late" for usage in used for one in usage)

    @flow.node
    def fast():
        return begun.wait(20)

    flow.add(spending(project, "slow", begun))

    @flow.node(join="any")
    def first(fast, slow):
        patience = time.monotonic() + 20
        while not (runs and told_late()) and time.monotonic() < patience:
            time.sleep(0.005)
        return fast

    runs.append(flow.start())
    assert runs[0].wait()["first"].output is True
    asked = "select node, attempt, model from usage order by model"
    assert project.history.table(asked)[1] == [("slow", 1, "early"), ("slow", 1, "late")]


def test_what_is_used_after_a_timeout_is_not_lost(project):
    flow = Flow("late", host=project)
    options = {"timeout": 0.1, "retries": 1, "backoff": Backoff(BackoffKind.FIXED, 0.7)}
    flow.add(spending(project, "late", **options))
    run = flow.start().wait()
    assert run["late"].attempts == 2
    found = project.history.table("select attempt, model from usage order by all")[1]
    assert found[:3] == [(1, "early"), (1, "late"), (2, "early")]
    project.store.fold()
    assert project.history.table("select attempt, model from usage order by all")[1] == found
