"""Names of column types, as pandas, Polars, Arrow and DuckDB spell them, made comparable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_FAMILIES: Final[Mapping[str, str]] = {
    "int": "int8 int16 int32 int64 int128 uint8 uint16 uint32 uint64 integer tinyint smallint "
    "bigint hugeint utinyint usmallint uinteger ubigint uhugeint",
    "float": "float16 halffloat float32 float64 double real",
    "string": "str utf8 varchar text char large_string large_utf8 string_view",
    "bool": "boolean",
    "date": "date32 date64",
    "datetime": "datetime64 timestamp timestamp_s timestamp_ms timestamp_ns timestamptz",
    "time": "time32 time64",
    "duration": "timedelta timedelta64 interval",
    "decimal": "decimal32 decimal64 decimal128 decimal256",
    "binary": "bytes blob bytea large_binary binary_view fixed_size_binary",
    "list": "large_list array fixed_size_list list_view",
    "struct": "map",
    "category": "categorical enum dictionary",
}
_FAMILY: Final[Mapping[str, str]] = {
    word: family for family, words in _FAMILIES.items() for word in (family, *words.split())
}
_SAME: Final[Mapping[str, str]] = {
    **{"bigint": "int64", "integer": "int32", "smallint": "int16", "tinyint": "int8"},
    **{"ubigint": "uint64", "uinteger": "uint32", "usmallint": "uint16", "utinyint": "uint8"},
    **{"hugeint": "int128", "double": "float64", "real": "float32", "float": "float32"},
    **{"halffloat": "float16", "date": "date32"},
}
_LOOSE: Final = frozenset(
    {*_FAMILIES, "integer", "str", "text", "boolean", "bytes", "timestamp", "timedelta"}
)
"""Words that ask for a family, whatever its width."""
_NUMBERS: Final = ("int", "float", "decimal")
ANY: Final = ("any", "object", "")


def family_of(dtype: str) -> str | None:
    """The family a type belongs to; None for one that does not tell.

    >>> family_of("datetime64[ns]"), family_of("BIGINT"), family_of("list<item: int64>")
    ('datetime', 'int', 'list')
    """
    return _FAMILY.get(_base(dtype))


def dtype_fits(wanted: str, found: str) -> bool | None:
    """Whether a column of type `found` is a `wanted` one; None when it cannot be told.

    >>> dtype_fits("int", "UInt8"), dtype_fits("int64", "int32"), dtype_fits("int64", "BIGINT")
    (True, False, True)
    """
    asked, family = _base(wanted), family_of(found)
    if asked in ANY:
        return True
    if family is None:
        return None
    if asked == "number":
        return family in _NUMBERS
    if asked in _LOOSE:
        return family == _FAMILY[asked]
    if asked not in _FAMILY:
        return None
    there = _base(found)
    return _SAME.get(asked, asked) == _SAME.get(there, there) or (
        family not in ("int", "float") and family == _FAMILY[asked]
    )


def _base(dtype: str) -> str:
    word = dtype.strip().lower()
    if word.endswith("[]"):
        return "list"
    if word.startswith("timestamp with"):
        return "timestamp"
    match = re.match(r"[a-z_]+\d*", word)
    return match[0] if match else ""


def known_dtype(dtype: str) -> bool:
    """True for a type that a schema may ask for.

    >>> known_dtype("int64"), known_dtype("number"), known_dtype("strin")
    (True, True, False)
    """
    word = _base(dtype)
    return word in ANY or word == "number" or word in _FAMILY
