"""What changes is told as it happens, whoever does it, and nothing is lost or told twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
import websocket
from tests.server.conftest import TOKEN, ask, serving
from tests.session.children.slow import slow_runs

import flowbook


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The API over an empty folder, and the folder."""
    folder = tmp_path_factory.mktemp("live")
    with serving(folder) as base:
        yield base, folder


class Client:
    """A client that remembers what it heard."""

    def __init__(self, base, since=None, token=TOKEN):
        url = base.replace("http:", "ws:") + "/live"
        headers = {"Authorization": f"token {token}"} if token else {}
        query = "" if since is None else f"?since={since}"
        self.socket = websocket.create_connection(url + query, header=headers, timeout=30)
        self.runs, self.told, self.gone, self.events, self.messages = {}, [], [], {}, []
        self.position = since

    def hear(self):
        message = json.loads(self.socket.recv())
        self.messages.append(message)
        if "position" in message:
            assert self.position is None or message["position"] >= self.position
            self.position = message["position"]
            for run in message["runs"]:
                self.runs[run["id"]] = run
                self.told.append((run["id"], run["status"]))
            self.gone += message["gone"]
        for run, events in message.get("events", {}).items():
            self.events.setdefault(run, []).extend(events)
        return message

    def hear_until(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.messages
            self.hear()

    def say(self, **said):
        self.socket.send(json.dumps(said))

    def status(self, run):
        return self.runs.get(run, {}).get("status")

    def close(self):
        self.socket.close()


@contextmanager
def following(base, since=None):
    """A client that has heard where things stand."""
    with closing(Client(base, since)) as client:
        client.hear()
        yield client


def run_elsewhere(folder, times=1):
    """Runs of another process that has ended; their ids."""
    code = (
        "import flowbook\nproject = flowbook.project('.')\n"
        "flow = flowbook.Flow('elsewhere', host=project)\n"
        "@flow.node\ndef one(): return [1, 2]\n"
        f"print(*(flow.run().id for _ in range({times})))\nproject.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(flowbook.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_the_first_message_says_where_things_stand(served):
    with closing(Client(served[0])) as client:
        told = client.hear()
    assert told["position"] > 0
    assert (told["runs"], told["gone"]) == ([], [])


def test_runs_of_another_process_are_told_as_they_go(served):
    base, folder = served
    with following(base) as client, slow_runs(folder) as (process, (run,)):
        client.hear_until(lambda: client.status(run) == "running")
        assert client.runs[run]["waiting_for"] == ""
        assert client.runs[run].keys() == ask("GET", f"{base}/runs/{run}").json()["run"].keys()
        ask("POST", f"{base}/runs/{run}/cancel")
        client.hear_until(lambda: client.status(run) == "cancelled")
        process.wait(30)


def test_a_run_that_came_and_went_between_two_looks_is_told(served):
    base, folder = served
    with following(base) as client:
        (run,) = run_elsewhere(folder)
        client.hear_until(lambda: client.status(run) == "succeeded")


@pytest.mark.kill
def test_a_process_that_is_killed_is_told(served):
    base, folder = served
    with following(base) as client, slow_runs(folder) as (process, (run,)):
        client.hear_until(lambda: client.status(run) == "running")
        process.kill()
        client.hear_until(lambda: client.status(run) == "failed")
        assert client.runs[run]["error"].startswith("lost: process")


def test_pins_and_deletions_are_told(served):
    base, folder = served
    with following(base) as client:
        (run,) = run_elsewhere(folder)
        client.hear_until(lambda: client.status(run) == "succeeded")
        ask("POST", f"{base}/runs/{run}/pin", json={"pinned": True})
        client.hear_until(lambda: client.runs[run]["pinned"])
        ask("POST", f"{base}/runs/{run}/pin", json={"pinned": False})
        client.hear_until(lambda: not client.runs[run]["pinned"])
        ask("DELETE", f"{base}/runs/{run}")
        client.hear_until(lambda: run in client.gone)


def test_who_comes_again_hears_what_was_missed_and_nothing_twice(served):
    base, folder = served
    with following(base) as other:  # somebody else, so that the server goes on looking
        with following(base) as client:
            (before,) = run_elsewhere(folder)
            client.hear_until(lambda: client.status(before) == "succeeded")
            position = client.position
        missed = run_elsewhere(folder, times=3)
        other.hear_until(lambda: all(other.status(run) == "succeeded" for run in missed))
        with following(base, since=position) as client:
            client.hear_until(lambda: set(missed) <= set(client.runs))
            assert set(client.runs) == set(missed)
            (after,) = run_elsewhere(folder)
            client.hear_until(lambda: client.status(after) == "succeeded")
            ended = [run for run, status in client.told if status == "succeeded"]
            assert sorted(ended) == sorted([*missed, after])


def test_a_position_of_another_time_is_caught_up_with(tmp_path):
    with serving(tmp_path) as base, following(base) as client:
        position = client.position
    (run,) = run_elsewhere(tmp_path)
    with serving(tmp_path) as base, following(base, since=position) as client:
        client.hear_until(lambda: client.status(run) == "succeeded")


def test_the_events_of_a_watched_run_are_told_once_each_and_in_order(served):
    base, folder = served
    with following(base) as client, slow_runs(folder) as (process, (run,)):
        client.say(watch=[{"run": run}])
        client.hear_until(lambda: client.events.get(run))
        seen = client.events[run][-1]["seq"]
        client.close()
        with following(base, since=client.position) as again:
            again.say(watch=[{"run": run, "after": seen}])
            ask("POST", f"{base}/runs/{run}/cancel")
            again.hear_until(
                lambda: again.events.get(run) and again.events[run][-1]["kind"] == "RUN_COMPLETED"
            )
        told = client.events[run] + again.events[run]
        process.wait(30)
    whole = ask("GET", f"{base}/runs/{run}/events").json()["events"]
    assert [event["seq"] for event in told] == [event["seq"] for event in whole]
    assert [event["kind"] for event in told] == [event["kind"] for event in whole]


def test_two_who_watch_from_different_events_each_hear_the_rest(served):
    base, folder = served
    (run,) = run_elsewhere(folder)
    whole = [one["seq"] for one in ask("GET", f"{base}/runs/{run}/events").json()["events"]]
    with following(base) as one, following(base) as other:
        one.say(watch=[{"run": run}])
        one.hear_until(lambda: one.events.get(run))
        other.say(watch=[{"run": run, "after": 1}])
        other.hear_until(lambda: other.events.get(run))
        assert [event["seq"] for event in one.events[run]] == whole
        assert [event["seq"] for event in other.events[run]] == whole[2:]


def test_a_run_that_is_no_longer_watched_is_not_told(served):
    base, folder = served
    with following(base) as client, slow_runs(folder) as (process, (run,)):
        client.say(watch=[{"run": run}])
        client.hear_until(lambda: client.events.get(run))
        client.say(unwatch=[run])
        count = len(client.events[run])
        ask("POST", f"{base}/runs/{run}/cancel")
        client.hear_until(lambda: client.status(run) == "cancelled")
        process.wait(30)
        assert len(client.events[run]) == count


@pytest.mark.parametrize("said", ["{", "[]", '{"wacth": []}', '{"watch": [{"run": "x"}]}'])
def test_what_cannot_be_read_is_refused_and_the_rest_goes_on(served, said):
    base, folder = served
    with following(base) as client:
        client.socket.send(said)
        while "refused" not in client.hear():
            pass
        (run,) = run_elsewhere(folder)
        client.hear_until(lambda: client.status(run) == "succeeded")


def test_only_who_may_use_the_server_follows(served):
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        Client(served[0], token=None)
    assert refused.value.status_code == 403
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        Client(served[0], since="lately")
    assert refused.value.status_code == 400


def test_a_page_of_another_site_does_not_follow(served):
    base = served[0]
    with httpx.Client(timeout=20) as browser:
        browser.get(f"{base}/runs", params={"token": TOKEN})  # logs in: the cookie is kept
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    url = base.replace("http:", "ws:") + "/live"
    with closing(websocket.create_connection(url, cookie=cookie, timeout=20)) as own:
        assert json.loads(own.recv())["position"]
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(
            url, cookie=cookie, origin="http://elsewhere.example", timeout=20
        )
    assert refused.value.status_code == 403
