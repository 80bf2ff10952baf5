"""Rules over the server: made, tried, switched; and the server tells what others left."""

from __future__ import annotations

import time

import pytest
from tests.server.conftest import ask, serving
from tests.server.test_live import following

import flowbook
from flowbook.graph.flow import Flow
from flowbook.session.secret_places import PREFIX


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The API over a project with two runs that failed, and the ids of these."""
    folder = tmp_path_factory.mktemp("told")
    project = flowbook.project(folder)
    flow = Flow("daily", host=project)

    @flow.node
    def fetch():
        raise KeyError("rain")

    runs = [flow.run().id, flow.run().id]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PREFIX + "TEAM_HOOK", "https://example.org/s3cr3t")
        with serving(folder) as base:
            yield f"{base}/notifications", runs, flow
    project.close()


FAILED = {"name": "broken", "when": {"on": "failed"}}


def test_a_rule_is_made_tried_switched_and_taken_away(served):
    base, runs, _ = served
    made = ask("POST", f"{base}/rules", json=FAILED | {"flow": "dai*", "quiet": 5})
    assert made.status_code == 200, made.text
    assert made.json()["rule"] == {
        **FAILED, "flow": "dai*", "quiet": 5.0, "to": [{"channel": "lab"}],
    }  # fmt: skip
    ask("POST", f"{base}/rules", json=FAILED)
    tried = ask("GET", f"{base}/rules/broken/test", params={"days": 7}).json()
    assert (tried["fired"], [one["run"] for one in tried["notices"]]) == (2, runs)
    assert ask("POST", f"{base}/rules/broken/enable").json()["rule"]["enabled_at"] > 0
    assert "enabled_at" not in ask("POST", f"{base}/rules/broken/disable").json()["rule"]
    assert [one["name"] for one in ask("GET", f"{base}/rules").json()["rules"]] == ["broken"]
    assert ask("DELETE", f"{base}/rules/broken").json() == {"removed": "broken"}
    assert ask("GET", f"{base}/rules").json() == {"rules": []}
    assert ask("DELETE", f"{base}/rules/broken").status_code == 404


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"when": {"on": "late"}}, "late"),
        ({"to": [{"channel": "slack"}]}, "secret"),
        ({"to": [{"channel": "slack", "url": "https://example.org/s3cr3t"}]}, "secret"),
        ({"quiet": -1}, "quiet"),
        ({"name": "a b"}, "name"),
    ],
)
def test_what_cannot_be_is_refused(served, said, told):
    base, *_ = served
    found = ask("POST", f"{base}/rules", json=FAILED | said)
    assert found.status_code == 400
    assert told in found.json()["message"]


def checked(base, **said):
    found = ask("POST", f"{base}/check", json=FAILED | said)
    assert found.status_code == 200, found.text
    return found.json()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"name": ""}, "name"),
        ({"when": {"on": "late"}}, "when.on"),
        ({"when": {"on": "slow", "percentile": 100}}, "when.percentile"),
        ({"when": {"on": "resources"}}, "when.what"),
        ({"when": {"on": "slow"}, "first_only": True}, "first_only"),
        ({"flow": ""}, "flow"),
        ({"quiet": -1}, "quiet"),
        ({"triggers": ["test"]}, "triggers"),
        ({"to": []}, "to"),
        ({"to": [{"channel": "lab"}, {"channel": "slack"}]}, "to.1.secret"),
        ({"to": [{"channel": "email"}]}, "to.0.to"),
        ({"to": [{"channel": "pigeon"}]}, "to.0.channel"),
    ],
)
def test_what_does_not_fit_is_told_with_its_field_and_nothing_is_kept(served, said, field):
    base, *_ = served
    told = checked(base, **{"to": [{"channel": "lab"}], **said})
    assert (told["valid"], told["refused"]["field"]) == (False, field)
    assert ask("GET", f"{base}/rules").json() == {"rules": []}


def test_a_rule_that_is_refused_when_it_is_saved_names_its_field(served):
    base, *_ = served
    refused = ask("POST", f"{base}/rules", json=FAILED | {"to": [{"channel": "email"}]})
    assert (refused.status_code, refused.json()["field"]) == (400, "to.0.to")


def test_a_rule_is_tried_before_it_is_there(served):
    base, runs, _ = served
    told = checked(base, to=[{"channel": "slack", "secret": "nowhere_to_be_found"}])
    assert told["valid"]
    assert "nowhere_to_be_found" in told["warnings"][0]
    tried = ask("POST", f"{base}/try", json=FAILED | {"flow": "daily", "days": 7}).json()
    assert (tried["fired"], [one["run"] for one in tried["notices"]]) == (2, runs)
    assert ask("POST", f"{base}/try", json=FAILED | {"flow": "other"}).json()["fired"] == 0
    assert ask("GET", f"{base}/rules").json() == {"rules": []}


def test_a_word_is_sent_by_a_rule_that_is_not_there_or_what_is_in_the_way_is_told(served):
    base, *_ = served
    to = [{"channel": "lab"}, {"channel": "slack", "secret": "nowhere_to_be_found"}]
    sent = ask("POST", f"{base}/say", json=FAILED | {"to": to}).json()["sent"]
    assert sent["lab"] == "sent"
    assert "nowhere_to_be_found" in sent["slack"]


def test_what_can_be_chosen_has_names_of_secrets_and_none_of_their_values(served):
    base, *_ = served
    found = ask("GET", f"{base}/choices")
    assert found.json()["channels"][:5] == ["lab", "webhook", "slack", "discord", "email"]
    assert "TEAM_HOOK" in {one.upper() for one in found.json()["secrets"]}
    assert "s3cr3t" not in found.text


def test_nobody_may_who_is_not_known(served):
    base, *_ = served
    assert ask("POST", f"{base}/rules", token=None, json=FAILED).status_code == 403
    assert ask("GET", f"{base}/deliveries", token=None).status_code == 403


def test_what_is_told_is_there_for_the_lab(served):
    base, _, flow = served
    ask("POST", f"{base}/rules", json=FAILED | {"enable": True})
    run = flow.run()
    deadline = time.monotonic() + 60
    found = []
    while not found and time.monotonic() < deadline:
        found = ask("GET", f"{base}/deliveries", params={"channel": "lab"}).json()["deliveries"]
    (row,) = found
    assert (row["run_id"], row["status"], row["level"]) == (run.id, "sent", "error")
    assert row["message"] == "Workflow 'daily' failed"
    later = {"channel": "lab", "since": row["written_at"]}
    assert ask("GET", f"{base}/deliveries", params=later).json()["deliveries"] == []


def eventually(base, wanted, **narrowed):
    deadline = time.monotonic() + 60
    while True:
        found = ask("GET", f"{base}/deliveries", params=narrowed).json()["deliveries"]
        if found and wanted(found[0]):
            return found[0]
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_a_delivery_that_failed_is_sent_again_and_no_other(served):
    base, _, flow = served
    to = [{"channel": "email", "to": ["ada@example.org"]}]  # of a project without a mail server
    ask("POST", f"{base}/rules", json=FAILED | {"name": "chat", "to": to, "enable": True})
    flow.run()
    ask("POST", f"{base}/rules/chat/disable")
    row = eventually(base, lambda one: one["status"] == "failed", rule="chat")
    asked = ask("POST", f"{base}/retry", json={"id": row["id"]})
    assert asked.status_code == 202, asked.text
    assert (asked.json()["delivery"]["id"], asked.json()["delivery"]["status"]) == (
        row["id"],
        "waiting",
    )
    again = eventually(base, lambda one: one["attempts"] == 2, rule="chat")
    assert again["status"] == "failed"
    assert "e-mail is off" in again["last_error"]
    assert ask("POST", f"{base}/retry", json={"id": "f00"}).status_code == 404
    assert ask("POST", f"{base}/retry", json={"id": row["id"]}, token=None).status_code == 403


def test_what_was_sent_is_not_sent_again(served):
    base, _, flow = served
    ask("POST", f"{base}/rules", json=FAILED | {"enable": True})
    flow.run()
    row = eventually(base, lambda one: one["status"] == "sent", channel="lab")
    refused = ask("POST", f"{base}/retry", json={"id": row["id"]})
    assert (refused.status_code, refused.json()["message"]) == (
        409,
        f"delivery {row['id']} was sent",
    )


def test_who_follows_hears_of_a_notice_once_and_of_none_that_was_before(served):
    base, _, flow = served
    ask("POST", f"{base}/rules", json=FAILED | {"enable": True})
    api = base.removesuffix("/notifications")

    def notices(client):
        return [one["run_id"] for said in client.messages for one in said.get("notices", ())]

    with following(api) as client:
        assert notices(client) == []
        first = flow.run().id
        client.hear_until(lambda: notices(client))
        left_at = client.position
    second = flow.run().id
    with following(api, left_at) as client:
        client.hear_until(lambda: notices(client))
        assert notices(client) == [second]
    assert first != second
