"""What JupyterLab has for every document, a canvas has: toolbar, inspector, link, files."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect
from tests.ui.axe import grave_violations
from tests.ui.conftest import ARTEFACTS
from tests.ui.documents import FLOW, FlowPage

PLUGIN = "flowbook:plugin"
IN_CELL = """i => {
  const editor = document.activeElement.closest('.jp-Notebook .jp-Cell .cm-content');
  const cells = [...document.querySelectorAll('.jp-Notebook .jp-Cell')];
  return editor !== null && editor.closest('.jp-Cell') === cells[i];
}"""


@pytest.fixture
def document(lab, page, request):
    """Writes a notebook, perhaps in a folder, and gives the page it can be opened on."""

    def make(cells=FLOW, name=None):
        name = name or re.sub(r"\W+", "-", request.node.name)[:60] + ".ipynb"
        (lab.folder / name).parent.mkdir(parents=True, exist_ok=True)
        lab.notebook(name, cells)
        return FlowPage(page, lab.url, lab.folder, name)

    return make


@pytest.fixture
def settings(lab, page):
    """Sets what a user can set, and takes it back."""
    kept = []

    def put(plugin, raw):
        kept.append(plugin)
        page.request.put(f"{lab.url}/lab/api/settings/{plugin}", data={"raw": json.dumps(raw)})

    yield put
    for plugin in kept:
        page.request.put(f"{lab.url}/lab/api/settings/{plugin}", data={"raw": "{}"})


def theme(page, name):
    page.evaluate(
        f"() => void jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})"
    )
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", name)


# ---------------------------------------------------------------- toolbar


def test_the_toolbar_has_what_the_canvas_then_has_not(document):
    it = document().open_canvas().on_kernel_line()
    expect(it.tool("run")).to_contain_text("Run")
    expect(it.page.locator(".fb-lab .fb-toolbar")).to_have_count(0)
    expect(it.page.locator('.fb-lab [data-action="run"]')).to_have_count(0)
    expect(it.tool("cancel")).to_have_attribute("aria-disabled", "true")
    it.press("run")
    it.expect_status("total", "succeeded")
    it.node("clean").click()
    expect(it.tool("remove")).not_to_have_attribute("aria-disabled", "true")
    it.press("remove")
    it.expect_nodes("raw", "total")
    expect(it.tool("undo")).to_have_attribute("title", re.compile("Undo: Delete clean"))
    it.press("undo")
    it.expect_nodes("raw", "clean", "total")
    it.press("notebook")
    it.page.wait_for_selector(".jp-Notebook .jp-Cell")


def test_a_run_is_cancelled_from_the_toolbar(document):
    slow = "%%flow slow\nimport time\nfor _ in range(300): time.sleep(0.05)"
    it = document(["%load_ext flowbook", slow]).open_canvas().on_kernel_line()
    it.press("run")
    it.expect_status("slow", "running")
    expect(it.tool("run")).to_have_attribute("aria-disabled", "true")
    it.press("cancel")
    it.expect_status("slow", "cancelled")
    expect(it.tool("run")).not_to_have_attribute("aria-disabled", "true")


def test_the_toolbar_is_as_the_user_sets_it_and_the_canvas_has_the_rest(document, settings):
    wanted = [
        {"name": "run", "disabled": True},
        {"name": "find", "disabled": True},
        {"name": "rename", "command": "flowbook:canvas-rename", "label": "Rename", "rank": 5},
    ]
    settings(PLUGIN, {"toolbar": wanted})
    it = document().open_canvas().on_kernel_line()
    expect(it.tool("rename")).to_be_visible()
    names = it.page.locator(".fb-lab-document [data-jp-item-name]").evaluate_all(
        "all => all.map(one => one.dataset.jpItemName)"
    )
    assert names[:2] == ["rename", "save"]
    assert not {"run", "find"} & set(names)
    expect(it.page.locator('.fb-lab [data-action="run"]')).to_be_visible()
    expect(it.page.locator('.fb-lab .fb-toolbar [data-command="find"]')).to_be_visible()
    expect(it.page.locator('.fb-lab .fb-toolbar [data-command="undo"]')).to_have_count(0)


# ---------------------------------------------------------------- unsaved, autosave, checkpoints


def test_the_unsaved_mark_follows_the_document(document):
    it = document().open_canvas().on_kernel_line()
    it.save()
    mark = it.page.locator(".fb-lab .fb-unsaved")
    expect(mark).to_have_count(0)
    it.drag("clean", 30, 140)
    expect(mark).to_be_visible()
    it.press("save")
    expect(mark).to_have_count(0)
    assert len(it.saved()["cells"][2]["metadata"]["flowbook"]["position"]) == 2


def test_what_is_done_on_the_canvas_is_saved_by_itself(document, settings):
    settings("@jupyterlab/docmanager-extension:plugin", {"autosaveInterval": 1})
    it = document().open_canvas().on_kernel_line()
    it.drag("clean", 30, 140)
    it.wait_document("cells[2].getMetadata('flowbook') !== undefined")
    expect(it.page.locator(".fb-lab .fb-unsaved")).to_have_count(0, timeout=15_000)
    assert len(it.saved()["cells"][2]["metadata"]["flowbook"]["position"]) == 2


def test_saving_makes_a_checkpoint_that_can_be_gone_back_to(document):
    it = document().open_canvas().on_kernel_line()
    it.press("save")
    it.wait_document("!context.model.dirty")
    url = f"{it.url}/api/contents/{it.name}/checkpoints"
    assert it.page.request.get(url).json()
    it.drag("clean", 30, 140)
    it.wait_document("cells[2].getMetadata('flowbook') !== undefined")
    it.page.evaluate(f"void {it.context}.save()")
    it.wait_document("!context.model.dirty")
    it.run_command("docmanager:restore-checkpoint")
    it.page.locator(".jp-Dialog .jp-mod-warn").click()
    it.wait_document("cells[2].getMetadata('flowbook') === undefined")
    it.expect_nodes("raw", "clean", "total")


# ---------------------------------------------------------------- link


def test_the_link_is_copied_and_shows_the_flow_to_be_looked_at(document, browser):
    it = document(name="shared/by link.ipynb").open_canvas().on_kernel_line()
    it.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    it.menu("File", "Copy Read-Only Flow Link")
    expect(it.page.locator(".Toastify")).to_contain_text("by link.ipynb is copied")
    link = it.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{it.url}/flowbook/view/shared/by%20link.ipynb"
    context = browser.new_context()
    other = context.new_page()
    other.goto(link)
    expect(other.locator('.react-flow__node[data-id="total"]')).to_be_visible()
    context.close()


def test_the_link_of_a_file_is_in_its_menu(document):
    it = document()
    it.page.goto(f"{it.url}/lab?reset")
    it.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    it.page.locator(".jp-DirListing-item", has_text=it.name).click(button="right")
    it.page.locator(".lm-Menu-item", has_text="Copy Read-Only Flow Link").click()
    expect(it.page.locator(".Toastify")).to_contain_text("is copied")
    assert it.page.evaluate("navigator.clipboard.readText()").endswith(f"/view/{it.name}")


# ---------------------------------------------------------------- to the cell


def test_the_key_and_the_menu_put_the_cursor_into_the_cell(document):
    it = document().open_canvas().on_kernel_line().show_notebook()
    it.node("total").focus()
    it.page.keyboard.press("Control+Enter")
    it.page.wait_for_function(IN_CELL, arg=3)
    it.node("clean").click(button="right")
    item = it.page.locator('.fb-root [role="menu"] [data-command="go-to-cell"]')
    expect(item).to_contain_text("Go to the cell of clean")
    item.click()
    it.page.wait_for_function(IN_CELL, arg=2)
    it.node("raw").dblclick(modifiers=["Control"])
    it.page.wait_for_function(IN_CELL, arg=1)


def test_enter_opens_the_details_whose_head_leads_to_the_cell(document):
    it = document().open_canvas().on_kernel_line()
    it.node("clean").focus()
    it.page.keyboard.press("Enter")
    details = it.page.get_by_role("complementary", name="Details of clean")
    expect(details).to_be_visible()
    details.get_by_role("button", name="cell 3").click()
    it.page.wait_for_selector(".jp-Notebook .jp-Cell")
    expect(it.cell(2)).to_have_class(re.compile("jp-mod-active"))
    it.page.wait_for_function("document.activeElement.closest('.cm-content') !== null")


# ---------------------------------------------------------------- files


def drop(it, file, x, y):
    """Drag a file from the file browser to a place of the canvas."""
    source = it.page.locator(".jp-DirListing-item", has_text=re.compile(f"^{re.escape(file)}"))
    canvas = it.page.locator(".fb-lab .fb-canvas").bounding_box()
    box = source.bounding_box()
    it.page.mouse.move(box["x"] + 40, box["y"] + 8)
    it.page.mouse.down()
    it.page.mouse.move(box["x"] + 60, box["y"] + 30, steps=3)
    it.page.mouse.move(canvas["x"] + x, canvas["y"] + y, steps=10)
    expect(it.page.locator(".fb-lab.fb-mod-drop")).to_be_visible()
    it.page.mouse.up()


def test_files_that_are_dropped_become_nodes_there(document, lab):
    (lab.folder / ".flowbook").mkdir(exist_ok=True)
    it = document(name="dropped/main.ipynb")
    (lab.folder / "dropped" / "sun.csv").write_text("city,hours\nOslo,5\n")
    lab.notebook("dropped/weather.ipynb", ["%%flow sun\n5"])
    lab.notebook("dropped/plain.ipynb", ["1 + 1"])
    it.open_canvas().on_kernel_line()
    it.page.evaluate(
        "void jupyterapp.commands.execute('filebrowser:go-to-path', {path: 'dropped'})"
    )
    drop(it, "sun.csv", 500, 420)
    it.expect_nodes("raw", "clean", "total", "sun")
    assert it.texts()[-1] == "%%flow read_file sun\npath: dropped/sun.csv"
    card = it.node("sun").bounding_box()
    canvas = it.page.locator(".fb-lab .fb-canvas").bounding_box()
    assert abs(card["x"] + card["width"] / 2 - canvas["x"] - 500) < 60
    drop(it, "weather.ipynb", 200, 600)
    it.expect_nodes("raw", "clean", "total", "sun", "weather")
    assert it.texts()[-1] == "%%flow call weather\nflow: weather"
    it.page.screenshot(path=ARTEFACTS / "files-dropped.png")
    drop(it, "plain.ipynb", 300, 700)
    expect(it.page.locator(".fb-lab")).to_contain_text("plain.ipynb holds no flow")
    it.press("run")
    it.expect_status("sun", "succeeded")
    it.expect_status("weather", "succeeded", timeout=60_000)


# ---------------------------------------------------------------- notebooks that are made


def test_a_flow_that_is_made_of_nodes_in_a_folder_opens(document, lab):
    (lab.folder / ".flowbook").mkdir(exist_ok=True)
    it = document(name="inner/deep/flow.ipynb").open_canvas().on_kernel_line()
    it.node("clean").click()
    it.node("total").click(modifiers=["Shift"])
    it.run_command("flowbook:canvas-extract")
    expect(it.page.locator(".lm-DockPanel .lm-TabBar-tab")).to_have_count(3)
    expect(it.page.locator(".jp-Dialog")).to_have_count(0)
    paths = it.page.evaluate(
        "[...jupyterapp.shell.widgets('main')].flatMap(one => one.context?.path ?? [])"
    )
    (made,) = set(paths) - {it.name}
    assert "/" not in made
    assert (lab.folder / made).is_file()
    expect(it.page.locator('.fb-lab .react-flow__node[data-id="total"]')).to_be_visible()


# ---------------------------------------------------------------- property inspector


def open_inspector(page):
    page.locator('.lm-TabBar-tab[data-id="jp-property-inspector"]').click()


def test_the_property_inspector_shows_the_selected_node(document):
    it = document().open_canvas().on_kernel_line()
    details = it.page.locator("#jp-property-inspector")
    it.node("clean").click()
    beside = it.page.locator(".fb-lab .fb-side")
    expect(beside).to_be_visible()
    open_inspector(it.page)
    expect(details.get_by_role("complementary", name="Details of clean")).to_be_visible()
    expect(beside).to_have_count(0)
    it.node("total").click()
    expect(details.get_by_role("complementary", name="Details of total")).to_be_visible()
    details.get_by_role("tab", name="Code").click()
    expect(details).to_contain_text("sum(rows)")
    it.node("raw").focus()
    it.page.keyboard.press("Enter")
    it.page.wait_for_function(
        "document.activeElement.closest('#jp-property-inspector [role=tab]') !== null"
    )
    it.page.keyboard.press("Escape")
    it.page.wait_for_function("document.activeElement.dataset.id === 'raw'")
    open_inspector(it.page)  # which closes it
    it.page.keyboard.press("Escape")
    it.node("clean").click()
    expect(beside).to_be_visible()


def test_settings_are_changed_in_the_property_inspector(document):
    it = document().open_canvas().on_kernel_line()
    open_inspector(it.page)
    details = it.page.locator("#jp-property-inspector")
    expect(details.get_by_role("complementary", name="Settings of the flow")).to_be_visible()
    it.node("clean").click()
    details.get_by_role("tab", name="Settings").click()
    code = details.locator("textarea").first
    code.fill("[one + 2 for one in raw]")
    it.wait_document("cells[2].getSource().includes('one + 2')")


def test_the_property_inspector_is_of_the_document_in_front(document):
    it = document().open_canvas().on_kernel_line()
    open_inspector(it.page)
    details = it.page.locator("#jp-property-inspector")
    it.node("clean").click()
    expect(details.get_by_role("complementary", name="Details of clean")).to_be_visible()
    it.show_notebook()
    it.cell(0).locator(".jp-InputPrompt").click()
    expect(details.get_by_role("complementary", name="Details of clean")).to_have_count(0)
    it.node("clean").click()
    expect(details.get_by_role("complementary", name="Details of clean")).to_be_visible()


@pytest.mark.parametrize("look", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_grave_in_lab_with_the_inspector(document, look):
    it = document().open_canvas().on_kernel_line()
    theme(it.page, look)
    open_inspector(it.page)
    it.press("run")
    it.expect_status("total", "succeeded")
    it.node("clean").click()
    details = it.page.locator("#jp-property-inspector")
    for tab in ("Output", "Settings"):
        details.get_by_role("tab", name=tab).click()
        expect(details.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        it.page.screenshot(path=ARTEFACTS / f"lab-{look.split()[-1].lower()}-{tab.lower()}.png")
    assert grave_violations(it.page, ".fb-lab-document") == []
    assert grave_violations(it.page, "#jp-property-inspector") == []
    it.page.keyboard.press("Escape")
    it.page.locator(".fb-lab .react-flow__pane").click(position={"x": 10, "y": 10})
    expect(details.get_by_role("complementary", name="Settings of the flow")).to_be_visible()
    it.page.screenshot(path=ARTEFACTS / f"lab-{look.split()[-1].lower()}-flow.png")
    assert grave_violations(it.page, "#jp-property-inspector") == []


# ---------------------------------------------------------------- Notebook 7


@pytest.fixture
def tree(lab, page):
    """The file list of Notebook 7, on the same server."""
    if not page.request.get(f"{lab.url}/tree").ok:
        pytest.skip("Notebook 7 is not installed")
    return page


def flow_tab(tree, act):
    """The tab of the browser that doing so opens, with the canvas in it."""
    with tree.context.expect_page() as opened:
        act()
    other = opened.value
    other.wait_for_selector(".fb-lab .react-flow__node", timeout=60_000)
    return other


def test_a_flow_opens_from_the_file_list_of_notebook_7_and_is_run_and_saved(document, tree):
    it = document()
    tree.goto(f"{it.url}/tree")
    item = tree.locator(".jp-DirListing-item", has_text=it.name)
    item.click(button="right")
    other = flow_tab(
        tree, lambda: tree.locator(".lm-Menu-item", has_text="Open as Flow").first.click()
    )
    flow = FlowPage(other, it.url, it.folder, it.name).on_kernel_line()
    flow.press("run")
    flow.expect_status("total", "succeeded")
    flow.drag("clean", 30, 140)
    expect(other.locator(".fb-lab .fb-unsaved")).to_be_visible()
    flow.press("save")
    expect(other.locator(".fb-lab .fb-unsaved")).to_have_count(0)
    assert len(it.saved()["cells"][2]["metadata"]["flowbook"]["position"]) == 2
    other.screenshot(path=ARTEFACTS / "notebook-7.png")


@pytest.mark.parametrize(("menu", "item"), [("View", "Show Flow Canvas"), ("File", "Open as Flow")])
def test_a_flow_opens_from_the_menus_of_a_notebook_of_notebook_7(document, tree, menu, item):
    it = document()
    tree.goto(f"{it.url}/notebooks/{it.name}")
    tree.wait_for_selector(".jp-Notebook .jp-Cell")
    other = flow_tab(tree, lambda: it.menu(menu, item))
    expect(other.locator('.react-flow__node[data-id="total"]')).to_be_visible()
