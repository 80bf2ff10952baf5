"""From an empty notebook to a flow that ran, on the canvas of a document: by mouse, by keyboard."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.ui.conftest import ARTEFACTS
from tests.ui.documents import FlowPage

ADD = re.compile("^Add a node")


@pytest.fixture
def empty(lab, page, request):
    """The canvas of a notebook that has no node yet."""
    name = re.sub(r"\W+", "-", request.node.name)[:60] + ".ipynb"
    lab.notebook(name, ["%load_ext flowbook"])
    found = FlowPage(page, lab.url, lab.folder, name).open_canvas(ready=False).on_kernel_line()
    expect(page.get_by_text("Add your first node")).to_be_visible()
    return found


def shot(page: Page, name: str) -> None:
    page.screenshot(path=str(ARTEFACTS / f"journey-{name}.png"))


def code(page: Page, node: str) -> Locator:
    return page.get_by_role("complementary", name=f"Details of {node}").get_by_role(
        "textbox", name=re.compile(f"^Text of {node}")
    )


def wire(page: Page, start: Locator, end: Locator) -> None:
    """Draw a wire from a port to a node."""
    first, last = start.bounding_box(), end.bounding_box()
    assert first is not None
    assert last is not None
    page.mouse.move(first["x"] + first["width"] / 2, first["y"] + first["height"] / 2)
    page.mouse.down()
    page.mouse.move(last["x"] - 30, last["y"] + 20, steps=6)
    page.mouse.move(last["x"] + last["width"] / 2, last["y"] + last["height"] / 2, steps=4)
    page.mouse.up()


def add_python(it: FlowPage, name: str) -> None:
    """Add a node by typing what it is; its settings have the focus then."""
    it.page.keyboard.press("a")
    dialog = it.page.get_by_role("dialog", name=ADD)
    expect(dialog.get_by_role("option").first).to_be_visible()
    it.page.keyboard.type("python")
    it.page.keyboard.press("Enter")
    expect(it.node(name)).to_have_count(1)
    expect(it.page.get_by_role("tab", name="Settings")).to_be_focused()


def into_the_code(page: Page, node: str) -> None:
    for _ in range(6):
        if code(page, node).evaluate("field => field === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the code is not reached by the Tab key")


def says(page: FlowPage, index: int, text: str) -> None:
    page.wait_document(f"cells[{index}]?.getSource() === {json.dumps(text)}")


def test_a_flow_is_built_from_nothing_by_keyboard(empty):
    page = empty.page
    keys = page.keyboard
    page.locator(".fb-lab .fb-root").focus()
    add_python(empty, "step")
    into_the_code(page, "step")
    keys.press("Control+a")
    keys.type("[1, 2, 3]")
    keys.press("Escape")
    says(empty, 1, "%%flow step\n[1, 2, 3]")
    keys.press("Escape")
    expect(empty.node("step")).to_be_focused()
    add_python(empty, "step_2")
    keys.press("Escape")
    expect(empty.node("step_2")).to_be_focused()
    keys.press("F2")
    expect(page.get_by_label("New name of step_2")).to_be_focused()
    keys.type("total")
    keys.press("Enter")
    expect(empty.node("total")).to_be_focused()
    keys.press("r")
    empty.expect_status("total", "succeeded")
    keys.press("Enter")
    panel = page.get_by_role("complementary", name="Details of total")
    expect(panel.get_by_role("tab", name="Output")).to_have_attribute("aria-selected", "true")
    expect(panel).to_contain_text("list of 3")
    shot(page, "keyboard")
    assert page.evaluate("document.activeElement.closest('.fb-root') !== null")
    keys.press("Control+s")
    empty.wait_document("!context.model.dirty")
    heads = ["".join(one["source"]).split("\n")[0] for one in empty.saved()["cells"]]
    assert heads == ["%load_ext flowbook", "%%flow step", "%%flow total(step)"]


def test_a_flow_is_built_from_nothing_by_mouse(empty):
    page = empty.page
    page.get_by_role("button", name="Python", exact=True).click()
    expect(empty.node("step")).to_have_count(1)
    code(page, "step").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("[{'day': 1}, {'day': 2}, {'day': 3}]")
    page.locator("[data-jp-item-name=palette] [data-command]").click()
    palette = page.get_by_role("complementary", name="Add nodes")
    says(empty, 1, "%%flow step\n[{'day': 1}, {'day': 2}, {'day': 3}]")
    pane = page.locator(".fb-lab .react-flow__pane")
    palette.get_by_text("SQL").first.drag_to(pane, target_position={"x": 360, "y": 330})
    expect(empty.node("sql")).to_have_count(1)
    output = empty.node("step").locator('.fb-port[data-handleid="step"]')
    wire(page, output, empty.node("sql"))
    empty.wait_document("cells[2].getSource().startsWith('%%flow sql sql(step=step)')")
    empty.node("sql").click(position={"x": 20, "y": 60})
    code(page, "sql").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("select count(*) as many from step")
    says(empty, 2, "%%flow sql sql(step=step)\nselect count(*) as many from step")
    empty.press("run")
    empty.expect_status("sql", "succeeded")
    panel = page.get_by_role("complementary", name="Details of sql")
    panel.get_by_role("tab", name="Output").click()
    expect(panel.get_by_role("columnheader").filter(has_text="many")).to_be_visible()
    expect(panel.get_by_role("gridcell").filter(has_text="3")).to_be_visible()
    shot(page, "mouse")
    page.locator("[data-jp-item-name=undo] [data-command]").click()
    empty.wait_document("!cells[2].getSource().includes('many')")


# ---------------------------------------------------------------- both views, in turn

TOUR = [
    "%load_ext flowbook",
    "%%flow raw\n[1, 2, 3]",
    "%%flow clean\n[one + 1 for one in raw]",
    "%%flow total(rows=clean)\nsum(rows)",
]


@pytest.fixture
def both(lab, page, request):
    """A notebook and its canvas side by side, saved."""
    name = re.sub(r"\W+", "-", request.node.name)[:60] + ".ipynb"
    lab.notebook(name, TOUR)
    found = FlowPage(page, lab.url, lab.folder, name).open_notebook().show_canvas().on_kernel_line()
    found.save()
    return found


class Steps:
    """What is done to a notebook, with its cells after each step."""

    def __init__(self, it: FlowPage) -> None:
        self.it = it
        self.texts = [it.texts()]

    def done(self, index: int, text: str, count: int) -> None:
        """Wait until cell `index` says so and there are `count`; the cells by then are a step."""
        says(self.it, index, text)
        self.it.wait_document(f"cells.length === {count}")
        self.texts.append(self.it.texts())

    def stands(self, step: int) -> None:
        wanted = json.dumps(self.texts[step])
        self.it.wait_document(
            f"JSON.stringify(cells.map(cell => cell.getSource())) === JSON.stringify({wanted})"
        )


def rename(it: FlowPage, node: str, name: str) -> None:
    it.node(node).click()
    it.page.keyboard.press("F2")
    field = it.page.get_by_label(f"New name of {node}")
    expect(field).to_be_focused()
    field.fill(name)
    it.page.keyboard.press("Enter")
    expect(it.node(name)).to_have_count(1)


def command_mode(it: FlowPage, index: int) -> None:
    it.cell(index).locator(".jp-InputPrompt").click()


def edited_in_turn(it: FlowPage) -> Steps:
    """On the canvas and in the notebook by turns, which keeps the notebook's own steps apart."""
    steps = Steps(it)
    rename(it, "raw", "rows")
    steps.done(2, "%%flow clean(raw=rows)\n[one + 1 for one in raw]", 4)
    command_mode(it, 3)
    it.page.keyboard.press("b")
    steps.done(4, "", 5)
    it.node("clean").click()
    it.page.keyboard.press("Escape")  # else what is added is behind it
    add_python(it, "step")
    steps.done(4, "%%flow step\n# What it gives is its last line.\nNone", 6)
    it.page.get_by_role("button", name="Close details").click()
    command_mode(it, 3)
    it.page.keyboard.press("d")
    it.page.keyboard.press("d")
    steps.done(3, "%%flow step\n# What it gives is its last line.\nNone", 5)
    it.expect_nodes("rows", "clean", "step")
    wire(it.page, it.node("clean").locator('.fb-port[data-handleid="clean"]'), it.node("step"))
    steps.done(3, "%%flow step(clean=clean)\n# What it gives is its last line.\nNone", 5)
    return steps


def test_a_flow_is_edited_in_both_views_in_turn_and_undone_from_either(both):
    page = both.page
    steps = edited_in_turn(both)
    last = len(steps.texts) - 1
    assert both.of_document("context.model.dirty")
    shot(page, "both")
    for step in range(last - 1, -1, -1):
        both.press("undo")
        steps.stands(step)
    both.expect_nodes("raw", "clean", "total")
    command_mode(both, 0)
    for step in range(1, last + 1):
        page.keyboard.press("Shift+z")
        steps.stands(step)
    both.expect_nodes("rows", "clean", "step")
    expect(page.locator(".lm-mod-current .jp-mod-dirty, .jp-mod-dirty")).not_to_have_count(0)
    page.keyboard.press("Control+s")
    both.wait_document("!context.model.dirty")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
    page.goto(f"{both.url}/lab")
    both.drawn().on_kernel_line()
    steps.stands(last)
    both.expect_nodes("rows", "clean", "step")
    without_a_kernel(both)


def without_a_kernel(it: FlowPage) -> None:
    """Edits go on, and Run starts a kernel."""
    it.page.evaluate(f"void {it.context}.sessionContext.shutdown()")
    expect(it.notice).to_contain_text("No kernel")
    rename(it, "step", "last")
    says(it, 3, "%%flow last(clean=clean)\n# What it gives is its last line.\nNone")
    it.replace_cell(3, "%%flow last(clean=clean)\nsum(clean)")
    it.drag("last", 0, 60)
    it.wait_document("cells[3].getMetadata('flowbook')?.position?.length === 2")
    it.press("run")
    it.expect_status("last", "succeeded", timeout=60_000)
    expect(it.notice).to_be_hidden()
    says(it, 3, "%%flow last(clean=clean)\nsum(clean)")
