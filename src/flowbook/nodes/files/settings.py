"""How a file is read and written, beyond its format; what a format has no use for is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from flowbook.errors import UsageError
from flowbook.graph.options import did_you_mean


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of all formats, each with the value that says nothing."""

    encoding: str = "utf-8"
    delimiter: str = ""
    """Empty: a tab for .tsv, else a comma."""
    quote: str = '"'
    decimal: str = "."
    header: bool | int = True
    """Whether the first row has the names, or the number of the row that has them, from 1."""
    skip: int = 0
    """Lines to pass over at the top."""
    columns: tuple[str, ...] = ()
    dtypes: Mapping[str, str] = field(default_factory=dict)
    nulls: tuple[str, ...] = ()
    """What stands for no value, beside nothing."""
    bad_rows: str = "fail"
    sheet: str | int = ""
    indent: int = 2
    partition_by: tuple[str, ...] = ()

    def only(self, format_name: str, *useful: str) -> None:
        """Raise `UsageError` when a setting is given that the format has no use for."""
        for one in fields(self):
            given, said = getattr(self, one.name), getattr(_NOTHING, one.name)
            if given != said and one.name not in useful:
                raise UsageError(
                    f"{one.name} means nothing to {format_name}",
                    hint=f"settings of {format_name}: {', '.join(useful) or 'none'}",
                )

    @property
    def heading(self) -> int:
        """The number of the row with the names, from 1; 0 for none."""
        return int(self.header)


_NOTHING = Settings()


def absent(name: str, wanted: str, known: list[str]) -> UsageError:
    """What to raise for a column that a file does not have."""
    return UsageError(f"{name} has no column {wanted!r}", hint=did_you_mean(wanted, known))


def twice(name: str, columns: list[str]) -> UsageError | None:
    """What to raise for a file in which two columns have one name; None where none have."""
    seen: set[str] = set()
    for column in columns:
        if column in seen:
            return UsageError(
                f"{name} has two columns called {column!r}",
                hint="read it without its header: header: false, skip: 1, columns: [their names]",
            )
        seen.add(column)
    return None


def chosen(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows with those columns only; with all where none are named."""
    return [{one: row.get(one) for one in columns} for row in rows] if columns else rows
