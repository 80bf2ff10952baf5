"""Types of columns by their words, and casts that name the first value that is none of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.graph.options import did_you_mean
from flowbook.nodes.files.settings import absent

_WORDS: Final = {
    "int": "int64",
    "integer": "int64",
    "float": "float64",
    "number": "float64",
    "string": "string",
    "text": "string",
    "str": "string",
    "bool": "bool",
    "boolean": "bool",
    "date": "date32",
    "datetime": "timestamp[us]",
    "time": "time64[us]",
    "bytes": "binary",
}


def arrow_type(column: str, word: str) -> Any:
    """The Arrow type that `word` means; `UsageError` for none.

    >>> str(arrow_type("age", "int")), str(arrow_type("price", "decimal(10, 2)"))
    ('int64', 'decimal128(10, 2)')
    """
    import pyarrow as pa

    decimal = re.fullmatch(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)", word.strip())
    if decimal and 1 <= int(decimal[1]) <= 38:
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    try:
        return pa.type_for_alias(_WORDS.get(word.strip(), word.strip()))
    except ValueError:
        raise UsageError(
            f"column {column!r} cannot be {word!r}", hint=did_you_mean(word, (*_WORDS, "decimal"))
        ) from None


def cast(name: str, table: Any, dtypes: Mapping[str, str]) -> Any:
    """`table` with those columns of those types; `UsageError` names a value that is no such."""
    import pyarrow as pa

    for column, word in dtypes.items():
        if column not in table.column_names:
            raise absent(name, column, table.column_names)
        wanted = arrow_type(column, word)
        at = table.column_names.index(column)
        try:
            made = table.column(at).cast(wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise _misfit(name, table.column(at), column, word) from None
        table = table.set_column(at, column, made)
    return table


def _misfit(name: str, values: Any, column: str, word: str) -> UsageError:
    import pyarrow as pa

    wanted = arrow_type(column, word)
    for number, value in enumerate(values, 1):
        try:
            value.cast(wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return UsageError(
                f"{name}: column {column!r}, row {number}: {shown(value.as_py())} is no {word}"
            )
    return UsageError(f"{name}: column {column!r} cannot be made {word}")


def shown(value: object) -> str:
    """A value in a message: not longer than a line.

    >>> shown("x" * 100)[-3:]
    "x…'"
    """
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= 60 else f"{text[:60]}…"
    return repr(text) if isinstance(value, str) else text
