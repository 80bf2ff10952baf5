"""A store in a fresh folder, realistic runs to put in it, and child processes to share it with."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowbook.events import (
    NodeCompleted,
    NodeFailed,
    NodeRetryScheduled,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    RunCompleted,
    RunCreated,
    RunStatus,
    SkipReason,
    TriggerKind,
)
from flowbook.events.values import ErrorInfo, ValueFormat, ValueRef
from flowbook.ids import mint_uuid7
from flowbook.store.layout import Layout
from flowbook.store.store import Store

CHILDREN = Path(__file__).parent / "children"


class Story:
    """Makes the events of runs as the engine would report them."""

    def __init__(self):
        self.minted = 0

    def run_id(self, at):
        self.minted += 1
        return mint_uuid7(int(at * 1000), self.minted)

    def run(self, *, flow="tour", status="failed", at=1_700_000_000.0, trigger="cli", over=True):
        """One run: fetch succeeds at its second attempt, clean fails or not, report follows."""
        run = self.run_id(at)
        seq = iter(range(1000))
        error = ErrorInfo("ValueError", 'bad "row" \u2028 7', traceback="…", line=3)
        ref = ValueRef("ab" * 32, ValueFormat.PARQUET, "pandas.DataFrame", rows=3, columns=("a",))

        def fact(kind, after, **fields):
            return kind(run=run, seq=next(seq), at=at + after, **fields)

        events = [
            fact(
                RunCreated,
                0,
                flow=flow,
                version="v1",
                trigger=TriggerKind(trigger),
                nodes=("fetch", "clean", "report"),
                params={"city": "Oslo", "hot_above": 30.5},
            ),
            fact(NodeScheduled, 0.01, node="fetch"),
            fact(NodeStarted, 0.02, node="fetch", attempt=1, on="loop"),
            fact(NodeRetryScheduled, 0.1, node="fetch", attempt=1, ms=80.0, delay=0.1, error=error),
            fact(NodeStarted, 0.2, node="fetch", attempt=2, on="loop"),
            fact(NodeCompleted, 0.5, node="fetch", attempt=2, ms=300.0, outputs={"fetch": ref}),
            fact(NodeScheduled, 0.51, node="clean"),
            fact(NodeStarted, 0.52, node="clean", attempt=1, on="thread"),
        ]
        if status == "failed":
            events += [
                fact(NodeFailed, 0.6, node="clean", attempt=1, ms=80.0, error=error),
                fact(
                    NodeSkipped,
                    0.61,
                    node="report",
                    reason=SkipReason.UPSTREAM_FAILED,
                    cause="clean",
                ),
            ]
        else:
            events.append(fact(NodeCompleted, 0.6, node="clean", attempt=1, ms=80.0))
        if over:
            ended = {"error": error, "node": "clean"} if status == "failed" else {}
            events.append(fact(RunCompleted, 0.7, status=RunStatus(status), ms=700.0, **ended))
        return events


@pytest.fixture
def story():
    return Story()


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / ".flowbook")


@pytest.fixture(autouse=True)
def no_fold_by_itself(monkeypatch):
    """A test says when to fold, however slow the machine."""
    monkeypatch.setattr("flowbook.store.folder.IDLE_SECONDS", 3600.0)
    monkeypatch.setattr("flowbook.store.folder.LONGEST_SECONDS", 3600.0)


@pytest.fixture
def store(layout):
    opened = Store.open(layout.root)
    yield opened
    opened.close()


@pytest.fixture
def child():
    """Starts `children/<name>.py` with arguments; what still runs at the end is killed."""
    started = []

    def start(name, *arguments, **options):
        process = subprocess.Popen(
            [sys.executable, str(CHILDREN / f"{name}.py"), *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def lost_run(layout, story, child):
    """Makes runs whose process was killed on the way."""

    def lose():
        run = story.run_id(time.time())
        doomed = child("lose", layout.root, run)
        assert doomed.stdout.readline() == "running\n"
        doomed.kill()
        doomed.wait()
        return run

    return lose


@pytest.fixture
def eventually():
    """Waits until a condition holds, for at most so many seconds."""

    def wait(condition, seconds=5.0):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come to that in time"
            time.sleep(0.01)

    return wait
