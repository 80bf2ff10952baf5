"""`flowbook scheduler` as it lives through the nights in which clocks are set: real processes on a
clock that is set for them by libfaketime, where that is installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.session.scheduled_sample import eventually, published

from flowbook.session.project import Project

FLOWBOOK = [sys.executable, "-m", "flowbook.cli"]
LEAD = timedelta(seconds=12)  # to start a scheduler takes less
AFTERWARDS = timedelta(seconds=4)  # a scheduler looks every two seconds

NIGHTS = {
    # When the clock is set, in UTC; its zone; what comes then, and what has come or comes later.
    "Berlin, forward": ("2026-03-29T01:00:00Z", "Europe/Berlin", "30 2 * * *", "30 3 * * *"),
    "Berlin, back": ("2026-10-25T01:00:00Z", "Europe/Berlin", "0 * * * *", "0 2 * * *"),
    "Lord Howe, forward": ("2026-10-03T15:30:00Z", "Australia/Lord_Howe", "15 2 * * *",
                           "0 3 * * *"),
    "Lord Howe, back": ("2026-04-04T15:15:00Z", "Australia/Lord_Howe", "45 * * * *",
                        "45 1 * * *"),
}  # fmt: skip


# libfaketime 0.9.10 refuses `clock_nanosleep` where the monotonic clock is left as it is, and hangs
# threads that wait where it is not.
SLEEP = """\
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""


@pytest.fixture
def clock(tmp_path):
    """What sets the clock of a process to a moment; skipped where there is no libfaketime."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("libfaketime is not installed (Debian: apt-get install libfaketime)")
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text(SLEEP)

    def at(moment: datetime) -> dict[str, str]:
        path = os.pathsep.join([str(own), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {
            **os.environ,
            "LD_PRELOAD": str(found[0]),
            "FAKETIME": f"{moment.timestamp() - time.time():+.0f}s",
            "DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": path,
        }

    return at


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    found = Project(tmp_path / "home")
    yield found
    found.close()


@contextmanager
def scheduler(home: Path, env: dict[str, str]):
    """The scheduler of a project, as its own process, until the end of the block."""
    words = [*FLOWBOOK, "scheduler", "--project", str(home)]
    process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.mark.parametrize("night", NIGHTS)
def test_what_a_night_has_comes_once_and_in_its_moment(night, home, clock):
    moment, zone, comes, does_not = NIGHTS[night]
    due, begun = datetime.fromisoformat(moment), time.monotonic()
    env = clock(due - LEAD)
    published(home)
    home.store.agenda.now = (due - LEAD).timestamp
    for name, cron in ("comes", comes), ("does-not", does_not):
        home.schedules.save(name, "report", cron=cron, timezone=zone)
    slots = home.schedules.history
    with scheduler(home.path, env):
        eventually(lambda: [one.run_status for one in slots("comes")] == ["succeeded"])
        left = begun + (LEAD + AFTERWARDS).total_seconds() - time.monotonic()
        time.sleep(max(0.0, left))
    (slot,) = slots("comes")
    assert (slot.scheduled_for, slot.verdict) == (due, "run")
    assert not list(slots("does-not"))
