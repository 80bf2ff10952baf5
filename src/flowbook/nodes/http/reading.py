"""A body as a value: JSON, text, bytes, or a table of the kind one likes."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.nodes.http.answer import Body
from flowbook.nodes.tables import columnar

READINGS: Final = ("auto", "json", "text", "bytes", "table")
TABLES: Final = ("auto", "pandas", "polars", "arrow", "rows")


def reading_of(body: Body) -> str:
    """How a body is read where nothing is said: by what it says it is."""
    media = body.media
    if media == "application/json" or media.endswith("+json"):
        return "json"
    if media in ("text/csv", "application/csv"):
        return "table"
    return "text" if media.startswith("text/") or media.endswith("xml") else "bytes"


def value_of(body: Body, reading: str, table: str, charset: str = "") -> Any:
    """The body, read as `reading`; None for an empty one. `ValueError` for what is no such."""
    kind = reading_of(body) if reading == "auto" else reading
    if not body.content and (reading == "auto" or kind in ("json", "table")):
        return None
    if kind == "bytes":
        return body.content
    if kind == "text":
        return body.text(charset)
    if kind == "json":
        return _json_of(body, charset)
    return table_of(body, table, charset)


def table_of(body: Body, kind: str, charset: str = "") -> Any:
    """CSV, or JSON with rows or columns, as a table of that kind."""
    if reading_of(body) == "json":
        rows = _json_of(body, charset)
        if not isinstance(rows, list | dict):
            raise ValueError("a table is a list of objects, or lists by column")
        return as_table(rows, kind)
    name = charset or body.charset
    content = body.content if name == "utf-8" else body.text(name).encode()
    return _from_csv(content, library(kind))


def _json_of(body: Body, charset: str) -> Any:
    """In UTF-8, 16 or 32 as JSON says, where nobody says otherwise."""
    said = charset or body.charset
    return json.loads(body.content if said == "utf-8" else body.text(said))


def library(kind: str) -> str:
    """The one that makes tables; `auto` is pandas where it is installed, else rows."""
    if kind != "auto":
        return kind
    try:
        import pandas  # noqa: F401 - only whether it is there
    except ImportError:
        return "rows"
    return "pandas"


def as_table(rows: Any, kind: str) -> Any:
    """A list of objects, or lists by column, as a table; `rows` leaves them as they are."""
    made = library(kind)
    if made == "rows":
        return rows
    if made == "pandas":
        import pandas as pd

        return pd.DataFrame(rows)
    if made == "polars":
        _need("polars")
        import polars as pl

        return pl.DataFrame(rows, strict=False, infer_schema_length=None)
    _need("pyarrow")
    import pyarrow as pa

    return pa.table({}) if not rows else columnar(rows)


def _from_csv(content: bytes, made: str) -> Any:
    if made == "rows":
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace"))))
    if made == "pandas":
        import pandas as pd

        return pd.read_csv(io.BytesIO(content))
    if made == "polars":
        _need("polars")
        import polars as pl

        return pl.read_csv(io.BytesIO(content), try_parse_dates=False, infer_schema_length=None)
    _need("pyarrow")
    from pyarrow import csv as arrow_csv

    return arrow_csv.read_csv(io.BytesIO(content))


def _need(name: str) -> None:
    from importlib.util import find_spec

    if find_spec(name) is None:
        raise UsageError(f"table: {name} is not installed", hint=f"pip install {name}")
