"""Two people on one notebook, with jupyter-collaboration: one on the canvas, one in the cells."""

from __future__ import annotations

import json
import re

import pytest
from tests.ui.cable import until
from tests.ui.conftest import ARTEFACTS
from tests.ui.documents import FLOW, FlowPage


@pytest.fixture
def people(shared_lab, browser, request):
    """Pages of people on one notebook, by their names; each has a browser of their own."""
    name = re.sub(r"\W+", "-", request.node.name)[:60] + ".ipynb"
    shared_lab.notebook(name, FLOW)
    contexts = {}

    def make(who):
        contexts[who] = browser.new_context(viewport={"width": 1500, "height": 1000})
        page = contexts[who].new_page()
        page.set_default_timeout(30_000)
        return FlowPage(page, shared_lab.url, shared_lab.folder, name)

    yield make
    for who, context in contexts.items():
        context.pages[0].screenshot(path=str(ARTEFACTS / f"{request.node.name}-{who}.png"))
        context.close()


@pytest.fixture
def anna(people):
    """On the canvas."""
    it = people("anna").open_canvas().on_kernel_line()
    assert it.of_document("context.model.collaborative") is True
    return it


@pytest.fixture
def ben(people, anna):
    """In the cells, with a canvas beside them."""
    return people("ben").open_notebook().show_canvas().on_kernel_line()


def says(it, index, text):
    it.wait_document(f"cells[{index}]?.getSource() === {json.dumps(text)}")


def rename(it, node, name):
    it.node(node).click()
    it.page.keyboard.press("F2")
    field = it.page.get_by_label(f"New name of {node}")
    field.fill(name)
    it.page.keyboard.press("Enter")


def test_what_one_does_on_the_canvas_and_the_other_in_cells_both_have(anna, ben):
    rename(anna, "raw", "rows")
    says(ben, 1, "%%flow rows\n[1, 2, 3]")
    says(ben, 2, "%%flow clean(raw=rows)\n[one + 1 for one in raw]")
    ben.replace_cell(3, "%%flow all(rows=clean)\nsum(rows)")
    for it in (anna, ben):
        it.expect_nodes("rows", "clean", "all")
    ben.press("run")
    for it in (anna, ben):
        it.expect_status("all", "succeeded")


def test_places_are_shared(anna, ben):
    anna.drag("clean", 30, 140)
    ben.wait_document("cells[2].getMetadata('flowbook')?.position?.length === 2")
    place = "cells[2].getMetadata('flowbook').position"
    assert ben.of_document(place) == anna.of_document(place)


def test_undo_is_of_what_one_did_oneself(anna, ben):
    rename(anna, "raw", "rows")
    says(ben, 1, "%%flow rows\n[1, 2, 3]")
    ben.drag("total", 0, 120)
    anna.wait_document("cells[3].getMetadata('flowbook') !== undefined")
    anna.page.keyboard.press("Escape")
    anna.press("undo")
    says(ben, 1, FLOW[1])
    says(ben, 2, FLOW[2])
    assert ben.of_document("cells[3].getMetadata('flowbook')?.position?.length") == 2
    ben.press("undo")
    anna.wait_document("cells[3].getMetadata('flowbook') === undefined")
    assert anna.texts() == FLOW


def test_what_both_do_at_once_is_all_there(anna, ben):
    ben.cell(2).locator(".cm-content").click()
    ben.page.keyboard.press("Control+End")
    for round_ in range(3):
        ben.page.keyboard.type(f"  # {round_}")
        anna.node("raw").click()
        anna.page.keyboard.press("Control+d")
        anna.wait_document(f"cells.length === {5 + round_}")
    rename(anna, "total", "sum_of")
    typed = json.dumps(f"{FLOW[2]}  # 0  # 1  # 2")
    for it in (anna, ben):
        it.wait_document(f"cells.some(cell => cell.getSource() === {typed})")
        it.wait_document("cells.length === 7")
        it.wait_document("cells.some(cell => cell.getSource().startsWith('%%flow sum_of'))")
    assert anna.texts() == ben.texts()


def test_what_was_done_together_is_in_the_file(anna, ben):
    anna.node("total").click()
    anna.page.keyboard.press("Delete")
    ben.wait_document("cells.length === 3")
    ben.replace_cell(2, "%%flow clean\nraw")
    says(anna, 2, "%%flow clean\nraw")
    ben.page.keyboard.press("Control+s")
    wanted = [*FLOW[:2], "%%flow clean\nraw"]
    until(ben.page, lambda: ["".join(c["source"]) for c in ben.saved()["cells"]] == wanted)
