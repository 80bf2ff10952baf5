"""The report of a job in JupyterLab, which does not trust it: another process has executed it."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import expect
from tests.ui.conftest import ARTEFACTS
from tests.widget.stage import FakeRun, completed, over, spec, started

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
