"""A recorded run, looked at with no kernel: its canvas, its values, its log, its branches."""

from __future__ import annotations

import platform

import msgspec
import pytest
from tests.server.conftest import ask, serving

import flowbook
from flowbook.graph.edits import RemoveNode


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The API over a project with runs of one flow, and the ids of a run and of its replays."""
    folder = tmp_path_factory.mktemp("seen")
    project = flowbook.project(folder)
    flow = flowbook.Flow("tour", host=project, sensitive_fields=["secret_word"])
    (folder / "deep").mkdir()
    (folder / "deep" / "tour.ipynb").touch()

    @flow.node
    def load(top: int = 3):
        print("loading")
        print("loaded", top)
        return [{"n": n, "secret_word": "hush"} for n in range(top)]

    with flow.map("each", load):

        @flow.node
        def double(item):
            print("doubling")
            return item["n"] * 2

    @flow.node
    def total(each):
        return {"sum": 3}

    run = flow.run()
    replay = flow.replay(run, from_="total").wait()
    again = flow.replay(replay).wait()
    flow.apply(RemoveNode("total"))
    flow.run()
    project.close()
    with serving(folder) as base:
        yield base, (run.id, replay.id, again.id)


@pytest.fixture
def canvas(seen):
    base, (run, *_) = seen

    def canvas(type_, /, **fields):
        message = {"type": type_, "view": "v", **fields}
        found = ask("POST", f"{base}/runs/{run}/canvas", json={"message": message})
        assert found.status_code == 200, found.text
        (answer,) = found.json()["messages"]
        return answer

    return canvas


def test_a_canvas_shows_the_definition_that_the_run_had(canvas, seen):
    told = canvas("HELLO")
    flow, run = told["flow"], told["run"]
    assert told["type"] == "SNAPSHOT"
    assert [node["name"] for node in flow["nodes"]] == ["load", "each", "double", "total"]
    assert flow["locked"]
    assert run["run"] == seen[1][0]
    kinds = [event["kind"] for event in run["events"]]
    assert (kinds[0], kinds[-1]) == ("RUN_CREATED", "RUN_COMPLETED")
    assert "NODE_LOGGED" not in kinds
    assert "inline" not in str(run["events"])


def test_a_node_is_inspected_with_what_it_took_gave_and_printed(canvas):
    load = canvas("INSPECT", node="load")
    assert [one["port"] for one in load["inputs"]] == ["top"]
    assert "".join(one["text"] for one in load["logs"]) == "loading\nloaded 3\n"
    double = canvas("INSPECT", node="double", scope="each[1]")
    assert double["outputs"][0]["preview"]["value"] == 2
    (item,) = double["inputs"]
    told = {"n": 1, "secret_word": "[redacted]"}
    assert (item["port"], item["preview"]["value"]) == ("item", told)
    total = canvas("INSPECT", node="total")
    assert total["inputs"][0]["type"].endswith("of 3"), total["inputs"]
    assert total["source"] or total["outputs"]


def test_what_the_flow_keeps_back_is_not_told(canvas):
    page = canvas("PAGE", rid=1, node="load", port="load")
    assert page["rows"] == [[n, "[redacted]"] for n in range(3)]
    assert "hush" not in str(canvas("INSPECT", node="load"))


def test_lines_of_a_log_are_asked_for_up_to_a_moment(canvas):
    told = canvas("LINES", rid=7, node="load")
    assert [one["text"] for one in told["lines"]] == ["loading\n", "loaded 3\n"]
    assert (told["type"], told["rid"], told["total"], told["of"]) == ("LINES", 7, 2, 2)
    turn = canvas("LINES", rid=8, node="double", scope="each[2]", find="doub")
    assert turn["total"] == 1
    assert canvas("LINES", rid=9, node="load", until=0)["lines"] == []


def test_turns_pages_and_texts_are_answered(canvas):
    turns = canvas("TURNS", rid=2, node="double")
    assert [one["scope"] for one in turns["turns"]] == [f"each[{n}]" for n in range(3)]
    found = canvas("FIND", rid=3, text="loaded")
    assert {hit["node"] for hit in found["hits"]} <= {"load"}
    peek = canvas("PEEK", rid=4, source="each", output="double")
    assert peek["type"] == "PEEK"


@pytest.mark.parametrize(
    "question",
    [
        {"type": "RUN"},
        {"type": "CANCEL"},
        {"type": "START", "rid": 1},
        {"type": "STEER", "rid": 1, "how": "pause"},
        {"type": "TIDY_UP"},
        {"type": "EDIT", "rid": 1, "edit": {"type": "REMOVE_NODE", "node": "load"}},
        {"type": "BOOM"},
    ],
    ids=lambda question: question["type"],
)
def test_nothing_can_be_started_or_changed_there(canvas, question):
    told = canvas(question.pop("type"), **question)
    assert told["type"] == "REFUSED"
    assert "AttributeError" not in told["message"]


def test_a_table_is_paged_and_any_other_value_shown_at_a_glance(seen):
    base, (run, *_) = seen
    url = f"{base}/runs/{run}/values"
    page = ask("GET", f"{url}/load/load", params={"sort": 0, "descending": "true", "count": 2})
    told = page.json()
    assert [row[0] for row in told["rows"]] == [2, 1]
    assert (told["type"], told["total"], told["of"], told["at"]) == ("PAGE", 3, 3, [2, 1])
    glance = ask("GET", f"{url}/double/double", params={"scope": "each[2]"}).json()
    assert (glance["type"], glance["shown"]["preview"]["value"]) == ("PEEK", 4)
    taken = ask("GET", f"{url}/load/top", params={"side": "in"}).json()
    assert taken["shown"]["preview"]["value"] == 3
    for nothing in ("load/nothing", "nobody/load", "double/double?scope=each[9]"):
        assert ask("GET", f"{url}/{nothing}").status_code == 404, nothing
    assert ask("GET", f"{url}/load/load", params={"count": 5000}).status_code == 400
    assert ask("GET", f"{url}/load/load", params={"sort": 1}).status_code == 400  # kept back


def test_what_was_printed_is_paged_by_node(seen):
    base, (run, *_) = seen
    told = ask("GET", f"{base}/runs/{run}/log", params={"limit": 2}).json()
    assert told["lines"][0]["text"].startswith("loading\n")
    assert told["next"] == told["lines"][-1]["seq"]
    whole = ask("GET", f"{base}/runs/{run}/log").json()
    rest = ask("GET", f"{base}/runs/{run}/log", params={"after": told["next"]}).json()
    assert told["lines"] + rest["lines"] == whole["lines"]
    assert [line["node"] for line in whole["lines"]][-3:] == ["double"] * 3
    assert rest["next"] is None
    one = ask("GET", f"{base}/runs/{run}/log", params={"node": "double", "scope": "each[1]"}).json()
    assert {line["scope"] for line in one["lines"]} == {"each[1]"}


def test_all_branches_are_told_from_any_of_them(seen):
    base, (run, replay, again) = seen
    told = [ask("GET", f"{base}/runs/{one}/tree").json() for one in (run, replay, again)]
    assert told[0] == told[1] == told[2]
    root = told[0]
    assert (root["run"]["id"], root["more"]) == (run, 0)
    (first,) = root["branches"]
    assert (first["run"]["id"], first["run"]["origin_node"]) == (replay, "total")
    assert [one["run"]["id"] for one in first["branches"]] == [again]


def test_two_runs_are_compared(seen):
    base, (run, replay, _) = seen
    told = ask("GET", f"{base}/diff", params={"a": run, "b": replay}).json()
    assert (told["a"]["id"], told["b"]["id"], told["first"]) == (run, replay, [])
    quick = ask("GET", f"{base}/diff", params={"a": run, "b": replay, "rows": "false"}).json()
    assert [one["node"] for one in quick["nodes"]] == [one["node"] for one in told["nodes"]]
    assert ask("GET", f"{base}/diff", params={"a": run, "b": "0" * 36}).status_code == 404
    lacking = ask("GET", f"{base}/diff", params={"a": run})
    assert (lacking.status_code, "b" in lacking.json()["message"]) == (400, True)


def test_flows_and_statistics_are_told(seen):
    base, _ = seen
    (flow,) = ask("GET", f"{base}/flows").json()["flows"]
    assert (flow["flow"], flow["runs"], flow["success_rate"]) == ("tour", 4, 1.0)
    assert flow["notebook"] == "deep/tour.ipynb"
    assert flow["last_run"]["status"] == "succeeded"
    told = ask("GET", f"{base}/statistics", params={"flow": "tour", "since": "1d"}).json()
    assert {one["node"] for one in told["nodes"]} == {"load", "each", "double", "total"}
    assert told["flows"][0]["runs"] == 4
    none = ask("GET", f"{base}/statistics", params={"until": "2020-01-01"}).json()
    assert none == {"flows": [], "nodes": []}


def test_what_a_run_was_performed_in_is_told(seen):
    base, (run, *_) = seen
    told = ask("GET", f"{base}/runs/{run}/environment").json()["environment"]
    assert told["python"] == platform.python_version()
    assert told["packages"]["msgspec"] == msgspec.__version__
    listed = ask("GET", f"{base}/runs/{run}").json()["run"]
    assert (listed["environment"], listed["paused"]) == (told["digest"], False)


def test_checkpoints_are_listed(seen):
    base, (run, *_) = seen
    told = ask("GET", f"{base}/runs/{run}/checkpoints").json()
    assert [one["node"] for one in told["checkpoints"]] == ["load", "each", "total"]


def test_a_run_knows_its_notebook_and_a_page_its_query(seen):
    base, (run, *_) = seen
    told = ask("GET", f"{base}/runs", params={"flow": "tour", "limit": 2}).json()
    assert {one["notebook"] for one in told["runs"]} == {"deep/tour.ipynb"}
    assert {one["waiting_for"] for one in told["runs"]} == {""}
    assert "WHERE flow = 'tour'" in told["sql"]
    assert ask("GET", f"{base}/runs/{run}").json()["run"]["notebook"] == "deep/tour.ipynb"


@pytest.mark.parametrize("path", ["log", "tree", "checkpoints", "environment", "values/load/load"])
def test_what_is_asked_of_no_run_is_404(seen, path):
    refused = ask("GET", f"{seen[0]}/runs/{'0' * 36}/{path}")
    assert (refused.status_code, refused.json()["kind"]) == (404, "Missing")


def test_an_address_that_is_none_is_refused_as_all_else_is(seen):
    refused = ask("GET", f"{seen[0]}/nothing/here")
    assert refused.status_code == 404
    assert set(refused.json()) == {"message", "hint", "kind"}
    wrong = ask("POST", f"{seen[0]}/runs")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET")
