"""Names of kinds with a version: `http` is the latest there is, `http.v1` exactly that one.

A cell keeps what its author wrote. Which class that means is the registry's to say
(`graph.registry`); what follows from the name alone, such as which kinds are containers, goes by
the name without its version.
"""

from __future__ import annotations

import re
from typing import Final

_VERSIONED: Final = re.compile(r"(?P<name>[^\W\d]\w*)\.v(?P<version>[1-9]\d{0,5})")


def split_kind(kind: str) -> tuple[str, int | None]:
    """Name and version of a kind; None where it names no version.

    >>> split_kind("http.v2"), split_kind("http")
    (('http', 2), ('http', None))
    """
    found = _VERSIONED.fullmatch(kind)
    return (found["name"], int(found["version"])) if found else (kind, None)


def name_of(kind: str) -> str:
    """A kind without its version.

    >>> name_of("http.v2")
    'http'
    """
    return split_kind(kind)[0]


def versioned(name: str, version: int) -> str:
    """The kind that names exactly that version.

    >>> versioned("http", 2)
    'http.v2'
    """
    return f"{name}.v{version}"
