"""How the runs of a flow went, as its drawing asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.widget.stage import FakeHost

from flowbook.graph.flow import Flow
from flowbook.session.desk import Desk
from flowbook.session.project import Project
from flowbook.store.figures import Overview, PathStats
from flowbook.widget.answering.statistics import ANSWERS
from flowbook.widget.protocol import read, write
from flowbook.widget.statistics_protocol import AskStatistics, EdgeTaken


def answer(host, **asked):
    message = read({"type": "ASK_STATS", "view": "v", "rid": 3, **asked})
    return ANSWERS[type(message)](host, message)


def test_a_flow_that_never_ran_has_no_figures():
    found = answer(FakeHost())
    assert (found.view, found.rid, found.runs, found.nodes, found.edges) == ("v", 3, 0, (), ())


def test_the_time_that_is_asked_for_is_handed_on_in_utc():
    host = FakeHost()
    answer(host, since=86_400.0)
    assert host.past.asked_since == datetime(1970, 1, 2, tzinfo=UTC)
    answer(host)
    assert host.past.asked_since is None


@pytest.fixture
def desk(tmp_path):
    project = Project(tmp_path)
    flow = Flow("report", host=project)

    @flow.node
    def orders(count: int = 1):
        return [count]

    @flow.node
    def total(orders):
        return 1 / sum(orders)

    flow.run(count=2)
    flow.start(count=0).wait()
    yield Desk(project, flow)
    project.close()


def test_nodes_and_edges_of_real_runs_are_told(desk):
    found = answer(desk)
    assert found.runs == 2
    timed = {one.node: (one.runs, one.failed, one.path, one.of) for one in found.nodes}
    assert timed == {"orders": (2, 0, 2, 2), "total": (2, 1, 2, 2)}
    assert found.edges == (EdgeTaken("orders", "orders", "total", "orders", 2, 2),)
    assert write(found)["type"] == "STATS"


def test_a_path_counts_for_its_node_only(desk):
    host = FakeHost()
    host.past.figures = replace(
        host.past.figures,
        overview=Overview(runs=4),
        nodes=desk.past.stats().nodes,
        path=(PathStats("orders", 3, 4, 1.0, 0.5),),
    )
    found = ANSWERS[AskStatistics](host, AskStatistics("v", 1))
    assert {one.node: (one.path, one.of) for one in found.nodes} == {
        "orders": (3, 4),
        "total": (0, 0),
    }
