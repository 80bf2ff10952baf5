"""The page of a recorded run: its canvas, its time, what came of it, what can be done with it."""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect
from tests.ui.axe import grave_violations
from tests.ui.conftest import ARTEFACTS, Lab

CELLS = [
    "%load_ext flowbook",
    "breaks: bool = True\nseconds: float = 0.1",
    """%%flow days
import pandas as pd
pd.DataFrame({"day": range(40), "rain": [i % 7 * 1.5 for i in range(40)]})""",
    """%%flow wet
print("looking for rain")
days[days.rain > 4]""",
    """%%flow slow
import time
for i in range(int(seconds * 20)):
    time.sleep(0.05)
    print("waited", i)
len(wet)""",
    """%%flow fragile(wet, slow, breaks)
if breaks:
    raise KeyError("precipitation")
"whole\"""",
    "%%flow last\nfragile + '!'",
]
NAME = "journey.ipynb"
MAIN = "from flowbook.cli import main; main()"


class Runs:
    """Runs of one notebook in the folder of a server, made by processes of their own."""

    def __init__(self, lab: Lab, name: str = NAME, cells: list[str] = CELLS) -> None:
        self.lab, self.name = lab, name
        lab.notebook(name, cells)
        path = lab.folder / name
        document = json.loads(path.read_text(encoding="utf-8"))
        if cells is CELLS:
            document["cells"][1]["metadata"]["tags"] = ["parameters"]
        path.write_text(json.dumps(document), encoding="utf-8")
        self.going: list[subprocess.Popen[bytes]] = []

    def begin(self, **params: object) -> subprocess.Popen[bytes]:
        """Run it in a process of its own."""
        words = [word for name, value in params.items() for word in ("-p", f"{name}={value}")]
        cli = [sys.executable, "-c", MAIN, "run", self.name, *words]
        process = subprocess.Popen(
            cli, cwd=self.lab.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "FLOWBOOK_QUIET": "1"},
        )  # fmt: skip
        self.going.append(process)
        return process

    def done(self, **params: object) -> str:
        """The id of a run that is over."""
        process = self.begin(**params)
        _, said = process.communicate(timeout=60)
        assert process.returncode in (0, 1), said.decode()
        return self.latest()

    def latest(self) -> str:
        """The run that began last."""
        from flowbook.session.project import project

        (row, *_) = project(self.lab.folder).history.runs(limit=1).runs
        return str(row.id)


@pytest.fixture(scope="module")
def runs(lab: Lab) -> Iterator[Runs]:
    made = Runs(lab)
    yield made
    for process in made.going:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)


@pytest.fixture(scope="module")
def failed(runs: Runs) -> str:
    return runs.done()


class RunPage:
    """A run that is open in JupyterLab."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page, self.lab = page, lab

    def open(self, run: str, *, ready: bool = True) -> RunPage:
        self.page.goto(f"{self.lab.url}/lab?reset")
        self.page.wait_for_selector(".jp-Launcher")
        self.command("flowbook:open-run", run=run)
        return self.drawn() if ready else self

    def drawn(self) -> RunPage:
        self.page.wait_for_selector(".fb-time-line", timeout=30_000)
        self.page.wait_for_selector(".fb-root .react-flow__node")
        return self

    def command(self, name: str, **args: str) -> None:
        self.page.evaluate(f"void jupyterapp.commands.execute('{name}', {json.dumps(args)})")

    def expect(self, **statuses: str) -> None:
        for node, status in statuses.items():
            card = self.page.locator(f'.react-flow__node[data-id="{node}"] .fb-node')
            expect(card).to_have_attribute("data-status", status.replace("_", "-"))

    @property
    def slider(self):
        return self.page.get_by_role("slider", name="Moment of the run")

    def select(self, node: str) -> None:
        self.page.locator(f'.react-flow__node[data-id="{node}"]').click()

    def shot(self, name: str) -> None:
        self.page.screenshot(path=ARTEFACTS / f"run-{name}.png")


@pytest.fixture
def it(page: Page, lab: Lab) -> RunPage:
    return RunPage(page, lab)


def test_a_failed_run_stands_as_it_ended(it, failed):
    it.open(failed)
    it.expect(days="succeeded", wet="succeeded", fragile="failed", last="blocked")
    tab = it.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.jp-mod-current")
    expect(tab).to_contain_text(f"journey {failed[-8:]}")
    expect(it.page.locator(".fb-past-head")).to_contain_text("Failed")
    expect(it.page.locator(".fb-past-head")).to_contain_text("cli")
    it.shot("failed")


def test_its_time_is_gone_through_by_keyboard(it, failed):
    it.open(failed)
    it.slider.focus()
    it.page.keyboard.press("Home")
    it.expect(days="waiting", wet="waiting", fragile="waiting")
    expect(it.slider).to_have_attribute("aria-valuetext", re.compile("event 1 of .* run began"))
    it.page.keyboard.press("PageDown")
    it.expect(days="running", wet="waiting")
    it.page.keyboard.press("PageDown")
    it.expect(days="succeeded", fragile="waiting")
    it.page.keyboard.press("PageUp")
    it.expect(days="running")
    it.page.keyboard.press("ArrowLeft")
    it.expect(days="ready")
    it.page.keyboard.press("End")
    it.expect(fragile="failed")


def test_a_node_is_told_as_of_the_moment(it, failed):
    it.open(failed)
    it.select("wet")
    panel = it.page.get_by_role("complementary", name="Details of wet")
    expect(panel).to_contain_text("Succeeded")
    panel.get_by_role("tab", name="Output").click()
    expect(panel.get_by_role("grid")).to_be_visible()
    panel.get_by_role("tab", name="Logs").click()
    expect(panel).to_contain_text("looking for rain")
    it.slider.focus()
    it.page.keyboard.press("Home")
    expect(panel).not_to_contain_text("looking for rain")
    panel.get_by_role("tab", name="Output").click()
    expect(panel).to_contain_text("Not there yet at this moment")
    it.shot("moment")


def test_events_and_nodes_lead_to_each_other(it, failed):
    it.open(failed)
    events = it.page.get_by_role("listbox", name="Events of the run")
    events.get_by_role("option").filter(has_text="KeyError").first.click()
    expect(it.page.locator('.react-flow__node[data-id="fragile"].selected')).to_be_visible()
    it.expect(fragile="failed", last="waiting")
    it.page.get_by_label("Selected nodes only").check()
    expect(events.get_by_role("option").filter(has_text="wet")).to_have_count(0)
    events.focus()
    it.page.keyboard.press("ArrowUp")
    it.expect(fragile="running")
    it.page.keyboard.press("Enter")
    expect(it.page.get_by_role("complementary", name="Details of fragile")).to_be_visible()


def test_the_trace_tells_what_decided_how_long_it_took(it, failed):
    it.open(failed)
    it.page.locator('[data-action="trace"]').click()
    trace = it.page.get_by_role("listbox", name="Nodes by when they began")
    expect(trace.get_by_role("option").filter(has_text="slow")).to_have_attribute(
        "aria-label", re.compile("critical path")
    )
    it.page.locator('[data-action="trace-shape"]').click()
    expect(it.page.get_by_role("row").filter(has_text="fragile")).to_contain_text("failed")
    it.shot("trace")


def test_it_is_open_again_when_the_page_is_loaded_anew(it, failed):
    it.open(failed)
    it.page.wait_for_timeout(1500)  # JupyterLab saves its layout a second after it changed
    it.page.goto(f"{it.lab.url}/lab")
    it.drawn().expect(fragile="failed")


def test_a_run_that_goes_on_is_followed_and_can_be_held(it, runs):
    it.page.goto(f"{it.lab.url}/lab?reset")
    it.page.wait_for_selector(".jp-Launcher")
    before = runs.latest()
    process = runs.begin(seconds=6, breaks="false")
    while process.poll() is None and (run := runs.latest()) == before:
        it.page.wait_for_timeout(100)
    it.open(run)
    it.expect(slow="running", fragile="waiting")
    expect(it.page.locator(".fb-live")).to_be_visible()
    it.shot("live")
    it.slider.focus()
    it.page.keyboard.press("Home")
    it.expect(days="waiting", slow="waiting")
    process.wait(60)
    expect(it.page.locator(".fb-past-head .fb-past-status")).to_have_text("Succeeded")
    it.expect(days="waiting", slow="waiting")  # what is held is held
    it.slider.focus()
    it.page.keyboard.press("End")
    it.expect(slow="succeeded", last="succeeded")


def test_a_run_that_is_not_there_is_said_not_to_be(it):
    it.open("00000000-0000-7000-8000-000000000000", ready=False)
    expect(it.page.locator(".fb-lab-notice")).to_contain_text("There is no run")
    it.shot("unknown")


def test_a_replay_says_what_it_takes_and_becomes_a_branch(it, failed):
    it.open(failed)
    it.select("slow")
    it.page.locator('[data-action="replay"]').click()
    dialog = it.page.get_by_role("dialog")
    expect(dialog.get_by_label("slow, and what follows")).to_be_checked()
    expect(dialog.get_by_role("row").filter(has_text="days")).to_contain_text(
        "taken", timeout=60_000
    )
    asked: list[Route] = []
    it.page.route(re.compile(r"/replay\b"), lambda route: asked.append(route))
    dialog.get_by_label("breaks").fill("false")
    now = dialog.locator('[data-action="replay-now"]')
    expect(now).to_be_disabled()  # nothing is started but what was shown
    it.page.wait_for_timeout(500)
    expect(now).to_be_disabled()
    asked[-1].continue_()
    it.page.unroute(re.compile(r"/replay\b"))
    expect(now).to_be_enabled()
    it.shot("replay")
    expect(dialog.get_by_role("row").filter(has_text="fragile")).to_contain_text("runs")
    now.click()
    tab = it.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.jp-mod-current")
    expect(tab).not_to_contain_text(failed[-8:], timeout=60_000)
    shown = it.page.locator(".flowbook-run-page:not(.lm-mod-hidden)")
    expect(shown.locator(".fb-past-status")).to_have_text("Succeeded", timeout=30_000)
    expect(shown.get_by_role("button", name=f"replay of {failed[-8:]} from slow")).to_be_visible()
    card = shown.locator('.react-flow__node[data-id="days"] .fb-node')
    expect(card).to_have_attribute("data-status", "reused")
    shown.get_by_role("tab", name="Branches").click()
    branches = shown.get_by_role("list", name="Branches")
    expect(branches.locator("[aria-current]")).to_contain_text("from slow")
    branches.get_by_role("button", name=f"Compare with {failed[-8:]}").click()
    compared = it.page.get_by_role("complementary", name="What differs")
    expect(compared.get_by_role("region", name="Where they part")).to_contain_text("fragile")
    expect(compared.get_by_role("region", name="Parameters")).to_contain_text("breaks")
    it.shot("compare")


def test_it_is_run_again_with_the_same_parameters(it, failed):
    it.open(failed)
    it.page.locator('[data-action="rerun"]').click()
    again = it.page.locator(".fb-past-head:visible .fb-past-id")
    expect(again).not_to_have_attribute("title", failed, timeout=60_000)
    expect(it.page.locator(".fb-past-head:visible")).to_contain_text(f"replay of {failed[-8:]}")
    expect(it.page.locator(".fb-past-status:visible")).to_have_text("Failed", timeout=30_000)


def test_a_run_that_goes_on_is_cancelled(it, runs):
    runs.begin(seconds=30, breaks=False)
    it.page.wait_for_timeout(4000)
    it.open(runs.latest())
    expect(it.page.locator(".fb-past-status")).to_have_text("Running")
    it.page.locator('[data-action="cancel"]').click()
    expect(it.page.locator(".fb-past-status")).to_have_text("Cancelled", timeout=30_000)
    expect(it.page.locator('[data-action="cancel"]')).to_have_count(0)
    it.expect(days="succeeded", slow="cancelled")
    it.shot("cancelled")


def test_its_failing_node_is_opened_in_its_notebook(it, failed):
    it.open(failed)
    it.page.locator('[data-action="failing"]').click()
    it.page.wait_for_selector(".jp-NotebookPanel", timeout=30_000)
    cell = it.page.locator(".jp-NotebookPanel .jp-Cell", has_text="%flow open")
    expect(cell).to_contain_text(failed, timeout=30_000)
    it.shot("failing")


def test_it_is_dark_where_jupyterlab_is(it, failed):
    it.open(failed)
    it.command("apputils:change-theme", theme="JupyterLab Dark")
    try:
        expect(it.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
        it.select("wet")
        it.page.locator('[data-action="trace"]').click()
        expect(it.page.get_by_role("region", name="Trace")).to_contain_text("Critical path: 4 of")
        it.shot("dark")
        assert grave_violations(it.page) == []
    finally:
        it.command("apputils:change-theme", theme="JupyterLab Light")
        expect(it.page.locator("body")).to_have_attribute("data-jp-theme-light", "true")


def test_cells_that_were_edited_are_replayed_from(it, failed):
    it.open(failed)
    it.select("days")
    grid = it.page.get_by_role("grid").first
    grid.locator('[role="gridcell"]').nth(1).dblclick()
    it.page.keyboard.press("Control+a")
    it.page.keyboard.type("99")
    it.page.keyboard.press("Enter")
    expect(grid.locator("[data-edited]")).to_have_text("99")
    it.page.locator('[data-action="replay"]').click()
    dialog = it.page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 in days.days")
    expect(dialog.get_by_label("whatever depends on what is changed below")).to_be_checked()
    row = dialog.get_by_role("row").filter(has_text="days").first
    expect(row).to_contain_text("given", timeout=60_000)
    dialog.get_by_label("breaks").fill("false")
    it.shot("edited")
    dialog.locator('[data-action="replay-now"]').click(timeout=60_000)
    expect(dialog).to_have_count(0, timeout=60_000)
    shown = it.page.locator(".flowbook-run-page:not(.lm-mod-hidden)")
    expect(shown.locator(".fb-past-status")).to_have_text("Succeeded", timeout=60_000)
    edge = shown.locator('.react-flow__node[data-id="wet"]')
    expect(edge).to_contain_text("rows")


def test_it_is_restored_from_a_checkpoint_that_is_chosen(it, failed, runs):
    it.open(failed)
    it.page.get_by_label("More to do with the run").click()
    it.page.get_by_role("menuitem", name="Restore from a checkpoint").click()
    window = it.page.get_by_role("dialog", name=re.compile("Restore run"))
    points = window.get_by_role("radio")
    expect(points).to_have_count(3)
    expect(points.nth(2)).to_be_checked()
    it.shot("restore")
    window.locator("label", has_text="days").get_by_role("radio").check()
    window.locator('[data-action="restore-now"]').click()
    expect(window).to_have_count(0, timeout=60_000)
    expect(it.page.locator(".fb-past-head:visible")).to_contain_text("replay of", timeout=30_000)
    assert runs.latest() != failed


def test_it_says_what_it_was_performed_in(it, failed):
    it.open(failed)
    it.page.locator(".fb-past-environment > summary").click()
    told = it.page.locator(".fb-past-around")
    expect(told).to_contain_text(platform.python_version())
    told.get_by_label("Find a package").fill("msgspec")
    expect(told.get_by_label("Packages")).to_contain_text("msgspec")
    expect(told.get_by_label("Packages").locator("dt")).to_have_count(1)
    told.get_by_label("Find a package").fill("")
    it.shot("environment")


def test_a_moment_is_opened_in_the_kernel_of_the_notebook(it, failed):
    it.open(failed)
    it.slider.focus()
    it.page.keyboard.press("Home")
    for _ in range(4):
        it.page.keyboard.press("PageDown")
    it.expect(wet="succeeded", fragile="waiting")
    it.page.locator('[data-action="more"]').first.click()
    it.page.get_by_role("menuitem", name="Open this moment in the kernel").click()
    cell = it.page.locator(".jp-Notebook .jp-Cell").last
    expect(cell).to_contain_text(f"%flow open {failed} --at", timeout=60_000)
    expect(cell.locator(".jp-OutputArea-output").first).to_contain_text("wet", timeout=60_000)
    expect(cell).not_to_contain_text("%load_ext")
    it.shot("here")


def test_a_run_that_is_deleted_says_so(it, runs):
    run = runs.done(breaks="false")
    it.open(run)
    it.page.locator('[data-action="more"]').first.click()
    it.page.get_by_role("menuitem", name="Delete").click()
    it.page.locator('[data-action="delete-now"]').click()
    expect(it.page.locator(".fb-time-line")).to_have_count(0)
    it.open(run, ready=False)
    expect(it.page.locator(".fb-lab-notice")).to_contain_text("There is no run")
    it.page.get_by_role("button", name="Show Run History").click()
    expect(it.page.get_by_role("heading", name="Run History")).to_be_visible()


def test_nothing_of_it_bars_anybody(it, failed):
    it.open(failed)
    it.select("wet")
    it.page.locator('[data-action="trace"]').click()
    assert grave_violations(it.page) == []


def test_values_that_were_removed_are_said_to_be_gone(it, runs):
    from flowbook.session.project import project

    run = runs.done(breaks=False)
    kept = project(runs.lab.folder).store.root / "objects"
    for file in [one for one in kept.rglob("*") if one.is_file()]:
        file.unlink()
    it.open(run)
    it.select("days")
    told = it.page.get_by_role("tabpanel", name="Output")
    expect(told).to_contain_text("no longer in the store")
    it.expect(days="succeeded")
    it.shot("collected")


LOUD = [
    "%load_ext flowbook",
    '%%flow quiet\nprint("warning: all is quiet")\n1',
    '%%flow loud(quiet)\nfor i in range(20_000):\n    print(f"{i:05}")\nquiet',
    "%%flow after(loud)\nloud",
]


def test_a_long_log_is_seen_from_its_end_to_its_beginning_line_by_line(it, lab):
    run = Runs(lab, "loud.ipynb", LOUD).done()
    it.open(run)
    it.select("loud")
    panel = it.page.get_by_role("complementary", name="Details of loud")
    panel.get_by_role("tab", name="Logs").click()
    expect(panel).to_contain_text("20,000 lines")
    lines = panel.get_by_role("region", name="Lines")
    expect(lines.get_by_text("19999", exact=True)).to_be_in_viewport()
    assert lines.locator("time").count() < 200
    lines.focus()
    it.page.keyboard.press("Home")
    expect(lines.get_by_text("00000", exact=True)).to_be_in_viewport()
    expect(panel.get_by_label("Follow")).not_to_be_checked()
    lines.evaluate("box => box.scrollTop = 18 * 12_345")
    expect(lines.get_by_text("12345", exact=True)).to_be_in_viewport()
    it.shot("long-log")
    panel.get_by_label("Search in the lines").fill("0077")
    expect(panel).to_contain_text("12 of 20,000 lines")
    it.slider.focus()
    it.page.keyboard.press("Home")
    expect(panel).to_contain_text("Nothing was printed or logged by this moment.")
    it.page.keyboard.press("End")
    expect(panel).to_contain_text("12 of 20,000 lines")
    assert grave_violations(it.page) == []


MAPPED = [
    "%load_ext flowbook",
    '%%flow orders\n[{"city": "Oslo", "amount": 120}, {"city": "Rome", "amount": 50}]',
    "%%flow map each(items=orders)\nmax_concurrent: 2",
    '%%flow share --in each\n100 / item["amount"]',
    "%%flow shares(each_values)\nsum(each_values)",
]


def test_each_turn_of_a_container_shows_what_it_took_and_gave(it, lab):
    run = Runs(lab, "mapped.ipynb", MAPPED).done()
    it.open(run)
    it.select("share")
    panel = it.page.get_by_role("complementary", name="Details of share")
    panel.get_by_label("Turn").select_option("each[0]")
    panel.get_by_role("tab", name="Input").click()
    expect(panel).to_contain_text("Oslo")
    panel.get_by_label("Turn").select_option("each[1]")
    expect(panel).to_contain_text("Rome")
    expect(panel).not_to_contain_text("Oslo")
    it.shot("turn")
    panel.get_by_role("tab", name="Output").click()
    expect(panel).to_contain_text("2")
