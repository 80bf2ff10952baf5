"""Rules and notices are kept like all else: durable, once, and gone with their run."""

from __future__ import annotations

import time

import msgspec
import pytest

from flowbook.alerts.notice import Notice, identity
from flowbook.alerts.rule import Target, rule_of
from flowbook.errors import StoreBusy, UsageError
from flowbook.store.facts import SettingChanged
from flowbook.store.judging import Unjudged
from flowbook.store.notices import RULE
from flowbook.store.settings import Settings

LAB, SLACK = Target(channel="lab"), Target(channel="slack", secret="hook")
NOBODY = Unjudged((), ())


def rule(name="nightly", **said):
    return rule_of({"name": name, "when": {"on": "failed"}, "to": [{"channel": "lab"}], **said})


def notice(run=None, name="n", **said):
    return Notice(
        id=identity(name, run or "none"), rule=name, event="run_failed", flow="tour", run=run,
        happened_at=time.time(), error="KeyError: 'x'", **said,
    )  # fmt: skip


def test_a_rule_is_kept_replaced_and_taken_away_and_the_audit_tells_of_it(store):
    assert store.notices.in_use is False
    store.notices.keep("nightly", lambda before: rule(quiet=60))
    store.notices.keep("hourly", lambda before: rule("hourly"))
    assert store.notices.in_use is True
    store.fold()
    store.notices.keep("nightly", lambda before: msgspec.structs.replace(before, quiet=90))
    assert [(one.name, one.quiet) for one in store.notices.rules()] == [
        ("hourly", 0.0),
        ("nightly", 90.0),
    ]
    store.notices.keep("nightly", lambda before: None)
    assert [one.name for one in store.notices.rules()] == ["hourly"]
    entries = store.audit.search(action="SETTING_CHANGED").entries
    told = [
        (one.metadata["setting"], one.metadata.get("before", {}).get("quiet")) for one in entries
    ]
    assert told == [
        (RULE + "nightly", 90.0),
        (RULE + "nightly", 60.0),
        (RULE + "hourly", None),
        (RULE + "nightly", None),
    ]


def test_settings_and_rules_do_not_see_each_other(store):
    before = store.settings.all()
    store.notices.keep("retention", lambda _: rule("retention"))
    assert store.settings.all() == before
    assert isinstance(store.settings, Settings)
    store.settings.set("retention", "30d")
    assert [one.name for one in store.notices.rules()] == ["retention"]


def test_a_rule_of_a_newer_flowbook_is_passed_over(store):
    store.notices.keep("mine", lambda _: rule("mine"))
    newer = msgspec.Raw(b'{"name":"theirs","when":{"on":"full_moon"},"to":[{"channel":"lab"}]}')
    store.sink.append([SettingChanged(at=time.time(), name=RULE + "theirs", value=newer)]).result(5)
    assert [one.name for one in store.notices.rules()] == ["mine"]


@pytest.mark.parametrize("folded", [False, True])
def test_a_notice_is_written_once_for_each_who_is_told(store, folded):
    told = [(notice(), (LAB, SLACK))]
    assert store.notices.write(told, NOBODY) == 3  # and that the Lab has it
    if folded:
        store.fold()
    assert store.notices.write(told, NOBODY) == 0
    rows = {row.channel: row for row in store.notices.deliveries()}
    assert {channel: (row.status, row.attempts) for channel, row in rows.items()} == {
        "lab": ("sent", 1),
        "slack": ("waiting", 0),
    }
    assert rows["slack"].message == "Workflow 'tour' failed"
    assert (rows["slack"].secret, rows["slack"].error) == ("hook", "KeyError: 'x'")


def test_attempts_are_counted_and_the_last_one_says_how_it_stands(store):
    store.notices.write([(notice(), (SLACK,))], NOBODY)
    (one,) = store.notices.waiting()
    store.notices.tried(one, "retry", "slack answered 500", time.time() + 60)
    (row,) = store.notices.deliveries()
    assert (row.status, row.attempts, row.last_error) == ("waiting", 1, "slack answered 500")
    assert row.next_at is not None
    store.fold()
    store.notices.tried(one, "sent")
    (row,) = store.notices.deliveries()
    assert (row.status, row.attempts, row.last_error, row.next_at) == ("sent", 2, None, None)
    assert store.notices.waiting() == []


@pytest.mark.parametrize("fold", [False, True])
def test_what_failed_for_good_waits_again_once_it_is_asked_for(store, fold):
    store.notices.write([(notice(), (SLACK,))], NOBODY)
    (one,) = store.notices.waiting()
    for outcome in ("retry", "failed"):
        store.notices.tried(one, outcome, "slack answered 500", time.time())
    if fold:
        store.fold()
    (asked,) = store.notices.ask_again([one.id])
    if fold:
        store.fold()
    assert (asked.status, asked.attempts, asked.last_error) == ("waiting", 2, "slack answered 500")
    assert asked.next_at.timestamp() <= time.time()
    (again,) = store.notices.waiting()
    assert (again.id, again.attempts) == (one.id, 0)  # it has as many attempts as at first
    store.notices.tried(again, "retry", "slack answered 503", time.time() + 60)
    (again,) = store.notices.waiting()
    assert again.attempts == 1
    store.notices.tried(again, "sent")
    (row,) = store.notices.deliveries(id=one.id)
    assert (row.status, row.attempts, row.last_error, row.next_at) == ("sent", 4, None, None)


def test_only_what_failed_for_good_can_be_asked_for_again_all_of_it_or_nothing(store):
    store.notices.write([(notice(), (SLACK, LAB))], NOBODY)
    (waits,) = store.notices.waiting()
    (sent,) = (one.id for one in store.notices.deliveries(channel="lab"))
    for key, said in (("0" * 32, "there is no"), (sent, "was sent"), (waits.id, "waits")):
        with pytest.raises(UsageError, match=said):
            store.notices.ask_again([key])
    store.notices.tried(waits, "failed", "slack answered 404")
    with pytest.raises(UsageError, match="was sent"):
        store.notices.ask_again([waits.id, sent])
    assert store.notices.deliveries(id=waits.id)[0].status == "failed"
    store.notices.ask_again([waits.id, waits.id])
    with pytest.raises(UsageError, match="waits to be sent"):
        store.notices.ask_again([waits.id])


def test_a_clock_that_went_back_does_not_hide_that_it_was_asked_for(store, monkeypatch):
    store.notices.write([(notice(), (SLACK,))], NOBODY)
    (one,) = store.notices.waiting()
    store.notices.tried(one, "failed", "slack answered 404")
    an_hour_ago = time.time() - 3600
    monkeypatch.setattr("flowbook.store.notices.time.time", lambda: an_hour_ago)
    (asked,) = store.notices.ask_again([one.id])
    assert asked.status == "waiting"


@pytest.mark.parametrize("when", ["before the fold", "behind the fold"])
def test_what_is_told_of_a_run_goes_with_it(store, story, when):
    gone, stays = story.run(), story.run()
    for events in (gone, stays):
        store.sink.append(events).result(5)
    store.notices.write(
        [(notice(one[0].run), (LAB, SLACK)) for one in (gone, stays)] + [(notice(), (SLACK,))],
        Unjudged((gone[0].run, stays[0].run), ()),
    )
    if when == "behind the fold":
        store.fold()
    store.history.delete(gone[0].run)
    left = {(row.run_id, row.channel) for row in store.notices.deliveries()}
    expected = {(stays[0].run, "lab"), (stays[0].run, "slack"), (None, "slack")}
    assert left == expected
    store.fold()
    assert {(row.run_id, row.channel) for row in store.notices.deliveries()} == expected
    assert gone[0].run not in str(store.history.table("SELECT * FROM deliveries"))


def test_deliveries_are_narrowed_and_bounded(store):
    store.notices.write([(notice(name=str(n)), (LAB, SLACK)) for n in range(4)], NOBODY)
    found = store.notices.deliveries
    assert len(found(limit=3)) == 3
    assert {row.rule for row in found(rule="2")} == {"2"}
    assert {row.status for row in found(channel="slack")} == {"waiting"}
    assert found(flow="other") == found(since=time.time() + 1) == ()
    with pytest.raises(UsageError, match="limit"):
        found(limit=0)


def test_one_at_a_time_tells(store):
    store.notices.keep("n", lambda _: rule("n"))
    with store.notices.mine(), pytest.raises(StoreBusy), store.notices.mine():
        pass
    with store.notices.mine():
        pass


def test_a_rebuilt_store_tells_the_same(store, story):
    store.settings.set("archive", True)
    store.notices.keep("n", lambda _: rule("n"))
    events = story.run()
    store.sink.append(events).result(5)
    store.notices.write([(notice(events[0].run), (LAB, SLACK))], Unjudged((events[0].run,), ()))
    store.fold()
    before = store.notices.deliveries()
    store.rebuild(partial=True)
    assert store.notices.deliveries() == before
    assert [one.name for one in store.notices.rules()] == ["n"]
