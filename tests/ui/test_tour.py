"""The tour, as a new user meets it: run its cells, see its canvas, press Run."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from flowbook.tour.project import write


@pytest.fixture
def tour(lab, notebook_page):
    path = write(lab.folder / "tour")
    notebook_page.open(lab.open(f"tour/{path.name}"))
    page = notebook_page.page
    page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_selector(".fb-root .react-flow__node", timeout=90_000)
    return notebook_page


def test_the_tour_runs_on_its_canvas(tour):
    page = tour.page
    page.locator(".fb-root").first.scroll_into_view_if_needed()
    expect(tour.action("run").first).to_be_enabled(timeout=60_000)
    tour.action("run").first.click()
    tour.expect_status("report", "waiting", "ready", "running")  # the run before has gone
    tour.expect_status("report", "succeeded", timeout=60_000)
    tour.expect_status("station", "succeeded")
    expect(tour.node("station")).to_contain_text("2nd try")
    tour.shot("tour")
