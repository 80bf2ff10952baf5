"""A job killed at any moment goes on from the journal, and ends as one that nobody disturbed.

The moments are drawn from a seed: `FLOWBOOK_SEED` repeats one that failed, `FLOWBOOK_JOB_KILLS`
says how many jobs are killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from tests.cells.conftest import notebook_of

JOBS = int(os.environ.get("FLOWBOOK_JOB_KILLS", "6"))
FIRST = int(os.environ.get("FLOWBOOK_SEED", "1"))
MOST_KILLS = 2
EFFECT = """\
import os, pathlib, time
time.sleep(0.25)
key = flowbook.context().idempotency_key.replace("/", "_").replace(":", "_")
with open("attempts", "a") as file:
    file.write(f"{me}\\n")
effects = pathlib.Path("effects")
effects.mkdir(exist_ok=True)
(effects / f"{me}-{key}").touch()
"""
CELLS = (
    "#:parameters\nfactor: int = 3",
    "%%flow setup\nimport flowbook",
    *(
        f"%%flow n{at}({f'before=n{at - 1}' if at else 'factor'})\nme = 'n{at}'\n{EFFECT}"
        f"{'before' if at else 'factor'} * {at + 1}"
        for at in range(5)
    ),
)
DONE = 3 * 1 * 2 * 3 * 4 * 5
NOTE = 'with open("attempts", "a") as file:\n    file.write("{}\\n")\n'
GATED = (
    "#:parameters\ncity: str = 'Oslo'\nsizes: list = []",
    f"%%flow first(city, sizes)\n{NOTE.format('first')}f'{{city}} {{sizes}}'",
    f"%%flow second(first, mark: str = '?')\nimport pathlib, time\n{NOTE.format('second')}"
    "while not pathlib.Path('gate').exists():\n    time.sleep(0.02)\nfirst + mark",
    f"%%flow third(second)\n{NOTE.format('third')}second",
)
GIVEN = ("-p", "city=Bergen", "-p", "sizes=[1, 2]", "-p", "mark=!")

pytestmark = [pytest.mark.kernel, pytest.mark.kill]


class Job:
    """A job in a folder of its own, started again and again."""

    def __init__(self, folder, cells=CELLS, layout="runner"):
        self.folder = folder
        (folder / "tour.ipynb").write_text(notebook_of(*cells).text())
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "JUPYTER_PLATFORM_DIRS": "1",
        }
        self.call("export", "tour.ipynb", "--to", "jobs", "--layout", layout)

    def words(self, *words):
        return [sys.executable, "-m", "flowbook.cli", *words]

    def call(self, *words):
        return subprocess.run(
            self.words(*words), cwd=self.folder, env=self.environment, capture_output=True,
            text=True, timeout=120,
        )  # fmt: skip

    def run(self, *words):
        return self.call("job", "run", "jobs/tour.ipynb", "-p", "factor=3", "--json", *words)

    def killed(self, after, everything, *words):
        """Start the job and kill it `after` seconds of its run, perhaps with its kernel."""
        process = subprocess.Popen(
            self.words("job", "run", "jobs/tour.ipynb", "-p", "factor=3", *words),
            cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        begun = time.monotonic()
        count = len(self.attempts())
        while len(self.attempts()) == count and process.poll() is None:
            if time.monotonic() > begun + 40:
                break
            time.sleep(0.02)
        time.sleep(after)
        if everything:
            for child in children_of(process.pid):
                kill(child)
        kill(process.pid)
        process.wait(20)

    def killed_at_the_gate(self, *words):
        """Start the job and kill it, with its kernel, while `second` waits; then open the gate."""
        process = subprocess.Popen(
            self.words("job", "run", "jobs/tour.ipynb", *words), cwd=self.folder,
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while "second" not in self.attempts() and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in (*children_of(process.pid), process.pid):
            kill(pid)
        process.wait(20)
        (self.folder / "gate").touch()

    def attempts(self):
        path = self.folder / "attempts"
        return path.read_text().split() if path.exists() else []

    def rows(self):
        return json.loads(self.call("history", "--json").stdout)["runs"]


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def children_of(pid):
    tasks = Path(f"/proc/{pid}/task")
    try:
        told = [(one / "children").read_text() for one in tasks.iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for line in told for child in line.split()]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + JOBS))
def test_a_job_that_is_killed_at_any_moment_ends_as_if_nobody_had(tmp_path, seed):
    chance = random.Random(seed)
    job = Job(tmp_path)
    said = ("--key", "today")
    for _ in range(chance.randint(1, MOST_KILLS)):
        job.killed(chance.uniform(0, 0.9), chance.random() < 0.6, *said)
    done = job.run(*said)
    told = json.loads(done.stdout)
    assert done.returncode == 0, (f"FLOWBOOK_SEED={seed}", done.stderr)
    (row,) = job.rows()  # whatever was killed, it is one run
    assert (row["id"], row["status"]) == (told["run"]["id"], "succeeded")
    folder = job.folder / "effects"
    effects = Counter(path.name.partition("-")[0] for path in folder.iterdir())
    assert effects == {f"n{at}": 1 for at in range(5)}  # by key, each was done once
    report = Path(told["report"]).read_text()
    assert str(DONE) in report
    assert "# tour: succeeded" in report or "flow tour: 5 nodes, succeeded" in report
    assert '"status": "pending"' not in report


@pytest.mark.parametrize("layout", ["runner", "steps"])
def test_a_job_without_a_key_goes_on_when_it_is_told_to_resume(tmp_path, layout):
    job = Job(tmp_path, layout=layout)
    job.killed(0, True)
    before = job.attempts()
    done = job.run("--resume")
    assert done.returncode == 0, done.stderr
    (row,) = job.rows()
    assert (row["id"], row["status"]) == (json.loads(done.stdout)["run"]["id"], "succeeded")
    assert f"going on with run {row['id']}" in done.stderr
    assert len(before) < 5
    again = job.run("--resume")  # there is nothing to go on with
    assert again.returncode == 0
    assert len(job.rows()) == 2


@pytest.mark.parametrize("said", [("--key", "k"), ("--resume",)])
def test_a_job_that_was_given_parameters_goes_on_with_the_run_that_has_them(tmp_path, said):
    job = Job(tmp_path, GATED)
    job.killed_at_the_gate(*GIVEN, *said)
    assert job.attempts() == ["first", "second"]
    done = job.call("job", "run", "jobs/tour.ipynb", *GIVEN, *said)
    assert done.returncode == 0, done.stderr
    (row,) = job.rows()  # no other run was begun
    assert f"going on with run {row['id']}" in done.stderr
    assert (row["status"], row["params"]["city"], row["params"]["sizes"]) == (
        "succeeded", "Bergen", [1, 2]
    )  # fmt: skip
    assert job.attempts() == ["first", "second", "second", "third"]
    report = next((tmp_path / ".flowbook" / "reports").glob("*.ipynb")).read_text()
    assert "Bergen [1, 2]!" in report


def test_a_run_that_kept_nothing_to_go_on_with_is_not_begun_again_under_its_key(tmp_path):
    job = Job(tmp_path, (*GATED, "%flow options journal=summary"))
    job.killed_at_the_gate("--key", "k")
    again = job.call("job", "run", "jobs/tour.ipynb", "--key", "k")
    assert again.returncode == 1
    assert "recorded with journal=summary, which keeps no values to go on with" in again.stderr
    assert "hint: run the flow again, under another key" in again.stderr
    assert job.attempts() == ["first", "second"]


def test_the_report_of_a_job_that_goes_on_has_the_parameters_of_its_run(tmp_path):
    job = Job(tmp_path, GATED, layout="steps")
    job.killed_at_the_gate(*GIVEN, "--key", "k")
    done = job.call("job", "run", "jobs/tour.ipynb", "--key", "k", "--output", "out.ipynb")
    assert done.returncode == 0, done.stderr
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    (injected,) = (one for one in cells if "injected-parameters" in one.metadata.get("tags", ()))
    values = {}
    exec(injected.source, values)
    assert (values["city"], values["sizes"], values["mark"]) == ("Bergen", [1, 2], "!")
    gave = {one.source: one.outputs[-1].data["text/plain"] for one in cells if stepped(one)}
    assert gave == {
        "%flow step first": "'Bergen [1, 2]'",  # before it was killed
        "%flow step second": "'Bergen [1, 2]!'",
        "%flow step third": "'Bergen [1, 2]!'",
    }
    assert job.attempts() == ["first", "second", "second", "third"]


def stepped(cell):
    return "flowbook-step" in cell.metadata.get("tags", ())


def test_a_run_goes_on_though_its_job_has_lost_a_parameter_since(tmp_path):
    job = Job(tmp_path, GATED)
    job.killed_at_the_gate(*GIVEN, "--key", "k")
    fewer = (GATED[0].replace("\nsizes: list = []", ""), *(
        one.replace("(city, sizes)", "(city)").replace(" {sizes}", "") for one in GATED[1:]
    ))  # fmt: skip
    (tmp_path / "tour.ipynb").write_text(notebook_of(*fewer).text())
    job.call("export", "tour.ipynb", "--to", "jobs")
    done = job.call("job", "run", "jobs/tour.ipynb", "--key", "k")
    assert done.returncode == 0, done.stderr
    (row,) = job.rows()
    assert (row["status"], row["params"]["sizes"]) == ("succeeded", [1, 2])


def test_a_key_that_comes_with_other_parameters_is_refused(tmp_path):
    job = Job(tmp_path, GATED)
    job.killed_at_the_gate(*GIVEN, "--key", "k")
    again = ("job", "run", "jobs/tour.ipynb", "--key", "k")
    refused = job.call(*again, "-p", "city=Oslo", "-p", "mark=!")
    assert refused.returncode == 2, refused.stderr
    assert "which has other parameters: city is 'Bergen' there and 'Oslo' here" in refused.stderr
    assert "mark is" not in refused.stderr
    assert "hint: another run needs another --key" in refused.stderr
    done = job.call(*again)  # what is not said is not asked
    assert done.returncode == 0, done.stderr
    assert job.attempts() == ["first", "second", "second", "third"]
    assert job.call(*again, "-p", "city=Oslo").returncode == 2  # nor has it been done
    told = job.call(*again, *GIVEN)
    assert (told.returncode, "is done" in told.stderr) == (0, True), told.stderr
    (row,) = job.rows()
    assert (row["status"], row["params"]["city"]) == ("succeeded", "Bergen")


def test_what_a_key_says_is_done_is_not_done_again(tmp_path):
    job = Job(tmp_path)
    first, again = job.run("--key", "k"), job.run("--key", "k")
    assert (first.returncode, again.returncode) == (0, 0), again.stderr
    assert json.loads(first.stdout)["run"]["id"] == json.loads(again.stdout)["run"]["id"]
    assert "is done" in again.stderr
    assert len(job.attempts()) == 5


def test_a_job_that_another_process_runs_is_skipped(tmp_path):
    job = Job(tmp_path)
    process = subprocess.Popen(
        job.words("job", "run", "jobs/tour.ipynb", "--key", "k", "-p", "factor=3"),
        cwd=job.folder, env={**job.environment}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not job.attempts() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGSTOP)  # its kernel goes on; slow it down, too
    for child in children_of(process.pid):
        os.kill(child, signal.SIGSTOP)
    skipped = job.run("--key", "k")
    assert skipped.returncode == 3, skipped.stderr
    assert "goes on in process" in skipped.stderr or "goes on in" in skipped.stdout
    for child in (*children_of(process.pid), process.pid):
        os.kill(child, signal.SIGCONT)
    assert process.wait(60) == 0
    assert len(job.attempts()) == 5


def test_a_job_that_fails_before_its_run_is_a_failed_run(tmp_path):
    job = Job(tmp_path)
    cells = (CELLS[0], "%%flow setup\nraise OSError('no such host')", "%%flow one\n1")
    (tmp_path / "tour.ipynb").write_text(notebook_of(*cells).text())
    job.call("export", "tour.ipynb", "--to", "jobs")
    done = job.run("--key", "k")
    assert done.returncode == 1, done.stderr
    (row,) = job.rows()
    assert (row["status"], row["trigger"], row["key"]) == ("failed", "papermill", "k")
    assert "ended before its run began" in row["error"]
    assert "no such host" in row["error"]
