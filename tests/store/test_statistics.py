"""The views that sum up: how often, how long, and along which way."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowbook.events import (
    NodeCompleted,
    NodeReused,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    NodeUsed,
    RunCompleted,
    RunCreated,
    RunStatus,
    ScopeOpened,
    SkipReason,
    TriggerKind,
    decode,
)
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.run.critical import critical_path
from flowbook.store.migrations import STEPS
from flowbook.store.store import Store

GOLDEN = Path(__file__).parents[1] / "golden" / "runs"
DAY = 86_400
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
REF = ValueRef("", ValueFormat.JSON, "int", size=10)


@pytest.fixture(params=["journalled", "folded", "folded in between"])
def keep(request, store):
    """Appends the events of runs, and folds them, or not, or half of them."""

    def keep(*runs):
        for events in runs:
            half = len(events) // 2
            store.sink.append(events[:half]).result(5)
            if request.param == "folded in between":
                store.fold()
            store.sink.append(events[half:]).result(5)
        if request.param != "journalled":
            store.fold()

    return keep


@pytest.fixture
def rows(store):
    """What a query gives."""
    return lambda query, **values: store.history.table(query, values)[1]


class Script:
    """The events of one run, line by line: `0.5 completed clean`."""

    def __init__(self, run, at, flow="tour", version="v1"):
        self.run, self.at = run, at
        self.events = []
        self.add(0, RunCreated, flow=flow, version=version, trigger=TriggerKind.CLI, nodes=())

    def add(self, after, kind, **fields):
        self.events.append(kind(run=self.run, seq=len(self.events), at=self.at + after, **fields))
        return self

    def scheduled(self, after, *nodes, scope=""):
        for node in nodes:
            self.add(after, NodeScheduled, node=node, scope=scope)
        return self

    def started(self, after, node, scope=""):
        return self.add(after, NodeStarted, node=node, attempt=1, on="loop", scope=scope)

    def completed(self, after, node, ms=1.0, outputs=(), scope=""):
        gave = dict.fromkeys(outputs, REF)
        return self.add(
            after, NodeCompleted, node=node, attempt=1, ms=ms, outputs=gave, scope=scope
        )

    def skipped(self, after, node, scope=""):
        why = SkipReason.BRANCH_NOT_TAKEN
        return self.add(after, NodeSkipped, node=node, reason=why, scope=scope)

    def over(self, after, status="succeeded"):
        self.add(after, RunCompleted, status=RunStatus(status), ms=after * 1e3)
        return self.events


@pytest.fixture
def script(story):
    """Begins a run so many days after the first of June 2026."""

    def script(day=0, **fields):
        at = NOON + day * DAY
        return Script(story.run_id(at), at, **fields)

    return script


def diamond(script):
    """`a` feeds `slow` and `quick`, both feed `last`, which has to wait for its place."""
    return (
        script.scheduled(0, "a")
        .started(0, "a")
        .completed(1, "a", outputs=["a"])
        .scheduled(1, "slow", "quick")
        .started(1, "slow")
        .started(1, "quick")
        .completed(2, "quick", outputs=["quick"])
        .completed(4, "slow", outputs=["slow"])
        .scheduled(4, "last")
        .started(5, "last")
        .completed(8, "last", outputs=["last"])
        .over(8)
    )


# ---------------------------------------------------------------- how often and how long


def test_percentiles_are_exact_and_of_what_completed(keep, rows, script):
    runs = [
        script(n).scheduled(0, "a").started(0.5, "a").completed(1, "a", ms=float(n)).over(1)
        for n in range(1, 101)
    ]
    keep(*runs)
    assert rows(
        "SELECT runs, completed, failed, success_rate, p50_ms, p95_ms, p99_ms, mean_ms, total_ms, "
        "attempts, wait_ms FROM node_stats WHERE flow = 'tour' AND node = 'a'"
    ) == [(100, 100, 0, 1.0, 50.5, 95.05, 99.01, 50.5, 5050.0, 100, 500.0)]


def test_what_failed_counts_and_lengthens_nothing(keep, rows, story):
    keep(story.run(status="failed"), story.run(status="succeeded"))
    query = (
        "SELECT node, runs, completed, failed, skipped, success_rate, p50_ms, attempts "
        "FROM node_stats ORDER BY node"
    )
    assert rows(query) == [
        ("clean", 2, 1, 1, 0, 0.5, 80.0, 2),
        ("fetch", 2, 2, 0, 0, 1.0, 300.0, 4),
        ("report", 0, 0, 0, 1, None, None, 0),
    ]
    assert rows("SELECT runs, succeeded, failed, success_rate, p50_ms FROM flow_stats") == [
        (2, 1, 1, 0.5, 700.0)
    ]


def test_what_was_reused_did_not_run(keep, rows, script):
    keep(script().add(0, NodeReused, node="a", outputs={"a": REF}).over(1))
    assert rows("SELECT runs, reused, success_rate, p50_ms FROM node_stats") == [(0, 1, None, None)]


def test_inside_of_a_container_every_turn_counts(keep, rows, script):
    run = script().scheduled(0, "each").started(0, "each")
    for n in range(3):
        turn = f"each[{n}]"
        run.add(n, ScopeOpened, node="each", index=n).scheduled(n, "clean", scope=turn)
        run.started(n, "clean", turn).completed(n + 1, "clean", ms=n * 10.0, scope=turn)
    keep(run.completed(3, "each", ms=3000.0).over(3))
    assert rows("SELECT node, runs, p50_ms FROM node_stats ORDER BY node") == [
        ("clean", 3, 10.0),
        ("each", 1, 3000.0),
    ]


def test_statistics_are_narrowed_by_when_runs_started(keep, rows, script):
    keep(*(script(day).scheduled(0, "a").completed(1, "a").over(1) for day in range(10)))
    for view in ("node_stats", "flow_stats"):
        assert rows(f"SELECT runs FROM {view}") == [(10,)]
        assert rows(f"SELECT runs FROM {view}('2026-06-04 12:00')") == [(7,)]
        assert rows(f"SELECT runs FROM {view}('2026-06-04 12:00', '2026-06-06 12:00')") == [(2,)]
        assert rows(f"SELECT runs FROM {view}(until := '2026-06-03 12:00')") == [(2,)]
        assert rows(f"FROM {view}('2027-01-01')") == []


def test_a_flow_says_which_run_was_its_last(keep, rows, story):
    first, last = story.run(at=NOON), story.run(at=NOON + DAY, over=False)
    keep(last, first)
    assert rows("SELECT runs, last_run, last_status, epoch(last_started_at) FROM flow_stats") == [
        (2, last[0].run, "running", NOON + DAY)
    ]


def test_of_runs_begun_at_one_instant_the_last_made_is_the_last(keep, rows, story):
    made = [story.run(at=NOON, status=how) for how in ("failed", "failed", "succeeded")]
    keep(made[2], made[0], made[1])
    assert rows("SELECT last_run, last_status FROM flow_stats") == [(made[2][0].run, "succeeded")]


def test_the_trend_has_a_row_for_each_day_with_runs(keep, rows, story):
    keep(*(story.run(at=NOON + day * DAY, status=how)
           for day, how in ((0, "succeeded"), (0, "failed"), (2, "succeeded"))))  # fmt: skip
    assert rows(
        "SELECT day::VARCHAR, runs, succeeded, failed, success_rate, p95_ms FROM daily_stats "
        "WHERE flow = 'tour' ORDER BY day"
    ) == [("2026-06-01", 2, 1, 1, 0.5, 700.0), ("2026-06-03", 1, 1, 0, 1.0, 700.0)]


# ---------------------------------------------------------------- along which way


def test_the_critical_path_is_what_each_node_waited_for_last(keep, rows, script):
    keep(diamond(script()), diamond(script(1)))
    run = rows("SELECT min(id) FROM runs")[0][0]
    found = rows(
        "SELECT step, node, status, ms, wait_ms, share FROM critical_path WHERE run_id = $run "
        "ORDER BY step",
        run=run,
    )
    assert found == [
        (1, "a", "succeeded", 1000.0, 0.0, 0.125),
        (2, "slow", "succeeded", 3000.0, 0.0, 0.375),
        (3, "last", "succeeded", 4000.0, 1000.0, 0.5),
    ]


def test_every_turn_has_a_path_of_its_own(keep, rows, script):
    run = script().scheduled(0, "each").started(0, "each")
    for scope, slow in (("each[0]", 3), ("each[1]", 1)):
        run.scheduled(0, "x", scope=scope).started(0, "x", scope)
        run.completed(slow, "x", scope=scope).scheduled(slow, "y", scope=scope)
        run.started(slow, "y", scope).completed(slow + 1, "y", scope=scope)
    keep(run.completed(4, "each").over(4))
    assert rows(
        "SELECT scope, list(node ORDER BY step), sum(ms) FROM critical_path GROUP BY scope "
        "ORDER BY scope"
    ) == [("", ["each"], 4000.0), ("each[0]", ["x", "y"], 4000.0), ("each[1]", ["x", "y"], 2000.0)]


def test_a_path_is_told_while_the_run_goes_on(keep, rows, script):
    run = script().scheduled(0, "a").started(0, "a").completed(2, "a").scheduled(2, "b")
    keep(run.started(2, "b").events)
    assert rows("SELECT step, node, ms FROM critical_path") == [(1, "a", 2000.0)]


def test_a_long_chain_is_told_whole(store, rows, script):
    run = script()
    for n in range(500):
        run.scheduled(n, f"n{n}").started(n, f"n{n}").completed(n + 1, f"n{n}")
    store.sink.append(run.over(500)).result(5)
    found = rows("SELECT node FROM critical_path ORDER BY step")
    assert [node for (node,) in found] == [f"n{n}" for n in range(500)]


@pytest.mark.parametrize("golden", sorted(path.stem for path in GOLDEN.glob("*.json")))
def test_sql_and_python_tell_the_same_path(store, rows, golden):
    text = (GOLDEN / f"{golden}.json").read_text(encoding="utf-8")
    events = [decode(json.dumps(event)) for event in json.loads(text)["events"]]
    if not events:
        return
    store.sink.append(events).result(5)
    found = rows("SELECT scope, node, status, ms, wait_ms FROM critical_path ORDER BY scope, step")
    scopes = sorted({getattr(event, "scope", "") for event in events})
    assert found == [
        (scope, step.node, step.status, pytest.approx(step.ms, abs=0.01),
         step.wait_ms if step.wait_ms is None else pytest.approx(step.wait_ms, abs=0.01))
        for scope in scopes
        for step in critical_path(events, scope)
    ]  # fmt: skip


EDGES = [
    ("pick", "left", "a", "left"),
    ("pick", "right", "b", "right"),
    ("a", "a", "end", "a"),
    ("b", "b", "end", "b"),
]


def picked(script, port, node):
    """`pick` gives `port`, so that `node` runs and the other does not."""
    other = {"a": "b", "b": "a"}[node]
    return (
        script.started(0, "pick")
        .completed(1, "pick", outputs=[port])
        .skipped(1, other)
        .started(1, node)
        .completed(2, node, outputs=[node])
        .started(2, "end")
        .completed(3, "end")
        .over(3)
    )


def test_an_edge_is_taken_where_a_value_went_along_it(store, keep, rows, script):
    store.record_flow("tour", "v1", "{}", EDGES)
    keep(picked(script(), "left", "a"), picked(script(1), "left", "a"),
         picked(script(2), "right", "b"))  # fmt: skip
    query = "SELECT source, output, target, runs, taken, times FROM {} ORDER BY ALL"
    assert rows(query.format("edge_frequency")) == [
        ("a", "a", "end", 3, 2, 2),
        ("b", "b", "end", 3, 1, 1),
        ("pick", "left", "a", 3, 2, 2),
        ("pick", "right", "b", 3, 1, 1),
    ]
    assert rows(query.format("edge_frequency('2026-06-03')")) == [
        ("a", "a", "end", 1, 0, 0),
        ("b", "b", "end", 1, 1, 1),
        ("pick", "left", "a", 1, 0, 0),
        ("pick", "right", "b", 1, 1, 1),
    ]


def test_an_edge_of_one_version_is_asked_of_its_runs_only(store, keep, rows, script):
    store.record_flow("tour", "v1", "{}", EDGES[:1])
    store.record_flow("tour", "v2", "{}", EDGES)
    keep(picked(script(), "left", "a"), picked(script(1, version="v2"), "left", "a"))
    assert rows("SELECT target, runs, taken FROM edge_frequency WHERE source = 'pick' "
                "ORDER BY target") == [("a", 2, 2), ("b", 1, 0)]  # fmt: skip


def test_an_edge_into_a_container_is_taken_once_a_turn(store, keep, rows, script):
    store.record_flow("tour", "v1", "{}", [("a", "a", "x", "a"), ("x", "x", "y", "x")])
    run = script().started(0, "a").completed(1, "a", outputs=["a"])
    for n in range(3):
        turn = f"each[{n}]"
        run.started(1, "x", turn).completed(2, "x", outputs=["x"] if n else [], scope=turn)
        if n:
            run.started(2, "y", turn).completed(3, "y", scope=turn)
    keep(run.over(3))
    assert rows("SELECT source, runs, taken, times FROM edge_frequency ORDER BY source") == [
        ("a", 1, 1, 3),
        ("x", 1, 1, 2),
    ]


def test_a_version_that_was_recorded_without_edges_gets_them_with_its_next_run(layout, script):
    for edges in (None, EDGES[:1]):
        store = Store.open(layout.root)
        store.record_flow("tour", "v1", "{}", edges).result(5)
        store.fold()
        store.close()
    store = Store.open(layout.root)
    versions = store.history.table("SELECT flow, version, number, edges FROM flow_versions")[1]
    assert versions == [("tour", "v1", 1, '[["pick","left","a","left"]]')]
    store.close()


# ---------------------------------------------------------------- what it took


def measured(script):
    """`a` ran in two turns, measured; `b` was not measured."""
    run = script
    for n in range(2):
        run.started(0, "a", f"each[{n}]")
        run.add(1, NodeUsed, node="a", attempt=1, cpu_ms=100.0 * (n + 1), memory=1000 * (n + 1),
                is_estimate=bool(n), scope=f"each[{n}]")  # fmt: skip
        run.completed(1, "a", outputs=["a", "more"], scope=f"each[{n}]")
    return run.started(1, "b").completed(2, "b").over(2)


def test_resources_are_summed_over_turns_and_memory_is_the_most(keep, rows, script):
    keep(measured(script()))
    assert rows(
        "SELECT node, times, attempts, cpu_ms, memory, is_estimate, bytes FROM resources "
        "ORDER BY node"
    ) == [("a", 2, 2, 300.0, 2000, True, 40), ("b", 1, 1, None, None, False, 0)]
    assert rows("SELECT node, cpu_ms, memory FROM node_stats ORDER BY node") == [
        ("a", 150.0, 2000),
        ("b", None, None),
    ]


def test_what_was_folded_before_is_brought_forward(store, layout, rows, script):
    import duckdb

    store.sink.append(measured(script().scheduled(0, "a", scope="each[0]"))).result(5)
    store.fold()
    query = ("SELECT node, scope, epoch(scheduled_at), cpu_ms, memory, is_estimate "
             "FROM node_runs ORDER BY scope, node")  # fmt: skip
    made = rows(query)
    store.close()
    with duckdb.connect(":memory:") as database:
        database.execute(f"ATTACH '{layout.database}' AS stored")
        for column in ("scheduled_at", "cpu_ms", "memory", "is_estimate"):
            database.execute(f"ALTER TABLE stored.node_runs DROP COLUMN {column}")
        for _twice in range(2):
            for statement in STEPS[6]:
                database.execute(statement)
        columns = query.replace("FROM node_runs", "FROM stored.node_runs")
        assert database.execute(columns).fetchall() == made
