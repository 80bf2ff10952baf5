"""The tables of the store, the views a query sees, and the one definition that joins them.

A run's row is *combined* from deltas: every event is a delta (most columns NULL), and rows combine
by associative aggregates (first known value, sum, latest by `seq`). So the fold combines stored
rows with the deltas of a batch, a reader combines them with the deltas of the unfolded tail, and
both say the same; the tables could be rebuilt from `events` at any time.

No index, primary key or UNIQUE anywhere: zone maps over time-ordered run ids find a run, an index
costs minutes on deletion, and uniqueness is the fold's job. Times are TIMESTAMP in UTC, because
TIMESTAMPTZ cannot be fetched without pytz.

`stored` is the catalog the database file is attached as, `tail` the temporary table of journalled
facts that no fold has taken up yet.
"""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

from collections.abc import Mapping

TABLES: Mapping[str, str] = {
    "events": "run_id VARCHAR, seq INTEGER, ts TIMESTAMP, kind VARCHAR, node VARCHAR, "
    "attempt SMALLINT, status VARCHAR, ms DOUBLE, error VARCHAR, cache_key VARCHAR, payload JSON, "
    "writer VARCHAR, wseq BIGINT",
    "runs": "id VARCHAR, flow VARCHAR, version VARCHAR, trigger VARCHAR, key VARCHAR, "
    "parent VARCHAR, params JSON, nodes INTEGER, host VARCHAR, pid INTEGER, "
    "started_at TIMESTAMP, last_at TIMESTAMP, last_seq INTEGER, writer VARCHAR, "
    "outcome VARCHAR, ended_at TIMESTAMP, duration_ms DOUBLE, failed INTEGER, "
    "suspended INTEGER, error VARCHAR",
    "node_runs": "run_id VARCHAR, node VARCHAR, seq INTEGER, status VARCHAR, attempts INTEGER, "
    "executor VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP, duration_ms DOUBLE, "
    "reason VARCHAR, cause VARCHAR, error VARCHAR",
    "flow_versions": "flow VARCHAR, version VARCHAR, spec JSON, recorded_at TIMESTAMP",
    "writers": "writer VARCHAR, wseq BIGINT, host VARCHAR, pid INTEGER, opened_at TIMESTAMP",
}
"""Tables of the database file, by name."""

VIEWS: Mapping[str, Mapping[str, str]] = {
    "runs": {
        "id": "UUIDv7 of the run: sorts by start",
        "flow": "name of the flow",
        "version": "content hash of the definition it ran",
        "status": "running, suspended, succeeded, failed or cancelled",
        "trigger": "what started it: manual, cell, canvas, cli, papermill, …",
        "started_at": "UTC",
        "ended_at": "UTC; the last sign of life when its process is gone; NULL while it runs",
        "duration_ms": "milliseconds from start to end; NULL while it runs",
        "params": "JSON of the parameters",
        "nodes": "how many nodes its plan has",
        "failed": "how many of them failed",
        "error": "what ended it, or 'lost: process N is gone'",
        "host": "machine it runs on, or ran on last",
        "pid": "process it runs in, or ran in last",
        "parent": "run that started this one as a sub-flow",
        "key": "run key: a second start with the same key returns this run",
    },
    "events": {
        "run_id": "the run",
        "seq": "position in the run, from 0",
        "ts": "UTC",
        "kind": "RUN_CREATED, NODE_COMPLETED, …",
        "node": "the node, if it is about one",
        "attempt": "attempt of the node, from 1",
        "status": "how the run ended, on RUN_COMPLETED",
        "ms": "milliseconds it took, where it says that something ended",
        "error": "the error it carries, as `type: message`",
        "cache_key": "on a NODE_COMPLETED that the cache may give again: same key, same outputs",
        "payload": "JSON of the whole event",
    },
    "node_runs": {
        "run_id": "the run",
        "node": "the node",
        "status": "scheduled, running, backoff, suspended, succeeded, reused, failed, skipped "
        "or cancelled",
        "attempts": "how many attempts began",
        "executor": "where the last attempt ran",
        "started_at": "UTC; the first attempt",
        "ended_at": "UTC",
        "duration_ms": "milliseconds of the last attempt",
        "reason": "why it was skipped or suspended",
        "cause": "the node that made it skip",
        "error": "the last error, or 'lost: process N is gone'",
    },
    "flow_versions": {
        "flow": "name of the flow",
        "version": "content hash of the definition",
        "spec": "JSON of the definition",
        "recorded_at": "UTC; first seen",
    },
}
"""The views `History.sql` may read: their columns, in order, and what they mean."""

_EVENT_COLUMNS = ", ".join(VIEWS["events"])

TAIL = (
    "writer VARCHAR, wseq BIGINT, kind VARCHAR, run_id VARCHAR, seq INTEGER, ts TIMESTAMP, "
    "node VARCHAR, attempt SMALLINT, status VARCHAR, ms DOUBLE, error VARCHAR, cache_key VARCHAR, "
    "payload JSON"
)
"""Columns of the tail: `events` and the store's own facts in one."""

_TS = "make_timestamp(CAST(round(CAST({} AS DOUBLE) * 1e6) AS BIGINT))"

_ERROR = "nullif(concat_ws(': ', list_last(string_split(f[11], '.')), nullif(f[9], '')), '')"
"""`KeyError: 'rain'`: a message alone often says nothing."""

LOAD_TAIL = f"""
INSERT INTO tail
SELECT writer, wseq, f[1], f[2], TRY_CAST(f[3] AS INTEGER), {_TS.format("f[4]")}, f[5],
       TRY_CAST(f[6] AS SMALLINT), f[7], TRY_CAST(f[8] AS DOUBLE), {_ERROR}, f[10], fact
FROM (
    SELECT line.writer, line.wseq, line.fact, json_extract_string(line.fact,
        ['$.kind', '$.run', '$.seq', '$.at', '$.node', '$.attempt', '$.status', '$.ms',
         '$.error.message', '$.cache_key', '$.error.type']) AS f
    FROM read_json(?, format = 'newline_delimited', ignore_errors = true,
        columns = {{writer: 'VARCHAR', wseq: 'BIGINT', fact: 'JSON'}}) AS line
    LEFT JOIN stored.writers AS folded ON folded.writer = line.writer
    WHERE line.wseq > coalesce(folded.wseq, -1) AND line.fact IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY line.writer, line.wseq) = 1
)
"""

_EVENTS = "(FROM tail WHERE run_id IS NOT NULL AND seq IS NOT NULL)"

_WRITERS = """(
    SELECT writer, host, pid FROM stored.writers UNION ALL
    SELECT writer, payload->>'$.host', TRY_CAST(payload->>'$.pid' AS INTEGER)
    FROM tail WHERE kind = 'WRITER_OPENED')"""

_RUN_DELTAS = f"""
SELECT run_id AS id,
       CASE WHEN born THEN payload->>'$.flow' END AS flow,
       CASE WHEN born THEN payload->>'$.version' END AS version,
       CASE WHEN born THEN payload->>'$.trigger' END AS trigger,
       CASE WHEN born THEN payload->>'$.key' END AS key,
       CASE WHEN born THEN payload->>'$.parent' END AS parent,
       CASE WHEN born THEN coalesce(payload->'$.params', '{{}}') END AS params,
       CASE WHEN born THEN json_array_length(payload, '$.nodes') END AS nodes,
       coalesce(of.host, CASE WHEN born THEN payload->>'$.host' END) AS host,
       coalesce(of.pid, CASE WHEN born THEN TRY_CAST(payload->>'$.pid' AS INTEGER) END) AS pid,
       ts AS started_at, ts AS last_at, seq AS last_seq, fact.writer,
       CASE WHEN over THEN status END AS outcome,
       CASE WHEN over THEN ts END AS ended_at,
       CASE WHEN over THEN ms END AS duration_ms,
       CAST(kind = 'NODE_FAILED' AS INTEGER) AS failed,
       CASE kind WHEN 'NODE_SUSPENDED' THEN 1 WHEN 'NODE_RESUMED' THEN -1 ELSE 0 END AS suspended,
       CASE WHEN over THEN error END AS error
FROM (SELECT *, kind = 'RUN_CREATED' AS born, kind = 'RUN_COMPLETED' AS over FROM {_EVENTS}) AS fact
LEFT JOIN {_WRITERS} AS of ON of.writer = fact.writer
"""

_COMBINED_RUNS = """
SELECT id, any_value(flow) AS flow, any_value(version) AS version, any_value(trigger) AS trigger,
       any_value(key) AS key, any_value(parent) AS parent, any_value(params) AS params,
       any_value(nodes) AS nodes, arg_max(host, last_seq) AS host, arg_max(pid, last_seq) AS pid,
       min(started_at) AS started_at, max(last_at) AS last_at, max(last_seq) AS last_seq,
       arg_max(writer, last_seq) AS writer, any_value(outcome) AS outcome,
       any_value(ended_at) AS ended_at, any_value(duration_ms) AS duration_ms,
       sum(failed)::INTEGER AS failed, sum(suspended)::INTEGER AS suspended,
       any_value(error) AS error
FROM ({}) GROUP BY id
"""

_NODE_DELTAS = f"""
SELECT run_id, node, seq,
       CASE kind WHEN 'NODE_SCHEDULED' THEN 'scheduled' WHEN 'NODE_STARTED' THEN 'running'
                 WHEN 'NODE_COMPLETED' THEN 'succeeded' WHEN 'NODE_REUSED' THEN 'reused'
                 WHEN 'NODE_RETRY_SCHEDULED' THEN 'backoff' WHEN 'NODE_FAILED' THEN 'failed'
                 WHEN 'NODE_SKIPPED' THEN 'skipped' WHEN 'NODE_CANCELLED' THEN 'cancelled'
                 WHEN 'NODE_SUSPENDED' THEN 'suspended' WHEN 'NODE_RESUMED' THEN 'scheduled'
       END AS status,
       CASE WHEN kind IN ('NODE_STARTED', 'NODE_COMPLETED', 'NODE_FAILED', 'NODE_CANCELLED')
            THEN coalesce(attempt, 0) ELSE 0 END AS attempts,
       CASE WHEN kind = 'NODE_STARTED' THEN payload->>'$.on' END AS executor,
       CASE WHEN kind = 'NODE_STARTED' THEN ts END AS started_at,
       CASE WHEN done THEN ts END AS ended_at,
       ms AS duration_ms,
       CASE WHEN kind IN ('NODE_SKIPPED', 'NODE_SUSPENDED') THEN payload->>'$.reason' END AS reason,
       CASE WHEN kind = 'NODE_SKIPPED' THEN payload->>'$.cause' END AS cause,
       error
FROM (SELECT *, kind IN ('NODE_COMPLETED', 'NODE_REUSED', 'NODE_FAILED', 'NODE_SKIPPED',
                         'NODE_CANCELLED') AS done FROM {_EVENTS})
WHERE node IS NOT NULL AND starts_with(kind, 'NODE_') AND kind <> 'NODE_LOGGED'
"""

_COMBINED_NODES = """
SELECT run_id, node, max(seq) AS seq, arg_max(status, seq) AS status,
       max(attempts)::INTEGER AS attempts, arg_max(executor, seq) AS executor,
       min(started_at) AS started_at, max(ended_at) AS ended_at,
       arg_max(duration_ms, seq) AS duration_ms, arg_max(reason, seq) AS reason,
       arg_max(cause, seq) AS cause, arg_max(error, seq) AS error
FROM ({}) GROUP BY run_id, node
"""


def _touched(table: str, deltas: str, combined: str) -> str:
    """Stored rows that the tail is about, combined with it."""
    key = "id" if table == "runs" else "run_id"
    # The literal bound lets zone maps skip the rest of the table; ids are time-ordered.
    stored = (
        f"SELECT * FROM stored.{table} WHERE {key} IN (SELECT run_id FROM tail) "
        f"AND {key} >= getvariable('oldest')"
    )
    return combined.format(f"({stored}) UNION ALL BY NAME ({deltas})")


FRESH_RUNS = "CREATE TEMP TABLE fresh_runs AS " + _touched("runs", _RUN_DELTAS, _COMBINED_RUNS)
FRESH_NODES = "CREATE TEMP TABLE fresh_nodes AS " + _touched(
    "node_runs", _NODE_DELTAS, _COMBINED_NODES
)
OLDEST = "SET VARIABLE oldest = coalesce((SELECT min(run_id) FROM tail), 'none')"
"""To be run before `FRESH_RUNS` and `FRESH_NODES`."""
NOTHING_FRESH = (
    "SET VARIABLE oldest = 'none'",  # sorts behind every id
    f"CREATE TEMP TABLE fresh_runs ({TABLES['runs']})",
    f"CREATE TEMP TABLE fresh_nodes ({TABLES['node_runs']})",
)
"""The same for an empty tail, which is most of them, in a tenth of the time."""

FOLD = (
    f"""INSERT INTO stored.events BY NAME
    SELECT * EXCLUDE (kind), kind FROM {_EVENTS} ORDER BY run_id, seq""",
    "MERGE INTO stored.runs USING fresh_runs USING (id) "
    "WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT BY NAME",
    "MERGE INTO stored.node_runs USING fresh_nodes USING (run_id, node) "
    "WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT BY NAME",
    """INSERT INTO stored.flow_versions BY NAME
    SELECT payload->>'$.flow' AS flow, payload->>'$.version' AS version,
           any_value(payload->'$.spec') AS spec, min(ts) AS recorded_at
    FROM (SELECT * FROM tail WHERE kind = 'FLOW_RECORDED') AS fresh
    WHERE NOT EXISTS (SELECT 1 FROM stored.flow_versions AS old
        WHERE old.flow = fresh.payload->>'$.flow' AND old.version = fresh.payload->>'$.version')
    GROUP BY 1, 2""",
    """MERGE INTO stored.writers USING (
        SELECT writer, max(wseq) AS wseq,
               any_value(payload->>'$.host') FILTER (kind = 'WRITER_OPENED') AS host,
               any_value(TRY_CAST(payload->>'$.pid' AS INTEGER))
                   FILTER (kind = 'WRITER_OPENED') AS pid,
               min(ts) FILTER (kind = 'WRITER_OPENED') AS opened_at
        FROM tail GROUP BY writer) AS fresh
    USING (writer) WHEN MATCHED THEN UPDATE SET wseq = fresh.wseq
    WHEN NOT MATCHED THEN INSERT BY NAME""",
)
"""The statements of one fold, between BEGIN and COMMIT."""

_LOST = "lost: process ' || coalesce(pid::VARCHAR, '?') || ' is gone"

# Only rows from the oldest fresh run on are compared with the fresh ones. The rest, which is nearly
# everything, stays a plain scan, so that DuckDB can stop at the first page of it.
_OLD = "SELECT * FROM stored.{table} WHERE {key} < getvariable('oldest')"
_RECENT = """
    SELECT * FROM stored.{table} ANTI JOIN fresh_{fresh} USING ({keys})
    WHERE {key} >= getvariable('oldest')
    UNION ALL BY NAME FROM fresh_{fresh}"""
_RUNS = {"table": "runs", "key": "id", "keys": "id", "fresh": "runs"}
_NODES = {"table": "node_runs", "key": "run_id", "keys": "run_id, node", "fresh": "nodes"}
_OLD_NODES, _RECENT_NODES = _OLD.format(**_NODES), _RECENT.format(**_NODES)


def _run_view(name: str, source: str) -> str:
    return f"""CREATE TEMP VIEW {name} AS
    SELECT id, flow, version,
           CASE WHEN outcome IS NOT NULL THEN outcome WHEN suspended > 0 THEN 'suspended'
                WHEN lost THEN 'failed' ELSE 'running' END AS status,
           trigger, started_at, CASE WHEN lost THEN last_at ELSE ended_at END AS ended_at,
           CASE WHEN lost THEN epoch_us(last_at - started_at) / 1e3 ELSE duration_ms END
               AS duration_ms,
           params, nodes, failed, CASE WHEN lost THEN '{_LOST}' ELSE error END AS error,
           host, pid, parent, key, lost, last_at
    FROM (SELECT *, outcome IS NULL AND suspended <= 0
                    AND NOT list_contains(getvariable('living'), writer) AS lost
          FROM ({source}))"""


READ_VIEWS: Mapping[str, tuple[str, ...]] = {
    "runs": (
        _run_view("old_runs", _OLD.format(**_RUNS)),
        _run_view("recent_runs", _RECENT.format(**_RUNS)),
        "CREATE TEMP VIEW known_runs AS FROM old_runs UNION ALL FROM recent_runs",
        "CREATE TEMP VIEW runs AS SELECT * EXCLUDE (lost, last_at) FROM known_runs",
    ),
    "events": (
        f"""CREATE TEMP VIEW events AS
    SELECT {_EVENT_COLUMNS} FROM stored.events UNION ALL SELECT {_EVENT_COLUMNS} FROM {_EVENTS}""",
    ),
    "node_runs": (
        f"""CREATE TEMP VIEW node_runs AS
    SELECT run_id, node,
           CASE WHEN gone THEN 'failed' ELSE status END AS status, attempts, executor,
           started_at, CASE WHEN gone THEN last_at ELSE ended_at END AS ended_at, duration_ms,
           CASE WHEN status IN ('skipped', 'suspended') THEN reason END AS reason, cause,
           CASE WHEN gone THEN '{_LOST}' WHEN status IN ('failed', 'backoff') THEN error END
               AS error
    FROM (SELECT n.*, r.pid, r.last_at,
                 r.lost AND n.status IN ('scheduled', 'running', 'backoff') AS gone
          FROM ({_OLD_NODES} UNION ALL BY NAME {_RECENT_NODES}) AS n
          LEFT JOIN known_runs AS r ON r.id = n.run_id)""",
    ),
    "flow_versions": (
        """CREATE TEMP VIEW flow_versions AS
    SELECT flow, version, any_value(spec) AS spec, min(recorded_at) AS recorded_at
    FROM (FROM stored.flow_versions UNION ALL BY NAME
          SELECT payload->>'$.flow' AS flow, payload->>'$.version' AS version,
                 payload->'$.spec' AS spec, ts AS recorded_at
          FROM tail WHERE kind = 'FLOW_RECORDED')
    GROUP BY flow, version""",
    ),
}
"""What makes each of `VIEWS` inside a read; `runs` is `old_runs` and `recent_runs`, disjoint;
`node_runs` needs `runs`, and both need `fresh_runs`,
`fresh_nodes` and the variable `living`, the writers that hold their life file."""


def create_tables(catalog: str) -> tuple[str, ...]:
    """Statements that make the empty tables in an attached database."""
    return tuple(f"CREATE TABLE {catalog}.{name} ({columns})" for name, columns in TABLES.items())
