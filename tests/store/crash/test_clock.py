"""A clock that is set back while runs are reported."""

import time

from flowbook.events import NodeCompleted, NodeStarted, RunCompleted, RunCreated, RunStatus
from flowbook.session.start import mint_run_id
from flowbook.store.store import Store


def test_a_run_keeps_its_order_when_the_clock_is_set_back(store):
    run, now = mint_run_id(), 1_700_000_000.0
    events = [
        RunCreated(run=run, seq=0, at=now, flow="f", version="v", trigger="cli", nodes=("n",)),
        NodeStarted(run=run, seq=1, at=now - 3600, node="n", attempt=1),
        NodeCompleted(run=run, seq=2, at=now - 7200, node="n", attempt=1, ms=5.0),
        RunCompleted(run=run, seq=3, at=now - 60, status=RunStatus.SUCCEEDED, ms=9.0),
    ]
    for number, event in enumerate(events):
        store.sink.append([event]).result(10)
        if number % 2:
            store.fold()
        assert store.history.events(run) == events[: number + 1]
    row = store.history.run(run)
    assert (row.status, row.duration_ms) == ("succeeded", 9.0)
    (node,) = store.history.node_runs(run)
    assert (node.status, node.duration_ms) == ("succeeded", 5.0)


def test_ids_and_writers_go_on_when_the_clock_is_set_back(layout, monkeypatch):
    first = [mint_run_id() for _ in range(50)]
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 3600 * 10**9)
    second = [mint_run_id() for _ in range(50)]
    assert first + second == sorted({*first, *second})
    for run in (first[0], second[0]):
        store = Store.open(layout.root)
        created = RunCreated(
            run=run, seq=0, at=time.time(), flow="f", version="v", trigger="cli", nodes=()
        )
        store.sink.append([created]).result(10)
        store.close()
    store = Store.open(layout.root)
    assert {row.id for row in store.history.runs().runs} == {first[0], second[0]}
    store.close()
