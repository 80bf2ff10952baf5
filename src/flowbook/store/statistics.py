"""How often, how long and along which way: the views that sum up what the others list.

Made of those views alone, with the filters a query puts on `flow` or `run_id` reaching down to the
rows of the tables. Those of `BOUNDED` are table macros as well, `node_stats('2026-06-01')`: of the
runs that started from then on, or in between. Percentiles are exact, and of what succeeded: what
fails at once, or at its time limit, says nothing of how long the work takes.

The critical path is read off the order of events, with no look at the definition: whatever settles
last before a node is ready is what that node has waited for.
"""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

from collections.abc import Mapping

_BOUNDS = """r.started_at >= coalesce(since::TIMESTAMP, '-infinity')
          AND r.started_at < coalesce(until::TIMESTAMP, 'infinity')"""


def _percentiles(column: str, of: str, percents: tuple[int, ...]) -> str:
    return ", ".join(
        f"quantile_cont({column}, {percent / 100}) FILTER ({of}) AS p{percent}_ms"
        for percent in percents
    )


_WENT_WELL = "r.status = 'succeeded'"
_DONE = "n.status = 'succeeded'"
_OF_RUNS = f"""count(*) FILTER ({_WENT_WELL}) AS succeeded,
           count(*) FILTER (r.status = 'failed') AS failed,
           count(*) FILTER (r.status = 'cancelled') AS cancelled,
           avg(CASE r.status WHEN 'succeeded' THEN 1 WHEN 'failed' THEN 0 END) AS success_rate"""

BOUNDED: Mapping[str, str] = {
    "node_stats": f"""
    SELECT r.flow, n.node, count(*) FILTER (n.status IN ('succeeded', 'failed')) AS runs,
           count(*) FILTER ({_DONE}) AS completed,
           count(*) FILTER (n.status = 'failed') AS failed,
           count(*) FILTER (n.status = 'reused') AS reused,
           count(*) FILTER (n.status = 'skipped') AS skipped,
           count(*) FILTER (n.status = 'cancelled') AS cancelled,
           avg(CASE n.status WHEN 'succeeded' THEN 1 WHEN 'failed' THEN 0 END) AS success_rate,
           {_percentiles("n.duration_ms", _DONE, (50, 95, 99))},
           avg(n.duration_ms) FILTER ({_DONE}) AS mean_ms,
           sum(n.duration_ms) FILTER ({_DONE}) AS total_ms,
           coalesce(sum(n.attempts), 0)::BIGINT AS attempts,
           avg(epoch_us(n.started_at - n.scheduled_at) / 1e3) AS wait_ms,
           avg(n.cpu_ms) AS cpu_ms, max(n.memory) AS memory
    FROM node_runs AS n JOIN runs AS r ON r.id = n.run_id
    WHERE {_BOUNDS} GROUP BY r.flow, n.node""",
    "flow_stats": f"""
    SELECT r.flow, count(*) AS runs, {_OF_RUNS},
           {_percentiles("r.duration_ms", _WENT_WELL, (50, 95, 99))},
           avg(r.duration_ms) FILTER ({_WENT_WELL}) AS mean_ms,
           arg_max(r.id, (r.started_at, r.id)) AS last_run,
           arg_max(r.status, (r.started_at, r.id)) AS last_status,
           max(r.started_at) AS last_started_at
    FROM runs AS r WHERE {_BOUNDS} GROUP BY r.flow""",
    "daily_stats": f"""
    SELECT r.flow, r.started_at::DATE AS day, count(*) AS runs, {_OF_RUNS},
           {_percentiles("r.duration_ms", _WENT_WELL, (50, 95))}
    FROM runs AS r WHERE {_BOUNDS} GROUP BY r.flow, r.started_at::DATE""",
    "edge_frequency": f"""
    WITH wired AS (
        SELECT flow, version, edge[1] AS source, edge[2] AS output, edge[3] AS target,
               edge[4] AS input, row_number() OVER () AS number
        FROM (SELECT flow, version, unnest(from_json(edges, '[["VARCHAR"]]')) AS edge
              FROM flow_versions)
    ), ran AS (
        SELECT r.id, r.flow, ran.scope, wired.source, wired.output, wired.number
        FROM runs AS r JOIN wired ON wired.flow = r.flow AND wired.version = r.version
        JOIN node_runs AS ran ON ran.run_id = r.id AND ran.node = wired.target
        WHERE (ran.attempts > 0 OR ran.status = 'reused') AND {_BOUNDS}
    )
    SELECT flow, source, output, target, input, sum(had.runs)::BIGINT AS runs,
           coalesce(sum(went.taken), 0)::BIGINT AS taken,
           coalesce(sum(went.times), 0)::BIGINT AS times
    FROM wired JOIN (
        SELECT r.flow, r.version, count(*) AS runs FROM runs AS r WHERE {_BOUNDS}
        GROUP BY r.flow, r.version) AS had USING (flow, version)
    LEFT JOIN (
        SELECT flow, number, count(*) AS taken, sum(times) AS times
        FROM (SELECT ran.flow, ran.number, count(*) AS times FROM ran SEMI JOIN "values" AS given
                  ON given.run_id = ran.id AND given.node = ran.source
                  AND given.port = ran.output
                  AND starts_with(ran.scope || '.', concat(nullif(given.scope, '') || '.'))
              GROUP BY ran.flow, ran.number, ran.id)
        GROUP BY flow, number) AS went USING (flow, number)
    GROUP BY flow, source, output, target, input""",
}
"""The views that may be told `since` and `until`, by name."""

_SETTLED = "('NODE_COMPLETED', 'NODE_REUSED', 'NODE_FAILED')"
_READY = "('NODE_SCHEDULED', 'NODE_REUSED')"


def critical_path(events: str) -> str:
    """The view over a relation of events; a run's own, and each turn's.

    A node is told of from its first event on, so whatever it waited for comes before it in that
    order, and one pass over the nodes from the last to the first finds the whole chain.
    """
    return f"""
    WITH happened AS (
        SELECT run_id, scope, node, kind, seq, ts, kind = 'NODE_CANCELLED' OR kind IN {_SETTLED}
                   AS ends,
               last_value(CASE WHEN kind IN {_SETTLED} THEN node END IGNORE NULLS) OVER (
                   PARTITION BY run_id, scope ORDER BY seq
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM {events}
        WHERE kind IN ('NODE_SCHEDULED', 'NODE_STARTED', 'NODE_CANCELLED') OR kind IN {_SETTLED}
    ), nodes AS (
        SELECT run_id, scope, node, min(seq) AS first, arg_min_null(before, seq) AS after,
               min(ts) AS ready_at, min(ts) FILTER (kind = 'NODE_STARTED') AS started_at,
               max(ts) FILTER (ends) AS ended_at, max(seq) FILTER (ends) AS last,
               arg_max(kind, seq) FILTER (ends) AS kind
        FROM happened GROUP BY run_id, scope, node HAVING bool_or(kind IN {_READY})
    ), chains AS (
        SELECT run_id, scope, list_reverse(list_reduce(
            list({{'node': node, 'want': after, 'path': []::VARCHAR[]}} ORDER BY first DESC),
            lambda told, one: CASE WHEN one.node = told.want THEN
                {{'node': '', 'want': one.want, 'path': list_append(told.path, one.node)}}
                ELSE told END,
            {{'node': '', 'want': arg_max(node, last), 'path': []::VARCHAR[]}}).path) AS path
        FROM nodes WHERE last IS NOT NULL GROUP BY run_id, scope
    ), steps AS (
        SELECT run_id, scope, unnest(path) AS node, generate_subscripts(path, 1)::INTEGER AS step
        FROM chains
    ), timed AS (
        SELECT run_id, scope, step, node, CASE kind WHEN 'NODE_COMPLETED' THEN 'succeeded'
                   WHEN 'NODE_REUSED' THEN 'reused' WHEN 'NODE_FAILED' THEN 'failed'
                   ELSE 'cancelled' END AS status,
               ready_at, started_at, ended_at, epoch_us(ended_at - coalesce(lag(ended_at) OVER (
                   PARTITION BY run_id, scope ORDER BY step), ready_at)) / 1e3 AS ms,
               epoch_us(started_at - ready_at) / 1e3 AS wait_ms
        FROM steps JOIN nodes USING (run_id, scope, node)
    )
    SELECT *, ms / nullif(sum(ms) OVER (PARTITION BY run_id, scope), 0) AS share FROM timed"""


STATISTICS: Mapping[str, str] = {
    **{name: f"FROM {name}()" for name in BOUNDED},
    "critical_path": critical_path("events"),
    "resources": """
    SELECT run_id, node, used.times, used.attempts, used.cpu_ms, used.memory, used.is_estimate,
           coalesce(kept.bytes, 0)::BIGINT AS bytes
    FROM (SELECT run_id, node, count(*) AS times, sum(attempts)::BIGINT AS attempts,
                 sum(cpu_ms) AS cpu_ms, max(memory) AS memory,
                 coalesce(bool_or(is_estimate), false) AS is_estimate
          FROM node_runs WHERE attempts > 0 GROUP BY run_id, node) AS used
    LEFT JOIN (SELECT run_id, node, sum(bytes) AS bytes FROM "values" GROUP BY run_id, node) AS kept
    USING (run_id, node)""",
}
"""What makes each of these views."""

STATISTICS_NEED: Mapping[str, tuple[str, ...]] = {
    "node_stats": ("runs", "node_runs"),
    "flow_stats": ("runs",),
    "daily_stats": ("runs",),
    "edge_frequency": ("runs", "node_runs", "values", "flow_versions"),
    "critical_path": ("events",),
    "resources": ("node_runs", "values"),
}
"""The views they are made of."""


def macro(name: str) -> str | None:
    """What makes the macro of that name, to be run before its view is made; None for no macro."""
    sql = BOUNDED.get(name)
    return sql and f"CREATE TEMP MACRO {name}(since := NULL, until := NULL) AS TABLE ({sql})"


STATISTICS_VIEWS: Mapping[str, Mapping[str, str]] = {
    "node_stats": {
        "flow": "name of the flow",
        "node": "the node",
        "runs": "how often it ran and succeeded or failed: once a run, inside of a container once "
        "a turn",
        "completed": "how many of those succeeded",
        "failed": "how many of those failed",
        "reused": "how often its outputs were known and it was not run",
        "skipped": "how often it was skipped",
        "cancelled": "how often it was cancelled",
        "success_rate": "completed / runs, from 0 to 1; NULL where it never ran",
        "p50_ms": "median of `duration_ms`, in milliseconds, of those that completed; exact",
        "p95_ms": "95 % took at most so long",
        "p99_ms": "99 % took at most so long",
        "mean_ms": "arithmetic mean of the same",
        "total_ms": "sum of the same",
        "attempts": "how many attempts began",
        "wait_ms": "mean milliseconds from when it was ready until its first attempt began",
        "cpu_ms": "mean milliseconds of CPU time, where it was measured",
        "memory": "bytes it had at most, where it was measured",
    },
    "flow_stats": {
        "flow": "name of the flow",
        "runs": "how many runs, those under way included",
        "succeeded": "how many of them succeeded",
        "failed": "how many of them failed",
        "cancelled": "how many of them were cancelled",
        "success_rate": "succeeded / (succeeded + failed), from 0 to 1",
        "p50_ms": "median of `duration_ms`, in milliseconds, of those that succeeded; exact",
        "p95_ms": "95 % took at most so long",
        "p99_ms": "99 % took at most so long",
        "mean_ms": "arithmetic mean of the same",
        "last_run": "id of the run that started last",
        "last_status": "its status",
        "last_started_at": "UTC; its start",
    },
    "daily_stats": {
        "flow": "name of the flow",
        "day": "day, in UTC, on which the runs started",
        "runs": "as in `flow_stats`",
        "succeeded": "as in `flow_stats`",
        "failed": "as in `flow_stats`",
        "cancelled": "as in `flow_stats`",
        "success_rate": "as in `flow_stats`",
        "p50_ms": "as in `flow_stats`",
        "p95_ms": "as in `flow_stats`",
    },
    "critical_path": {
        "run_id": "the run",
        "scope": "'' for the path of the run; else the turn whose own path it is",
        "step": "1, 2, 3, … in the order of time",
        "node": "the node",
        "status": "succeeded, reused, failed or cancelled",
        "ready_at": "UTC; when the last of what it waited for was settled, which is the step "
        "before",
        "started_at": "UTC; its first attempt; NULL where it was not run",
        "ended_at": "UTC",
        "ms": "milliseconds from the end of the step before to its own end",
        "wait_ms": "milliseconds from `ready_at` until it began, for a permit or a free place",
        "share": "its part of the whole path, from 0 to 1",
    },
    "edge_frequency": {
        "flow": "name of the flow",
        "source": "the node that the edge comes from",
        "output": "the output it leaves by",
        "target": "the node that it leads to",
        "input": "the input it feeds",
        "runs": "how many runs there were of versions that have the edge",
        "taken": "in how many of them a value went along it into a node that ran",
        "times": "how often in all, each turn of a container by itself",
    },
    "resources": {
        "run_id": "the run",
        "node": "the node",
        "times": "how often it ran: inside of a container once a turn",
        "attempts": "how many attempts began",
        "cpu_ms": "milliseconds of CPU time in all; NULL where it was not measured",
        "memory": "bytes it had at most, at any one time; NULL where it was not measured",
        "is_estimate": "as in `attempts`",
        "bytes": "size of all it gave, as stored",
    },
}
"""Their columns, in order, and what they mean."""
