"""Which folders are ours to use."""

import duckdb
import msgspec
import pytest
from msgspec import structs

from flowbook.errors import StoreVersion
from flowbook.events import RunCreated, RunPaused, RunResumed
from flowbook.store.disk import Disk
from flowbook.store.migrations import FORMAT, STEPS, STORAGE_VERSION, Meta, ensure_meta, read_meta
from flowbook.store.store import Store


def test_no_folder_is_no_store(layout):
    assert read_meta(layout) is None


def test_what_was_written_is_read_and_kept(layout):
    assert ensure_meta(layout, Disk()) == Meta(FORMAT, STORAGE_VERSION)
    written = layout.meta.read_bytes()
    assert ensure_meta(layout, Disk()) == read_meta(layout)
    assert layout.meta.read_bytes() == written
    assert sorted(path.name for path in layout.root.iterdir()) == [".gitignore", "meta.json"]


def test_a_store_is_no_part_of_the_users_repository(layout):
    ensure_meta(layout, Disk())
    assert (layout.root / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"format":99,"storage_version":"v3.0.0"}', "99"),
        (b"{}", "unreadable"),
        (b"", "unreadable"),
    ],
)
def test_what_we_cannot_read_is_refused(layout, content, found):
    layout.root.mkdir()
    layout.meta.write_bytes(content)
    with pytest.raises(StoreVersion) as refused:
        ensure_meta(layout, Disk())
    assert (refused.value.found, refused.value.supported) == (found, str(FORMAT))
    assert str(layout.root) in str(refused.value)


FIRST = (
    "events (run_id VARCHAR, seq INTEGER, ts TIMESTAMP, kind VARCHAR, node VARCHAR, "
    "attempt SMALLINT, status VARCHAR, ms DOUBLE, error VARCHAR, payload JSON, writer VARCHAR, "
    "wseq BIGINT)",
    "runs (id VARCHAR, flow VARCHAR, version VARCHAR, trigger VARCHAR, key VARCHAR, "
    "parent VARCHAR, params JSON, nodes INTEGER, host VARCHAR, pid INTEGER, started_at TIMESTAMP, "
    "last_at TIMESTAMP, last_seq INTEGER, writer VARCHAR, outcome VARCHAR, ended_at TIMESTAMP, "
    "duration_ms DOUBLE, failed INTEGER, suspended INTEGER, error VARCHAR)",
    "node_runs (run_id VARCHAR, node VARCHAR, seq INTEGER, status VARCHAR, attempts INTEGER, "
    "executor VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP, duration_ms DOUBLE, "
    "reason VARCHAR, cause VARCHAR, error VARCHAR)",
    "flow_versions (flow VARCHAR, version VARCHAR, spec JSON, recorded_at TIMESTAMP)",
    "writers (writer VARCHAR, wseq BIGINT, host VARCHAR, pid INTEGER, opened_at TIMESTAMP)",
)
"""The tables of format 1, as its first version made them."""


@pytest.fixture
def of_format_1(layout, story):
    """A store of format 1: one run folded into it, one only journalled."""
    layout.journal.mkdir(parents=True)
    folded, journalled = story.run(), story.run(status="succeeded")
    rows = [(e.run, e.seq, msgspec.json.encode(e)) for e in folded]
    with duckdb.connect(str(layout.database)) as database:
        for table in FIRST:
            database.execute(f"CREATE TABLE {table}")
        database.executemany(
            "INSERT INTO events BY NAME SELECT $1 AS run_id, $2 AS seq, $3->>'$.kind' AS kind, "
            "$3->>'$.node' AS node, TRY_CAST($3->>'$.attempt' AS SMALLINT) AS attempt, "
            "$3 AS payload",
            [(run, seq, payload.decode()) for run, seq, payload in rows],
        )
        database.execute(
            "INSERT INTO runs BY NAME SELECT ? AS id, 'tour' AS flow, 'failed' AS outcome, "
            "'2023-11-14'::TIMESTAMP AS started_at, 1 AS failed, 0 AS suspended",
            [folded[0].run],
        )
    lines = [
        b'{"writer":"dead","wseq":%d,"fact":%b}\n' % (wseq, msgspec.json.encode(event))
        for wseq, event in enumerate(journalled)
    ]
    layout.segment("dead", 0).with_suffix(".jsonl").write_bytes(b"".join(lines))
    layout.meta.write_bytes(b'{"format":1,"storage_version":"v2.0.0"}')
    return folded[0].run, journalled[0].run


@pytest.mark.parametrize("first", ["look", "fold"])
def test_a_store_of_an_older_format_is_brought_forward_at_first_use(layout, of_format_1, first):
    old, new = of_format_1
    store = Store.open(layout.root)
    if first == "fold":
        store.fold()
    assert {row.id: row.status for row in store.history.runs().runs} == {
        old: "failed",
        new: "succeeded",
    }
    _names, rows = store.history.table("SELECT run_id, node, port, rows FROM values ORDER BY ALL")
    assert rows == [(old, "fetch", "fetch", 3), (new, "fetch", "fetch", 3)]
    assert read_meta(layout) == Meta(FORMAT, STORAGE_VERSION)
    store.close()


@pytest.mark.parametrize("before", [1, 2])
def test_what_was_recorded_before_there_were_containers_is_outside_of_all(
    layout, of_format_1, before
):
    old, _new = of_format_1
    if before == 2:
        _as_format_2_left_it(layout)
    store = Store.open(layout.root)
    store.fold()
    for table in ("events", "node_runs", "values"):
        _names, rows = store.history.table(f"SELECT count(*), any_value(scope) FROM {table} "
                                           "WHERE scope IS DISTINCT FROM ''")  # fmt: skip
        assert rows == [(0, None)], table
    assert store.history.table("FROM turns")[1] == []
    assert store.history.run(old).failed == 1
    store.close()


def _as_format_2_left_it(layout):
    """Bring the database to format 2, which had no scopes."""
    with duckdb.connect(":memory:") as database:
        database.execute(f"ATTACH '{layout.database}' AS stored")
        for statement in STEPS[2]:
            database.execute(statement)
        for table in ("events", "values", "usage"):
            database.execute(f"ALTER TABLE stored.{table} DROP COLUMN scope")
    layout.meta.write_bytes(b'{"format":2,"storage_version":"v2.0.0"}')


def test_an_interrupted_step_is_done_again(layout, of_format_1):
    with duckdb.connect(":memory:") as database:
        database.execute(f"ATTACH '{layout.database}' AS stored")
        for statement in STEPS[2]:
            database.execute(statement)  # and died before meta.json was written
    store = Store.open(layout.root)
    assert len(store.history.runs().runs) == 2
    _names, rows = store.history.table("SELECT count(*) FROM values")
    assert rows == [(2,)]
    store.close()


def test_format_6_learns_which_runs_are_paused(layout, story):
    store = Store.open(layout.root)
    first, *_rest = story.run()
    held = [first, RunPaused(run=first.run, seq=1, at=first.at + 1)]
    let_go = RunCreated(**{**structs.asdict(first), "run": f"{first.run[:-1]}x"})
    freed = [
        let_go,
        RunPaused(run=let_go.run, seq=1, at=first.at + 1),
        RunResumed(run=let_go.run, seq=2, at=first.at + 2),
    ]
    store.sink.append([*held, *freed]).result(5)
    store.fold()
    store.close()
    with duckdb.connect(str(layout.database)) as database:
        for column in ("environment", "paused"):
            database.execute(f"ALTER TABLE runs DROP COLUMN {column}")
        database.execute("DROP TABLE environments")
    layout.meta.write_bytes(b'{"format":6,"storage_version":"v2.0.0"}')
    store = Store.open(layout.root)
    store.fold()
    _names, rows = store.history.table("SELECT id, paused, environment FROM known_runs")
    assert {row[0]: row[2] for row in rows} == {first.run: None, let_go.run: None}
    with duckdb.connect(str(layout.database), read_only=True) as database:
        told = dict(database.execute("SELECT id, paused FROM runs").fetchall())
    assert told == {first.run: True, let_go.run: False}
    store.close()


def test_a_store_from_before_there_were_schedules_has_none_and_takes_some(layout, story):
    store = Store.open(layout.root)
    old = story.run()
    store.sink.append(old).result(5)
    store.fold()
    store.close()
    with duckdb.connect(":memory:") as database:
        database.execute(f"ATTACH '{layout.database}' AS stored")
        for table in ("schedule_changes", "slot_changes"):
            database.execute(f"DROP TABLE stored.{table}")
        for column in ("schedule", "scheduled_for"):
            database.execute(f"ALTER TABLE stored.runs DROP COLUMN {column}")
    layout.meta.write_bytes(b'{"format":6,"storage_version":"v2.0.0"}')
    store = Store.open(layout.root)
    assert store.agenda.schedules() == ()
    assert store.history.run(old[0].run).schedule is None
    store.agenda.save("nightly", "tour", "tour.ipynb", {"cron": "@daily"}, 1.0, 2.0)
    store.fold()
    assert [row.name for row in store.agenda.schedules()] == ["nightly"]
    assert read_meta(layout) == Meta(FORMAT, STORAGE_VERSION)
    store.close()
