"""The history over HTTP, from a real Jupyter server with no kernel running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import httpx
import pytest

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
