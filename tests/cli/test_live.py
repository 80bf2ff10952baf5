"""A run is followed to its end, on a terminal and into a log, and stopped on request."""

from __future__ import annotations

import io
import itertools
import os
import signal
import threading
import time

import pytest
from tests.run.plans import n, plan_of, works

from flowbook.cli.live import follow
from flowbook.events import RunStatus, TriggerKind
from flowbook.events.ports import DevNull
from flowbook.export.exits import ExitCode
from flowbook.run.engine import Engine
from flowbook.run.values import Unkept

numbers = itertools.count()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def start():
    """`start({"node": function})` on an engine of its own; nodes do not depend on each other."""
    engine = Engine(DevNull(), Unkept())

    def run(functions):
        plan = plan_of(*(n(name) for name in functions))
        return engine.start(
            plan,
            works(plan, functions),
            {},
            run_id=f"run{next(numbers)}",
            trigger=TriggerKind.CLI,
        )

    yield run
    engine.close()


def napping(seconds):
    def node(context, inputs):
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and not context.cancelled():
            time.sleep(0.01)

    return node


def test_a_log_tells_everything_once(start):
    out = io.StringIO()
    assert follow(start({"a": napping(0.02), "b": napping(0.05)}), out) is None
    lines = out.getvalue().splitlines()
    assert sum("started" in line for line in lines) == 2
    assert sum("✓" in line for line in lines) == 2
    assert "succeeded" in lines[-1]
    assert "\x1b" not in out.getvalue()


def test_a_run_that_is_over_already_is_told_too(start):
    run = start({"a": napping(0)}).wait(5)
    out = io.StringIO()
    follow(run, out)
    assert "succeeded" in out.getvalue().splitlines()[-1]


def test_a_terminal_is_redrawn_in_place(start):
    out = Terminal()
    follow(start({"a": napping(0.25), "b": napping(0.25)}), out)
    assert out.getvalue().count("\x1b[3F\x1b[J") >= 2
    assert "✓ a" in out.getvalue().rpartition("\x1b[J")[2]


def test_progress_of_a_node_is_shown(start):
    def node(context, inputs):
        context.progress(3, 10, "pages")
        time.sleep(0.05)

    out = io.StringIO()
    follow(start({"a": node}), out)
    assert "3/10  pages" in out.getvalue()


def test_a_deadline_cancels_the_run(start):
    run = start({"slow": napping(20)})
    assert follow(run, io.StringIO(), timeout=0.2) is ExitCode.TIMEOUT
    assert run.status is RunStatus.CANCELLED


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
)
def test_a_signal_cancels_the_run_and_is_put_back(start, number, code):
    before = signal.getsignal(number)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), number))
    timer.start()
    run = start({"slow": napping(20)})
    assert follow(run, io.StringIO()) is code
    assert run.status is RunStatus.CANCELLED
    assert signal.getsignal(number) is before
    timer.join()
