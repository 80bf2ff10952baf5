"""The script holds the locks that a schedule asks for, in a real shell."""

from __future__ import annotations

import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowbook.targets.job import Job
from flowbook.targets.script import script
from flowbook.triggers.schedule import Overlap, Schedule

pytestmark = pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock")
GUARD_SECONDS = 60


@pytest.fixture
def begin(tmp_path):
    """`begin(schedule)`: starts the script; its runs go on until `tmp_path/go` is there."""
    folder = tmp_path / "shop floor"
    folder.mkdir()
    fake = tmp_path / "flowbook"
    fake.write_text(
        f"#!/bin/sh\necho \"$PWD|$*\" >>'{tmp_path}/begun'\n"
        f"while [ ! -e '{tmp_path}/go' ]; do sleep 0.05; done\n"
    )
    fake.chmod(0o755)
    started = []

    def start(schedule: Schedule) -> subprocess.Popen:
        job = Job(flow="r", notebook="a b.ipynb", folder=str(folder), place=str(tmp_path),
                  command=(str(fake),), params={"x": "it's"})  # fmt: skip
        made = script(job, schedule)
        (tmp_path / made.name).write_text(made.text)
        started.append(
            subprocess.Popen(["/bin/sh", str(tmp_path / made.name)], stderr=subprocess.PIPE)
        )
        return started[-1]

    yield start
    (tmp_path / "go").touch()
    for process in started:
        process.wait(GUARD_SECONDS)
        process.stderr.close()


def begun(tmp_path, count):
    """What the runs said that have begun, once there are so many."""
    path, until = tmp_path / "begun", time.monotonic() + GUARD_SECONDS
    while not path.exists() or len(path.read_text().splitlines()) < count:
        assert time.monotonic() < until
        time.sleep(0.02)
    return path.read_text().splitlines()


def locked(path):
    """Waits until somebody holds the lock; taking it to see would turn somebody away."""
    held, until = Path("/proc/locks"), time.monotonic() + GUARD_SECONDS
    if not held.exists():
        pytest.skip("needs /proc/locks")
    while not path.exists() or f":{path.stat().st_ino} " not in held.read_text():
        assert time.monotonic() < until
        time.sleep(0.02)


def nightly(**said) -> Schedule:
    return Schedule(cron="30 2 * * *", **said)


def test_a_run_has_its_folder_and_its_words(begin, tmp_path):
    begin(nightly())
    assert begun(tmp_path, 1) == [f"{tmp_path}/shop floor|job run a b.ipynb -p x=it's"]


def test_skip_starts_nothing_while_a_run_goes_on_and_says_so_by_its_code(begin, tmp_path):
    begin(nightly())
    begun(tmp_path, 1)
    second = begin(nightly())
    assert second.wait(GUARD_SECONDS) == 3
    assert b"skipped" in second.stderr.read()
    (tmp_path / "go").touch()
    assert len(begun(tmp_path, 1)) == 1


def test_queue_one_lets_one_wait_and_turns_the_next_away(begin, tmp_path):
    schedule = nightly(overlap=Overlap.QUEUE_ONE)
    begin(schedule)
    begun(tmp_path, 1)
    waiting = begin(schedule)
    locked(tmp_path / "flowbook-r.sh.next.lock")
    assert begin(schedule).wait(GUARD_SECONDS) == 3
    (tmp_path / "go").touch()
    assert waiting.wait(GUARD_SECONDS) == 0
    assert len(begun(tmp_path, 2)) == 2


def test_parallel_starts_so_many_and_no_more(begin, tmp_path):
    schedule = nightly(overlap=Overlap.PARALLEL, parallel=2)
    begin(schedule)
    begun(tmp_path, 1)
    begin(schedule)
    begun(tmp_path, 2)
    assert begin(schedule).wait(GUARD_SECONDS) == 3


def test_before_its_start_and_behind_its_end_nothing_begins(begin, tmp_path):
    now = datetime.now(UTC)
    assert begin(nightly(start=now + timedelta(days=1))).wait(GUARD_SECONDS) == 0
    assert begin(nightly(end=now - timedelta(days=1))).wait(GUARD_SECONDS) == 0
    assert not (tmp_path / "begun").exists()
