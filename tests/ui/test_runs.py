"""The run history in JupyterLab, over a store of 100,000 runs that other processes write to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect
from tests.cells.conftest import notebook_of
from tests.session.children.slow import slow_runs
from tests.session.children.waits import waiting_run
from tests.ui.axe import grave_violations
from tests.ui.conftest import Lab, serving
from tests.ui.history import made, recorded

import flowbook
from flowbook.events import RunStatus, TriggerKind
from flowbook.store.store import Store

RUNS = 100_000
API = re.compile(r"/flowbook/api/v1/runs(\?|$)")
THEMES = ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast")


@dataclass
class Panel:
    """The panel in a page."""

    page: Page
    lab: Lab

    def open(self, *, reset: bool = True) -> Panel:
        self.page.goto(f"{self.lab.url}/lab{'?reset' if reset else ''}")
        self.page.wait_for_selector(".jp-Launcher")
        if reset:
            self.command("flowbook:runs-clear-filter")
            self.command("flowbook:runs")
        return self

    def read(self) -> Panel:
        """Wait until its list is there, and news come by themselves."""
        expect(self.root).to_have_attribute("data-phase", "ready", timeout=20_000)
        expect(self.root.locator(".fb-runs-live")).to_have_attribute("data-live", "on")
        return self

    def command(self, name: str) -> None:
        self.page.evaluate(f"void jupyterapp.commands.execute('{name}')")

    @property
    def root(self) -> Locator:
        return self.page.locator(".fb-history")

    @property
    def rows(self) -> Locator:
        return self.root.locator(".fb-runs-row")

    def of(self, run: str) -> Locator:
        return self.root.locator(f'.fb-runs-row[data-run="{run}"]')

    def act(self, run: str, action: str) -> None:
        """Press one of the buttons of a run."""
        self.of(run).hover()
        self.of(run).locator(f'[data-action="{action}"]').click()

    def narrow(self, label: str, choice: str) -> None:
        form = self.root.locator(".fb-runs-form")
        if not form.is_visible():
            self.root.locator('[data-action="filter"]').click()
        field = form.locator("label", has_text=re.compile(f"^{label}"))
        field.locator("select").select_option(choice)
        expect(self.root).to_have_attribute("data-phase", "ready")

    def scroll(self, top: int) -> None:
        self.root.locator(".fb-runs-scroller").evaluate(
            "(node, top) => { node.scrollTop = top; return new Promise("
            "done => requestAnimationFrame(() => requestAnimationFrame(done))) }",
            top,
        )

    def widen(self, pixels: int) -> None:
        """Draw the edge of the side area so far to the right."""
        edge = self.page.locator("#jp-left-stack").bounding_box()
        assert edge is not None
        self.page.mouse.move(edge["x"] + edge["width"] + 2, 400)
        self.page.mouse.down()
        self.page.mouse.move(edge["x"] + pixels, 400, steps=5)
        self.page.mouse.up()

    def theme(self, name: str) -> None:
        self.page.evaluate(
            f"() => jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})"
        )
        self.page.wait_for_selector(f'body[data-jp-theme-name="{name}"]', state="attached")

    def accept(self) -> None:
        self.page.locator(".jp-Dialog .jp-mod-accept").click()


@pytest.fixture(scope="module")
def long_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("long")
    (home / "project").mkdir()
    made(home / "project", RUNS)
    with serving(home) as lab:
        yield lab


@pytest.fixture
def panel(long_lab: Lab, page: Page) -> Panel:
    return Panel(page, long_lab)


def failed(folder: Path, flow: str, error: str = "no table orders") -> str:
    return recorded(folder, flow, RunStatus.FAILED, error=error, trigger=TriggerKind.CRON)


# ------------------------------------------------------------ looking


def test_what_ran_is_listed_with_how_it_went(panel):
    run = failed(panel.lab.folder, "listed", "no table\nand the second line")
    panel.open().read()
    row = panel.of(run)
    for words in ("listed", "Failed", "Schedule", "0.5 s", "sec. ago", "ValueError: no table"):
        expect(row).to_contain_text(words)
    assert "Failed, Schedule, started" in (row.get_attribute("aria-label") or "")
    expect(row).not_to_contain_text("and the second line")
    row.get_by_label("Show the whole error").click()
    expect(row).to_contain_text("and the second line")


def test_older_runs_come_as_one_scrolls_and_few_rows_are_drawn(panel):
    panel.open().read()
    seen = set()
    while len(seen) < 150:
        seen |= set(panel.rows.evaluate_all("rows => rows.map(row => row.dataset.run)"))
        panel.scroll(46 * len(seen))
        panel.page.wait_for_function(
            "seen => [...document.querySelectorAll('.fb-runs-row')]"
            ".some(row => !seen.includes(row.dataset.run))",
            arg=sorted(seen),
        )
    assert panel.rows.count() < 60
    starts = panel.root.locator("time").evaluate_all("all => all.map(one => one.dateTime)")
    assert starts == sorted(starts, reverse=True)


def test_a_filter_narrows_the_list_and_outlives_the_page(panel):
    panel.open().read()
    panel.narrow("Status", "failed")
    panel.narrow("Flow", "flow_0")
    panel.narrow("Started", "month")
    expect(panel.root.locator(".fb-runs-chip")).to_have_text(
        ["Status: Failed", "Flow: flow_0", "Started: Last 30 days"]
    )
    expect(panel.rows.first).to_contain_text("no connection to warehouse")
    for row in panel.rows.all()[:5]:
        expect(row).to_have_attribute("data-status", "failed")
    panel.page.wait_for_timeout(1_500)  # it is kept a moment later
    panel.open(reset=False)
    expect(panel.root.locator(".fb-runs-chip")).to_have_count(3)
    expect(panel.rows.first).to_contain_text("flow_0")
    panel.root.get_by_label("Remove the filter Flow: flow_0").click()
    expect(panel.root.locator(".fb-runs-chip")).to_have_count(2)


def test_the_words_looked_for_are_found_in_errors(panel):
    run = failed(panel.lab.folder, "looked_for", "the needle is here")
    panel.open().read()
    panel.root.get_by_role("searchbox").fill("NEEDLE")
    expect(panel.rows).to_have_count(1)
    expect(panel.of(run)).to_be_visible()
    panel.root.get_by_role("searchbox").fill("nothing has such words")
    expect(panel.root).to_contain_text("No run matches")
    panel.root.get_by_role("button", name="Clear the Filter").click()
    expect(panel.of(run)).to_be_visible()


def test_the_filter_opens_as_a_cell_that_answers_the_same(panel):
    run = failed(panel.lab.folder, "asked_in_a_cell")
    panel.lab.notebook("query.ipynb", ["1 + 1"])
    panel.open().read()
    panel.narrow("Flow", "asked_in_a_cell")
    panel.root.locator("summary").click()
    expect(panel.root.locator('[data-action="open-cell"]')).to_be_disabled()
    panel.page.evaluate(
        "void jupyterapp.commands.execute('docmanager:open', {path: 'query.ipynb'})"
    )
    panel.page.wait_for_selector(".jp-Notebook .jp-Cell")
    panel.command("flowbook:runs-open-cell")
    cell = panel.page.locator(".jp-Notebook .jp-Cell").nth(1)
    expect(cell).to_contain_text("WHERE flow = 'asked_in_a_cell'")
    source = panel.page.evaluate(
        "() => jupyterapp.shell.currentWidget.context.model.sharedModel.cells[1].getSource()"
    )
    query = source.split('"""')[1]
    with closing(Store.open(panel.lab.folder / ".flowbook")) as store:
        assert [row[0] for row in store.history.table(query)[1]] == [run]


def test_only_the_runs_of_the_notebook_in_front_are_shown_if_wanted(panel):
    lab, page = panel.lab, panel.page
    for name in ("in_front", "beside_it", "never_ran"):
        lab.notebook(f"{name}.ipynb", ["%%flow one\n1"])
    one, other = failed(lab.folder, "in_front"), failed(lab.folder, "beside_it")
    panel.open().read()
    show = "path => void jupyterapp.commands.execute('docmanager:open', {path})"
    page.evaluate(show, "in_front.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    panel.command("flowbook:runs-this-notebook")
    expect(panel.rows).to_have_count(1)
    expect(panel.of(one)).to_be_visible()
    expect(panel.root.locator(".fb-runs-chip")).to_have_text("Only in_front.ipynb")
    page.evaluate(show, "beside_it.ipynb")
    expect(panel.of(other)).to_be_visible()
    expect(panel.rows).to_have_count(1)
    page.evaluate(show, "never_ran.ipynb")
    expect(panel.root).to_contain_text("This notebook has not run yet")
    first = failed(lab.folder, "never_ran")
    expect(panel.of(first)).to_be_visible(timeout=15_000)
    panel.root.get_by_label("Remove the filter Only never_ran.ipynb").click()
    expect(panel.of(other)).to_be_visible()


# ------------------------------------------------------------ as it happens


def test_a_run_of_another_process_is_seen_from_its_beginning_to_its_end(panel):
    asked: list[str] = []
    panel.open().read()
    panel.page.on("request", lambda one: asked.append(one.url) if API.search(one.url) else None)
    with slow_runs(panel.lab.folder) as (process, (run,)):
        row = panel.of(run)
        expect(row).to_have_attribute("data-status", "running", timeout=10_000)
        expect(row).to_contain_text("At first")
        before = row.locator(".fb-runs-took").inner_text()
        expect(row.locator(".fb-runs-took")).not_to_have_text(before)
        (panel.lab.folder / "go").touch()
        expect(row).to_have_attribute("data-status", "succeeded", timeout=10_000)
        assert process.stdout.readline() == "succeeded\n"
    (panel.lab.folder / "go").unlink()
    expect(panel.root.get_by_role("status")).to_contain_text("slow: Succeeded", timeout=10_000)
    assert asked == []


def test_a_run_of_another_process_is_cancelled(panel):
    panel.open().read()
    with slow_runs(panel.lab.folder) as (process, (run,)):
        expect(panel.of(run)).to_have_attribute("data-status", "running", timeout=10_000)
        panel.act(run, "cancel")
        expect(panel.of(run)).to_have_attribute("data-status", "cancelled", timeout=15_000)
        assert process.stdout.readline() == "cancelled\n"


def test_a_run_that_waits_says_for_what(panel):
    panel.open().read()
    with waiting_run(panel.lab.folder, "stay") as (_, run):
        row = panel.of(run)
        expect(row).to_have_attribute("data-status", "suspended", timeout=20_000)
        expect(row.locator(".fb-runs-status")).to_have_text("Waiting")
        expect(row.locator(".fb-runs-about")).to_contain_text("Waits for")


def test_news_neither_move_what_is_read_nor_take_the_focus(panel):
    panel.open().read()
    panel.rows.nth(3).click()
    panel.scroll(600)
    focused = "() => document.activeElement.dataset.run"
    run = panel.page.evaluate(focused)
    text, at = panel.page.locator(".fb-runs-row >> nth=9").evaluate(
        "row => [row.dataset.run, row.getBoundingClientRect().y]"
    )
    new = failed(panel.lab.folder, "came_later")
    expect(panel.root.locator('[data-action="release"]')).to_have_text("1 new run", timeout=10_000)
    assert panel.page.evaluate(focused) == run
    there = panel.of(text).bounding_box()
    assert there is not None
    strip = 28  # the button itself
    assert there["y"] - at == pytest.approx(strip, abs=2)
    panel.root.locator('[data-action="release"]').click()
    expect(panel.of(new)).to_be_in_viewport()


def test_what_happens_while_the_line_is_cut_is_told_after_it(panel):
    lines: list[WebSocketRoute] = []
    asked: list[str] = []

    def meet(line: WebSocketRoute) -> None:
        lines.append(line)
        if len(lines) == 2:  # the first try after the cut is in vain
            line.close()
        else:
            line.connect_to_server()

    panel.page.route_web_socket(re.compile("/flowbook/api/v1/live"), meet)
    panel.open().read()
    expect(panel.rows.first).to_be_visible()
    panel.page.on("request", lambda one: asked.append(one.url) if API.search(one.url) else None)
    lines[0].close()
    expect(panel.root.locator(".fb-runs-live")).to_have_attribute("data-live", "broken")
    run = failed(panel.lab.folder, "while_it_was_cut")
    expect(panel.of(run)).to_be_visible(timeout=15_000)
    expect(panel.root.locator(".fb-runs-live")).to_have_text("Live")
    assert "since=" in lines[-1].url
    assert asked == []


# ------------------------------------------------------------ doing


def test_a_deletion_is_asked_for_and_done(panel):
    run, other = failed(panel.lab.folder, "to_delete"), failed(panel.lab.folder, "to_keep")
    panel.open().read()
    panel.act(run, "delete")
    dialog = panel.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Delete this run of to_delete?")
    expect(dialog).to_contain_text("Files that were written stay")
    dialog.get_by_role("button", name="Cancel").click()
    expect(panel.of(run)).to_be_visible()
    panel.act(run, "delete")
    panel.accept()
    expect(panel.of(run)).to_have_count(0)
    expect(panel.root).to_contain_text("1 run deleted.")
    expect(panel.of(other)).to_be_visible()
    with closing(Store.open(panel.lab.folder / ".flowbook")) as store:
        assert store.audit.search(run=run).entries[0].action == "DELETED"


def test_a_run_is_run_again_and_replayed_with_other_parameters(panel):
    notebook = notebook_of("%%flow load(top=3)\nlist(range(top))", "%%flow total(load)\nsum(load)")
    (panel.lab.folder / "again.ipynb").write_text(notebook.text())
    with closing(flowbook.project(panel.lab.folder)) as project:
        run = project.read_notebook(panel.lab.folder / "again.ipynb").run(top=4)
        assert run.status == "succeeded"
    panel.open().read()
    panel.narrow("Flow", "again")
    panel.act(run.id, "rerun")
    expect(panel.root).to_contain_text("Run again as", timeout=30_000)
    expect(panel.rows).to_have_count(2, timeout=30_000)
    panel.of(run.id).click()
    panel.command("flowbook:runs-replay")
    dialog = panel.page.locator(".jp-Dialog")
    dialog.get_by_label("From").select_option("load")
    dialog.locator("textarea").fill("{oops")
    dialog.get_by_role("button", name="Replay").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Write a JSON object")
    dialog.locator("textarea").fill('{"top": 2}')
    panel.page.screenshot(path="tests/ui/artefacts/runs-replay.png")
    dialog.get_by_role("button", name="Replay").click()
    expect(panel.rows).to_have_count(3, timeout=30_000)
    newest = panel.rows.first
    expect(newest).to_have_attribute("data-status", "succeeded", timeout=30_000)
    expect(newest.get_by_title(f"Replay of {run.id[-6:]} from load")).to_be_visible()


def test_a_refusal_is_said_at_the_run_with_what_to_do(panel):
    run = failed(panel.lab.folder, "homeless")
    panel.open().read()
    panel.act(run, "rerun")
    expect(panel.of(run)).to_contain_text("no notebook")
    expect(panel.of(run)).to_contain_text("flow.replay()")
    panel.of(run).get_by_label("Dismiss").click()
    expect(panel.of(run)).not_to_contain_text("flow.replay()")


def test_a_pinned_run_is_unpinned_and_deleted_after_one_question(panel):
    run = failed(panel.lab.folder, "pinned_too")
    panel.open().read()
    panel.act(run, "pin")
    expect(panel.of(run).get_by_title("Pinned", exact=True)).to_be_visible()
    panel.act(run, "delete")
    dialog = panel.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("It is pinned")
    panel.page.screenshot(path="tests/ui/artefacts/runs-unpin.png")
    dialog.get_by_role("button", name="Unpin and Delete").click()
    expect(panel.of(run)).to_have_count(0)


def test_many_are_deleted_by_the_filter_once_their_number_was_typed(panel):
    panel.open().read()
    panel.narrow("Status", "cancelled")
    panel.narrow("Flow", "flow_7")
    panel.root.locator('[data-action="delete-matching"]').click()
    dialog = panel.page.locator(".jp-Dialog")
    title = dialog.locator(".jp-Dialog-header").inner_text()
    count = re.sub(r"\D", "", title)
    assert int(count) > 100
    panel.page.keyboard.type("12")
    panel.page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    expect(dialog.locator("input")).to_have_attribute("aria-invalid", "true")
    panel.page.keyboard.type(count)
    panel.page.keyboard.press("Enter")
    expect(panel.root).to_contain_text(f"{count} runs deleted.", timeout=20_000)
    expect(panel.root).to_contain_text("No run matches")


def test_everything_is_done_by_keys(panel):
    runs = [failed(panel.lab.folder, f"by_keys_{n}") for n in range(3)]
    panel.open().read()
    page, keys = panel.page, panel.page.keyboard
    page.evaluate(
        """() => {
          const { commands } = jupyterapp;
          window.did = [];
          if (!commands.hasCommand('flowbook:open-run'))
            commands.addCommand('flowbook:open-run', { execute: () => {} });
          commands.commandExecuted.connect((_, { id, args }) => did.push([id, args.run]));
        }"""
    )
    panel.root.get_by_role("searchbox").focus()
    for _ in range(2):
        keys.press("Tab")
    active = "() => document.activeElement.closest('.fb-runs-row')?.dataset.run"
    page.wait_for_function(f"run => ({active})() === run", arg=runs[2])
    keys.press("ArrowDown")
    page.wait_for_function(f"run => ({active})() === run", arg=runs[1])
    keys.press("p")
    expect(panel.of(runs[1]).get_by_title("Pinned", exact=True)).to_be_visible()
    keys.press("p")
    expect(panel.of(runs[1]).get_by_title("Pinned", exact=True)).to_have_count(0)
    keys.press("ArrowRight")
    assert page.evaluate("() => document.activeElement.tagName") == "BUTTON"
    keys.press("ArrowLeft")
    keys.press("Shift+ArrowDown")
    expect(panel.root).to_contain_text("2 selected")
    keys.press("Escape")
    expect(panel.root).not_to_contain_text("2 selected")
    keys.press("Delete")
    page.wait_for_selector(".jp-Dialog")
    keys.press("ArrowRight")
    keys.press("Enter")
    expect(panel.of(runs[0])).to_have_count(0)
    page.wait_for_function(f"run => ({active})() !== undefined")
    keys.press("Home")
    page.wait_for_function(f"run => ({active})() === run", arg=runs[2])
    keys.press("Enter")
    page.wait_for_function(
        "run => did.some(([id, one]) => id === 'flowbook:open-run' && one === run)", arg=runs[2]
    )


def test_the_menu_of_a_run_acts_on_it(panel):
    run = failed(panel.lab.folder, "with_a_menu")
    panel.open().read()
    panel.of(run).click(button="right")
    menu = panel.page.locator(".lm-Menu")
    expect(menu).to_contain_text("View Run")
    menu.get_by_text("Pin Run").click()
    expect(panel.of(run).get_by_title("Pinned", exact=True)).to_be_visible()


def test_notebook_7_shows_it_beside_a_notebook(panel):
    panel.lab.notebook("seven.ipynb", ["1"])
    run = failed(panel.lab.folder, "seven")
    panel.page.goto(f"{panel.lab.url}/notebooks/seven.ipynb")
    panel.page.wait_for_selector(".jp-Notebook .jp-Cell")
    panel.page.get_by_role("menuitem", name="View").click()
    panel.page.get_by_role("menuitem", name="Run History").click()
    expect(panel.of(run)).to_be_visible(timeout=20_000)


# ------------------------------------------------------------ how it looks


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_grave(panel, theme):
    run = failed(panel.lab.folder, "looked_at")
    panel.open().read()
    panel.theme(theme)
    panel.narrow("Status", "failed")
    panel.root.locator("summary").click()
    panel.of(run).get_by_label("Show the whole error").click()
    panel.rows.nth(1).click(modifiers=["Shift"])
    name = theme.replace(" ", "-")
    panel.page.screenshot(path=f"tests/ui/artefacts/runs-{name}.png")
    assert grave_violations(panel.page, ".fb-history") == []
    panel.root.locator('[data-action="filter"]').click()
    panel.widen(800)
    panel.page.wait_for_selector('.fb-history[data-wide="true"] [role="columnheader"]')
    panel.page.screenshot(path=f"tests/ui/artefacts/runs-{name}-wide.png")
    assert grave_violations(panel.page, ".fb-history") == []


def test_nothing_moves_where_motion_is_reduced(panel):
    panel.page.emulate_media(reduced_motion="reduce")
    panel.open().read()
    with slow_runs(panel.lab.folder) as (_, (run,)):
        expect(panel.of(run)).to_have_attribute("data-status", "running", timeout=10_000)
        moving = (
            "() => document.getAnimations().filter(one => one.effect.target.closest('.fb-history'))"
        )
        assert panel.page.evaluate(f"({moving})().length") == 0


def answered(status: int, body: object) -> object:
    def fulfil(route: Route) -> None:
        route.fulfill(status=status, content_type="application/json", body=json.dumps(body))

    return fulfil


NO_RUNS = {"runs": [], "next": None, "sql": "SELECT * FROM runs"}
BUSY = {"message": "the store is busy", "hint": "try again in a moment", "kind": "StoreBusy"}


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("empty", answered(200, NO_RUNS), "No runs yet"),
        ("absent", answered(404, {"message": "Not Found"}), "Install flowbook where the server"),
        ("busy", answered(503, BUSY), "try again in a moment"),
        ("offline", lambda route: route.abort(), "The server does not answer"),
        ("loading", lambda _route: None, "Reading the history"),
    ],
)
def test_what_stands_in_for_the_list_says_what_to_do(panel, name, answer, words):
    panel.page.route(API, answer)
    panel.open()
    expect(panel.root).to_contain_text(words)
    assert grave_violations(panel.page, ".fb-history") == []
    panel.page.screenshot(path=f"tests/ui/artefacts/runs-{name}.png")
    panel.page.unroute(API)
    if name in ("absent", "busy", "offline"):
        panel.root.get_by_role("button", name="Try Again").click()
        panel.read()
        expect(panel.rows.first).to_be_visible()
