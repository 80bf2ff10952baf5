"""Whoever runs a flow at the keyboard is not kept waiting for people and for tomorrow."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

import flowbook
from flowbook import Suspend, resumption
from flowbook.events import RunStatus
from flowbook.session.project import Project

FAR = datetime(2999, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    yield project
    for run in project.engine.runs:
        run.cancel()
    project.close()


def waits(flow, name="paid", **wish):
    def node():
        came = resumption()
        return Suspend(f"payment of {name}", **wish) if came is None else came.payload

    node.__name__ = name
    return flow.node(node)


def test_a_run_that_waits_for_a_signal_is_returned_and_goes_on(project):
    flow = flowbook.Flow("orders", host=project)
    paid = waits(flow, signal="paid")

    @flow.node
    def beside():
        time.sleep(0.3)
        return 1

    @flow.node
    def receipt(amount=paid):
        return f"received {amount}"

    run = flow.run()
    assert (run.status, run["beside"].output) == (RunStatus.SUSPENDED, 1)  # it did what it could
    assert "paid waits for payment of paid" in repr(run)
    assert "paid waits for payment of paid" in run._repr_html_()
    flow.signal(run.id, "paid", 7)
    assert run.wait(30)["receipt"].output == "received 7"
    assert "waits for" not in repr(run)


def test_until_when_it_waits_is_said(project):
    flow = flowbook.Flow("orders", host=project)
    waits(flow, until=FAR)
    waits(flow, name="asked", signal="asked", timeout=timedelta(days=2).total_seconds())
    text = repr(flow.run())
    assert "paid waits for payment of paid, until 2999-01-02 03:04:05 UTC" in text
    assert "asked waits for payment of asked, at most until 20" in text


def test_a_moment_is_waited_for(project):
    flow = flowbook.Flow("orders", host=project)
    waits(flow, until=0.5)
    assert flow.run().status is RunStatus.SUCCEEDED


def test_a_run_that_calls_one_that_waits_is_returned_too(project):
    inner, outer = flowbook.Flow("inner", host=project), flowbook.Flow("outer", host=project)
    waits(inner, signal="paid")
    outer.call(inner, name="sub")
    run = outer.run()
    assert run.status is RunStatus.RUNNING
    assert "sub > paid waits for payment of paid" in repr(run)
    inner.signal(run.children[0].id, "paid", 5)
    assert run.wait(30)["sub"].output["child_output"] == {"paid": 5}


def test_a_key_that_another_run_has_returns_it_suspended(project):
    flow = flowbook.Flow("orders", host=project)
    waits(flow, signal="paid")
    first = flow.run(key="today")
    assert flow.run(key="today") is first


def test_how_far_a_container_is_stands_beside_its_run(project):
    flow = flowbook.Flow("rows", host=project)

    @flow.node
    def rows():
        return list(range(5))

    with flow.map("each", rows, continue_on_error=True):

        @flow.node
        def half(item):
            return 6 // (item - 2)

    run = flow.run()
    assert "each 5/5 (1 failed)" in repr(run)
    assert "<td>5/5 (1 failed)" in run._repr_html_()
