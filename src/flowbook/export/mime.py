"""A value → the MIME bundle a notebook shows, by the display protocols, without IPython.

Asks the value first (`_repr_mimebundle_`, then `_repr_html_` and the others), then knows two
things of its own: a matplotlib figure is a PNG, and everything has a text form. Refuses to fail:
the repr is the user's code, so whatever it raises becomes the text.
"""

from __future__ import annotations

import base64
import io
import json
import pprint
from collections.abc import Callable, Mapping
from typing import Any

LIMIT = 2 * 2**20
"""Bytes one representation may have; a report is opened in a browser."""
TEXT_LIMIT = 64 * 2**10

_PROTOCOLS: Mapping[str, str] = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
}


def mime_bundle(value: object) -> dict[str, Any]:
    """The representations of `value` by MIME type; `text/plain` is always among them.

    >>> mime_bundle([1, 2])
    {'text/plain': '[1, 2]'}
    """
    bundle: dict[str, Any] = {"text/plain": _plain(value)}
    if isinstance(value, type):
        return bundle
    found = dict(_own_bundle(value) or _own_reprs(value))
    if not found and _is_figure(value):
        found = {"image/png": _attempt(lambda: _png(value))}
    for mime, shown in found.items():
        text = _as_json(mime, shown)
        if text is not None and len(str(text)) <= LIMIT:
            bundle[mime] = text
    return bundle


def _own_bundle(value: object) -> Mapping[str, Any] | None:
    ask = getattr(value, "_repr_mimebundle_", None)
    if not callable(ask):
        return None
    given = _attempt(lambda: ask(include=None, exclude=None))
    if isinstance(given, tuple) and given:
        given = given[0]  # (bundle, metadata)
    return given if isinstance(given, Mapping) else None


def _own_reprs(value: object) -> dict[str, Any]:
    shown = {}
    for method, mime in _PROTOCOLS.items():
        ask = getattr(value, method, None)
        if callable(ask):
            given = _attempt(ask)
            given = given[0] if isinstance(given, tuple) and given else given
            if given is not None:
                shown[mime] = given
    return shown


def _is_figure(value: object) -> bool:
    """True for matplotlib's `Figure`, found by its shape so that matplotlib is not imported."""
    modules = {kind.__module__.partition(".")[0] for kind in type(value).__mro__}
    return "matplotlib" in modules and callable(getattr(value, "savefig", None))


def _png(figure: Any) -> bytes:
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=96, bbox_inches="tight")
    return image.getvalue()


def _plain(value: object) -> str:
    if isinstance(value, str):
        text = value
    elif type(value) in (dict, list, tuple, set):
        text = _text(lambda: pprint.pformat(value, width=96, compact=True, sort_dicts=False))
    else:
        text = _text(lambda: repr(value))
    if len(text) > TEXT_LIMIT:
        return f"{text[:TEXT_LIMIT]}… ({len(text):,} characters)"
    return text


def _text(show: Callable[[], str]) -> str:
    try:
        return show()
    except Exception as failure:  # noqa: BLE001 - a repr is the user's code
        return f"<its repr raised {type(failure).__name__}>"


def _attempt(show: Callable[[], Any]) -> Any:
    try:
        return show()
    except Exception:  # noqa: BLE001 - the next representation, at last the text, stands in
        return None


def _as_json(mime: str, shown: Any) -> Any:
    """What JSON holds of it: text as it is, images in base64, JSON types as objects."""
    if isinstance(shown, bytes):
        return base64.b64encode(shown).decode("ascii")
    if isinstance(shown, str):
        return shown
    if mime == "application/json" or mime.endswith("+json"):
        return _attempt(lambda: json.loads(json.dumps(shown)))
    return None
