"""What may happen depends on what has: WCP-16 to WCP-18, WCP-39 and WCP-40."""

from __future__ import annotations

import itertools
import time

from tests.patterns.log import done, waits

from flowbook.events import NodeCompleted


def test_wcp_16_deferred_choice(flow, played):
    flow.wait_signal("accepted", cancels="refused")
    flow.wait_signal("refused", cancels="accepted")

    @flow.node
    def deliver(accepted):
        return "delivered"

    @flow.node
    def restock(refused):
        return "restocked"

    for taken, then, other, never in (
        ("accepted", "deliver", "refused", "restock"),
        ("refused", "restock", "accepted", "deliver"),
    ):
        run = waits(flow.start(), "accepted", "refused")  # both are offered
        run.signal(taken)
        run.signal(other)  # comes too late
        log = played(run)
        assert log.done == [taken, then]
        assert log.cancelled == {other: taken}
        assert never in log.skipped
        assert log.status == "succeeded"


def one_at_a_time(log, *nodes):
    return log.most_at_once(*nodes) == 1 and {*nodes} <= {*log.done}


def test_wcp_17_interleaved_parallel_routing(flow, played):
    """Two sequences, in any order between them, and never two of their nodes at once."""
    for name, before in (("a1", None), ("a2", "a1"), ("b1", None), ("b2", "b1")):
        step(flow, name, before, lock="bench")
    log = played()
    assert one_at_a_time(log, "a1", "a2", "b1", "b2")
    assert log.follows("a2", "a1")
    assert log.follows("b2", "b1")


def step(flow, name, before=None, **options):
    """A node of that name that takes a moment, behind another one."""

    def work(earlier=None):
        time.sleep(0.01)

    def first():
        time.sleep(0.01)

    function = first
    if before is not None:
        function = work
        function.__defaults__ = (flow[before],)
    function.__name__ = name
    flow.node(**options)(function)


def test_wcp_18_milestone(flow, played):
    """A change is taken while the order is open: not before it is, nor once it is closed."""
    flow.wait_signal("opened")
    flow.wait_signal("close", "opened", cancels="change")
    flow.wait_signal("change", "opened")

    @flow.node
    def changed(change):
        return change

    run = waits(flow.start(), "opened")
    assert run["change"].attempts == 0  # the milestone is not reached
    run.signal("opened")
    waits(run, "change", "close").signal("change", "blue")
    done(run, "changed")
    run.signal("close")
    log = played(run)
    assert log["changed"] == "blue"
    assert log.at("changed", NodeCompleted) < log.at("close", NodeCompleted)

    run = waits(flow.start(), "opened")
    run.signal("opened")
    waits(run, "change", "close").signal("close")  # the milestone has passed
    run.signal("change", "blue")
    log = played(run)
    assert log.cancelled == {"change": "close"}
    assert "changed" in log.skipped
    assert log.status == "succeeded"


def test_wcp_39_critical_section(flow, played):
    sections = []
    for name in ("a", "b", "c"):
        with flow.group(name, lock="bench"):
            step(flow, f"{name}1")
            step(flow, f"{name}2", f"{name}1")
        sections.append([f"{name}.{name}1", f"{name}.{name}2"])
    log = played()
    assert log.most_at_once("a", "b", "c") == 1
    inner = [path for path in log.began if "." in path]
    # whoever has begun comes to its end before another begins
    orders = itertools.permutations(sections)
    assert inner in [[*itertools.chain(*order)] for order in orders]


def test_wcp_40_interleaved_routing(flow, played):
    """Some activities, each once, in whatever order, one at a time."""
    for name in "abcd":
        step(flow, name, lock="bench")

    @flow.node
    def after(a, b, c, d):
        return "all"

    log = played()
    assert one_at_a_time(log, *"abcd")
    assert sorted(log.began) == ["a", "after", "b", "c", "d"]
    assert log.follows("after", *"abcd")
