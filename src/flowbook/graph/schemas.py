"""Schemas of ports: what a value has to be like, as data that travels with the definition.

A schema is one of three texts of JSON: a *type* (`"list[int]"`), a *table* with the columns it must
have (`{"columns": {"city": "string"}}`), or a *JSON Schema*. `schema_of` makes one of what people
have at hand: a dataclass, a `TypedDict`, a msgspec `Struct`, a pydantic model, a schema of Arrow or
Polars, `Columns`. Nothing is checked here; whoever runs a node does that.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

import msgspec

from flowbook.graph.annotations import Unresolved, resolve_type
from flowbook.graph.dtypes import known_dtype

Schemas: TypeAlias = "tuple[tuple[str, str], ...]"
"""Ports with their schemas, each as canonical JSON text."""


class Validate(StrEnum):
    """What is checked of the values that go into a node and come out of it.

    `SCHEMAS`: those with a schema. `WARN` and `ERROR`: those with an annotation too; a misfit is a
    line in the log, or fails the attempt. `OFF`: nothing.
    """

    SCHEMAS = "schemas"
    OFF = "off"
    WARN = "warn"
    ERROR = "error"


COLUMNS: Final = "columns"
EXTRA: Final = "extra"
ANY_TABLE: Final = "table"
"""What a table without named columns may be called."""
_HINT: Final = (
    'write a type such as "list[int]", a table as {"columns": {"city": "string"}}, or a JSON Schema'
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what it holds, and whether values may be missing.

    `dtype` is a family (`int`, `float`, `number`, `string`, `bool`, `date`, `datetime`, `time`,
    `duration`, `decimal`, `binary`, `list`, `struct`, `any`) or a precise name such as `int64`.
    """

    dtype: str = "any"
    nullable: bool = True


class Columns:
    """A table that has these columns, whichever library made it.

    pandas, Polars, Arrow and DuckDB relations are checked alike. `extra=False`: it has no others.

    >>> Columns(city="string", temp=Column("float", nullable=False))
    Columns(city='string', temp=Column(dtype='float', nullable=False))
    """

    def __init__(
        self,
        columns: Mapping[str, str | Column] | None = None,
        /,
        *,
        extra: bool = True,
        **named: str | Column,
    ) -> None:
        given = {**(columns or {}), **named}
        self.columns = {
            str(name): one if isinstance(one, Column) else Column(str(one))
            for name, one in given.items()
        }
        self.extra = extra

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Columns) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(canonical_text(self.to_json()))

    def __repr__(self) -> str:
        shown = [
            f"{name}={one.dtype!r}" if one.nullable else f"{name}={one!r}"
            for name, one in self.columns.items()
        ]
        return f"Columns({', '.join([*shown, *([] if self.extra else ['extra=False'])])})"

    def to_json(self) -> dict[str, Any]:
        """The schema as plain data, which `from_json` reads back."""
        columns = {
            name: one.dtype if one.nullable else {"dtype": one.dtype, "nullable": False}
            for name, one in self.columns.items()
        }
        return {COLUMNS: columns} | ({} if self.extra else {EXTRA: False})

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Columns:
        """The columns in `given`; `ValueError` says what is no column."""
        strangers = set(given) - {COLUMNS, EXTRA}
        if strangers:
            raise ValueError(f"a table says columns and extra, not {', '.join(sorted(strangers))}")
        try:
            columns = {
                str(name): Column(one) if isinstance(one, str) else Column(**one)
                for name, one in given[COLUMNS].items()
            }
        except (TypeError, AttributeError):
            raise ValueError("a column is a dtype, or a mapping of dtype and nullable") from None
        for name, column in columns.items():
            if not known_dtype(column.dtype):
                raise ValueError(f"column {name!r}: no type is called {column.dtype!r}")
        return cls(columns, extra=bool(given.get(EXTRA, True)))


def canonical_text(schema: Any) -> str:
    """The one text of a schema: keys of JSON Schemas have no order, columns have."""
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


def digest_of(schemas: Schemas) -> str:
    """A short hash of some schemas, whatever the order their ports stand in; '' for none.

    >>> digest_of((("n", '"int"'),)) == digest_of((("n", '"int"'),)) != digest_of(())
    True
    """
    if not schemas:
        return ""
    return hashlib.sha256(canonical_text(sorted(schemas)).encode()).hexdigest()[:12]


def schema_of(given: Any) -> Any:
    """The schema that `given` stands for, as plain JSON data.

    Raises `ValueError` saying what would be accepted.

    >>> schema_of(list[int])
    {'items': {'type': 'integer'}, 'type': 'array'}
    >>> schema_of("int | None"), schema_of(Columns(city="string"))
    ('int | None', {'columns': {'city': 'string'}})
    """
    if isinstance(given, Columns):
        return Columns.from_json(given.to_json()).to_json()
    if isinstance(given, str):
        return _of_text(given)
    if isinstance(given, Mapping) and not _is_frame_schema(given):
        return _of_mapping(given)
    if _is_frame_schema(given):
        return _of_frame_schema(given).to_json()
    return _of_type(given)


def _of_text(text: str) -> Any:
    if text.strip() == ANY_TABLE:
        return {COLUMNS: {}}
    try:
        msgspec.json.schema(resolve_type(text))
    except (Unresolved, TypeError):
        raise ValueError(f"{text!r} is no type that is known here; {_HINT}") from None
    return text.strip()


def _of_mapping(given: Mapping[str, Any]) -> Any:
    if COLUMNS in given:
        return Columns.from_json(given).to_json()
    try:
        plain = json.loads(json.dumps(given, allow_nan=False, sort_keys=True))
    except (TypeError, ValueError):
        raise ValueError(f"a JSON Schema holds plain data only; {_HINT}") from None
    _refuse_words(plain)
    return plain


_TYPES: Final = frozenset(
    {"array", "boolean", "integer", "null", "number", "object", "string"}
)  # fmt: skip


def _refuse_words(schema: Mapping[str, Any]) -> None:
    named = schema.get("type")
    words = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    for word in words:
        if word not in _TYPES:
            raise ValueError(f"a JSON Schema has no type {word!r}: {', '.join(sorted(_TYPES))}")


def _of_type(given: Any) -> Any:
    describe = getattr(given, "model_json_schema", None)
    if callable(describe):  # a pydantic model
        return _of_mapping(describe())
    if _is_frame_class(given):
        return {COLUMNS: {}}
    try:
        return _of_mapping(msgspec.json.schema(given))
    except TypeError:
        pass
    pydantic: Any = sys.modules.get("pydantic")
    try:  # models inside of other types
        return _of_mapping(pydantic.TypeAdapter(given).json_schema())
    except Exception:  # noqa: BLE001 - without it, or for what it does not know either
        shown = getattr(given, "__name__", None) or repr(given)
        raise ValueError(f"{shown} is no schema; {_HINT}") from None


_FRAMES: Final = frozenset(
    {"DataFrame", "LazyFrame", "Table", "RecordBatch", "DuckDBPyRelation"}
)  # fmt: skip
_LIBRARIES: Final = ("pandas", "polars", "pyarrow", "duckdb", "_duckdb")


def _is_frame_class(given: Any) -> bool:
    return getattr(given, "__name__", "") in _FRAMES and _of_library(given)


def _is_frame_schema(given: Any) -> bool:
    """True for `pyarrow.schema(…)` and `polars.Schema(…)`."""
    kind = type(given)
    return kind.__name__ == "Schema" and _of_library(kind)


def _of_library(given: Any) -> bool:
    return str(getattr(given, "__module__", "")).partition(".")[0] in _LIBRARIES


def _of_frame_schema(given: Any) -> Columns:
    if isinstance(given, Mapping):  # of Polars, which does not tell what may be missing
        return Columns({str(name): str(dtype).partition("(")[0] for name, dtype in given.items()})
    return Columns({one.name: Column(str(one.type), one.nullable) for one in given})


# ---------------------------------------------------------------- as an option


def parse_validate(value: object) -> Validate | None:
    """What is checked, by its word; None for `none`."""
    word = str(value).strip().lower()
    if word == "none":
        return None
    try:
        return Validate(word)
    except ValueError:
        raise ValueError(f"write one of {', '.join(Validate)}") from None


def parse_schemas(value: object) -> Schemas:
    """Ports with their schemas, from a mapping or from its text in JSON or on one line of YAML.

    >>> parse_schemas("{top: int, rows: {columns: {city: string}}}")
    (('top', '"int"'), ('rows', '{"columns":{"city":"string"}}'))
    """
    if isinstance(value, str):
        value = _read_text(value)
    if isinstance(value, tuple):
        value = {name: json.loads(text) for name, text in value}
    if isinstance(value, Mapping):
        return tuple((str(port), canonical_text(schema_of(one))) for port, one in value.items())
    raise ValueError(f"write a mapping of ports to schemas; {_HINT}")


def print_schemas(schemas: Schemas) -> str:
    """Text on one line that `parse_schemas` reads back."""
    return f"{{{', '.join(f'{json.dumps(port)}: {text}' for port, text in schemas)}}}"


def _read_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as broken:
        where = str(getattr(broken, "problem", "") or broken).splitlines()[0]
        raise ValueError(f"it does not read as one line of YAML ({where}); {_HINT}") from None
