"""What a query sees: every view of `schema.VIEWS`, over what is folded and what is not.

Made anew in each look, as temporary views over `stored`, the attached database, and the tables that
`flowbook.store.tail` makes of the journal.
"""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowbook.store.projection import EVENTS, PRUNED, ROWS
from flowbook.store.schema import VIEWS

_EVENT_COLUMNS = ", ".join(VIEWS["events"])
_VALUE_COLUMNS = ", ".join(VIEWS["values"])
_DATASET_COLUMNS = ", ".join(VIEWS["datasets"])
_USAGE_COLUMNS = ", ".join(VIEWS["usage"])

_KEPT = {"runs": "id", "node_runs": "run_id", "events": "run_id", "values": "run_id",
         "usage": "run_id"}  # fmt: skip

_LOST = "lost: process ' || coalesce(pid::VARCHAR, '?') || ' is gone"

# Only rows from the oldest fresh run on are compared with the fresh ones. The rest, which is nearly
# everything, stays a plain scan, so that DuckDB can stop at the first page of it.
_OLD = "SELECT * FROM kept_{table} WHERE {key} < getvariable('oldest')"
_RECENT = """
    SELECT * FROM kept_{table} ANTI JOIN fresh_{fresh} USING ({keys})
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
           host, pid, parent, key,
           CASE WHEN outcome IS NULL AND NOT lost THEN current END AS current,
           coalesce(pinned, false) AS pinned, coalesce(depth, 0) AS depth, calling_node,
           lost, last_at, writer
    FROM (SELECT *, outcome IS NULL AND suspended <= 0
                    AND NOT list_contains(getvariable('living'), writer) AS lost
          FROM ({source}))"""


READ_VIEWS: Mapping[str, tuple[str, ...]] = {
    "runs": (
        _run_view("old_runs", _OLD.format(**_RUNS)),
        _run_view("recent_runs", _RECENT.format(**_RUNS)),
        "CREATE TEMP VIEW known_runs AS FROM old_runs UNION ALL FROM recent_runs",
        "CREATE TEMP VIEW runs AS SELECT * EXCLUDE (lost, last_at, writer) FROM known_runs",
    ),
    "events": (
        f"""CREATE TEMP VIEW events AS
    SELECT {_EVENT_COLUMNS} FROM kept_events UNION ALL SELECT {_EVENT_COLUMNS} FROM {EVENTS}""",
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
          LEFT JOIN (FROM known_runs WHERE lost) AS r ON r.id = n.run_id)""",
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
    "values": (
        f"""CREATE TEMP VIEW "values" AS
    SELECT {_VALUE_COLUMNS} FROM kept_values UNION ALL
    SELECT {_VALUE_COLUMNS} FROM ({ROWS["values"]})""",
    ),
    "datasets": (
        f"""CREATE TEMP VIEW known_datasets AS
    SELECT made.*, coalesce(named.tags, []) AS tags
    FROM (FROM stored.datasets UNION ALL BY NAME {ROWS["datasets"]}) AS made LEFT JOIN (
        SELECT dataset, version, list(tag ORDER BY tag) AS tags
        FROM (SELECT dataset, tag, arg_max_null(version, set_at) AS version
              FROM (FROM stored.dataset_tags UNION ALL BY NAME {ROWS["dataset_tags"]})
              GROUP BY dataset, tag)
        GROUP BY dataset, version) AS named USING (dataset, version)""",
        f"CREATE TEMP VIEW datasets AS SELECT {_DATASET_COLUMNS} FROM known_datasets",
    ),
    "usage": (
        f"""CREATE TEMP VIEW usage AS
    SELECT {_USAGE_COLUMNS} FROM kept_usage UNION ALL
    SELECT {_USAGE_COLUMNS} FROM ({ROWS["usage"]})""",
    ),
    "audit": (
        f"""CREATE TEMP VIEW audit AS
    FROM (FROM stored.audit UNION ALL BY NAME {ROWS["audit"]}) WHERE created_at >= {PRUNED}""",
    ),
    "registry": (
        """CREATE TEMP VIEW registry AS
    SELECT id AS run_id, flow, status, host, pid, kernel,
           list_contains(getvariable('living'), writer) AS alive, started_at,
           CASE WHEN status IN ('running', 'suspended') AND alive
                THEN now()::TIMESTAMP ELSE coalesce(ended_at, last_at) END AS heartbeat
    FROM known_runs LEFT JOIN (
        SELECT writer, any_value(kernel) AS kernel
        FROM (SELECT writer, kernel FROM stored.writers UNION ALL
              SELECT writer, payload->>'$.kernel' FROM tail WHERE kind = 'WRITER_OPENED')
        GROUP BY writer) USING (writer)""",
    ),
    "settings": (
        f"""CREATE TEMP VIEW settings AS
    SELECT flow, name, arg_max(value, changed_at) AS value, max(changed_at) AS changed_at
    FROM (FROM stored.settings UNION ALL BY NAME {ROWS["settings"]}) GROUP BY flow, name""",
    ),
}
"""What makes each of `VIEWS` inside a look. `runs` is `old_runs` and `recent_runs`, disjoint;
`node_runs` and `registry` need `runs`, which needs `fresh_runs`, `fresh_nodes` and the variable
`living`, the writers that hold their life file. `settings` is for the store's own use."""


def statements(views: tuple[str, ...], *, gone: bool) -> Iterator[str]:
    """What to execute for these views; `gone` when runs of the tail's `gone` are still stored."""
    for view in views:
        if key := _KEPT.get(view):
            left = f"WHERE {key} NOT IN (SELECT run_id FROM gone)" if gone else ""
            yield f"CREATE TEMP VIEW kept_{view} AS FROM stored.{view} {left}"
        yield from READ_VIEWS[view]
