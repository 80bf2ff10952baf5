"""Schedules in JupyterLab: what comes and came, and the form that reads back what it is told."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.session.scheduled_sample import eventually, published
from tests.ui.axe import grave_violations
from tests.ui.conftest import ARTEFACTS, Lab

GUARD = 60_000
DARK = "JupyterLab Dark"


@dataclass
class Schedules:
    """The panel in a page."""

    page: Page
    lab: Lab

    def open(self) -> Schedules:
        self.page.goto(f"{self.lab.url}/lab?reset")
        self.page.wait_for_selector(".jp-Launcher")
        self.command("flowbook:schedules")
        expect(self.root).to_have_attribute("data-phase", "ready", timeout=GUARD)
        return self

    def command(self, name: str, **args: str) -> None:
        self.page.evaluate(f"void jupyterapp.commands.execute('{name}', {json.dumps(args)})")

    @property
    def root(self) -> Locator:
        return self.page.locator(".fb-schedules")

    def card(self, name: str) -> Locator:
        return self.root.locator(f'[data-schedule="{name}"]')

    def act(self, name: str, action: str) -> None:
        self.card(name).locator(f'[data-action="{action}"]').click()

    def shot(self, name: str) -> None:
        self.page.screenshot(path=ARTEFACTS / f"schedules-{name}.png")


@pytest.fixture(scope="module")
def flow(lab: Lab) -> str:
    """A published flow in the folder of the server."""
    from flowbook.session.project import project

    published(project(lab.folder), "report")
    return "report"


@pytest.fixture
def panel(page: Page, lab: Lab, flow: str) -> Schedules:
    from flowbook.session.project import project

    schedules = project(lab.folder).schedules
    for one in schedules.list():
        schedules.remove(one.name)
    return Schedules(page, lab).open()


def made(lab: Lab, name: str, **settings: object) -> None:
    """A schedule that is there before anybody looks."""
    from flowbook.session.project import project
    from flowbook.session.scheduled import schedule_of

    project(lab.folder).schedules.save(name, "report", schedule_of(settings))


def test_a_first_schedule_is_written_read_back_and_saved(panel):
    expect(panel.root).to_contain_text("Nothing runs by itself yet")
    panel.shot("empty")
    panel.root.get_by_role("button", name="New Schedule", exact=True).click()
    form = panel.root.get_by_role("form", name="Schedule")
    expect(form.get_by_label("Flow")).to_be_focused()
    form.get_by_label("Name").fill("mornings")
    form.get_by_label("Cron expression").fill("0 25 * * *")
    expect(form.get_by_role("alert")).to_contain_text("25", timeout=GUARD)
    expect(form.locator('[data-action="save"]')).to_be_disabled()
    form.get_by_role("button", name="0 9 * * 1-5").click()
    form.get_by_label("Time zone").fill("Europe/Berlin")
    meaning = form.get_by_role("region", name="What this means")
    expect(meaning).to_contain_text("09:00, Monday through Friday", timeout=GUARD)
    expect(meaning.get_by_role("listitem")).to_have_count(5)
    form.get_by_label("Parameters, as JSON").fill('{"town": "Oslo"}')
    expect(form.get_by_role("alert")).to_contain_text("town", timeout=GUARD)
    form.get_by_label("Parameters, as JSON").fill('{"city": "Bergen"}')
    panel.shot("form")
    form.locator('[data-action="save"]').click()
    expect(panel.card("mornings")).to_contain_text("Next:")
    expect(panel.card("mornings")).to_contain_text("Europe/Berlin")


def test_it_is_run_at_once_and_what_came_of_it_opens(panel, lab):
    made(lab, "nightly", cron="30 2 * * *", timezone="Europe/Berlin")
    panel.open()
    panel.act("nightly", "run")
    mark = panel.card("nightly").locator('.fb-schedules-marks [data-status="succeeded"] button')
    expect(mark).to_be_visible(timeout=2 * GUARD)
    panel.act("nightly", "history")
    expect(panel.card("nightly").get_by_role("table")).to_contain_text("Succeeded")
    expect(panel.card("nightly").get_by_role("list", name="Next runs")).to_be_visible()
    panel.shot("history")
    mark.click()
    expect(panel.page.locator(".fb-past-head")).to_contain_text("report", timeout=GUARD)


def test_it_is_run_with_other_parameters_by_keyboard(panel, lab):
    from flowbook.session.project import project

    made(lab, "nightly", cron="30 2 * * *", input_data={"city": "Bergen"})
    panel.open()
    keys = panel.page.keyboard
    opens = panel.card("nightly").get_by_role("button", name="Run now…: nightly")
    opens.press("Enter")
    form = panel.card("nightly").get_by_role("form", name="Run nightly with")
    city = form.get_by_label("city")
    expect(city).to_be_focused()
    expect(city).to_have_value("Bergen")
    keys.press("Escape")
    expect(form).to_have_count(0)
    expect(opens).to_be_focused()
    keys.press("Enter")
    form.get_by_role("button", name="One more parameter").click()
    form.get_by_label("Parameter").fill("town")
    form.get_by_label("Value").fill("Oslo")
    keys.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("town", timeout=GUARD)
    for theme in (DARK, "JupyterLab Light"):
        panel.command("apputils:change-theme", theme=theme)
        expect(panel.page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
        assert grave_violations(panel.page, ".fb-schedules") == []
        panel.shot(f"run-with-{theme.rpartition(' ')[2].lower()}")
    form.get_by_role("button", name="Cancel").click()
    opens.press("Enter")
    city.fill("Tromsø")
    keys.press("Enter")
    expect(form).to_have_count(0)
    expect(opens).to_be_focused()
    home = project(lab.folder)
    eventually(lambda: home.schedules.history("nightly")[0].run_status == "succeeded")
    (slot, *_) = home.schedules.history("nightly")
    assert dict(home.history.run(slot.run_id).params) == {"city": "Tromsø"}
    panel.act("nightly", "history")
    expect(panel.card("nightly").get_by_role("table")).to_contain_text("Tromsø")
    panel.shot("run-with-history")


def test_it_is_paused_gone_on_with_edited_and_removed(panel, lab):
    made(lab, "hourly", cron="0 * * * *")
    panel.open()
    switch = panel.card("hourly").get_by_role("switch")
    switch.click()
    expect(panel.card("hourly")).to_contain_text("Paused")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(panel.card("hourly")).to_contain_text("Next:")
    panel.act("hourly", "edit")
    form = panel.root.get_by_role("form", name="Schedule")
    expect(form.get_by_label("Name")).not_to_be_editable()
    form.get_by_label("Every so often").check()
    form.get_by_role("textbox", name="Every").fill("90")
    form.get_by_label("Unit").select_option("minutes")
    expect(form.get_by_role("region", name="What this means")).to_contain_text(
        "90 minutes", timeout=GUARD
    )
    form.locator('[data-action="save"]').click()
    expect(panel.card("hourly")).to_contain_text("Every 90 minutes")
    panel.act("hourly", "remove")
    panel.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(panel.card("hourly")).to_have_count(0)


def test_the_settings_of_a_flow_lead_to_when_it_runs(panel, lab):
    made(lab, "nightly", cron="30 2 * * *")
    panel.command("docmanager:open", path="report.ipynb", factory="Flow canvas")
    panel.page.wait_for_selector(".fb-root .react-flow__node", timeout=GUARD)
    panel.page.evaluate("void jupyterapp.commands.execute('flowbook:canvas-flow-settings')")
    panel.page.locator('.fb-root [data-action="schedule"]').click()
    form = panel.root.get_by_role("form", name="Schedule")
    expect(form.get_by_label("Name")).to_have_value("nightly")


def test_what_is_typed_is_left_with_escape(panel, lab):
    made(lab, "hourly", cron="0 * * * *")
    panel.open()
    panel.act("hourly", "edit")
    panel.root.get_by_label("Cron expression").fill("5 * * * *")
    panel.page.keyboard.press("Escape")
    expect(panel.card("hourly")).to_contain_text("Every hour")
    expect(panel.root.locator('[data-action="new"]')).to_be_focused()


def test_the_panel_and_its_form_bar_nobody_in_light_and_dark(panel, lab):
    made(lab, "nightly", cron="30 2 * * *", timezone="Europe/Berlin")
    panel.open()
    for theme in ("JupyterLab Light", DARK):
        panel.command("apputils:change-theme", theme=theme)
        expect(panel.page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
        assert grave_violations(panel.page, ".fb-schedules") == []
        panel.act("nightly", "edit")
        expect(panel.root.locator('[data-action="save"]')).to_be_enabled(timeout=GUARD)
        panel.root.locator(".fb-schedules-rules summary").click()
        assert grave_violations(panel.page, ".fb-schedules") == []
        panel.shot(f"form-{theme.rpartition(' ')[2].lower()}")
        panel.page.keyboard.press("Escape")
