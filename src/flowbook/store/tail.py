"""The unfolded tail: what is journalled and not yet in the database, as temporary tables.

Made the same way by the fold, which moves it, and by a reader, who looks at it. Both hold the
store lock, so no fold can come between reading the watermarks and reading the journal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.store import segments
from flowbook.store.layout import Layout
from flowbook.store.projection import FRESH_NODES, FRESH_RUNS, NOTHING_FRESH, OLDEST
from flowbook.store.segments import Inspection
from flowbook.store.unfolded import FOUND, GONE, LOAD_PLAIN_TAIL, LOAD_TAIL, NOTHING_GONE, TAIL

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DELETED = """
SELECT count(*) FILTER (kind = 'RUNS_DELETED'), (SELECT count(*) FROM stored.deletions) FROM tail
"""
_FRESH: Mapping[str, str] = {"fresh_runs": FRESH_RUNS, "fresh_nodes": FRESH_NODES}


@dataclass(frozen=True, slots=True)
class Tail:
    """How many facts a tail has, and how many runs it says are deleted."""

    facts: int
    gone: int


def load_tail(cursor: DuckDBPyConnection, layout: Layout) -> Tail:
    """Fill the tables `tail` and `gone` from the journal.

    A torn line at the end of a segment, or a damaged one inside, is passed over.
    """
    return load_facts(cursor, [segment.path for segment in segments.listed(layout)])


def load_facts(cursor: DuckDBPyConnection, paths: list[Path]) -> Tail:
    """Fill the tables `tail` and `gone` from these files of journal lines, gzipped or not."""
    cursor.execute(f"CREATE TEMP TABLE tail ({TAIL})")
    facts = 0
    for load, with_checksums in ((LOAD_TAIL, True), (LOAD_PLAIN_TAIL, False)):
        if found := _named(paths, with_checksums=with_checksums):
            facts += cursor.execute(load, [found]).fetchall()[0][0]
    if not facts:
        cursor.execute(NOTHING_GONE)
        return Tail(0, 0)
    gone, ever = cursor.execute(_DELETED).fetchall()[0]
    for statement in GONE if gone or ever else (NOTHING_GONE,):
        cursor.execute(statement)
    if gone:
        gone = cursor.execute("SELECT count(*) FROM gone").fetchall()[0][0]
    return Tail(int(facts), int(gone))


def inspected(
    cursor: DuckDBPyConnection, paths: list[Path], wanted: set[Path]
) -> dict[Path, Inspection]:
    """The inspections of the wanted among the files that a tail was loaded from."""
    order = [Path(name) for name in _named(paths, with_checksums=True)]
    rows = cursor.execute(FOUND).fetchall() if wanted else []
    read = {order[file]: (count, first, last) for file, count, first, last in rows}
    found = {}
    for path in wanted & set(paths):
        proven = segments.glance(path, *read[path]) if path in read else None
        found[path] = proven or segments.inspect(path)
    return found


def _named(paths: list[Path], *, with_checksums: bool) -> list[str]:
    return [str(path) for path in paths if segments.checked(path) is with_checksums]


def combine_tail(
    cursor: DuckDBPyConnection, facts: int, tables: Collection[str] = tuple(_FRESH)
) -> None:
    """Make `fresh_runs` and `fresh_nodes`, or one: the rows that a tail of `facts` facts changes.

    Each costs milliseconds of planning, so nobody makes one that he does not read.
    """
    if not facts:
        for statement in NOTHING_FRESH:
            cursor.execute(statement)
        return
    cursor.execute(OLDEST)
    for table, statement in _FRESH.items():
        if table in tables:
            cursor.execute(statement)
