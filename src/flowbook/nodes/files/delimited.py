"""CSV and its like: pyarrow reads and writes it; without pyarrow, Python's own `csv` does.

Nothing but an empty field stands for no value, unless `nulls` says so: `NA` is a country, too. A
field in quotes is never empty. When pyarrow refuses a file, it is read again row by row to tell
which rows are at fault: in the common case one fast pass is all.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import IO, Any, Final, NoReturn

from flowbook.errors import UsageError
from flowbook.nodes.files.dtypes import arrow_type, shown
from flowbook.nodes.files.settings import Settings, absent, chosen, twice
from flowbook.nodes.files.source import Recoded, Source, is_utf8, unknown_encoding

SETTINGS: Final = [
    "encoding",
    "delimiter",
    "quote",
    "decimal",
    "header",
    "skip",
    "columns",
    "dtypes",
    "nulls",
    "bad_rows",
]
_TOLD: Final = 5
"""How many rows that are at fault a message names."""


def read(source: Source, settings: Settings) -> Any:
    """An Arrow table, or rows without pyarrow; `UsageError` names the rows that are at fault."""
    settings.only("csv", *SETTINGS)
    _check_encoding(settings.encoding)
    try:
        import pyarrow as pa
    except ImportError:
        return _plain_rows(source, settings)
    skipped: list[Any] = []
    try:
        table = _parsed(source, settings, skipped if settings.bad_rows == "skip" else None)
        wrong = twice(source.name, table.column_names)
    except UnicodeError:
        raise source.undecodable(settings.encoding) from None
    except pa.ArrowException as error:
        _explain(source, settings, error)
    if wrong is not None:
        raise wrong
    if skipped:
        source.log(f"{source.name}: {len(skipped)} rows left out, {_described(skipped)}")
    bytes_asked = {name for name, word in settings.dtypes.items() if word in ("bytes", "binary")}
    if any(pa.types.is_binary(one.type) and one.name not in bytes_asked for one in table.schema):
        raise source.undecodable(settings.encoding)
    return table


def write(value: Any, file: IO[bytes], settings: Settings, *, header: bool = True) -> int:
    """Write an Arrow table, or rows; how many rows there are."""
    settings.only("csv", "encoding", "delimiter", "header")
    _check_encoding(settings.encoding)
    header = header and bool(settings.header)
    if isinstance(value, list):
        return _write_rows(value, file, settings, header=header)
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    value = _flat(value)
    delimiter = settings.delimiter or ","
    out: Any = file if is_utf8(settings.encoding) else Recoded(file, settings.encoding)
    if header:
        line = io.StringIO()
        csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(value.column_names)
        out.write(line.getvalue().encode())
    style = "needed" if _needs_quotes(value, delimiter) else "none"
    options = arrow_csv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style=style)
    try:
        arrow_csv.write_csv(value, pa.PythonFile(out, "w"), options)
    except pa.ArrowException as error:
        raise UsageError(f"the table cannot be written as csv: {error}") from None
    return int(value.num_rows)


def header_of(source: Source, settings: Settings) -> list[str]:
    """The names of its columns; none for an empty file or one without a header."""
    with source.open() as file, _text(file, settings.encoding) as text:
        for _ in range(settings.skip + max(settings.heading - 1, 0)):
            text.readline()
        return next(_reader(text, settings), [])


def _parsed(
    source: Source, settings: Settings, bad: list[Any] | None, *, calm: bool = False
) -> Any:
    """`bad` collects rows that do not fit, which are left out; `calm`: in one thread, in order."""
    from pyarrow import csv as arrow_csv

    columns, names = list(settings.columns), bool(settings.heading)

    def leave_out(row: Any) -> str:
        if bad is None:
            return "error"
        bad.append(row)
        return "skip"

    with source.open() as file:
        return arrow_csv.read_csv(
            file,
            read_options=arrow_csv.ReadOptions(
                use_threads=not calm,
                skip_rows=settings.skip + max(settings.heading - 1, 0),
                column_names=None if names else columns or None,
                autogenerate_column_names=not names and not columns,
                encoding="utf8" if is_utf8(settings.encoding) else settings.encoding,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=settings.delimiter or ",",
                quote_char=settings.quote or False,
                newlines_in_values=True,
                invalid_row_handler=leave_out,
            ),
            convert_options=_conversion(settings, columns if names else []),
        )


def _conversion(settings: Settings, columns: list[str]) -> Any:
    from pyarrow import csv as arrow_csv

    types = {name: arrow_type(name, word) for name, word in settings.dtypes.items()}
    return arrow_csv.ConvertOptions(
        column_types=types,
        null_values=["", *settings.nulls],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        decimal_point=settings.decimal,
        include_columns=columns,
    )


def _explain(source: Source, settings: Settings, error: Exception) -> NoReturn:
    """Raise what is wrong with the file, found by going through it row by row."""
    import pyarrow as pa

    names = header_of(source, settings) if settings.heading else list(settings.columns)
    if not names and settings.heading:
        raise UsageError(f"{source.name} is empty: it has no header") from None
    if isinstance(error, KeyError):
        missing = next((one for one in settings.columns if one not in names), "")
        raise absent(source.name, missing, names) from None
    bad: list[Any] = []
    try:
        _parsed(source, settings, bad, calm=True)
    except UnicodeError:
        raise source.undecodable(settings.encoding) from None
    except pa.ArrowException as again:
        error = again
    if bad:
        raise UsageError(
            f"{source.name} has rows that do not fit its {bad[0].expected_columns} columns: "
            f"{_described(bad)}",
            hint="look at delimiter and quote, or leave such rows out with bad_rows: skip",
        ) from None
    if "invalid UTF8" in str(error):
        raise source.undecodable(settings.encoding) from None
    raise _inconvertible(source, settings, names, str(error)) from None


def _inconvertible(source: Source, settings: Settings, names: list[str], said: str) -> UsageError:
    found = re.search(r"column #(\d+): Row #(\d+): .*? to ([\w\[\]]+): invalid value '(.*)'", said)
    if found is None:
        return UsageError(f"{source.name} cannot be read as csv: {said}")
    at = int(found[1])
    named = list(settings.columns) or names
    column = named[at] if at < len(named) else str(at + 1)
    return UsageError(
        f"{source.name}: column {column!r}, row {found[2]}: {shown(found[4])} is no {found[3]}",
        hint=f"say what it is in dtypes, or that it stands for nothing: nulls: [{found[4]!r}]",
    )


def _described(bad: list[Any]) -> str:
    told = [
        f"row {row.number or '?'} has {row.actual_columns} ({shown(row.text)})"
        for row in bad[:_TOLD]
    ]
    return ", ".join(told) + (f" and {len(bad) - _TOLD} more" if len(bad) > _TOLD else "")


def _flat(table: Any) -> Any:
    """`table` with lists, records and bytes as JSON text: a field holds one value."""
    import pyarrow as pa

    from flowbook.nodes.files.documents import as_text

    for at, one in enumerate(table.schema):
        inner = one.type
        if pa.types.is_nested(inner) or pa.types.is_binary(inner) or pa.types.is_duration(inner):
            values = [None if v is None else as_text(v) for v in table.column(at).to_pylist()]
            table = table.set_column(at, one.name, pa.array(values, pa.string()))
        elif pa.types.is_dictionary(inner):
            table = table.set_column(at, one.name, table.column(at).cast(inner.value_type))
    return table


def _needs_quotes(table: Any, delimiter: str) -> bool:
    """True when a text would not be read as it is: it is empty, or has what separates."""
    import pyarrow as pa
    from pyarrow import compute as pc

    pattern = f'^$|["\\r\\n{re.escape(delimiter)}]|^\\s|\\s$'
    texts = (
        table.column(at)
        for at, one in enumerate(table.schema)
        if pa.types.is_string(one.type) or pa.types.is_large_string(one.type)
    )
    return any(
        pc.any(pc.match_substring_regex(text.cast(pa.large_string()), pattern)).as_py()
        for text in texts
    )


def _plain_rows(source: Source, settings: Settings) -> list[dict[str, Any]]:
    """The rows, with numbers as numbers, as far as that can be done without pyarrow."""
    names = list(settings.columns) if not settings.heading else header_of(source, settings)
    rows: list[dict[str, Any]] = []
    nulls = {"", *settings.nulls}
    try:
        with source.open() as file, _text(file, settings.encoding) as text:
            for _ in range(settings.skip + settings.heading):
                text.readline()
            for number, fields in enumerate(_reader(text, settings), settings.heading + 1):
                names = names or [f"f{at}" for at in range(len(fields))]
                if len(fields) == len(names):
                    values = [None if one in nulls else _value(one) for one in fields]
                    rows.append(dict(zip(names, values, strict=True)))
                elif fields and settings.bad_rows != "skip":
                    raise UsageError(
                        f"{source.name}: row {number} has {len(fields)} fields, not {len(names)}",
                        hint="look at delimiter and quote, or write bad_rows: skip",
                    )
    except UnicodeError:
        raise source.undecodable(settings.encoding) from None
    if settings.dtypes:
        raise UsageError("dtypes need pyarrow", hint='pip install "flowbook[tables]"')
    for one in settings.columns:
        if one not in names:
            raise absent(source.name, one, names)
    return chosen(rows, settings.columns)


def _value(text: str) -> Any:
    if text in ("true", "false", "True", "False"):
        return text in ("true", "True")
    for read_as in (int, float):
        try:
            return read_as(text)
        except ValueError:
            continue
    return text


def _write_rows(rows: list[Any], file: IO[bytes], settings: Settings, *, header: bool) -> int:
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    text = io.TextIOWrapper(file, settings.encoding, newline="", write_through=True)
    writer = csv.writer(text, delimiter=settings.delimiter or ",", lineterminator="\n")
    if header:
        writer.writerow(names)
    writer.writerows([row.get(name) for name in names] for row in rows)
    text.flush()
    text.detach()
    return len(rows)


def _text(file: IO[bytes], encoding: str) -> io.TextIOWrapper:
    named = "utf-8-sig" if is_utf8(encoding) else encoding
    buffered: Any = file if hasattr(file, "read1") else io.BufferedReader(_Raw(file))
    return io.TextIOWrapper(buffered, named, newline="")


class _Raw(io.RawIOBase):
    """A stream that reads only, such as pyarrow's, as Python's text layer wants it."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._file.read(len(buffer))
        buffer[: len(read)] = read
        return len(read)


def _reader(text: io.TextIOWrapper, settings: Settings) -> Any:
    if not settings.quote:
        return csv.reader(text, delimiter=settings.delimiter or ",", quoting=csv.QUOTE_NONE)
    return csv.reader(text, delimiter=settings.delimiter or ",", quotechar=settings.quote)


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise unknown_encoding(encoding) from None
