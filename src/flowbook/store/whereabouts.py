"""In which environment a run is performed and whether it is paused, as columns of `runs`.

Both are combined from deltas like the rest of a run's row, see `flowbook.store.projection`. An
environment is a row of its own, known by its digest: thousands of runs have the same one.
"""

from __future__ import annotations

_ENTERS = "kind IN ('RUN_CREATED', 'RUN_RECOVERED')"
_HOLDS = "kind IN ('RUN_PAUSED', 'RUN_RESUMED')"

DELTAS = f"""CASE WHEN {_ENTERS} THEN payload->>'$.environment' END AS environment,
       CASE WHEN {_HOLDS} THEN kind = 'RUN_PAUSED' END AS paused"""
"""What an event adds."""

COMBINED = """arg_max(environment, last_seq) AS environment, arg_max(paused, last_seq) AS paused"""
"""What a run's deltas make together: the last environment that is known, the last word."""

FROM_EVENTS = f"""
UPDATE stored.runs AS known SET paused = told.paused
FROM (SELECT run_id, arg_max(kind = 'RUN_PAUSED', seq) AS paused FROM stored.events
      WHERE {_HOLDS} GROUP BY run_id) AS told
WHERE known.id = told.run_id
"""  # noqa: S608  # of this module
"""The column of rows that were folded before there was this column."""

ENVIRONMENTS = """
SELECT payload->>'$.digest' AS digest, any_value(payload->>'$.python') AS python,
       any_value(payload->>'$.platform') AS platform,
       any_value(payload->>'$.flowbook') AS flowbook,
       any_value(payload->'$.packages') AS packages
FROM tail WHERE kind = 'ENVIRONMENT_RECORDED' GROUP BY 1"""
"""The environments that a tail tells of."""

NEW_ENVIRONMENTS = f"""INSERT INTO stored.environments BY NAME
    FROM ({ENVIRONMENTS}) AS fresh ANTI JOIN stored.environments USING (digest)"""
"""Those of them that were not known: every process tells of its own."""
