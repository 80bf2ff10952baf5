"""What the store holds of schedules: their tables, their views, and the facts these are made of.

A schedule is what was said of it last, a slot what was decided of it last: both tables only grow,
and the views take the newest row. Of two facts of one moment the one that was written later counts.
"""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

AGENDA_TABLES: Final[Mapping[str, str]] = {
    "schedule_changes": "name VARCHAR, flow VARCHAR, notebook VARCHAR, settings JSON, "
    "since TIMESTAMP, next_run TIMESTAMP, removed BOOLEAN, changed_by VARCHAR, "
    "changed_at TIMESTAMP, place BIGINT",
    "slot_changes": "schedule VARCHAR, flow VARCHAR, scheduled_for TIMESTAMP, verdict VARCHAR, "
    "reason VARCHAR, detail VARCHAR, run_id VARCHAR, key VARCHAR, tries INTEGER, begun BOOLEAN, "
    "behind TIMESTAMP, upto TIMESTAMP, next_run TIMESTAMP, decided_by VARCHAR, "
    "decided_at TIMESTAMP, place BIGINT",
}
"""Tables of the database file, by name."""

AGENDA_VIEWS: Final[Mapping[str, Mapping[str, str]]] = {
    "schedules": {
        "name": "name of the schedule",
        "flow": "name of the flow that it runs",
        "notebook": "path of its notebook, seen from the project's folder",
        "schedule_enabled": "false while it is paused",
        "schedule_cron": "its cron expression; NULL where an interval or moments say when",
        "schedule_timezone": "the zone whose clock it is about",
        "schedule_input_data": "JSON of the parameters of its runs",
        "schedule_next_run": "UTC; its next moment; NULL when none will come, or it is paused",
        "overlap": "skip, queue_one or parallel",
        "catch_up": "none, latest or all",
        "settings": "JSON of all its settings",
        "since": "UTC; moments before this are none of it",
        "decided_until": "UTC; of every moment up to this it is decided what becomes of it",
        "changed_by": "user who saved it last",
        "changed_at": "UTC",
    },
    "slots": {
        "schedule": "name of the schedule",
        "flow": "name of the flow",
        "scheduled_for": "UTC; the moment",
        "verdict": "run, wait or skip",
        "reason": "why: on_time, caught_up, still_running, superseded, …",
        "detail": "the same in words, where there is more to say; of a run by hand with "
        "parameters of its own, JSON of these",
        "run_id": "the run that was started for it, or is to be",
        "key": "its run key",
        "tries": "how often a process was started for its run",
        "begun": "true once its run has begun",
        "behind": "UTC; the moment of the schedule before it",
        "decided_by": "host and process that decided it",
        "decided_at": "UTC; when that was decided last",
    },
}
"""Views of the history: their columns, in order, and what they mean."""

_TIME = "make_timestamp(CAST(round(TRY_CAST({} AS DOUBLE) * 1e6) AS BIGINT))"

AGENDA_ROWS: Final[Mapping[str, str]] = {
    "schedule_changes": f"""
SELECT payload->>'$.schedule' AS name, payload->>'$.flow' AS flow,
       payload->>'$.notebook' AS notebook, payload->'$.settings' AS settings,
       {_TIME.format("payload->>'$.since'")} AS since,
       {_TIME.format("payload->>'$.next_run'")} AS next_run,
       kind = 'SCHEDULE_REMOVED' AS removed, payload->>'$.by' AS changed_by, ts AS changed_at,
       wseq AS place
FROM tail WHERE kind IN ('SCHEDULE_SAVED', 'SCHEDULE_REMOVED')""",
    "slot_changes": f"""
SELECT payload->>'$.schedule' AS schedule, payload->>'$.flow' AS flow,
       {_TIME.format("slot->>'$.scheduled_for'")} AS scheduled_for,
       slot->>'$.verdict' AS verdict, slot->>'$.reason' AS reason,
       coalesce(slot->>'$.detail', '') AS detail, slot->>'$.run' AS run_id, slot->>'$.key' AS key,
       coalesce(TRY_CAST(slot->>'$.tries' AS INTEGER), 0) AS tries,
       coalesce(TRY_CAST(slot->>'$.begun' AS BOOLEAN), false) AS begun,
       {_TIME.format("slot->>'$.behind'")} AS behind,
       {_TIME.format("payload->>'$.upto'")} AS upto,
       {_TIME.format("payload->>'$.next_run'")} AS next_run, payload->>'$.by' AS decided_by,
       ts AS decided_at, place
FROM (SELECT payload, ts, wseq AS place,
             unnest(from_json(payload->'$.slots', '["JSON"]')) AS slot
      FROM tail WHERE kind = 'SLOTS_DECIDED')""",
}
"""What the tail adds to the tables."""

AGENDA_BORN_OF: Final = {
    "schedule_changes": ("SCHEDULE_SAVED", "SCHEDULE_REMOVED"),
    "slot_changes": ("SLOTS_DECIDED",),
}

_SLOT_COLUMNS = ", ".join(AGENDA_VIEWS["slots"])

AGENDA_READ: Final[Mapping[str, str]] = {
    "schedule_changes": "FROM stored.schedule_changes UNION ALL BY NAME "
    f"{AGENDA_ROWS['schedule_changes']}",
    "slot_changes": f"FROM stored.slot_changes UNION ALL BY NAME {AGENDA_ROWS['slot_changes']}",
    "schedules": """
    SELECT name, flow, notebook,
           coalesce(TRY_CAST(settings->>'$.enabled' AS BOOLEAN), true) AS schedule_enabled,
           settings->>'$.cron' AS schedule_cron,
           coalesce(settings->>'$.timezone', 'UTC') AS schedule_timezone,
           coalesce(settings->'$.input_data', '{}') AS schedule_input_data,
           CASE WHEN schedule_enabled THEN CASE WHEN moved_at >= changed_at THEN moved_to
                                                ELSE next_run END END AS schedule_next_run,
           coalesce(settings->>'$.overlap', 'skip') AS overlap,
           coalesce(settings->>'$.catch_up', 'latest') AS catch_up, settings, since,
           greatest(since, upto) AS decided_until, changed_by, changed_at
    FROM (FROM schedule_changes
          QUALIFY row_number() OVER (PARTITION BY name ORDER BY changed_at DESC, place DESC) = 1)
    LEFT JOIN (
        SELECT schedule AS name, upto, next_run AS moved_to, decided_at AS moved_at
        FROM slot_changes WHERE upto IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY schedule ORDER BY upto DESC, decided_at DESC, place DESC) = 1) USING (name)
    WHERE NOT removed""",
    "slots": f"""
    SELECT {_SLOT_COLUMNS} FROM slot_changes
    QUALIFY row_number() OVER (PARTITION BY schedule, scheduled_for
                               ORDER BY decided_at DESC, place DESC) = 1""",
}
"""What makes the views inside a look."""

AGENDA_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "schedules": ("schedule_changes", "slot_changes"),
    "slots": ("slot_changes",),
}
