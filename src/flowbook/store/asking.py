"""What SQL of other people's the history answers: one statement, and only one that reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowbook.errors import UsageError
from flowbook.store.schema import VIEWS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


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
