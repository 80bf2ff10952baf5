"""A desk keeps the layout outside the kernel and tells views when to look again."""

from __future__ import annotations

import threading
from queue import Queue

import pytest

import flowbook
from flowbook.graph.spec import Position
from flowbook.ids import NodeId
from flowbook.session.desk import Desk
from flowbook.session.project import Project
from flowbook.widget.publisher import Publisher


@pytest.fixture
def flow(project):
    made = flowbook.Flow("pair", host=project)

    @made.node
    def one():
        return 1

    @made.node
    def two(one=one):
        return one + 1

    return made


def test_every_node_has_a_place_before_anyone_moved_it(project, flow):
    places = Desk(project, flow).positions()
    assert places[NodeId("one")].x < places[NodeId("two")].x


def test_a_moved_node_stays_where_it_was_put_in_a_new_kernel(project, flow):
    Desk(project, flow).move({NodeId("two"): Position(700, 70)})
    fresh = flowbook.Flow("pair")
    fresh.replace_spec(flow.spec())
    assert Desk(Project(project.path), fresh).positions()[NodeId("two")] == Position(700, 70)


def test_tidying_forgets_the_places_and_can_be_undone(project, flow):
    desk = Desk(project, flow)
    before = desk.positions()
    desk.move({NodeId("two"): Position(700, 70)})
    desk.tidy()
    assert desk.positions() == before


def test_a_damaged_layout_file_is_no_reason_to_fail(project, flow):
    desk = Desk(project, flow)
    desk.move({NodeId("two"): Position(700, 70)})
    (project.path / ".flowbook" / "layouts" / "pair.json").write_text("[]")
    assert set(Desk(project, flow).positions()) == {"one", "two"}


def test_views_hear_of_edits_and_of_runs_until_they_stop_listening(project, flow):
    heard: list[int] = []
    stop = Desk(project, flow).observe(lambda: heard.append(1))
    flow.run()
    assert heard
    stop()
    heard.clear()
    flow.run()
    assert heard == []


def test_a_view_is_told_what_a_queued_run_waits_for_until_it_begins(project):
    flow, gate = flowbook.Flow("gated", host=project, max_runs=1), threading.Event()

    @flow.node
    def wait():
        gate.wait(10)

    told: Queue[dict] = Queue()
    first = flow.start()
    publisher = Publisher(Desk(project, flow), told.put)
    try:
        second = flow.start()
        while (shown := told.get(timeout=10).get("run") or {}).get("run") != second.id:
            pass
        assert (shown["waits_for"], shown["events"]) == ("max_runs=1 of gated", [])
        gate.set()
        while not any(one["kind"] == "RUN_COMPLETED" for one in _facts(told.get(timeout=10))):
            pass
    finally:
        gate.set()
        publisher.close()
    assert first.wait(10).status is second.wait(10).status is flowbook.RunStatus.SUCCEEDED


def _facts(message):
    return message["run"]["events"] if message["type"] == "SNAPSHOT" else message["events"]
