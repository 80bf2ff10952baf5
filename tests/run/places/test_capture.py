"""Streams are wrapped while runs go on, and put back after."""

from __future__ import annotations

import contextvars
import io
import subprocess
import sys
from contextlib import contextmanager

import pytest

from flowbook.run.places import capture


@contextmanager
def listening():
    """Not a fixture: pytest changes the streams itself between set-up and test."""
    with pytest.MonkeyPatch.context() as patch:
        stream = io.StringIO()
        patch.setattr(sys, "stdout", stream)
        capture.listen()
        try:
            yield stream
        finally:
            if isinstance(sys.stdout, capture.Tee):
                capture.unlisten()


def test_text_goes_on_and_to_whoever_listens_in_this_context():
    with listening() as stream:
        heard = []

        def node():
            capture.listening.set(lambda name, text: heard.append((name, text)))
            print("inside", end="")

        contextvars.copy_context().run(node)
        print("outside", end="")
        assert stream.getvalue() == "insideoutside"
        assert heard == [("stdout", "inside")]


def test_the_streams_are_put_back_after_the_last_run():
    with listening() as stream:
        capture.listen()
        capture.unlisten()
        assert isinstance(sys.stdout, capture.Tee)
        capture.unlisten()
        assert sys.stdout is stream


def test_a_stream_somebody_else_put_there_is_left_alone(monkeypatch):
    with listening():
        other = io.StringIO()
        monkeypatch.setattr(sys, "stdout", other)
        capture.unlisten()
        assert sys.stdout is other


def test_all_else_is_the_originals():
    with listening() as stream:
        sys.stdout.parent_header = 1
        assert sys.stdout.getvalue() == ""
        sys.stdout.writelines(["a", "b"])
        assert stream.getvalue() == "ab"


def test_streams_change_while_another_thread_prints_without_harm():
    program = """
import sys, threading, time
from flowbook.run.places import capture
class Slow:
    def write(self, text):
        time.sleep(0)
        return len(text)
    def flush(self):
        pass
sys.stdout = Slow()
over = threading.Event()
def change():
    while not over.is_set():
        capture.listen()
        capture.unlisten()
thread = threading.Thread(target=change)
thread.start()
until = time.monotonic() + 1.5
while time.monotonic() < until:
    print("a", "b", "c")
over.set()
thread.join()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
