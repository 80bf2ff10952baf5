"""`flowbook export --target` writes what a scheduler takes, beside the job."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CELLS = ("%load_ext flowbook", "%%flow rows(days: int = 7)\n[*range(days)]")


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "report.ipynb"
    cells = [
        {"id": f"c{n}", "cell_type": "code", "source": text, "metadata": {}, "outputs": [],
         "execution_count": None}
        for n, text in enumerate(CELLS)
    ]  # fmt: skip
    path.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    return path


def test_the_files_lie_beside_the_job_and_the_next_steps_are_told(ask, notebook, tmp_path):
    code, out, err = ask(
        *("export", "report.ipynb", "--to", "jobs", "--target", "systemd"),
        *("--cron", "30 2 * * *", "--timezone", "Europe/Berlin", "-p", "days=3", "--timeout", "5m"),
    )
    assert (code, out.splitlines()) == (
        0,
        ["jobs/report.ipynb", "jobs/flowbook-report.timer", "jobs/flowbook-report.service"],
    )
    service = (tmp_path / "jobs" / "flowbook-report.service").read_text()
    assert f"WorkingDirectory={tmp_path}\n" in service
    assert "job run jobs/report.ipynb -p days=3 --timeout 300s" in service
    assert "warning: units of a user stop" in err
    assert "systemctl --user enable --now flowbook-report.timer" in err


def test_a_schedule_of_the_project_says_it_all(ask, notebook, tmp_path):
    assert ask("publish", "report.ipynb")[0] == 0
    code, *_ = ask(
        *("schedule", "add", "nightly", "report.ipynb", "30 2 * * *"),
        *("--timezone", "Europe/Berlin", "-p", "days=3"),
    )
    assert code == 0
    to = ("export", "report.ipynb", "--to", "jobs", "--target", "systemd", "--schedule")
    assert ask(*to, "nightly")[0] == 0
    timer = (tmp_path / "jobs" / "flowbook-report.timer").read_text()
    assert "02:30:00 Europe/Berlin" in timer
    assert "-p days=3" in (tmp_path / "jobs" / "flowbook-report.service").read_text()
    ask(*to, "nightly", "-p", "days=4")
    assert "-p days=4" in (tmp_path / "jobs" / "flowbook-report.service").read_text()
    for more, said in ((("--cron", "@daily"), "says itself"), ((), "there is no schedule")):
        code, _, err = ask(*to, "nightly" if more else "weekly", *more)
        assert (code, said in err) == (2, True)


def test_as_json_it_is_all_said_once(ask, notebook):
    _, out, err = ask(
        *("export", "report.ipynb", "--to", "jobs", "--target", "github", "--json"),
        *("--every", "6h", "--start", "2026-01-01T00:00Z", "--catch-up", "none"),
    )
    target = json.loads(out)["target"]
    assert target["files"] == ["jobs/flowbook-report.yml"]
    assert {"what", "instead"} == set(target["caveats"][0])
    assert err == "warning: the job is of the notebook as it is: nothing is published\n"


def test_the_written_script_runs_the_flow(ask, notebook, tmp_path):
    code, *_ = ask("export", "report.ipynb", "--to", "jobs", "--target", "crontab", "--cron",
                   "@daily", "-p", "days=2")  # fmt: skip
    assert code == 0
    script = tmp_path / "jobs" / "flowbook-report.sh"
    text = script.read_text()
    # The script names the flowbook that wrote it; here that has to be the one that is tested.
    (line,) = (one for one in text.splitlines() if one.startswith("exec ") and "job run" in one)
    rest = line.partition(" job run ")[2]
    script.write_text(text.replace(line, f"exec {sys.executable} -m flowbook.cli job run {rest}"))
    ended = subprocess.run(["/bin/sh", script], capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith(" succeeded\n")


def test_options_about_a_target_need_one(ask, notebook):
    code, _, err = ask("export", "report.ipynb", "--to", "jobs", "--cron", "@daily")
    assert code == 2
    assert "--cron is about a target, and none is named" in err


def test_a_schedule_that_is_none_is_refused_and_so_are_parameters_of_no_flow(ask, notebook):
    code, _, err = ask("export", "report.ipynb", "--to", "jobs", "--target", "systemd")
    assert code == 2
    assert "nothing says when" in err
    code, _, err = ask("export", "report.ipynb", "--to", "jobs", "--target", "systemd", "--cron",
                       "@daily", "-p", "city=Oslo")  # fmt: skip
    assert code == 2
    assert "city" in err


def test_a_job_that_would_not_be_there_is_refused(ask, notebook, tmp_path_factory):
    away = tmp_path_factory.mktemp("away")
    code, _, err = ask("export", "report.ipynb", "--to", str(away), "--target", "kubernetes",
                       "--cron", "@daily")  # fmt: skip
    assert code == 2
    assert "outside of the project's folder" in err
