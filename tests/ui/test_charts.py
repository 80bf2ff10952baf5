"""Charts in JupyterLab: drawn by its own renderers, in the details of a node."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect
from tests.ui.conftest import Lab, NotebookPage
from tests.ui.documents import FlowPage

SPEC = """\
%%flow chart
{
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "mark": "bar",
    "data": {"values": [{"city": "Oslo", "rain": 3}, {"city": "Lima", "rain": 1}]},
    "encoding": {
        "x": {"field": "city", "type": "nominal"},
        "y": {"field": "rain", "type": "quantitative"},
    },
}"""
FORMULA = """\
%%flow formula
from IPython.display import Latex
Latex("$x^2$")"""


def node(page: Page, name: str) -> Locator:
    return page.locator(f'.fb-root .react-flow__node[data-id="{name}"]')


def output_of(page: Page, name: str) -> Locator:
    """What a node gave, in its details; it runs first if it has not."""
    one = node(page, name)
    if one.locator('[data-status="succeeded"]').count() == 0:
        one.focus()
        page.keyboard.press("r")
    expect(one.locator('[data-status="succeeded"]')).to_be_visible(timeout=30_000)
    one.click()
    details = page.get_by_role("complementary", name=f"Details of {name}")
    details.get_by_role("tab", name="Output").click()
    return details


def expect_drawn(page: Page) -> None:
    chart = output_of(page, "chart")
    expect(chart.locator(".fb-hosted :is(canvas, svg)").first).to_be_visible(timeout=30_000)
    expect(chart.get_by_text("Its description")).to_be_visible()
    formula = output_of(page, "formula")
    expect(formula.locator(".fb-hosted mjx-container")).to_be_visible(timeout=30_000)


def test_charts_and_formulas_are_drawn_by_the_renderers_of_jupyterlab(lab: Lab, page: Page) -> None:
    lab.notebook("charts.ipynb", ["%load_ext flowbook", SPEC, FORMULA])
    FlowPage(page, lab.url, lab.folder, "charts.ipynb").open_canvas().on_kernel_line()
    expect_drawn(page)


def test_a_canvas_in_a_cell_has_the_same_renderers(lab: Lab, page: Page) -> None:
    cells = ["%load_ext flowbook", SPEC, FORMULA, "%flow show"]
    notebook = NotebookPage(page).open(lab.notebook("inline_charts.ipynb", cells))
    notebook.run_all(4)
    page.wait_for_selector(".fb-root .react-flow__node")
    expect_drawn(page)
