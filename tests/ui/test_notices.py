"""What rules of notification tell whoever has JupyterLab open: a note, and the way to the run."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.ui.axe import grave_violations
from tests.ui.conftest import ARTEFACTS, Lab

from flowbook.graph.flow import Flow
from flowbook.session.project import project

GUARD = 60_000
DARK = "JupyterLab Dark"


@pytest.fixture
def failing(lab: Lab):
    """A flow that fails, of the project of the server, and a rule about it for JupyterLab."""
    place = project(lab.folder)
    flow = Flow("daily", host=place)

    @flow.node
    def fetch():
        raise KeyError("rain")

    place.notifications.add("broken", "failed", flow="daily")
    place.notifications.enable("broken")
    yield flow
    place.notifications.remove("broken")


def open_lab(page: Page, lab: Lab, query: str = "?reset") -> None:
    with page.expect_response(lambda reply: "notifications/rules" in reply.url):
        page.goto(f"{lab.url}/lab{query}")
    page.wait_for_selector(".jp-Launcher")


def notes(page: Page) -> Locator:
    return page.locator(".jp-toastContainer .Toastify__toast", has_text="daily")


@pytest.mark.parametrize("theme", ["JupyterLab Light", DARK])
def test_a_run_that_fails_is_told_and_its_note_leads_to_it(page, lab, failing, theme):
    open_lab(page, lab)
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})")
    page.wait_for_selector(f'body[data-jp-theme-name="{theme}"]', state="attached")
    run = failing.run()
    expect(notes(page)).to_contain_text("Workflow 'daily' failed: KeyError", timeout=GUARD)
    expect(notes(page).get_by_role("button", name="Open Run")).to_be_in_viewport(ratio=1)
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")
    page.screenshot(path=ARTEFACTS / f"notices-{'dark' if theme == DARK else 'light'}.png")
    assert grave_violations(page, ".jp-toastContainer .jp-toast-buttonBar") == []
    notes(page).get_by_role("button", name="Open Run").click()
    expect(page.locator(f"#flowbook-run--{run.id}")).to_contain_text("Failed")


def test_what_was_told_while_the_page_was_closed_is_shown_once_it_is_open(page, lab, failing):
    open_lab(page, lab)
    failing.run()
    expect(notes(page)).to_have_count(1, timeout=GUARD)
    page.goto("about:blank")
    for _ in range(2):
        failing.run()
    open_lab(page, lab, "")
    expect(notes(page)).to_have_count(2, timeout=GUARD)
    open_lab(page, lab, "")
    failing.run()  # what is shown behind it would have come before it
    expect(notes(page)).to_have_count(1, timeout=GUARD)
