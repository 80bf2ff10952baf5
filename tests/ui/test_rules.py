"""Rules of notification in JupyterLab: one step to the first, and the form that tries before."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.ui.axe import grave_violations
from tests.ui.conftest import ARTEFACTS, Lab

from flowbook.graph.flow import Flow
from flowbook.session.project import project

GUARD = 60_000
DARK = "JupyterLab Dark"


@dataclass
class Rules:
    """The panel in a page."""

    page: Page
    lab: Lab

    def open(self, **args: str) -> Rules:
        self.page.goto(f"{self.lab.url}/lab?reset")
        self.page.wait_for_selector(".jp-Launcher")
        self.command("flowbook:notifications", **args)
        expect(self.root).to_have_attribute("data-phase", "ready", timeout=GUARD)
        return self

    def command(self, name: str, **args: str) -> None:
        self.page.evaluate(f"void jupyterapp.commands.execute('{name}', {json.dumps(args)})")

    @property
    def root(self) -> Locator:
        return self.page.locator(".fb-rules")

    @property
    def form(self) -> Locator:
        return self.root.get_by_role("form", name="Rule")

    @property
    def new(self) -> Locator:
        return self.root.locator('[data-action="new"]')

    def card(self, name: str) -> Locator:
        return self.root.locator(f'[data-rule="{name}"]')

    def act(self, name: str, action: str) -> None:
        self.card(name).locator(f'[data-action="{action}"]').click()

    def shot(self, name: str) -> None:
        self.page.screenshot(path=ARTEFACTS / f"rules-{name}.png")


@pytest.fixture(scope="module")
def flow(lab: Lab) -> Flow:
    """A flow of the project of the server that fails, and did so three times."""
    flow = Flow("daily", host=project(lab.folder))

    @flow.node
    def fetch():
        raise KeyError("rain")

    for _ in range(3):
        flow.run()
    return flow


@pytest.fixture
def panel(page: Page, lab: Lab, flow: Flow) -> Rules:
    rules = project(lab.folder).notifications
    for one in rules.rules():
        rules.remove(one.name)
    yield Rules(page, lab).open()
    for one in rules.rules():
        rules.remove(one.name)


def test_the_first_rule_is_one_step_and_tells_of_the_next_run_that_fails(panel, flow):
    expect(panel.root).to_contain_text("Nobody is told of anything yet")
    panel.shot("empty")
    panel.root.get_by_role("button", name="Tell me here when a run fails").press("Enter")
    expect(panel.card("failed").get_by_role("switch")).to_have_attribute("aria-checked", "true")
    expect(panel.card("failed")).to_contain_text("every flow")
    expect(panel.card("failed")).to_contain_text("Tells JupyterLab")
    expect(panel.new).to_be_focused()
    flow.run()
    note = panel.page.locator(".jp-toastContainer .Toastify__toast", has_text="daily")
    expect(note).to_contain_text("Workflow 'daily' failed", timeout=GUARD)
    panel.act("failed", "told")
    expect(panel.card("failed").get_by_role("table")).to_contain_text("JupyterLab: Sent")
    panel.shot("told")


def test_one_is_written_by_keyboard_and_tried_before_it_is_on(panel, lab):
    keys = panel.page.keyboard
    panel.new.focus()
    keys.press("Enter")
    expect(panel.form.get_by_label("Tell when")).to_be_focused()
    keys.press("Tab")
    expect(panel.form.get_by_label("Flow", exact=True)).to_be_focused()
    keys.press("ControlOrMeta+a")
    keys.type("dai*")
    keys.press("Tab")
    expect(panel.form.get_by_label("Name")).to_be_focused()
    keys.press("ControlOrMeta+a")
    keys.type("a b")
    expect(panel.form.get_by_role("alert")).to_contain_text("name", timeout=GUARD)
    expect(panel.form.locator('[data-action="save"]')).to_be_disabled()
    keys.press("ControlOrMeta+a")
    keys.type("broken")
    attempt = panel.form.locator('[data-action="try"]')
    expect(attempt).to_be_enabled(timeout=GUARD)
    attempt.press("Enter")
    would = panel.form.get_by_role("region", name="On history")
    expect(would).to_contain_text("times in the last 30 days", timeout=GUARD)
    expect(would.get_by_role("button", name="Open the run of daily").first).to_be_visible()
    panel.shot("form")
    panel.form.get_by_label("On: it tells").uncheck()
    save = panel.form.locator('[data-action="save"]')
    expect(save).to_be_enabled(timeout=GUARD)
    save.press("Enter")
    expect(panel.card("broken")).to_contain_text("Off")
    expect(panel.new).to_be_focused()
    (rule,) = project(lab.folder).notifications.rules()
    assert (rule.name, rule.flow, rule.enabled) == ("broken", "dai*", False)


def test_what_a_channel_needs_is_said_at_its_field_and_a_secret_by_its_name_alone(panel):
    panel.new.click()
    panel.form.get_by_label("Channel").select_option("slack")
    secret = panel.form.get_by_label("Secret with the address")
    expect(secret).to_have_attribute("aria-invalid", "true", timeout=GUARD)
    expect(panel.form.get_by_role("alert")).to_contain_text("name of the secret")
    secret.fill("nowhere_to_be_found")
    expect(panel.form).to_contain_text("is in none of its places", timeout=GUARD)
    panel.form.locator('[data-action="say"]').click()
    expect(panel.form).to_contain_text("Slack: the secret", timeout=GUARD)
    panel.form.get_by_role("button", name="One more channel").click()
    panel.form.locator('[data-action="remove-channel"]').last.click()
    expect(panel.form.get_by_role("button", name="One more channel")).to_be_focused()
    panel.page.keyboard.press("Escape")
    expect(panel.root).to_contain_text("Nobody is told of anything yet")


def test_one_is_switched_off_edited_sent_a_test_and_deleted(panel, lab):
    rules = project(lab.folder).notifications
    rules.add("slow", {"on": "slow", "percentile": 99}, flow="daily", enable=True)
    panel.open()
    expect(panel.card("slow")).to_contain_text("A run is slow: above 99 % of the last 50 · daily")
    panel.card("slow").get_by_role("switch").click()
    expect(panel.card("slow").get_by_role("switch")).to_have_attribute("aria-checked", "false")
    assert not rules.rule("slow").enabled
    panel.act("slow", "say")
    word = panel.page.locator(".jp-toastContainer .Toastify__toast", has_text="A word from a rule")
    expect(word).to_be_visible()
    panel.act("slow", "edit")
    expect(panel.form.get_by_label("Name")).not_to_be_editable()
    panel.form.get_by_label("Above this many % of the runs before").fill("90")
    save = panel.form.locator('[data-action="save"]')
    expect(save).to_be_enabled(timeout=GUARD)
    save.click()
    expect(panel.card("slow")).to_contain_text("above 90 %")
    panel.act("slow", "remove")
    panel.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(panel.card("slow")).to_have_count(0)
    expect(panel.new).to_be_focused()
    assert rules.rules() == ()


def test_what_failed_for_good_is_sent_again_by_keyboard_and_says_how_it_went(panel, lab, flow):
    home = project(lab.folder)
    to = [{"channel": "email", "to": ["ada@example.org"]}]  # of a project without a mail server
    home.notifications.add("broken", "failed", to=to, enable=True)
    flow.run()
    home.notifications.disable("broken")
    assert home.teller.settled(60)
    (row,) = home.notifications.history(rule="broken")
    assert row.status == "failed"
    panel.open()
    panel.act("broken", "told")
    again = panel.card("broken").get_by_role("button", name="Send again: E-mail, daily")
    expect(panel.card("broken")).to_contain_text("e-mail is off")
    for theme in (DARK, "JupyterLab Light"):
        panel.command("apputils:change-theme", theme=theme)
        expect(panel.page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
        assert grave_violations(panel.page, ".fb-rules") == []
        panel.shot(f"again-{theme.rpartition(' ')[2].lower()}")
    again.press("Enter")
    expect(panel.root.get_by_role("status")).to_contain_text("E-mail: e-mail is off", timeout=GUARD)
    expect(panel.card("broken")).to_contain_text("2 attempts")
    expect(again).to_be_focused()

    def meanwhile(route: Route) -> None:
        home.store.notices.ask_again([row.id])  # by somebody else, before the page knows
        route.continue_()

    panel.page.route("**/notifications/retry*", meanwhile)
    again.press("Enter")
    expect(panel.card("broken").get_by_role("alert")).to_contain_text("waits to be sent")
    panel.shot("again-refused")


def test_the_settings_of_a_flow_and_the_schedules_lead_to_its_rules(panel, lab):
    cell = {"cell_type": "code", "source": "%%flow python hello\nhello = 1", "id": "one",
            "metadata": {}, "outputs": [], "execution_count": None}  # fmt: skip
    book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (lab.folder / "greeting.ipynb").write_text(json.dumps(book))
    panel.command("docmanager:open", path="greeting.ipynb", factory="Flow canvas")
    panel.page.wait_for_selector(".fb-root .react-flow__node", timeout=GUARD)
    panel.page.evaluate("void jupyterapp.commands.execute('flowbook:canvas-flow-settings')")
    panel.page.locator('.fb-root [data-action="notifications"]').click()
    expect(panel.root).to_contain_text("No rule is about greeting")
    panel.shot("of-a-flow")
    panel.root.get_by_role("button", name="Tell me here when a run of greeting fails").click()
    expect(panel.card("greeting-failed")).to_contain_text("greeting")
    panel.command("flowbook:schedules")
    panel.page.locator('.fb-schedules [data-action="notifications"]').first.click()
    expect(panel.root).to_be_visible()
    expect(panel.root.locator(".fb-rules-about")).to_have_count(0)


def test_the_panel_and_its_form_bar_nobody_in_light_and_dark(panel, lab):
    rules = project(lab.folder).notifications
    targets = [{"channel": "lab"}, {"channel": "email", "to": ["ada@example.org"]}]
    rules.add("broken", "failed", to=targets, flow="daily", quiet="1h", first_only=True)
    rules.add("hungry", {"on": "resources", "what": "memory", "limit": 2e9}, enable=True)
    panel.open()
    for theme in ("JupyterLab Light", DARK):
        shade = theme.rpartition(" ")[2].lower()
        panel.command("apputils:change-theme", theme=theme)
        expect(panel.page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
        assert grave_violations(panel.page, ".fb-rules") == []
        panel.shot(f"list-{shade}")
        panel.act("broken", "edit")
        attempt = panel.form.locator('[data-action="try"]')
        expect(attempt).to_be_enabled(timeout=GUARD)
        panel.form.locator(".fb-schedules-rules summary").click()
        attempt.click()
        expect(panel.form.get_by_role("region", name="On history")).to_be_visible(timeout=GUARD)
        assert grave_violations(panel.page, ".fb-rules") == []
        panel.shot(f"form-{shade}")
        panel.page.keyboard.press("Escape")
        expect(panel.card("broken")).to_be_visible()
