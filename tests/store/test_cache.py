"""What the cache is told by the history, and that what is cleared stays cleared."""

from __future__ import annotations

import pytest

from flowbook.errors import UsageError
from flowbook.events import NodeCompleted, NodeReused, RunCreated, TriggerKind
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.store.cache import Which
from flowbook.store.store import Store

REF = ValueRef("ab" * 32, ValueFormat.PARQUET, "pandas.DataFrame", size=100, rows=3)


@pytest.fixture
def computed(store, story):
    """`computed(node=…, key=…)` journals a run in which a node was computed, or taken."""

    def journal(*, flow="tour", node="clean", key="k", at=1_700_000_000.0, source=None):
        run = story.run_id(at)
        begun = RunCreated(
            run=run, seq=0, at=at, flow=flow, version="v", trigger=TriggerKind.CLI, nodes=(node,)
        )
        fields = {"run": run, "seq": 1, "at": at + 1, "node": node, "cache_key": key}
        if source is None:
            ended = NodeCompleted(
                **fields, attempt=1, ms=5.0, outputs={node: REF}, cache_parts={"code": "c"}
            )
        else:
            ended = NodeReused(**fields, source=source, outputs={node: REF})
        store.sink.append([begun, ended]).result()
        return run

    return journal


def recalled(store, key="k", flow="tour", node="clean"):
    found = store.cache.recall(key, flow, node)
    return (
        found.done and found.done.run,
        found.cleared is not None,
        found.last and found.last.run,
    )


@pytest.fixture(params=["in the journal", "folded", "rebuilt"])
def settle(request, store):
    """Where the facts are when somebody asks."""

    def to():
        if request.param == "folded":
            store.fold()
        elif request.param == "rebuilt":
            store.rebuild(partial=True)

    return to


def test_the_newest_completion_under_a_key_is_given(store, computed, settle):
    computed(at=1.0)
    second = computed(at=100.0)
    computed(at=200.0, source=second)
    settle()
    assert recalled(store) == (second, False, None)


def test_without_one_the_last_completion_of_the_node_is_told(store, computed, settle):
    computed(at=1.0, key="old")
    last = computed(at=100.0, key="older")
    computed(at=200.0, key="of another", flow="other")
    computed(at=300.0, key="of another", node="report")
    settle()
    assert recalled(store) == (None, False, last)
    assert recalled(store, flow="nobody") == (None, False, None)


@pytest.mark.parametrize(
    ("which", "hits"),
    [
        (Which(), False),
        (Which(flow="tour"), False),
        (Which(node="clean"), False),
        (Which(flow="tour", node="clean"), False),
        (Which(flow="other"), True),
        (Which(flow="tour", node="report"), True),
    ],
)
def test_what_is_cleared_is_not_given(store, computed, settle, which, hits):
    run = computed()
    store.cache.clear(which)
    settle()
    assert recalled(store) == (run, not hits, None)
    assert [one.run for one in store.cache.entries()] == ([run] if hits else [])


def test_what_is_computed_afterwards_is_given(store, computed, settle):
    computed()
    store.cache.clear(Which(node="clean"))
    after = computed(at=4_000_000_000.0)
    settle()
    assert recalled(store) == (after, False, None)


def test_a_completion_of_a_clock_that_is_ahead_is_cleared_too(store, computed):
    run = computed(at=4_000_000_000.0)
    store.cache.clear(Which())
    assert recalled(store) == (run, True, None)


def test_a_result_of_another_flow_stands_in_for_one_that_was_cleared(store, computed):
    kept = computed(at=1.0, flow="other", node="same")
    computed(at=100.0)
    store.cache.clear(Which(flow="tour"))
    assert recalled(store, flow="third", node="x") == (kept, False, None)
    assert recalled(store)[1] is True  # it asked not to be given anything old


def test_another_store_of_the_folder_sees_it_at_once(store, computed, child, layout):
    run = computed()
    process = child("clear", layout.root, "clean")
    assert process.stdout.read().split() == ["1"]
    assert recalled(store) == (run, True, None)


def test_entries_tell_what_they_are_worth(store, computed, settle):
    first = computed(at=1.0)
    computed(at=100.0, source=first)
    computed(at=200.0, source=first)
    computed(at=300.0, key="l", node="report")
    settle()
    newest, entry = store.cache.entries()
    assert newest.node == "report"
    assert (entry.run, entry.key, entry.bytes, entry.ms, entry.hits) == (first, "k", 100, 5.0, 2)
    assert entry.to_json()["computed_at"] == "1970-01-01T00:00:02.000Z"
    assert entry.last_hit.timestamp() == 201.0
    assert store.cache.entries(flow="other") == ()
    assert [one.key for one in store.cache.entries(node="report")] == ["l"]


def test_only_saying_what_would_be_cleared_changes_nothing(store, computed):
    run = computed()
    would = store.cache.clear(Which(), dry_run=True)
    assert (would.count, would.dry_run) == (1, True)
    assert recalled(store) == (run, False, None)


def test_a_tag_is_looked_up_in_the_recorded_definitions(store, computed, settle):
    spec = '{"nodes": [{"id": "clean", "options": {"tags": "slow, io"}}, {"id": "report"}]}'
    store.record_flow("tour", "v", spec).result()
    run = computed()
    other = computed(node="report", key="l")
    settle()
    assert store.cache.clear(Which(tag="io")).count == 1
    assert recalled(store) == (run, True, None)
    assert recalled(store, "l", node="report") == (other, False, None)
    with pytest.raises(UsageError, match="no node has the tag 'lo'"):
        store.cache.clear(Which(tag="lo"))


def test_clearing_is_accounted_for(store, computed):
    computed()
    store.cache.clear(Which(flow="tour", node="clean"), actor="ann")
    entry = store.audit.search(action="CACHE_CLEARED").entries[0]
    assert (entry.actor, entry.flow, entry.metadata["node"], entry.metadata["count"]) == (
        "ann",
        "tour",
        "clean",
        1,
    )


def test_a_deleted_run_gives_nothing(store, computed):
    from flowbook.events import RunCompleted, RunStatus

    run = computed()
    store.sink.append(
        [RunCompleted(run=run, seq=2, at=1_700_000_002.0, status=RunStatus.SUCCEEDED, ms=1.0)]
    ).result()
    store.history.delete(run)
    assert recalled(store) == (None, False, None)


def test_a_project_without_history_stays_without(tmp_path):
    store = Store.open(tmp_path / ".flowbook")
    assert store.cache.clear(Which()).count == 0
    assert not (tmp_path / ".flowbook").exists()
    store.close()
