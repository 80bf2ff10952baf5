"""Runs leave for good, whole, and accounted for."""

import json
import os
import time
from datetime import UTC, datetime

import pytest

from flowbook.errors import StoreBusy, StoreError, UsageError
from flowbook.events import NodeSuspended, RunCreated
from flowbook.store.holders import own_run
from flowbook.store.turn import turn

T0 = 1_700_000_000.0
PARTS = ("runs", "events", "node_runs", '"values"', "usage")


@pytest.fixture
def keep(store, story):
    """Keeps a run; its id."""

    def keep(*, parent=None, waits=False, **how):
        events = story.run(**how)
        first = events[0]
        if parent is not None:
            events[0] = RunCreated(
                run=first.run, seq=0, at=first.at, flow=first.flow, version="v1",
                trigger="subflow", nodes=first.nodes, parent=parent,
            )  # fmt: skip
        if waits:
            at = events[-1].at + 1
            events.append(
                NodeSuspended(
                    run=first.run, seq=len(events), at=at, node="clean", reason="approval"
                )
            )
        store.sink.append(events).result(5)
        return first.run

    return keep


def ids(store, **narrowed):
    return {row.id for row in store.history.runs(**narrowed).runs}


def traces(store, run):
    """Rows that any part of the history has of a run, by part."""
    found = {}
    for part in PARTS:
        key = "id" if part == "runs" else "run_id"
        _, rows = store.history.table(f"SELECT count(*) FROM {part} WHERE {key} = ?", [run])
        if rows[0][0]:
            found[part] = rows[0][0]
    return found


@pytest.mark.parametrize("folded", [False, True])
def test_a_deleted_run_is_gone_whole_and_the_others_are_not(store, keep, folded):
    gone, stays = keep(), keep()
    if folded:
        store.fold()
    before = traces(store, stays)
    assert set(before) >= {"runs", "events", "node_runs", '"values"'}
    deletion = store.history.delete(gone, reason="a mistake", actor="ann")
    assert (deletion.count, deletion.runs, deletion.dry_run) == (1, (gone,), False)
    assert traces(store, gone) == {}
    assert traces(store, stays) == before
    with pytest.raises(UsageError, match="no run"):
        store.history.events(gone)
    with pytest.raises(UsageError, match="no run"):
        store.history.delete(gone)


def test_it_is_accounted_for_without_its_content(store, keep):
    run = keep()
    store.history.delete(run, reason="a mistake", actor="ann")
    (entry,) = store.audit.search(run=run).entries
    assert (entry.action, entry.actor, entry.flow) == ("DELETED", "ann", "tour")
    assert set(entry.metadata) == {"reason", "source"}
    assert entry.metadata["reason"] == "a mistake"


def test_a_deleted_run_leaves_no_byte_in_the_journal(store, layout, keep):
    keep()
    run = keep()
    store.history.delete(run)
    left = b"".join(path.read_bytes() for path in layout.journal.glob("*.tsv"))
    assert b"Oslo" not in left
    assert run.encode() not in left


def test_while_the_store_is_busy_no_look_shows_it_and_the_next_fold_takes_it(
    store, layout, keep, monkeypatch
):
    run = keep()
    store.fold()

    def busy(*, budget):
        raise StoreBusy("held")

    monkeypatch.setattr(store, "_fold", busy)
    assert store.history.delete(run).count == 1
    monkeypatch.undo()
    assert traces(store, run) == {}
    assert store.fold() > 0
    assert traces(store, run) == {}


@pytest.mark.kill
def test_a_kill_between_the_journal_and_the_fold_leaves_it_gone_whole(store, layout, keep, child):
    run = keep()
    store.fold()
    died = child("upkeep", layout.root, "delete", run)
    assert died.wait(30) == -9
    assert traces(store, run) == {}
    store.fold()
    assert traces(store, run) == {}
    assert [e.action for e in store.audit.search(run=run).entries] == ["DELETED"]


@pytest.mark.kill
def test_a_run_that_lives_is_refused_and_a_lost_one_goes(store, layout, story, child):
    run = story.run_id(time.time())
    doomed = child("lose", layout.root, run)
    assert doomed.stdout.readline() == "running\n"
    with pytest.raises(UsageError, match=f"run {run} cannot be deleted: it is still going on"):
        store.history.delete(run)
    assert store.history.delete_where(flow="f").skipped == 1
    doomed.kill()
    doomed.wait()
    assert store.history.delete(run).runs == (run,)


@pytest.mark.kill
def test_a_lost_run_that_is_being_taken_up_is_refused(store, layout, lost_run):
    run = lost_run()
    with own_run(layout, run):
        said = f"run {run} cannot be deleted: it was lost, and process {os.getpid()} on .* taken it"
        with pytest.raises(UsageError, match=said):
            store.history.delete(run)
        done = store.history.delete_where(flow="f", dry_run=False)
        assert (done.count, done.skipped) == (0, 1)
    assert store.history.delete(run).runs == (run,)


def test_the_file_of_a_killed_owner_keeps_no_run(store, layout, keep):
    run = keep()
    layout.runs.mkdir()
    (layout.runs / f"{run}.lock").write_text("{}")
    assert store.history.delete(run).count == 1


def test_a_run_that_waits_is_refused(store, keep):
    run = keep(over=False, waits=True)
    with pytest.raises(UsageError, match="going on or waits"):
        store.history.delete(run)
    assert ids(store) == {run}
    assert store.audit.search().entries == ()


def test_a_pinned_run_goes_only_when_it_is_meant(store, keep):
    run = keep()
    store.history.pin(run, actor="ann")
    store.history.pin(run)  # twice is once
    with pytest.raises(UsageError, match="it is pinned"):
        store.history.delete(run)
    store.history.unpin(run, reason="done with it")
    assert not store.history.run(run).pinned
    store.history.pin(run)
    assert store.history.delete(run, pinned=True).count == 1
    told = [(e.action, e.metadata.get("reason")) for e in store.audit.search(run=run).entries]
    assert told == [
        ("DELETED", None), ("PINNED", None), ("UNPINNED", "done with it"), ("PINNED", None)
    ]  # fmt: skip


def test_sub_runs_go_with_the_run_that_started_them(store, keep):
    parent = keep()
    sub = keep(flow="inner", parent=parent)
    subsub = keep(flow="innermost", parent=sub)
    other = keep()
    store.fold()
    assert store.history.delete(parent).runs == (parent, sub, subsub)
    assert ids(store) == {other}
    told = {e.run_id: (e.flow, e.metadata.get("with_run")) for e in store.audit.search().entries}
    assert told == {
        parent: ("tour", None), sub: ("inner", parent), subsub: ("innermost", parent)
    }  # fmt: skip


@pytest.mark.parametrize("why", ["waits", "pinned"])
def test_a_run_stays_with_a_sub_run_that_has_to(store, keep, why):
    parent = keep()
    sub = keep(flow="inner", parent=parent, over=why == "pinned", waits=why == "waits")
    if why == "pinned":
        store.history.pin(sub)
    with pytest.raises(UsageError, match=f"its sub-run {sub} is"):
        store.history.delete(parent)
    deletion = store.history.delete_where(flow="tour", dry_run=False)
    assert (deletion.count, deletion.skipped) == (0, 1)
    assert ids(store) == {parent, sub}


def test_a_bulk_deletion_first_says_what_it_would_take(store, keep):
    for number in range(6):
        keep(flow="tour" if number % 2 else "other", at=T0 + 60 * number)
    counted = store.history.delete_where(flow="tour")
    assert (counted.count, counted.dry_run) == (3, True)
    assert len(ids(store)) == 6
    done = store.history.delete_where(flow="tour", dry_run=False)
    assert (done.count, set(done.runs)) == (3, set(counted.runs))
    assert ids(store, flow="tour") == set()
    assert len(ids(store)) == 3


@pytest.mark.parametrize(
    "narrowed",
    [
        {"flow": "tour"},
        {"status": "failed"},
        {"status": "succeeded", "trigger": "papermill"},
        {"since": datetime.fromtimestamp(T0 + 180, UTC)},
        {"until": datetime.fromtimestamp(T0 + 180, UTC)},
        {"text": "bad"},
        {"pinned": True},
        {"pinned": False},
    ],
    ids=str,
)
def test_a_bulk_deletion_takes_what_a_page_shows(store, keep, narrowed):
    for number in range(8):
        keep(
            flow="tour" if number % 2 else "other",
            status="failed" if number % 3 else "succeeded",
            trigger="papermill" if number % 4 == 0 else "cli",
            at=T0 + 60 * number,
        )
        if number == 4:
            store.fold()
    pinned = {row.id for row in store.history.runs(limit=3).runs}
    for run in pinned:
        store.history.pin(run)
    shown, all_of_them = ids(store, **narrowed), ids(store)
    expected = shown if narrowed.get("pinned") else shown - pinned
    done = store.history.delete_where(**narrowed, reason="tidy", actor="ann", dry_run=False)
    assert set(done.runs) == expected
    assert done.skipped == len(shown) - len(expected)
    assert ids(store) == all_of_them - expected
    entries = store.audit.search(action="DELETED").entries
    assert {entry.run_id for entry in entries} == expected
    assert {entry.metadata["reason"] for entry in entries} <= {"tidy"}
    assert all(set(entry.metadata["filter"]) == set(narrowed) for entry in entries)


def test_a_bulk_deletion_of_everything_has_to_be_spelled_out(store, keep):
    keep()
    assert store.history.delete_where().count == 1
    with pytest.raises(UsageError, match="would take every run"):
        store.history.delete_where(dry_run=False)
    assert store.history.delete_where(until=datetime.now(UTC), dry_run=False).count == 1


def test_a_wrong_filter_deletes_nothing(store, keep):
    keep()
    with pytest.raises(UsageError, match="RunStatus"):
        store.history.delete_where(status="done", dry_run=False)
    assert len(ids(store)) == 1


def test_a_deletion_of_many_is_written_in_pieces_that_part_no_tree(
    store, layout, keep, monkeypatch
):
    monkeypatch.setattr("flowbook.store.deletion._CHUNK", 2)
    monkeypatch.setattr(store, "fold", lambda: None)
    parent = keep()
    expected = {parent, *(keep(parent=parent) for _ in range(4)), *(keep() for _ in range(3))}
    done = store.history.delete_where(flow="tour", dry_run=False)
    assert (set(done.runs), done.count) == (expected, 8)
    lines = b"".join(path.read_bytes() for path in layout.journal.glob("*.tsv")).splitlines()
    facts = [json.loads(line.split(b"\t")[2]) for line in lines if b"RUNS_DELETED" in line]
    assert [len(fact["runs"]) for fact in facts] == [5, 2, 1]
    assert ids(store) == set()
    entries = store.audit.search(action="DELETED").entries
    assert sorted(entry.run_id for entry in entries) == sorted(expected)


def test_whoever_holds_the_turn_is_waited_for_and_not_for_ever(store, layout, keep):
    run = keep()
    with (
        turn(layout),
        pytest.raises(StoreBusy, match="another deletion or change"),
        turn(layout, budget=0.05),
    ):
        pass
    assert store.history.delete(run).count == 1


@pytest.mark.kill
def test_deleting_while_another_process_writes_the_same_flow(store, layout, child):
    writer = child("write", layout.root, 0.02)
    gone = set()
    deadline = time.monotonic() + 20
    while len(gone) < 30 and time.monotonic() < deadline:
        done = store.history.delete_where(flow="f", dry_run=False)
        assert not gone & set(done.runs)  # nothing comes back
        gone |= set(done.runs)
        assert not gone & ids(store, limit=1000)
    writer.kill()
    acknowledged = {}
    for line in writer.stdout:
        run, _, seq = line.rstrip().partition(" ")
        if seq:
            acknowledged.setdefault(run, set()).add(int(seq))
    assert len(gone) >= 30
    store.fold()
    for run, seqs in acknowledged.items():
        if run in gone:
            assert traces(store, run) == {}
        else:
            assert {event.seq for event in store.history.events(run)} >= seqs
    assert {e.run_id for e in store.audit.search(limit=10_000).entries} == gone


def test_asking_to_change_what_is_not_there_makes_no_folder(store, layout):
    for change in (store.history.delete, store.history.pin, store.history.unpin):
        with pytest.raises(UsageError, match="no run"):
            change("r1")
    assert store.history.delete_where(flow="tour", dry_run=False).count == 0
    assert not layout.root.exists()


def test_where_nothing_can_be_written_nothing_is_deleted(store, layout, keep):
    run = keep()
    layout.change.mkdir()
    with pytest.raises(StoreError, match="nothing can be changed"):
        store.history.delete(run)
    assert ids(store) == {run}
