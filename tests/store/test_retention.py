"""Runs whose time is over go; everything else stays."""

import os
import subprocess
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.events import RunCreated
from flowbook.store.audit import SYSTEM
from flowbook.store.facts import Audited
from flowbook.store.keeping import Keep
from flowbook.store.retention import due

T0 = 1_700_000_000.0
DAY = 86_400.0
NOW = T0 + 100 * DAY
EPOCH = datetime.fromtimestamp(NOW, UTC).replace(tzinfo=None)


def kept_by_hand(runs, rules):
    """The naive model: which runs are due, one rule after the other."""
    by_id = {run["id"]: run for run in runs}

    def family(run):
        found = [run]
        for child in runs:
            if child["parent"] == run["id"]:
                found += family(child)
        return found

    def stays(run):
        return run["pinned"] or run["status"] in ("running", "suspended")

    found = set()
    roots = [run for run in runs if run["parent"] not in by_id]
    for run in roots:
        rule = rules.get(run["flow"], rules[None])
        newer = [
            other
            for other in roots
            if other["flow"] == run["flow"]
            and (other["started_at"], other["id"]) > (run["started_at"], run["id"])
        ]
        ended = run["ended_at"]
        old = rule.days is not None and ended is not None
        old = old and ended < EPOCH - timedelta(days=rule.days)
        surplus = rule.last is not None and len(newer) >= rule.last
        if (old or surplus) and not any(map(stays, family(run))):
            found.add((run["id"], run["flow"]))
    return found


KEEPS = st.one_of(
    st.just(Keep()),
    st.builds(Keep, days=st.integers(1, 6)),
    st.builds(Keep, last=st.integers(1, 4)),
)
RULES = st.builds(
    lambda common, own: {None: common, **own},
    KEEPS,
    st.dictionaries(st.sampled_from(["a", "b"]), KEEPS),
)


@st.composite
def histories(draw):
    """Up to twelve runs of three flows; parents are older runs, or some that are gone."""
    runs = []
    for number in range(draw(st.integers(0, 12))):
        status = draw(st.sampled_from(["succeeded", "succeeded", "failed", "running", "suspended"]))
        started = EPOCH - timedelta(days=draw(st.integers(0, 8)))
        over = status in ("succeeded", "failed")
        earlier = [run["id"] for run in runs]
        parents = [None, None, None, "gone", *earlier] if draw(st.booleans()) else [None]
        runs.append(
            {
                "id": f"r{number:02}",
                "flow": draw(st.sampled_from("abc")),
                "parent": draw(st.sampled_from(parents)),
                "status": status,
                "pinned": draw(st.sampled_from([False, False, False, True])),
                "started_at": started,
                "ended_at": started + timedelta(hours=draw(st.integers(0, 30))) if over else None,
            }
        )
    return runs


@settings(max_examples=200, deadline=None)
@given(runs=histories(), rules=RULES)
def test_what_is_due_is_what_the_rules_say(runs, rules):
    with duckdb.connect() as view:
        view.execute(
            "CREATE TABLE runs (id VARCHAR, flow VARCHAR, parent VARCHAR, status VARCHAR, "
            "pinned BOOLEAN, started_at TIMESTAMP, ended_at TIMESTAMP)"
        )
        for run in runs:
            view.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", list(run.values()))
        found = due(view, rules, NOW)
    assert len(found) == len(set(found))
    assert set(found) == kept_by_hand(runs, rules)


@pytest.fixture
def week(store, story):
    """One run of each of two flows on each of the last ten days, newest first; half folded."""
    made = {"tour": [], "other": []}
    for day in range(9, -1, -1):
        for flow, runs in made.items():
            events = story.run(flow=flow, at=NOW - day * DAY - 60)
            store.sink.append(events).result(5)
            runs.insert(0, events[0].run)
        if day == 5:
            store.fold()
    return made


def ids(store):
    return {row.id for row in store.history.runs(limit=100).runs}


def test_without_a_setting_nothing_goes_and_nothing_is_written(store, layout, week):
    store.fold()
    before = sorted(path.name for path in layout.journal.iterdir())
    assert store.retention.preview(NOW + 1e9) == {}
    assert store.retention.apply(NOW + 1e9).count == 0
    store.retention.daily(NOW + 1e9)
    assert len(ids(store)) == 20
    assert sorted(path.name for path in layout.journal.iterdir()) == before
    assert not (layout.root / "claims").exists()


def test_a_flow_keeps_to_its_own_rule_and_pinned_runs_stay(store, week):
    store.settings.set("retention", "3d")
    store.settings.set("retention", "last:8", flow="other")
    pinned = week["tour"][7]
    store.history.pin(pinned)
    expected = [*week["tour"][3:7], *week["tour"][8:], *week["other"][8:]]
    assert store.retention.preview(NOW) == {"other": 2, "tour": 6}
    assert len(ids(store)) == 20
    done = store.retention.apply(NOW)
    assert set(done.runs) == set(expected)
    assert ids(store) == {*week["tour"][:3], pinned, *week["other"][:8]}
    assert store.retention.apply(NOW).count == 0
    entries = store.audit.search(action="DELETED").entries
    assert {(e.flow, e.metadata["reason"], e.actor) for e in entries} == {
        ("tour", "retention 3d", SYSTEM),
        ("other", "retention last:8", SYSTEM),
    }
    assert len(entries) == len(expected)


def test_a_flow_may_be_kept_for_ever(store, week):
    store.settings.set("retention", "1d")
    store.settings.set("retention", "forever", flow="tour")
    store.retention.apply(NOW)
    assert ids(store) == {*week["tour"], week["other"][0]}


def test_sub_runs_go_with_their_run_and_not_before(store, story):
    old, new = story.run(at=NOW - 9 * DAY), story.run(at=NOW - 60)
    subs = []
    for parent in (old[0], new[0]):
        events = story.run(flow="inner", at=NOW - 9 * DAY)
        first = events[0]
        events[0] = RunCreated(
            run=first.run, seq=0, at=first.at, flow="inner", version="v1", trigger="subflow",
            nodes=first.nodes, parent=parent.run,
        )  # fmt: skip
        subs.append(events)
    for events in (old, new, *subs):
        store.sink.append(events).result(5)
    store.settings.set("retention", "5d")
    assert store.retention.preview(NOW) == {"tour": 1}
    assert set(store.retention.apply(NOW).runs) == {old[0].run, subs[0][0].run}
    assert ids(store) == {new[0].run, subs[1][0].run}


def test_the_background_does_it_once_a_day(store, layout, week, story):
    store.settings.set("retention", "3d")
    store.settings.set("audit_retention", "30d")
    entry = Audited(at=NOW - 40 * DAY, id="old", action="PINNED", actor="ann")
    store.sink.append([entry]).result(5)
    store.retention.daily(NOW)
    assert len(ids(store)) == 6
    assert store.audit.search(action="PINNED").entries == ()
    late = story.run(at=NOW - 5 * DAY)
    store.sink.append(late).result(5)
    store.settings.set("retention", "2d")  # asks again, and finds the day claimed
    store.retention.daily(NOW + 60)
    assert late[0].run in ids(store)
    store.retention.daily(NOW + DAY)
    assert late[0].run not in ids(store)
    assert len(store.claims.claims("store: retention")) == 2


def test_the_background_thread_applies_it(store, story, monkeypatch, eventually):
    store.settings.set("retention", "3d")
    events = story.run(at=T0)
    store.sink.append(events).result(5)
    monkeypatch.setattr("flowbook.store.folder.IDLE_SECONDS", 0.0)
    eventually(lambda: events[0].run not in ids(store))


def test_a_retention_that_breaks_stops_nothing(store, week, monkeypatch, caplog):
    store.settings.set("retention", "3d")
    monkeypatch.setattr("flowbook.store.retention._DUE", "SELECT nonsense")
    store.retention.daily(NOW)
    assert "no run is half deleted" in caplog.text
    assert len(ids(store)) == 20


@pytest.mark.parametrize("how", ["apply", "daily"])
def test_two_processes_at_once_delete_each_run_once(store, layout, week, child, how):
    store.settings.set("retention", "3d")
    store.fold()
    both = [child("upkeep", layout.root, how, NOW, stdin=subprocess.PIPE) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.stdout.readline().strip() for process in both]
    for process in both:
        process.stdin.close()
        assert process.wait(30) == os.EX_OK
    if how == "apply":
        assert sorted(map(int, said)) == [0, 14]
    store.fold()
    assert ids(store) == {*week["tour"][:3], *week["other"][:3]}
    entries = store.audit.search(action="DELETED").entries
    assert len(entries) == len({entry.run_id for entry in entries}) == 14
