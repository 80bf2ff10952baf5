"""The OpenAPI document, made of the table of routes and of the types of what they take and give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Any, Final

import msgspec

from flowbook.server.routes import RUN, Refusal, Route

_REF: Final = "#/components/schemas/{name}"
_SLOTS: Final = {
    "run": ("Id of the run.", {"type": "string", "pattern": f"^{RUN}$"}),
    "node": ("Name of a node.", {"type": "string", "minLength": 1}),
    "port": ("Name of an input or output.", {"type": "string", "minLength": 1}),
    "name": ("Name of a signal.", {"type": "string", "minLength": 1}),
    "schedule": ("Name of a schedule.", {"type": "string", "minLength": 1}),
    "rule": ("Name of a rule.", {"type": "string", "minLength": 1}),
}
_REFUSALS: Final = {
    400: "What is asked cannot be read, or cannot be.",
    403: "You are not logged in, or may not; or the XSRF token is missing.",
    404: "There is no such thing.",
    409: "It cannot be done as things stand.",
    503: "The store is held by somebody else; try again.",
}


def document(routes: Iterable[Route], base: str) -> dict[str, Any]:
    """The document of these routes, which lie under `base`."""
    routes = tuple(routes)
    schemas, components = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, schemas, components)
        paths.setdefault(f"/{route.path}", {})[route.method.lower()] = operation
    for taken in {route.takes for route in routes if route.takes and not route.in_body}:
        del components[taken.__name__]  # it stands with its parameters
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "flowbook",
            "version": _version(),
            "description": "Runs of flows: read, followed and steered with no kernel.",
        },
        "servers": [{"url": base}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`token …`, as every API of the Jupyter server takes it.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "username",
                    "description": "Of who is logged in; what changes something has X-XSRFToken, "
                    "too.",
                },
            },
        },
    }


def _schemas(routes: tuple[Route, ...]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """The schema of each type by itself, and those that they refer to."""
    types: dict[Any, None] = {Refusal: None}
    for route in routes:
        types.update(dict.fromkeys(route.answers.values()))
        if route.takes is not None:
            types[route.takes] = None
    found, components = msgspec.json.schema_components(
        types, schema_hook=lambda _kind: {"type": "string"}, ref_template=_REF
    )
    return dict(zip(types, found, strict=True)), components


def _operation(route: Route, schemas: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.path.split("/")[0]],
        "parameters": [*_of_path(route), *_of_query(route, components)],
        "responses": {
            **{
                str(status): _response(_MEANINGS[status], schemas[kind])
                for status, kind in route.answers.items()
            },
            **{
                str(status): _response(meaning, schemas[Refusal])
                for status, meaning in _REFUSALS.items()
                if _may_refuse(route, status)
            },
        },
    }
    if route.in_body:
        schema = schemas[route.takes] if route.takes else {"type": "object", "maxProperties": 0}
        told["requestBody"] = {
            "required": bool(route.takes and components[route.takes.__name__].get("required")),
            "content": {"application/json": {"schema": schema}},
        }
    return told


_MEANINGS: Final = {
    200: "So it is.",
    202: "It was asked for, and will be done in a moment.",
}


def _may_refuse(route: Route, status: int) -> bool:
    """Whether a refusal is one of those of the route."""
    if status == 404:
        return route.names or bool(route.slots)
    return status != 409 or route.misuse == 409


def _response(meaning: str, schema: Any) -> dict[str, Any]:
    return {"description": meaning, "content": {"application/json": {"schema": schema}}}


def _of_path(route: Route) -> Iterator[dict[str, Any]]:
    for name in route.slots:
        meaning, schema = _SLOTS[name]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": meaning,
            "schema": schema,
        }


def _of_query(route: Route, components: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if route.takes is None or route.in_body:
        return
    schema = components[route.takes.__name__]
    for name, kind in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": _given(kind),
        }


def _given(kind: dict[str, Any]) -> dict[str, Any]:
    """The schema of an argument, which is left out where it would be null."""
    some = [one for one in kind.get("anyOf", ()) if one != {"type": "null"}]
    return some[0] if len(some) == 1 else kind


def _version() -> str:
    try:
        return metadata.version("flowbook")
    except metadata.PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"
