"""The kinds of nodes as a palette offers them. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from flowbook.graph.container import Container
from flowbook.graph.node import Node
from flowbook.graph.node_schema import summary_of
from flowbook.graph.registry import Registry
from flowbook.widget.edit_protocol import KindView

FAMILIES: Final = ("code", "data", "flow", "services", "files", "state")
"""In this order; what is of no family, or of a stranger's, comes behind."""
_VOWELS: Final = frozenset("aeiouy")


def kinds(registry: Registry) -> tuple[KindView, ...]:
    """Every kind by its latest version, and behind them those that cannot be used, with the reason.

    >>> from flowbook.nodes.sql import SqlNode
    >>> [(one.kind, one.title, one.family, one.body) for one in kinds(Registry([SqlNode]))]
    [('sql', 'SQL', 'data', 'sql')]
    """
    found = [_view(kind, registry[kind]) for kind in registry if "." not in kind]
    there = {one.kind for one in found}
    for fault in registry.faults:
        if fault.kind not in there:
            there.add(fault.kind)
            whose = f"{fault.package}: " if fault.package else ""
            missing = f"{whose}{fault.message}"
            found.append(KindView(fault.kind, title_of(fault.kind), "", "", "", missing=missing))
    return tuple(sorted(found, key=_rank))


def title_of(kind: str) -> str:
    """A kind as a person reads it.

    >>> title_of("read_file"), title_of("http")
    ('Read file', 'HTTP')
    """
    words = kind.replace("_", " ")
    return words.capitalize() if _VOWELS.intersection(kind) else words.upper()


@lru_cache(maxsize=512)
def _view(kind: str, node_type: type[Node]) -> KindView:
    settings = tuple(name.replace("_", " ") for name in node_type.class_traits(config=True))
    return KindView(
        kind,
        title_of(kind),
        summary_of(node_type).replace("`", ""),
        node_type.family,
        node_type.body,
        contains=issubclass(node_type, Container),
        words=tuple(dict.fromkeys((node_type.family, node_type.body, *settings))),
    )


def _rank(one: KindView) -> tuple[bool, int, str, str]:
    known = FAMILIES.index(one.family) if one.family in FAMILIES else len(FAMILIES)
    return bool(one.missing), known, one.family, one.title
