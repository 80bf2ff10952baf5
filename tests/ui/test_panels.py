"""The panels around the canvas, by keyboard alone, on the page that has no Jupyter around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

JS = Path(__file__).parents[2] / "js"
Open = Callable[..., Page]

AXE = """async () => {
  const told = await axe.run(document.querySelector('.fb-root'), {
    rules: { 'color-contrast': { enabled: false } },
  });
  return told.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}"""
"""Colours are looked at in both themes elsewhere, on grounds that axe cannot see through."""


@pytest.fixture
def open_scene(harness: str, page: Page) -> Open:
    def opened(scene: str, *, focus: str = "clean", width: int = 1280) -> Page:
        page.goto(f"{harness}?scene={scene}&theme=light&width={width}")
        if focus:
            node(page, focus).focus()
        return page

    return opened


def node(page: Page, name: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{name}"]')


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


def details(page: Page, name: str) -> Locator:
    return page.get_by_role("complementary", name=f"Details of {name}")


def row(page: Page) -> Locator:
    """The row of the outline that has the focus, as a screen reader is told."""
    tree = page.get_by_role("tree")
    return page.locator(f"id={tree.get_attribute('aria-activedescendant')}")


def test_a_node_is_added_by_typing_what_it_does(open_scene: Open) -> None:
    page = open_scene("succeeded")
    page.keyboard.press("a")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("where")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(node(page, "filter")).to_be_visible()
    expect(details(page, "filter").get_by_role("tab", selected=True)).to_be_focused()
    expect(dialog(page, "Add")).to_have_count(0)


def test_a_kind_that_is_not_installed_says_what_it_needs_and_is_not_added(open_scene: Open) -> None:
    page = open_scene("succeeded")
    page.keyboard.press("a")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("kafka")
    expect(page.get_by_role("option")).to_contain_text("pip install kafka-python")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox")).to_be_focused()
    expect(node(page, "kafka")).to_have_count(0)


@pytest.mark.parametrize(
    ("key", "name"),
    [("a", "Add a node"), ("Control+f", "Find"), ("Control+k", "All commands"), ("?", "Keys")],
)
def test_escape_closes_a_window_and_gives_the_focus_back(
    open_scene: Open, key: str, name: str
) -> None:
    page = open_scene("succeeded")
    page.keyboard.press(key)
    window = dialog(page, name)
    expect(window).to_be_visible()
    assert window.evaluate("one => one.contains(document.activeElement)")
    for way in ("Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"):
        page.keyboard.press(way)
        assert window.evaluate("one => one.contains(document.activeElement)"), way
    page.keyboard.press("Escape")
    expect(window).to_have_count(0)
    expect(node(page, "clean")).to_be_focused()


def test_code_is_found_and_its_node_opened(open_scene: Open) -> None:
    page = open_scene("succeeded", focus="server")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("dropna")
    hit = page.get_by_role("option", name=re.compile("dropna"))
    expect(hit).to_contain_text("clean, line 2")
    expect(hit.locator("mark")).to_have_text("dropna")
    expect(dialog(page, "Find")).to_contain_text("Not searched: of long outputs")
    page.keyboard.press("Enter")
    expect(details(page, "clean")).to_be_visible()


def test_what_the_last_run_gave_is_found(open_scene: Open) -> None:
    page = open_scene("succeeded", focus="server")
    page.keyboard.press("Control+f")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("2015-12")
    expect(page.get_by_role("option")).to_contain_text("monthly, output monthly")


def test_a_filter_stays_when_its_window_is_closed_and_can_be_taken_off(open_scene: Open) -> None:
    page = open_scene("failed")
    page.keyboard.press("Control+f")
    expect(page.get_by_role("combobox")).to_be_focused()
    chip = dialog(page, "Find").get_by_role("button", name="Failed")
    page.keyboard.press("Tab")
    expect(chip).to_be_focused()
    page.keyboard.press("Space")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".fb-strip")).to_contain_text(re.compile("1 of 13 nodes: ?Failed"))
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("clear search")
    page.keyboard.press("Enter")
    expect(page.locator(".fb-strip")).to_have_count(0)


def test_the_outline_is_gone_through_with_keys(open_scene: Open) -> None:
    page = open_scene("mapped", focus="stations")
    page.keyboard.press("o")
    tree = page.get_by_role("tree")
    expect(tree).to_be_focused()
    expect(row(page)).to_contain_text("stations, sql, succeeded")
    page.keyboard.press("ArrowDown")
    expect(row(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowLeft")
    expect(row(page)).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(row(page)).to_have_text("3 wires")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(row(page)).to_have_text("items reads stations.stations")
    page.keyboard.press("Enter")
    expect(row(page)).to_contain_text("stations")
    page.keyboard.type("pub")
    expect(row(page)).to_contain_text("publish, http, failed")
    expect(row(page)).to_have_attribute("aria-level", "2")
    page.keyboard.press("Enter")
    expect(details(page, "publish")).to_be_visible()


def test_a_node_is_deleted_in_the_outline_and_the_next_has_the_focus(open_scene: Open) -> None:
    page = open_scene("succeeded", focus="server")
    page.keyboard.press("o")
    expect(page.get_by_role("tree")).to_be_focused()
    page.keyboard.type("chart")
    expect(row(page)).to_contain_text("chart")
    page.keyboard.press("Delete")
    expect(node(page, "chart")).to_have_count(0)
    expect(page.get_by_role("treeitem")).to_have_count(12)
    expect(row(page)).to_be_visible()


def test_the_menu_of_a_row_adds_behind_it_and_the_focus_comes_back(open_scene: Open) -> None:
    page = open_scene("succeeded", focus="server")
    page.keyboard.press("o")
    expect(page.get_by_role("tree")).to_be_focused()
    page.keyboard.type("ch")
    expect(row(page)).to_contain_text("chart")
    expect(node(page, "chart")).to_have_class(re.compile("selected"))
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name=re.compile("^Add node")).press("Enter")
    expect(dialog(page, "Add a node after chart.chart")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("tree")).to_be_focused()


def test_a_long_outline_draws_only_what_is_seen(open_scene: Open) -> None:
    page = open_scene("large", focus="n0")
    page.keyboard.press("o")
    expect(page.get_by_role("tree")).to_be_focused()
    expect(row(page)).to_contain_text("n0,")
    page.keyboard.press("End")
    expect(row(page)).to_contain_text("n999,")
    expect(row(page)).to_be_in_viewport()
    expect(row(page)).to_have_attribute("aria-setsize", "1000")
    assert page.get_by_role("treeitem").count() < 60


def test_a_problem_leads_to_its_node(open_scene: Open) -> None:
    page = open_scene("problems", focus="server")
    page.keyboard.press("Shift+P")
    expect(page.get_by_role("button", name="Show clean")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Show chart")).to_be_focused()
    page.keyboard.press("Enter")
    expect(details(page, "chart")).to_be_visible()


def test_a_problem_leads_to_the_line_of_its_cell(open_scene: Open) -> None:
    page = open_scene("problems", focus="server")
    page.evaluate("() => { handle.onGoToCell((...told) => { window.told = told; }); }")
    page.keyboard.press("Shift+P")
    page.get_by_role("button", name="Go to line 3 of its cell").press("Enter")
    assert page.evaluate("window.told") == ["cell-11", "chart", 3]


def test_another_number_of_problems_is_announced(open_scene: Open) -> None:
    page = open_scene("problems")
    page.evaluate(
        """() => {
          const flow = { ...session.store.state.flow, problems: [] };
          memory.tell({ type: 'SNAPSHOT', seq: 50, flow, run: null });
        }"""
    )
    expect(page.get_by_role("status").filter(has_text="no problems")).to_have_count(1)


def test_a_flow_without_problems_says_so(open_scene: Open) -> None:
    page = open_scene("succeeded")
    page.keyboard.press("Shift+P")
    expect(page.get_by_role("region", name="Problems: no problems")).to_contain_text("can run")


def test_a_command_is_done_by_its_name_or_says_why_not(open_scene: Open) -> None:
    page = open_scene("succeeded")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("clear search")
    option = page.get_by_role("option", name=re.compile("Clear search"))
    expect(option).to_have_attribute("aria-disabled", "true")
    expect(option).to_contain_text("nothing is filtered")
    page.keyboard.press("Control+a")
    page.keyboard.type("outline")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tree")).to_be_focused()


def test_every_key_of_a_command_is_in_the_help(open_scene: Open) -> None:
    page = open_scene("succeeded")
    page.keyboard.press("?")
    shown = dialog(page, "Keys").locator("dd").all_text_contents()
    labels = page.evaluate(
        "() => handle.commands().filter(one => one.keys.length > 0).map(one => one.label)"
    )
    assert labels
    assert set(labels) <= set(shown)


def test_an_empty_flow_offers_a_first_node(open_scene: Open) -> None:
    page = open_scene("empty", focus="")
    page.get_by_role("button", name="SQL query").press("Enter")
    expect(node(page, "sql")).to_be_visible()
    expect(details(page, "sql")).to_be_visible()


def test_the_palette_adds_behind_what_is_selected_and_remembers(open_scene: Open) -> None:
    page = open_scene("succeeded")
    page.keyboard.press("Shift+A")
    field = page.get_by_role("searchbox", name="Search kinds of nodes")
    expect(field).to_be_focused()
    page.keyboard.type("pivot")
    page.keyboard.press("Enter")
    expect(node(page, "pivot")).to_be_visible()
    expect(field).to_be_focused()
    field.fill("")
    expect(page.get_by_role("region", name="Recent").get_by_role("button")).to_have_count(1)


def test_a_kind_is_dragged_with_its_name(open_scene: Open) -> None:
    page = open_scene("succeeded")
    page.keyboard.press("Shift+A")
    told = page.get_by_role("button", name=re.compile("^Pivot")).evaluate(
        """button => {
          const transfer = new DataTransfer();
          const how = { dataTransfer: transfer, bubbles: true };
          button.dispatchEvent(new DragEvent('dragstart', how));
          return transfer.getData('application/x-flowbook-kind');
        }"""
    )
    assert told == "pivot"


def test_a_drawer_is_made_wider_with_keys_and_stays_so(open_scene: Open) -> None:
    page = open_scene("succeeded")
    page.keyboard.press("Shift+A")
    edge = page.get_by_role("separator", name="Width of add nodes")
    before = int(edge.get_attribute("aria-valuenow") or 0)
    edge.press("ArrowRight")
    expect(edge).to_have_attribute("aria-valuenow", str(before + 16))
    page.reload()
    node(page, "clean").focus()
    page.keyboard.press("Shift+A")
    expect(page.locator(".fb-drawer")).to_have_css("width", f"{before + 16}px")


def test_the_toolbar_is_one_stop_and_its_last_button_has_everything(open_scene: Open) -> None:
    page = open_scene("succeeded", width=420)
    bar = page.get_by_role("toolbar", name="Edit")
    stops = bar.locator('.fb-tool[tabindex="0"]')
    expect(stops).to_have_count(1)
    stops.focus()
    page.keyboard.press("End")
    button = bar.get_by_role("button", name="All commands")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    count = page.evaluate("() => handle.commands().length")
    expect(dialog(page, "All commands").get_by_role("option")).to_have_count(count)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_what_was_refused_is_told_without_taking_the_focus(open_scene: Open) -> None:
    page = open_scene("succeeded")
    refused = {"message": "no room", "hint": "make some", "problems": [], "view": "", "rid": None}
    page.evaluate("told => memory.tell({ type: 'REFUSED', ...told })", refused)
    expect(page.get_by_role("alert")).to_have_text(re.compile("no room make some"))
    expect(node(page, "clean")).to_be_focused()


def test_a_locked_flow_says_why_and_cannot_be_added_to(open_scene: Open) -> None:
    page = open_scene("locked")
    expect(page.get_by_role("status").filter(has_text="Read-only")).to_contain_text("published")
    page.keyboard.press("a")
    expect(dialog(page, "Add")).to_have_count(0)


@pytest.mark.parametrize("key", ["a", "Control+f", "Control+k", "?", "o", "Shift+A", "Shift+P"])
def test_a_screen_reader_has_nothing_to_complain_of(open_scene: Open, key: str) -> None:
    page = open_scene("problems")
    page.keyboard.press(key)
    page.wait_for_selector('[role="dialog"], [role="tree"], .fb-palette, .fb-problems')
    page.add_script_tag(path=JS / "node_modules" / "axe-core" / "axe.min.js")
    assert page.evaluate(AXE) == []
