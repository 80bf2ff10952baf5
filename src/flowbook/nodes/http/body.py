"""What a request carries: one body, of whatever kind.

A file is read while it is sent, from its beginning each time: a redirect and a login send it twice.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from datetime import date, datetime, time
from typing import IO, Any, Final

from flowbook.errors import UsageError
from flowbook.nodes.files.places import Files, Place
from flowbook.nodes.http.addresses import pairs_of
from flowbook.nodes.tables import family, rows_of

BODIES: Final = ("json", "data", "multipart", "file")
"""The settings that are a body; a request has one of them."""
_PIECE: Final = 1 << 18

Reach = Callable[[], Files]
"""The files of the project, once one is needed."""


def check_bodies(node: str, given: Mapping[str, Any]) -> None:
    """Raise `UsageError` for more than one body, and for what is none."""
    found = [name for name in BODIES if _is_given(name, given[name])]
    if len(found) > 1:
        raise UsageError(
            f"http node {node!r} has {' and '.join(found)}, and a request has one body",
            hint=f"leave out all but one of {', '.join(BODIES)}",
        )
    data = given["data"]
    if data is not None and not isinstance(data, str | bytes | bytearray | memoryview | Mapping):
        raise UsageError(
            f"data of http node {node!r} is a {type(data).__name__}",
            hint="give text, bytes, or a mapping for a form; json: takes all else",
        )


def _is_given(name: str, value: Any) -> bool:
    """Nothing is a body, too, as JSON and as data."""
    return value is not None if name in ("json", "data") else bool(value)


def body_of(given: Mapping[str, Any], reach: Reach, stack: ExitStack) -> dict[str, Any]:
    """The one body as arguments of a request; files stay open as long as `stack`."""
    if given["json"] is not None:
        return {"content": as_json(given["json"]), "headers": {"Content-Type": "application/json"}}
    data = given["data"]
    if isinstance(data, Mapping):
        form: dict[str, list[str]] = {}
        for name, value in pairs_of(data):
            form.setdefault(name, []).append(value)
        return {"data": form}
    if data is not None:
        return {"content": data if isinstance(data, str) else bytes(data)}
    if given["multipart"]:
        parts = [
            part
            for name, value in given["multipart"].items()
            for one in (value if isinstance(value, list | tuple) else [value])
            for part in _parts(str(name), one, reach, stack)
        ]
        return {"files": parts}
    if not given["file"]:
        return {}
    files = reach()
    return _streamed(files, files.place(given["file"]))


def as_json(value: Any) -> bytes:
    """`value` as JSON; tables become rows, dates ISO. `UsageError` for what has no form as JSON."""
    try:
        text = json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain
        )
    except (TypeError, ValueError) as refused:
        raise UsageError(
            f"json cannot be sent: {refused}", hint="give it what JSON has a form for"
        ) from None
    return text.encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if family(value) is not None:
        return rows_of(value, "json")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    for name in ("tolist", "item"):  # numbers and arrays of numpy
        if callable(getattr(value, name, None)):
            return getattr(value, name)()
    raise TypeError(f"a {type(value).__name__} has no form as JSON")


def _parts(
    name: str, value: Any, reach: Reach, stack: ExitStack
) -> list[tuple[str, tuple[str | None, Any] | tuple[str | None, Any, str]]]:
    if value is None:
        return []
    if not isinstance(value, Mapping):
        if isinstance(value, bytes | bytearray | memoryview):
            return [(name, (name, bytes(value), "application/octet-stream"))]
        return [(name, (None, dict(pairs_of({name: value}))[name]))]
    unknown = set(value) - {"file", "content", "filename", "type"}
    if unknown or ("file" in value) == ("content" in value):
        raise UsageError(
            f"multipart: {name!r} is neither a value nor a file",
            hint="write {file: path} or {content: text}, with filename and type if you like",
        )
    content: IO[bytes] | str | bytes
    if "file" in value:
        files = reach()
        place = files.place(value["file"])
        content = stack.enter_context(files.open(place))
        filename = str(value.get("filename") or place.name)
    else:
        given = value["content"]
        content = given if isinstance(given, str | bytes) else as_json(given)
        filename = str(value.get("filename") or name)
    return [(name, (filename, content, str(value.get("type") or _media_of(filename))))]


def _media_of(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _streamed(files: Files, place: Place) -> dict[str, Any]:
    with files.open(place) as file:
        size = file.seek(0, os.SEEK_END)
    headers = {"Content-Type": _media_of(place.name), "Content-Length": str(size)}
    return {"content": _FromFile(files, place), "headers": headers}


class _FromFile:
    """The bytes of a file, as often as they are asked for."""

    def __init__(self, files: Files, place: Place) -> None:
        self._files, self._place = files, place

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with await asyncio.to_thread(self._files.open, self._place) as file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece
