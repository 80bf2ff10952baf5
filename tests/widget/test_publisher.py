from __future__ import annotations

import time

import pytest
from tests.widget.stage import FakeHost, FakeNodeRun, FakeRun, completed, over, started

from flowbook.graph.node import Progress
from flowbook.graph.spec import Position
from flowbook.ids import NodeId
from flowbook.run.perform import NodeProgress
from flowbook.run.stream import NodeStream
from flowbook.widget.publisher import Publisher

PATIENCE = 5.0


class Heard(list):
    """What a view would have received."""

    def wait(self, wanted):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = next((message for message in self if wanted(message)), None)
            if found is not None:
                return found
            time.sleep(0.002)
        raise AssertionError(f"never came; heard {[m['type'] for m in self]}")

    def of(self, kind):
        return self.wait(lambda message: message["type"] == kind)


@pytest.fixture
def publish():
    opened = []

    def start(host):
        heard = Heard()
        publisher = Publisher(host, heard.append)
        opened.append(publisher)
        return publisher, heard

    yield start
    for publisher in opened:
        publisher.close()


def test_a_greeting_is_answered_with_everything(publish):
    publisher, heard = publish(FakeHost(FakeRun()))
    publisher.receive({"type": "HELLO", "view": "v"}).result(PATIENCE)
    shown = heard.of("SNAPSHOT")
    assert [node["name"] for node in shown["flow"]["nodes"]] == ["clean", "fetch"]
    assert shown["run"]["events"][0]["kind"] == "RUN_CREATED"


def test_what_a_run_does_is_told_in_order_and_without_holes(publish):
    host = FakeHost()
    publisher, heard = publish(host)
    publisher.receive({"type": "RUN", "params": {"city": "Bergen"}}).result(PATIENCE)
    assert host.started_with == [{"city": "Bergen"}]
    heard.wait(lambda message: (message.get("run") or {}).get("run") == "run-1")
    for seq in range(1, 40):
        host.run.happen(started(seq))
    host.run.happen(over(40))
    heard.wait(lambda m: any(e["kind"] == "RUN_COMPLETED" for e in m.get("events", ())))
    seqs = [message["seq"] for message in heard]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    told = [event["seq"] for message in heard for event in message.get("events", ())]
    assert told == list(range(1, 41))
    assert len(heard) < 20


def test_no_more_than_twenty_messages_a_second(publish):
    host = FakeHost(FakeRun())
    publisher, heard = publish(host)
    publisher.receive({"type": "HELLO", "view": "v"}).result(PATIENCE)
    heard.of("SNAPSHOT")
    before, began = len(heard), time.monotonic()
    for seq in range(1, 200):
        host.run.happen(started(seq))
        time.sleep(0.001)
    elapsed = time.monotonic() - began
    assert len(heard) - before <= elapsed / 0.05 + 1


def test_progress_goes_out_beside_the_facts(publish):
    host = FakeHost(FakeRun())
    publisher, heard = publish(host)
    publisher.receive({"type": "HELLO", "view": "v"}).result(PATIENCE)
    heard.of("SNAPSHOT")
    host.run.notice(NodeProgress(NodeId("fetch"), Progress(3, 10, "page 3")))
    told = heard.of("BATCH")["progress"][0]
    assert told == {"node": "fetch", "done": 3.0, "total": 10.0, "text": "page 3"}


def test_progress_of_a_turn_is_that_of_the_node_inside(publish):
    host = FakeHost(FakeRun())
    publisher, heard = publish(host)
    publisher.receive({"type": "HELLO", "view": "v"}).result(PATIENCE)
    heard.of("SNAPSHOT")
    host.run.notice(NodeProgress(NodeId("outer[0].each[3].fetch"), Progress(1)))
    assert heard.of("BATCH")["progress"][0]["node"] == "fetch"


def test_what_a_node_streams_names_the_node_and_its_turn(publish):
    host = FakeHost(FakeRun())
    publisher, heard = publish(host)
    publisher.receive({"type": "HELLO", "view": "v"}).result(PATIENCE)
    heard.of("SNAPSHOT")
    host.run.notice(NodeStream(NodeId("each[3].fetch"), 1, "token", "It rains", 4, 2))
    (told,) = heard.of("BATCH")["streams"]
    assert (told["node"], told["scope"], told["text"]) == ("fetch", "each[3]", "It rains")
    assert (told["chunk_index"], told["chunks"]) == (4, 2)


def test_cancel_reaches_the_run_and_is_refused_when_nothing_runs(publish):
    run = FakeRun()
    publisher, _ = publish(FakeHost(run))
    publisher.receive({"type": "CANCEL"}).result(PATIENCE)
    assert run.cancelled == ["cancelled on the canvas"]
    idle, heard = publish(FakeHost())
    idle.receive({"type": "CANCEL"}).result(PATIENCE)
    assert heard.of("REFUSED")["message"] == "nothing is running"


def test_a_start_that_is_refused_names_the_parameter(publish):
    publisher, heard = publish(FakeHost())
    publisher.receive({"type": "RUN", "params": {"city": 7}}).result(PATIENCE)
    refused = heard.of("REFUSED")
    assert refused["message"] == "1 parameter does not fit"
    assert refused["problems"][0]["hint"] == "write text"


def test_what_cannot_be_read_is_answered(publish):
    publisher, heard = publish(FakeHost())
    publisher.receive({"type": "CHEER"}).result(PATIENCE)
    assert "CHEER" in heard.of("REFUSED")["message"]


def test_a_host_that_fails_does_not_take_the_stream_down(publish):
    host = FakeHost()
    publisher, heard = publish(host)
    host.problems = lambda: 1 / 0
    publisher.receive({"type": "HELLO", "view": "v"}).result(PATIENCE)
    assert "lost track" in heard.of("REFUSED")["message"]
    del host.problems
    publisher.receive({"type": "HELLO", "view": "v"}).result(PATIENCE)
    heard.of("SNAPSHOT")


def test_moving_and_tidying_go_to_the_host_and_come_back(publish):
    host = FakeHost()
    publisher, heard = publish(host)
    publisher.receive({"type": "MOVE", "positions": {"clean": {"x": 9, "y": 8}}}).result(PATIENCE)
    assert host.places[NodeId("clean")] == Position(9.0, 8.0)
    heard.wait(lambda m: any(n["x"] == 9.0 for n in m.get("flow", {}).get("nodes", ())))
    publisher.receive({"type": "TIDY_UP"}).result(PATIENCE)
    assert host.tidied == 1


def test_details_go_to_the_view_that_asked(publish):
    run = FakeRun()
    run.nodes["fetch"] = FakeNodeRun(held_outputs={"rows": [1, 2]})
    publisher, heard = publish(FakeHost(run))
    publisher.receive({"type": "INSPECT", "view": "v7", "node": "fetch"}).result(PATIENCE)
    told = heard.of("DETAILS")
    assert (told["view"], told["outputs"][0]["preview"]["value"]) == ("v7", [1, 2])


def test_a_new_run_takes_the_place_of_the_last(publish):
    first = FakeRun()
    host = FakeHost(first)
    publisher, heard = publish(host)
    publisher.snapshot()
    host.start({})
    heard.wait(lambda message: (message.get("run") or {}).get("run") == "run-1")
    assert first.listeners == []
    assert len(host.run.listeners) == 1


def test_what_a_queued_run_waits_for_is_told_and_told_anew_when_it_changes(publish):
    run = FakeRun()
    run.told, run.waits_for = [], "max_runs=1 of tour"
    publisher, heard = publish(FakeHost(run))
    assert publisher.snapshot()["run"]["waits_for"] == "max_runs=1 of tour"
    for words in ("runs=8 of the project", ""):
        run.waits_for = words
        told = heard.wait(lambda m, words=words: (m.get("run") or {}).get("waits_for") == words)
        assert told["type"] == "SNAPSHOT"


def test_closing_leaves_host_and_run_alone(publish):
    run = FakeRun()
    host = FakeHost(run)
    publisher, heard = publish(host)
    publisher.snapshot()
    publisher.close()
    publisher.close()
    assert (run.listeners, host.watchers) == ([], [])
    run.happen(completed(1))
    assert not heard


def test_an_edit_is_done_and_its_number_comes_back(publish):
    host = FakeHost()
    publisher, heard = publish(host)
    edit = {"type": "RENAME_NODE", "old": "fetch", "new": "get"}
    publisher.receive({"type": "EDIT", "view": "v", "rid": 4, "edit": edit}).result(PATIENCE)
    assert heard.of("EDITED") == {
        "type": "EDITED",
        "view": "v",
        "rid": 4,
        "label": "Rename fetch to get",
        "nodes": [],
        "path": None,
        "note": "",
    }
    assert [node.id for node in host.definition.nodes] == ["clean", "get"]
    publisher.receive({"type": "UNDO", "view": "v", "rid": 5}).result(PATIENCE)
    undone = heard.wait(lambda message: message.get("rid") == 5)
    assert undone["label"] == "Undo Rename fetch to get"
    shown = heard.wait(lambda m: m["type"] == "SNAPSHOT" and m["flow"]["redo"] is not None)
    assert shown["flow"]["undo"] is None


def test_an_edit_that_is_refused_tells_the_view_that_asked(publish):
    host = FakeHost()
    publisher, heard = publish(host)
    edit = {"type": "REMOVE_NODE", "node": "nobody"}
    publisher.receive({"type": "EDIT", "view": "v", "rid": 9, "edit": edit}).result(PATIENCE)
    refused = heard.of("REFUSED")
    assert (refused["view"], refused["rid"]) == ("v", 9)
    assert "nobody" in refused["message"]
