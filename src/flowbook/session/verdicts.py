"""Verdicts on values by a JSON Schema, and by the class that one was made of.

What refuses a value says it in words of ours: a library's message may quote the value, and a value
may be a secret.
"""

from __future__ import annotations

import json
import numbers
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, get_args

import msgspec

from flowbook.graph.annotations import resolve_type
from flowbook.graph.judging import SHOWN_MAX, Found, Judge, knows_type, plain, refused_by
from flowbook.graph.schemas import canonical_text


def json_judge(schema: Any, native: Any = None) -> Judge:
    """By a JSON Schema, or a type's text; `native` is the class it was made of.

    Raises `ValueError` for a schema that is none.
    """
    if isinstance(schema, str):
        native = resolve_type(schema)
        schema = msgspec.json.schema(native)
    validator = _validator(canonical_text(schema))
    if _of_pydantic(native):
        return _by_model(native, validator)
    quick = knows_type(native) if native is not None else False

    def judge(value: Any) -> Found | None:
        if quick and refused_by(native, value) is None:
            return None
        found = _worst(validator, value)
        if found is None:
            return None
        try:
            bare = plain(value)
        except Exception:  # noqa: BLE001 - it has no form as JSON, and is what it is
            return found
        return _worst(validator, bare)

    return judge


def _of_pydantic(native: Any) -> bool:
    """True for a model, and for a type with one inside."""
    return hasattr(native, "model_json_schema") or any(map(_of_pydantic, get_args(native)))


def _by_model(native: Any, validator: Any) -> Judge:
    """By its JSON Schema and then by its own rules, which may be code."""
    from pydantic import TypeAdapter, ValidationError

    adapter = TypeAdapter(native)

    def judge(value: Any) -> Found | None:
        if isinstance(native, type) and isinstance(value, native):
            return None
        found = _worst(validator, value)
        if found is not None:
            found = _worst(validator, plain(value))
        if found is not None:
            return found
        try:
            adapter.validate_python(value)
        except ValidationError as refused:
            first = refused.errors(include_url=False, include_context=False)[0]
            path = "".join(f"[{at}]" if isinstance(at, int) else f".{at}" for at in first["loc"])
            rule = str(first["type"]).replace("_", " ")
            return Found.of(f"${path}", f"what its model allows ({rule})", first["input"])
        return None

    return judge


@cache
def _validators() -> Any:
    from jsonschema import Draft202012Validator, validators

    def number(kind: type) -> Callable[[Any, Any], bool]:
        return lambda _, one: isinstance(one, kind) and not isinstance(one, bool)

    checker = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "array": lambda _, one: isinstance(one, list | tuple),
            "object": lambda _, one: isinstance(one, Mapping),
            "integer": number(numbers.Integral),
            "number": number(numbers.Real),
        }
    )
    return validators.extend(Draft202012Validator, type_checker=checker)


@lru_cache(maxsize=512)
def _validator(text: str) -> Any:
    """The validator of a schema's text: made once, as runs of one flow ask for the same."""
    from jsonschema.exceptions import SchemaError

    kind, schema = _validators(), json.loads(text)
    try:
        kind.check_schema(schema)
    except SchemaError as refused:
        raise ValueError(f"{refused.message} (at {refused.json_path})") from None
    return kind(schema)


def _worst(validator: Any, value: Any) -> Found | None:
    """The first misfit, as deep in it as there is one answer; None when there is none."""
    from jsonschema.exceptions import best_match

    error = next(validator.iter_errors(value), None)
    if error is None:
        return None
    deepest = best_match([error])
    if len(deepest.absolute_path) > len(error.absolute_path) or not error.context:
        error = deepest
    return Found.of(error.json_path, _wanted(error), error.instance)


def _word(schema: Any) -> str:
    """One of several schemas in a word."""
    named = schema.get("$ref", "").rpartition("/")[2] or schema.get("title")
    return str(named or schema.get("type") or "another schema")


def _wanted(error: Any) -> str:
    rule, wanted = error.validator, error.validator_value
    if rule == "type":
        return " or ".join([wanted] if isinstance(wanted, str) else wanted)
    if rule in ("anyOf", "oneOf"):
        return " or ".join(_word(one) for one in wanted)
    if rule in ("enum", "const"):
        values: Sequence[Any] = wanted if rule == "enum" else [wanted]
        return " or ".join(map(repr, values[:8]))
    if rule == "required":
        lacking = [name for name in wanted if name not in error.instance]
        return f"a mapping with {', '.join(map(repr, lacking))}"
    if rule == "additionalProperties":
        return "no other keys than its schema names"
    text = str(wanted)
    return f"{rule} {text if len(text) <= SHOWN_MAX else 'as its schema says'}"
