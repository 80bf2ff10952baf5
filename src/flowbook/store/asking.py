"""SQL of other people's: what of it the history answers, what it looks at, how long it may take.

Only one statement, and only one that reads. A look makes the views that a statement names and no
others; when it may look at more than it names, at a catalog for example, it gets them all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from flowbook.errors import StoreError, UsageError
from flowbook.store.resident import blames
from flowbook.store.schema import VIEWS
from flowbook.store.statistics import BOUNDED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")

_AGAIN = 0.05
"""Seconds after which a query that was told to stop is told again: it hears only while it runs."""

# What DuckDB's own parse of a statement may have in it without looking at more than it names.
_PLAIN = {
    "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "BASE_TABLE", "SUBQUERY", "JOIN",
    "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION", "PIVOT", "ORDER_MODIFIER", "LIMIT_MODIFIER",
    "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER", "ORDER_DEFAULT", "ASCENDING", "DESCENDING",
}  # fmt: skip
_PLAIN_TABLE_FUNCTIONS = {
    "range", "generate_series", "unnest", "json_each", "json_tree", "read_csv", "read_json",
    "read_parquet",
}  # fmt: skip
_CURIOUS = ("pg_", "duckdb_", "has_", "format_type", "getvariable", "current_schemas")


def only_select(view: DuckDBPyConnection, query: str) -> Any:
    """`query` as one statement that only reads; `UsageError` for anything else."""
    import duckdb

    statements = view.extract_statements(query)
    allowed = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if len(statements) != 1 or statements[0].type not in allowed:
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise UsageError(
            f"history answers one SELECT at a time, and this is {kinds}", hint=views_hint()
        )
    return statements[0]


def views_hint() -> str:
    """Every view with its columns."""
    lines = (f"{name}({', '.join(columns)})" for name, columns in VIEWS.items())
    return "there are " + "; ".join(lines)


def views_of(cursor: DuckDBPyConnection, query: str, own: Iterable[str] = ()) -> tuple[str, ...]:
    """The views that a SELECT can look at; `own` are names of tables that come with it.

    Too many now and then, never too few.

    >>> import duckdb
    >>> views_of(duckdb.connect(), "SELECT count(*) AS runs FROM events")
    ('events',)
    """
    parsed = cursor.execute("SELECT json_serialize_sql($1::VARCHAR)", [query]).fetchall()[0][0]
    try:
        tree = msgspec.json.decode(parsed)
    except RecursionError:
        return tuple(VIEWS)
    named = None if tree["error"] else _named(tree["statements"], own)
    return tuple(VIEWS) if named is None else tuple(view for view in VIEWS if view in named)


def _named(tree: Any, own: Iterable[str]) -> set[str] | None:
    """Names of views in a parse; None when it has anything that is not known to be plain."""
    found: set[str] = set()
    waiting = [(tree, frozenset(name.casefold() for name in own))]
    while waiting:
        node, known = waiting.pop()
        if isinstance(node, list):
            waiting += ((child, known) for child in node)
        if not isinstance(node, dict):
            continue
        if not _is_plain(node):
            return None
        if node.get("type") == "BASE_TABLE":
            name = node["table_name"].casefold()
            if name not in VIEWS and name not in known:
                return None
            found.add(name)
        if node.get("type") == "TABLE_FUNCTION":
            found.add(node["function"].get("function_name", "").casefold())
        if node.get("type") == "RECURSIVE_CTE_NODE":  # it sees itself
            known |= {node["cte_name"].casefold()}
        for entry in node.get("cte_map", {}).get("map", ()):  # each sees those before it
            waiting.append((entry["value"], known))
            known |= {entry["key"].casefold()}
        waiting += ((child, known) for key, child in node.items() if key != "cte_map")
    return found


def _is_plain(node: dict[str, Any]) -> bool:
    if node.get("schema_name") or node.get("catalog_name"):
        return False
    if "class" in node:
        return not str(node.get("function_name", "")).casefold().startswith(_CURIOUS)
    if node.get("type") == "TABLE_FUNCTION":
        name = node["function"].get("function_name", "").casefold()
        return name in _PLAIN_TABLE_FUNCTIONS or name in BOUNDED
    kind = node.get("type")
    return not isinstance(kind, str) or kind in _PLAIN


@contextmanager
def refusing(database: Path) -> Iterator[None]:
    """What DuckDB says to a query of somebody else's is his `UsageError`, unless it is the file's.

    To be used inside a lease, which tells what is wrong with the file.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if blames(error, database):
            raise
        raise UsageError(f"the query is refused: {error}", hint=views_hint()) from error


def bounded(view: DuckDBPyConnection, work: Callable[[], T], seconds: float) -> T:
    """What `work`, a query on `view`, gives; `StoreError` when it takes longer than `seconds`.

    It has a thread of its own, because DuckDB hears no Ctrl-C while it makes a frame. When this
    returns, or raises, the query is over.
    """
    answer: Future[T] = Future()
    begin = threading.Event()
    given_up: list[bool] = []

    def run() -> None:
        begin.wait()
        try:
            if not given_up:
                answer.set_result(work())
        except BaseException as error:  # noqa: BLE001  # whoever asked gets it
            answer.set_exception(error)

    thread = threading.Thread(target=run, name="flowbook-query", daemon=True)
    try:
        thread.start()
    except BaseException:  # a Ctrl-C comes in, and the thread may be there or not
        given_up.append(True)
        begin.set()
        raise
    try:
        begin.set()
        # Not `thread.join`, which takes a thread for ended when a Ctrl-C comes in (Python 3.11).
        late = not wait([answer], min(seconds, threading.TIMEOUT_MAX)).done
    finally:
        begin.set()
        while not answer.done():
            with suppress(KeyboardInterrupt):  # the first one is under way already
                view.interrupt()
                wait([answer], _AGAIN)
    thread.join()
    if late:
        raise StoreError(
            f"the query took longer than {seconds:g} s and was stopped",
            hint="narrow it with WHERE, or raise the timeout",
        )
    return answer.result()
