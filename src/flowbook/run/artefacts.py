"""What nodes leave as files, made bytes where they come from: in the node's thread or process."""

from __future__ import annotations

import io
import mimetypes
import os
from pathlib import Path
from typing import Any

from flowbook.errors import UsageError

_MOST_NAME = 200
_PICTURES = {"image/png": "png", "image/svg+xml": "svg", "image/jpeg": "jpeg",
             "application/pdf": "pdf"}  # fmt: skip
_UNKNOWN = "application/octet-stream"


def artefact_of(name: str, content: Any, media_type: str | None = None) -> tuple[str, bytes, str]:
    """Name, bytes and media type of an artefact.

    `content` is bytes, text, the path of a file, or something that draws or saves itself as
    matplotlib's figures and PIL's pictures do; those are what the name's ending says, PNG without.
    Raises `UsageError` for all else and for a name that is no file's, `OSError` for a file that
    cannot be read.

    >>> artefact_of("report.html", "<p>dry</p>")
    ('report.html', b'<p>dry</p>', 'text/html')
    """
    if not 0 < len(name) <= _MOST_NAME or _strays(name):
        raise UsageError(
            f"an artefact cannot be called {name!r}", hint="give it a file's name: report.html"
        )
    guessed = media_type or mimetypes.guess_type(name)[0]
    if isinstance(content, bytes | bytearray | memoryview):
        return name, bytes(content), guessed or _UNKNOWN
    if isinstance(content, str):
        return name, content.encode(), guessed or "text/plain"
    if isinstance(content, os.PathLike):
        path = Path(content)
        return name, path.read_bytes(), guessed or mimetypes.guess_type(path)[0] or _UNKNOWN
    drawn = guessed if guessed in _PICTURES else "image/png"
    return name, _drawn(name, content, _PICTURES[drawn]), drawn


def _strays(name: str) -> bool:
    """True when a file of that name may be written elsewhere than where one means to."""
    parts = name.split("/")
    return "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in parts)


def _drawn(name: str, content: Any, form: str) -> bytes:
    content = getattr(content, "figure", None) or content  # axes know theirs
    save = getattr(content, "savefig", None) or getattr(content, "save", None)
    if not callable(save):
        raise UsageError(
            f"artefact {name!r} cannot be made of {type(content).__qualname__}",
            hint="give bytes, text, the Path of a file, a figure or a picture",
        )
    into = io.BytesIO()
    save(into, format=form)
    return into.getvalue()
