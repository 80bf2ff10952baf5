"""A run with containers, at every door that tells of runs."""

from __future__ import annotations

import io

import pytest
from tests.run.histories import containers

import flowbook
from flowbook.cli.live import follow
from flowbook.errors import UnknownNode
from flowbook.events import RunStatus
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import NodeId, PortName
from flowbook.nodes.containers import MapNode
from flowbook.run.view import view
from flowbook.session.desk import Desk
from flowbook.session.progress import Board, narrate
from flowbook.session.saved import picture
from flowbook.widget.closeup import details
from flowbook.widget.protocol import Inspect
from flowbook.widget.publisher import Publisher


@pytest.fixture
def flow(project):
    made = flowbook.Flow("halves", host=project)

    @made.node
    def numbers():
        return [0, 1, 2]

    items = InputSpec(PortName("items"), wire=Wire(NodeId("numbers")))
    made.add(MapNode(NodeSpec(NodeId("each"), kind="map", inputs=(items,))))

    @made.node(inside="each")
    def half(item):
        print(f"half of {item}")
        if item == 1:
            raise ValueError("no half of 1")
        return item / 2

    @made.node(inside="each")
    def told(half, index):
        return f"{index}: {half}"

    @made.node
    def total(each_values):
        return len(each_values)

    return made


def test_the_stored_state_has_every_turn_and_by_a_plain_name_the_latest(flow):
    run = flow.run()
    saved = flow.state(run.id)
    assert [one.node for one in saved.nodes] == ["numbers", "each", "total"]
    assert saved["each"].turns == "3/3 (1 failed)"
    assert saved["each[1].half"].error.message == "no half of 1"
    assert saved["each[1].told"].status == "skipped"
    assert saved["told"] is saved["each[2].told"]
    assert "succeeded   3/3 (1 failed)" in repr(saved)
    with pytest.raises(UnknownNode):
        saved["each[9].half"]


def test_what_waits_inside_waits_for_its_own_turn(flow):
    run = flow.run()
    events = run.events()
    seq = next(e.seq for e in events if getattr(e, "scope", "") == "each[0]" and e.node == "half")
    before = flow.state(run.id, at=seq)
    assert before["each[0].told"].waits_for == ("each[0].half",)


def test_the_history_counts_no_failure_that_was_settled(flow, project):
    run = flow.run()
    row = project.history.run(run.id)
    assert (row.status, row.failed) == (RunStatus.SUCCEEDED, 0)
    each = next(one for one in project.history.node_runs(run.id) if one.node == "each")
    assert (each.turns_done, each.turns_total, each.turns_failed) == (3, 3, 1)
    _, turns = project.history.table("select turn, status from turns order by index")
    assert turns == [("each[0]", "succeeded"), ("each[1]", "failed"), ("each[2]", "succeeded")]


def test_a_log_tells_of_containers_and_of_the_first_failures_inside(flow):
    lines: list[str] = []
    narrate(flow.start(), lines.append)
    text = "".join(lines)
    assert "each[1].half  failed: ValueError: no half of 1" in text
    assert "each[0].half" not in text
    assert "3/3 (1 failed)" in text
    assert "halves: succeeded" in lines[-1]
    assert "(3 succeeded)" in lines[-1]


def test_a_run_is_followed_to_its_end(flow):
    stream = io.StringIO()
    assert follow(flow.start(), stream) is None
    assert "3/3 (1 failed)" in stream.getvalue()


def test_a_node_inside_is_shown_as_in_its_latest_turn_or_in_the_one_asked_for(flow, project):
    run = flow.run()
    desk = Desk(project, flow)
    last = details(desk.spec(), run, Inspect("v", NodeId("half")), desk.preview)
    assert last.scope in ("each[0]", "each[1]", "each[2]")
    one = details(desk.spec(), run, Inspect("v", NodeId("half"), "each[1]"), desk.preview)
    assert one.error.message == "no half of 1"
    assert [line.text.strip() for line in one.logs] == ["half of 1"]
    assert (one.scope, one.outputs) == ("each[1]", ())
    two = details(desk.spec(), run, Inspect("v", NodeId("half"), "each[2]"), desk.preview)
    assert two.outputs[0].preview.value == 1.0
    gone = details(desk.spec(), run, Inspect("v", NodeId("half"), "each[7]"), desk.preview)
    assert gone.run is None


def test_a_canvas_is_told_of_scopes(flow, project):
    flow.run()
    publisher = Publisher(Desk(project, flow), lambda _: None)
    try:
        told = publisher.snapshot()
    finally:
        publisher.close()
    kinds = [event["kind"] for event in told["run"]["events"]]
    assert kinds.count("SCOPE_CLOSED") == 3
    assert {node["name"]: node["options"].get("in") for node in told["flow"]["nodes"]} == {
        "numbers": None, "each": None, "half": "each", "told": "each", "total": None
    }  # fmt: skip


@pytest.mark.parametrize(("name", "play"), containers(), ids=[name for name, _ in containers()])
def test_no_history_with_containers_stops_a_board_or_a_picture(name, play):
    board = Board()
    for event in play.events:
        board.take(event)
        assert board.block(event.at, width=60, height=6)
    for until in range(1, len(play.events) + 1):
        assert repr(picture(play.events[:until], None))
    assert view(board.state)["nodes"]


def test_a_board_lists_no_turns_however_many_there_are():
    (play,) = [play for name, play in containers() if name == "map_under_way"]
    board = Board()
    for event in play.events:
        board.take(event)
    head, *lines = board.block(play.events[-1].at)
    assert "1/3 nodes" in head
    assert [line.split()[1] for line in lines] == ["cities", "each", "total"]
    assert "1/5 (1 failed)" in lines[1]
