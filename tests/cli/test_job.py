"""Where a job belongs, and how its end is told."""

from __future__ import annotations

import json

from flowbook.cli.job_run import as_data
from flowbook.events import RunStatus
from flowbook.export.about import home_of
from flowbook.export.exits import ExitCode
from flowbook.export.job import JobResult


def test_a_job_belongs_to_its_authors_project(tmp_path):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "tour.ipynb").write_text("{}")
    assert home_of(tmp_path / "jobs" / "tour.ipynb", "../tour.ipynb") == tmp_path


def test_a_job_that_was_shipped_alone_is_its_own_project(tmp_path):
    assert home_of(tmp_path / "tour.ipynb", "../gone/tour.ipynb") == tmp_path
    assert home_of(tmp_path / "tour.ipynb", "") == tmp_path


def test_a_notebook_that_is_no_job_is_refused(ask, tmp_path):
    (tmp_path / "plain.ipynb").write_text(
        json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    code, _, err = ask("job", "run", "plain.ipynb")
    assert code == 2
    assert "is not an exported job" in err
    assert "hint: export it first" in err


def test_an_end_before_the_run_began_has_no_run(tmp_path):
    result = JobResult("r1", "tour", None, ExitCode.INFRASTRUCTURE, tmp_path / "no.ipynb", "died")
    told = as_data(result, None)
    assert (told["run"], told["report"], told["exit_code"]) == (None, None, 75)


def test_a_run_is_told_with_its_report(tmp_path):
    report = tmp_path / "out.ipynb"
    report.write_text("{}")
    row = {"id": "r1", "status": "succeeded"}
    told = as_data(JobResult("r1", "tour", RunStatus.SUCCEEDED, ExitCode.OK, report), row)
    assert (told["run"], told["report"], told["exit_code"]) == (row, str(report), 0)
