"""What the settings that take more than one thing take, as JSON Schema: forms are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flowbook.nodes.http.auth import KINDS
from flowbook.nodes.http.paging import PAGINGS

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer", "minimum": 1}
_DURATION: Final = {"anyOf": [{"type": "number", "minimum": 0}, _TEXT]}
_STATUS: Final = {"type": ["integer", "string"]}


def _record(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


METHOD: Final[Mapping[str, Any]] = _TEXT
STATUSES: Final[Mapping[str, Any]] = {
    "anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "array", "items": _STATUS}]
}
TIMEOUT: Final[Mapping[str, Any]] = {
    "anyOf": [*_DURATION["anyOf"], _record([], connect=_DURATION, read=_DURATION, total=_DURATION)]
}
REDIRECTS: Final[Mapping[str, Any]] = {
    "anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": 0}]
}
VERIFY: Final[Mapping[str, Any]] = {"anyOf": [{"type": "boolean"}, _TEXT]}
RATE: Final[Mapping[str, Any]] = _TEXT
SIZE: Final[Mapping[str, Any]] = {
    "anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]
}
AUTH: Final[Mapping[str, Any]] = {
    "anyOf": [
        _record(
            ["type"],
            type={"enum": list(KINDS)},
            secret=_TEXT,
            **{name: _TEXT for kind in KINDS.values() for name in (*kind.needs, *kind.may)},
        ),
        {"type": "null"},
    ]
}
PAGES: Final[Mapping[str, Any]] = {
    "anyOf": [
        {"enum": [kind for kind in PAGINGS if kind not in ("next", "cursor")]},
        _record(
            ["kind"],
            kind={"enum": list(PAGINGS)},
            next=_TEXT,
            cursor=_TEXT,
            param=_TEXT,
            start={"type": "integer", "minimum": 0},
            size=_WHOLE,
            size_param=_TEXT,
            into={"enum": ["query", "json"]},
            items=_TEXT,
            more=_TEXT,
            max_pages=_WHOLE,
            max_items=_WHOLE,
        ),
        {"type": "null"},
    ]
}
