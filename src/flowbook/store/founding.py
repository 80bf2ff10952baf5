"""Making the empty tables of a new database."""

from __future__ import annotations

from flowbook.store.schema import TABLES


def create_tables(catalog: str) -> tuple[str, ...]:
    """Statements that make the empty tables in an attached database."""
    return tuple(f"CREATE TABLE {catalog}.{name} ({columns})" for name, columns in TABLES.items())
