"""A job's exit code is our run row's, and nothing starts with wrong parameters."""

from __future__ import annotations

import nbformat
import pytest

from flowbook.errors import UsageError
from flowbook.events import RunStatus
from flowbook.export.about import job_metadata
from flowbook.export.exits import ExitCode
from flowbook.export.job import Ending, report_path, verdict

RAISED = Ending("ValueError: x", "ValueError")


@pytest.mark.parametrize(
    ("why", "status", "ending", "code"),
    [
        (None, RunStatus.SUCCEEDED, Ending(), ExitCode.OK),
        (None, RunStatus.SUCCEEDED, RAISED, ExitCode.OK),
        (None, RunStatus.SUSPENDED, Ending(), ExitCode.OK),
        (None, RunStatus.FAILED, RAISED, ExitCode.FAILED),
        (None, RunStatus.CANCELLED, RAISED, ExitCode.FAILED),
        (None, None, RAISED, ExitCode.FAILED),
        (None, None, Ending(), ExitCode.INFRASTRUCTURE),
        (None, RunStatus.FAILED, Ending("gone", dead=True), ExitCode.INFRASTRUCTURE),
        (None, RunStatus.RUNNING, Ending("gone", dead=True), ExitCode.INFRASTRUCTURE),
        (None, None, Ending("StoreBusy: x", "StoreBusy"), ExitCode.INFRASTRUCTURE),
        (ExitCode.TIMEOUT, RunStatus.CANCELLED, RAISED, ExitCode.TIMEOUT),
        (ExitCode.TERMINATED, None, Ending("gone", dead=True), ExitCode.TERMINATED),
    ],
)
def test_the_exit_code_follows_from_reason_row_and_ending(why, status, ending, code):
    assert verdict(why, status, ending) is code


def write(path, metadata):
    path.write_text(nbformat.v4.writes(nbformat.v4.new_notebook(metadata=metadata)))
    return path


def test_a_job_says_what_it_is(tmp_path):
    about = {"format": 1, "flow": "tour", "source": "../tour.ipynb"}
    assert job_metadata(write(tmp_path / "job.ipynb", {"flowbook": about})) == about


def test_a_notebook_that_is_no_job_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="not an exported job") as refused:
        job_metadata(write(tmp_path / "plain.ipynb", {}))
    assert "flowbook export" in refused.value.hint


@pytest.mark.parametrize("content", ["", "[]", "not json", '{"cells": 3}'])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, content):
    path = tmp_path / "broken.ipynb"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"broken\.ipynb is not a notebook"):
        job_metadata(path)


def test_a_missing_job_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.ipynb"):
        job_metadata(tmp_path / "gone.ipynb")


def test_reports_lie_with_the_store(tmp_path):
    assert report_path(tmp_path, "tour", "r1") == tmp_path / ".flowbook/reports/tour-r1.ipynb"
