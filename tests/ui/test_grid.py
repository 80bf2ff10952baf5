"""A table of a million rows in the panel of a node, on the page that has no Jupyter around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

JS = Path(__file__).parents[2] / "js"
LAST = 1_000_000


@pytest.fixture
def grid(harness: str, page: Page) -> Locator:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{harness}?scene=grid&theme=light&select=clean")
    found = page.get_by_role("grid")
    expect(row(found, 60)).to_have_count(0)
    expect(row(found, 1)).to_contain_text("Seattle")
    return found


def row(grid: Locator, number: int) -> Locator:
    """A row by the number it has for who listens; the head is 1."""
    return grid.locator(f'.fb-grid-row[aria-rowindex="{number + 1}"]')


def here(grid: Locator) -> Locator:
    return grid.locator("[data-here]")


def test_it_is_scrolled_to_its_last_row_and_draws_only_what_is_seen(grid: Locator):
    expect(grid).to_have_attribute("aria-rowcount", str(LAST + 1))
    grid.evaluate("box => { box.scrollTop = box.scrollHeight }")
    expect(row(grid, LAST)).to_contain_text(str(LAST - 1))
    bottom = "one => one.getBoundingClientRect().bottom"
    assert row(grid, LAST).evaluate(bottom) <= grid.evaluate(bottom) + 1
    assert grid.locator(".fb-grid-row").count() < 50


def test_keys_move_by_cells_and_pages_and_to_both_ends(grid: Locator, page: Page):
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(here(grid)).to_have_text("Portland")
    page.keyboard.press("Control+End")
    expect(here(grid)).to_have_text(str(LAST - 1))
    assert grid.get_attribute("aria-activedescendant") == here(grid).get_attribute("id")
    page.keyboard.press("PageUp")
    expect(here(grid)).not_to_have_text(str(LAST - 1))
    page.keyboard.press("Control+Home")
    expect(here(grid)).to_have_text("2012-01-01")


def test_a_click_on_a_head_sorts_both_ways_and_then_no_more(grid: Locator):
    head = grid.get_by_role("columnheader").filter(has_text="station")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(row(grid, 1)).to_contain_text(str(LAST - 1))
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "none")


def test_a_selection_is_copied_with_tabs(grid: Locator, page: Page):
    grid.focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Control+c")
    expect(page.locator(".fb-root > .fb-unseen[role=status]").last).to_contain_text("Copied 2")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "2012-01-01\tSeattle\n2012-01-02\tPortland"


def test_a_cell_is_changed_by_hand_and_waits_for_a_run(grid: Locator, page: Page):
    grid.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type("Oslo")
    page.keyboard.press("Enter")
    expect(grid.locator("[data-edited]")).to_have_text("Oslo")
    expect(page.locator('[data-action="run-edited"]')).to_contain_text("1 cell")


def test_a_search_leaves_what_was_found(grid: Locator, page: Page):
    page.get_by_role("searchbox", name="Find rows").fill("seattle")
    expect(page.locator(".fb-grid-foot [role=status]")).to_contain_text("250,000 rows of 1,000,000")
