"""The colours of a static picture: of their own, light or dark as the reader's system is.

Every shape also says its light colours as attributes, for readers that drop style sheets. Class
names begin with `fbd-`, for a picture may stand in a page among others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LIGHT: Final[Mapping[str, str]] = {
    "paper": "#ffffff",
    "raised": "#ffffff",
    "sunken": "#f2f4f7",
    "line": "#b9bfc9",
    "ink": "#1f2328",
    "soft": "#59636e",
    "faint": "#6e7781",
    "good": "#2e7d32",
    "bad": "#d32f2f",
    "warn": "#9a5b00",
    "brand": "#1976d2",
    "note": "#fff5e0",
}
_DARK: Final[Mapping[str, str]] = {
    "paper": "#14171b",
    "raised": "#1f2429",
    "sunken": "#1a1e23",
    "line": "#58616c",
    "ink": "#e6e9ed",
    "soft": "#a7b0bb",
    "faint": "#8b95a1",
    "good": "#81c784",
    "bad": "#ef7a72",
    "warn": "#ffb74d",
    "brand": "#64b5f6",
    "note": "#2f2a1e",
}
TONES: Final[Mapping[str, str]] = {
    "succeeded": "good",
    "reused": "good",
    "failed": "bad",
    "running": "brand",
    "backoff": "warn",
    "suspended": "brand",
    "blocked": "warn",
    "cancelled": "warn",
}
"""The tone of a standing; of the others `faint`."""


def fill(tone: str) -> str:
    """Attributes of something that is filled.

    >>> fill("ink")
    'class="fbd-f-ink" fill="#1f2328"'
    """
    return f'class="fbd-f-{tone}" fill="{_LIGHT[tone]}"'


def stroke(tone: str) -> str:
    """Attributes of a line, which is not filled."""
    return f'class="fbd-s-{tone}" fill="none" stroke="{_LIGHT[tone]}"'


def both(inside: str, around: str) -> str:
    """Attributes of something that is filled and has a border."""
    return (
        f'class="fbd-f-{inside} fbd-s-{around}" fill="{_LIGHT[inside]}" stroke="{_LIGHT[around]}"'
    )


def sheet() -> str:
    """The style sheet of a picture."""
    return f"<style>{_rules(_LIGHT)}@media (prefers-color-scheme: dark){{{_rules(_DARK)}}}</style>"


def _rules(colours: Mapping[str, str]) -> str:
    return "".join(
        f".fbd-f-{tone}{{fill:{one}}}.fbd-s-{tone}{{stroke:{one}}}" for tone, one in colours.items()
    )
