"""JSON, JSON Lines, text and bytes: files that hold a value, or one on each line."""

from __future__ import annotations

import base64
import json
from typing import IO, Any

import msgspec

from flowbook.errors import UsageError
from flowbook.nodes.files.dtypes import shown
from flowbook.nodes.files.settings import Settings
from flowbook.nodes.files.source import Recoded, Source, is_utf8, unknown_encoding

_TOLD = 5
"""How many lines that are at fault a message names."""


def read_json(source: Source, settings: Settings) -> Any:
    """The value; `UsageError` says where it stops being JSON."""
    settings.only("json", "encoding", "columns", "dtypes")
    text = source.text(settings.encoding)
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        pass
    try:
        return json.loads(text)  # knows NaN, and says where it stops
    except json.JSONDecodeError as error:
        line = text.splitlines()[error.lineno - 1 : error.lineno] or [""]
        raise UsageError(
            f"{source.name} is no JSON: {error.msg} at line {error.lineno}, "
            f"column {error.colno}: {shown(line[0].strip())}",
            hint="one value on each line is format: jsonl" if error.msg == "Extra data" else None,
        ) from None
    except RecursionError:
        raise UsageError(f"{source.name} is nested too deep") from None


def read_lines(source: Source, settings: Settings) -> list[Any]:
    """The value of each line; `UsageError` names the first lines that are no JSON."""
    settings.only("jsonl", "encoding", "columns", "dtypes", "bad_rows")
    text = source.text(settings.encoding)
    try:
        rows: list[Any] = msgspec.json.Decoder().decode_lines(text)
    except msgspec.DecodeError:
        rows = _one_by_one(source, text, settings)
    return rows


def _one_by_one(source: Source, text: str, settings: Settings) -> list[Any]:
    rows: list[Any] = []
    bad: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except (json.JSONDecodeError, RecursionError):
                bad.append(f"line {number}: {shown(line)}")
    if not bad:
        return rows
    more = f" and {len(bad) - _TOLD} more" if len(bad) > _TOLD else ""
    told = f"{', '.join(bad[:_TOLD])}{more}"
    if settings.bad_rows == "skip":
        source.log(f"{source.name}: {len(bad)} lines left out, {told}")
        return rows
    raise UsageError(
        f"{source.name} has lines that are no JSON: {told}",
        hint="leave such lines out with bad_rows: skip",
    )


def write_json(value: Any, file: IO[bytes], settings: Settings) -> int | None:
    """Write a value, a table as a list of rows; how many rows, where it is one."""
    settings.only("json", "encoding", "indent")
    plain = rows_of_table(value)
    content = _encoded(value if plain is None else plain, "the value")
    if settings.indent:
        content = msgspec.json.format(content, indent=settings.indent) + b"\n"
    _out(file, settings.encoding).write(content)
    return None if plain is None else len(plain)


def write_lines(value: Any, file: IO[bytes], settings: Settings) -> int:
    """Write each row, or each item of a list, on a line of its own."""
    settings.only("jsonl", "encoding")
    rows = rows_of_table(value)
    if rows is None and not isinstance(value, list | tuple):
        raise UsageError(
            f"a {type(value).__name__} has no lines", hint="give a list or a table, or format: json"
        )
    rows = list(value) if rows is None else rows
    out = _out(file, settings.encoding)
    for number, row in enumerate(rows, 1):
        out.write(_encoded(row, f"row {number}") + b"\n")
    return len(rows)


def rows_of_table(value: Any) -> list[dict[str, Any]] | None:
    """The rows of an Arrow table; a list of rows as it is; None for what is no table."""
    if hasattr(value, "to_pylist"):
        found: list[dict[str, Any]] = value.to_pylist()
        return found
    rows = isinstance(value, list) and all(isinstance(row, dict) for row in value)
    return value if rows else None


def as_text(value: Any) -> str:
    """A value as JSON on one line; a text, and what JSON says by a text, as it is.

    >>> as_text([1, "x"]), as_text("x")
    ('[1,"x"]', 'x')
    """
    if isinstance(value, str):
        return value
    encoded = _encoded(value, "a value")
    text: str = msgspec.json.decode(encoded) if encoded[:1] == b'"' else encoded.decode()
    return text


def _encoded(value: Any, what: str) -> bytes:
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UsageError(f"{what} cannot be written as JSON: {error}") from None


def _plain(value: Any) -> Any:
    """What JSON knows for what it does not: numbers of NumPy, complex things by their own word."""
    if hasattr(value, "tolist"):  # NumPy's scalars and arrays
        return value.tolist()
    if isinstance(value, memoryview):
        return base64.b64encode(value).decode()
    for way in ("model_dump", "to_dict", "isoformat"):
        if callable(made := getattr(value, way, None)):
            return made()
    raise TypeError(f"a {type(value).__name__} is no plain data")


def read_text(source: Source, settings: Settings) -> str:
    """The text, line ends as they are."""
    settings.only("text", "encoding")
    return source.text(settings.encoding)


def write_text(value: Any, file: IO[bytes], settings: Settings) -> None:
    """Write a text as it is; `UsageError` for what is none."""
    settings.only("text", "encoding")
    if not isinstance(value, str):
        raise UsageError(
            f"a {type(value).__name__} is no text", hint="write it as format: json, or give text"
        )
    try:
        content = value.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"the text has half a character at {error.start}") from None
    _out(file, settings.encoding).write(content)


def read_bytes(source: Source, settings: Settings) -> bytes:
    """All of it."""
    settings.only("bytes")
    return source.bytes()


def write_bytes(value: Any, file: IO[bytes], settings: Settings) -> None:
    """Write bytes as they are; `UsageError` for what is none."""
    settings.only("bytes")
    if not isinstance(value, bytes | bytearray | memoryview):
        raise UsageError(
            f"a {type(value).__name__} is no bytes",
            hint="say how it is written, such as format: json, csv or text",
        )
    file.write(value)


def _out(file: IO[bytes], encoding: str) -> Any:
    """Where UTF-8 is written, to stand in `file` in that encoding."""
    try:
        return file if is_utf8(encoding) else Recoded(file, encoding)
    except LookupError:
        raise unknown_encoding(encoding) from None
