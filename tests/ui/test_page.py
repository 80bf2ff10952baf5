"""A flow as one file: everything it offers can be had without anybody who answers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.ui.conftest import ARTEFACTS
from tests.widget.stage import FakeHost, FakeNodeRun, FakeRun, completed, over, started

from flowbook.ids import PortName
from flowbook.widget.answering.versions import html

ASKS = ("run", "cancel", "params")
EDITS = ("add", "undo", "redo", "remove", "palette", "group")


@pytest.fixture(params=["light", "dark"])
def still(request, browser, tmp_path):
    pandas = pytest.importorskip("pandas")
    run = FakeRun()
    run.happen(started(1), completed(2, inline=b'["a"]'), over(3))
    rows = pandas.DataFrame({"city": ["Turin", "Oslo"] * 40, "t": range(80)})
    run.nodes["fetch"] = FakeNodeRun(held_outputs={PortName("rows"): rows})
    file = tmp_path / "tour.html"
    file.write_text(html(FakeHost(run), outputs=True), encoding="utf-8")
    context = browser.new_context(
        viewport={"width": 1300, "height": 800}, color_scheme=request.param
    )
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda failure: wrong.append(str(failure)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(file.as_uri())
    expect(node(page, "fetch")).to_be_visible()
    yield page
    page.screenshot(path=ARTEFACTS / f"{request.node.name}.png")
    refused = page.locator(".fb-notice[data-severity=error]").count()
    context.close()
    assert (wrong, refused) == ([], 0)


def node(page, name):
    return page.locator(f'.react-flow__node[data-id="{name}"]')


def test_only_what_needs_nobody_is_offered(still):
    for name in ASKS:
        expect(still.locator(f'[data-action="{name}"]')).to_have_count(0)
    for name in EDITS:
        expect(still.locator(f'[data-command="{name}"]')).to_have_count(0)
    expect(still.locator('[data-command="find"]')).to_be_visible()


def test_a_node_shows_what_it_gave(still):
    node(still, "fetch").click()
    details = still.get_by_label("Details of fetch")
    expect(details.get_by_label("Table preview")).to_contain_text("Turin")
    for tab in details.get_by_role("tab").all():
        tab.click()
        expect(details.get_by_role("tabpanel")).not_to_have_text("")


def test_a_wire_says_what_is_known_of_it_and_asks_nothing(still):
    wire = still.locator(".react-flow__edge").first
    wire.locator("path").first.hover(force=True)
    wire.locator("path").first.click(force=True)
    still.wait_for_function("() => new Promise((done) => setTimeout(() => done(true), 400))")
    expect(still.locator(".fb-notice[data-severity=error]")).to_have_count(0)


def test_nodes_are_found_by_name_and_opened_by_keyboard(still):
    node(still, "fetch").focus()
    still.keyboard.press("Control+f")
    expect(still.get_by_role("dialog").locator("input").first).to_be_focused()
    still.keyboard.type("clean")
    expect(still.get_by_text(re.compile("Looking into"))).to_have_count(0)
    still.keyboard.press("Enter")
    expect(still.get_by_label("Details of clean")).to_be_visible()


def test_keys_of_what_cannot_be_done_here_do_nothing(still):
    node(still, "fetch").focus()
    for key in ("r", "a", "Delete", "Control+c", "Control+v", "Control+z", "Shift+F10", "Escape"):
        still.keyboard.press(key)
    expect(node(still, "fetch")).to_be_visible()
