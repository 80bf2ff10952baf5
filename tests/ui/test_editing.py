"""What mouse and keyboard do on the canvas, on a page without Jupyter whose kernel is in memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.ui.conftest import ARTEFACTS

SELECTED = re.compile(r"\bselected\b")


@dataclass(frozen=True)
class Bench:
    """A canvas whose messages can be read."""

    page: Page

    def node(self, name: str) -> Locator:
        return self.page.locator(f'.react-flow__node[data-id="{name}"]')

    def wire(self, name: str) -> Locator:
        return self.page.locator(f'.react-flow__edge[data-id="{name}"]')

    def port(self, node: str, name: str, side: str) -> Locator:
        return self.page.locator(
            f'.fb-port[data-side="{side}"][data-nodeid="{node}"][data-handleid="{name}"]'
        )

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one kind that were sent so far."""
        found: list[dict[str, Any]] = self.page.evaluate(
            "kind => memory.sent.filter(one => one.type === kind)", kind
        )
        return found

    def wait_for(self, kind: str, count: int = 1) -> dict[str, Any]:
        self.page.wait_for_function(
            "([kind, count]) => memory.sent.filter(one => one.type === kind).length >= count",
            arg=[kind, count],
        )
        return self.sent(kind)[-1]

    def press_at(self, place: Locator) -> tuple[float, float]:
        x, y = middle(place)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        return x, y

    def to(self, x: float, y: float) -> None:
        self.page.mouse.move(x - 12, y - 6, steps=4)
        self.page.mouse.move(x, y, steps=3)

    def drop(self) -> None:
        self.page.mouse.up()

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def expect_focus(self, name: str) -> None:
        self.page.wait_for_function(
            "name => document.activeElement?.dataset?.id === name", arg=name
        )

    def expect_selected(self, *names: str) -> None:
        self.page.wait_for_function(
            "names => [...document.querySelectorAll('.react-flow__node.selected')]"
            ".map(one => one.dataset.id).sort().join() === names",
            arg=",".join(names),
        )

    def choose(self, name: str) -> None:
        """Give a node the focus, as the keyboard would."""
        self.node(name).focus()
        self.keys("Home")
        self.node(name).focus()
        expect(self.node(name)).to_have_class(SELECTED)

    @property
    def outcome(self) -> Locator:
        return self.page.locator(".fb-outcome")


def middle(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


Open = Callable[[str], Bench]


@pytest.fixture
def bench(browser: Browser, harness: str, request: pytest.FixtureRequest) -> Iterator[Open]:
    context = browser.new_context(viewport={"width": 1320, "height": 760})
    page = context.new_page()
    page.set_default_timeout(10_000)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))

    def open_scene(scene: str) -> Bench:
        page.goto(f"{harness}?scene={scene}&theme=light")
        page.wait_for_selector(".react-flow__node")
        page.wait_for_function("() => memory.sent.some(one => one.type === 'HELLO')")
        return Bench(page)

    yield open_scene
    page.screenshot(path=ARTEFACTS / f"{request.node.name}.png")
    context.close()
    assert failures == []


# ---------------------------------------------------------------- wires


def test_a_wire_is_drawn_from_an_output_to_an_input(bench: Open) -> None:
    canvas = bench("editing")
    canvas.press_at(canvas.port("clean", "clean", "out"))
    canvas.to(*middle(canvas.port("chart", "table", "in")))
    expect(canvas.outcome).to_contain_text("clean.clean to chart.table")
    expect(canvas.node("archive")).to_have_attribute("data-takes", "no")
    canvas.drop()
    edit = canvas.wait_for("EDIT")["edit"]
    assert edit == {
        "type": "CONNECT",
        "source": "clean",
        "output": "clean",
        "target": "chart",
        "input": "table",
    }
    expect(canvas.wire("clean.clean>chart.table")).to_have_attribute(
        "aria-label", "clean.clean to chart.table"
    )
    assert canvas.sent("MOVE") == []


def test_a_wire_that_may_not_be_says_why_and_is_not_made(bench: Open) -> None:
    canvas = bench("editing")
    canvas.press_at(canvas.port("clean", "clean", "out"))
    canvas.to(*middle(canvas.node("archive")))
    expect(canvas.outcome).to_contain_text("archive takes texts")
    expect(canvas.outcome).to_have_attribute("data-ok", "false")
    canvas.drop()
    expect(canvas.outcome).to_have_count(0)
    expect(canvas.page.locator('[role="status"][aria-live]').last).to_contain_text("archive takes")
    assert canvas.sent("EDIT") == []


def test_a_wire_dropped_on_the_canvas_asks_for_a_node(bench: Open) -> None:
    canvas = bench("editing")
    canvas.press_at(canvas.port("clean", "clean", "out"))
    x, y = middle(canvas.node("report"))
    canvas.to(x, y + 130)
    canvas.drop()
    expect(canvas.page.get_by_role("dialog")).to_be_visible()


def test_an_end_of_a_wire_is_taken_elsewhere(bench: Open) -> None:
    canvas = bench("editing")
    wire = canvas.wire("report.report>archive.report")
    wire.locator(".fb-edge-reach").hover(force=True)
    canvas.press_at(wire.locator('[data-end="target"]'))
    canvas.to(*middle(canvas.port("chart", "table", "in")))
    canvas.drop()
    edits = canvas.wait_for("EDIT")["edit"]["edits"]
    assert [one["type"] for one in edits] == ["DISCONNECT", "CONNECT"]
    expect(canvas.wire("report.report>chart.table")).to_have_count(1)
    expect(wire).to_have_count(0)


def test_a_wire_is_reached_and_deleted_by_keyboard(bench: Open) -> None:
    canvas = bench("editing")
    canvas.choose("clean")
    canvas.keys("w")
    canvas.expect_focus("fetch.rows>clean.rows")
    canvas.keys("Delete")
    assert canvas.wait_for("REMOVE")["edges"] == [{"target": "clean", "input": "rows"}]
    canvas.expect_focus("clean")


def test_an_output_is_connected_by_keyboard(bench: Open) -> None:
    canvas = bench("editing")
    canvas.choose("clean")
    canvas.keys("l")
    dialog = canvas.page.get_by_role("dialog")
    refused = dialog.get_by_role("option").filter(has_text="archive.report")
    expect(refused).to_have_attribute("aria-disabled", "true")
    expect(refused).to_contain_text("takes texts")
    canvas.page.keyboard.type("chart.t")
    canvas.keys("Enter")
    assert canvas.wait_for("EDIT")["edit"]["target"] == "chart"
    expect(dialog).to_have_count(0)
    canvas.expect_focus("clean")


# ---------------------------------------------------------------- nodes


def test_what_a_marquee_selects_moves_in_one_step(bench: Open) -> None:
    canvas = bench("editing")
    fetch, chart = canvas.node("fetch").bounding_box(), canvas.node("chart").bounding_box()
    assert fetch is not None
    assert chart is not None
    canvas.page.keyboard.down("Shift")
    canvas.page.mouse.move(fetch["x"] - 30, fetch["y"] - 25)
    canvas.page.mouse.down()
    canvas.to(chart["x"] + 60, chart["y"] + chart["height"] + 14)
    canvas.drop()
    canvas.page.keyboard.up("Shift")
    canvas.expect_selected("chart", "fetch")
    x, y = canvas.press_at(canvas.node("chart"))
    canvas.to(x + 43, y + 61)
    canvas.drop()
    moved = canvas.wait_for("MOVE")["positions"]
    assert sorted(moved) == ["chart", "fetch"]
    assert len(canvas.sent("MOVE")) == 1
    assert all(value % 10 == 0 for value in (moved["chart"]["x"], moved["chart"]["y"]))


def test_a_node_dropped_on_a_wire_goes_into_it(bench: Open) -> None:
    canvas = bench("editing")
    wire = canvas.wire("report.report>archive.report")
    canvas.press_at(canvas.node("chart"))
    canvas.to(*middle(wire.locator(".fb-edge-reach")))
    expect(canvas.outcome).to_contain_text("Put chart between report.report and archive.report")
    canvas.drop()
    assert canvas.wait_for("SPLICE")["on"] == {"target": "archive", "input": "report"}
    expect(canvas.wire("chart.chart>archive.report")).to_have_count(1)


def test_the_focus_goes_to_what_is_nearest_when_a_node_is_deleted(bench: Open) -> None:
    canvas = bench("editing")
    canvas.choose("archive")
    canvas.keys("Delete")
    assert canvas.wait_for("REMOVE")["nodes"] == ["archive"]
    expect(canvas.node("archive")).to_have_count(0)
    canvas.expect_focus("report")
    canvas.keys("Shift+Delete")
    assert canvas.wait_for("REMOVE", 2)["heal"] is True


def test_nodes_are_copied_and_pasted_at_the_pointer(bench: Open) -> None:
    canvas = bench("editing")
    canvas.choose("clean")
    canvas.keys("Control+c")
    canvas.wait_for("COPY")
    x, y = middle(canvas.node("report"))
    canvas.page.mouse.move(x, y + 130)
    canvas.keys("Control+v")
    assert canvas.wait_for("PASTE")["y"] > 150
    canvas.expect_focus("clean_2")
    canvas.expect_selected("clean_2")


def test_the_menu_is_used_by_keyboard_and_gives_the_focus_back(bench: Open) -> None:
    canvas = bench("editing")
    canvas.choose("clean")
    canvas.keys("Shift+F10")
    menu = canvas.page.get_by_role("menu")
    items = menu.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    canvas.keys("End")
    expect(items.last).to_be_focused()
    canvas.keys("ArrowDown")
    expect(items.first).to_be_focused()
    canvas.keys("Escape")
    expect(menu).to_have_count(0)
    canvas.expect_focus("clean")
    canvas.keys("Shift+F10")
    canvas.page.keyboard.type("dup")
    canvas.keys("Enter")
    assert canvas.wait_for("DUPLICATE")["nodes"] == ["clean"]
    canvas.expect_focus("clean_2")


def test_the_menu_of_the_right_button_is_about_what_is_below_it(bench: Open) -> None:
    canvas = bench("editing")
    canvas.node("season").click(button="right")
    canvas.expect_selected("season")
    menu = canvas.page.get_by_role("menu")
    expect(menu.locator('[data-command="remove"]')).to_contain_text("Delete season")
    canvas.keys("Escape")
    x, y = middle(canvas.node("report"))
    canvas.page.mouse.click(x, y + 130, button="right")
    expect(menu.locator('[data-command="paste"]')).to_be_visible()
    expect(menu.locator('[data-command="remove"]')).to_have_count(0)


def test_a_node_is_renamed_where_it_stands_and_a_refused_name_says_why(bench: Open) -> None:
    canvas = bench("editing")
    canvas.choose("clean")
    canvas.keys("F2")
    field = canvas.page.get_by_label("New name of clean")
    expect(field).to_be_focused()
    field.fill("report")
    canvas.keys("Enter")
    expect(canvas.page.locator(".fb-name-refused")).to_contain_text("There is a node 'report'")
    field.fill("tidy_rows")
    canvas.keys("Enter")
    canvas.expect_focus("tidy_rows")
    expect(canvas.node("clean")).to_have_count(0)


def test_the_arrow_keys_with_shift_move_what_is_selected_as_one_step(bench: Open) -> None:
    canvas = bench("editing")
    canvas.choose("chart")
    before = canvas.page.evaluate(
        "() => session.store.state.flow.nodes.find(one => one.name === 'chart')"
    )
    canvas.keys("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown")
    moved = canvas.wait_for("MOVE")["positions"]["chart"]
    assert (moved["x"] - before["x"], moved["y"] - before["y"]) == (20, 10)
    assert len(canvas.sent("MOVE")) == 1


def test_many_are_selected_by_keyboard_and_let_go(bench: Open) -> None:
    canvas = bench("editing")
    canvas.choose("clean")
    canvas.keys("]")
    canvas.expect_selected("archive", "clean", "report", "season")
    canvas.keys("Escape")
    canvas.expect_selected("clean")
    canvas.keys("Control+ArrowRight", " ")
    canvas.expect_selected("clean", "season")
    canvas.keys("Control+a")
    canvas.expect_selected("archive", "chart", "clean", "fetch", "report", "season")


# ---------------------------------------------------------------- containers and notes


def test_a_container_is_closed_and_opened(bench: Open) -> None:
    canvas = bench("containers")
    expect(canvas.node("parse")).to_have_count(1)
    canvas.choose("each_station")
    canvas.keys("e")
    expect(canvas.node("daily")).to_have_count(0)
    expect(canvas.node("parse")).to_have_count(0)
    expect(canvas.wire("stations.stations>each_station.items")).to_have_count(1)
    canvas.expect_focus("each_station")
    canvas.page.reload()
    canvas.page.wait_for_selector(".react-flow__node")
    expect(canvas.node("daily")).to_have_count(0)
    canvas.node("each_station").get_by_role("button").click()
    expect(canvas.node("parse")).to_have_count(1)
    expect(canvas.node("parse")).to_have_attribute(
        "aria-label", re.compile(r"0 inputs, 1 output, node \d+ of 10")
    )


def test_a_node_dropped_on_a_container_goes_into_it(bench: Open) -> None:
    canvas = bench("containers")
    canvas.press_at(canvas.node("report"))
    x, y = middle(canvas.node("empty"))
    canvas.to(x, y + 20)
    expect(canvas.outcome).to_contain_text("Put report into empty")
    canvas.drop()
    edits = canvas.wait_for("EDIT")["edit"]["edits"]
    assert edits[0] == {"type": "SET_OPTIONS", "node": "report", "options": {"in": "empty"}}
    assert [one["type"] for one in edits] == ["SET_OPTIONS", "MOVE_NODES"]


def test_a_note_is_written_where_it_stands(bench: Open) -> None:
    canvas = bench("notes")
    expect(canvas.node("why").get_by_role("heading", name="Weather")).to_be_visible()
    expect(canvas.node("why").get_by_role("link")).to_have_attribute("href", "https://example.org")
    canvas.node("empty_note").locator(".fb-note-text").dblclick()
    field = canvas.node("empty_note").get_by_role("textbox")
    expect(field).to_be_focused()
    field.fill("see **here**")
    canvas.keys("Control+Enter")
    assert canvas.wait_for("EDIT")["edit"]["body"] == "see **here**"
    expect(canvas.node("empty_note").locator("strong")).to_have_text("here")
    canvas.expect_focus("empty_note")
