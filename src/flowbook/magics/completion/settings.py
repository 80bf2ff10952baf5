"""YAML bodies of configuration kinds: settings, what they may be, and names in templates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from flowbook.graph.node import Node
from flowbook.magics.completion.code import behind_dot
from flowbook.magics.completion.offers import Offer, Word, as_words, offer
from flowbook.magics.completion.place import Place, parts

_KEY: Final = re.compile(r"(\s*)((?:-\s+)*)([\w-]*)$")
_VALUE: Final = re.compile(r"(\s*)((?:-\s+)*)([\w-]+):\s+([^\s#{\[]*)$")
_LINE: Final = re.compile(r"(\s*)((?:-\s+)*)([\w-]+):")
_PATH: Final = re.compile(r"(?:([A-Za-z_]\w*(?:\.\w+)*)\.)?(\w*)$")


def in_settings(place: Place, node_type: type[Node]) -> Offer | None:
    """What may stand in the settings of that kind, where the cursor is."""
    if place.before.rfind("{{") > place.before.rfind("}}"):
        return _in_template(place)
    schema = _schema(node_type)
    value = _VALUE.fullmatch(place.before)
    if value is not None:
        outer = _outer(place, _depth(value))
        found = _resolved(schema, (*outer, value[3]))
        return offer(value[4], as_words(_values(found, schema), "value"))
    key = _KEY.fullmatch(place.before)
    if key is None:
        return None
    outer = _outer(place, _depth(key))
    known = _properties(_resolved(schema, outer), schema)
    taken = set() if outer else _taken(place)
    names = (f"{name}: " for name in known if name not in taken)
    return offer(key[3], as_words(names, "setting"))


@lru_cache(maxsize=256)
def _schema(node_type: type[Node]) -> Mapping[str, Any]:
    return node_type.schema()


def _in_template(place: Place) -> Offer:
    path = _PATH.search(place.before)
    root, fragment = (path[1], path[2]) if path else (None, "")
    if root:
        return offer(fragment, behind_dot(place, parts(root)))
    return offer(fragment, (*place.sources(), Word("previous", "node")))


def _depth(match: re.Match[str]) -> int:
    """The column a key stands in."""
    return len(match[1]) + len(match[2])


def _outer(place: Place, depth: int) -> tuple[str, ...]:
    """The keys that what stands in that column lies in, outermost first."""
    found: list[str] = []
    for text in reversed(place.above[place.cell.body_line - 1 :]):
        line = _LINE.match(text)
        if line is not None and _depth(line) < depth:
            depth = _depth(line)
            found.append(line[3])
    return tuple(reversed(found))


def _taken(place: Place) -> set[str]:
    lines = place.source.split("\n")
    others = (text for number, text in enumerate(lines) if number != place.line)
    return {found[3] for text in others if (found := _LINE.match(text)) and not _depth(found)}


def _resolved(schema: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    """The schema of what stands under those keys, items of lists passed over."""
    found: Mapping[str, Any] = schema
    for name in path:
        inner = _properties(found, schema).get(name)
        if inner is None:
            inner = next(
                (
                    more
                    for one in _alternatives(found, schema)
                    if isinstance(more := one.get("additionalProperties"), Mapping)
                ),
                {},
            )
        found = inner
    return found


def _alternatives(
    found: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """A schema and all that may stand in its place: its alternatives, and items of its list."""
    waiting, seen = [found], 0
    while waiting and seen < 100:
        one = waiting.pop()
        seen += 1
        reference = one.get("$ref")
        if isinstance(reference, str):
            name = reference.removeprefix("#/$defs/")
            waiting.append(schema.get("$defs", {}).get(name, {}))
        yield one
        waiting += [more for more in one.get("anyOf", ()) if isinstance(more, Mapping)]
        waiting += [more for more in one.get("oneOf", ()) if isinstance(more, Mapping)]
        if isinstance(one.get("items"), Mapping):
            waiting.append(one["items"])


def _properties(found: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    known: dict[str, Any] = {}
    for one in _alternatives(found, schema):
        known |= one.get("properties", {})
    return known


def _values(found: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    for one in _alternatives(found, schema):
        yield from (str(word) for word in one.get("enum", ()) if word is not None)
        if one.get("type") == "boolean":
            yield from ("true", "false")
        yield from (str(word) for word in one.get("examples", ()) if isinstance(word, str | int))
