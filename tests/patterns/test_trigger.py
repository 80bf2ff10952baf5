"""Signals from outside: WCP-23 and WCP-24."""

from __future__ import annotations

from tests.patterns.log import waits

from flowbook.events import NodeResumed, NodeSuspended


def triggered(flow, **settings):
    flow.wait_signal("ready")
    flow.wait_signal("trigger", "ready", **settings)

    @flow.node
    def after(trigger):
        return trigger

    return waits(flow.start(), "ready")


def test_wcp_23_transient_trigger(flow, played):
    run = triggered(flow, fresh=True)
    run.signal("trigger", "early")  # nobody waits for it: it is lost
    run.signal("ready")
    waits(run, "trigger")
    assert run["after"].outcome is None
    run.signal("trigger", "in time")
    log = played(run)
    assert log["after"] == "in time"
    assert log.of(NodeResumed).count("trigger") == 1


def test_wcp_24_persistent_trigger(flow, played):
    run = triggered(flow)
    run.signal("trigger", "early")  # nobody waits for it: it is kept
    assert run["trigger"].attempts == 0
    run.signal("ready")
    log = played(run)
    assert log["after"] == "early"
    assert log.at("trigger", NodeSuspended) < log.at("trigger", NodeResumed)
