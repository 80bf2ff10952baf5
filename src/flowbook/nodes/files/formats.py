"""The formats by their names and suffixes, and what each reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any, Final

from flowbook.errors import UsageError
from flowbook.nodes.files import columnar, delimited, documents, sheets
from flowbook.nodes.files.dtypes import cast
from flowbook.nodes.files.families import FAMILIES, concrete, is_table, shaped, to_arrow
from flowbook.nodes.files.settings import Settings, absent, chosen
from flowbook.nodes.files.source import COMPRESSED, Source

Read = Callable[[Source, Settings], Any]
Write = Callable[[Any, IO[bytes], Settings], int | None]

SHAPES: Final = ("auto", *FAMILIES, "text", "bytes", "json")
"""What a file may be read as."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format; `tabular`: what it holds is a table, unless something else is asked for."""

    name: str
    suffixes: tuple[str, ...]
    read: Read
    write: Write
    tabular: bool = True
    appends: bool = False
    """True when what is written can stand behind what is there."""


FORMATS: Final = {
    one.name: one
    for one in (
        Format("csv", (".csv", ".tsv"), delimited.read, delimited.write, appends=True),
        Format("json", (".json", ".geojson"), documents.read_json, documents.write_json, False),
        Format(
            "jsonl", (".jsonl", ".ndjson"), documents.read_lines, documents.write_lines, True, True
        ),
        Format("parquet", (".parquet", ".pq"), columnar.read, columnar.write),
        Format("excel", (".xlsx", ".xlsm"), sheets.read, sheets.write),
        Format(
            "text",
            (".txt", ".md", ".log", ".html", ".xml", ".yaml", ".yml", ".toml", ".sql", ".py"),
            documents.read_text,
            documents.write_text,
            False,
            True,
        ),
        Format("bytes", (), documents.read_bytes, documents.write_bytes, False, True),
    )
}


def format_of(name: str, asked: str, value: object = None) -> Format:
    """The format of a file of that name; by what is to be written where the name says nothing.

    >>> format_of("rows.csv.gz", "auto").name, format_of("page", "auto", "hello").name
    ('csv', 'text')
    """
    if asked != "auto":
        return FORMATS[asked]
    bare = name.lower()
    for suffix in COMPRESSED:
        bare = bare.removesuffix(suffix)
    for one in FORMATS.values():
        if bare.endswith(one.suffixes):
            return one
    if isinstance(value, str):
        return FORMATS["text"]
    if value is not None and not isinstance(value, bytes | bytearray | memoryview):
        raise UsageError(
            f"the name {name!r} does not say how a {type(value).__name__} is written",
            hint=f"write format: one of {', '.join(FORMATS)}",
        )
    return FORMATS["bytes"]


def told(name: str, settings: Settings) -> Settings:
    """The settings, with what the name of the file says."""
    tabbed = ".tsv" in name.lower() and not settings.delimiter
    return replace(settings, delimiter="\t") if tabbed else settings


def read_as(source: Source, form: Format, settings: Settings, wanted: str) -> Any:
    """What a file holds, in the shape that is `wanted`."""
    settings = told(source.name, settings)
    if wanted == "bytes":
        return source.bytes()
    if wanted == "text":
        return source.text(settings.encoding)
    if wanted == "json" and form.name not in ("json", "jsonl"):
        return documents.read_json(source, Settings(encoding=settings.encoding))
    content = form.read(source, settings)
    if wanted == "json" or (wanted == "auto" and not form.tabular):
        return content
    family = concrete(wanted)
    return shaped(_typed(source.name, form, content, settings, family), family)


def table_of(source: Source, form: Format, settings: Settings) -> Any:
    """What a file holds as an Arrow table, or as rows without pyarrow."""
    settings = told(source.name, settings)
    content = form.read(source, settings)
    return to_arrow(_typed(source.name, form, content, settings, "arrow"))


def written(value: Any, file: IO[bytes], form: Format, settings: Settings) -> int | None:
    """Write `value`; how many rows, where it is a table."""
    plain = isinstance(value, list) or (isinstance(value, Mapping) and form.name == "json")
    if form.name in ("csv", "parquet", "excel") or (is_table(value) and not plain):
        value = to_arrow(value)
    return form.write(value, file, settings)


def _typed(name: str, form: Format, content: Any, settings: Settings, wanted: str) -> Any:
    """Rows and columns, chosen and cast; what the format itself has done is not done again."""
    if form.name in ("csv", "parquet"):
        table = content
        return table if form.name == "csv" or not settings.dtypes else _cast(name, table, settings)
    if not (isinstance(content, list) and not content) and not is_table(content):
        raise UsageError(
            f"{name} holds no table: a table is a list of records, or lists by column",
            hint="read it with as: json, and make a table of what it has",
        )
    if isinstance(content, list):
        known = list(dict.fromkeys(one for row in content for one in row))
        for one in settings.columns:
            if one not in known:
                raise absent(name, one, known)
        content = chosen(content, settings.columns)
    if settings.dtypes:
        return _cast(name, to_arrow(content), settings)
    plain = wanted in ("rows", "pandas") and isinstance(content, list)
    return content if plain else to_arrow(content)


def _cast(name: str, table: Any, settings: Settings) -> Any:
    if isinstance(table, list):
        raise UsageError("dtypes need pyarrow", hint='pip install "flowbook[tables]"')
    return cast(name, table, settings.dtypes)
