"""A YAML body with some of its settings changed: the text of those changes, and no other.

The body is composed into nodes that know where they stand, and each value that differs is replaced
where it is written. What that does not say exactly (a value behind an alias, a mapping in braces
that grows) goes through a round trip of the whole body, which may lay it out anew; and what even
that does not say is written anew, without its comments.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flowbook.cells.foreign import changed_yaml, read_yaml, write_yaml
from flowbook.graph.spec import Json


class _Splice(NamedTuple):
    start: int
    end: int
    text: str


class _Unsplicable(Exception):
    """The change is none of single values."""


def with_settings(body: str, was: Mapping[str, Json], now: Mapping[str, Json]) -> str:
    r"""`body` saying `now` where it said `was`.

    >>> with_settings("url:   'x'   # where\ntries: 2", {"url": "x", "tries": 2}, {"url": "y"})
    "url:   'y'   # where"
    """
    spliced = _spliced(body, was, now)
    if spliced is not None and read_yaml(spliced) == (now, ()):
        return spliced
    changed = changed_yaml(body, was, now)
    return changed if read_yaml(changed) == (now, ()) else write_yaml(now)


def _spliced(body: str, was: Mapping[str, Json], now: Mapping[str, Json]) -> str | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        node = YAML(typ="rt", pure=True).compose(body)
        if node is None or node.id != "mapping" or node.flow_style:
            return None
        splices = sorted(_mapping(body, node, was, now), reverse=True)
    except (YAMLError, _Unsplicable):
        return None
    for one in splices:
        body = body[: one.start] + one.text + body[one.end :]
    return body


def _mapping(
    body: str, node: Any, was: Mapping[str, Json], now: Mapping[str, Json]
) -> Iterator[_Splice]:
    if not now.keys() & was.keys():
        raise _Unsplicable
    column, last = node.start_mark.column, 0
    for key, value in node.value:
        name = str(key.value)
        last = _end(body, key, value)
        if name not in now:
            yield _cut(body, key.start_mark.index, last)
        elif name not in was or was[name] != now[name]:
            yield from _value(body, key, value, was.get(name), now[name])
    added = {name: value for name, value in now.items() if name not in was}
    if added:
        at = _line_end(body, last)
        text = textwrap.indent(write_yaml(added), " " * column)
        yield _Splice(at, at, f"\n{text}")


def _value(body: str, key: Any, node: Any, was: Json, now: Json) -> Iterator[_Splice]:
    if node.start_mark.index < key.end_mark.index:
        raise _Unsplicable  # an alias: what it stands for is written elsewhere
    if isinstance(was, dict) and isinstance(now, dict) and node.id == "mapping":
        if not node.flow_style:
            yield from _mapping(body, node, was, now)
            return
        if was.keys() == now.keys():
            for name, inner in node.value:
                yield from _inner(body, name, inner, was[str(name.value)], now[str(name.value)])
            return
    elif _alike(node, was, now):
        for inner, before, after in zip(node.value, _items(was), _items(now), strict=True):
            yield from _inner(body, key, inner, before, after)
        return
    elif node.id == "scalar" and node.style not in ("|", ">") and _is_scalar(now):
        yield _Splice(node.start_mark.index, node.end_mark.index, _scalar(now, node.style))
        return
    start, column = key.start_mark.index, key.start_mark.column
    text = textwrap.indent(write_yaml({str(key.value): now}), " " * column)
    yield _Splice(start, _end(body, key, node), text[column:])


def _inner(body: str, key: Any, node: Any, was: Json, now: Json) -> Iterator[_Splice]:
    if was != now:
        yield from _value(body, key, node, was, now)


def _items(value: Any) -> list[Json]:
    return list(value)


def _alike(node: Any, was: Any, now: Any) -> bool:
    """True for a list of as many items as before."""
    lists = isinstance(was, list) and isinstance(now, list) and node.id == "sequence"
    return lists and len(was) == len(now) == len(node.value)


def _is_scalar(value: Json) -> bool:
    return not isinstance(value, list | dict) and "\n" not in str(value)


def _scalar(value: Json, style: str | None) -> str:
    """A plain value on its line, in the quotes that are there."""
    if isinstance(value, str) and style == "'":
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, str) and style == '"' and value.isprintable():
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return write_yaml({"x": value}).removeprefix("x:").strip()


def _end(body: str, key: Any, node: Any) -> int:
    """Where a value ends, comments and empty lines behind it left out."""
    if node.id == "scalar" or node.flow_style or not node.value:
        end = max(key.end_mark.index + 1, node.end_mark.index)
        return len(body[:end].rstrip())
    last = node.value[-1]
    return _end(body, key, last[1] if isinstance(last, tuple) else last)


def _line_end(body: str, at: int) -> int:
    found = body.find("\n", at)
    end = len(body) if found < 0 else found
    return end - 1 if body[:end].endswith("\r") else end


def _cut(body: str, start: int, end: int) -> _Splice:
    """A setting with its line, the comment behind it included."""
    start = body.rfind("\n", 0, start) + 1
    found = body.find("\n", end)
    if found >= 0:
        return _Splice(start, found + 1, "")
    return _Splice(max(0, start - 1), len(body), "")
