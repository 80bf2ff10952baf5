"""Cancelling and forcing completion: WCP-19, WCP-20, WCP-25 to WCP-27."""

from __future__ import annotations

from tests.patterns.log import done, waits

from flowbook.events import CancelRequested, NodeCompleted


def test_wcp_19_cancel_activity(flow, played):
    """It is withdrawn before it begins, and stopped after it has."""
    flow.wait_signal("withdrawn", cancels="shipped")
    flow.wait_signal("packed")

    @flow.node
    def address(packed):
        return "Oslo"

    flow.wait_signal("shipped", "address")

    @flow.node
    def billed(shipped):
        return "bill"

    run = waits(flow.start(), "withdrawn", "packed")
    run.signal("withdrawn")
    done(run, "shipped")
    run.signal("packed")
    log = played(run)
    assert log.cancelled == {"shipped": "withdrawn"}
    assert "shipped" not in log.began
    assert "address" in log.done  # the rest goes on
    assert "billed" in log.skipped

    run = waits(flow.start(), "withdrawn", "packed")
    run.signal("packed")
    waits(run, "shipped").signal("withdrawn")
    log = played(run)
    assert "shipped" in log.began
    assert log.cancelled == {"shipped": "withdrawn"}
    assert log.status == "succeeded"


def test_wcp_20_cancel_case(flow, played, project):
    flow.wait_signal("paid")
    with flow.map("each", [1, 2]):
        flow.wait_signal("packed")

    @flow.node
    def after(paid, each):
        return 1

    run = waits(flow.start(), "paid", "each[0].packed", "each[1].packed")
    project.cancel(run.id, "the customer left")
    log = played(run)
    assert log.status == "cancelled"
    assert {*log.cancelled} == {"paid", "each", "each[0].packed", "each[1].packed", "after"}
    assert "after" not in log.began
    [asked] = [event for event in log.events if isinstance(event, CancelRequested)]
    assert asked.reason == "the customer left"


def test_wcp_25_cancel_region(flow, played):
    """A region is what a node names, connected or not; a container goes with all inside of it."""
    flow.wait_signal("called_off", cancels="hotel, flight, trips")
    flow.wait_signal("hotel")
    flow.wait_signal("flight")
    with flow.map("trips", [1, 2]):
        flow.wait_signal("booked", signal="booked {{ item }}", inputs={"item": ...})

    flow.wait_signal("insurance")
    run = waits(
        flow.start(),
        *("called_off", "hotel", "flight", "insurance", "trips[0].booked", "trips[1].booked"),
    )
    run.signal("booked 1")
    done(run, "trips[0].booked")
    run.signal("called_off")
    done(run, "trips")
    run.signal("insurance")
    log = played(run)
    region = {"hotel", "flight", "trips"}
    assert {node: by for node, by in log.cancelled.items() if node in region} == dict.fromkeys(
        region, "called_off"
    )
    assert {*log.cancelled} == {*region, "trips[1].booked"}
    assert {"trips[0].booked", "insurance"} <= {*log.done}
    assert log.status == "succeeded"


def instances(flow, **ends):
    """Three instances that wait, what would end them, and what follows."""
    flow.wait_signal("ends", **ends)
    with flow.map("each", [0, 1, 2]):
        flow.wait_signal("answer", signal="answer {{ item }}", inputs={"item": ...})

    @flow.node
    def after(each_values):
        return each_values

    run = waits(flow.start(), "ends", *(f"each[{at}].answer" for at in range(3)))
    run.signal("answer 1", 1)
    done(run, "each[1].answer")
    run.signal("ends")
    return run


def test_wcp_26_cancel_multiple_instance_activity(flow, played):
    log = played(instances(flow, cancels="each"))
    assert log.cancelled == {"each": "ends", "each[0].answer": None, "each[2].answer": None}
    assert "each[1].answer" in log.done  # what was done stays done
    assert sorted(log.turns("each")) == [(0, "cancelled"), (1, "succeeded"), (2, "cancelled")]
    assert "after" in log.skipped
    assert log.status == "succeeded"


def test_wcp_27_complete_multiple_instance_activity(flow, played):
    log = played(instances(flow, completes="each"))
    assert {*log.cancelled} == {"each[0].answer", "each[2].answer"}
    assert sorted(log.turns("each")) == [(0, "cancelled"), (1, "succeeded"), (2, "cancelled")]
    assert log.follows("after", "each")
    assert log.at("ends", NodeCompleted) < log.at("each", NodeCompleted)
    assert log["after"] == [1]
    assert log.status == "succeeded"
