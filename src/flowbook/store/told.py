"""Who was told of what, in tables: the part of schema, projection and views that is about it.

A notice is a row when it is written, every attempt to deliver it another, and so is what the rules
have been asked about. That somebody has it sent again is a row among the attempts which is none:
its outcome is `asked`. All three only grow, and go with the run that they are about.
"""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

from collections.abc import Mapping

TOLD_TABLES: Mapping[str, str] = {
    "judged": "subject VARCHAR, lost BOOLEAN, judged_at TIMESTAMP",
    "notices": "id VARCHAR, run_id VARCHAR, notice JSON, target JSON, written_at TIMESTAMP",
    "notice_attempts": "id VARCHAR, run_id VARCHAR, outcome VARCHAR, error VARCHAR, "
    "retry_at TIMESTAMP, tried_at TIMESTAMP",
}
"""Tables of the database file, by name."""

DELIVERIES: Mapping[str, str] = {
    "id": "the same for every attempt: what its receiver gets as Idempotency-Key",
    "rule": "the rule that has it told",
    "event": "run_failed, run_timed_out, run_slow, run_heavy, run_recovered or schedule_missed",
    "flow": "name of the flow",
    "run_id": "the run it is about; NULL for a time of a schedule without a run",
    "channel": "webhook, slack, discord, email, lab, or one that a package brings",
    "secret": "name of the secret that has the address",
    "status": "waiting, sent, or failed when there will be no further attempt",
    "attempts": "how many attempts were made",
    "last_error": "why the last attempt did not get through",
    "next_at": "UTC; when there will be another attempt",
    "message": "what is said, in a line",
    "error": "why the run failed",
    "level": "info, success, warning or error",
    "happened_at": "UTC; when it happened: the end of the run, or the time of the schedule",
    "written_at": "UTC; when it was kept to be told",
    "sent_at": "UTC; when it got through",
}
"""The columns of the view `deliveries`, and what they mean."""

_TS = "make_timestamp(CAST(round(CAST({} AS DOUBLE) * 1e6) AS BIGINT))"
_NOT_GONE = "(run_id IS NOT NULL OR (payload->>'$.run') IS NULL)"
"""Of facts about a run that are no events of it: those of runs that were not deleted."""

TOLD_ROWS: Mapping[str, str] = {
    "judged": """
SELECT unnest(from_json(payload->'$.subjects', '["VARCHAR"]')) AS subject,
       coalesce(TRY_CAST(payload->>'$.lost' AS BOOLEAN), false) AS lost, ts AS judged_at
FROM tail WHERE kind = 'RUNS_JUDGED'""",
    "notices": f"""
SELECT payload->>'$.id' AS id, run_id, payload->'$.notice' AS notice,
       payload->'$.target' AS target, ts AS written_at
FROM tail WHERE kind = 'NOTICE_WRITTEN' AND {_NOT_GONE}""",
    "notice_attempts": f"""
SELECT payload->>'$.id' AS id, run_id, payload->>'$.outcome' AS outcome,
       payload->>'$.error' AS error, {_TS.format("payload->>'$.retry_at'")} AS retry_at,
       ts AS tried_at
FROM tail WHERE kind = 'NOTICE_TRIED' AND {_NOT_GONE}""",
}
"""What the tail adds to them."""

TOLD_BY: Mapping[str, tuple[str, ...]] = {
    "judged": ("RUNS_JUDGED",),
    "notices": ("NOTICE_WRITTEN",),
    "notice_attempts": ("NOTICE_TRIED",),
}
"""The facts that make their rows."""

TOLD_VIEWS: Mapping[str, str] = {
    "judged": f"FROM stored.judged UNION ALL BY NAME {TOLD_ROWS['judged']}",
    "notices": f"""
    FROM (FROM kept_notices UNION ALL BY NAME {TOLD_ROWS["notices"]})
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY written_at) = 1""",
    "notice_attempts": f"""
    FROM kept_notice_attempts UNION ALL BY NAME {TOLD_ROWS["notice_attempts"]}""",
    "deliveries": f"""
    SELECT n.id, notice->>'$.rule' AS rule, notice->>'$.event' AS event,
           notice->>'$.flow' AS flow, n.run_id, target->>'$.channel' AS channel,
           target->>'$.secret' AS secret,
           CASE WHEN sent_at IS NOT NULL THEN 'sent' WHEN outcome = 'failed' THEN 'failed'
                ELSE 'waiting' END AS status,
           coalesce(attempts, 0)::INTEGER AS attempts,
           CASE WHEN sent_at IS NULL THEN t.error END AS last_error,
           CASE WHEN sent_at IS NULL AND outcome IN ('retry', 'asked') THEN retry_at END
               AS next_at,
           coalesce(nullif(notice->>'$.message', ''),
                    format('Workflow ''{{}}'' failed', notice->>'$.flow')) AS message,
           notice->>'$.error' AS error,
           coalesce(notice->>'$.level', 'error') AS level,
           {_TS.format("notice->>'$.happened_at'")} AS happened_at, written_at, sent_at
    FROM notices AS n LEFT JOIN (
        SELECT id, count(*) FILTER (outcome <> 'asked') AS attempts,
               min(tried_at) FILTER (outcome = 'sent') AS sent_at,
               arg_max(outcome, tried_at) AS outcome, arg_max_null(error, tried_at) AS error,
               arg_max_null(retry_at, tried_at) AS retry_at
        FROM notice_attempts GROUP BY id) AS t ON t.id = n.id""",
}
"""What makes the views inside a look; only `deliveries` is for others."""

TOLD_NEED: Mapping[str, tuple[str, ...]] = {
    "notices": ("kept_notices",),
    "notice_attempts": ("kept_notice_attempts",),
    "deliveries": ("notices", "notice_attempts"),
}
"""The views they are made of."""
