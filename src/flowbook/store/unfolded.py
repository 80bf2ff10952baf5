"""Journalled facts that no fold has taken up yet, as the temporary table `tail`."""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

TAIL = (
    "writer VARCHAR, wseq BIGINT, kind VARCHAR, run_id VARCHAR, seq INTEGER, ts TIMESTAMP, "
    "node VARCHAR, attempt SMALLINT, status VARCHAR, ms DOUBLE, error VARCHAR, cache_key VARCHAR, "
    "payload JSON, file INTEGER, scope VARCHAR"
)
"""Columns of the tail: `events` and the store's own facts in one.

`file` is the place of the segment in the list that was read, NULL for one of an earlier version.
"""

AS_TIMESTAMP = "make_timestamp(CAST(round(CAST({} AS DOUBLE) * 1e6) AS BIGINT))"

_ERROR = "nullif(concat_ws(': ', list_last(string_split(f[11], '.')), nullif(f[9], '')), '')"
"""`KeyError: 'rain'`: a message alone often says nothing."""

LINES = r"""(
    SELECT writer, TRY_CAST(wseq AS BIGINT) AS wseq, TRY_CAST(fact AS JSON) AS fact, filename,
           file_index
    FROM read_csv(?, auto_detect = false, header = false, delim = E'\t', quote = '', escape = '',
        comment = '', new_line = '\n', nullstr = '', strict_mode = false, ignore_errors = true,
        filename = true, max_line_size = 16777216, buffer_size = 33554432, columns =
        {writer: 'VARCHAR', wseq: 'VARCHAR', fact: 'VARCHAR', checksum: 'VARCHAR'})
    WHERE sha1(concat_ws(E'\t', writer, wseq, fact))[:16] = checksum)"""
"""The lines of segments that fit their checksums; all others are passed over."""

PLAIN_LINES = """(
    SELECT *, NULL AS file_index
    FROM read_json(?, format = 'newline_delimited', ignore_errors = true, filename = true,
        columns = {writer: 'VARCHAR', wseq: 'BIGINT', fact: 'JSON'}))"""
"""The same of segments of earlier versions, whose lines have no checksum."""

_LOAD_TAIL = f"""
INSERT INTO tail
SELECT writer, wseq, f[1], f[2], TRY_CAST(f[3] AS INTEGER), {AS_TIMESTAMP.format("f[4]")}, f[5],
       TRY_CAST(f[6] AS SMALLINT), f[7], TRY_CAST(f[8] AS DOUBLE), {_ERROR}, f[10], fact,
       file_index, coalesce(f[12], '')
FROM (
    SELECT line.writer, line.wseq, line.fact, line.file_index, json_extract_string(line.fact,
        ['$.kind', '$.run', '$.seq', '$.at', '$.node', '$.attempt', '$.status', '$.ms',
         '$.error.message', '$.cache_key', '$.error.type', '$.scope']) AS f
    FROM {{}} AS line
    LEFT JOIN stored.writers AS folded ON folded.writer = line.writer
    WHERE line.wseq > coalesce(folded.wseq, -1) AND line.fact IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY line.writer, line.wseq) = 1
)
"""
LOAD_TAIL = _LOAD_TAIL.format(LINES)
LOAD_PLAIN_TAIL = _LOAD_TAIL.format(PLAIN_LINES)
"""For the facts of no writer in both: a writer is of one version."""

FOUND = """SELECT file, count(*), min(wseq), max(wseq) FROM tail
WHERE wseq > 0 AND file IS NOT NULL GROUP BY file"""
"""How many facts the tail has of each file, and between which numbers."""

GONE = (
    """CREATE TEMP TABLE gone AS
    SELECT unnest(from_json(payload->'$.runs', '["VARCHAR"]')) AS run_id, ts AS deleted_at
    FROM tail WHERE kind = 'RUNS_DELETED'""",
    """UPDATE tail SET run_id = NULL, seq = NULL WHERE run_id IN
    (SELECT run_id FROM gone UNION ALL SELECT run_id FROM stored.deletions)""",
)
"""To be run after `LOAD_TAIL`; what they leave out still counts for the watermarks."""

NOTHING_GONE = "CREATE TEMP TABLE gone (run_id VARCHAR, deleted_at TIMESTAMP)"
"""The same for an empty tail."""

EVENTS = "(FROM tail WHERE run_id IS NOT NULL AND seq IS NOT NULL)"
"""The run events among the facts of the tail."""
