"""`flowbook history` asks the store and prints what it says."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from tests.cli.conftest import Row

RUN = {
    "id": "0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
    "flow": "tour",
    "status": "succeeded",
    "trigger": "cli",
    "started_at": "2026-11-21T10:00:00.123+00:00",
    "ended_at": "2026-11-21T10:00:02+00:00",
    "duration_ms": 1876.4,
    "error": None,
}


@pytest.fixture
def stored(home):
    (home.path / ".flowbook").mkdir()
    home.history.rows = [Row(RUN)]
    return home.history


def test_a_page_of_runs_as_json(ask, stored):
    stored.next = "cursor1"
    code, out, _ = ask("history", "--json")
    assert code == 0
    assert json.loads(out) == {"runs": [RUN], "next": "cursor1"}


def test_filters_reach_the_store(ask, stored):
    ask("history", "--flow", "tour", "--status", "failed", "--trigger", "papermill",
        "--limit", "3", "--cursor", "c")  # fmt: skip
    assert stored.asked == [
        {"flow": "tour", "status": "failed", "trigger": "papermill", "limit": 3, "cursor": "c",
         "since": None, "until": None, "pinned": None}
    ]  # fmt: skip


def test_a_status_that_does_not_exist_is_refused(ask, stored):
    code, _, err = ask("history", "--status", "done")
    assert code == 2
    assert "succeeded" in err


def test_a_table_for_people_and_how_to_see_more(ask, stored):
    stored.next = "c2"
    _, out, err = ask("history")
    assert "tour  succeeded  cli      2026-11-21 10:00:00         1876" in out
    assert err == "more: flowbook history --cursor c2\n"


def test_a_folder_without_runs_says_so_and_stays_as_it_is(ask, home, tmp_path):
    code, out, err = ask("history")
    assert (code, out) == (0, "")
    assert err.startswith(f"no runs yet in {tmp_path}\nhint: ")
    assert list(tmp_path.iterdir()) == []
    assert json.loads(ask("history", "--json")[1]) == {"runs": [], "next": None}


def test_one_run_with_its_nodes(ask, stored):
    node = {"node": "clean", "status": "failed", "attempts": 2, "error": "boom"}
    stored.nodes = [Row(node)]
    code, out, _ = ask("history", "show", RUN["id"], "--json")
    assert code == 0
    assert json.loads(out) == {"run": RUN, "nodes": [node], "children": []}
    _, out, _ = ask("history", "show", RUN["id"])
    assert "status       succeeded" in out
    assert "clean  failed" in out


def test_one_run_with_those_its_nodes_started(ask, stored):
    child = {**RUN, "id": "below", "flow": "inner", "calling_node": "sub"}
    stored.below = [Row(child)]
    _, out, _ = ask("history", "show", RUN["id"], "--json")
    assert json.loads(out)["children"] == [child]
    _, out, _ = ask("history", "show", RUN["id"])
    assert "sub           below  inner  succeeded" in out


def test_what_is_inside_of_a_container_is_summed_up_and_one_turn_is_listed(ask, stored):
    each = {"node": "each", "status": "succeeded", "scope": "", "turns_total": 3}
    stored.nodes = [
        Row({**each, "turns_done": 3, "turns_failed": 1}),
        *(Row({"node": "half", "status": "succeeded", "scope": f"each[{i}]"}) for i in (0, 2)),
        Row({"node": "half", "status": "failed", "scope": "each[1]", "error": "odd"}),
    ]
    _, out, _ = ask("history", "show", RUN["id"])
    assert "each  succeeded  3/3 (1 failed)" in out
    assert "each[…]  half  2 succeeded, 1 failed" in out
    code, out, _ = ask("history", "show", RUN["id"], "--scope", "each[1]")
    assert code == 0
    assert "half  failed" in out
    assert "each  succeeded" not in out
    code, out, _ = ask("history", "show", RUN["id"], "--scope", "each[1]", "--json")
    assert [one["scope"] for one in json.loads(out)["nodes"]] == ["each[1]"]
    code, _, err = ask("history", "show", RUN["id"], "--scope", "each[9]")
    assert code == 2
    assert "nothing ran in a turn 'each[9]'" in err


def test_an_unknown_run_is_refused(ask, stored):
    code, _, err = ask("history", "show", "nope")
    assert code == 2
    assert "no run 'nope'" in err


def test_sql_in_every_form(ask, stored):
    stored.answer = (("flow", "n", "at"), [("tour", 2, dt.date(2026, 1, 2)), ("x", None, None)])
    assert ask("history", "sql", "select 1")[1].splitlines()[2] == "tour  2  2026-01-02"
    _, out, _ = ask("history", "sql", "select 1", "--json")
    assert json.loads(out) == {
        "columns": ["flow", "n", "at"],
        "rows": [
            {"flow": "tour", "n": 2, "at": "2026-01-02"},
            {"flow": "x", "n": None, "at": None},
        ],
    }
    _, out, _ = ask("history", "sql", "select 1", "--csv")
    assert out == "flow,n,at\ntour,2,2026-01-02\nx,,\n"
    assert stored.asked == ["select 1"] * 3


def test_json_said_before_the_sub_command_holds_for_it(ask, stored):
    stored.answer = (("n",), [(1,)])
    _, out, _ = ask("history", "--json", "sql", "select 1")
    assert json.loads(out)["rows"] == [{"n": 1}]


def test_csv_and_json_exclude_each_other(ask, stored):
    code, _, err = ask("history", "sql", "select 1", "--csv", "--json")
    assert code == 2
    assert "exclude" in err
