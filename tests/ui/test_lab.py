"""The JupyterLab extension: the palette, the launcher and the canvas beside a notebook."""

from __future__ import annotations

import json

from playwright.sync_api import expect
from tests.ui.cells import FLOW_CELLS


def test_the_canvas_opens_beside_the_notebook_and_leaves_it_alone(lab, notebook_page):
    page = notebook_page.page
    notebook_page.open(lab.notebook("beside.ipynb", FLOW_CELLS[:2]))
    notebook_page.run_all(2)
    page.locator('[data-jp-item-name="flow-canvas"]').click()
    area = page.locator(".fb-canvas-area")
    expect(area.locator(".react-flow__node")).to_have_count(5)
    assert page.locator(".jp-Notebook .jp-Cell").count() == 2
    area.locator('[data-action="run"]').click()
    expect(area.locator('[data-id="slow"] .fb-node')).to_have_attribute("data-status", "succeeded")


def test_a_notebook_without_a_flow_gets_an_answer(lab, notebook_page):
    page = notebook_page.page
    notebook_page.open(lab.notebook("none.ipynb", ["1 + 1"]))
    page.evaluate("void jupyterapp.commands.execute('flowbook:show-canvas')")
    expect(page.locator(".Toastify")).to_contain_text("no flow in its kernel yet")
    expect(page.locator(".fb-canvas-area")).to_have_count(0)


def test_a_new_flow_notebook_begins_with_two_nodes(lab, notebook_page):
    page = notebook_page.page
    notebook_page.open(lab.notebook("start.ipynb", ["1"]))
    page.evaluate("void jupyterapp.commands.execute('flowbook:new-notebook', {cwd: ''})")
    expect(page.locator(".jp-Notebook:visible")).to_contain_text("%%flow greet")
    document = json.loads((lab.folder / "Untitled.ipynb").read_text(encoding="utf-8"))
    nodes = [cell for cell in document["cells"] if "".join(cell["source"]).startswith("%%flow")]
    assert len(nodes) == 2
    assert document["cells"][1]["metadata"]["tags"] == ["parameters"]
    expect(page.locator(".jp-Notebook:visible .jp-MarkdownOutput")).to_contain_text("each %%flow")
    kernel = page.locator(".jp-NotebookPanel:visible .jp-KernelName")
    expect(kernel).to_contain_text("Python 3")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
