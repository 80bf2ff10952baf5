"""Schedules over HTTP, at a real Jupyter server."""

import pytest
from tests.server.conftest import ask, serving
from tests.session.scheduled_sample import eventually, published

from flowbook.session.project import Project


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server over a folder with a published flow; it starts nothing by itself."""
    folder = tmp_path_factory.mktemp("served")
    project = Project(folder)
    published(project)
    project.store.settings.set("scheduler", False)
    project.close()
    with serving(folder) as base:
        yield base


@pytest.fixture
def nightly(served):
    """The address of a saved schedule."""
    address = f"{served}/schedules/nightly"
    saved = ask("PUT", address, json={
        "flow": "report", "cron": "30 2 * * *", "timezone": "Europe/Berlin",
        "input_data": {"city": "Bergen"},
    })  # fmt: skip
    assert saved.status_code == 200, saved.text
    yield address
    ask("DELETE", address)


def test_a_schedule_that_is_saved_is_told_with_all_that_comes(served, nightly):
    told = ask("GET", f"{served}/schedules").json()
    (one,) = told["schedules"]
    assert not told["running"]
    assert (one["name"], one["flow"], one["notebook"]) == ("nightly", "report", "report.ipynb")
    assert (one["words"], one["problem"]) == ("At 02:30 (Europe/Berlin)", None)
    assert one["settings"]["input_data"] == {"city": "Bergen"}
    assert len(one["next"]) == 5
    assert one["next"][0]["at"] == one["next_run"]
    assert set(one["next"][0]) == {"at", "local", "note"}
    assert one["slots"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"cron": "30 2 * *"}, "cron"),
        ({"timezone": "Europe/Berln"}, "timezone"),
        ({"flow": "other"}, "flow"),
        ({"input_data": {"city": 3}}, "input_data"),
        ({"input_data": {"town": "Oslo"}}, "input_data"),
        ({"after": ["report"]}, "after"),
        ({"end": "2026-01-01T00:00:00"}, "end"),
        ({"cron": None}, "cron"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(served, changed, field):
    wanted = {"flow": "report", "cron": "30 2 * * *", **changed}
    checked = ask("POST", f"{served}/schedules/check", json=wanted)
    assert checked.status_code == 200
    assert (checked.json()["valid"], checked.json()["refused"]["field"]) == (False, field)
    saved = ask("PUT", f"{served}/schedules/refused", json=wanted)
    assert (saved.status_code, saved.json()["field"]) == (400, field)
    assert checked.json()["refused"]["message"] == saved.json()["message"]


def test_a_schedule_is_checked_before_it_is_saved(served):
    wanted = {"flow": "report", "cron": "0 9 13 * 5", "timezone": "America/New_York"}
    told = ask("POST", f"{served}/schedules/check", json=wanted).json()
    assert (told["valid"], told["refused"]) == (True, None)
    assert told["warnings"] == ["either day will do: the day of the month, and the weekday as well"]
    assert len(told["next"]) == 5
    assert ask("GET", f"{served}/schedules").json()["schedules"] == []


def test_every_setting_of_a_schedule_may_be_asked_for(served):
    settings = {
        "cron": "30 2 * * *", "timezone": "Europe/Berlin", "start": "2026-01-01T00:00:00Z",
        "end": "2036-01-01T00:00:00Z", "jitter": 5.0, "enabled": False,
        "input_data": {"city": "Oslo"}, "overlap": "parallel", "parallel": 2, "catch_up": "all",
        "catch_up_most": 3, "grace": 30.0, "patience": 60.0,
    }  # fmt: skip
    address = f"{served}/schedules/whole"
    saved = ask("PUT", address, json={"flow": "report", "notebook": "report.ipynb", **settings})
    ask("DELETE", address)
    assert saved.json()["settings"].items() >= settings.items()
    assert {*saved.json()["settings"]} - {*settings} == {"every", "at", "after"}


@pytest.mark.parametrize("wrong", [{"corn": "@daily"}, {"jitter": "long"}, {"overlap": "both"}])
def test_what_is_no_setting_is_refused(served, wrong):
    wanted = {"flow": "report", "cron": "@daily", **wrong}
    refused = ask("PUT", f"{served}/schedules/wrong", json=wanted)
    assert (refused.status_code, next(iter(wrong)) in refused.json()["message"]) == (400, True)


def test_times_are_checked_without_a_flow(served):
    told = ask("POST", f"{served}/schedules/check", json={"cron": "@daily"}).json()
    assert (told["valid"], told["words"]) == (True, "At 00:00 (UTC)")


def test_what_is_paused_has_no_next_moment_until_it_is_resumed(nightly):
    paused = ask("POST", f"{nightly}/pause").json()
    assert (paused["enabled"], paused["next_run"], paused["next"]) == (False, None, [])
    resumed = ask("POST", f"{nightly}/resume").json()
    assert (resumed["enabled"], resumed["next"][0]["at"]) == (True, resumed["next_run"])


def test_a_run_is_started_at_once_and_its_slot_tells_of_it(served, nightly):
    slot = ask("POST", f"{nightly}/run")
    assert (slot.status_code, slot.json()["reason"]) == (202, "by_hand")

    def over():
        (told,) = ask("GET", f"{nightly}/slots").json()["slots"]
        return told["run"] if told["run_status"] == "succeeded" else None

    eventually(over)
    run = ask("GET", f"{served}/runs/{over()}").json()["run"]
    assert (run["trigger"], run["schedule"]) == ("cron", "nightly")
    assert (run["params"], run["scheduled_for"]) == (
        {"city": "Bergen"},
        slot.json()["scheduled_for"],
    )


def test_a_run_at_once_may_have_parameters_of_its_own_and_others_start_nothing(served, nightly):
    before = len(ask("GET", f"{nightly}/slots").json()["slots"])
    for params, named in (({"city": 3}, "city"), ({"town": "Oslo"}, "town")):
        refused = ask("POST", f"{nightly}/run", json={"params": params})
        assert refused.status_code == 409
        assert named in refused.json()["message"]
    assert len(ask("GET", f"{nightly}/slots").json()["slots"]) == before
    slot = ask("POST", f"{nightly}/run", json={"params": {"city": "Tromsø"}})
    assert (slot.status_code, slot.json()["detail"]) == (202, '{"city":"Tromsø"}')

    def over():
        told = ask("GET", f"{nightly}/slots").json()["slots"][0]
        return told["run"] if told["run_status"] == "succeeded" else None

    eventually(over)
    assert ask("GET", f"{served}/runs/{over()}").json()["run"]["params"] == {"city": "Tromsø"}


def test_a_schedule_that_is_removed_is_no_more(served, nightly):
    assert ask("DELETE", nightly).json() == {"removed": "nightly"}
    assert ask("GET", f"{served}/schedules").json()["schedules"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/run"), ("GET", "/slots")],
)
def test_a_schedule_that_is_not_there_is_missing(served, method, path):
    assert ask(method, f"{served}/schedules/other{path}").status_code == 404


@pytest.mark.parametrize("name", ["check", "a%2Fb", "%20x", "x" * 101])
def test_a_name_that_cannot_be_is_refused(served, name):
    wanted = {"flow": "report", "cron": "@daily"}
    assert ask("PUT", f"{served}/schedules/{name}", json=wanted).status_code in (400, 405)


def test_the_zones_are_told(served):
    told = ask("GET", f"{served}/timezones").json()
    assert set(told["common"]) <= set(told["timezones"])
    assert {"UTC", "America/New_York", "Europe/Amsterdam"} <= set(told["common"])
