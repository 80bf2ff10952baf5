"""The kernel of a job comes up while the job is read, and is gone when it is not needed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.test_job_kills import GATED, GIVEN, Job

pytestmark = [pytest.mark.kernel, pytest.mark.kill]
GUARD = 60.0
QUICK = ("%%flow a(n: int = 1)\nimport os\nos.getpid()",)


def kernels_of(folder):
    """The processes that were told of the project there, by id."""
    told = f"FLOWBOOK_PROJECT={folder}".encode()
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            if told in (one / "environ").read_bytes().split(b"\0"):
                found.append(int(one.name))
        except (OSError, ProcessLookupError):
            continue
    return found


def until(truth):
    deadline = time.monotonic() + GUARD
    while not truth():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def start(job, *words):
    return subprocess.Popen(
        job.words("job", "run", "jobs/tour.ipynb", *words), cwd=job.folder, env=job.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_job_that_is_refused_leaves_no_kernel(tmp_path):
    job = Job(tmp_path, QUICK)
    refused = job.call("job", "run", "jobs/tour.ipynb", "-p", "nope=1")
    assert (refused.returncode, "has no parameter 'nope'" in refused.stderr) == (2, True)
    until(lambda: kernels_of(tmp_path) == [])


def test_a_job_that_is_told_to_stop_while_it_is_read_leaves_no_kernel(tmp_path):
    job = Job(tmp_path, QUICK)
    process = start(job)
    until(lambda: kernels_of(tmp_path) or process.poll() is not None)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(GUARD) != 0
    until(lambda: kernels_of(tmp_path) == [])


def test_a_job_has_one_kernel_which_is_told_of_its_run(tmp_path):
    job = Job(tmp_path, GATED)
    process = start(job, *GIVEN)
    until(lambda: "second" in job.attempts())
    (kernel,) = kernels_of(tmp_path)
    told = Path(f"/proc/{kernel}/environ").read_bytes().decode().split("\0")
    (row,) = job.rows()
    assert f"FLOWBOOK_RUN_ID={row['id']}" in told
    (tmp_path / "gate").touch()
    assert process.wait(GUARD) == 0


def test_a_job_that_goes_on_has_a_kernel_that_knows_the_run_and_no_other(tmp_path):
    job = Job(tmp_path, GATED)
    job.killed_at_the_gate(*GIVEN)
    until(lambda: kernels_of(tmp_path) == [])
    (tmp_path / "gate").unlink()
    process = start(job, *GIVEN, "--resume")
    until(lambda: job.attempts().count("second") == 2)
    (kernel,) = kernels_of(tmp_path)
    (row,) = job.rows()
    told = Path(f"/proc/{kernel}/environ").read_bytes().decode().split("\0")
    assert f"FLOWBOOK_RESUMES={row['id']}" in told
    (tmp_path / "gate").touch()
    assert process.wait(GUARD) == 0
    done = json.loads(job.call("history", "--json").stdout)["runs"]
    assert [one["status"] for one in done] == ["succeeded"]
