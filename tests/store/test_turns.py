"""What the history says of containers and of the nodes inside."""

import json
from pathlib import Path

import pytest

from flowbook.events import NodeCompleted, RunCompleted, RunCreated, RunStatus, decode
from flowbook.events.values import Usage

from .test_archive import switch

GOLDEN = Path(__file__).parents[1] / "golden" / "runs"


def events_of(name):
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return [decode(json.dumps(event)) for event in golden["events"]]


@pytest.fixture(params=["journalled", "folded", "folded twice"])
def kept(request, store):
    """Appends a history of the goldens; returns its events."""

    def kept(name):
        events = events_of(name)
        cuts = {"journalled": [], "folded": [len(events)]}.get(request.param, [len(events) // 2])
        for part in (events[: cuts[0]], events[cuts[0] :]) if cuts else (events,):
            if part:
                store.sink.append(part).result(5)
                if cuts:
                    store.fold()
        return events

    return kept


def rows(store, query):
    return store.history.table(query)[1]


def test_a_node_inside_has_a_row_for_each_turn(store, kept):
    kept("map_with_failures")
    assert rows(
        store,
        "select scope, node, status, attempts from node_runs where scope <> '' order by all",
    ) == [
        ("each[0]", "clean", "skipped", 0),
        ("each[0]", "fetch", "failed", 1),
        ("each[1]", "clean", "succeeded", 1),
        ("each[1]", "fetch", "succeeded", 1),
        ("each[2]", "clean", "succeeded", 1),
        ("each[2]", "fetch", "succeeded", 1),
    ]


def test_a_container_says_how_its_turns_went(store, kept):
    (created, *_) = kept("map_with_failures")
    nodes = {row.key: row for row in store.history.node_runs(created.run)}
    each = nodes["each"]
    assert (each.turns_done, each.turns_total, each.turns_failed) == (3, 3, 1)
    assert each.duration_ms == 12.5  # its own, not that of its last turn
    assert nodes["total"].turns_total is None
    assert nodes["each[0].fetch"].error == "ValueError: boom"
    inside = store.history.node_runs(created.run, scope="each[0]")
    assert [row.node for row in inside] == ["fetch", "clean"]
    outside = store.history.node_runs(created.run, scope="")
    assert [row.node for row in outside] == ["cities", "each", "total"]


def test_a_turn_that_was_begun_anew_counts_once(store, kept):
    (created, *_) = kept("map_item_begun_anew")
    (each,) = [row for row in store.history.node_runs(created.run) if row.node == "each"]
    assert (each.status, each.turns_done, each.turns_failed) == ("running", 1, 1)


def test_there_is_a_row_for_every_item(store, kept):
    kept("map_with_failures")
    assert rows(
        store,
        """select scope, node, block, index, turn, status, attempts, duration_ms > 0, error,
                  ended_at > started_at from turns order by index""",
    ) == [
        ("", "each", "", 0, "each[0]", "failed", 1, True, "ValueError: boom", True),
        ("", "each", "", 1, "each[1]", "succeeded", 1, True, None, True),
        ("", "each", "", 2, "each[2]", "succeeded", 1, True, None, True),
    ]


def test_turns_of_blocks_and_of_containers_inside_of_others_have_their_paths(store, kept):
    kept("caught_and_finished")
    assert rows(store, "select turn, block, index, status from turns order by started_at") == [
        ("guard", "", None, "failed"),
        ("guard.catch", "catch", None, "succeeded"),
        ("guard.finally", "finally", None, "succeeded"),
    ]


def test_the_turn_of_a_container_in_a_turn_is_named_by_both(store, kept):
    kept("group_in_a_loop")
    found = dict(rows(store, "select turn, scope from turns"))
    assert found == {
        "each[0]": "", "each[0].tidy": "each[0]", "each[1]": "", "each[1].tidy": "each[1]"
    }  # fmt: skip
    inside = "select count(*) from node_runs join turns on turns.turn = node_runs.scope"
    assert rows(store, inside) == [(7,)]  # what waits in the last one has no row yet


def test_a_caught_failure_is_no_failed_node_of_the_run(store, kept):
    (created, *_) = kept("caught_and_finished")
    run = store.history.run(created.run)
    assert (run.status, run.failed, run.nodes) == (RunStatus.SUCCEEDED, 0, 2)


def test_a_turn_that_goes_on_is_cancelled_when_its_run_ends_without_it(store):
    events = events_of("map_under_way")
    last = events[-1]
    over = RunCompleted(
        run=last.run, seq=last.seq + 1, at=last.at + 1, status=RunStatus.CANCELLED, ms=1.0
    )
    store.sink.append(events).result(5)
    going = rows(store, "select count(*) from turns where status = 'running' and ended_at is null")
    assert going[0][0] > 0
    store.sink.append([over]).result(5)
    ended = "select count(*) from turns where status = 'cancelled' and ended_at is not null"
    assert rows(store, ended) == going


def test_a_run_that_waits_inside_of_a_container_is_suspended(store, kept):
    (created, *_) = kept("suspended_inside")
    assert store.history.run(created.run).status is RunStatus.SUSPENDED


def test_a_turn_that_was_left_keeps_no_run_waiting(store, kept):
    (created, *_) = kept("left_while_it_waited")
    assert store.history.run(created.run).status is RunStatus.RUNNING
    inside = store.history.node_runs(created.run, scope="each[0]")
    assert {row.node: row.status for row in inside} == {"stop": "succeeded", "approve": "cancelled"}


def test_events_values_and_usage_say_inside_of_what_they_came(store):
    run = events_of("map_with_failures")
    last = run[-2]
    billed = NodeCompleted(
        run=last.run, seq=900, at=last.at, node="ask", scope="each[1]", attempt=1, ms=1.0,
        usage=(Usage("local", "tiny", 3, 4, 7),),
    )  # fmt: skip
    store.sink.append([*run[:-1], billed]).result(5)
    for _ in ("journalled", "folded"):
        assert rows(store, "select scope from usage") == [("each[1]",)]
        assert rows(store, "select scope, node from \"values\" where scope <> '' order by all") == [
            ("each[1]", "clean"), ("each[1]", "fetch"),
            ("each[2]", "clean"), ("each[2]", "fetch"),
        ]  # fmt: skip
        assert rows(store, "select count(*) from events where scope is null") == [(0,)]
        store.fold()


@pytest.mark.parametrize("name", ["map_item_begun_anew", "group_tried_again", "map_recovered"])
def test_verify_and_rebuild_know_scopes(store, name):
    switch(store, True)
    events = events_of(name)
    third = len(events) // 3
    for part in (events[:third], events[third : 2 * third], events[2 * third :]):
        store.sink.append(part).result(5)
        store.fold()
    assert store.verify().ok
    before = rows(store, "from node_runs order by all"), rows(store, "from turns order by all")
    assert store.rebuild().facts >= len(events)
    assert store.verify().ok
    after = rows(store, "from node_runs order by all"), rows(store, "from turns order by all")
    assert after == before


def test_an_input_inside_is_what_its_own_turn_made(store, tmp_path):
    spec = {
        "nodes": [
            {"id": "each", "inputs": [], "outputs": ["each"]},
            {"id": "fetch", "inputs": [], "outputs": ["fetch"]},
            {"id": "clean", "inputs": [{"name": "fetch"}, {"name": "item"}], "outputs": ["clean"]},
        ]
    }
    events = events_of("map_with_failures")
    (created,) = [event for event in events if isinstance(event, RunCreated)]
    store.record_flow(created.flow, created.version, json.dumps(spec))
    store.sink.append(events).result(5)
    path = tmp_path / "io.json"
    store.history.export(path, view="node_io")
    found = {
        (row["scope"], row["node"]): row
        for row in json.loads(path.read_text(encoding="utf-8"))
        if row["node"] == "clean"
    }
    assert set(found) == {(f"each[{i}]", "clean") for i in range(3)}
    inputs = found["each[1]", "clean"]["inputs"]
    assert list(inputs) == ["fetch"]
    assert inputs["fetch"]["inline"] == 1
    assert found["each[0]", "clean"]["inputs"] == {}
