"""From facts to rows: the one definition that the fold and every reader share.

A run's row is *combined* from deltas: every event is a delta (most columns NULL), and rows combine
by associative aggregates (first known value, sum, latest by `seq`). So the fold combines stored
rows with the deltas of a batch, a reader combines them with the deltas of the unfolded tail, and
both say the same; the tables could be rebuilt from `events` at any time. All other tables only
grow: `ROWS` says which rows a tail adds to them.

`stored` is the catalog the database file is attached as, `tail` the temporary table of journalled
facts that no fold has taken up yet, `gone` the runs that the tail says are deleted. A fact about a
deleted run, whenever it comes, is no fact: it loses its `run_id` on the way in.
"""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

from collections.abc import Collection, Mapping

from flowbook.store.agenda import AGENDA_BORN_OF, AGENDA_ROWS
from flowbook.store.measured import COMBINED, DELTAS, IS_TOLD
from flowbook.store.schema import TABLES
from flowbook.store.told import TOLD_BY, TOLD_ROWS
from flowbook.store.unfolded import AS_TIMESTAMP, EVENTS
from flowbook.store.whereabouts import COMBINED as WHERE_COMBINED
from flowbook.store.whereabouts import DELTAS as WHERE_DELTAS
from flowbook.store.whereabouts import NEW_ENVIRONMENTS

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
       CAST(kind = 'NODE_FAILED' AND scope = '' AS INTEGER) AS failed,
       CASE kind WHEN 'NODE_SUSPENDED' THEN 1 WHEN 'NODE_RESUMED' THEN -1 ELSE 0 END AS suspended,
       CASE WHEN over THEN error END AS error,
       CASE WHEN kind = 'NODE_STARTED' THEN node END AS current,
       NULL::BOOLEAN AS pinned, NULL::TIMESTAMP AS pinned_at,
       CASE WHEN born THEN payload->>'$.origin' END AS origin,
       CASE WHEN born THEN TRY_CAST(payload->>'$.origin_seq' AS INTEGER) END AS origin_seq,
       CASE WHEN born THEN payload->>'$.origin_node' END AS origin_node,
       CASE WHEN born THEN TRY_CAST(payload->>'$.depth' AS INTEGER) END AS depth,
       CASE WHEN born THEN payload->>'$.calling_node' END AS calling_node,
       CASE WHEN born THEN payload->>'$.schedule' END AS schedule,
       CASE WHEN born THEN {AS_TIMESTAMP.format("payload->>'$.scheduled_for'")} END
           AS scheduled_for,
       CASE WHEN born THEN payload->>'$.routed' END AS routed, {WHERE_DELTAS}
FROM (SELECT *, kind = 'RUN_CREATED' AS born, kind = 'RUN_COMPLETED' AS over FROM {EVENTS}) AS fact
LEFT JOIN {_WRITERS} AS of ON of.writer = fact.writer
UNION ALL BY NAME
SELECT run_id AS id, TRY_CAST(payload->>'$.pinned' AS BOOLEAN) AS pinned, ts AS pinned_at
FROM tail WHERE kind = 'RUN_PINNED' AND run_id IS NOT NULL
"""

_COMBINED_RUNS = f"""
SELECT id, any_value(flow) AS flow, any_value(version) AS version, any_value(trigger) AS trigger,
       any_value(key) AS key, any_value(parent) AS parent, any_value(params) AS params,
       any_value(nodes) AS nodes, arg_max(host, last_seq) AS host, arg_max(pid, last_seq) AS pid,
       min(started_at) AS started_at, max(last_at) AS last_at, max(last_seq) AS last_seq,
       arg_max(writer, last_seq) AS writer, any_value(outcome) AS outcome,
       any_value(ended_at) AS ended_at, any_value(duration_ms) AS duration_ms,
       sum(failed)::INTEGER AS failed, sum(suspended)::INTEGER AS suspended,
       any_value(error) AS error, arg_max(current, last_seq) AS current,
       arg_max(pinned, pinned_at) AS pinned, max(pinned_at) AS pinned_at,
       any_value(origin) AS origin, any_value(origin_seq) AS origin_seq,
       any_value(origin_node) AS origin_node,
       any_value(depth) AS depth, any_value(calling_node) AS calling_node,
       any_value(schedule) AS schedule, any_value(scheduled_for) AS scheduled_for,
       any_value(routed) AS routed, {WHERE_COMBINED}
FROM ({{}}) GROUP BY id HAVING min(started_at) IS NOT NULL
"""

_SUCCEEDED = "coalesce(TRY_CAST(payload->>'$.succeeded' AS INTEGER), 0)"
_FAILED = "coalesce(TRY_CAST(payload->>'$.failed' AS INTEGER), 0)"
"""How the turns of a container have ended by a SCOPE_CLOSED: the last one says it all."""

_NODE_DELTAS = f"""
SELECT run_id, scope, node, seq,
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
       CASE WHEN NOT turned THEN ms END AS duration_ms,
       CASE WHEN kind IN ('NODE_SKIPPED', 'NODE_SUSPENDED') THEN payload->>'$.reason'
            WHEN kind = 'NODE_CANCELLED' AND (payload->>'$.cause') IS NOT NULL THEN 'not_needed'
       END AS reason,
       CASE WHEN kind IN ('NODE_SKIPPED', 'NODE_CANCELLED') THEN payload->>'$.cause' END AS cause,
       error,
       CASE WHEN kind IN ('NODE_UNFOLDED', 'ITEMS_ADDED')
            THEN TRY_CAST(payload->>'$.total' AS INTEGER) END
           AS turns_total,
       CASE WHEN turned THEN {_SUCCEEDED} + {_FAILED} WHEN kind = 'NODE_UNFOLDED' THEN 0 END
           AS turns_done,
       CASE WHEN turned THEN {_FAILED} WHEN kind = 'NODE_UNFOLDED' THEN 0 END AS turns_failed,
       {DELTAS}
FROM (SELECT *, kind IN ('NODE_COMPLETED', 'NODE_REUSED', 'NODE_FAILED', 'NODE_SKIPPED',
                         'NODE_CANCELLED') AS done,
             kind IN ('SCOPE_CLOSED', 'SCOPE_REUSED') AS turned, {IS_TOLD} AS took FROM {EVENTS})
WHERE node IS NOT NULL AND (turned OR took OR kind = 'ITEMS_ADDED'
                            OR (starts_with(kind, 'NODE_')
                                AND kind NOT IN ('NODE_LOGGED', 'NODE_STREAMED', 'NODE_USED')))
"""

_COMBINED_NODES = f"""
SELECT run_id, node, max(seq) AS seq, arg_max(status, seq) AS status,
       max(attempts)::INTEGER AS attempts, arg_max(executor, seq) AS executor,
       min(started_at) AS started_at, max(ended_at) AS ended_at,
       arg_max(duration_ms, seq) AS duration_ms, arg_max(reason, seq) AS reason,
       arg_max(cause, seq) AS cause, arg_max(error, seq) AS error, scope,
       arg_max(turns_total, seq) AS turns_total, arg_max(turns_done, seq) AS turns_done,
       arg_max(turns_failed, seq) AS turns_failed, {COMBINED}
FROM ({{}}) GROUP BY run_id, scope, node
"""

RUNS_OF_TAIL = _COMBINED_RUNS.format(_RUN_DELTAS)
NODES_OF_TAIL = _COMBINED_NODES.format(_NODE_DELTAS)
"""What the tail alone says of runs and nodes; of all events, if `tail` is a view of those."""


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
OLDEST = """SET VARIABLE oldest = coalesce(
    (SELECT min(run_id) FROM tail WHERE seq IS NOT NULL OR kind = 'RUN_PINNED'), 'none')"""
"""To be run before `FRESH_RUNS` and `FRESH_NODES`."""
NOTHING_FRESH = (
    "SET VARIABLE oldest = 'none'",  # sorts behind every id
    f"CREATE TEMP TABLE fresh_runs ({TABLES['runs']})",
    f"CREATE TEMP TABLE fresh_nodes ({TABLES['node_runs']})",
)
"""The same for an empty tail, which is most of them, in a tenth of the time."""

_USED = """{"provider": "VARCHAR", "model": "VARCHAR", "prompt_tokens": "BIGINT",
"completion_tokens": "BIGINT", "total_tokens": "BIGINT", "cost": "DOUBLE",
"is_estimate": "BOOLEAN"}"""
_PARTS = "'$.hash', '$.format', '$.type', '$.size', '$.rows', '$.redacted', '$.reason'"


def values_of(events: str) -> str:
    """The rows of `values` that a relation of events gives: one per output that is alive."""
    return f"""
SELECT run_id, seq, node, port, attempt, ts, nullif(f[1], '') AS hash, f[2] AS format,
       f[3] AS type, coalesce(TRY_CAST(f[4] AS BIGINT), 0) AS bytes,
       TRY_CAST(f[5] AS BIGINT) AS rows, ref->'$.columns' AS columns,
       (ref->'$.inline') IS NOT NULL AS inline, coalesce(f[6] = 'true', false) AS redacted,
       f[7] AS reason, ref->'$.parts' AS parts, scope
FROM (
    SELECT *, json_extract_string(ref, [{_PARTS}]) AS f
    FROM (
        SELECT run_id, seq,
               CASE WHEN kind <> 'SCOPE_REUSED' THEN scope
                    ELSE concat(nullif(scope, '') || '.', node, '[', payload->>'$.index', ']')
               END AS scope, node, port, attempt, ts,
               CASE WHEN port IS NULL THEN payload->'$.result'
                    ELSE json_extract(payload, '$.outputs."' || port || '"') END AS ref
        FROM (SELECT *, unnest(list_append(coalesce(json_keys(payload, '$.outputs'), []), NULL))
                     AS port
              FROM {events}
              WHERE kind IN ('NODE_COMPLETED', 'NODE_REUSED', 'SCOPE_REUSED', 'ITEMS_ADDED'))
    ) WHERE ref IS NOT NULL
)"""


def usage_of(events: str) -> str:
    """The rows of `usage` that a relation of events gives: one per call of a model."""
    return f"""
SELECT run_id, seq, node, attempt, ts, used.provider, used.model, used.prompt_tokens,
       used.completion_tokens, used.total_tokens, used.cost,
       coalesce(used.is_estimate, false) AS is_estimate, scope
FROM (SELECT *, unnest(from_json(payload->'$.usage', '[{_USED}]')) AS used FROM {events}
      WHERE kind IN ('NODE_COMPLETED', 'NODE_FAILED', 'NODE_RETRY_SCHEDULED', 'NODE_CANCELLED',
                   'NODE_SUSPENDED', 'NODE_USED')
            AND (payload->'$.usage') IS NOT NULL)"""


ROWS: Mapping[str, str] = {
    "values": values_of(EVENTS),
    "usage": usage_of(EVENTS),
    "datasets": """
SELECT payload->>'$.dataset' AS dataset, payload->>'$.version' AS version,
       (coalesce((SELECT max(number) FROM stored.datasets AS known
                  WHERE known.dataset = (payload->>'$.dataset')), 0)
        + row_number() OVER (PARTITION BY payload->>'$.dataset'
                             ORDER BY payload->>'$.version'))::INTEGER AS number,
       payload->>'$.value.hash' AS hash, payload->>'$.value.format' AS format,
       payload->>'$.value.type' AS type,
       coalesce(TRY_CAST(payload->>'$.value.size' AS BIGINT), 0) AS bytes,
       TRY_CAST(payload->>'$.value.rows' AS BIGINT) AS rows, payload->'$.value.columns' AS columns,
       payload->>'$.parent' AS parent, payload->>'$.run' AS run_id, payload->>'$.node' AS node,
       ts AS created_at, payload->'$.value' AS value
FROM tail WHERE kind = 'DATASET_VERSIONED'""",
    "dataset_tags": """
SELECT payload->>'$.dataset' AS dataset, payload->>'$.tag' AS tag,
       payload->>'$.version' AS version, ts AS set_at
FROM tail WHERE kind = 'DATASET_TAGGED'""",
    "publications": """
SELECT payload->>'$.flow' AS flow, payload->>'$.version' AS version,
       coalesce(payload->>'$.note', '') AS note, payload->>'$.by' AS published_by,
       ts AS published_at, coalesce(payload->>'$.setup', '') AS setup,
       payload->'$.places' AS places
FROM tail WHERE kind = 'VERSION_PUBLISHED'""",
    "audit": """
SELECT payload->>'$.id' AS id, payload->>'$.run' AS run_id, payload->>'$.flow' AS workflow_id,
       payload->>'$.action' AS action, payload->>'$.actor' AS actor,
       coalesce(payload->'$.metadata', '{}') AS metadata, ts AS created_at
FROM tail WHERE kind = 'AUDITED'""",
    "settings": """
SELECT payload->>'$.flow' AS flow, payload->>'$.name' AS name, payload->'$.value' AS value,
       ts AS changed_at
FROM tail WHERE kind = 'SETTING_CHANGED'""",
    "cache_clearings": """
SELECT payload->>'$.flow' AS flow, payload->>'$.node' AS node, payload->>'$.label' AS tag,
       ts AS cleared_at
FROM tail WHERE kind = 'CACHE_CLEARED'""",
    "memory_changes": """
SELECT payload->>'$.flow' AS flow, payload->>'$.key' AS key,
       TRY_CAST(payload->>'$.version' AS INTEGER) AS version, payload->'$.value' AS value,
       payload->>'$.run' AS run_id, node, attempt, payload->>'$.write' AS write_id,
       payload->>'$.by' AS changed_by, ts AS changed_at
FROM tail WHERE kind = 'MEMORY_CHANGED'""",
    **AGENDA_ROWS,
    **TOLD_ROWS,
}
"""What the tail adds to the tables that only grow."""

PRUNED = """(SELECT coalesce(make_timestamp(CAST(round(max(
        TRY_CAST(payload->>'$.before' AS DOUBLE)) * 1e6) AS BIGINT)), '-infinity'::TIMESTAMP)
    FROM tail WHERE kind = 'AUDIT_PRUNED')"""
"""The time before which the tail says audit rows are gone."""

_ALWAYS = (
    f"""INSERT INTO stored.events BY NAME
    SELECT * EXCLUDE (kind, file), kind FROM {EVENTS} ORDER BY run_id, seq""",
    "MERGE INTO stored.runs USING fresh_runs USING (id) "
    "WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT BY NAME",
    "MERGE INTO stored.node_runs USING fresh_nodes USING (run_id, scope, node) "
    "WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT BY NAME",
    """MERGE INTO stored.writers USING (
        SELECT writer, max(wseq) AS wseq,
               any_value(payload->>'$.host') FILTER (kind = 'WRITER_OPENED') AS host,
               any_value(TRY_CAST(payload->>'$.pid' AS INTEGER))
                   FILTER (kind = 'WRITER_OPENED') AS pid,
               min(ts) FILTER (kind = 'WRITER_OPENED') AS opened_at,
               any_value(payload->>'$.kernel') FILTER (kind = 'WRITER_OPENED') AS kernel
        FROM tail GROUP BY writer) AS fresh
    USING (writer) WHEN MATCHED THEN UPDATE SET wseq = fresh.wseq
    WHEN NOT MATCHED THEN INSERT BY NAME""",
)
_FLOW_VERSIONS = """INSERT INTO stored.flow_versions BY NAME
    SELECT payload->>'$.flow' AS flow, payload->>'$.version' AS version,
           any_value(payload->'$.spec') AS spec, min(ts) AS recorded_at,
           any_value(payload->'$.edges') AS edges
    FROM (SELECT * FROM tail WHERE kind = 'FLOW_RECORDED') AS fresh
    WHERE NOT EXISTS (SELECT 1 FROM stored.flow_versions AS old
        WHERE old.flow = fresh.payload->>'$.flow' AND old.version = fresh.payload->>'$.version'
              AND (old.edges IS NOT NULL OR (fresh.payload->'$.edges') IS NULL))
    GROUP BY 1, 2"""
_BORN_OF = {
    "values": ("NODE_COMPLETED", "NODE_REUSED"),
    "usage": (
        "NODE_COMPLETED",
        "NODE_FAILED",
        "NODE_RETRY_SCHEDULED",
        "NODE_CANCELLED",
        "NODE_SUSPENDED",
        "NODE_USED",
    ),
    "datasets": ("DATASET_VERSIONED",),
    "dataset_tags": ("DATASET_TAGGED",),
    "publications": ("VERSION_PUBLISHED",),
    "audit": ("AUDITED",),
    "settings": ("SETTING_CHANGED",),
    "cache_clearings": ("CACHE_CLEARED",),
    "memory_changes": ("MEMORY_CHANGED",),
    **AGENDA_BORN_OF,
    **TOLD_BY,
}
_FOR_KINDS = (
    (("FLOW_RECORDED",), _FLOW_VERSIONS),
    (("ENVIRONMENT_RECORDED",), NEW_ENVIRONMENTS),
    *((_BORN_OF[table], f"INSERT INTO stored.{table} BY NAME {rows}")
      for table, rows in ROWS.items()),
    (("AUDIT_PRUNED",), f"DELETE FROM stored.audit WHERE created_at < {PRUNED}"),
)  # fmt: skip


def fold_statements(kinds: Collection[str]) -> tuple[str, ...]:
    """The statements of one fold, between BEGIN and COMMIT, for a tail of facts of these kinds.

    Most tails have none of most kinds, and even a statement that finds nothing costs milliseconds.
    """
    wanted = (statement for of, statement in _FOR_KINDS if any(kind in kinds for kind in of))
    return (*_ALWAYS, *wanted)


FORGET = (
    "DELETE FROM stored.runs WHERE id IN (SELECT run_id FROM gone)",
    *(
        f"DELETE FROM stored.{table} WHERE run_id IN (SELECT run_id FROM gone)"
        for table in ("events", "node_runs", "values", "usage", "notices", "notice_attempts")
    ),
    "DELETE FROM stored.judged WHERE subject IN (SELECT run_id FROM gone)",
    "DELETE FROM stored.memory_changes WHERE flow IN (SELECT 'run:' || run_id FROM gone)",
    "INSERT INTO stored.deletions BY NAME FROM gone",
)
"""What follows them when runs are deleted."""
