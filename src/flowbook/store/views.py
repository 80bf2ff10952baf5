"""What a query sees: every view of `schema.VIEWS`, over what is folded and what is not.

Made anew in each look, as temporary views over `stored`, the attached database, and the tables that
`flowbook.store.tail` makes of the journal.
"""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flowbook.store.agenda import AGENDA_NEEDS, AGENDA_READ
from flowbook.store.projection import PRUNED, ROWS
from flowbook.store.schema import VIEWS
from flowbook.store.statistics import STATISTICS, STATISTICS_NEED, macro
from flowbook.store.told import TOLD_NEED, TOLD_VIEWS
from flowbook.store.unfolded import EVENTS
from flowbook.store.whereabouts import ENVIRONMENTS

FRESH = ("fresh_runs", "fresh_nodes")
"""What `flowbook.store.tail` combines on demand; a view may need them."""

_EVENT_COLUMNS = ", ".join(VIEWS["events"])
_VALUE_COLUMNS = ", ".join(VIEWS["values"])
_DATASET_COLUMNS = ", ".join(VIEWS["datasets"])
_USAGE_COLUMNS = ", ".join(VIEWS["usage"])

_KEPT = {"runs": "id", "node_runs": "run_id", "events": "run_id", "values": "run_id",
         "usage": "run_id", "notices": "run_id", "notice_attempts": "run_id"}  # fmt: skip

_LOST = "lost: process ' || coalesce(pid::VARCHAR, '?') || ' is gone"
_IS_LOST = "outcome IS NULL AND suspended <= 0 AND NOT list_contains(getvariable('living'), writer)"

# Only rows from the oldest fresh run on are compared with the fresh ones. The rest, which is nearly
# everything, stays a plain scan, so that DuckDB can stop at the first page of it.
_OLD = "SELECT * FROM kept_{table} WHERE {key} < getvariable('oldest')"
_RECENT = """
    SELECT * FROM kept_{table} ANTI JOIN fresh_{fresh} USING ({keys})
    WHERE {key} >= getvariable('oldest')
    UNION ALL BY NAME FROM fresh_{fresh}"""
_RUNS = {"table": "runs", "key": "id", "keys": "id", "fresh": "runs"}
_NODES = {"table": "node_runs", "key": "run_id", "keys": "run_id, scope, node", "fresh": "nodes"}
_OLD_NODES, _RECENT_NODES = _OLD.format(**_NODES), _RECENT.format(**_NODES)
_SCOPED_COLUMNS = "run_id, seq, ts, kind, scope, node, attempt, status, ms, error, payload"
_SCOPED_EVENTS = (
    f"SELECT {_SCOPED_COLUMNS} FROM kept_events UNION ALL SELECT {_SCOPED_COLUMNS} FROM {EVENTS}"
)
_TURNS = f"""
    SELECT run_id, scope, node, coalesce(payload->>'$.block', '') AS block,
           TRY_CAST(payload->>'$.index' AS INTEGER) AS index,
           arg_max(CASE kind WHEN 'SCOPE_REUSED' THEN 'reused' ELSE coalesce(status, 'running') END,
                   seq) AS status,
           count(*) FILTER (kind = 'SCOPE_OPENED')::INTEGER AS attempts,
           min(ts) AS started_at, max(ts) AS ended_at, arg_max(ms, seq) AS duration_ms
    FROM ({_SCOPED_EVENTS})
    WHERE kind IN ('SCOPE_OPENED', 'SCOPE_CLOSED', 'SCOPE_REUSED') GROUP BY ALL"""
_ATTEMPTS = f"""
    SELECT run_id, scope, node, attempt, arg_max(how, seq) AS how, any_value(executor) AS executor,
           min(ts) AS begun_at, max(ts) FILTER (how IS NOT NULL) AS last_at,
           arg_max(ms, seq) AS duration_ms, sum(cpu_ms) AS cpu_ms, max(memory) AS memory,
           bool_or(estimated) AS is_estimate, arg_max(error, seq) AS error
    FROM (SELECT run_id, seq, scope, node, ts, ms, error,
                 coalesce(attempt, max(attempt) OVER (PARTITION BY run_id, scope, node
                                                      ORDER BY seq)) AS attempt,
                 CASE kind WHEN 'NODE_STARTED' THEN 'running' WHEN 'NODE_COMPLETED' THEN 'succeeded'
                           WHEN 'NODE_RETRY_SCHEDULED' THEN 'retried'
                           WHEN 'NODE_FAILED' THEN 'failed' WHEN 'NODE_CANCELLED' THEN 'cancelled'
                           WHEN 'NODE_SUSPENDED' THEN 'suspended' END AS how,
                 payload->>'$.on' AS executor,
                 TRY_CAST(payload->>'$.cpu_ms' AS DOUBLE) AS cpu_ms,
                 TRY_CAST(payload->>'$.memory' AS BIGINT) AS memory,
                 CASE WHEN (payload->'$.memory') IS NOT NULL
                      THEN coalesce(TRY_CAST(payload->>'$.is_estimate' AS BOOLEAN), false) END
                     AS estimated
          FROM ({_SCOPED_EVENTS})
          WHERE kind IN ('NODE_STARTED', 'NODE_COMPLETED', 'NODE_RETRY_SCHEDULED', 'NODE_FAILED',
                         'NODE_CANCELLED', 'NODE_SUSPENDED', 'NODE_USED'))
    WHERE attempt > 0 GROUP BY run_id, scope, node, attempt"""
_STREAMED_EVENTS = f"FROM ({_SCOPED_EVENTS}) WHERE kind = 'NODE_STREAMED'"
_TURN = """concat(nullif(scope, '') || '.', node, '[' || index || ']', '.' || nullif(block, ''))"""
"""As `flowbook.run.rules.state.scope_path` writes it."""
_RESULTS = f"""
    SELECT run_id, seq, scope, node, TRY_CAST(payload->>'$.index' AS INTEGER) AS index,
           CASE WHEN kind = 'SCOPE_REUSED' OR status = 'succeeded' THEN 'fulfilled'
                ELSE 'rejected' END AS status,
           payload->'$.outputs' AS outputs
    FROM ({_SCOPED_EVENTS})
    WHERE kind IN ('SCOPE_CLOSED', 'SCOPE_REUSED') AND status IS DISTINCT FROM 'cancelled'
          AND (payload->>'$.index') IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY run_id, scope, node, index ORDER BY seq DESC) = 1"""
_OF_LOST = "id, pid, last_at, outcome, suspended, writer"


def _run_view(source: str) -> str:
    return f"""
    SELECT id, flow, version,
           CASE WHEN outcome IS NOT NULL THEN outcome WHEN suspended > 0 THEN 'suspended'
                WHEN lost THEN 'failed' ELSE 'running' END AS status,
           trigger, started_at, CASE WHEN lost THEN last_at ELSE ended_at END AS ended_at,
           CASE WHEN lost THEN epoch_us(last_at - started_at) / 1e3 ELSE duration_ms END
               AS duration_ms,
           params, nodes, failed, CASE WHEN lost THEN '{_LOST}' ELSE error END AS error,
           host, pid, parent, key,
           CASE WHEN outcome IS NULL AND NOT lost THEN current END AS current,
           coalesce(pinned, false) AS pinned, origin, origin_seq, origin_node,
           coalesce(depth, 0) AS depth, calling_node, schedule, scheduled_for, routed, environment,
           coalesce(paused AND outcome IS NULL AND NOT lost, false) AS paused,
           lost, last_at, writer
    FROM (SELECT *, {_IS_LOST} AS lost FROM ({source}))"""


READ_VIEWS: Mapping[str, str] = {
    "old_runs": _run_view(_OLD.format(**_RUNS)),
    "recent_runs": _run_view(_RECENT.format(**_RUNS)),
    "known_runs": "FROM old_runs UNION ALL FROM recent_runs",
    "runs": "SELECT * EXCLUDE (lost, last_at, writer) FROM known_runs",
    "lost_runs": f"""
    SELECT id, pid, last_at FROM (
        SELECT {_OF_LOST} FROM kept_runs ANTI JOIN fresh_runs USING (id)
        UNION ALL SELECT {_OF_LOST} FROM fresh_runs)
    WHERE {_IS_LOST}""",
    "events": f"""
    SELECT {_EVENT_COLUMNS} FROM kept_events UNION ALL SELECT {_EVENT_COLUMNS} FROM {EVENTS}""",
    "node_runs": f"""
    SELECT run_id, node,
           CASE WHEN gone THEN 'failed' ELSE status END AS status, attempts, executor,
           started_at, CASE WHEN gone THEN last_at ELSE ended_at END AS ended_at, duration_ms,
           CASE WHEN status IN ('skipped', 'suspended') THEN reason END AS reason, cause,
           CASE WHEN gone THEN '{_LOST}' WHEN status IN ('failed', 'backoff') THEN error END
               AS error,
           scope, turns_total, turns_done, turns_failed, scheduled_at, cpu_ms, memory, is_estimate
    FROM (SELECT n.*, r.pid, r.last_at,
                 r.id IS NOT NULL AND n.status IN ('scheduled', 'running', 'backoff') AS gone
          FROM ({_OLD_NODES} UNION ALL BY NAME {_RECENT_NODES}) AS n
          LEFT JOIN lost_runs AS r ON r.id = n.run_id)""",
    "turns": f"""
    SELECT t.run_id, t.scope, t.node, block, index, turn,
           CASE WHEN NOT open OR over IS NOT TRUE THEN t.status WHEN r.lost THEN 'failed'
                ELSE 'cancelled' END AS status,
           attempts, t.started_at,
           CASE WHEN NOT open THEN t.ended_at WHEN over THEN r.ended_at END AS ended_at,
           CASE WHEN NOT open THEN t.duration_ms END AS duration_ms,
           CASE WHEN open AND r.lost THEN '{_LOST}'
                WHEN t.status = 'failed' THEN wrong.error END AS error
    FROM (SELECT *, status = 'running' AS open, {_TURN} AS turn FROM ({_TURNS})) AS t
    LEFT JOIN (
        SELECT run_id, scope, arg_max(error, seq) AS error FROM ({_SCOPED_EVENTS})
        WHERE kind = 'NODE_FAILED' AND scope <> '' GROUP BY run_id, scope) AS wrong
    ON wrong.run_id = t.run_id AND wrong.scope = t.turn
    LEFT JOIN (SELECT *, status NOT IN ('running', 'suspended') AS over FROM known_runs) AS r
    ON r.id = t.run_id""",
    "results": f"""
    SELECT run_id, scope, node, index, status, port,
           json_extract(outputs, '$."' || port || '".inline') AS value,
           nullif(json_extract_string(outputs, '$."' || port || '".hash'), '') AS hash,
           json_extract_string(outputs, '$."' || port || '".type') AS type
    FROM (SELECT *, unnest(coalesce(nullif(json_keys(outputs), []), [NULL])) AS port
          FROM (SELECT *, count(outputs) OVER (PARTITION BY run_id, scope, node) AS written
                FROM ({_RESULTS})) WHERE written > 0)""",
    "compensations": f"""
    SELECT run_id, unnest(names) AS node, compensated,
           unnest(range(1, len(names) + 1))::INTEGER AS position, ts
    FROM (SELECT run_id, ts, compensated, from_json(
              json_extract(payload, CASE WHEN compensated THEN '$.compensated'
                                         ELSE '$.uncompensated' END), '["VARCHAR"]') AS names
          FROM (SELECT run_id, ts, payload FROM kept_events WHERE kind = 'RUN_COMPLETED' UNION ALL
                SELECT run_id, ts, payload FROM {EVENTS} WHERE kind = 'RUN_COMPLETED'),
               (VALUES (true), (false)) AS sides(compensated))
    WHERE len(names) > 0""",
    "flow_versions": """
    SELECT flow, version, any_value(spec) AS spec, min(recorded_at) AS recorded_at,
           (row_number() OVER (PARTITION BY flow ORDER BY min(recorded_at), version))::INTEGER
               AS number, any_value(edges) AS edges
    FROM (FROM stored.flow_versions UNION ALL BY NAME
          SELECT payload->>'$.flow' AS flow, payload->>'$.version' AS version,
                 payload->'$.spec' AS spec, ts AS recorded_at, payload->'$.edges' AS edges
          FROM tail WHERE kind = 'FLOW_RECORDED')
    GROUP BY flow, version""",
    "environments": f"FROM stored.environments UNION BY NAME {ENVIRONMENTS}",
    "publications": f"FROM stored.publications UNION ALL BY NAME {ROWS['publications']}",
    "values": f"""
    SELECT {_VALUE_COLUMNS} FROM kept_values UNION ALL
    SELECT {_VALUE_COLUMNS} FROM ({ROWS["values"]})""",
    "known_datasets": f"""
    SELECT made.*, coalesce(named.tags, []) AS tags
    FROM (FROM stored.datasets UNION ALL BY NAME {ROWS["datasets"]}) AS made LEFT JOIN (
        SELECT dataset, version, list(tag ORDER BY tag) AS tags
        FROM (SELECT dataset, tag, arg_max_null(version, set_at) AS version
              FROM (FROM stored.dataset_tags UNION ALL BY NAME {ROWS["dataset_tags"]})
              GROUP BY dataset, tag)
        GROUP BY dataset, version) AS named USING (dataset, version)""",
    "datasets": f"SELECT {_DATASET_COLUMNS} FROM known_datasets",
    "usage": f"""
    SELECT {_USAGE_COLUMNS} FROM kept_usage UNION ALL
    SELECT {_USAGE_COLUMNS} FROM ({ROWS["usage"]})""",
    "streams": f"""
    SELECT run_id, node, attempt, payload->>'$.channel' AS channel,
           coalesce(TRY_CAST(payload->>'$.chunk_index' AS BIGINT), 0) AS chunk_index,
           coalesce(TRY_CAST(payload->>'$.chunks' AS BIGINT), 1) AS chunks, ts,
           payload->>'$.name' AS name, payload->>'$.media_type' AS media_type,
           CASE WHEN name IS NULL THEN payload->>'$.value.inline' END AS text,
           nullif(payload->>'$.value.hash', '') AS hash, payload->>'$.value.format' AS format,
           payload->>'$.value.type' AS type,
           coalesce(TRY_CAST(payload->>'$.value.size' AS BIGINT), 0) AS bytes,
           (payload->'$.value.inline') IS NOT NULL AS inline,
           coalesce(TRY_CAST(payload->>'$.value.redacted' AS BOOLEAN), false) AS redacted,
           payload->>'$.value.reason' AS reason, scope
    FROM ({_STREAMED_EVENTS})""",
    "attempts": f"""
    SELECT run_id, node, attempt,
           CASE WHEN how = 'running' AND (attempt < latest OR over) THEN 'lost' ELSE how END
               AS status,
           executor, begun_at AS started_at, CASE WHEN how <> 'running' THEN last_at END
               AS ended_at,
           duration_ms, cpu_ms, memory, is_estimate, error, scope
    FROM (SELECT *, max(attempt) OVER (PARTITION BY run_id, scope, node) AS latest
          FROM ({_ATTEMPTS})) AS made
    LEFT JOIN (SELECT id, status NOT IN ('running', 'suspended') AS over FROM known_runs) AS r
    ON r.id = made.run_id""",
    "audit": f"""
    FROM (FROM stored.audit UNION ALL BY NAME {ROWS["audit"]}) WHERE created_at >= {PRUNED}""",
    "registry": """
    SELECT id AS run_id, flow, status, host, pid, kernel,
           list_contains(getvariable('living'), writer) AS alive, started_at,
           CASE WHEN status IN ('running', 'suspended') AND alive
                THEN now()::TIMESTAMP ELSE coalesce(ended_at, last_at) END AS heartbeat
    FROM known_runs LEFT JOIN (
        SELECT writer, any_value(kernel) AS kernel
        FROM (SELECT writer, kernel FROM stored.writers UNION ALL
              SELECT writer, payload->>'$.kernel' FROM tail WHERE kind = 'WRITER_OPENED')
        GROUP BY writer) USING (writer)""",
    "settings": f"""
    SELECT flow, name, arg_max(value, changed_at) AS value, max(changed_at) AS changed_at
    FROM (FROM stored.settings UNION ALL BY NAME {ROWS["settings"]}) GROUP BY flow, name""",
    "cache_clearings": f"""
    FROM stored.cache_clearings UNION ALL BY NAME {ROWS["cache_clearings"]}""",
    "memory_changes": f"""
    FROM stored.memory_changes UNION ALL BY NAME {ROWS["memory_changes"]}""",
    "memory_history": """
    SELECT flow, key, version, coalesce(value = 'null', true) AS deleted,
           value->'$.inline' AS value, value->>'$.format' AS format, value->>'$.type' AS type,
           TRY_CAST(value->>'$.size' AS BIGINT) AS bytes, value->>'$.hash' AS hash, run_id, node,
           attempt, changed_by, changed_at
    FROM memory_changes""",
    "memory": """
    SELECT * EXCLUDE (deleted) FROM (
        FROM memory_history
        QUALIFY row_number() OVER (PARTITION BY flow, key ORDER BY version DESC) = 1)
    WHERE NOT deleted""",
    "origins": """
    SELECT id AS run_id, flow FROM stored.runs WHERE flow IS NOT NULL UNION ALL
    SELECT run_id, payload->>'$.flow' AS flow FROM tail WHERE kind = 'RUN_CREATED'""",
    **AGENDA_READ,
    **STATISTICS,
    **TOLD_VIEWS,
}
"""What makes each of `VIEWS` inside a look, and what those are made of. `runs` is `old_runs` and
`recent_runs`, disjoint; both read the variable `living`, the writers that hold their life file.
`settings`, `cache_clearings`, `origins` (the flow of each run) and what else is no view of
`VIEWS` is for the store's own use."""

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "old_runs": ("kept_runs", "fresh_runs"),
    "recent_runs": ("kept_runs", "fresh_runs"),
    "known_runs": ("old_runs", "recent_runs"),
    "runs": ("known_runs",),
    "events": ("kept_events",),
    "lost_runs": ("kept_runs", "fresh_runs"),
    "turns": ("kept_events", "known_runs"),
    "results": ("kept_events",),
    "compensations": ("kept_events",),
    "streams": ("kept_events",),
    "attempts": ("kept_events", "known_runs"),
    "node_runs": ("kept_node_runs", "fresh_nodes", "lost_runs"),
    "values": ("kept_values",),
    "datasets": ("known_datasets",),
    "usage": ("kept_usage",),
    "registry": ("known_runs",),
    "memory_history": ("memory_changes",),
    "memory": ("memory_history",),
    **AGENDA_NEEDS,
    **TOLD_NEED,
    **STATISTICS_NEED,
}


def needed(views: Iterable[str]) -> tuple[str, ...]:
    """These views and all that they are made of, each behind what it needs.

    >>> needed(["events"])
    ('kept_events', 'events')
    """
    order: dict[str, None] = {}
    for view in views:
        order.update(dict.fromkeys(needed(_NEEDS.get(view, ()))))
        order[view] = None
    return tuple(order)


def statements(views: Iterable[str], *, gone: bool) -> Iterator[str]:
    """What makes the views of a `needed`; `gone` when runs of the tail's `gone` are still stored.

    What there is of `FRESH` is to be there already.
    """
    for view in views:
        if view not in FRESH:
            if made := macro(view):
                yield made
            yield f'CREATE TEMP VIEW "{view}" AS {READ_VIEWS.get(view) or _kept(view, gone)}'


def _kept(view: str, gone: bool) -> str:
    """A stored table without the runs that the tail deletes."""
    table = view.removeprefix("kept_")
    key = _KEPT[table]
    left = f"WHERE ({key} NOT IN (SELECT run_id FROM gone) OR {key} IS NULL)" if gone else ""
    return f'FROM stored."{table}" {left}'
