"""What options of nodes may be, as far as the flow and their own words tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from flowbook.graph.nesting import homes_of, is_container
from flowbook.graph.options import OPTIONS
from flowbook.magics.completion.offers import Word, as_words
from flowbook.magics.completion.place import Place

SEVERAL: Final = frozenset({"tags", "lock", "cancels", "completes"})
"""Options that take several words, separated by commas."""
_LOOPS: Final = frozenset({"map", "foreach", "repeat", "while", "each_of"})


def option_names(taken: frozenset[str] = frozenset()) -> Iterator[str]:
    """The options there are, without those that are given already."""
    return (name for name in OPTIONS if name not in taken)


def values_of(name: str, place: Place) -> Iterator[Word]:
    """What the option `name` may be."""
    option = OPTIONS.get(name)
    if option is None:
        return
    yield from as_words(option.choices, "value")
    if option.flag:
        yield from as_words(("true", "false"), "value")
    named = _NAMED.get(name)
    if named is not None:
        yield from named(place)


def _homes(place: Place) -> Iterator[Word]:
    for node in place.others:
        if is_container(node):
            blocks = homes_of(node.id) if node.kind_name == "try" else (node.id,)
            yield from as_words(blocks, "container")


def _nodes(place: Place) -> Iterator[Word]:
    return (Word(node.id, "node") for node in place.others)


def _loops(place: Place) -> Iterator[Word]:
    return (Word(node.id, "loop") for node in place.others if node.kind_name in _LOOPS)


def _tags(place: Place) -> Iterator[Word]:
    return (Word(tag, "tag") for node in place.others for tag in node.options.tags)


def _locks(place: Place) -> Iterator[Word]:
    return (Word(lock, "lock") for node in place.others for lock in node.options.lock)


_NAMED: Final[Mapping[str, Callable[[Place], Iterator[Word]]]] = {
    "in": _homes,
    "compensate": _nodes,
    "cancels": _nodes,
    "completes": _loops,
    "tags": _tags,
    "lock": _locks,
}
"""Options that name something of the flow."""
