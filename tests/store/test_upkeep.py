"""Once a day, somebody tidies; and nobody is stopped by it."""

import os
import time

import pytest

from flowbook.errors import StoreBusy
from flowbook.events import NodeSuspended
from flowbook.store.audit import SYSTEM
from flowbook.store.disk import Disk, Durability
from flowbook.store.holders import own_run
from flowbook.store.store import Store
from flowbook.store.upkeep import CLAIM_SECONDS, DAY_SECONDS

from .test_garbage import age, files, path_of, text

NOW = 1_800_000_000.0


def lost_owner(layout, run):
    layout.runs.mkdir(parents=True, exist_ok=True)
    path = layout.runs / f"{run}.lock"
    path.write_text("{}")
    return path


def test_files_of_killed_owners_go_and_those_of_live_ones_stay(store, layout):
    dead = lost_owner(layout, "dead")
    with own_run(layout, "live"):
        store.upkeep.daily(NOW)
        assert not dead.exists()
        assert (layout.runs / "live.lock").exists()


def test_signals_go_with_the_run_that_will_not_take_them(store, story):
    over, waits = story.run(), story.run(over=False)
    run = waits[0].run
    waits.append(
        NodeSuspended(run=run, seq=len(waits), at=time.time(), node="clean", reason="approval")
    )
    store.sink.append([*over, *waits]).result(5)
    for one in (over[0].run, run, "unknown"):
        store.signals.send(one, "cancel")
    assert store.upkeep.clear_signals(time.time()) == 1
    assert set(store.signals.runs()) == {run, "unknown"}  # it may not be journalled at all
    assert store.upkeep.clear_signals(time.time() + DAY_SECONDS + 1) == 1
    assert store.signals.runs() == (run,)


@pytest.mark.kill
def test_signals_of_a_lost_run_wait_for_whoever_takes_it_up(store, lost_run):
    run = lost_run()
    store.signals.send(run, "cancel")
    assert store.upkeep.clear_signals(time.time() + 9 * DAY_SECONDS) == 0
    store.history.delete(run)
    assert store.upkeep.clear_signals(time.time() + 9 * DAY_SECONDS) == 1


def test_old_claims_are_forgotten_but_for_the_newest(store):
    for tick in ("1", "2", "3"):
        store.claims.claim("nightly", tick)
    store.upkeep.daily(time.time() + CLAIM_SECONDS - 60)
    assert len(store.claims.claims("nightly")) == 3
    store.upkeep.daily(time.time() + CLAIM_SECONDS + DAY_SECONDS)
    assert [claim.tick for claim in store.claims.claims("nightly")] == ["3"]


def test_values_nothing_needs_go_when_they_are_a_day_old(store, layout):
    old, young = (store.vault.put(text(word)) for word in ("old", "young"))
    age(path_of(layout, old), DAY_SECONDS + 60)
    age(path_of(layout, young), DAY_SECONDS - 3600)
    store.upkeep.daily(NOW)
    assert files(layout) == [path_of(layout, young).name]
    (entry,) = store.audit.search(action="COLLECTED").entries
    assert (entry.actor, entry.metadata["objects"], entry.metadata["kept"]) == (SYSTEM, 1, 1)
    assert entry.metadata["grace_seconds"] == DAY_SECONDS


def test_where_nothing_goes_there_is_no_entry(store, layout):
    store.upkeep.daily(NOW)
    assert store.audit.search().entries == ()


def test_it_is_done_once_a_day_by_one_of_all_processes(store, layout):
    store.upkeep.daily(NOW)
    dead = lost_owner(layout, "dead")
    store.upkeep.daily(NOW + 60)
    other = Store(layout.root, Durability.FSYNC, Disk())  # as if of another process
    other.upkeep.daily(NOW + 120)
    assert dead.exists()
    other.upkeep.daily(NOW + DAY_SECONDS)
    assert not dead.exists()
    other.close()


@pytest.mark.parametrize("error", [OSError("broken"), StoreBusy("held")])
def test_a_chore_that_fails_keeps_no_other_from_being_done(store, layout, error, monkeypatch):
    def refuse():
        raise error

    monkeypatch.setattr(store.signals, "runs", refuse)
    ref = store.vault.put(text("old"))
    age(path_of(layout, ref), DAY_SECONDS + 60)
    store.upkeep.daily(NOW)
    assert files(layout) == []


def test_the_background_does_it(store, layout, story, monkeypatch, eventually):
    dead = lost_owner(layout, "dead")
    monkeypatch.setattr("flowbook.store.folder.IDLE_SECONDS", 0.0)
    store.settings.declare("retention", "3d", "tour")
    events = story.run(at=1_700_000_000.0)
    store.sink.append(events).result(5)
    eventually(lambda: not dead.exists())
    eventually(lambda: not store.history.runs().runs)
    (entry,) = store.audit.search(action="DELETED").entries
    assert entry.metadata["reason"] == "retention 3d"
    assert os.listdir(layout.runs) == []
