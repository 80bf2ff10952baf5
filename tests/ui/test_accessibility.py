"""Nobody is shut out of the canvas: axe-core finds nothing grave, and motion can be turned off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.ui.axe import grave_violations

JS = Path(__file__).parents[2] / "js"
THEMES = ("light", "dark")
#: Each as the address of the developers' page has it.
SCENES = (
    "idle",
    "empty",
    "problems&press=problems",
    "kinds",
    "large",
    "running",
    "running&select=monthly",
    "running&press=params",
    "streaming&select=chart",
    "failed&select=clean",
    "succeeded&select=monthly&tab=Input",
    "succeeded&select=monthly&tab=Logs",
    "succeeded&select=monthly&tab=Code",
    "stale",
    "mapping&select=daily",
    "queued",
    "suspended",
    "cancelled",
    "undoing",
    "undone",
    "lost",
    "refused",
)
ANIMATED = """() => document.getAnimations().filter(one => one.playState === "running").length"""


def shown(page: Page, address: str) -> Page:
    """The page, once the scene stands: it opens what it is asked for after it has drawn."""
    page.goto(address)
    page.wait_for_selector("body[data-stands] .fb-root")
    return page


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scene", SCENES)
def test_axe_finds_nothing_grave(harness, page, scene, theme):
    shown(page, f"{harness}?scene={scene}&theme={theme}")
    assert grave_violations(page) == []


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_grave_in_jupyterlab(flow_page, theme):
    page = flow_page.page
    page.evaluate(
        f"() => void jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})"
    )
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    flow_page.action("run").click()
    flow_page.expect_status("slow", "succeeded")
    flow_page.node("days").click()
    expect(page.get_by_role("complementary", name="Details of days")).to_be_visible()
    flow_page.shot(f"accessible-{theme}")
    assert grave_violations(page) == []


@pytest.fixture
def still(browser: Browser) -> Iterator[Page]:
    """A page of somebody who asked for less motion."""
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 1500, "height": 1000})
    yield context.new_page()
    context.close()


def test_a_running_flow_moves(harness, page):
    shown(page, f"{harness}?scene=running")
    assert page.evaluate(ANIMATED) > 0


def test_nothing_moves_for_those_who_asked_for_less(harness, still):
    shown(still, f"{harness}?scene=running")
    assert still.evaluate(ANIMATED) == 0
    view = still.locator(".react-flow__viewport")
    before = view.evaluate("view => view.style.transform")
    still.get_by_role("button", name="Zoom in").click()
    after = [view.evaluate("view => view.style.transform") for _ in range(2)]
    assert before != after[0] == after[1]
