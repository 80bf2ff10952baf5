"""What lies in `objects/`, and what refers to it.

An object is known by its hash, whatever its ending; a preview lies beside the object it shows. A
value may need further objects (`parts`): they are referred to as it is.
"""

# ruff: noqa: S608  # every statement is assembled from constants of ours

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flowbook.store.layout import Layout
from flowbook.store.projection import ROWS
from flowbook.store.unfolded import EVENTS

PREVIEW = "preview.json"
_OBJECT = re.compile(r"([0-9a-f]{64})\.(.+)")
_VALUES = f"(FROM kept_values UNION ALL BY NAME {ROWS['values']})"
_STREAMED = f"""(
    SELECT run_id, node, nullif(payload->>'$.value.hash', '') AS hash,
           TRY_CAST(payload->>'$.value.size' AS BIGINT) AS bytes,
           (payload->'$.value.inline') IS NOT NULL OR (payload->>'$.value.format') = 'none'
               AS inside, payload->'$.value.parts' AS parts
    FROM (SELECT run_id, node, payload, kind FROM kept_events UNION ALL
          SELECT run_id, node, payload, kind FROM {EVENTS}) WHERE kind = 'NODE_STREAMED')"""


def reaches(hash_column: str, parts: str) -> str:
    """SQL for all the hashes one row needs: that of its value, and those of its parts."""
    return f"unnest([{hash_column}] || coalesce(from_json({parts}, '[\"VARCHAR\"]'), []))"


REFERENCES = f"""
SELECT * FROM (
    SELECT run_id, node, format = 'none' OR inline AS inside, hash AS own, bytes,
           {reaches("hash", "parts")} AS hash FROM {_VALUES}
    UNION ALL
    SELECT run_id, node, inside, hash, bytes, {reaches("hash", "parts")} FROM {_STREAMED}
    UNION ALL
    SELECT run_id, node, (value->'$.inline') IS NOT NULL, hash, bytes,
           {reaches("hash", "value->'$.parts'")} FROM known_datasets
    UNION ALL
    SELECT run_id, node, (value->'$.inline') IS NOT NULL, value->>'$.hash',
           coalesce(TRY_CAST(value->>'$.size' AS BIGINT), 0),
           {reaches("value->>'$.hash'", "value->'$.parts'")} FROM memory_changes
    WHERE (value->>'$.hash') IS NOT NULL
) WHERE hash IS NOT NULL"""
"""Every reference to a hash, in a look at `REFERRING`. When `own` is the `hash`, the row is about
the value itself, of so many `bytes`, kept `inside` its event or as an object; else about a part of
it, which is always an object."""
REFERRING = ("values", "streams", "datasets", "memory_changes")
"""The views of which something refers to an object."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file of `objects/`. `changed`: nanoseconds since the epoch."""

    path: Path
    hash: str
    preview: bool
    size: int
    changed: int


def objects(layout: Layout) -> Iterator[StoredObject]:
    """All objects and previews, in no order; what goes away meanwhile is passed over."""
    for folder in _folders(layout):
        with os.scandir(folder) as entries:
            for entry in entries:
                if named := _OBJECT.fullmatch(entry.name):
                    try:
                        stat = entry.stat()
                    except FileNotFoundError:
                        continue
                    yield StoredObject(
                        Path(entry.path),
                        named[1],
                        named[2] == PREVIEW,
                        stat.st_size,
                        stat.st_mtime_ns,
                    )


def _folders(layout: Layout) -> list[Path]:
    try:
        with os.scandir(layout.objects) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir())
    except FileNotFoundError:
        return []
