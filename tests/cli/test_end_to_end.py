"""What a user types, in processes of their own, over a real project."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
import pytest

import flowbook

FLOWBOOK = [sys.executable, "-m", "flowbook.cli"]
ENV = os.environ | {"PYTHONPATH": str(Path(flowbook.__file__).parents[1])}
"""A source tree that is not installed is found from other folders too."""


def notebook(path: Path, *cells: str, parameters: str = "top: int = 3") -> Path:
    """A notebook whose first cell holds the parameters and whose others are `cells`."""
    made = [nbformat.v4.new_code_cell(parameters, id="params", metadata={"tags": ["parameters"]})]
    made += [nbformat.v4.new_code_cell(text, id=f"cell{n}") for n, text in enumerate(cells)]
    path.write_text(nbformat.v4.writes(nbformat.v4.new_notebook(cells=made)))
    return path


SUMS = (
    "%%flow setup\nimport math",
    "%%flow numbers\nnumbers = list(range(top))",
    "%%flow total(numbers)\nmath.fsum(numbers)",
)


@pytest.fixture
def type_in(tmp_path):
    """`type_in("run", "sums.ipynb")` → the finished process, in a project of its own."""

    def run(*words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FLOWBOOK, *words],
            cwd=tmp_path,
            env=ENV,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run


@pytest.fixture
def start(tmp_path):
    """`start("run", …)` → a process under way, ended after the test."""
    made: list[subprocess.Popen[str]] = []

    def run(*words: str, program: Sequence[str] = FLOWBOOK) -> subprocess.Popen[str]:
        made.append(
            subprocess.Popen(
                [*program, *words],
                cwd=tmp_path,
                env=ENV,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return made[-1]

    yield run
    for process in made:
        process.kill()
        process.communicate()


def runs(type_in) -> list[dict]:
    return json.loads(type_in("history", "--json").stdout)["runs"]


def test_a_run_prints_what_it_gave_and_is_in_the_history(type_in, tmp_path):
    notebook(tmp_path / "sums.ipynb", *SUMS)
    done = type_in("run", "sums.ipynb", "-p", "top=5")
    assert (done.returncode, done.stdout) == (0, "total: 10.0\n"), done.stderr
    assert "2/2  ✓ total" in done.stderr
    (row,) = runs(type_in)
    assert (row["flow"], row["status"], row["trigger"]) == ("sums", "succeeded", "cli")
    report = tmp_path / ".flowbook" / "reports" / f"sums-{row['id']}.ipynb"
    assert "10.0" in report.read_text()


def test_a_history_is_exported_checked_and_deleted_by_who_types(type_in, tmp_path):
    notebook(tmp_path / "sums.ipynb", *SUMS)
    assert type_in("store", "fold").returncode == 2
    assert not (tmp_path / ".flowbook").exists()
    type_in("run", "sums.ipynb", "--no-report")
    done = type_in("store", "export", "io.json", "--view", "node_io")
    assert done.returncode == 0, done.stderr
    numbers, total = json.loads((tmp_path / "io.json").read_text())
    assert numbers["inputs"] == {"top": {"inline": 3}}
    assert total["inputs"]["numbers"]["inline"] == [0, 1, 2]
    assert type_in("store", "verify", "--deep").returncode == 0
    refused = type_in("history", "delete", "--flow", "sums")
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    assert type_in("history", "delete", "--flow", "sums", "--yes").stdout == "1 deleted\n"
    assert runs(type_in) == []
    entries = json.loads(type_in("history", "audit", "--json").stdout)["entries"]
    assert [entry["action"] for entry in entries] == ["DELETED", "EXPORTED"]


def test_a_run_as_json(type_in, tmp_path):
    notebook(tmp_path / "sums.ipynb", *SUMS)
    done = type_in("run", "sums.ipynb", "--json", "--no-report", "--only", "numbers")
    told = json.loads(done.stdout)
    assert told["outputs"] == {"numbers": [0, 1, 2]}
    went = {node["node"]: (node["status"], node["reason"]) for node in told["nodes"]}
    assert went == {"numbers": ("succeeded", None), "total": ("skipped", "not_asked")}
    assert (told["run"]["status"], told["report"], told["exit_code"]) == ("succeeded", None, 0)


def test_a_node_that_raises_shows_its_own_line_and_exits_with_1(type_in, tmp_path):
    notebook(tmp_path / "bad.ipynb", "%%flow broken\nx = 1\nx / 0")
    done = type_in("run", "bad.ipynb", "--no-report")
    assert done.returncode == 1
    assert "line 3" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert "flowbook/run" not in done.stderr
    assert runs(type_in)[0]["status"] == "failed"


def test_every_node_that_fails_is_told_with_its_cell_and_line(type_in, tmp_path):
    notebook(tmp_path / "two.ipynb", "%%flow one\n1 / 0", "%%flow two\nx = 1\n[][x]")
    told = type_in("run", "two.ipynb", "--no-report").stderr
    assert "node 'one' failed (cell cell0, line 2): ZeroDivisionError" in told
    assert "node 'two' failed (cell cell1, line 3): IndexError" in told


def test_a_project_that_cannot_be_written_exits_with_75_and_says_where(type_in, tmp_path):
    notebook(tmp_path / "sums.ipynb", *SUMS)
    (tmp_path / ".flowbook").write_text("a file in the way")
    done = type_in("run", "sums.ipynb", "--no-report")
    assert done.returncode == 75
    assert str(tmp_path / ".flowbook") in done.stderr


def test_a_wrong_parameter_starts_nothing(type_in, tmp_path):
    notebook(tmp_path / "sums.ipynb", *SUMS)
    done = type_in("run", "sums.ipynb", "-p", "tip=5")
    assert done.returncode == 2
    assert "did you mean 'top'?" in done.stderr
    assert runs(type_in) == []


def test_a_broken_notebook_is_told_cell_by_cell(type_in, tmp_path):
    notebook(
        tmp_path / "broken.ipynb",
        "%%flow one(nowhere)\none = nowhere",
        "%%flow two --retires 3\ntwo = 2",
    )
    done = type_in("check", "broken.ipynb", "--json")
    assert done.returncode == 2
    problems = {problem["cell"]: problem for problem in json.loads(done.stdout)["problems"]}
    assert set(problems) == {"cell0", "cell1"}
    assert type_in("run", "broken.ipynb").returncode == 2
    assert not (tmp_path / ".flowbook").exists()


def test_wrong_flow_options_are_told_with_cell_and_line(type_in, tmp_path):
    notebook(tmp_path / "sums.ipynb", "x = 1\n%flow options jurnal=off", *SUMS)
    done = type_in("check", "sums.ipynb", "--json")
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["cell"], problem["line"]) == ("cell0", 2)
    assert problem["hint"] == "did you mean 'journal'?"
    assert done.returncode == 2


def test_a_sensitive_parameter_is_in_no_file_of_the_project(type_in, tmp_path):
    notebook(
        tmp_path / "people.ipynb",
        "%flow options sensitive_fields=ssn",
        "%%flow person\nprint(ssn)\n{'ssn': ssn, 'n': len(ssn)}",
        "%%flow broken(person)\nraise ValueError(person['ssn'])",
        parameters="ssn: str = 'none given'",
    )
    done = type_in("run", "people.ipynb", "-p", "ssn=078-05-1120")
    assert done.returncode == 1
    type_in("history", "sql", "select count(*) from events")
    files = [one for one in (tmp_path / ".flowbook").rglob("*") if one.is_file()]
    written = b"".join(one.read_bytes() for one in files)
    assert b"078-05-1120" not in written
    assert b"ValueError" in written


def test_a_notebook_too_old_for_cell_ids_runs_reports_and_is_exported(type_in, tmp_path):
    path = notebook(tmp_path / "old one.ipynb", *SUMS)
    old = json.loads(path.read_text()) | {"nbformat_minor": 4}
    for cell in old["cells"]:
        del cell["id"]
    path.write_text(json.dumps(old))
    done = type_in("run", "old one.ipynb", "--report", "report.ipynb")
    assert (done.returncode, done.stdout) == (0, "total: 3.0\n")
    told = nbformat.read(tmp_path / "report.ipynb", as_version=4)
    assert told.cells[-1].outputs[0]["data"]["text/plain"] == "3.0"
    assert type_in("export", "old one.ipynb", "--to", "jobs").returncode == 0
    assert "fsum" in (tmp_path / "jobs" / "old one.ipynb").read_text()
    assert json.loads(path.read_text()) == old


def test_the_same_answer_from_sql(type_in, tmp_path):
    notebook(tmp_path / "sums.ipynb", *SUMS)
    type_in("run", "sums.ipynb", "--no-report")
    done = type_in("history", "sql", "select flow, count(*) as n from runs group by all", "--csv")
    assert done.stdout == "flow,n\nsums,1\n"
    refused = type_in("history", "sql", "drop table runs")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: ")


def test_sigterm_ends_a_run_as_cancelled(type_in, start, tmp_path):
    notebook(tmp_path / "slow.ipynb", "%%flow slow\nimport asyncio\nawait asyncio.sleep(60)")
    process = start("run", "slow.ipynb", "--no-report")
    _wait_for(process, "slow  started")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143
    assert runs(type_in)[0]["status"] == "cancelled"


def test_a_timeout_exits_with_124(type_in, tmp_path):
    notebook(tmp_path / "slow.ipynb", "%%flow slow\nimport asyncio\nawait asyncio.sleep(60)")
    done = type_in("run", "slow.ipynb", "--timeout", "500ms", "--no-report")
    assert done.returncode == 124
    assert "error: it took longer than --timeout" in done.stderr


def test_a_flow_out_of_its_own_time_exits_with_124_and_says_what_ran(type_in, tmp_path):
    slow = "%%flow slow\nimport asyncio\nawait asyncio.sleep(60)"
    notebook(tmp_path / "slow.ipynb", "%flow options timeout=500ms", slow)
    done = type_in("run", "slow.ipynb", "--no-report")
    assert done.returncode == 124
    assert "not over after 500ms; under way: slow" in done.stderr


def test_a_second_run_with_a_key_tells_of_the_first(type_in, tmp_path):
    notebook(tmp_path / "sums.ipynb", *SUMS)
    keyed = ("run", "sums.ipynb", "--no-report", "--key", "top {{ top }}")
    first = type_in(*keyed, "-p", "top=5")
    again = type_in(*keyed, "-p", "top=5")
    other = type_in(*keyed)
    assert [one.returncode for one in (first, again, other)] == [0, 0, 0], again.stderr
    assert (again.stdout, other.stdout) == (first.stdout, "total: 3.0\n")
    assert "was started before" in again.stderr
    assert sorted(row["key"] for row in runs(type_in)) == ["top 3", "top 5"]


def test_the_demo_runs_twice_and_its_sql_line_works(type_in, tmp_path):
    for _ in range(2):
        done = type_in("demo", "--dir", "tour", timeout=120)
        assert done.returncode == 0, done.stderr
    assert "Average high" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "history sql" in line]
    shell = line.split(maxsplit=1)[1].replace("flowbook", f"{sys.executable} -m flowbook.cli", 1)
    answer = subprocess.run(
        shell, shell=True, cwd=tmp_path, env=ENV, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("succeeded") == 2
    assert "attempt 1 failed" in done.stderr
    (report,) = [
        line.split()[-1] for line in done.stdout.splitlines() if line.startswith("report ")
    ]
    assert "image/png" in (tmp_path / report).read_text()


def _wait_for(process: subprocess.Popen[str], text: str, seconds: float = 40) -> None:
    """Read the process's progress until it says `text`."""
    deadline = time.monotonic() + seconds
    for line in process.stderr:
        if text in line:
            return
        assert time.monotonic() < deadline, f"{text!r} never came"
    raise AssertionError(f"it ended without {text!r}")


# ---------------------------------------------------------------- jobs: real kernels


@pytest.fixture
def export(type_in, tmp_path):
    """`export("sums", *cells)` → the job's path below the project."""

    def make(name: str, *cells: str, layout: str = "runner") -> str:
        notebook(tmp_path / f"{name}.ipynb", *cells)
        done = type_in("export", f"{name}.ipynb", "--to", "jobs", "--layout", layout)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return make


def frozen(report: Path) -> str:
    """The canvas that the runner cell of an executed notebook shows."""
    cells = nbformat.read(report, as_version=4).cells
    (runner,) = (cell for cell in cells if "flowbook-run" in cell.metadata.get("tags", ()))
    (drawn,) = (one.data for one in runner.outputs if "image/svg+xml" in one.get("data", {}))
    return drawn["image/svg+xml"]


@pytest.mark.kernel
def test_papermills_own_command_runs_a_job_by_our_engine(type_in, export, tmp_path):
    job = export("sums", *SUMS)
    words = [job, "out.ipynb", "--engine", "flowbook", "-p", "top", "5", "--no-progress-bar"]
    done = subprocess.run(
        [sys.executable, "-m", "papermill", *words],
        cwd=tmp_path, env=ENV, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = runs(type_in)
    assert (row["trigger"], row["flow"], row["status"]) == ("papermill", "sums", "succeeded")
    assert row["params"]["top"] == 5
    assert "10.0" in (tmp_path / "out.ipynb").read_text()
    assert 'data-status="succeeded"><title>total' in frozen(tmp_path / "out.ipynb")


@pytest.mark.kernel
def test_a_job_runs_the_same_flow_into_the_same_history(type_in, export, tmp_path):
    job = export("sums", *SUMS)
    done = type_in("job", "run", job, "-p", "top=5", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    (row,) = runs(type_in)
    assert (row["id"], row["trigger"], row["flow"]) == (told["run"]["id"], "papermill", "sums")
    assert row["params"]["top"] == 5
    assert "10.0" in Path(told["report"]).read_text()
    assert "✓ total" in done.stderr or "total" in done.stderr
    before = (tmp_path / job).read_bytes()
    assert "unchanged" in type_in("export", "sums.ipynb", "--to", "jobs").stderr
    assert (tmp_path / job).read_bytes() == before


@pytest.mark.kernel
def test_a_secret_is_in_nothing_that_a_job_or_a_run_leaves(type_in, export, tmp_path, monkeypatch):
    canary = "canary-7f3a9c/xyz+Q=="
    monkeypatch.setitem(ENV, "FLOWBOOK_SECRET_TOKEN", canary)
    uses = "import flowbook\nsecret = flowbook.context().services.secret('token')\nprint(secret)\n"
    good = export(
        "good", f"%%flow leak\n{uses}{{'a': secret, 'n': top}}", "%%flow last(leak)\nleak"
    )
    bad = export("bad", f"%%flow leak --retries 1 --backoff 1ms\n{uses}raise ValueError(secret)")
    said = []
    for words in (("job", "run", good), ("job", "run", bad), ("run", "good.ipynb", "--json")):
        done = type_in(*words)
        said.append(done.returncode)
        assert canary not in done.stdout + done.stderr
        assert "[redacted]" in done.stdout + done.stderr
    assert said == [0, 1, 0]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any("[redacted]" in path.read_text() for path in files if path.suffix == ".ipynb")
    assert [path for path in files if canary.encode() in path.read_bytes()] == []


@pytest.mark.kernel
def test_a_job_and_a_run_are_the_same_version(type_in, export):
    job = export("sums", *SUMS)
    type_in("run", "sums.ipynb", "--no-report")
    type_in("job", "run", job)
    assert [row["trigger"] for row in runs(type_in)] == ["papermill", "cli"]
    assert len({row["version"] for row in runs(type_in)}) == 1


@pytest.mark.kernel
def test_a_wrong_parameter_of_a_job_starts_no_kernel(type_in, export, tmp_path):
    job = export("sums", *SUMS)
    done = type_in("job", "run", job, "-p", "tip=5")
    assert done.returncode == 2
    assert "did you mean 'top'?" in done.stderr
    assert runs(type_in) == []
    assert list(tmp_path.rglob("*-*.ipynb")) == []


@pytest.mark.kernel
def test_a_job_whose_node_fails_exits_with_1_and_names_it(type_in, export, tmp_path):
    job = export("bad", "%%flow broken\nx = 1\nx / 0")
    done = type_in("job", "run", job, "--output", "out.ipynb")
    assert done.returncode == 1
    assert 'data-status="failed"><title>broken' in frozen(tmp_path / "out.ipynb")
    assert "ZeroDivisionError" in done.stderr or "division by zero" in done.stderr
    assert runs(type_in)[0]["status"] == "failed"


@pytest.mark.kernel
def test_a_job_whose_kernel_dies_exits_with_75(type_in, export):
    done = type_in("job", "run", export("dead", "%%flow gone\nimport os\nos._exit(7)"))
    assert done.returncode == 75, done.stderr
    assert "kernel died" in done.stderr or "lost" in done.stderr


@pytest.mark.kernel
def test_a_job_that_takes_too_long_exits_with_124(type_in, export):
    job = export("slow", "%%flow slow\nimport asyncio\nawait asyncio.sleep(60)")
    done = type_in("job", "run", job, "--timeout", "8s")
    assert done.returncode == 124, done.stderr
    assert runs(type_in)[0]["status"] == "cancelled"


@pytest.mark.kernel
@pytest.mark.parametrize("by", ["job", "papermill"])
def test_sigterm_stops_a_job_and_its_kernel(type_in, export, start, tmp_path, by):
    cell = "%%flow slow\nimport asyncio, os\nopen('pid', 'w').write(str(os.getpid()))\n"
    job = export("slow", cell + "await asyncio.sleep(60)")
    papermill = (job, "out.ipynb", "--engine", "flowbook", "--no-progress-bar")
    if by == "job":
        process = start("job", "run", job)
    else:
        process = start(*papermill, program=(sys.executable, "-m", "papermill"))
    deadline = time.monotonic() + 40
    while not (tmp_path / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    kernel = int((tmp_path / "pid").read_text())
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == (143 if by == "job" else 1)
    assert runs(type_in)[0]["status"] == "cancelled"
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)


@pytest.mark.kernel
@pytest.mark.parametrize("layout", ["runner", "steps"])
def test_an_exported_job_passes_nbval(type_in, export, tmp_path, layout):
    job = export("sums", *SUMS, layout=layout)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", job],
        cwd=tmp_path,
        env=ENV,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.kernel
@pytest.mark.parametrize("engine", [(), ("--engine", "flowbook")])
def test_a_job_by_steps_is_one_run_under_papermill(type_in, export, tmp_path, engine):
    job = export("sums", *SUMS, layout="steps")
    words = [job, "out.ipynb", *engine, "-p", "top", "5", "--no-progress-bar"]
    done = subprocess.run(
        [sys.executable, "-m", "papermill", *words],
        cwd=tmp_path, env=ENV, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = runs(type_in)
    assert (row["flow"], row["status"], row["params"]["top"]) == ("sums", "succeeded", 5)
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    gave = {cell.source: cell.outputs[-1].data["text/plain"] for cell in stepped(cells)}
    assert gave == {"%flow step numbers": "[0, 1, 2, 3, 4]", "%flow step total": "10.0"}
    assert cells[-1].outputs[0].text == "flow sums: 2 nodes, succeeded\n"


@pytest.mark.kernel
def test_by_steps_a_node_that_fails_stops_the_notebook_in_its_own_cell(type_in, export, tmp_path):
    broken = ("%%flow broken(numbers)\nnumbers[99]", "%%flow last(broken)\nbroken")
    job = export("bad", *SUMS, *broken, layout="steps")
    done = type_in("job", "run", job, "--output", "out.ipynb")
    assert done.returncode == 1, done.stderr
    assert "node 'broken' failed" in done.stderr
    steps = stepped(nbformat.read(tmp_path / "out.ipynb", as_version=4).cells)
    (failed,) = (cell for cell in steps if cell.metadata.papermill.status == "failed")
    assert failed.source == "%flow step broken"
    assert failed.outputs[-1].ename == "IndexError" or "IndexError" in failed.outputs[-1].evalue
    (drawn,) = (one for one in failed.outputs if "image/svg+xml" in one.get("data", {}))
    assert 'data-status="failed"><title>broken' in drawn.data["image/svg+xml"]
    (row,) = runs(type_in)
    assert (row["status"], drawn.metadata.flowbook.run) == ("failed", row["id"])


def stepped(cells: Sequence[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    return [cell for cell in cells if "flowbook-step" in cell.metadata.get("tags", ())]


@pytest.mark.kernel
def test_sigterm_ends_a_run_by_steps_as_cancelled(type_in, export, start, tmp_path):
    cell = "%%flow slow(numbers)\nimport asyncio\nopen('begun', 'w').close()\n"
    job = export("slow", *SUMS, cell + "await asyncio.sleep(60)", layout="steps")
    process = start("job", "run", job)
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    assert runs(type_in)[0]["status"] == "cancelled"


DEADLY = (
    "%%flow numbers\nopen('ledger', 'a').write('numbers ')\nnumbers = list(range(top))",
    "%%flow total(numbers)\n"
    "import os, signal\n"
    "open('ledger', 'a').write('total ')\n"
    "if open('ledger').read().count('total') == 1:\n"
    "    os.kill(os.getpid(), signal.SIGKILL)\n"
    "sum(numbers)",
)


@pytest.mark.kill
def test_a_run_that_was_killed_is_recovered_by_the_next_process(type_in, tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / ".flowbook").mkdir()
    notebook(tmp_path / "reports" / "sums.ipynb", *DEADLY)
    assert type_in("run", "reports/sums.ipynb", "-p", "top=5").returncode == -signal.SIGKILL
    (lost,) = json.loads(type_in("history", "--json").stdout)["runs"]
    assert lost["error"].startswith("lost: process ")

    done = type_in("history", "recover", "--all")
    assert (done.returncode, done.stdout) == (0, f"{lost['id']}  sums  succeeded\n"), done.stderr
    assert "taken up by process" in done.stderr
    assert (tmp_path / "reports" / "ledger").read_text() == "numbers total total "

    (run,) = json.loads(type_in("history", "--json").stdout)["runs"]
    assert (run["id"], run["status"]) == (lost["id"], "succeeded")
    nothing = type_in("history", "recover", "--all", "--json")
    assert json.loads(nothing.stdout) == {"runs": [], "refused": {}}
    again = type_in("history", "recover", lost["id"], "--json")
    assert again.returncode == 2
    assert "is over (succeeded)" in json.loads(again.stdout)["refused"][lost["id"]]


@pytest.mark.kill
def test_a_lost_run_needs_its_notebook_and_goes_on_as_it_began(type_in, tmp_path):
    path = notebook(tmp_path / "sums.ipynb", *DEADLY)
    type_in("run", "sums.ipynb")
    path.rename(tmp_path / "moved.ipynb")
    missing = type_in("history", "recover", "--all")
    assert missing.returncode == 2
    assert "no notebook sums.ipynb" in missing.stderr
    notebook(path, DEADLY[0], DEADLY[1].replace("sum(", "max("))
    assert type_in("history", "recover").returncode == 2
    changed = type_in("history", "recover", "--all")
    assert changed.returncode == 0, changed.stderr
    (run,) = json.loads(type_in("history", "--json").stdout)["runs"]
    shown = json.loads(type_in("history", "show", run["id"], "--node", "total", "--json").stdout)
    assert shown["outputs"]["total"]["shown"]["value"] == 3  # the sum, as it was; not the maximum
