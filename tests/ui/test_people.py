"""A canvas where life is not simple: read-only files, lost connections, other people."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from tests.ui.cable import Sieve, cable_to, until
from tests.ui.conftest import ARTEFACTS
from tests.ui.documents import FLOW, FlowPage

LONG = [
    "%load_ext flowbook",
    "%%flow first\nimport os, time\nwhile not os.path.exists(GO): time.sleep(0.02)\n1",
    "%%flow second\nfirst + 1",
]


@pytest.fixture
def write(lab, request):
    """Writes a notebook for this test; its name."""

    def make(cells=FLOW):
        name = re.sub(r"\W+", "-", request.node.name)[:60] + ".ipynb"
        lab.notebook(name, cells)
        return name

    return make


def shot(it, name):
    it.page.screenshot(path=str(ARTEFACTS / f"people-{name}.png"))


def canvas_notice(it, text):
    expect(it.page.locator(".fb-lab .fb-root .fb-notice", has_text=text).first).to_be_visible()


def rename(it, node, name):
    it.node(node).click()
    it.page.keyboard.press("F2")
    field = it.page.get_by_label(f"New name of {node}")
    expect(field).to_be_focused()
    field.fill(name)
    it.page.keyboard.press("Enter")


def remove(it, node):
    it.node(node).click()
    it.page.keyboard.press("Delete")


# ---------------------------------------------------------------- read-only


@pytest.fixture
def read_only(lab, page, write):
    """A notebook that the server says may not be written, and its canvas."""

    def make(cells=FLOW):
        name = write(cells)
        document = json.loads((lab.folder / name).read_text())
        document["metadata"]["language_info"] = {"name": "python"}  # else JupyterLab adds it
        (lab.folder / name).write_text(json.dumps(document))

        def as_read_only(route):
            answer = route.fetch()
            body = answer.json()
            route.fulfill(response=answer, json={**body, "writable": False})

        page.route(re.compile(rf"/api/contents/{re.escape(name)}\?"), as_read_only)
        return FlowPage(page, lab.url, lab.folder, name)

    return make


def test_a_read_only_notebook_is_shown_and_run_and_not_changed(read_only):
    it = read_only().open_canvas().on_kernel_line()
    canvas_notice(it, "Read-only: the file of this notebook may not be written")
    it.drag("clean", 30, 140)
    remove(it, "clean")
    it.page.keyboard.press("F2")
    it.page.keyboard.press("a")
    expect(it.page.get_by_role("dialog")).to_have_count(0)
    expect(it.page.get_by_role("tab", name="Settings")).to_have_count(0)
    for command in ("undo", "remove"):
        expect(it.tool(command)).to_have_attribute("aria-disabled", "true")
    shot(it, "read-only")
    it.press("run")
    it.expect_status("total", "succeeded")
    it.expect_nodes("raw", "clean", "total")
    assert it.texts() == FLOW
    assert it.of_document("cells.every(cell => cell.getMetadata('flowbook') === undefined)")
    assert it.of_document("context.model.dirty") is False


def test_a_read_only_notebook_without_a_kernel_is_not_changed_either(read_only):
    it = read_only().open_canvas().on_kernel_line()
    it.page.evaluate(f"void {it.context}.sessionContext.shutdown()")
    expect(it.notice).to_contain_text("No kernel")
    canvas_notice(it, "Read-only")
    it.drag("clean", 30, 140)
    remove(it, "clean")
    it.press("run")
    it.expect_status("total", "succeeded", timeout=60_000)
    assert it.texts() == FLOW


def test_a_notebook_that_may_be_written_again_is_edited_again(read_only):
    it = read_only().open_canvas().on_kernel_line()
    canvas_notice(it, "Read-only")
    it.page.unroute_all()
    it.page.evaluate(f"void {it.context}.revert()")
    expect(it.page.locator(".fb-lab .fb-root .fb-notice")).to_have_count(0)
    remove(it, "total")
    it.expect_nodes("raw", "clean")
    it.wait_document("cells.length === 3")


def test_a_locked_cell_is_not_changed_and_the_canvas_says_why(write, lab, page):
    it = FlowPage(page, lab.url, lab.folder, write()).open_canvas().on_kernel_line()
    it.of_document("cells[3].setMetadata('editable', false)")
    it.of_document("cells[3].setMetadata('deletable', false)")
    remove(it, "total")
    canvas_notice(it, "Delete total: cell cell-3 is locked against deletion")
    it.page.locator(".fb-lab .fb-toasts [aria-label=Dismiss]").click()
    rename(it, "clean", "rows")  # which total reads
    expect(it.node("clean")).to_contain_text("cell cell-3 is locked against changes")
    it.page.keyboard.press("Escape")
    it.expect_nodes("raw", "clean", "total")
    assert it.texts() == FLOW


# ---------------------------------------------------------------- lost connections


@pytest.fixture
def cable(lab):
    with cable_to(urlsplit(lab.url).port) as cable:
        yield cable


@pytest.fixture
def wired(lab, page, write, cable):
    """A notebook that the browser reaches through a cable."""

    def make(cells=FLOW):
        return FlowPage(page, cable.url, lab.folder, write(cells))

    return make


def cut(it, cable):
    """The network goes; JupyterLab's own dialog of that is closed, once and for all."""
    cable.cut()
    it.page.context.set_offline(True)
    it.page.evaluate("void jupyterapp.serviceManager.sessions.refreshRunning().catch(() => {})")
    dialog = it.page.locator(".jp-Dialog", has_text="Server Connection Error")
    dialog.locator("input[type=checkbox]").check()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    expect_cut(it)


def mend(it, cable):
    cable.mend()
    it.page.context.set_offline(False)


def expect_cut(it):
    it.page.wait_for_selector('.fb-lab[data-answering="cut"]')
    canvas_notice(it, "Not connected")


def test_what_is_edited_without_a_connection_is_refused_and_later_works(wired, cable):
    it = wired().open_canvas().on_kernel_line()
    cut(it, cable)
    shot(it, "cut")
    remove(it, "total")
    it.drag("clean", 30, 140)
    assert it.texts() == FLOW
    mend(it, cable)
    it.on_kernel_line()
    it.expect_nodes("raw", "clean", "total")
    remove(it, "total")
    it.expect_nodes("raw", "clean")
    it.wait_document("cells.length === 3")


def test_what_is_typed_in_cells_without_a_connection_is_on_the_canvas_afterwards(wired, cable):
    it = wired().open_canvas().on_kernel_line().show_notebook()
    cut(it, cable)
    it.replace_cell(3, "%%flow all(rows=clean)\nsum(rows)")
    mend(it, cable)
    it.on_kernel_line()
    it.expect_nodes("raw", "clean", "all")
    it.drag("clean", 30, 140)
    it.wait_document("cells[2].getMetadata('flowbook')?.position?.length === 2")


def test_a_setting_that_is_typed_without_a_connection_is_applied_once(wired, cable):
    it = wired().open_canvas().on_kernel_line()
    it.node("clean").click(position={"x": 20, "y": 60})
    panel = it.page.get_by_role("complementary", name="Details of clean")
    panel.get_by_role("tab", name="Settings").click()
    code = panel.get_by_role("textbox", name=re.compile("^Text of clean"))
    expect(code).to_be_visible()
    cut(it, cable)
    code.click()
    it.page.keyboard.press("Control+a")
    it.page.keyboard.insert_text("[one * 2 for one in raw]")
    expect(panel.get_by_text("kept here, and applied once the connection is back")).to_be_visible()
    shot(it, "kept")
    assert it.texts() == FLOW
    mend(it, cable)
    it.on_kernel_line()
    it.wait_document("cells[2].getSource() === '%%flow clean\\n[one * 2 for one in raw]'")
    expect(panel.get_by_text("kept here")).to_have_count(0)
    it.press("undo")
    it.wait_document(f"cells[2].getSource() === {json.dumps(FLOW[2])}")
    assert it.of_document("context.model.sharedModel.canUndo()") is False


def test_a_flow_without_a_kernel_waits_for_the_server_as_well(wired, cable):
    it = wired().open_canvas().on_kernel_line()
    it.page.evaluate(f"void {it.context}.sessionContext.shutdown()")
    expect(it.notice).to_contain_text("No kernel")
    it.expect_nodes("raw", "clean", "total")
    cable.cut()
    remove(it, "total")  # a question finds it out
    expect_cut(it)
    cut(it, cable)
    mend(it, cable)
    it.page.wait_for_selector('.fb-lab[data-answering="server"]')
    it.expect_nodes("raw", "clean", "total")
    assert it.texts() == FLOW
    remove(it, "total")
    it.wait_document("cells.length === 3")


@pytest.mark.parametrize(
    ("direction", "words", "copies"),
    [
        ("up", '"DUPLICATE"', 0),
        ("down", '"PATCH"', 1),
        ("up", '"APPLIED"', 1),
        ("down", '"EDITED"', 1),
    ],
    ids=["the question", "the change", "that it was made", "the answer"],
)
def test_an_edit_on_its_way_when_the_connection_goes_is_done_once_or_not(
    write, lab, page, direction, words, copies
):
    sieve = Sieve(page)
    it = FlowPage(page, lab.url, lab.folder, write()).open_canvas().on_kernel_line()
    sieve.lose(direction, words)
    it.node("raw").click()
    it.page.keyboard.press("Control+d")
    until(page, lambda: sieve.lost)
    sieve.cut()
    if words == '"DUPLICATE"':  # others may be answered once the connection is back
        canvas_notice(it, "The connection was lost before this was answered")
    it.on_kernel_line()
    remove(it, "total")  # which is behind whatever was left to do
    it.wait_document("cells.every(cell => !cell.getSource().includes('total'))")
    assert len(it.texts()) == 3 + copies
    expect(it.page.locator(".fb-lab .react-flow__node")).to_have_count(2 + copies)
    expect(it.page.get_by_text("is not in the notebook")).to_have_count(0)


def test_what_a_run_did_meanwhile_is_shown_when_the_connection_is_back(wired, cable, lab):
    go = lab.folder / "go-on"
    go.unlink(missing_ok=True)
    it = wired([one.replace("GO", json.dumps(str(go))) for one in LONG])
    it.open_canvas().on_kernel_line()
    it.press("run")
    it.expect_status("first", "running")
    cut(it, cable)
    go.touch()
    mend(it, cable)
    it.on_kernel_line()
    it.expect_status("second", "succeeded")


# ---------------------------------------------------------------- two windows


@pytest.fixture
def two(lab, page, browser, write):
    """Two windows with the canvas of one notebook, each with a document of its own."""
    name = write()
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    one = FlowPage(page, lab.url, lab.folder, name).open_canvas().on_kernel_line()
    one.save()
    other = FlowPage(context.new_page(), lab.url, lab.folder, name)
    other.open_canvas().on_kernel_line()
    yield one, other
    shot(other, "other-window")
    context.close()


def save_and_choose(it, choice):
    """Save over a file that somebody else has written meanwhile."""
    it.page.evaluate(f"void {it.context}.save()")
    dialog = it.page.locator(".jp-Dialog", has_text="has changed on disk")
    dialog.get_by_role("button", name=choice).click()
    expect(dialog).to_have_count(0)
    it.wait_document("!context.model.dirty")


def test_two_windows_have_a_kernel_and_what_they_edit_of_their_own(two):
    one, other = two
    rename(one, "raw", "rows")
    one.expect_nodes("rows", "clean", "total")
    other.drag("total", 0, 120)
    other.wait_document("cells[3].getMetadata('flowbook') !== undefined")
    other.expect_nodes("raw", "clean", "total")
    assert other.texts() == FLOW
    assert one.of_document("cells[3].getMetadata('flowbook') === undefined")
    assert one.kernels_of_document() == 1
    other.press("run")
    other.expect_status("total", "succeeded")
    one.expect_nodes("rows", "clean", "total")


def test_of_two_windows_the_later_to_save_is_asked_and_may_take_the_file(two):
    one, other = two
    rename(one, "raw", "rows")
    one.expect_nodes("rows", "clean", "total")
    one.save()
    remove(other, "total")
    other.expect_nodes("raw", "clean")
    save_and_choose(other, "Revert")
    other.expect_nodes("rows", "clean", "total")
    assert other.texts() == one.texts()
    other.drag("clean", 30, 140)
    other.wait_document("cells[2].getMetadata('flowbook') !== undefined")


def test_of_two_windows_the_later_to_save_may_take_its_own(two):
    one, other = two
    rename(one, "raw", "rows")
    one.expect_nodes("rows", "clean", "total")
    one.save()
    remove(other, "total")
    other.expect_nodes("raw", "clean")
    save_and_choose(other, "Overwrite")
    assert ["".join(cell["source"]) for cell in other.saved()["cells"]] == FLOW[:3]
    one.page.evaluate(f"void {one.context}.revert()")
    one.expect_nodes("raw", "clean")
