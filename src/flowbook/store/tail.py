"""The unfolded tail: what is journalled and not yet in the database, as temporary tables.

Made the same way by the fold, which moves it, and by a reader, who looks at it. Both hold the
store lock, so no fold can come between reading the watermarks and reading the journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.store import segments
from flowbook.store.layout import Layout
from flowbook.store.schema import (
    FRESH_NODES,
    FRESH_RUNS,
    LOAD_TAIL,
    NOTHING_FRESH,
    OLDEST,
    TAIL,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def load_tail(cursor: DuckDBPyConnection, layout: Layout) -> int:
    """Fill the table `tail`; how many facts it has.

    A torn line at the end of a segment, or a damaged one inside, is passed over.
    """
    cursor.execute(f"CREATE TEMP TABLE tail ({TAIL})")
    paths = [str(segment.path) for segment in segments.listed(layout)]
    facts = 0
    if paths:
        cursor.execute(LOAD_TAIL, [paths])
        facts = cursor.fetchall()[0][0]
    return int(facts)


def combine_tail(cursor: DuckDBPyConnection, facts: int) -> None:
    """Make `fresh_runs` and `fresh_nodes`: the rows that a tail of `facts` facts changes."""
    for statement in (OLDEST, FRESH_RUNS, FRESH_NODES) if facts else NOTHING_FRESH:
        cursor.execute(statement)
