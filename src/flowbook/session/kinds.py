"""The node types of all installed packages, by entry point; ours and strangers' alike.

A package that does not load, or brings a kind that another has, keeps nobody from working: what it
brings stays out and is told by `flowbook nodes check` and by `check` of the flows that use it. Our
own types come first, so no package takes their place; others follow by the name of their package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from flowbook.graph.registry import Registry

GROUP: Final = "flowbook.nodes"
OWN: Final = "flowbook"


def installed_kinds(points: Iterable[EntryPoint] | None = None) -> Registry:
    """The registry of what is installed, or of `points`; never raises for what is wrong."""
    registry = Registry()
    found = entry_points(group=GROUP) if points is None else points
    for package, point in sorted(_packed(found), key=_rank):
        registry.take(point.name, point.load, package)
    return registry


def _packed(points: Iterable[EntryPoint]) -> Iterator[tuple[str, EntryPoint]]:
    """Each with its package: to read that anew for every one costs more than to load them all."""
    known: dict[int, str] = {}
    for point in tuple(points):  # all are there as long as their identities count
        of = id(getattr(point, "dist", None))
        if of not in known:
            known[of] = package_of(point)
        yield known[of], point


def package_of(point: EntryPoint) -> str:
    """The distribution of an entry point with its version; '' for one that has none."""
    dist = getattr(point, "dist", None)
    return f"{dist.name} {dist.version}" if dist is not None else ""


def _rank(packed: tuple[str, EntryPoint]) -> tuple[bool, str, str]:
    package, point = packed
    return package.partition(" ")[0] != OWN, package, point.name
