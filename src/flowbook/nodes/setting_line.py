"""On which line of a YAML body a setting stands, and on which of its lines a text of it does.

The body is composed into nodes that know where they stand, which costs milliseconds: it is for a
setting that has failed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

SettingPath: TypeAlias = "tuple[str | int, ...]"
"""From the name of a setting down: `("conditions", 1, "expression")`; () is the whole body."""


class _Written(NamedTuple):
    line: int
    start: int
    end: int


@lru_cache(maxsize=512)
def setting_line(body: str, path: SettingPath, text: str = "") -> int | None:
    r"""The line, from 1, on which `body` writes the setting at `path`; None when it does not.

    `text` is looked for in the value, however it is broken into lines there, and stands for the
    line on which it begins. Of a path that goes deeper than the body, what there is of it counts.

    >>> body = "url: x\nheaders:\n  Accept: text/html\n  Token: '{{ pin }}'\nbody: |\n  a\n  b"
    >>> setting_line(body, ("headers", "Token")), setting_line(body, ("body",), "b")
    (4, 7)
    """
    words = text.split()
    if not path and not words:
        return None
    written = _written(body, path) if path else _Written(1, 0, len(body))
    if written is None:
        return None
    if words:
        said = re.compile(r"\s+".join(map(re.escape, words)))
        found = said.search(body, written.start, written.end)
        if found is not None:
            return body.count("\n", 0, found.start()) + 1
        if not path:
            return None
    return written.line


def _written(body: str, path: SettingPath) -> _Written | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        node = YAML(typ="rt", pure=True).compose(body)
    except (YAMLError, ValueError, RecursionError):
        return None
    written = None
    for step in path:
        found = _inside(node, step)
        if found is None:
            break
        first, node = found
        start, end = first.start_mark, node.end_mark
        if end.index < start.index:  # an alias: what it stands for is written above
            end = first.end_mark
        value = start if first is node else first.end_mark  # a key is no part of its value
        written = _Written(start.line + 1, value.index, end.index)
    return written


def _inside(node: Any, step: str | int) -> tuple[Any, Any] | None:
    """What begins the value at `step` of a mapping (its key) or a sequence, and the value."""
    if node is not None and node.id == "mapping":
        for key, value in node.value:
            if str(key.value) == str(step):
                return key, value
    elif node is not None and node.id == "sequence" and isinstance(step, int):
        items = node.value[step : step + 1]
        return (items[0], items[0]) if items else None
    return None
