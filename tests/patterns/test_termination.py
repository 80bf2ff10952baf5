"""How a case ends: WCP-11 and WCP-43."""

from __future__ import annotations

import pytest
from tests.patterns.kinds import choice
from tests.patterns.log import waits

from flowbook.errors import RunFailed
from flowbook.events import CancelRequested, NodeCompleted


def test_wcp_11_implicit_termination(flow, played):
    @flow.node
    def first():
        return 1

    flow.wait_signal("late")

    @flow.node
    def last(late):
        return late

    run = waits(flow.start(), "late")
    assert run["first"].outcome == "succeeded"
    assert not run.status.over  # one way has come to its end, the other has not
    run.signal("late")
    log = played(run)
    assert log.status == "succeeded"
    assert log.done[-1] == "last"
    assert not log.cancelled


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_wcp_43_explicit_termination(flow, played, status):
    flow.wait_signal("goes_on")
    with flow.map("each", [1, 2]):
        flow.wait_signal("answer", signal="answer {{ item }}", inputs={"item": ...})

    @flow.node
    def after(goes_on):
        return goes_on

    left = choice(flow, "left", none="value == 0")
    flow.stop("end", left.none, status=status, message="sold out")
    log = played(given=0)
    assert log.status == status
    assert {"goes_on", "each", "after"} <= {*log.cancelled}
    [asked] = [event for event in log.events if isinstance(event, CancelRequested)]
    assert (asked.node, asked.status, asked.reason) == ("end", status, "sold out")
    assert log.events.index(asked) > log.at("end", NodeCompleted)
    assert not any(isinstance(e, NodeCompleted) for e in log.events[log.events.index(asked) :])


def test_a_run_that_a_node_stopped_as_failed_names_that_node(flow):
    @flow.node
    def stock():
        return 0

    flow.stop("sold_out", stock, status="failed", message="nothing left")
    with pytest.raises(RunFailed, match="failed: nothing left") as met:
        flow.run().raise_for_status()
    assert met.value.node == "sold_out"
