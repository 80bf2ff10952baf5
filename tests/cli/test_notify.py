"""`flowbook notify`: a rule is made, tried on what was, let loose, and tells."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import flowbook
from flowbook.cli import flowbook as command_line
from flowbook.export.exits import ExitCode
from flowbook.graph.flow import Flow


@pytest.fixture
def project(tmp_path):
    opened = flowbook.project(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def call(project):
    """What a command prints, and its exit code."""

    def call(*words, code=ExitCode.OK):
        said = ["notify", "--project", str(project.path), *words]
        done = CliRunner().invoke(command_line, said, standalone_mode=False)
        assert (done.exit_code, done.return_value) == (0, code), done.output
        return done.output

    return call


@pytest.fixture
def broken(project):
    flow = Flow("daily", host=project)

    @flow.node
    def fetch():
        raise KeyError("rain")

    return flow


def test_a_rule_says_what_it_would_have_told_before_it_watches(project, call, broken):
    runs = [broken.run().id for _ in range(3)]
    said = call("add", "broken", "--on", "failed")
    assert f"broken: would have fired 3 times in the last 30 days: run {runs[0]}, run " in said
    assert "it is off; to let it watch: flowbook notify enable broken" in said
    assert "would have fired 3 times in the last 7 days" in call("test", "broken", "--days", "7")
    assert call("enable", "broken") == "broken watches from now on\n"
    last = broken.run().id
    assert project.teller.settled()
    (row,) = json.loads(call("history", "--json"))["deliveries"]
    assert (row["run_id"], row["channel"], row["status"]) == (last, "lab", "sent")
    assert "run_failed" in call("history", "--flow", "daily")


def test_rules_are_listed_switched_and_taken_away(call):
    call("add", "slow", "--on", "slow", "--percentile", "99", "--over", "20", "--least", "3",
         "--flow", "daily*", "--quiet", "1h", "--trigger", "cron", "--enable")  # fmt: skip
    (rule,) = json.loads(call("list", "--json"))["rules"]
    assert rule.pop("enabled_at") > 0
    assert rule == {
        "name": "slow",
        "when": {"on": "slow", "percentile": 99.0, "over": 20, "least": 3},
        "to": [{"channel": "lab"}],
        "flow": "daily*",
        "triggers": ["cron"],
        "quiet": 3600.0,
    }
    assert "slow (above 99 % of the last 20)" in call("list")
    assert call("disable", "slow") == "slow is off\n"
    assert json.loads(call("--json", "disable", "slow")) == {"rule": "slow", "now": "is off"}
    assert json.loads(call("remove", "slow", "--json")) == {"rule": "slow", "now": "is gone"}
    assert "there is no rule" in call("list")


@pytest.mark.parametrize(
    ("words", "when"),
    [
        (["--memory", "2GB"], {"what": "memory", "limit": 2e9}),
        (["--cpu", "5m", "--node", "score"], {"what": "cpu", "limit": 300.0, "node": "score"}),
        (["--measure", "cpu", "--percentile", "90"], {"what": "cpu", "percentile": 90.0}),
    ],
)
def test_what_a_run_took_is_a_limit_or_what_is_usual(call, words, when):
    call("add", "hungry", "--on", "resources", *words)
    (rule,) = json.loads(call("list", "--json"))["rules"]
    assert rule["when"] == {"on": "resources", **when}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "x", "--on", "resources"], "--measure"),
        (["add", "x", "--on", "failed", "--channel", "slack"], "secret"),
        (["add", "x", "--on", "failed", "--channel", "email"], "e-mail"),
        (["add", "x", "--on", "failed", "--channel", "pigeon"], "pigeon"),
        (["add", "x", "--on", "slow", "--first-only"], "failures"),
        (["enable", "x"], "no rule"),
        (["test", "x"], "no rule"),
    ],
)
def test_what_cannot_be_is_refused(project, words, said):
    done = CliRunner().invoke(command_line, ["notify", "--project", str(project.path), *words])
    assert done.exit_code != 0
    assert said in f"{done.output}{done.exception}"
    assert project.notifications.rules() == ()


def test_a_word_that_does_not_come_is_told_and_fails(call, monkeypatch):
    monkeypatch.setenv("FLOWBOOK_SECRET_HOOK", "http://127.0.0.1:9/none")
    call("add", "broken", "--on", "failed", "--channel", "slack", "--secret", "hook")
    assert "slack: slack gave no answer: ConnectError" in call(
        "test", "broken", "--send", code=ExitCode.INFRASTRUCTURE
    )


def test_what_is_due_is_delivered_when_it_is_asked_for(call):
    assert json.loads(call("deliver", "--json")) == {"next_in": None}
    call("add", "broken", "--on", "failed", "--enable")
    assert json.loads(call("deliver", "--json")) == {"next_in": None}


def test_what_failed_is_sent_again_and_what_became_of_it_is_said(
    project, call, broken, monkeypatch
):
    monkeypatch.setenv("FLOWBOOK_SECRET_HOOK", "http://127.0.0.1:9/none")
    project.telling.backoff = ()
    call("add", "broken", "--on", "failed", "--channel", "slack", "--secret", "hook", "--enable")
    broken.run()
    assert project.teller.settled()
    (row,) = json.loads(call("history", "--status", "failed", "--json"))["deliveries"]
    assert row["id"] in call("history")
    said = call("retry", row["id"], code=ExitCode.INFRASTRUCTURE)
    assert said == f"{row['id']} slack: failed: slack gave no answer: ConnectError\n"
    again = call("retry", "--rule", "broken", "--json", code=ExitCode.INFRASTRUCTURE)
    (found,) = json.loads(again)["deliveries"]
    assert (found["id"], found["status"], found["attempts"]) == (row["id"], "failed", 3)
    assert call("retry", "--rule", "other") == "nothing of rule 'other' has failed\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["retry", "f00"], "there is no delivery 'f00'"),
        (["retry"], "say the id of a delivery, or --rule"),
        (["retry", "f00", "--rule", "broken"], "say the id of a delivery, or --rule"),
    ],
)
def test_nothing_is_sent_again_that_is_not_named_exactly(project, words, said):
    done = CliRunner().invoke(command_line, ["notify", "--project", str(project.path), *words])
    assert done.exit_code != 0
    assert said in f"{done.output}{done.exception}"
