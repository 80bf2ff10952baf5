"""Signals are heard while a run goes on, and by nobody when none does."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest
from tests.session.children.slow import flow_of, until

from flowbook.events import RunStatus
from flowbook.session import listening
from flowbook.session.listening import Listener
from flowbook.store.layout import Layout
from flowbook.store.signals import Control, Signals


class Counted(Signals):
    """Signals that know how often somebody looked."""

    looks = 0

    def runs(self):
        self.looks += 1
        return super().runs()


@pytest.fixture
def signals(tmp_path):
    return Counted(Layout(tmp_path / ".flowbook"))


@pytest.fixture
def listener(signals, project, monkeypatch):
    """The project's listener, with signals that are counted; it looks more often."""
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.01)
    made = project.listener = Listener(lambda: signals)
    yield made
    made.close()


def test_a_signal_is_taken_and_done(listener, project, signals):
    run = flow_of(project).start()
    signals.send(run.id, Control.CANCEL, {"reason": "enough"})
    assert run.wait(30).status is RunStatus.CANCELLED
    until(lambda: signals.runs() == ())


@pytest.mark.parametrize("payload", [None, "text", {"reason": 7}, ["reason"]], ids=repr)
def test_a_cancel_with_a_strange_payload_is_a_cancel(listener, project, signals, payload):
    run = flow_of(project).start()
    signals.send(run.id, Control.CANCEL, payload)
    assert run.wait(30).status is RunStatus.CANCELLED


def test_a_signal_of_the_user_waits_until_the_run_is_over(listener, project, signals, tmp_path):
    run = flow_of(project).start()
    signals.send(run.id, "approve", {"by": "Ada"})
    signals.send(run.id, Control.PAUSE)
    until(lambda: run.state.paused)
    assert [one.name for one in signals.pending(run.id)] == ["approve"]
    signals.send(run.id, Control.RESUME)
    (tmp_path / "go").touch()
    run.wait(30)
    until(lambda: signals.runs() == ())


def test_a_signal_to_a_run_of_another_process_is_left_alone(listener, project, signals):
    signals.send("somebody else's", Control.CANCEL)
    run = flow_of(project).start()
    signals.send(run.id, Control.CANCEL)
    run.wait(30)
    assert [one.control for one in signals.pending("somebody else's")] == [Control.CANCEL]


def test_nobody_looks_while_no_run_goes_on(listener, project, signals, tmp_path):
    assert listener._thread is None
    run = flow_of(project).start()
    until(lambda: signals.looks > 2)
    (tmp_path / "go").touch()
    run.wait(30)
    until(lambda: not listener._busy.is_set())
    before, thread = signals.looks, listener._thread
    thread.join(0.2)
    assert thread.is_alive()
    assert signals.looks <= before + 1  # one may have been under way
    flow_of(project).run()
    assert listener._thread is thread


def test_a_run_that_is_over_is_not_followed(listener, project, tmp_path):
    (tmp_path / "go").touch()
    run = flow_of(project).run()
    listener.follow(run)
    assert listener.run(run.id) is None
    until(lambda: not listener._busy.is_set())


def test_a_folder_that_cannot_be_read_is_said_once_and_looked_at_again(
    listener, project, signals, caplog, monkeypatch
):
    def broken():
        signals.looks += 1
        raise PermissionError(13, "Permission denied", "signals")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(signals, "runs", broken)
        run = flow_of(project).start()
        until(lambda: signals.looks > 5)
        assert [one.getMessage() for one in caplog.records if "cannot be heard" in one.message] == [
            "what is said to runs from outside cannot be heard: "
            "[Errno 13] Permission denied: 'signals'"
        ]
    signals.send(run.id, Control.CANCEL)
    assert run.wait(30).status is RunStatus.CANCELLED


def test_what_cannot_be_read_for_one_run_keeps_no_other_from_hearing(
    listener, project, signals, tmp_path, caplog
):
    deaf, hearing = flow_of(project).start(), flow_of(project).start()
    (tmp_path / ".flowbook" / "signals").mkdir(parents=True, exist_ok=True)
    loop = tmp_path / ".flowbook" / "signals" / deaf.id
    loop.symlink_to(loop)  # listing it fails
    signals.send(hearing.id, Control.CANCEL)
    assert hearing.wait(30).status is RunStatus.CANCELLED
    until(lambda: f"said to run {deaf.id} from outside cannot be heard" in caplog.text)
    loop.unlink()
    signals.send(deaf.id, Control.CANCEL)
    assert deaf.wait(30).status is RunStatus.CANCELLED
    assert caplog.text.count("cannot be heard") == 1


def test_a_closed_listener_ends_its_thread_while_runs_go_on(listener, project):
    run = flow_of(project).start()
    thread = listener._thread
    listener.close()
    assert not thread.is_alive()
    run.cancel()
    run.wait(30)


def test_what_was_said_to_a_run_that_ended_last_is_swept_when_the_process_ends(tmp_path):
    code = (
        "import sys, flowbook\n"
        "project = flowbook.project('.')\n"
        "flow = flowbook.Flow('short', host=project)\n"
        "@flow.node\n"
        "def one(): return project.store.signals.send(sys.argv[1], 'approve') and 1\n"
        "from flowbook.session.start import Start\n"
        "print(project.start(flow, {}, Start(run_id=sys.argv[1])).wait().status.value)\n"
    )
    run = "0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90"
    done = subprocess.run(
        [sys.executable, "-c", code, run],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "succeeded\n", done.stderr
    assert Signals(Layout(tmp_path / ".flowbook")).runs() == ()
    assert (tmp_path / ".flowbook" / "signals").is_dir()
