"""Shapes: what is known of a value before there is one, from an annotation or a schema.

Two shapes are compared to tell that one can never be the other. What cannot be told fits: an
unknown name, a format, a constraint on a number say nothing here.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from flowbook.graph.dtypes import dtype_fits
from flowbook.graph.schemas import COLUMNS, Columns


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a mapping."""

    name: str
    shape: Shape
    required: bool = True


@dataclass(frozen=True, slots=True)
class One:
    """One kind of value: what it is called, and what is known of its inside."""

    word: str
    item: Shape = None
    fields: tuple[Field, ...] | None = None
    values: tuple[Any, ...] = ()
    table: Columns | None = None


Shape: TypeAlias = "tuple[One, ...] | None"
"""The kinds a value may be of; None: anything."""

_WORDS: Final[Mapping[str, str]] = {
    **{"int": "integer", "float": "number", "str": "string", "bool": "boolean", "bytes": "bytes"},
    **{"None": "none", "complex": "complex number", "datetime": "datetime", "date": "date"},
    **{"time": "time", "timedelta": "duration", "Decimal": "decimal", "UUID": "uuid"},
    **{"list": "list", "List": "list", "tuple": "list", "Tuple": "list"},
    **{"set": "set", "Set": "set", "frozenset": "set", "FrozenSet": "set"},
    **{"dict": "mapping", "Dict": "mapping", "Mapping": "mapping", "TypedDict": "mapping"},
    **dict.fromkeys(("DataFrame", "LazyFrame", "Table", "RecordBatch"), "table"),
    "DuckDBPyRelation": "table",
}


@lru_cache(maxsize=4096)
def of_annotation(text: str) -> Shape:
    """The shape an annotation tells of.

    >>> shown(of_annotation("dict[str, int] | None"))
    'mapping or none'
    """
    try:
        return _of_tree(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _of_tree(tree: ast.expr) -> Shape:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitOr):
        return _either(_of_tree(tree.left), _of_tree(tree.right))
    if isinstance(tree, ast.Constant):
        if isinstance(tree.value, str):
            return of_annotation(tree.value)
        return (One("none"),) if tree.value is None else None
    if isinstance(tree, ast.Subscript):
        return _of_applied(_last(tree.value), tree.slice)
    return _of_word(_last(tree))


def _last(tree: ast.expr) -> str:
    return ast.unparse(tree).rpartition(".")[2]


def _of_word(word: str) -> Shape:
    return (One(_WORDS[word]),) if word in _WORDS else None


def _of_applied(word: str, inner: ast.expr) -> Shape:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if word == "Optional":
        return _either(_of_tree(parts[0]), (One("none"),))
    if word == "Union":
        return _either(*map(_of_tree, parts))
    if word in ("Annotated", "Final", "Required", "NotRequired"):
        return _of_tree(parts[0])
    if word == "Literal":
        return _of_values(tuple(ast.literal_eval(one) for one in parts))
    if _WORDS.get(word) in ("list", "set"):
        return (One(_WORDS[word], _either(*map(_of_tree, _without_dots(parts)))),)
    return _of_word(word)


def _without_dots(parts: list[ast.expr]) -> list[ast.expr]:
    return [one for one in parts if not (isinstance(one, ast.Constant) and one.value is ...)]


def _of_values(values: tuple[Any, ...]) -> Shape:
    """Literals, by what they are."""
    kinds: dict[str, list[Any]] = {}
    for value in values:
        word = _WORDS.get("None" if value is None else type(value).__name__)
        if word is None or isinstance(value, list | dict | tuple):
            return None
        kinds.setdefault(word, []).append(value)
    return tuple(
        One(word, values=() if word == "none" else tuple(ones)) for word, ones in kinds.items()
    )


def _either(*shapes: Shape) -> Shape:
    found: dict[One, None] = {}
    for shape in shapes:
        if shape is None:
            return None
        found.update(dict.fromkeys(shape))
    return tuple(found) or None


# ---------------------------------------------------------------- from a schema

_JSON: Final[Mapping[str, str]] = {
    **{"integer": "integer", "number": "number", "string": "string", "boolean": "boolean"},
    **{"null": "none", "array": "list", "object": "mapping"},
}
_DEEPEST: Final = 24


@lru_cache(maxsize=1024)
def of_schema(text: str) -> Shape:
    """The shape that a schema, as its canonical text, tells of.

    >>> shown(of_schema('{"type": "array", "items": {"type": "string"}}'))
    'list of string'
    """
    schema = json.loads(text)
    if isinstance(schema, str):
        return of_annotation(schema)
    if COLUMNS in schema:
        return (One("table", table=Columns.from_json(schema)),)
    return _of_json(schema, schema.get("$defs", {}), 0)


def _of_json(schema: Any, defs: Mapping[str, Any], depth: int) -> Shape:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    named = schema.get("$ref")
    if isinstance(named, str):
        return _of_json(defs.get(named.removeprefix("#/$defs/")), defs, depth + 1)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _either(*(_of_json(one, defs, depth + 1) for one in schema[several]))
    if "enum" in schema or "const" in schema:
        return _of_values(tuple(schema.get("enum", [schema.get("const")])))
    words = schema.get("type")
    words = [words] if isinstance(words, str) else words
    if not isinstance(words, list):
        return None
    return _either(*(_of_json_word(word, schema, defs, depth) for word in words))


def _of_json_word(word: str, schema: Any, defs: Mapping[str, Any], depth: int) -> Shape:
    if word == "string" and ("format" in schema or "contentEncoding" in schema):
        return None  # in Python it may be a date, bytes, a UUID
    if word == "array":
        return (One("list", _of_json(schema.get("items"), defs, depth + 1)),)
    if word == "object" and isinstance(schema.get("properties"), dict):
        required = schema.get("required", ())
        fields = tuple(
            Field(name, _of_json(one, defs, depth + 1), name in required)
            for name, one in schema["properties"].items()
        )
        return (One("mapping", fields=fields),)
    return (One(_JSON[word]),) if word in _JSON else None


def of_value(value: Any) -> Shape:
    """The shape of a plain default: what kind it is of."""
    word = _WORDS.get(type(value).__name__)
    return None if word is None or value is None else (One(word),)


# ---------------------------------------------------------------- whether one can be the other


def shown(shape: Shape) -> str:
    """A shape in words."""
    return "anything" if shape is None else " or ".join(map(_shown, shape))


def _shown(one: One) -> str:
    if one.values:
        return " or ".join(map(repr, one.values))
    return f"{one.word} of {shown(one.item)}" if one.item is not None else one.word


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a value of one shape is none of another; `always`, or only where it is None."""

    text: str
    always: bool = True


def misfit(source: Shape, target: Shape) -> Misfit | None:
    """Why what has one shape cannot be what another asks for; None when it can.

    >>> misfit(of_annotation("str"), of_annotation("int")).text
    'string feeds integer'
    """
    if source is None or target is None or source == target:
        return None
    some = [one for one in source if one.word != "none"] or list(source)
    whys = [why for one in some if (why := _clash(one, target)) is not None]
    if len(whys) == len(some):
        told = f"{shown(source)} feeds {shown(target)}"
        return Misfit(f"{told}: {whys[0]}" if whys[0] else told)
    nothing = One("none")
    if nothing in source and _clash(nothing, target) is not None:
        return Misfit(f"{shown(source)} feeds {shown(target)}", always=False)
    return None


def _clash(one: One, target: tuple[One, ...]) -> str | None:
    """Why `one` is none of `target`, '' where the words say it all; None when it is."""
    whys = [_differs(one, other) for other in target]
    if None in whys:
        return None
    return next((why for why in whys if why), "")


def _differs(one: One, other: One) -> str | None:
    if one.word != other.word and (one.word, other.word) != ("integer", "number"):
        return ""
    if one.values and other.values:
        return None if any(value in other.values for value in one.values) else ""
    if one.table is not None and other.table is not None:
        return next(_columns(one.table, other.table), None)
    if one.fields is not None and other.fields is not None:
        return next(_fields(one.fields, other.fields), None)
    inner = misfit(one.item, other.item)
    return None if inner is None or not inner.always else ""


def _fields(there: tuple[Field, ...], wanted: tuple[Field, ...]) -> Iterator[str]:
    known = {field.name: field for field in there}
    for field in wanted:
        if field.name not in known:
            if field.required:
                yield f"there is no {field.name!r}"
        elif (inner := misfit(known[field.name].shape, field.shape)) is not None and inner.always:
            yield f"{field.name!r}: {inner.text}"


def _columns(there: Columns, wanted: Columns) -> Iterator[str]:
    if not there.columns:
        return  # any table
    for name, column in wanted.columns.items():
        found = there.columns.get(name)
        if found is None:
            yield f"there is no column {name!r}"
        elif dtype_fits(column.dtype, found.dtype) is False:
            yield f"column {name!r} is {found.dtype}, not {column.dtype}"
    if not wanted.extra and (more := [one for one in there.columns if one not in wanted.columns]):
        yield f"it has {', '.join(map(repr, more))} beyond"
