"""What a value says of itself in a form that a page draws: a chart, HTML, Markdown, LaTeX.

By what it can do, not by what it is: no plotting library is imported here. A chart is sent as its
own description, with a picture of it where the value has one, for a page that cannot draw it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from flowbook.store import pictures
from flowbook.widget.views import ImagePreview, RichPreview

PLOTLY: Final = "application/vnd.plotly.v1+json"
_CHARTS: Final = ("application/vnd.plotly.", "application/vnd.vega")
_TEXTS: Final = (
    ("text/html", "_repr_html_"),
    ("text/markdown", "_repr_markdown_"),
    ("text/latex", "_repr_latex_"),
)
_PICTURES: Final = ("image/png", "image/svg+xml", "image/jpeg")


def chart(value: Any) -> RichPreview | None:
    """The chart that a value is; None for any other.

    >>> chart({"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "mark": "bar"}).mime
    'application/vnd.vegalite.v5+json'
    """
    if isinstance(value, type):
        return None
    if callable(getattr(value, "to_plotly_json", None)) and callable(value.to_json):
        return RichPreview(PLOTLY, json.loads(value.to_json()))
    described = _described(value)
    mime = _vega(described)
    if mime is not None:
        return RichPreview(mime, described)
    found = bundle(value)
    mime = next((one for one in found if str(one).startswith(_CHARTS)), None)
    return None if mime is None else RichPreview(mime, found[mime], picture(found))


def marked(value: Any) -> RichPreview | None:
    """What a value says of itself as HTML, Markdown or LaTeX; None where it says nothing."""
    if isinstance(value, type | str | bytes):
        return None
    found = bundle(value)
    for mime, method in _TEXTS:
        text = found.get(mime) or _call(value, method)
        if isinstance(text, str) and text.strip():
            return RichPreview(mime, text, picture(found))
    return None


def bundle(value: Any) -> Mapping[Any, Any]:
    """What a value says of itself by MIME type; nothing where it says nothing.

    A mapping that has nothing but such types for keys is one itself.
    """
    if isinstance(value, dict):
        known = value and all(isinstance(key, str) and "/" in key for key in value)
        return value if known and _tells(value) else {}
    found = _call(value, "_repr_mimebundle_")
    return found if isinstance(found, Mapping) else {}


def picture(found: Mapping[Any, Any]) -> ImagePreview | None:
    """The picture in a bundle, if there is one."""
    shown = (image(mime, found[mime]) for mime in _PICTURES if mime in found)
    return next((one for one in shown if one is not None), None)


def image(mime: str, content: Any) -> ImagePreview | None:
    """A picture of bytes, of SVG, or of base64 as bundles have it."""
    if isinstance(content, str) and mime == "image/svg+xml":
        content = content.encode()
    if isinstance(content, str):
        return ImagePreview(mime, content)
    if isinstance(content, bytes) and content:
        width, height = _size(content) if mime == "image/png" else (None, None)
        return ImagePreview(mime, base64.b64encode(content).decode(), "", width, height)
    return None


def _size(png: bytes) -> tuple[int, int] | tuple[None, None]:
    try:
        return pictures.size(png)
    except ValueError:
        return None, None


def _tells(keys: Iterable[str]) -> bool:
    known = (*_PICTURES, *(mime for mime, _ in _TEXTS))
    return any(key in known or key.startswith(_CHARTS) for key in keys)


def _described(value: Any) -> Any:
    """The description of an Altair chart, or a mapping as it is."""
    altair = type(value).__module__.partition(".")[0] == "altair"
    return value.to_dict() if altair and callable(getattr(value, "to_dict", None)) else value


def _vega(described: Any) -> str | None:
    """The type of a description by the schema it names: `…/vega-lite/v5.20.1.json`."""
    schema = described.get("$schema") if isinstance(described, dict) else None
    if not isinstance(schema, str) or "/vega" not in schema:
        return None
    major = schema.rpartition("/v")[2].partition(".")[0]
    name = "vegalite" if "/vega-lite/" in schema else "vega"
    return f"application/vnd.{name}.v{major}+json" if major.isdigit() else None


def _call(value: Any, method: str) -> Any:
    found: Callable[[], Any] | None = getattr(value, method, None)
    given = found() if callable(found) else None
    return given[0] if isinstance(given, tuple) else given
