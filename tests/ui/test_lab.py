"""The JupyterLab extension: the launcher's and the toolbar's ways to a flow."""

from __future__ import annotations

import json

from playwright.sync_api import expect
from tests.ui.cells import FLOW_CELLS
from tests.ui.documents import FlowPage


def test_a_flow_of_decorators_opens_from_the_toolbar_once_it_has_run(lab, page):
    lab.notebook("beside.ipynb", FLOW_CELLS[:2])
    it = FlowPage(page, lab.url, lab.folder, "beside.ipynb").open_notebook()
    it.run_cell(0)
    it.run_cell(1)
    page.locator('[data-jp-item-name="flow-canvas"]').click()
    it.on_kernel_line().expect_nodes("days", "wet", "chart", "slow", "fragile")


def test_a_notebook_without_a_flow_says_how_to_begin_one(lab, page):
    lab.notebook("none.ipynb", ["1 + 1"])
    it = FlowPage(page, lab.url, lab.folder, "none.ipynb").open_notebook()
    it.run_command("flowbook:show-canvas")
    expect(page.locator(".fb-lab")).to_contain_text("%%flow hello", timeout=30_000)


def test_a_new_flow_notebook_begins_with_two_nodes(lab, page):
    page.goto(f"{lab.url}/lab?reset")
    page.wait_for_selector(".jp-Launcher")
    page.evaluate("void jupyterapp.commands.execute('flowbook:new-notebook', {cwd: ''})")
    expect(page.locator(".jp-Notebook")).to_contain_text("%%flow greet")
    document = json.loads((lab.folder / "Untitled.ipynb").read_text(encoding="utf-8"))
    nodes = [cell for cell in document["cells"] if "".join(cell["source"]).startswith("%%flow")]
    assert len(nodes) == 2
    assert document["cells"][1]["metadata"]["tags"] == ["parameters"]
    expect(page.locator(".jp-Notebook .jp-MarkdownOutput")).to_contain_text("Each %%flow")
    page.wait_for_selector('.fb-lab[data-answering="kernel"]', timeout=60_000)
    expect(page.locator(".jp-Dialog")).to_have_count(0)
