"""Names for nodes that nobody has named."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection
from itertools import count
from typing import Final

from flowbook.graph.spec import FlowSpec
from flowbook.graph.versions import name_of
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId

_NUMBERED: Final = re.compile(r"_\d+$")
_TAKEN_BY_PYTHON: Final = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist})
_STEMS: Final = {"python": "step"}
_NUMBERED_KINDS: Final = frozenset({"test"})
"""Kinds whose names begin with the kind, and say behind it what they are about."""


def taken_names(spec: FlowSpec) -> set[str]:
    """Every name that means something in a flow: a new node called so would change what.

    What an input asks for and nothing gives is not taken: a node that comes back is found by it.
    """
    names: set[str] = {str(param.name) for param in spec.params}
    for node in spec.nodes:
        names.add(str(node.id))
        names.update(node.outputs)
        names.update(node.captures)
    for use in resolve(spec).params:
        names.update((use.param, use.input))
    return names


def free_name(wanted: str, taken: Collection[str]) -> NodeId:
    """`wanted`, or with the first number that makes it nobody else's.

    >>> free_name("http", {"get"}), free_name("http", {"http"}), free_name("a_2", {"a_2", "a_3"})
    ('http', 'http_2', 'a_4')
    """
    if wanted not in taken:
        return NodeId(wanted)
    stem = _NUMBERED.sub("", wanted)
    return next(NodeId(f"{stem}_{n}") for n in count(2) if f"{stem}_{n}" not in taken)


def named_by_kind(kind: str, taken: Collection[str]) -> NodeId:
    """What a node of a kind is called that nobody has named.

    A name that Python gives a meaning, such as `filter`, would hide that from the cells below.

    >>> named_by_kind("http.v2", ()), named_by_kind("if", ()), named_by_kind("map", {"map_1"})
    ('http', 'if_1', 'map_2')
    """
    name = name_of(kind)
    stem = _STEMS.get(name, name)
    if stem in _TAKEN_BY_PYTHON or stem in _NUMBERED_KINDS:
        return free_name(f"{stem}_1", taken)
    return free_name(stem, taken)
