"""When a node was ready and what its attempts took, as columns of `node_runs`.

Each is combined from deltas like the rest of a node's row, see `flowbook.store.projection`.
"""

from __future__ import annotations

IS_TOLD = "kind = 'NODE_USED' AND (payload->'$.cpu_ms') IS NOT NULL"
"""Whether an event says what an attempt took; a relation has it as `took`."""

DELTAS = """CASE WHEN kind = 'NODE_SCHEDULED' THEN ts END AS scheduled_at,
       CASE WHEN took THEN TRY_CAST(payload->>'$.cpu_ms' AS DOUBLE) END AS cpu_ms,
       CASE WHEN took THEN TRY_CAST(payload->>'$.memory' AS BIGINT) END AS memory,
       CASE WHEN took THEN coalesce(TRY_CAST(payload->>'$.is_estimate' AS BOOLEAN), false) END
           AS is_estimate"""
"""What an event adds."""

COMBINED = """min(scheduled_at) AS scheduled_at, sum(cpu_ms) AS cpu_ms, max(memory) AS memory,
       bool_or(is_estimate) AS is_estimate"""
"""What a node's deltas make together."""

FROM_EVENTS = f"""
UPDATE stored.node_runs AS known SET scheduled_at = told.scheduled_at,
    cpu_ms = told.cpu_ms, memory = told.memory, is_estimate = told.is_estimate
FROM (SELECT run_id, scope, node, {COMBINED}
      FROM (SELECT run_id, scope, node, {DELTAS}
            FROM (SELECT *, {IS_TOLD} AS took FROM stored.events
                  WHERE kind IN ('NODE_SCHEDULED', 'NODE_USED')))
      GROUP BY run_id, scope, node) AS told
WHERE known.run_id = told.run_id AND known.scope = told.scope AND known.node = told.node
"""  # noqa: S608  # of this module
"""The columns of rows that were folded before there were these columns."""
