"""A closed set of settings, of the project and of flows."""

import time

import msgspec
import pytest

from flowbook.errors import StoreBusy, UsageError
from flowbook.store.audit import acting
from flowbook.store.facts import SettingChanged
from flowbook.store.keeping import Keep
from flowbook.store.settable import SETTINGS
from flowbook.store.settings import Origin, SettingRow
from flowbook.store.turn import turn


@pytest.fixture(params=["journalled", "folded"])
def settle(request, store):
    """Folds, or does not."""
    return store.fold if request.param == "folded" else lambda: None


def test_nothing_is_set_to_begin_with_and_asking_makes_no_folder(store, layout):
    assert {row.name: row.value for row in store.settings.all()} == {
        "retention": "forever",
        "audit_retention": "forever",
        "archive": False,
        "cache_memory": "256MB",
        "limits": "none",
        "grants": "none",
        "allow_paths": "none",
        "allow_urls": "none",
        "env": "none",
        "secret_places": "none",
        "mail_server": "none",
        "mail_security": "starttls",
        "mail_sender": "none",
        "mail_user": "none",
        "mail_secret": "none",
        "recover": "auto",
        "scheduler": True,
    }
    assert all(row.is_default for row in store.settings.all())
    assert not layout.root.exists()


def test_a_flow_says_otherwise_than_its_project(store, settle):
    assert store.settings.set("retention", "90d") == "90d"
    assert store.settings.set("retention", "last:5", flow="tour") == "last:5"
    settle()
    assert store.settings.get("retention") == "90d"
    assert store.settings.get("retention", flow="tour") == "last:5"
    assert store.settings.get("retention", flow="other") == "90d"
    assert store.settings.all()[0] == SettingRow("retention", "90d")
    assert store.settings.all()[-1] == SettingRow("retention", "last:5", flow="tour")
    assert store.settings.retentions() == {None: Keep(days=90), "tour": Keep(last=5)}


def test_none_takes_back_what_was_set(store, settle):
    store.settings.set("retention", "90d")
    store.settings.set("retention", "forever", flow="tour")
    settle()
    assert store.settings.set("retention", None, flow="tour") == "90d"
    settle()
    assert store.settings.set("retention", None) == "forever"
    assert store.settings.all()[0].is_default


def test_limits_are_in_force_for_everybody_as_soon_as_they_are_set(store, settle):
    assert store.settings.set("limits", " gpu=1,  api=4 ") == "gpu=1,api=4"
    assert store.slots.limits() == {"gpu": 1, "api": 4}
    settle()
    assert store.settings.set("limits", {"runs": 8}) == "runs=8"
    assert store.slots.limits() == {"runs": 8}
    (store.slots.layout.limits / "limits.json").unlink()
    assert store.settings.set("limits", "runs=8") == "runs=8"
    assert store.slots.limits() == {"runs": 8}, "setting them again brings them back"
    assert store.settings.set("limits", None) == "none"
    assert store.slots.limits() == {}


@pytest.mark.parametrize("value", ["gpu", "gpu=0", "gpu=1,gpu=2", "gpu=1.5", "1=2", "gpu=-1"])
def test_what_says_no_limits_is_refused_and_changes_nothing(store, value):
    store.settings.set("limits", "gpu=3")
    with pytest.raises(UsageError, match="says no limits"):
        store.settings.set("limits", value)
    assert store.slots.limits() == {"gpu": 3}


def test_values_are_kept_in_one_spelling(store):
    assert store.settings.set("retention", " 30D ") == "30d"
    assert store.settings.set("archive", "On") is True
    assert store.settings.get("archive") is True


@pytest.mark.parametrize(
    ("name", "value", "flow", "named"),
    [
        ("colour", "red", None, "retention, audit_retention, archive, cache_memory"),
        ("retention", "soon", None, "30d"),
        ("audit_retention", "last:5", None, "90d"),
        ("archive", "maybe", None, "true or false"),
        ("cache_memory", "much", None, "256MB, 2GB"),
        ("archive", True, "tour", "of the project"),
    ],
)
def test_what_does_not_fit_changes_nothing(store, layout, name, value, flow, named):
    with pytest.raises(UsageError) as refused:
        store.settings.set(name, value, flow=flow)
    assert named in str(refused.value)
    assert not layout.root.exists()


def test_an_unknown_name_is_refused_when_asked_for(store):
    with pytest.raises(UsageError, match="no setting 'colour'"):
        store.settings.get("colour")


def test_every_change_is_accounted_for(store, settle):
    store.settings.set("retention", "90d", actor="ann")
    store.settings.set("retention", "30d", flow="tour", actor="bob")
    store.settings.set("retention", "30d", flow="tour", actor="bob")  # changes nothing
    settle()
    told = [
        (
            e.action,
            e.actor,
            e.flow,
            e.metadata["setting"],
            e.metadata["before"],
            e.metadata["after"],
        )
        for e in store.audit.search().entries
    ]
    assert told == [
        ("SETTING_CHANGED", "bob", "tour", "retention", "90d", "30d"),
        ("SETTING_CHANGED", "ann", None, "retention", "forever", "90d"),
    ]


def test_the_default_of_each_setting_is_one_of_its_values():
    assert all(one.parse(one.default) == one.default for one in SETTINGS.values())


def test_a_word_that_is_none_says_which_there_are(store):
    with pytest.raises(UsageError, match="recover cannot be 'maybe'") as met:
        store.settings.set("recover", "maybe")
    assert met.value.hint == "write one of auto, ask, off"


def test_another_process_reads_the_change_at_once(store, layout, child):
    store.settings.set("retention", "7d")
    asked = child("upkeep", layout.root, "get", "retention")
    assert asked.stdout.readline() == "7d\n"


def test_the_latest_change_holds_although_the_clock_was_set_back(store, settle):
    tomorrow = time.time() + 86_400
    fact = SettingChanged(at=tomorrow, name="retention", value=msgspec.Raw(b'"30d"'))
    store.sink.append([fact]).result(5)
    settle()
    store.settings.set("retention", "90d")
    assert store.settings.get("retention") == "90d"


def test_what_a_newer_flowbook_set_is_passed_over(store):
    fact = SettingChanged(at=time.time(), name="colour", value=msgspec.Raw(b'"red"'))
    store.sink.append([fact]).result(5)
    assert [row.name for row in store.settings.all()] == list(SETTINGS)


def test_what_a_flow_says_stands_between_its_own_setting_and_the_project(store, settle):
    store.settings.set("retention", "90d")
    store.settings.declare("retention", "30d", "tour")
    assert store.settings.get("retention", flow="tour") == "30d"
    store.settings.settle()
    settle()
    assert store.settings.get("retention", flow="tour") == "30d"
    assert store.settings.retentions() == {None: Keep(days=90), "tour": Keep(days=30)}
    assert store.settings.all()[-1] == SettingRow("retention", "30d", "tour", Origin.FLOW)
    store.settings.set("retention", "last:5", flow="tour")
    settle()
    assert store.settings.get("retention", flow="tour") == "last:5"
    assert store.settings.all()[-1] == SettingRow("retention", "last:5", "tour", Origin.SET)
    assert store.settings.set("retention", None, flow="tour") == "30d"


def test_a_flow_that_says_nothing_any_more_is_as_all_others(store, settle):
    store.settings.declare("retention", "30d", "tour")
    store.settings.settle()
    settle()
    store.settings.declare("retention", None, "tour")
    assert store.settings.get("retention", flow="tour") == "forever"
    store.settings.settle()
    settle()
    assert store.settings.get("retention", flow="tour") == "forever"
    assert store.settings.retentions() == {None: Keep()}


def test_what_a_flow_says_is_recorded_once_and_accounted_for(store, layout):
    with acting(actor="ann", source="cli"):
        store.settings.declare("retention", None, "quiet")
        store.settings.declare("retention", "30d", "tour")
    assert not layout.root.exists()
    assert store.settings.settle() == 1
    store.settings.declare("retention", "30d", "tour")
    assert store.settings.settle() == 0
    (entry,) = store.audit.search().entries
    assert (entry.action, entry.actor, entry.flow) == ("SETTING_CHANGED", "ann", "tour")
    assert entry.metadata == {
        "source": "cli", "setting": "retention", "before": "forever", "after": "30d",
        "reason": "the flow's definition says so",
    }  # fmt: skip


def test_a_store_that_closes_records_what_flows_said(store, layout, child):
    store.settings.declare("retention", "30d", "tour")
    store.close()
    reopened = type(store).open(layout.root)
    assert reopened.settings.all()[-1].origin is Origin.FLOW
    assert reopened.settings.get("retention", flow="tour") == "30d"
    reopened.close()


def test_what_cannot_be_recorded_now_is_recorded_later(store, layout):
    store.settings.set("retention", "90d")
    store.settings.declare("retention", "30d", "tour")
    with turn(layout), pytest.raises(StoreBusy):
        store.settings.settle(0.01)
    assert store.settings.get("retention", flow="tour") == "30d"
    assert store.settings.settle() == 1


def test_nobody_can_set_what_a_flow_says(store):
    with pytest.raises(UsageError, match="no setting"):
        store.settings.set("retention said by the flow", "30d", flow="tour")
