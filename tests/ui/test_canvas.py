"""The canvas of a small flow, clicked through in JupyterLab."""

from __future__ import annotations

import re
import time

from playwright.sync_api import expect
from tests.ui.cells import MANY_CELLS

THEME = "void jupyterapp.commands.execute('apputils:change-theme'"


def test_run_lights_the_nodes_up_and_details_show_the_table(flow_page):
    page = flow_page.page
    expect(page.locator(".fb-root .react-flow__node")).to_have_count(5)
    flow_page.shot("not-run")
    flow_page.action("run").click()
    flow_page.expect_status("days", "running", "succeeded")
    flow_page.shot("running")
    flow_page.expect_status("slow", "succeeded")
    expect(page.locator(".fb-summary-text")).to_have_text("Succeeded · 5 of 5 ran")
    flow_page.shot("succeeded")

    flow_page.node("days").click()
    panel = page.get_by_role("complementary", name="Details of days")
    expect(panel.get_by_role("tab", name="Output")).to_have_attribute("aria-selected", "true")
    grid = panel.get_by_role("grid")
    expect(grid.get_by_role("columnheader").filter(has_text="rain")).to_be_visible()
    expect(grid).to_have_attribute("aria-rowcount", "121")
    expect(panel).to_contain_text("120 rows")
    flow_page.shot("details-table")

    flow_page.node("wet").click()
    panel = page.get_by_role("complementary", name="Details of wet")
    panel.get_by_role("tab", name="Logs").click()
    expect(panel).to_contain_text("looking for rain")
    panel.get_by_role("tab", name="Input").click()
    expect(panel).to_contain_text("days ← days.days")

    flow_page.node("chart").click()
    image = page.get_by_role("complementary", name="Details of chart").locator("img")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.naturalWidth") > 100
    flow_page.shot("details-chart")


def test_a_failed_node_says_what_and_where(flow_page):
    page = flow_page.page
    flow_page.action("params").click()
    page.get_by_label("breaks").select_option("true")
    page.locator(".fb-form button[type=submit]").click()
    flow_page.expect_status("fragile", "failed")
    flow_page.expect_status("slow", "succeeded")
    expect(page.locator(".fb-summary-text")).to_contain_text("1 of 5 failed")
    flow_page.node("fragile").click()
    panel = page.get_by_role("complementary", name="Details of fragile")
    expect(panel.get_by_role("tab", name="Error")).to_have_attribute("aria-selected", "true")
    expect(panel).to_contain_text("KeyError")
    expect(panel).to_contain_text("precipitation")
    flow_page.shot("failed")


def test_a_wrong_parameter_is_caught_in_the_form(flow_page):
    page = flow_page.page
    flow_page.action("params").click()
    page.get_by_label("seconds").fill("soon")
    expect(page.locator(".fb-field-error")).to_have_text("“soon” is not a number")
    expect(page.locator(".fb-form button[type=submit]")).to_be_disabled()
    flow_page.shot("parameters")


def test_cancel_works_while_a_cell_is_busy(flow_page):
    page = flow_page.page
    flow_page.action("params").click()
    page.get_by_label("seconds").fill("30")
    page.keyboard.press("Escape")
    flow_page.run_cell(3, wait=False)
    flow_page.action("run").click()
    flow_page.expect_status("slow", "running", timeout=4_000)
    pressed = time.monotonic()
    flow_page.action("cancel").click()
    expect(page.locator(".fb-summary")).to_have_attribute(
        "data-status", re.compile("cancelled"), timeout=4_000
    )
    assert time.monotonic() - pressed < 4
    prompt = page.locator(".jp-Notebook .jp-Cell").nth(3).locator(".jp-InputPrompt").first
    expect(prompt).to_have_text("[*]:")
    flow_page.shot("cancelled")


def test_layout_and_run_are_there_again_after_a_reload(flow_page):
    page = flow_page.page
    flow_page.action("run").click()
    flow_page.expect_status("slow", "succeeded")
    box = flow_page.node("chart").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 90, steps=6)
    page.mouse.up()
    place = "node => node.style.transform"
    page.wait_for_timeout(400)
    moved = flow_page.node("chart").evaluate(place)
    page.keyboard.press("Control+s")
    page.wait_for_timeout(800)
    page.reload()
    page.wait_for_selector(".fb-root .react-flow__node", timeout=30_000)
    flow_page.expect_status("slow", "succeeded")
    assert flow_page.node("chart").evaluate(place) == moved


def test_keys_work_the_canvas_and_stay_out_of_the_notebook(flow_page):
    page = flow_page.page
    cells = page.locator(".jp-Notebook .jp-Cell")
    before = cells.count()
    flow_page.node("days").focus()
    expect(flow_page.node("days")).to_have_attribute("aria-label", re.compile("^days, python, "))
    for key in ("b", "x"):
        page.keyboard.press(key)
    page.keyboard.press("a")
    expect(page.get_by_role("dialog", name="Add a node")).to_be_visible()
    page.keyboard.press("Escape")
    expect(flow_page.node("days")).to_be_focused()
    assert cells.count() == before
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.dataset.id")
    assert focused in ("wet", "chart")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name=f"Details of {focused}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".fb-panel")).to_have_count(0)
    page.keyboard.press("r")
    flow_page.expect_status("slow", "succeeded")


def test_arrows_go_from_node_to_node_and_shift_moves_them(flow_page):
    page = flow_page.page
    focused = "() => document.activeElement.dataset.id"
    place = "node => node.style.transform"
    flow_page.node("days").focus()
    before = flow_page.node("days").evaluate(place)
    page.keyboard.press("ArrowRight")
    second = page.evaluate(focused)
    assert second in ("wet", "chart")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) == "days"
    page.keyboard.press("End")
    last = page.evaluate(focused)
    page.keyboard.press("Home")
    assert (page.evaluate(focused), last != "days") == ("days", True)
    assert flow_page.node("days").evaluate(place) == before
    page.keyboard.press("Shift+ArrowDown")
    expect(flow_page.node("days")).not_to_have_attribute("style", re.compile(re.escape(before)))


def test_a_node_out_of_sight_gets_the_focus_too(lab, notebook_page):
    notebook_page.open(lab.notebook("many.ipynb", MANY_CELLS))
    page = notebook_page.page
    notebook_page.run_all(2)
    page.wait_for_selector(".fb-root .react-flow__node")
    expect(notebook_page.node("n299")).to_have_count(0)
    notebook_page.node("n0").focus()
    page.keyboard.press("End")
    expect(notebook_page.node("n299")).to_be_focused()
    expect(notebook_page.node("n299")).to_be_in_viewport()


def test_a_narrow_page_shows_where_the_flow_begins(flow_page):
    page = flow_page.page
    page.set_viewport_size({"width": 700, "height": 900})
    expect(flow_page.node("days")).to_be_in_viewport()
    flow_page.shot("narrow")


def test_the_dark_theme_is_dark_all_over(flow_page):
    page = flow_page.page
    page.evaluate(f"{THEME}, {{theme: 'JupyterLab Dark'}})")
    page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    flow_page.action("run").click()
    flow_page.expect_status("slow", "succeeded")
    flow_page.node("days").click()
    page.wait_for_selector(".fb-panel .fb-grid-row")
    flow_page.shot("dark")
    for selector in (".fb-runbar", ".fb-node", ".fb-panel", ".fb-tools"):
        colour = page.locator(selector).first.evaluate("e => getComputedStyle(e).backgroundColor")
        channels = [float(one) for one in re.findall(r"[\d.]+", colour)[:3]]
        scale = 255 if colour.startswith("rgb") else 1
        assert max(channels) / scale < 0.5, f"{selector} is {colour}"
    page.evaluate(f"{THEME}, {{theme: 'JupyterLab Light'}})")
    page.wait_for_selector("body[data-jp-theme-light=true]", state="attached")


def test_a_restarted_kernel_is_said(flow_page):
    page = flow_page.page
    page.evaluate("void jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    notice = page.get_by_role("alert").filter(has_text="Not connected to the kernel")
    expect(notice).to_be_visible(timeout=15_000)
    flow_page.shot("disconnected")
