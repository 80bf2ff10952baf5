"""The report of a job in JupyterLab, which does not trust it: another process has executed it."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from playwright.sync_api import expect
from tests.ui.conftest import ARTEFACTS
from tests.widget.stage import FakeRun, completed, over, spec, started

from flowbook.session.project import project
from flowbook.widget.frozen import frozen
from flowbook.widget.picture import picture

THEMES = ("JupyterLab Light", "JupyterLab Dark")


@pytest.mark.parametrize("theme", THEMES)
def test_the_frozen_canvas_is_shown_in_a_notebook_that_is_not_trusted(lab, page, theme):
    run = FakeRun()
    run.happen(started(1), completed(2), over(3))
    cell = nbformat.v4.new_code_cell("run = %flow run --record", execution_count=1)
    shown = frozen(picture(spec(), (), {}), run)
    cell.outputs = [nbformat.v4.new_output("display_data", data=shown)]
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    report = nbformat.v4.new_notebook(cells=[cell], metadata=about)
    nbformat.write(report, lab.folder / "report.ipynb")
    page.goto(lab.open("report.ipynb"))
    drawn = page.get_by_alt_text("flow tour: 2 nodes, 1 edges")
    expect(drawn).to_be_visible()
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    assert drawn.evaluate("(img) => img.complete && img.naturalWidth > 200")
    page.screenshot(path=ARTEFACTS / f"report-{theme.split()[1].lower()}.png")


@pytest.mark.parametrize("layout", ["runner", "steps"])
def test_a_report_leads_to_the_page_of_its_run(lab, page, layout):
    lab.notebook("daily.ipynb", ["%load_ext flowbook", "%%flow one\n1", "%%flow two(one)\none + 1"])

    def flowbook(*words):
        line = [sys.executable, "-m", "flowbook.cli", *words]
        subprocess.run(line, cwd=lab.folder, check=True, capture_output=True)

    flowbook("export", "daily.ipynb", "--to", "jobs", "--draft", "--layout", layout)
    flowbook("job", "run", "jobs/daily.ipynb", "--output", f"{layout}.ipynb")
    (run, *_) = project(lab.folder).history.runs(limit=1).runs
    page.goto(lab.open(f"{layout}.ipynb"))
    expect(page.get_by_alt_text("flow daily: 2 nodes, 1 edges").first).to_be_visible()
    page.get_by_role("button", name="Open the Run of This Report").click()
    expect(page.locator(f"#flowbook-run--{run.id}")).to_be_visible()
    expect(page.locator(".flowbook-run-page .react-flow__node")).to_have_count(2)
    page.screenshot(path=ARTEFACTS / f"report-run-{layout}.png")


def test_a_notebook_that_is_no_report_has_no_way_to_a_run(lab, page):
    page.goto(lab.notebook("plain.ipynb", ["1 + 1"]))
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(1)
    expect(page.locator('.jp-Toolbar [data-jp-item-name="flow-canvas"]')).to_be_visible()
    expect(page.get_by_role("button", name="Open the Run of This Report")).to_have_count(0)
