"""One document, two views: a notebook and its flow canvas in JupyterLab."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.ui.documents import FLOW, FlowPage

SLOW = [
    "%load_ext flowbook",
    "%%flow first\nimport time\ntime.sleep(0.3)\n1",
    "%%flow second\nimport time\nfor _ in range(100): time.sleep(0.05)\nfirst + 1",
]


@pytest.fixture
def document(lab, page, request):
    """Writes a notebook and gives the page it can be opened on."""

    def make(cells=FLOW, name=None):
        name = name or re.sub(r"\W+", "-", request.node.name)[:60] + ".ipynb"
        lab.notebook(name, cells)
        return FlowPage(page, lab.url, lab.folder, name)

    return make


# ---------------------------------------------------------------- two views


def test_a_flow_is_there_before_any_cell_was_run(document):
    it = document().open_canvas().on_kernel_line()
    it.expect_nodes("raw", "clean", "total")
    assert it.page.locator(".jp-Notebook").count() == 0
    it.press("run")
    it.expect_status("total", "succeeded")
    assert it.of_document("cells.every(cell => cell.execution_count === null)")


def test_the_canvas_opens_beside_the_notebook_on_the_same_document(document):
    it = document().open_notebook()
    it.show_canvas().on_kernel_line().expect_nodes("raw", "clean", "total")
    assert (
        it.of_document(
            "[...jupyterapp.shell.widgets('main')].filter(one => one.context === context).length"
        )
        == 2
    )
    assert it.kernels_of_document() == 1


def test_typing_in_a_cell_changes_the_canvas_and_runs_nothing(document):
    it = document().open_canvas().on_kernel_line().show_notebook()
    it.type_at_end_of(1, "\n%%flow more\nraw")
    it.replace_cell(3, "%%flow all(rows=clean)\nsum(rows)")
    it.expect_nodes("raw", "clean", "all")
    assert it.of_document("cells.every(cell => cell.execution_count === null)")


def test_a_node_that_is_dragged_changes_the_metadata_of_its_cell_in_one_step_of_undo(document):
    it = document().open_canvas().on_kernel_line()
    it.drag("clean", 30, 140)
    it.wait_document("cells[2].getMetadata('flowbook')?.position?.length === 2")
    assert it.texts() == FLOW
    assert it.of_document("cells[1].getMetadata('flowbook') === undefined")
    it.page.keyboard.press("Control+z")
    it.wait_document("cells[2].getMetadata('flowbook') === undefined")
    it.page.keyboard.press("Control+Shift+z")
    it.wait_document("cells[2].getMetadata('flowbook')?.position?.length === 2")


def test_a_gesture_is_undone_from_the_notebook_as_well(document):
    it = document().open_canvas().on_kernel_line().show_notebook()
    it.drag("clean", 30, 140)
    it.wait_document("cells[2].getMetadata('flowbook') !== undefined")
    it.cell(0).locator(".jp-InputPrompt").click()
    it.page.keyboard.press("z")
    it.wait_document("cells[2].getMetadata('flowbook') === undefined")


def test_the_edit_menu_names_and_undoes_what_was_done_on_the_canvas(document):
    it = document().open_canvas().on_kernel_line()
    it.drag("clean", 30, 140)
    it.wait_document("cells[2].getMetadata('flowbook') !== undefined")
    it.menu("Edit", re.compile("Undo: Move clean"))
    it.wait_document("cells[2].getMetadata('flowbook') === undefined")


def test_dirty_save_and_rename_are_the_documents(document, lab):
    it = document().open_canvas().on_kernel_line()
    it.save()
    it.drag("clean", 30, 140)
    it.wait_document("context.model.dirty")
    it.save()
    assert len(it.saved()["cells"][2]["metadata"]["flowbook"]["position"]) == 2
    it.page.evaluate(f"void {it.context}.rename('renamed-flow.ipynb')")
    it.name = "renamed-flow.ipynb"
    it.wait_document("context.path === 'renamed-flow.ipynb'")
    expect(it.page.locator(".lm-TabBar-tab", has_text="renamed-flow.ipynb")).to_have_count(1)
    it.drag("clean", 20, 20)
    it.save()
    assert (lab.folder / "renamed-flow.ipynb").is_file()


def test_a_revert_is_seen_on_the_canvas_and_edits_go_on(document):
    it = document().open_canvas().on_kernel_line()
    it.save()
    it.of_document("cells[3].setSource('%%flow other(rows=clean)\\nsum(rows)')")
    it.expect_nodes("raw", "clean", "other")
    it.page.evaluate(f"void {it.context}.revert()")
    it.expect_nodes("raw", "clean", "total")
    it.drag("clean", 30, 140)
    it.wait_document("cells[2].getMetadata('flowbook') !== undefined")


def test_closing_one_view_leaves_the_other_alive(document):
    it = document().open_notebook()
    it.show_canvas().on_kernel_line()
    it.page.evaluate("jupyterapp.shell.currentWidget.close()")
    it.page.wait_for_selector(".fb-lab", state="detached")
    it.show_canvas().on_kernel_line().close_notebook()
    it.drag("clean", 30, 140)
    it.wait_document("cells[2].getMetadata('flowbook') !== undefined")
    it.press("run")
    it.expect_status("total", "succeeded")


def test_a_canvas_that_is_closed_and_opened_at_once_can_be_run(document):
    it = document().open_notebook()
    it.show_canvas().on_kernel_line()
    expect(it.tool("run")).not_to_have_attribute("aria-disabled", "true")
    it.page.evaluate(
        "async () => { const canvas = jupyterapp.shell.currentWidget; canvas.close();"
        " while (!canvas.isDisposed) await new Promise(requestAnimationFrame);"
        " await jupyterapp.commands.execute('flowbook:show-canvas') }"
    )
    it.on_kernel_line()
    it.press("run")
    it.expect_status("total", "succeeded")


def test_the_cell_that_loads_flowbook_says_nothing_where_the_canvas_was_first(document):
    it = document().open_canvas().on_kernel_line().show_notebook()
    it.run_cell(0)
    it.kernel_idle()
    expect(it.cell(0).locator(".jp-InputPrompt").first).to_have_text("[1]:")
    expect(it.cell(0).locator(".jp-OutputArea-output")).to_have_count(0)


def test_the_file_says_which_kernel_it_was(document, lab):
    it = document()
    it.write_without_kernel()
    it.open_canvas().on_kernel_line()
    it.wait_document("context.model.getMetadata('language_info')?.name === 'python'")
    it.save()
    metadata = it.saved()["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["kernelspec"]["language"] == "python"
    assert metadata["language_info"]["file_extension"] == ".py"


# ---------------------------------------------------------------- node and cell


def test_a_selected_node_shows_its_cell_and_the_focus_stays(document):
    it = document().open_canvas().on_kernel_line().show_notebook()
    it.node("total").click()
    expect(it.cell(3)).to_have_class(re.compile("jp-mod-active"))
    assert it.page.evaluate("document.activeElement.closest('.fb-lab') !== null")


def test_the_active_cell_shows_its_node(document):
    it = document().open_canvas().on_kernel_line().show_notebook()
    it.cell(2).locator(".jp-InputPrompt").click()
    it.expect_selected("clean")
    it.page.keyboard.press("ArrowDown")
    it.expect_selected("total")
    assert it.page.evaluate("document.activeElement.closest('.jp-Notebook') !== null")


def test_going_to_a_cell_opens_the_notebook_with_the_cursor_there(document):
    it = document().open_canvas().on_kernel_line()
    it.node("clean").click()
    it.run_command("flowbook:go-to-cell")
    expect(it.cell(2)).to_have_class(re.compile("jp-mod-active"))
    it.page.wait_for_function("document.activeElement.closest('.jp-Notebook') !== null")


# ---------------------------------------------------------------- kernels come and go


def test_a_reload_during_a_run_brings_its_statuses_back(document):
    it = document(SLOW).open_canvas().on_kernel_line()
    it.save()
    it.press("run")
    it.expect_status("second", "running")
    it.page.goto(f"{it.url}/lab")
    it.drawn().on_kernel_line()
    it.expect_status("first", "succeeded")
    it.expect_status("second", "succeeded")


def test_a_restart_keeps_the_canvas_and_flowbook_is_there_again(document):
    it = document().open_canvas().on_kernel_line()
    it.press("run")
    it.expect_status("total", "succeeded")
    it.page.evaluate(f"void {it.context}.sessionContext.restartKernel()")
    expect(it.notice).to_be_visible()
    it.expect_nodes("raw", "clean", "total")
    it.on_kernel_line()
    it.press("run")
    it.expect_status("total", "succeeded")


def test_a_kernel_that_dies_is_told_and_comes_back(document):
    it = document().open_canvas().on_kernel_line()
    it.execute("import os; os._exit(1)")
    expect(it.notice).to_be_visible(timeout=30_000)
    expect(it.page.locator(".Toastify")).to_contain_text("died")
    it.expect_nodes("raw", "clean", "total")
    it.on_kernel_line()
    it.press("run")
    it.expect_status("total", "succeeded")


def test_without_a_kernel_the_flow_is_edited_and_run_starts_one(document):
    it = document().open_canvas().on_kernel_line()
    it.page.evaluate(f"void {it.context}.sessionContext.shutdown()")
    expect(it.notice).to_contain_text("No kernel")
    it.drag("clean", 30, 140)
    it.wait_document("cells[2].getMetadata('flowbook')?.position?.length === 2")
    it.of_document("cells[3].setSource('%%flow all(rows=clean)\\nsum(rows)')")
    it.expect_nodes("raw", "clean", "all")
    it.press("run")
    it.expect_status("all", "succeeded", timeout=60_000)
    expect(it.notice).to_be_hidden()
    assert it.of_document("cells[2].getMetadata('flowbook').position.length") == 2


def test_a_kernel_without_flowbook_is_told_and_the_flow_is_still_shown(document):
    it = document().open_notebook()
    it.kernel_idle()
    it.execute("import sys; sys.modules['flowbook'] = None")
    it.kernel_idle()
    it.run_command("flowbook:show-canvas")
    expect(it.notice).to_contain_text("has no flow", timeout=30_000)
    it.expect_nodes("raw", "clean", "total")


def test_canvas_and_cell_meet_while_a_cell_is_busy(document):
    it = document([*FLOW, "import time; time.sleep(6)"]).open_canvas().on_kernel_line()
    it.show_notebook().run_cell(4)
    it.of_document("cells[3].setSource('%%flow all(rows=clean)\\nsum(rows)')")
    it.expect_nodes("raw", "clean", "all", timeout=4_000)
    it.drag("clean", 30, 100)
    it.wait_document("cells[2].getMetadata('flowbook') !== undefined")
    expect(it.cell(4).locator(".jp-InputPrompt").first).to_have_text("[*]:")


def test_two_pages_on_one_notebook_are_edited_each_for_itself(document, browser):
    it = document().open_canvas().on_kernel_line()
    it.save()
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    other = FlowPage(context.new_page(), it.url, it.folder, it.name)
    try:
        other.open_canvas().on_kernel_line()
        it.drag("clean", 30, 140)
        it.wait_document("cells[2].getMetadata('flowbook') !== undefined")
        assert other.of_document("cells[2].getMetadata('flowbook') === undefined")
        other.press("run")
        other.expect_status("total", "succeeded")
    finally:
        context.close()


# ---------------------------------------------------------------- JupyterLab's own


def test_a_new_flow_opens_its_notebook_and_its_canvas(lab, page):
    it = FlowPage(page, lab.url, lab.folder, "Untitled.ipynb")
    page.goto(f"{lab.url}/lab?reset")
    page.locator('.jp-LauncherCard[title="Flow"]').click()
    it.drawn()
    it.expect_nodes("names", "greet")
    expect(page.locator(".jp-Notebook")).to_be_visible()
    expect(page.locator(".jp-Dialog")).to_have_count(0)


def test_the_status_bar_and_the_run_menu_speak_of_the_flow(document):
    it = document().open_canvas().on_kernel_line()
    bar = it.page.locator(".fb-lab-status")
    expect(bar).to_contain_text("Not run yet · 3 nodes")
    it.menu("Run", re.compile("Run Flow"))
    it.expect_status("total", "succeeded")
    expect(bar).to_contain_text("Succeeded")


SLIDER = "import ipywidgets\nslider = ipywidgets.IntSlider(value=3)"


def test_a_slider_that_was_made_while_only_the_canvas_was_open_works(document):
    it = document([*FLOW, "slider", "slider.value"]).open_canvas().on_kernel_line()
    it.execute(SLIDER, wait=True)
    it.show_notebook().run_cell(4)
    it.check_slider(4, 5)


def test_a_slider_works_in_a_notebook_that_is_opened_again_while_its_canvas_stays(document):
    it = document([*FLOW, f"{SLIDER}\nslider", "slider.value"]).open_notebook()
    it.run_cell(4)
    it.show_canvas().on_kernel_line()
    it.close_notebook()
    it.show_notebook().check_slider(4, 5)
