"""Python bodies: names of the flow, and columns of what they gave last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from flowbook.magics.completion.offers import Offer, Word, as_words, offer
from flowbook.magics.completion.place import Place, parts

_DOTTED: Final = re.compile(r"(?<![\w.\])'\"])([A-Za-z_]\w*(?:\.\w+)*)\.(\w*)$")
_KEY: Final = re.compile(
    r"(?<![\w.\])'\"])([A-Za-z_]\w*(?:\.\w+)*)\[\s*\[?(?:\s*(?:'[^']*'|\"[^\"]*\")\s*,)*\s*"
    r"(?:'([^']*)|\"([^\"]*))$"
)
_NAME: Final = re.compile(r"(?<![\w.'\"])([A-Za-z_]\w*)$")
_INNARDS: Final = 300
"""Attributes of a value that are offered behind its columns."""


def in_code(place: Place) -> Offer | None:
    """What may stand in Python, where the cursor is."""
    key = _KEY.search(place.before)
    if key is not None:
        fragment = key[2] if key[2] is not None else key[3]
        return offer(fragment, as_words(place.columns(parts(key[1])), "column"))
    dotted = _DOTTED.search(place.before)
    if dotted is not None:
        return offer(dotted[2], behind_dot(place, parts(dotted[1]), inside=True))
    name = _NAME.search(place.before)
    return offer(name[1], _names(place), alone=False) if name else None


def behind_dot(place: Place, path: tuple[str, ...], *, inside: bool = False) -> Iterator[Word]:
    """Ports of a node that has several; columns of a value, and with `inside` what else it has."""
    found = place.output(path)
    if found is None or found[2] != len(path):
        return
    if found[1] is None:
        yield from as_words(found[0].outputs, "output")
        return
    value = place.value(path)
    if not inside or _has_attributes(value):
        columns = place.columns(path)
        yield from as_words((one for one in columns if one.isidentifier()), "column")
    if inside and value is not None:
        names = [one for one in dir(type(value)) if not one.startswith("_")]
        yield from as_words(names[:_INNARDS], "attribute")


def _has_attributes(value: Any) -> bool:
    """True where a column is an attribute: of pandas; None may be such a frame in the store."""
    return value is None or type(value).__module__.partition(".")[0] == "pandas"


def _names(place: Place) -> Iterator[Word]:
    header = place.cell.header
    yield from (Word(one.name, "input") for one in (header.inputs if header else None) or ())
    yield from place.sources()
