"""The parts of the canvas's own code that a page loads when it first needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flowbook.errors import UsageError

PARTS: Final = ("more", "past")
_STATIC = Path(__file__).parent / "static"


def text_of(name: str) -> str:
    """The code of a part; `UsageError` for a name that is none, and where none was built."""
    place = _STATIC / f"{name}.js"
    if name not in PARTS or not place.is_file():
        raise UsageError(
            f"this installation has no part {name!r} of the canvas",
            hint="npm --prefix js ci && npm --prefix js run build",
        )
    return place.read_text(encoding="utf-8")
