"""The link between a notebook and its kernel's flow, in JupyterLab."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

NODES = [
    "%load_ext flowbook",
    "%%flow raw\n[1, 2, 3]",
    "%%flow clean\n[one + 1 for one in raw]",
    "%%flow total(rows=clean)\nsum(rows)",
]
RENAMED = [
    "%load_ext flowbook",
    "%%flow rows\n[1, 2, 3]",
    "%%flow clean(raw=rows)\n[one + 1 for one in raw]",
    "%%flow total(rows=clean)\nsum(rows)",
]
WAIT = """\
import time
from flowbook.graph.edits import RenameNode, SetOptions
from flowbook.graph.options import Options

link = get_ipython()._flowbook.notebook.link
while not link.connected:
    time.sleep(0.02)
print(len(link.cells), "cells")
"""
RENAME = "%flow rename raw rows"
CELLS = "() => jupyterapp.shell.currentWidget.context.model.sharedModel.cells"


class LinkedPage:
    """A notebook with a flow of three nodes, its link open."""

    def __init__(self, notebook_page, url):
        self.notebook = notebook_page.open(url)
        self.page = notebook_page.page

    def begin(self):
        self.notebook.run_all(5)
        self.expect_output(4, re.compile("[0-9]+ cells"))
        return self

    def texts(self):
        return self.page.evaluate(f"{CELLS}.map(cell => cell.getSource())")

    def metadata(self, index):
        return self.page.evaluate(f"{CELLS}[{index}].getMetadata()")

    def cell(self, index):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def expect_output(self, index, text):
        expect(self.cell(index).locator(".jp-OutputArea")).to_contain_text(text, timeout=30_000)

    def expect_texts(self, texts):
        wanted = json.dumps(texts)
        self.page.wait_for_function(
            f"() => JSON.stringify({CELLS.partition('=>')[2]}"
            f".slice(0, {len(texts)}).map(cell => cell.getSource())) === JSON.stringify({wanted})"
        )


@pytest.fixture
def linked(lab, notebook_page, request):
    def open_with(*more):
        cells = [*NODES, WAIT, *more]
        return LinkedPage(notebook_page, lab.notebook(f"{request.node.name}.ipynb", cells))

    return open_with


def test_a_renaming_in_the_kernel_is_one_step_of_undo_in_the_notebook(linked):
    it = linked(RENAME).begin()
    it.expect_output(4, "6 cells")
    outputs = it.cell(3).locator(".jp-OutputArea").inner_text()
    it.notebook.run_cell(5)
    it.expect_texts(RENAMED)
    expect(it.cell(2).locator(".cm-content")).to_contain_text("clean(raw=rows)")
    assert it.cell(3).locator(".jp-OutputArea").inner_text() == outputs
    it.page.keyboard.press("Escape")
    it.page.keyboard.press("z")  # JupyterLab's undo of what was done to cells
    it.expect_texts(NODES)
    it.page.keyboard.press("Shift+z")
    it.expect_texts(RENAMED)


def test_a_cell_that_is_run_under_another_name_has_its_readers_follow(linked):
    it = linked().begin()
    it.cell(1).locator(".cm-content").click()
    it.page.keyboard.press("Control+a")
    it.page.keyboard.type("%%flow rows\n[1, 2, 3]")
    it.page.keyboard.press("Control+Enter")
    it.expect_texts(RENAMED)


def test_an_undo_in_python_and_other_options_are_written_into_the_cells(linked):
    it = linked(
        "flow.apply(SetOptions('clean', Options(retries=3)))", "flow.undo()", "flow.redo()"
    ).begin()
    it.notebook.run_cell(5)
    retried = "%%flow clean --retries 3\n[one + 1 for one in raw]"
    it.expect_texts([*NODES[:2], retried, NODES[3]])
    it.notebook.run_cell(6)
    it.expect_texts(NODES)
    it.notebook.run_cell(7)
    it.expect_texts([*NODES[:2], retried, NODES[3]])


def test_a_node_moved_on_the_inline_canvas_keeps_its_place_in_the_cell(linked):
    it = linked("flow.canvas()").begin()
    it.notebook.run_cell(5)
    node = it.notebook.node("clean")
    node.scroll_into_view_if_needed()
    node.focus()
    it.page.keyboard.press("Shift+ArrowDown")
    it.page.wait_for_function(f"() => {CELLS.partition('=>')[2]}[2].getMetadata('flowbook')")
    assert len(it.metadata(2)["flowbook"]["position"]) == 2
    assert "flowbook" not in it.metadata(1)
    assert it.texts()[:4] == NODES


def test_a_renaming_while_a_cell_is_busy_keeps_what_is_typed_meanwhile(linked):
    later = (
        "import threading\n"
        "threading.Timer(3, lambda: flow.apply(RenameNode('raw', 'rows'))).start()\ntime.sleep(8)"
    )
    it = linked(later).begin()
    it.notebook.run_cell(5, wait=False)
    it.cell(1).locator(".cm-content").click()
    it.page.keyboard.press("Control+End")
    it.page.keyboard.type(" + [4]")
    it.expect_texts([RENAMED[0], f"{RENAMED[1]} + [4]", *RENAMED[2:]])
    expect(it.cell(5).locator(".jp-InputPrompt").first).to_have_text("[*]:")


def test_the_link_is_there_again_after_a_restart(linked):
    it = linked(RENAME).begin()
    it.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    it.page.evaluate("void jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    it.begin()
    it.notebook.run_cell(5)
    it.expect_texts(RENAMED)


def test_the_link_is_there_again_after_a_reload(linked):
    it = linked(RENAME).begin()
    it.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    it.notebook.open(it.page.url)
    it.notebook.run_cell(4)
    it.notebook.run_cell(5)
    it.expect_texts(RENAMED)
