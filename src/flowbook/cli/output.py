"""What commands print: JSON for programs, tables for people, on stdout."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from flowbook.cli.table import rows_of, table

RECORDS = 1000
"""Rows of a table that travel in JSON output."""


def echo_json(value: Any) -> None:
    """`value` as one JSON document, indented; what JSON cannot hold becomes its text."""
    encoded = msgspec.json.encode(value, enc_hook=str)
    click.echo(msgspec.json.format(encoded, indent=2).decode())


def echo_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], total: int | None = None
) -> None:
    """A table as wide as the terminal; without one, as wide as it needs to be.

    `total` is how many rows there are where `rows` are only the first.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 9999
    for line in table(columns, rows, width, total):
        click.echo(line)


def echo_value(name: str, value: Any) -> None:
    """What a node gave, for a person."""
    found = rows_of(value)
    click.echo(f"{name}:" if found else f"{name}: {_short(value)}")
    if found:
        echo_table(*found)


def as_json(value: Any) -> Any:
    """`value` as JSON data: tables as records, what JSON cannot hold as text."""
    found = rows_of(value)
    if found:
        columns, rows = found
        return [plain_record(columns, row) for row in rows[:RECORDS]]
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError):
        return _short(value)


def plain_record(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """One row as JSON data; missing values of every library are null."""
    return {name: _plain(value) for name, value in zip(columns, row, strict=True)}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "item") and not hasattr(value, "__len__"):  # a numpy number
        value = value.item()
    try:
        if value != value:  # NaN and NaT differ from themselves
            return None
    except (TypeError, ValueError):
        return str(value)
    return value if isinstance(value, float | int | list | dict) else str(value)


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 2000 else f"{text[:2000]}… ({len(text):,} characters)"
