"""What many runs of a flow came to is laid over its canvas, with the numbers of the store."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.ui.conftest import Lab, NotebookPage

from flowbook.session.project import project

CELLS = [
    "import time\nimport flowbook\nflow = flowbook.Flow('timed')",
    """@flow.node
def load():
    time.sleep(0.3)
    return [1, 2]

@flow.node
def total(load):
    return sum(load)""",
    "flow.run(), flow.run(), flow.run()",
    "flow.canvas()",
]


def test_how_long_nodes_took_is_laid_over_the_canvas(lab: Lab, notebook_page: NotebookPage) -> None:
    it = notebook_page.open(lab.notebook("timed.ipynb", CELLS))
    it.run_all(4)
    page = it.page
    page.wait_for_selector(".fb-root .react-flow__node")
    page.locator(".fb-root").scroll_into_view_if_needed()
    it.node("load").click()
    page.keyboard.press("Control+k")
    page.get_by_label("All commands").locator("input").fill("how long nodes take")
    page.keyboard.press("Enter")
    strip = page.locator(".fb-strip")
    expect(strip).to_contain_text("Duration (p95) in 3 runs")
    it.shot("statistics")
    stats = project(lab.folder).history.stats("timed")
    (load,) = [one for one in stats.nodes if one.node == "load"]
    assert stats.overview.runs == load.runs == 3
    assert load.p95_ms is not None
    assert load.p95_ms >= 300
    _, number, unit = it.node("load").locator(".fb-aside").inner_text().split()
    told = float(number) * {"ms": 1, "s": 1000}[unit]
    assert told == pytest.approx(load.p95_ms, rel=0.1)
    expect(it.node("total").locator(".fb-aside")).to_contain_text("p95")
    strip.get_by_role("button", name="Show the flow alone").click()
    expect(it.node("load").locator(".fb-aside")).to_have_count(0)
