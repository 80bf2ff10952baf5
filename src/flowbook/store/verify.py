"""Whether everything in a store fits together, and exactly what does not.

All tables but `events` are folds of facts, so they are made again and compared, both ways. Objects
are compared with what refers to them. One look sees it all; it keeps folds out while it lasts, and
nobody from journalling. Nothing is changed: findings say what to do.
"""

# ruff: noqa: S608  # every statement is assembled from constants

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowbook.errors import StoreBusy, StoreError, StoreVersion
from flowbook.store import archive, segments
from flowbook.store.contents import REFERENCES, REFERRING, StoredObject, objects
from flowbook.store.layout import Layout
from flowbook.store.migrations import FORMAT, read_meta
from flowbook.store.projection import NODES_OF_TAIL, ROWS, RUNS_OF_TAIL
from flowbook.store.schema import TABLES
from flowbook.store.snapshot import Snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_FINDINGS = 100
"""So many of a kind are told one by one; `counts` has the whole number."""

_REBUILD = "run `flowbook store rebuild`"


class FindingKind(StrEnum):
    """What may be wrong. Of `HARMLESS` kinds it is only told."""

    FORMAT = "format"
    DATABASE = "database"
    PROJECTION = "projection"
    DUPLICATE = "duplicate"
    WATERMARK = "watermark"
    DELETED = "deleted"
    MISSING_OBJECT = "missing_object"
    DAMAGED_OBJECT = "damaged_object"
    QUARANTINED = "quarantined"
    DAMAGED_SEGMENT = "damaged_segment"
    ARCHIVE = "archive"
    HOLE = "hole"
    ORPHAN_OBJECT = "orphan_object"


HARMLESS = frozenset({FindingKind.HOLE, FindingKind.ORPHAN_OBJECT})
"""Holes are what a run leaves that keeps a summary only; orphans are what `gc` removes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit, and what to do about it."""

    kind: FindingKind
    message: str
    run_id: str | None = None
    path: Path | None = None
    hash: str | None = None

    @property
    def harmless(self) -> bool:
        """True when nothing is wrong."""
        return self.kind in HARMLESS


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """All findings; `counts` says how much was looked at, and how much was found of each kind."""

    findings: tuple[Finding, ...]
    counts: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return all(finding.harmless for finding in self.findings)


_ALL_EVENTS = """CREATE TEMP VIEW tail AS
SELECT writer, wseq, kind, run_id, seq, ts, node, attempt, status, ms, error, cache_key, payload,
       scope
FROM stored.events"""
_AGAIN: Mapping[str, tuple[tuple[str, ...], str]] = {
    "runs": (("id",), RUNS_OF_TAIL),
    "node_runs": (("run_id", "scope", "node"), NODES_OF_TAIL),
    "values": (("run_id", "seq", "scope", "node", "port"), ROWS["values"]),
    "usage": (("run_id", "seq", "scope", "node", "provider", "model"), ROWS["usage"]),
}
"""Tables that events alone can make again: what tells rows apart, and how they are made."""
# Pins are no events; and which node is current matters only while the run is not over.
_COMPARED = {
    "pinned": None,
    "pinned_at": None,
    "current": "CASE WHEN outcome IS NULL THEN current END AS current",
}
_DUPLICATES = """
SELECT {0}, {1}, count(*) FROM stored.events WHERE {0} IS NOT NULL
GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL"""
_WATERMARKS = """
SELECT writer, max(seen.wseq), any_value(known.wseq)
FROM stored.events AS seen LEFT JOIN stored.writers AS known USING (writer)
WHERE writer IS NOT NULL GROUP BY writer
HAVING max(seen.wseq) > coalesce(any_value(known.wseq), -1)"""
_HOLES = """
SELECT run_id, max(seq) + 1 - count(*) FROM stored.events
GROUP BY run_id HAVING max(seq) + 1 > count(DISTINCT seq) ORDER BY run_id"""
_STILL_THERE = """
SELECT run_id, list(DISTINCT place) FROM (
    SELECT id AS run_id, 'runs' AS place FROM stored.runs
    UNION ALL SELECT run_id, 'events' FROM stored.events
    UNION ALL SELECT run_id, 'node_runs' FROM stored.node_runs
    UNION ALL SELECT run_id, 'values' FROM stored.values
    UNION ALL SELECT run_id, 'usage' FROM stored.usage)
WHERE run_id IN (SELECT run_id FROM stored.deletions) GROUP BY run_id ORDER BY run_id"""
_NEEDED = f"""
SELECT hash, any_value(run_id), any_value(node), any_value(bytes) FILTER (hash = own)
FROM ({REFERENCES}) WHERE hash <> own OR NOT inside GROUP BY hash ORDER BY hash"""


class _Report:
    """Findings as they come in, counted, and told one by one up to `MOST_FINDINGS` of a kind."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.counts: dict[str, int] = {str(kind): 0 for kind in FindingKind}

    def add(self, kind: FindingKind, message: str, **about: Any) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= MOST_FINDINGS:
            self.findings.append(Finding(kind, message, **about))

    def more(self, kind: FindingKind, untold: int) -> None:
        self.counts[kind] += untold


def verify(snapshot: Snapshot, *, deep: bool) -> VerifyReport:
    """Look through the whole store; see `Store.verify`."""
    import duckdb

    report = _Report()
    layout = snapshot.layout
    _verify_segments(report, layout, deep=deep)
    try:
        meta = read_meta(layout)
        if meta is None and layout.database.exists():
            report.add(
                FindingKind.FORMAT,
                f"{layout.meta} is missing: `flowbook store fold` writes it anew",
                path=layout.meta,
            )
        if meta is None or meta.format <= FORMAT:
            with snapshot.look(*REFERRING) as view:
                _verify_objects(report, view, snapshot, deep=deep)
                with snapshot.resident.cursor() as cursor:
                    _verify_tables(report, cursor, snapshot, deep=deep)
    except StoreVersion as error:
        report.add(FindingKind.FORMAT, str(error), path=layout.meta)
    except StoreBusy:
        raise
    except (duckdb.Error, StoreError) as error:
        text = str(error).partition("\n")[0]
        report.add(
            FindingKind.DATABASE,
            f"{layout.database} cannot be read: {text}; {_REBUILD}",
            path=layout.database,
        )
    return VerifyReport(tuple(report.findings), report.counts)


def _verify_segments(report: _Report, layout: Layout, *, deep: bool) -> None:
    for path in sorted(layout.journal.glob("*.quarantine")):
        report.add(
            FindingKind.QUARANTINED,
            f"{path} was set aside: {segments.inspect(path)}; all else in it is folded: look into "
            "it, then remove it",
            path=path,
        )
    for segment in (*segments.listed(layout), *(archive.archived(layout) if deep else ())):
        try:
            found = segments.inspect(segment.path)
        except FileNotFoundError:
            continue  # folded meanwhile
        except (OSError, EOFError, zlib.error) as error:
            said = f"cannot be unpacked: {error}"
        else:
            if found.whole:
                continue
            said = f"{found}; all else in it is read"
        report.add(FindingKind.DAMAGED_SEGMENT, f"{segment.path}: {said}", path=segment.path)


def _verify_tables(
    report: _Report, cursor: DuckDBPyConnection, snapshot: Snapshot, *, deep: bool
) -> None:
    for table in TABLES:
        report.counts[table] = cursor.execute(f"SELECT count(*) FROM stored.{table}").fetchall()[0][
            0
        ]
    _verify_events(report, cursor)
    for run, places in cursor.execute(_STILL_THERE).fetchall():
        report.add(
            FindingKind.DELETED,
            f"run {run} was deleted and is still in {', '.join(sorted(places))}; {_REBUILD}",
            run_id=run,
        )
    cursor.execute(_ALL_EVENTS)
    for table, (keys, made) in _AGAIN.items():
        _verify_projection(report, cursor, table, keys, made)
    _verify_archive(report, cursor, snapshot, deep=deep)


def _verify_events(report: _Report, cursor: DuckDBPyConnection) -> None:
    for run, seq, count in cursor.execute(_DUPLICATES.format("run_id", "seq")).fetchall():
        report.add(
            FindingKind.DUPLICATE,
            f"event {seq} of run {run} is stored {count} times; {_REBUILD}",
            run_id=run,
        )
    for writer, wseq, count in cursor.execute(_DUPLICATES.format("writer", "wseq")).fetchall():
        report.add(
            FindingKind.DUPLICATE,
            f"fact {wseq} of writer {writer} is stored {count} times; {_REBUILD}",
        )
    for writer, wseq, mark in cursor.execute(_WATERMARKS).fetchall():
        report.add(
            FindingKind.WATERMARK,
            f"writer {writer} is folded up to {'nothing' if mark is None else mark}, but its fact "
            f"{wseq} is stored: it could be folded twice; {_REBUILD}",
        )
    for run, missing in cursor.execute(_HOLES).fetchall():
        report.add(
            FindingKind.HOLE,
            f"run {run} lacks {missing} of its events, as a run that keeps a summary does",
            run_id=run,
        )


def _verify_projection(
    report: _Report, cursor: DuckDBPyConnection, table: str, keys: tuple[str, ...], made: str
) -> None:
    names = [column.split()[0] for column in TABLES[table].split(", ")]
    columns = ", ".join(c for name in names if (c := _COMPARED.get(name, name)) is not None)
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE made AS {made}")
    stored, again = f"SELECT {columns} FROM stored.{table}", f"SELECT {columns} FROM made"
    extra = _rows(cursor, f"{stored} EXCEPT ALL {again}", keys)
    lacking = _rows(cursor, f"{again} EXCEPT ALL {stored}", keys)
    told = sorted({*extra.rows, *lacking.rows}, key=str)
    for key in told:
        report.add(
            FindingKind.PROJECTION,
            f"{_difference(table, key, extra.rows.get(key), lacking.rows.get(key))}; {_REBUILD}",
            run_id=key[0],
        )
    report.more(FindingKind.PROJECTION, max(0, max(extra.count, lacking.count) - len(told)))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some rows by key, and how many there are."""

    rows: dict[tuple[Any, ...], dict[str, Any]]
    count: int


def _rows(cursor: DuckDBPyConnection, query: str, keys: tuple[str, ...]) -> _Rows:
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE differing AS {query}")
    count = cursor.execute("SELECT count(*) FROM differing").fetchall()[0][0]
    first = cursor.execute(f"FROM differing ORDER BY {', '.join(keys)} LIMIT {MOST_FINDINGS}")
    names = [column[0] for column in first.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in first.fetchall()]
    return _Rows({tuple(row[key] for key in keys): row for row in rows}, count)


def _difference(
    table: str,
    key: tuple[Any, ...],
    stored: dict[str, Any] | None,
    made: dict[str, Any] | None,
) -> str:
    run, *place = key
    where = f"{table} of run {run}" + "".join(f", {one}" for one in place if one not in (None, ""))
    if stored is None:
        return f"{where}: the row that its events give is missing"
    if made is None:
        return f"{where}: there is a row more than its events give"
    wrong = [
        f"{name} is {stored[name]!r}, its events say {made[name]!r}"
        for name in stored
        if stored[name] != made[name]
    ]
    return f"{where}: {'; '.join(wrong)}"


def _verify_archive(
    report: _Report, cursor: DuckDBPyConnection, snapshot: Snapshot, *, deep: bool
) -> None:
    kept = archive.archived(snapshot.layout)
    known = {writer for (writer,) in cursor.execute("SELECT writer FROM stored.writers").fetchall()}
    for segment in kept:
        if segment.writer not in known:
            report.add(
                FindingKind.ARCHIVE,
                f"{segment.path} was folded once, and the database knows nothing of it; {_REBUILD}",
                path=segment.path,
            )
    if deep:
        for path in archive.holding_deleted(cursor, snapshot.layout):
            report.add(
                FindingKind.DELETED,
                f"{path} holds events of deleted runs; run `flowbook store gc`",
                path=path,
            )


def _verify_objects(
    report: _Report, view: DuckDBPyConnection, snapshot: Snapshot, *, deep: bool
) -> None:
    needed = view.execute(_NEEDED).fetchall()
    found = list(objects(snapshot.layout))
    there = {one.hash: one for one in found if not one.preview}
    report.counts["objects"] = len(there)
    for digest, run, node, size in needed:
        wanted = there.get(digest)
        of = f"node {node} of run {run}" if run else "a dataset"
        if wanted is None:
            report.add(
                FindingKind.MISSING_OBJECT,
                f"object {digest}, which {of} needs, is missing; run {of} again",
                run_id=run,
                hash=digest,
            )
        elif not _intact(wanted, size, deep=deep):
            report.add(
                FindingKind.DAMAGED_OBJECT,
                f"{wanted.path} is damaged; remove it, then run {of} again",
                run_id=run,
                path=wanted.path,
                hash=digest,
            )
    for digest in sorted(there.keys() - {row[0] for row in needed}):
        report.add(
            FindingKind.ORPHAN_OBJECT,
            f"nothing needs {there[digest].path}; `flowbook store gc` removes it in time",
            path=there[digest].path,
            hash=digest,
        )


def _intact(found: StoredObject, size: int | None, *, deep: bool) -> bool:
    if size is not None and size != found.size:
        return False
    if not deep:
        return True
    with found.path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == found.hash
