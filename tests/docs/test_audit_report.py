"""The report notebook runs as it is, over a project where nothing or everything happened."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import flowbook

REPORT = Path(__file__).parents[2] / "notebooks" / "audit_report.ipynb"

pytestmark = pytest.mark.kernel


def report(folder: Path, monkeypatch, **parameters: str) -> dict[str, str]:
    """Run the report in `folder`; what each cell showed, by cell id."""
    monkeypatch.setenv("PYTHONPATH", str(Path(flowbook.__file__).parents[1]))
    monkeypatch.delenv("FLOWBOOK_PROJECT", raising=False)
    notebook = nbformat.read(REPORT, 4)
    cell = next(one for one in notebook.cells if one.id == "parameters")
    cell.source += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
    return {
        one.id: "".join(
            output.get("text") or output["data"]["text/plain"] for output in one.outputs
        )
        for one in notebook.cells
        if one.cell_type == "code"
    }


def test_an_empty_project_has_an_empty_report_and_stays_empty(tmp_path, monkeypatch):
    shown = report(tmp_path, monkeypatch)
    assert shown["runs-check"] == "True"
    assert "Empty DataFrame" in shown["deleted-table"]
    assert os.listdir(tmp_path) == []


def test_a_filled_project_is_reported_and_narrowed(tmp_path, monkeypatch):
    project = flowbook.project(tmp_path)
    runs = {}
    for name in ("kept", "dropped"):
        runs[name] = flowbook.Flow(name, host=project).run().id
    project.history.delete(runs["dropped"], reason="asked by its owner", actor="ann")
    project.history.pin(runs["kept"], actor="bob")
    project.store.settings.set("retention", "90d")
    project.store.audit.record("EXPORTED", path="runs.csv", rows=3, view="runs")
    project.close()

    shown = report(tmp_path, monkeypatch)
    assert "ann" in shown["who-table"]
    assert "kept" in shown["runs-table"]
    assert "asked by its owner" in shown["deleted-table"]
    assert "90d" in shown["settings-table"]
    assert "retention        90d        project" in shown["retention-settings"]
    assert "kept" in shown["retention-pinned"]
    assert "runs.csv" in shown["exports-table"]

    narrowed = report(tmp_path, monkeypatch, flow="kept", until="2020-01-01")
    assert "Empty DataFrame" in narrowed["deleted-table"]
    assert "Empty DataFrame" in narrowed["runs-table"]
