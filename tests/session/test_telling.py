"""People are told of runs: the exact words, once, whatever servers and processes do meanwhile."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.nodes.notify.sink import Sink
from tests.session.scheduled_sample import published

from flowbook.alerts.facts import MissedSlot
from flowbook.errors import StoreBusy, UsageError
from flowbook.graph.flow import Flow
from flowbook.ids import FlowId
from flowbook.session import telling
from flowbook.session.project import Project
from flowbook.store.facts import DecidedSlot
from flowbook.store.layout import Layout
from flowbook.triggers.schedule import Schedule

CHILD = Path(__file__).parent / "children" / "told.py"
CANARY = "c4n4ry-T0P-s3cr3t"
GUARD = 60
"""Seconds after which something that should have come never will."""


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        served = self.server
        with served.lock:
            served.got.append((self.headers["Idempotency-Key"], body))
            how = served.answers.pop(0) if served.answers else 200
        served.came.set()
        if how == "hang":
            served.let_go.wait(GUARD)
            how = 200
        if how == "reset":
            end = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, end)
            self.close_connection = True
            self.connection.close()
            return
        with contextlib.suppress(OSError):
            self.send_response(how)
            self.end_headers()

    def log_message(self, *_):
        pass

    def finish(self):
        with contextlib.suppress(OSError, ValueError):
            super().finish()


@pytest.fixture
def receiver(monkeypatch):
    served = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    served.daemon_threads = True
    served.got, served.answers, served.lock = [], [], threading.Lock()
    served.came, served.let_go = threading.Event(), threading.Event()
    thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("FLOWBOOK_SECRET_HOOK", f"http://127.0.0.1:{served.server_port}/{CANARY}")
    yield served
    served.let_go.set()
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture
def flow(project):
    made = Flow("Daily Report", host=project)

    @made.node
    def fetch(error: str = "", seconds: float = 0.0):
        if error:
            raise ConnectionError(error)
        time.sleep(seconds)

    return made


def failing(flow, error="Connection timeout"):
    run = flow.run(error=error)
    assert run.status == "failed"
    return run


def told(project):
    """All deliveries, once nothing is left to tell."""
    assert project.teller.settled(GUARD)
    return project.notifications.history()


def hooked(project, channel="webhook", when="failed", **said):
    to = {"channel": channel, "secret": "hook"}
    return project.notifications.add("broken", when, to=[to], enable=True, **said)


@pytest.mark.parametrize("channel", ["webhook", "slack", "discord"])
def test_a_failed_run_is_told_byte_for_byte(project, flow, receiver, channel):
    hooked(project, channel)
    failing(flow)
    (row,) = told(project)
    ((key, body),) = receiver.got
    error = "ConnectionError: Connection timeout"
    title = "⚠️ Workflow 'Daily Report' failed"
    expected = {
        "webhook": {
            "event": "run_failed",
            "workflow_id": "Daily Report",
            "workflow_name": "Daily Report",
            "run_id": row.run_id,
            "error": error,
            "timestamp": f"{row.happened_at:%Y-%m-%dT%H:%M:%SZ}",
        },
        "slack": {
            "text": title,
            "attachments": [
                {
                    "color": "danger",
                    "fields": [
                        {"title": "Run ID", "value": row.run_id, "short": True},
                        {"title": "Error", "value": error, "short": False},
                    ],
                }
            ],
        },
        "discord": {
            "content": title,
            "embeds": [
                {
                    "color": 15158332,
                    "fields": [
                        {"name": "Run ID", "value": row.run_id, "inline": True},
                        {"name": "Error", "value": error},
                    ],
                }
            ],
        },
    }[channel]
    assert body == json.dumps(expected, ensure_ascii=False).encode()
    assert (row.id, row.status, row.attempts) == (key, "sent", 1)


def test_email_is_off_until_the_project_names_a_server(project, flow, monkeypatch):
    to = [{"channel": "email", "to": ["ada@example.org"]}]
    project.notifications.add("broken", "failed", to=to, enable=True)
    failing(flow)
    (row,) = told(project)
    assert (row.status, row.attempts) == ("failed", 1)
    assert row.last_error.startswith("e-mail is off")
    monkeypatch.setenv("FLOWBOOK_SECRET_MAIL", "open sesame")
    with Sink(password="open sesame") as sink:
        settings = {"server": f"127.0.0.1:{sink.port}", "security": "none",
                    "sender": "flowbook@example.org", "user": "ada", "secret": "mail"}  # fmt: skip
        for name, value in settings.items():
            project.store.settings.set(f"mail_{name}", value)
        failing(flow)
        assert told(project)[0].status == "sent"
    ((_, readers, letter),) = sink.letters
    message = message_from_string(letter, policy=policy.default)
    assert message["Subject"] == "⚠️ Workflow 'Daily Report' failed"
    assert "ada@example.org" in readers[0]
    assert "Error: ConnectionError: Connection timeout" in message.get_content()


def test_faults_are_tried_again_with_the_same_key(project, flow, receiver, monkeypatch):
    monkeypatch.setattr(telling, "ATTEMPT_SECONDS", 1.0)
    project.telling.backoff = (0.01, 0.01, 0.01, 0.01)
    receiver.answers += [500, "reset", "hang", 503]
    hooked(project)
    failing(flow)
    (row,) = told(project)
    assert (row.status, row.attempts, row.last_error) == ("sent", 5, None)
    assert {key for key, _ in receiver.got} == {row.id}
    assert len(receiver.got) == 5


def test_it_is_given_up_after_the_last_attempt_and_says_why(project, flow, receiver):
    project.telling.backoff = (0.01, 0.01)
    receiver.answers += [500] * 9
    hooked(project, "slack")
    failing(flow)
    (row,) = told(project)
    assert (row.status, row.attempts) == ("failed", 3)
    assert row.last_error == "slack answered 500"


def test_what_cannot_help_is_not_tried_again(project, flow, receiver):
    receiver.answers += [404]
    hooked(project)
    failing(flow)
    (row,) = told(project)
    assert (row.status, row.attempts, len(receiver.got)) == ("failed", 1, 1)


def given_up(project, flow, receiver):
    receiver.answers += [404]
    hooked(project)
    failing(flow)
    (row,) = told(project)
    assert row.status == "failed"
    return row


def test_what_was_given_up_is_sent_again_when_it_is_asked_for(project, flow, receiver):
    row = given_up(project, flow, receiver)
    asked = project.notifications.retry(row.id)
    assert (asked.id, asked.status, asked.last_error) == (row.id, "waiting", row.last_error)
    (after,) = told(project)
    assert (after.status, after.attempts, after.last_error) == ("sent", 2, None)
    assert [key for key, _ in receiver.got] == [row.id, row.id]
    assert receiver.got[0][1] == receiver.got[1][1]
    with pytest.raises(UsageError, match="was sent"):
        project.notifications.retry(row.id)


def test_what_is_sent_again_has_as_many_attempts_as_at_first(project, flow, receiver):
    project.telling.backoff = (0.01, 0.01)
    row = given_up(project, flow, receiver)
    receiver.answers += [500, 500]
    project.notifications.retry(row.id)
    assert told(project)[0].status == "sent"
    assert len(receiver.got) == 4


def test_all_that_failed_of_a_rule_is_sent_again_also_when_the_rule_is_gone(
    project, flow, receiver
):
    receiver.answers += [404, 404]
    hooked(project)
    failing(flow)
    told(project)
    failing(flow)
    assert {row.status for row in told(project)} == {"failed"}
    project.notifications.remove("broken")
    assert len(project.notifications.retry_failed("broken")) == 2
    assert {row.status for row in told(project)} == {"sent"}
    assert project.notifications.retry_failed("broken") == ()
    assert len(receiver.got) == 4


def test_a_receiver_that_hangs_holds_no_run_up(project, flow, receiver):
    receiver.answers += ["hang"]
    hooked(project)
    failing(flow)
    assert receiver.came.wait(GUARD)
    flow.run()  # while the one before is still being told of
    assert project.notifications.history()[0].status == "waiting"
    receiver.let_go.set()
    assert told(project)[0].status == "sent"


def test_the_address_is_in_no_row_no_log_and_no_file(project, flow, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    project.telling.backoff = (0.01, 0.01)
    receiver.answers += [500, "reset"]
    hooked(project)
    failing(flow, f"could not reach {os.environ['FLOWBOOK_SECRET_HOOK']}")
    first = told(project)
    assert first[0].status == "sent"
    failing(flow, f"again {os.environ['FLOWBOOK_SECRET_HOOK']}")  # known by now: it was handed out
    rows = told(project)
    project.store.fold()
    assert CANARY not in str(rows[0])
    assert CANARY not in caplog.text
    assert receiver.got[-1][1].count(CANARY.encode()) == 0
    project.notifications.say("broken")
    attempts = project.history.sql("SELECT last_error, message FROM deliveries").to_string()
    assert CANARY not in attempts


def test_the_address_of_a_notice_is_nowhere_on_disk(project, flow, receiver):
    project.telling.backoff = (0.01, 0.01)
    receiver.answers += [500, "reset"]
    hooked(project)
    failing(flow)
    assert told(project)[0].status == "sent"
    project.close()
    files = [one for one in project.folder.rglob("*") if one.is_file()]
    assert len(files) > 2
    assert [one for one in files if CANARY.encode() in one.read_bytes()] == []


def test_a_test_run_tells_nobody(project, flow, receiver):
    hooked(project)
    flow.test({"error": "boom"})
    project.teller.nudge()
    assert told(project) == ()
    assert receiver.got == []


def test_what_was_over_before_a_rule_watched_is_not_told(project, flow, receiver):
    failing(flow)
    hooked(project)
    project.notifications.disable("broken")
    failing(flow)
    project.notifications.enable("broken")
    flow.run()
    assert told(project) == ()
    failing(flow)
    assert len(told(project)) == len(receiver.got) == 1


def test_a_series_of_failures_and_its_end_are_told_once_each(project, flow):
    rules = project.notifications
    rules.add("first", "failed", first_only=True, enable=True)
    rules.add("quiet", "failed", quiet="1h", enable=True)
    rules.add("well", "recovered", enable=True)
    for error in ("a", "b", "", "", "c"):
        flow.run(error=error)
        told(project)
    found = Counter((row.rule, row.event) for row in told(project))
    assert found == {
        ("first", "run_failed"): 2,
        ("quiet", "run_failed"): 1,
        ("well", "run_recovered"): 1,
    }


def test_a_slow_run_is_told_with_what_is_usual(project, flow):
    when = {"on": "slow", "percentile": 90, "over": 20, "least": 5}
    project.notifications.add("slow", when, enable=True)
    for _ in range(6):
        flow.run()
    assert [row.run_id for row in told(project) if row.attempts > 1] == []
    before = len(told(project))
    slow = flow.run(seconds=2.0)
    row = told(project)[0]
    assert (row.run_id, row.event, row.level) == (slow.id, "run_slow", "warning")
    assert len(told(project)) == before + 1


def test_a_run_out_of_time_is_told_as_such(project):
    flow = Flow("late", host=project)

    @flow.node(timeout="100ms")
    async def waits():
        import asyncio

        await asyncio.sleep(GUARD)

    project.notifications.add("late", "timed_out", enable=True)
    flow.run()
    (row,) = told(project)
    assert (row.event, row.message) == ("run_timed_out", "Workflow 'late' ran out of time")


def test_a_run_that_had_its_time_again_is_told_of(project):
    flow, begun = Flow("twice", host=project, timeout="500ms", timeout_retries=1), []

    @flow.node
    async def slow_once():
        import asyncio

        begun.append(1)
        await asyncio.sleep(GUARD if len(begun) == 1 else 0)

    project.notifications.add("late", "timed_out", enable=True)
    flow.run().raise_for_status()
    (row,) = told(project)
    assert row.message == "Workflow 'twice' was out of time, and succeeded at attempt 2"


def test_what_a_run_took_is_told(project):
    flow = Flow("hungry", host=project, measure=True)

    @flow.node(on="thread")
    def burn():
        until = time.thread_time() + 0.3
        while time.thread_time() < until:
            pass

    when = {"on": "resources", "what": "cpu", "limit": 0.1}
    project.notifications.add("hungry", when, enable=True)
    flow.run()
    (row,) = told(project)
    assert (row.event, row.message) == ("run_heavy", "Workflow 'hungry' took much CPU time")


def test_a_time_of_a_schedule_without_a_run_is_told_once(project, receiver):
    hooked(project, when="missed", flow="dai*")
    at = datetime.now(UTC) + timedelta(minutes=1)
    slots = [MissedSlot("daily", at, "missed"), MissedSlot("other", at, "missed")]
    project.notifications.slots.append(lambda since: slots)
    for _ in range(2):
        project.notifications.deliver()
    (row,) = project.notifications.history()
    assert (row.event, row.run_id, row.status) == ("schedule_missed", None, "sent")
    (_, body), = receiver.got  # fmt: skip
    told = json.loads(body)
    assert told["message"].startswith("Workflow 'daily' did not run at ")
    assert told["fields"]["Reason"] == "missed"
    assert len(project.notifications.test("broken").notices) == 1


def test_a_moment_of_a_schedule_that_was_skipped_is_told_with_no_more_said(project):
    published(project, "daily")
    project.schedules.save("nightly", "daily", Schedule(cron="@daily"))
    project.notifications.add("watch", "missed", enable=True)
    at = time.time()
    skipped = [
        DecidedSlot(scheduled_for=at + n, verdict=verdict, reason=reason)
        for n, (verdict, reason) in enumerate(
            [("skip", "missed"), ("run", "on_time"), ("skip", "still_running")]
        )
    ]
    project.schedules.agenda.decide("nightly", FlowId("daily"), skipped)
    project.telling.sweep()
    rows = project.notifications.history()
    assert {row.event for row in rows} == {"schedule_missed"}
    assert len(rows) == 2
    project.telling.sweep()
    assert len(project.notifications.history()) == 2


def test_a_rule_is_tried_on_the_history_before_it_watches(project, flow, receiver):
    runs = []
    for _ in range(3):
        runs.append(failing(flow).id)
    flow.run()
    to = [{"channel": "slack", "secret": "hook"}]
    project.notifications.add("broken", "failed", to=to)
    tried = project.notifications.test("broken")
    assert str(tried) == (
        f"would have fired 3 times in the last 30 days: run {runs[0]}, run {runs[1]}, run {runs[2]}"
    )
    assert [one.run for one in tried.notices] == runs
    assert tried.to_json()["fired"] == 3
    project.notifications.add("broken", "failed", to=to, quiet="1h")
    assert len(project.notifications.test("broken").notices) == 1
    assert told(project) == ()
    assert receiver.got == []


def test_a_word_can_be_sent_to_see_whether_it_comes(project, receiver):
    receiver.answers += [200, 404]
    hooked(project, "discord")
    assert project.notifications.say("broken") == {"discord": "sent"}
    assert project.notifications.say("broken") == {"discord": "discord answered 404"}
    assert project.notifications.history() == ()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda rules: rules.add("a b", "failed"), "no rule"),
        (lambda rules: rules.add("a", "failed", to="pigeon"), "pigeon"),
        (lambda rules: rules.add("a", "failed", to="slack"), "secret"),
        (lambda rules: rules.add("a", "failed", quiet="soon"), "quiet"),
        (lambda rules: rules.add("a", "failed", colour="red"), "colour"),
        (lambda rules: rules.enable("nothing"), "nothing"),
        (lambda rules: rules.remove("nothing"), "nothing"),
        (lambda rules: rules.test("nothing"), "nothing"),
    ],
)
def test_what_cannot_be_is_refused(project, call, said):
    with pytest.raises(UsageError, match=said):
        call(project.notifications)


# ---------------------------------------------------------------- processes


@pytest.fixture
def child(tmp_path):
    """Starts `children/told.py` in the project's folder; what still runs at the end is killed."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, str(CHILD), str(tmp_path), *map(str, arguments)],
            stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.kill
def test_a_process_that_ends_tells_of_its_last_run_before(project, receiver, child):
    hooked(project)
    ending = child("daily", 1)
    assert ending.wait(GUARD) == 0
    (row,) = project.notifications.history()
    assert (row.status, len(receiver.got)) == ("sent", 1)


@pytest.mark.kill
def test_a_run_whose_process_died_before_it_told_of_it_is_told_by_the_next(
    project, receiver, child
):
    hooked(project)
    assert child("daily", 1, "dies").wait(GUARD) == -9
    assert project.notifications.history() == ()
    project.notifications.deliver()
    (row,) = project.notifications.history()
    assert (row.status, row.flow, len(receiver.got)) == ("sent", "daily", 1)
    project.notifications.deliver()
    assert len(receiver.got) == 1


@pytest.mark.kill
def test_a_sender_killed_in_the_middle_is_followed_by_another_with_the_same_key(
    project, receiver, child
):
    hooked(project)
    receiver.answers += ["hang"]
    sender = child("daily", 1, "waits")
    assert receiver.came.wait(GUARD)
    with pytest.raises(StoreBusy):
        project.notifications.deliver()  # one at a time
    sender.kill()
    sender.wait()
    project.notifications.deliver()
    (row,) = project.notifications.history()
    assert (row.status, row.attempts) == ("sent", 1)
    assert [key for key, _ in receiver.got] == [row.id, row.id]


@pytest.mark.kill
def test_two_processes_tell_of_all_their_runs_once(project, receiver, child):
    hooked(project)
    ending = [child("daily", 6), child("weekly", 6)]
    assert [one.wait(GUARD * 2) for one in ending] == [0, 0]
    with contextlib.suppress(StoreBusy):
        project.notifications.deliver()
    rows = project.notifications.history()
    assert Counter((row.flow, row.status) for row in rows) == {
        ("daily", "sent"): 6,
        ("weekly", "sent"): 6,
    }
    assert sorted(key for key, _ in receiver.got) == sorted(row.id for row in rows)


@pytest.mark.kill
def test_of_processes_that_ask_at_once_for_the_same_one_sends_it_again(project, flow, receiver):
    row = given_up(project, flow, receiver)
    words = ["notify", "--project", str(project.path), "retry", row.id]
    asking = [
        subprocess.Popen(
            [sys.executable, "-m", "flowbook.cli", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(3)
    ]  # fmt: skip
    said = ["".join(one.communicate(timeout=GUARD * 2)) for one in asking]
    assert sorted(one.returncode == 0 for one in asking) == [False, False, True], said
    assert sum(f"{row.id} webhook: sent" in one for one in said) == 1
    assert [key for key, _ in receiver.got] == [row.id, row.id]
    assert project.notifications.history()[0].attempts == 2


def test_who_stays_tells_what_others_left(tmp_path, receiver, child, monkeypatch):
    monkeypatch.setattr("flowbook.session.teller.STAY_SECONDS", 0.1)
    staying = Project(tmp_path)
    try:
        staying.teller.stay()
        assert not Layout(tmp_path / ".flowbook").notices.exists()
        hooked(staying)
        assert child("daily", 1, "dies").wait(GUARD) == -9
        assert receiver.came.wait(GUARD)
    finally:
        staying.close()
    assert len(receiver.got) == 1


def test_a_project_without_rules_has_no_thread_and_no_file(project, flow):
    failing(flow)
    assert project.teller.settled(0)
    assert not Layout(project.folder).notices.exists()
    assert project.notifications.deliver() is None
