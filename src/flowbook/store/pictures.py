"""Pictures as PNG.

A PIL image comes back as one, pixel for pixel, if PNG has its mode; an animation or a mode that PNG
lacks is refused. A matplotlib figure, or the figure of its axes, cannot come back as something to
draw on: what is kept is what it looked like, a `StoredImage`, and its reference says `pictured`.

An object that merely knows `_repr_png_` is not kept as a picture: that would run its drawing code
after each run, and keep a view of the value in its place.
"""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from flowbook.store.codec import Extent
from flowbook.store.plain import NotPlain

PIL_IMAGE = "PIL.Image.Image"
FIGURE = "matplotlib.figure.Figure"
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
_HEAD = struct.Struct(">8x4x4sII")
_drawing = Lock()  # matplotlib draws in one thread at a time


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A kept picture of a value that cannot come back itself; notebooks show it.

    >>> StoredImage("matplotlib.figure.Figure", 640, 480)
    StoredImage(type='matplotlib.figure.Figure', width=640, height=480)
    """

    type: str
    width: int
    height: int
    png: bytes = field(default=b"", repr=False)

    def _repr_png_(self) -> bytes:
        return self.png


def kept_as(value: object) -> str | None:
    """The name of the type a picture is kept as; None for all else. Imports nothing."""
    if _is(value, "PIL.Image", "Image"):
        return PIL_IMAGE
    if _is(value, "matplotlib.figure", "Figure") or _is(value, "matplotlib.axes", "Axes"):
        return FIGURE
    return None


def _is(value: object, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(value, kind)


def write(value: Any, path: Path) -> Extent:
    """Write a picture; `NotPlain` for an image that PNG would change."""
    if kept_as(value) == PIL_IMAGE:
        if value.mode not in _MODES:
            raise NotPlain(f"PNG has no images of mode {value.mode}; give image.convert('RGB')")
        if (frames := getattr(value, "n_frames", 1)) > 1:
            raise NotPlain(f"an animation of {frames} pictures; give one of them, or its bytes")
        value.save(path, format="PNG")
    else:
        with _drawing:
            figure = value if hasattr(value, "savefig") else value.get_figure(root=True)
            figure.savefig(path, format="png", metadata={"Software": None})
    return Extent()


def read(path: Path, kind: str) -> object:
    """A PIL image at `path`; what a figure looked like as a `StoredImage`."""
    if kind != PIL_IMAGE:
        return stored(path.read_bytes(), kind)
    from PIL import Image

    with Image.open(path) as image:
        return image.copy()


def stored(png: bytes, kind: str) -> StoredImage:
    """The picture in `png`; `ValueError` if it is none."""
    width, height = size(png)
    return StoredImage(kind, width, height, png)


def size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels; `ValueError` if `png` is none."""
    if not png.startswith(b"\x89PNG\r\n\x1a\n") or len(png) < _HEAD.size:
        raise ValueError("no PNG")
    _, width, height = _HEAD.unpack_from(png)
    return width, height
