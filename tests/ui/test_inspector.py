"""Forms on the page developers look at, without a kernel: applied while one types, never lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

JS = Path(__file__).parents[2] / "js"


@pytest.fixture
def page(browser: Browser, harness: str) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1300, "height": 1000})
    opened.goto(f"{harness}?scene=form")
    yield opened
    opened.close()


def settings(page: Page, node: str) -> Locator:
    page.locator(f'.react-flow__node[data-id="{node}"]').click()
    panel = page.get_by_role("complementary", name=f"Details of {node}")
    panel.get_by_role("tab", name="Settings").click()
    return panel


def sent(page: Page, kind: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = page.evaluate(
        "kind => memory.sent.filter((one) => one.type === kind)", kind
    )
    return found


def test_a_setting_is_applied_when_its_field_is_left_and_once(page: Page) -> None:
    panel = settings(page, "send")
    method = panel.get_by_role("combobox", name="method", exact=True)
    method.fill("PUT")
    method.press("Enter")
    page.wait_for_function("memory.sent.some((one) => one.type === 'SET')")
    assert [(one["name"], one["value"]) for one in sent(page, "SET")] == [("method", "PUT")]
    expect(method).to_have_value("PUT")


def test_nothing_is_lost_when_another_node_is_selected(page: Page) -> None:
    settings(page, "send").get_by_role("combobox", name="method", exact=True).fill("PATCH")
    panel = settings(page, "people")
    expect(panel.get_by_role("textbox", name="Text of people, python")).to_be_visible()
    assert [one["value"] for one in sent(page, "SET")] == ["PATCH"]
    again = settings(page, "send").get_by_role("combobox", name="method", exact=True)
    expect(again).to_have_value("PATCH")


def test_what_is_refused_keeps_its_text_and_says_why(page: Page) -> None:
    panel = settings(page, "send")
    panel.get_by_role("combobox", name="method", exact=True).fill("BREW")
    expect(panel.get_by_role("alert")).to_have_text("method cannot be 'BREW' write GET or POST")
    settings(page, "people")
    method = settings(page, "send").get_by_role("combobox", name="method", exact=True)
    expect(method).to_have_value("BREW")
    expect(method).to_have_attribute("aria-invalid", "true")


def test_names_are_completed_by_keyboard(page: Page) -> None:
    panel = settings(page, "send")
    url = panel.get_by_role("combobox", name="url", exact=True)
    url.fill("")
    url.press_sequentially("{{ fet")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_have_attribute(
        "aria-selected", "true"
    )
    url.press("Enter")
    expect(url).to_have_value("{{ fetch")
    url.press_sequentially(".")
    expect(page.get_by_role("listbox").get_by_role("option", name="orders")).to_be_visible()
    url.press("ArrowDown")
    url.press("Tab")
    expect(url).to_be_focused()
    url.press_sequentially(" }}")
    expect(url).to_have_value("{{ fetch.orders }}")
    expect(panel.locator("output").first).to_contain_text("= 200 (int)")


def test_conditions_are_put_in_another_order_by_keyboard(page: Page) -> None:
    panel = settings(page, "size")
    panel.get_by_role("button", name="Move ok, condition 1").press("ArrowDown")
    expect(panel.get_by_role("button", name="Move ok, condition 2")).to_be_focused()
    assert [one["id"] for one in sent(page, "SET")[-1]["value"]] == ["moved", "ok", "broken"]
    expect(page.locator("p[role=status]")).to_have_text(re.compile("condition"))


def test_a_text_is_indented_and_left_by_keyboard(page: Page) -> None:
    text = settings(page, "people").get_by_role("textbox", name="Text of people, python")
    text.fill("if a:")
    text.press("Enter")
    text.press("Tab")
    expect(text).to_have_value("if a:\n        ")
    text.press("Escape")
    expect(page.locator("p[role=status]")).to_have_text("Tab leaves the text now")
    text.press("Tab")
    expect(text).not_to_be_focused()
    assert sent(page, "BODY")[-1]["body"] == "if a:\n        "


def test_the_flow_is_told_its_options_where_no_node_is_open(page: Page, harness: str) -> None:
    page.goto(f"{harness}?scene=flow-settings")
    panel = page.get_by_role("complementary", name="Settings of the flow")
    panel.get_by_role("button", name="Notifications").click()
    panel.get_by_label("on_failure").fill("alarm")
    panel.get_by_label("on_failure").press("Enter")
    page.wait_for_function("memory.sent.some((one) => one.type === 'OPTION')")
    assert sent(page, "OPTION")[0]["value"] == "alarm"
    page.keyboard.press("Escape")
