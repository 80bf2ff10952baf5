from __future__ import annotations

import pytest
from tests.widget.stage import FakeHost, FakeRun, started

from flowbook.widget.canvas import Canvas, open_canvas


@pytest.fixture
def host():
    return FakeHost(FakeRun())


@pytest.fixture
def canvas(host):
    canvas = open_canvas(host)
    yield canvas
    canvas.close()


def test_a_page_that_reloads_finds_the_run_as_it_is_now(canvas, host):
    before = canvas.get_state("snapshot")["snapshot"]
    host.run.happen(started(1))
    after = canvas.get_state("snapshot")["snapshot"]
    assert len(before["run"]["events"]) == 1
    assert len(after["run"]["events"]) == 2


def test_a_saved_notebook_keeps_a_picture_for_readers_without_a_kernel(canvas):
    shown, _ = canvas._repr_mimebundle_()
    assert shown["text/plain"] == "flow tour: 2 nodes, 1 edges"
    assert shown["image/svg+xml"].startswith("<svg")
    assert "application/vnd.jupyter.widget-view+json" in shown


def test_closing_stops_following(host):
    canvas = Canvas(host)
    canvas.close()
    assert host.watchers == []


def test_messages_stay_off_the_shell_that_is_busy(host, monkeypatch):
    class Routed:
        """A comm of ipykernel 7.4: answers go where the last message came from."""

        comm_id = "c"
        kernel = None

        def __init__(self, *args, **kwargs):
            pass

        def _reply_subshell_for(self, data, default):
            raise AssertionError("a message was routed")

        def on_msg(self, callback):
            pass

        def send(self, *args, **kwargs):
            pass

        def close(self, *args, **kwargs):
            pass

    monkeypatch.setattr("comm.create_comm", Routed)
    canvas = open_canvas(host)
    assert canvas.comm._reply_subshell_for is None
    canvas.close()
