"""The configuration of a node type as a JSON Schema, and as a table for people.

Everything comes from the traits tagged `config=True`: type, help, default, range, choices, and what
else their tags say (`examples`, `secret`, `required`, `schema`). Text may be a template nearly
everywhere, so a schema says so: where a trait takes no free text anyway, a text that holds `{{` is
an alternative (`TEMPLATE`), deep inside of lists and mappings too. Traits that stay as written
carry `x-untemplated`, those of them that are one expression `x-expression`. Nothing is checked
here; the traits themselves do that.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import traitlets
from traitlets import HasTraits, TraitType

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TEMPLATE: Final[Mapping[str, Any]] = {
    "type": "string",
    "pattern": r"\{\{",
    "description": "A text with a {{ template }}, rendered before the node runs.",
}
"""What a templated setting may also be; stands under `$defs` as `template`."""
_TEMPLATE: Final[Mapping[str, Any]] = {"$ref": "#/$defs/template"}


def configuration_schema(node_type: type[HasTraits]) -> dict[str, Any]:
    """The JSON Schema of a type's configuration; see `Node.schema`."""
    traits = node_type.class_traits(config=True)
    fixed = tuple(getattr(node_type, "untemplated", ()))
    expressions = tuple(getattr(node_type, "expressions", ()))
    properties = {}
    for name, trait in traits.items():
        found = setting_schema(trait)
        if name in fixed:
            found["x-untemplated"] = True
        else:
            found = _with_template(found)
        if name in expressions:
            found["x-expression"] = True
        properties[name] = found
    required = [name for name, trait in traits.items() if trait.metadata.get("required")]
    return {
        "$schema": DIALECT,
        "title": str(getattr(node_type, "kind", "") or node_type.__name__),
        "description": help_of(node_type),
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
        "x-version": int(getattr(node_type, "type_version", 1)),
        "x-family": str(getattr(node_type, "family", "")),
        "x-external": bool(getattr(node_type, "external", False)),
        "$defs": {"template": dict(TEMPLATE)},
    }


def help_of(node_type: type) -> str:
    """The docstring of a node type, or of the one it is a version of; without its doctests."""
    kinds = (one for one in node_type.__mro__ if getattr(one, "kind", ""))
    found = (vars(one).get("__doc__") for one in kinds)
    text = inspect.cleandoc(next((text for text in found if text), ""))
    return "\n\n".join(part for part in text.split("\n\n") if not part.startswith(">>>"))


def summary_of(node_type: type) -> str:
    """The first sentence of the docstring."""
    first = " ".join(help_of(node_type).partition("\n\n")[0].split())
    sentence = re.match(r".+?[.!?](?=\s|$)", first)
    return sentence[0] if sentence else first


def setting_schema(trait: TraitType[Any, Any]) -> dict[str, Any]:
    """One trait, without regard to templates.

    >>> setting_schema(traitlets.Int(3, min=0, help="How often."))
    {'type': 'integer', 'minimum': 0, 'description': 'How often.', 'default': 3}
    """
    found = _shape(trait)
    if trait.help:
        found["description"] = " ".join(str(trait.help).split())
    default = _default(trait)
    if default is not traitlets.Undefined:
        found["default"] = default
    if trait.metadata.get("examples"):
        found["examples"] = list(trait.metadata["examples"])
    if trait.metadata.get("secret"):
        found["x-secret"] = True
    return found


def _default(trait: TraitType[Any, Any]) -> Any:
    """The default as plain data; Undefined where it is none, or one that has to be made."""
    try:
        given = trait.default()
        return json.loads(json.dumps(given, allow_nan=False))
    except Exception:  # noqa: BLE001 - a default that a class makes for itself
        return traitlets.Undefined


def _shape(trait: TraitType[Any, Any]) -> dict[str, Any]:
    """What values it takes: what the tag `schema` says, else what its class does."""
    said = trait.metadata.get("schema")
    if said is not None:
        return dict(said)
    for kind, shape in _SHAPES:
        if isinstance(trait, kind):
            found = shape(trait)
            return _or_null(found) if trait.allow_none else found
    return {}


def _or_null(found: dict[str, Any]) -> dict[str, Any]:
    if isinstance(found.get("type"), str) and "enum" not in found:
        return {**found, "type": [found["type"], "null"]}
    return {"anyOf": [found, {"type": "null"}]} if found else found


def _ranged(word: str) -> Callable[[Any], dict[str, Any]]:
    def shape(trait: Any) -> dict[str, Any]:
        found: dict[str, Any] = {"type": word}
        for key, name in (("minimum", "min"), ("maximum", "max")):
            limit = getattr(trait, name, None)
            if limit is not None and limit not in (float("inf"), float("-inf")):
                found[key] = limit
        return found

    return shape


def _choices(trait: Any) -> dict[str, Any]:
    return {"enum": list(trait.values or ())}


def _list(trait: Any) -> dict[str, Any]:
    inner = getattr(trait, "_trait", None)
    items = {} if inner is None else _shape(inner)
    found: dict[str, Any] = {"type": "array"} | ({"items": items} if items else {})
    least, most = getattr(trait, "_minlen", 0), getattr(trait, "_maxlen", None)
    found |= {"minItems": least} if least else {}
    return found | ({"maxItems": most} if isinstance(most, int) and most < 2**31 else {})


def _mapping(trait: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object"}
    known = getattr(trait, "_per_key_traits", None)
    if known:
        found["properties"] = {str(name): _shape(one) for name, one in known.items()}
    values = getattr(trait, "_value_trait", None)
    inner = {} if values is None else _shape(values)
    return found | ({"additionalProperties": inner} if inner else {})


def _union(trait: Any) -> dict[str, Any]:
    parts = [_shape(one) for one in trait.trait_types]
    return {"anyOf": parts} if all(parts) else {}


_SHAPES: Final[tuple[tuple[type[TraitType[Any, Any]], Callable[[Any], dict[str, Any]]], ...]] = (
    (traitlets.Bool, lambda _: {"type": "boolean"}),
    (traitlets.Int, _ranged("integer")),
    (traitlets.Float, _ranged("number")),
    (traitlets.Enum, _choices),
    (traitlets.Unicode, lambda _: {"type": "string"}),
    (traitlets.List, _list),
    (traitlets.Set, _list),
    (traitlets.Tuple, lambda _: {"type": "array"}),
    (traitlets.Dict, _mapping),
    (traitlets.Union, _union),
)
"""The first that fits counts; of all else nothing is said."""


# ---------------------------------------------------------------- templates

_NOTES: Final = ("title", "description", "default", "examples", "x-secret", "x-unit")


def _with_template(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema, or a text with a template where it takes no free text; notes stay outside."""
    notes = {name: schema[name] for name in _NOTES if name in schema}
    bare = _deep({name: value for name, value in schema.items() if name not in notes})
    if not bare or _takes_text(bare):
        return {**bare, **notes}
    parts = bare["anyOf"] if set(bare) == {"anyOf"} else [bare]
    return {"anyOf": [*parts, dict(_TEMPLATE)], **notes}


def _deep(schema: dict[str, Any]) -> dict[str, Any]:
    found = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), Mapping):
            found[key] = _with_template(found[key])
    if isinstance(found.get("properties"), Mapping):
        inner = found["properties"]
        found["properties"] = {name: _with_template(one) for name, one in inner.items()}
    if isinstance(found.get("anyOf"), list):
        found["anyOf"] = [_deep(one) for one in found["anyOf"]]
    return found


def _takes_text(schema: Mapping[str, Any]) -> bool:
    """True where any text is a value already."""
    if "anyOf" in schema:
        return any(_takes_text(one) for one in schema["anyOf"])
    words = schema.get("type")
    free = not {"enum", "const", "pattern", "maxLength"} & set(schema)
    return free and (words is None or "string" in ([words] if isinstance(words, str) else words))


# ---------------------------------------------------------------- for people


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of a kind's table of settings; `default` '' where nothing is said."""

    name: str
    type: str
    default: str
    help: str
    examples: tuple[Any, ...] = ()
    required: bool = False
    secret: bool = False
    templated: bool = True


def settings_of(node_type: type[HasTraits]) -> tuple[Setting, ...]:
    """The configuration as rows, in alphabetical order."""
    fixed = getattr(node_type, "untemplated", ())
    return tuple(
        _setting(name, trait, templated=name not in fixed)
        for name, trait in sorted(node_type.class_traits(config=True).items())
    )


def _setting(name: str, trait: TraitType[Any, Any], *, templated: bool) -> Setting:
    schema = setting_schema(trait)
    default = schema.get("default")
    return Setting(
        name,
        type_words(schema),
        "" if default in (None, "", [], {}) else json.dumps(default, ensure_ascii=False),
        str(schema.get("description", "")),
        tuple(schema.get("examples", ())),
        bool(trait.metadata.get("required")),
        bool(schema.get("x-secret")),
        templated,
    )


_WORDS: Final[Mapping[str, str]] = {
    "boolean": "true or false", "integer": "whole number", "number": "number", "string": "text",
    "array": "list", "object": "mapping", "null": "nothing",
}  # fmt: skip


def type_words(schema: Mapping[str, Any]) -> str:
    """What a schema takes, in a few words.

    >>> type_words({"type": "integer", "minimum": 1, "maximum": 9})
    'whole number from 1 to 9'
    >>> type_words({"type": "array", "items": {"type": "string"}}), type_words({"enum": ["a", "b"]})
    ('list of texts', 'a, b')
    """
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(map(type_words, schema["anyOf"]))
    named = schema.get("type")
    words = [named] if isinstance(named, str) else list(named or ())
    if not words:
        return "any value"
    return " or ".join("".join(_told(word, schema)) for word in words)


def _told(word: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield _WORDS.get(word, word)
    if word in ("integer", "number"):
        yield from _range(schema)
    inner = schema.get("items") if word == "array" else None
    if isinstance(inner, Mapping) and isinstance(inner.get("type"), str):
        yield f" of {_WORDS.get(inner['type'], inner['type'])}s"


def _range(schema: Mapping[str, Any]) -> Iterator[str]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        yield f" from {least:g} to {most:g}"
    elif least is not None:
        yield f" from {least:g} on"
    elif most is not None:
        yield f" up to {most:g}"
