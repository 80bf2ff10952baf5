"""Excel workbooks, one sheet at a time, through openpyxl.

A cell holds a text, a number, a date or whether something is so; whatever a workbook has no cell
for (a time zone, a list) is written as text. A text is never a formula, whatever it begins with.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any, Final

from flowbook.errors import UsageError
from flowbook.graph.options import did_you_mean
from flowbook.nodes.files.documents import as_text, rows_of_table
from flowbook.nodes.files.dtypes import shown
from flowbook.nodes.files.settings import Settings, absent, chosen, twice
from flowbook.nodes.files.source import Source

_LONGEST: Final = 32_767
"""Characters in a cell."""
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that XML has no way to say."""
_ROWS: Final = 1_048_576
"""Rows on a sheet."""


def read(source: Source, settings: Settings) -> list[dict[str, Any]]:
    """The rows of a sheet; values of formulas are those that were saved with them."""
    settings.only("excel", "sheet", "header", "skip", "columns", "dtypes", "nulls")
    with source.open() as file:
        book = _opened(source, file)
        try:
            rows = _rows(_sheet(source, book, settings.sheet))
            for _ in range(settings.skip + max(settings.heading - 1, 0)):
                next(rows, None)
            heading = next(rows, ()) if settings.heading else ()
            body = list(rows)
        finally:
            book.close()
    while body and not any(cell is not None for cell in body[-1]):
        body.pop()
    names = _names(source, settings, heading, max(map(len, body), default=0))
    nulls = set(settings.nulls)
    made = [
        {name: None if cell in nulls else cell for name, cell in zip(names, _padded(row, names))}  # noqa: B905 - a row may be longer than what it has
        for row in body
    ]
    for one in settings.columns:
        if one not in names:
            raise absent(source.name, one, names)
    return chosen(made, settings.columns)


def write(value: Any, file: IO[bytes], settings: Settings) -> int:
    """Write a table to a workbook with one sheet."""
    settings.only("excel", "sheet", "header")
    openpyxl = _library()
    rows = rows_of_table(value) or []
    if len(rows) >= _ROWS:
        raise UsageError(f"{len(rows)} rows are more than a sheet has", hint="write csv or parquet")
    names = _columns(value, rows)
    made = [
        [_plain(row.get(one), number, one) for one in names] for number, row in enumerate(rows, 1)
    ]
    heading = [[_plain(one, 0, one) for one in names]] if settings.header else []
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(str(settings.sheet or "Sheet1"))
    for cells in heading + made:
        sheet.append([_cell(sheet, one) for one in cells])
    book.save(file)
    return len(rows)


def _columns(value: Any, rows: list[dict[str, Any]]) -> list[str]:
    names = getattr(value, "column_names", None)
    return list(names) if names else list(dict.fromkeys(str(name) for row in rows for name in row))


def _library() -> Any:
    try:
        import openpyxl
    except ImportError:
        raise UsageError("excel needs openpyxl", hint='pip install "flowbook[files]"') from None
    return openpyxl


def _opened(source: Source, file: IO[bytes]) -> Any:
    import zipfile

    try:
        return _library().load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"{source.name} is no Excel workbook: {error}",
            hint="an .xls file of old has to be saved as .xlsx first",
        ) from None


def _sheet(source: Source, book: Any, wanted: str | int) -> Any:
    names = [sheet.title for sheet in book.worksheets]
    if isinstance(wanted, int):
        if 1 <= wanted <= len(names):
            return book.worksheets[wanted - 1]
        raise UsageError(
            f"{source.name} has {len(names)} sheets, and none is number {wanted}",
            hint=f"its sheets: {', '.join(names)}",
        )
    if not wanted:
        return book.worksheets[0]
    if wanted not in names:
        raise UsageError(f"{source.name} has no sheet {wanted!r}", hint=did_you_mean(wanted, names))
    return book.worksheets[names.index(wanted)]


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # what a file says of its size is not always so
    return iter(sheet.iter_rows(values_only=True))


def _names(source: Source, settings: Settings, heading: tuple[Any, ...], width: int) -> list[str]:
    if not settings.heading:
        return list(settings.columns) or [f"f{at}" for at in range(width)]
    named = [None if one is None else str(one).strip() for one in heading]
    while named and not named[-1]:
        named.pop()
    if not named:
        raise UsageError(
            f"{source.name} has no names in row {settings.skip + settings.heading}",
            hint="say which row has them, such as header: 3, or header: false",
        )
    names = [one or f"f{at}" for at, one in enumerate(named)]
    if (wrong := twice(source.name, names)) is not None:
        raise wrong
    return names


def _padded(row: tuple[Any, ...], names: list[str]) -> tuple[Any, ...]:
    return row + (None,) * (len(names) - len(row))


def _cell(sheet: Any, plain: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, plain)
    if isinstance(plain, str):
        cell.data_type = "s"  # not a formula, whatever it begins with
    return cell


def _plain(value: Any, number: int, column: str) -> Any:
    """What stands in the cell; `UsageError` names row and column of what cannot."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float | Decimal):
        return value if math.isfinite(value) else None
    aware = isinstance(value, dt.datetime) and value.tzinfo is not None
    if isinstance(value, dt.datetime | dt.date | dt.time) and not aware:
        return value
    text = value.isoformat() if isinstance(value, dt.datetime) else as_text(value)
    where = f"row {number}, column {column!r}"
    if len(text) > _LONGEST:
        raise UsageError(f"{where}: {len(text)} characters are more than a cell holds")
    if (found := _ILLEGAL.search(text)) is not None:
        raise UsageError(f"{where}: {shown(text)} has {found[0]!r}, which cannot stand in a cell")
    return text
