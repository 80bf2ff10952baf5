"""Runs of the flow of the doctor, where they go wrong."""

from __future__ import annotations

from flowbook.session import health_runs
from flowbook.session.health import Verdict


def test_a_command_that_fails_is_told_in_its_own_words(tmp_path):
    check = health_runs._by_words("run by a process", ["run", "none.ipynb"], tmp_path)
    assert check.verdict is Verdict.FAILED
    assert "none.ipynb" in check.found
    assert check.hint


def test_the_runs_are_not_sent_into_the_project_of_whoever_asks(monkeypatch):
    monkeypatch.setenv("FLOWBOOK_PROJECT", "/somewhere")
    assert "FLOWBOOK_PROJECT" not in health_runs.environment()


def test_a_flow_that_fails_in_a_kernel_says_what_it_raised(tmp_path):
    notebook = tmp_path / "doctor.ipynb"
    text = health_runs.first_notebook("doctor").replace("len(readings)", "0")
    notebook.write_text(text)
    check = health_runs._by_kernel(notebook)
    assert check.verdict is Verdict.FAILED
    assert "ZeroDivisionError" in check.found
    assert check.hint
