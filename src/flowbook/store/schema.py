"""The tables of the store, and the views a query sees with what their columns mean.

Every row of every table is derived from journalled facts (`flowbook.store.projection`); the views
(`flowbook.store.views`) join what is folded with what is not yet. The columns of `VIEWS` are a
contract: they are added to, and neither renamed nor removed.

No index, primary key or UNIQUE anywhere: zone maps over time-ordered run ids find a run, an index
costs minutes on deletion, and uniqueness is the fold's job. Times are TIMESTAMP in UTC, because
TIMESTAMPTZ cannot be fetched without pytz.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowbook.store.agenda import AGENDA_TABLES, AGENDA_VIEWS
from flowbook.store.statistics import STATISTICS_VIEWS
from flowbook.store.told import DELIVERIES, TOLD_TABLES

TABLES: Mapping[str, str] = {
    "events": "run_id VARCHAR, seq INTEGER, ts TIMESTAMP, kind VARCHAR, node VARCHAR, "
    "attempt SMALLINT, status VARCHAR, ms DOUBLE, error VARCHAR, cache_key VARCHAR, payload JSON, "
    "writer VARCHAR, wseq BIGINT, scope VARCHAR DEFAULT ''",
    "runs": "id VARCHAR, flow VARCHAR, version VARCHAR, trigger VARCHAR, key VARCHAR, "
    "parent VARCHAR, params JSON, nodes INTEGER, host VARCHAR, pid INTEGER, "
    "started_at TIMESTAMP, last_at TIMESTAMP, last_seq INTEGER, writer VARCHAR, "
    "outcome VARCHAR, ended_at TIMESTAMP, duration_ms DOUBLE, failed INTEGER, "
    "suspended INTEGER, error VARCHAR, current VARCHAR, pinned BOOLEAN, pinned_at TIMESTAMP, "
    "origin VARCHAR, origin_seq INTEGER, origin_node VARCHAR, depth INTEGER, "
    "calling_node VARCHAR, schedule VARCHAR, scheduled_for TIMESTAMP, routed VARCHAR, "
    "environment VARCHAR, paused BOOLEAN",
    "environments": "digest VARCHAR, python VARCHAR, platform VARCHAR, flowbook VARCHAR, "
    "packages JSON",
    "node_runs": "run_id VARCHAR, node VARCHAR, seq INTEGER, status VARCHAR, attempts INTEGER, "
    "executor VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP, duration_ms DOUBLE, "
    "reason VARCHAR, cause VARCHAR, error VARCHAR, scope VARCHAR DEFAULT '', "
    "turns_total INTEGER, turns_done INTEGER, turns_failed INTEGER, scheduled_at TIMESTAMP, "
    "cpu_ms DOUBLE, memory BIGINT, is_estimate BOOLEAN",
    "flow_versions": "flow VARCHAR, version VARCHAR, spec JSON, recorded_at TIMESTAMP, edges JSON",
    "publications": "flow VARCHAR, version VARCHAR, note VARCHAR, published_by VARCHAR, "
    "published_at TIMESTAMP, setup VARCHAR, places JSON",
    "writers": "writer VARCHAR, wseq BIGINT, host VARCHAR, pid INTEGER, opened_at TIMESTAMP, "
    "kernel VARCHAR",
    "values": "run_id VARCHAR, seq INTEGER, node VARCHAR, port VARCHAR, attempt SMALLINT, "
    "ts TIMESTAMP, hash VARCHAR, format VARCHAR, type VARCHAR, bytes BIGINT, rows BIGINT, "
    "columns JSON, inline BOOLEAN, redacted BOOLEAN, reason VARCHAR, parts JSON, "
    "scope VARCHAR DEFAULT ''",
    "usage": "run_id VARCHAR, seq INTEGER, node VARCHAR, attempt SMALLINT, ts TIMESTAMP, "
    "provider VARCHAR, model VARCHAR, prompt_tokens BIGINT, completion_tokens BIGINT, "
    "total_tokens BIGINT, cost DOUBLE, is_estimate BOOLEAN, scope VARCHAR DEFAULT ''",
    "datasets": "dataset VARCHAR, version VARCHAR, number INTEGER, hash VARCHAR, format VARCHAR, "
    "type VARCHAR, bytes BIGINT, rows BIGINT, columns JSON, parent VARCHAR, run_id VARCHAR, "
    "node VARCHAR, created_at TIMESTAMP, value JSON",
    "dataset_tags": "dataset VARCHAR, tag VARCHAR, version VARCHAR, set_at TIMESTAMP",
    "audit": "id VARCHAR, run_id VARCHAR, workflow_id VARCHAR, action VARCHAR, actor VARCHAR, "
    "metadata JSON, created_at TIMESTAMP",
    "settings": "flow VARCHAR, name VARCHAR, value JSON, changed_at TIMESTAMP",
    "cache_clearings": "flow VARCHAR, node VARCHAR, tag VARCHAR, cleared_at TIMESTAMP",
    "memory_changes": "flow VARCHAR, key VARCHAR, version INTEGER, value JSON, run_id VARCHAR, "
    "node VARCHAR, attempt SMALLINT, write_id VARCHAR, changed_by VARCHAR, changed_at TIMESTAMP",
    "deletions": "run_id VARCHAR, deleted_at TIMESTAMP",
    **AGENDA_TABLES,
    **TOLD_TABLES,
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
        "failed": "how many of them failed; what is inside of containers does not count",
        "error": "what ended it, or 'lost: process N is gone'",
        "host": "machine it runs on, or ran on last",
        "pid": "process it runs in, or ran in last",
        "parent": "run that started this one as a sub-flow",
        "key": "run key: a second start with the same key returns this run",
        "current": "the node that began last, while the run is not over",
        "pinned": "true when it survives every retention",
        "origin": "the run it replays",
        "origin_seq": "the last event of that run it goes by",
        "origin_node": "the node it was replayed from, if one was named",
        "depth": "how many runs stand above it: 0 for one that no run started",
        "calling_node": "node of the parent that called it; inside of a container with its turn, "
        "such as `each[3].sub`",
        "schedule": "the schedule that started it",
        "scheduled_for": "UTC; the moment of that schedule it was started for",
        "routed": "which version it took and why; NULL where it was started on the flow as it was",
        "environment": "digest of what it is performed in, or was last; see `environments`",
        "paused": "true while it is paused: what is ready waits, and nothing new begins",
    },
    "environments": {
        "digest": "what runs name it by",
        "python": "version of Python",
        "platform": "system, its release, and the machine it is made for",
        "flowbook": "version of flowbook",
        "packages": "JSON of the installed distributions: names and versions",
    },
    "events": {
        "run_id": "the run",
        "seq": "position in the run, from 0",
        "ts": "UTC",
        "kind": "RUN_CREATED, NODE_COMPLETED, …",
        "node": "the node, if it is about one",
        "attempt": "attempt of the node, from 1",
        "status": "how the run ended, on RUN_COMPLETED, or the turn, on SCOPE_CLOSED",
        "ms": "milliseconds it took, where it says that something ended",
        "error": "the error it carries, as `type: message`",
        "cache_key": "what the cache gives a NODE_COMPLETED again by, or gave a NODE_REUSED by: "
        "same key, same outputs",
        "payload": "JSON of the whole event",
        "scope": "inside which turn of which containers the node is, such as `each[3]`; else ''",
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
        "scope": "inside which turn of which containers it is, such as `each[3]`; '' outside",
        "turns_total": "of a container: how many turns there are to be, where that is known",
        "turns_done": "of a container: how many turns succeeded or failed so far",
        "turns_failed": "of a container: how many of those failed",
        "scheduled_at": "UTC; when all its inputs were settled",
        "cpu_ms": "milliseconds of CPU time of all attempts; NULL where it was not measured",
        "memory": "bytes it had at most; NULL where it was not measured",
        "is_estimate": "as in `attempts`",
    },
    "turns": {
        "run_id": "the run",
        "scope": "inside which turn of which containers the container is; '' outside",
        "node": "the container",
        "block": "which of its blocks: '' for the body, else catch or finally",
        "index": "the number of the item or pass, from 0; NULL where turns have none",
        "turn": "what the nodes inside have as their `scope`, such as `each[3]`",
        "status": "running, succeeded, reused, failed or cancelled",
        "attempts": "how often it began; 0 when it was taken from another run",
        "started_at": "UTC; the first attempt",
        "ended_at": "UTC",
        "duration_ms": "milliseconds of the last attempt",
        "error": "the last error of a node in it, when it failed",
    },
    "results": {
        "run_id": "the run",
        "scope": "inside which turn of which containers the container is; '' outside",
        "node": "the container, one that does not collect its results",
        "index": "the number of the item, from 0",
        "status": "fulfilled or rejected",
        "port": "the name under which it left the turn; NULL where nothing did",
        "value": "JSON of the value, where it is small and plain; else see `hash`",
        "hash": "as in `values`",
        "type": "as in `values`",
    },
    "compensations": {
        "run_id": "the run, which is over",
        "node": "a node that completed and had to be undone; inside of a container with its turn, "
        "such as `each[3].charge`",
        "compensated": "true when it was undone; false when what undoes it failed or was given up",
        "position": "1, 2, 3, … in the order in which they were undone",
        "ts": "UTC; when the run was over",
    },
    "flow_versions": {
        "flow": "name of the flow",
        "version": "content hash of the definition",
        "spec": "JSON of the definition",
        "recorded_at": "UTC; first seen",
        "number": "1, 2, 3, … in the order of first use",
        "edges": "JSON list of its edges: [source, output, target, input]",
    },
    "publications": {
        "flow": "name of the flow",
        "version": "content hash of the version that was published; the newest row counts",
        "note": "what whoever published it said of it",
        "published_by": "user",
        "published_at": "UTC",
        "setup": "code that makes what its nodes took from plain cells of their notebook",
        "places": "JSON of where its nodes stood on the canvas: [x, y] by name; NULL of early rows",
    },
    "values": {
        "run_id": "the run",
        "node": "the node that gave it",
        "port": "the output it left by; NULL for what the node showed as its result",
        "attempt": "the attempt that gave it",
        "ts": "UTC",
        "hash": "sha256 of the stored bytes: equal content, equal hash; NULL when it is not kept",
        "format": "json, parquet, text, bytes, …; none when it is not kept",
        "type": "Python type to bring back, such as pandas.DataFrame",
        "bytes": "size as stored",
        "rows": "how many, of a table",
        "columns": "JSON list of column names, of a table",
        "inline": "true when it travels in its event and needs no object",
        "redacted": "true when sensitive fields were replaced before it was kept",
        "reason": "why it is not kept",
        "scope": "as in `node_runs`",
    },
    "datasets": {
        "dataset": "name of the dataset",
        "version": "UUIDv7 of the version: sorts by time",
        "number": "1, 2, 3, … in the order they came in",
        "tags": "the tags that name this version",
        "hash": "sha256 of the stored bytes",
        "format": "as in `values`",
        "type": "as in `values`",
        "bytes": "size as stored",
        "rows": "how many, of a table",
        "columns": "JSON list of column names",
        "parent": "version it was made of",
        "run_id": "run that made it",
        "node": "node that made it",
        "created_at": "UTC",
    },
    "memory": {
        "flow": "the flow that remembers it; NULL for what the whole project does, `run:` and its "
        "id for a variable of one run",
        "key": "the key",
        "version": "which of its changes this is: 1, 2, 3, …",
        "value": "the value as JSON, if it is plain and of at most 4 KiB",
        "format": "as in `values`",
        "type": "as in `values`",
        "bytes": "as in `values`",
        "hash": "as in `values`",
        "run_id": "the run that changed it, if one did",
        "node": "the node that changed it; inside of a container with its turn",
        "attempt": "the attempt that changed it",
        "changed_by": "the user who changed it, when no node did",
        "changed_at": "UTC",
    },
    "memory_history": {
        "flow": "as in `memory`",
        "key": "as in `memory`",
        "version": "as in `memory`",
        "deleted": "true when the key has had no value from then on",
        "value": "as in `memory`",
        "format": "as in `values`",
        "type": "as in `values`",
        "bytes": "as in `values`",
        "hash": "as in `values`",
        "run_id": "as in `memory`",
        "node": "as in `memory`",
        "attempt": "as in `memory`",
        "changed_by": "as in `memory`",
        "changed_at": "UTC",
    },
    "usage": {
        "run_id": "the run",
        "node": "the node",
        "attempt": "the attempt that used it",
        "ts": "UTC",
        "provider": "who served it",
        "model": "which model",
        "prompt_tokens": "tokens in",
        "completion_tokens": "tokens out",
        "total_tokens": "tokens in all",
        "cost": "US dollars, when it is known",
        "is_estimate": "true when the provider did not say and it was counted here",
        "scope": "as in `node_runs`",
    },
    "streams": {
        "run_id": "the run",
        "node": "the node that streamed it",
        "attempt": "the attempt that did",
        "channel": "token, data, artefact or progress",
        "chunk_index": "its number in its channel, from 0",
        "chunks": "how many it stands for: all tokens of an attempt are one text",
        "ts": "UTC",
        "name": "of an artefact",
        "media_type": "of an artefact, such as image/png",
        "text": "what the tokens say, or the data as JSON, where it travels in its event",
        "hash": "as in `values`",
        "format": "as in `values`",
        "type": "as in `values`",
        "bytes": "size as stored",
        "inline": "as in `values`",
        "redacted": "as in `values`",
        "reason": "why it is not kept",
        "scope": "as in `node_runs`",
    },
    "attempts": {
        "run_id": "the run",
        "node": "the node",
        "attempt": "1 for the first",
        "status": "running, succeeded, retried, failed, suspended, cancelled, or lost with its "
        "process",
        "executor": "where it ran",
        "started_at": "UTC",
        "ended_at": "UTC",
        "duration_ms": "milliseconds it took",
        "cpu_ms": "milliseconds of CPU time; NULL where it was not measured",
        "memory": "bytes it had at most; NULL where it was not measured",
        "is_estimate": "true when others ran in the same process, and `memory` is how much that "
        "grew",
        "error": "what it raised, as `type: message`",
        "scope": "as in `node_runs`",
    },
    "audit": {
        "id": "UUIDv7 of the entry: sorts by time",
        "run_id": "the run it was done to, which may be gone",
        "workflow_id": "the flow",
        "action": "DELETED, CANCELLED, PINNED, …",
        "actor": "user, or system",
        "metadata": "JSON: reason, source, result and what else belongs to it",
        "created_at": "UTC",
    },
    "deliveries": DELIVERIES,
    "registry": {
        "run_id": "the run",
        "flow": "name of the flow",
        "status": "as in `runs`",
        "host": "machine it runs on, or ran on last",
        "pid": "process it runs in, or ran in last",
        "kernel": "id of the Jupyter kernel, if that process is one",
        "alive": "true while that process holds on to its journal",
        "started_at": "UTC; start of the run",
        "heartbeat": "UTC; now while its process lives and it runs, else its last sign of life",
    },
    **STATISTICS_VIEWS,
    **AGENDA_VIEWS,
}
"""The views `History.sql` may read: their columns, in order, and what they mean."""
