"""The history over HTTP, from a real Jupyter server with no kernel running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.session.children.slow import slow_runs, until
from tests.session.children.waits import waiting_run

import flowbook

TOKEN = "let-me-in"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The base URL of a server over a project with two runs, one of them failed."""
    folder = tmp_path_factory.mktemp("served")
    project = flowbook.project(folder)
    flow = flowbook.Flow("served", host=project)

    @flow.node
    def half(n: int = 4):
        return 12 / n

    flow.run()
    flow.run(n=0)
    project.close()
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(flowbook.__file__).parents[1]),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root",
         f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
         f"--ServerApp.root_dir={folder}",
         "--ServerApp.jpserver_extensions", "flowbook=True"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}/flowbook/api/v1"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            httpx.get(f"http://127.0.0.1:{port}/api", timeout=1)
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    yield base
    process.terminate()
    process.wait(10)


def get(url: str, token: str | None = TOKEN, **query):
    headers = {"Authorization": f"token {token}"} if token else {}
    return httpx.get(url, params=query, headers=headers, timeout=10)


def test_nobody_reads_without_a_token(server):
    assert get(f"{server}/runs", token=None).status_code == 403


def test_runs_are_listed_newest_first_and_filtered(server):
    statuses = [run["status"] for run in get(f"{server}/runs").json()["runs"]]
    assert statuses == ["failed", "succeeded"]
    failed = get(f"{server}/runs", status="failed").json()["runs"]
    assert [run["status"] for run in failed] == ["failed"]


def test_pages_follow_the_cursor(server):
    first = get(f"{server}/runs", limit=1).json()
    second = get(f"{server}/runs", limit=1, cursor=first["next"]).json()
    assert first["runs"][0]["id"] != second["runs"][0]["id"]


def test_a_run_comes_with_its_nodes_and_its_events(server):
    run = get(f"{server}/runs", status="failed").json()["runs"][0]["id"]
    detail = get(f"{server}/runs/{run}").json()
    assert detail["run"]["id"] == run
    assert [node["node"] for node in detail["nodes"]] == ["half"]
    events = get(f"{server}/runs/{run}/events").json()["events"]
    assert events[0]["kind"] == "RUN_CREATED"
    assert events[-1]["kind"] == "RUN_COMPLETED"


def test_a_bad_question_is_answered_with_what_to_do(server):
    assert get(f"{server}/runs", limit="many").status_code == 400
    refused = get(f"{server}/runs", status="sideways")
    assert refused.status_code == 400
    assert "sideways" in refused.json()["message"]


def send(method: str, url: str, token: str | None = TOKEN, **options):
    headers = {"Authorization": f"token {token}"} if token else {}
    return httpx.request(method, url, headers=headers, timeout=10, **options)


@pytest.fixture
def spare(server):
    """The id of one more run, with the server's own folder as its project."""
    folder = Path(get(f"{server}/store/status").json()["root"]).parent
    code = (
        "import flowbook\nproject = flowbook.project('.')\n"
        "flow = flowbook.Flow('spare', host=project)\n"
        "@flow.node\ndef one(): return [1, 2]\n"
        "print(flow.run().id)\nproject.close()\n"
    )
    script = folder / "spare.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(flowbook.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def entries(server, run: str) -> list[dict]:
    return get(f"{server}/audit", run=run).json()["entries"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "audit"),
        ("GET", "store/status"),
        ("GET", "store/sizes"),
        ("POST", "runs/delete"),
        ("DELETE", f"runs/{'0' * 36}"),
        ("POST", f"runs/{'0' * 36}/pin"),
        ("POST", f"runs/{'0' * 36}/cancel"),
    ],
)
def test_nobody_looks_or_changes_without_a_token(server, method, path):
    refused = send(method, f"{server}/{path}", token=None)
    assert refused.status_code == 403
    assert set(refused.json()) == {"message", "hint", "kind"}


def test_a_page_in_a_browser_changes_nothing_without_the_xsrf_token(server, spare):
    with httpx.Client(timeout=10) as browser:
        browser.get(f"{server}/runs", params={"token": TOKEN})  # logs in: the cookie is kept
        assert browser.get(f"{server}/runs").status_code == 200
        assert browser.delete(f"{server}/runs/{spare}").status_code == 403
    assert get(f"{server}/runs/{spare}").status_code == 200


def test_runs_are_narrowed_by_time_and_pin(server, spare):
    started = get(f"{server}/runs/{spare}").json()["run"]["started_at"]
    later = get(f"{server}/runs", since=started).json()["runs"]
    assert [run["id"] for run in later] == [spare]
    assert spare not in [run["id"] for run in get(f"{server}/runs", until=started).json()["runs"]]
    assert get(f"{server}/runs", pinned="true").json()["runs"] == []
    assert get(f"{server}/runs", since="lately").status_code == 400
    assert get(f"{server}/runs", pinned="perhaps").status_code == 400


def test_nodes_and_values_of_a_run(server, spare):
    (node,) = get(f"{server}/runs/{spare}/nodes").json()["nodes"]
    assert (node["node"], node["status"]) == ("one", "succeeded")
    (value,) = get(f"{server}/runs/{spare}/values").json()["values"]
    assert (value["node"], value["port"], value["type"]) == ("one", "one", "list")
    assert value["ts"].endswith("Z")


@pytest.mark.parametrize("path", ["", "/nodes", "/values", "/events"])
def test_a_run_that_is_not_there_is_404(server, path):
    refused = get(f"{server}/runs/{'0' * 36}{path}")
    assert refused.status_code == 404
    assert refused.json()["kind"] == "Missing"
    assert refused.json()["hint"]


def test_a_pinned_run_is_not_deleted_and_the_audit_knows_who_and_from_where(server, spare):
    pinned = send("POST", f"{server}/runs/{spare}/pin", json={"pinned": True, "reason": "golden"})
    assert pinned.json()["run"]["pinned"] is True
    refused = send("DELETE", f"{server}/runs/{spare}")
    assert refused.status_code == 409
    assert "pinned" in refused.json()["message"]
    send("POST", f"{server}/runs/{spare}/pin", json={"pinned": False})
    send("POST", f"{server}/runs/{spare}/pin", json={"pinned": True, "reason": "golden"})
    gone = send(
        "DELETE", f"{server}/runs/{spare}", params={"reason": "done with", "pinned": "true"}
    )
    assert gone.json()["count"] == 1
    assert get(f"{server}/runs/{spare}").status_code == 404
    told = {entry["action"]: entry for entry in entries(server, spare)}
    assert {"PINNED", "UNPINNED", "DELETED"} <= set(told)
    assert told["DELETED"]["metadata"]["reason"] == "done with"
    assert told["DELETED"]["metadata"]["source"] == "server 127.0.0.1"
    assert told["DELETED"]["actor"]
    pins = get(f"{server}/audit", run=spare, action="PINNED").json()["entries"]
    assert len(pins) == 2
    assert told["PINNED"] in pins


def test_a_run_is_paused_resumed_and_cancelled_by_the_process_that_performs_it(server):
    folder = Path(get(f"{server}/store/status").json()["root"]).parent
    with slow_runs(folder) as (process, (run,)):
        paused = send("POST", f"{server}/runs/{run}/pause")
        assert paused.status_code == 202
        assert paused.json() == {
            "run": run, "asked": "pause", "here": False, "host": socket.gethostname(),
            "pid": process.pid,
        }  # fmt: skip
        assert send("POST", f"{server}/runs/{run}/resume").status_code == 202
        asked = send("POST", f"{server}/runs/{run}/cancel", json={"reason": "wrong month"})
        assert asked.status_code == 202
        assert process.stdout.readline() == "cancelled\n"
        process.wait(30)
    kinds = [event["kind"] for event in get(f"{server}/runs/{run}/events").json()["events"]]
    told = [kind for kind in kinds if kind in ("RUN_PAUSED", "RUN_RESUMED", "CANCEL_REQUESTED")]
    assert told == ["RUN_PAUSED", "RUN_RESUMED", "CANCEL_REQUESTED"]
    (entry,) = entries(server, run)
    assert (entry["action"], entry["metadata"]["reason"]) == ("CANCELLED", "wrong month")
    assert entry["metadata"]["source"] == "server 127.0.0.1"
    until(lambda: get(f"{server}/runs/{run}").json()["run"]["status"] == "cancelled")
    over = send("POST", f"{server}/runs/{run}/cancel")
    assert over.status_code == 409
    assert "is over (cancelled" in over.json()["message"]


def test_a_run_that_waits_is_told_what_it_waits_for_and_decided(server):
    folder = Path(get(f"{server}/store/status").json()["root"]).parent
    with waiting_run(folder, "stay") as (_process, run):
        url = f"{server}/runs/{run}"

        def waits():
            return {one["node"]: one for one in get(f"{server}/waiting", run=run).json()["waiting"]}

        until(lambda: set(waits()) == {"paid", "ask"})
        stranger = send("POST", f"{url}/approvals/ask", json={"approved": True})
        assert stranger.status_code == 409
        assert "none of the approvers" in stranger.json()["message"]
        assert send("POST", f"{url}/approvals/ask", json={}).status_code == 400
        assert send("POST", f"{url}/approvals/paid", json={"approved": True}).status_code == 409
        assert send("POST", f"{url}/signals/cancel").status_code == 409
        sent = send("POST", f"{url}/signals/paid", json={"payload": {"amount": 5}})
        assert (sent.status_code, sent.json()["signal"]) == (202, "paid")
        until(lambda: set(waits()) == {"ask"})
        events = get(f"{url}/events").json()["events"]
        (came,) = (e for e in events if e["kind"] == "NODE_RESUMED" and e["by"] == "signal")
        assert (came["payload"], came["signal"]) == ({"amount": 5}, sent.json()["id"])
    assert send("POST", f"{server}/runs/{'0' * 36}/signals/paid").status_code == 404


@pytest.mark.kill
def test_a_lost_run_is_not_cancelled_but_told_what_to_do(server):
    folder = Path(get(f"{server}/store/status").json()["root"]).parent
    with slow_runs(folder) as (process, (run,)):
        process.kill()
        process.wait()
    refused = send("POST", f"{server}/runs/{run}/cancel")
    assert refused.status_code == 409
    assert "history recover" in refused.json()["hint"]


@pytest.mark.parametrize("control", ["cancel", "pause", "resume"])
def test_a_run_that_is_not_there_is_not_asked(server, control):
    refused = send("POST", f"{server}/runs/{'0' * 36}/{control}")
    assert (refused.status_code, refused.json()["kind"]) == (404, "Missing")
    assert send("POST", f"{server}/runs/{'0' * 36}/{control}", json={"x": 1}).status_code == 400


def test_a_bulk_deletion_counts_first(server, spare):
    asked = {"flow": "spare", "status": "succeeded", "reason": "tidy"}
    would = send("POST", f"{server}/runs/delete", json=asked).json()
    assert would["dry_run"] is True
    assert spare in would["runs"]
    assert get(f"{server}/runs/{spare}").status_code == 200
    done = send("POST", f"{server}/runs/delete", json={**asked, "dry_run": False}).json()
    assert done["count"] == would["count"]
    assert get(f"{server}/runs", flow="spare").json()["runs"] == []


@pytest.mark.parametrize(
    "body", [{"flwo": "x"}, {"dry_run": "no"}, ["flow"], {"dry_run": False}, {"since": "lately"}]
)
def test_a_deletion_that_is_misspelt_or_takes_all_is_refused(server, body):
    refused = send("POST", f"{server}/runs/delete", json=body)
    assert refused.status_code == 400
    assert refused.json()["message"]
    assert len(get(f"{server}/runs", flow="served").json()["runs"]) == 2


def test_the_store_says_how_it_is_and_how_large(server):
    status = get(f"{server}/store/status").json()
    assert (status["problem"], status["runs"] >= 2) == (None, True)
    flows = get(f"{server}/store/sizes").json()["flows"]
    assert "served" in [one["flow"] for one in flows]
