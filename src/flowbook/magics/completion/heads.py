"""The head of a flow cell: its kind, its inputs, its options, as flags and as `#|` lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flowbook.cells.header import SETUP
from flowbook.magics.completion.offers import Offer, Word, as_words, offer
from flowbook.magics.completion.option_values import SEVERAL, option_names, values_of
from flowbook.magics.completion.place import Place

_START: Final = re.compile(r"%%flow(?:book)?[ \t]+")
_KIND: Final = re.compile(r"[\w.]*")
_FLAG: Final = re.compile(r"(?:^|\s)(--[\w-]*)$")
_VALUE: Final = re.compile(r"\s--([\w-]+)(?:=|[ \t]+)([^\s=]*)$")
_OPTION: Final = re.compile(r"#\|\s*([\w-]*)$")
_OPTION_VALUE: Final = re.compile(r"#\|\s*([\w-]+)\s*:\s*(.*)$")
_TAIL: Final = re.compile(r"[\w.]*$")


def in_head(place: Place) -> Offer | None:
    """What may stand in the first line, where the cursor is."""
    start = _START.match(place.before)
    if start is None:
        return None
    said = place.before[start.end() :]
    if _KIND.fullmatch(said):
        return offer(said, _kinds(place))
    within = _open_parenthesis(said)
    if within is not None:
        return _in_inputs(place, within)
    value = _VALUE.search(said)
    if value is not None:
        found = _in_values(place, value[1], value[2])
        if found.words:
            return found
    flag = _FLAG.search(said)
    if flag is None:
        return None
    taken = frozenset(re.findall(r"--([\w-]+)[=\s]", said))
    return offer(flag[1], as_words((f"--{one}" for one in option_names(taken)), "option"))


def in_option_line(place: Place) -> Offer | None:
    """What may stand in a `#|` line, where the cursor is."""
    value = _OPTION_VALUE.match(place.before)
    if value is not None:
        return _in_values(place, value[1], value[2])
    name = _OPTION.match(place.before)
    if name is None:
        return None
    lines = place.source.split("\n")
    others = (text for number, text in enumerate(lines) if number != place.line)
    taken = frozenset(
        found[1] for text in others if (found := re.match(r"#\|\s*([\w-]+)\s*:", text))
    )
    return offer(name[1], as_words((f"{one}: " for one in option_names(taken)), "option"))


def _kinds(place: Place) -> Iterator[Word]:
    yield from as_words(place.notebook.project.registry, "kind")
    yield Word(SETUP, "kind")


def _in_values(place: Place, name: str, said: str) -> Offer:
    if name in SEVERAL:
        said = re.split(r"[,\s]+", said)[-1]
    return offer(said, values_of(name, place))


def _open_parenthesis(said: str) -> str | None:
    """What stands behind the parenthesis of the inputs, while that is open."""
    _, opened, within = said.partition("(")
    depth = 1
    for char in within:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(char, 0)
        if depth == 0:
            return None
    return within if opened else None


def _in_inputs(place: Place, within: str) -> Offer | None:
    """The input that is being written: its name is one to be wired by, or `=` says to what."""
    current = re.split(r",(?![^\[\](){}]*[\])}])", within)[-1]
    tail = _TAIL.search(current)
    fragment = tail[0] if tail else ""
    if "=" in current:
        return offer(fragment, _wires_from(place, fragment))
    said = current.strip()
    if ":" in said or (said and not said.isidentifier()):
        return None
    return offer(fragment, place.sources())


def _wires_from(place: Place, fragment: str) -> Iterator[Word]:
    yield from place.wires()
    if "." in fragment:  # one of a single output may be written with it, too
        for node in place.others:
            yield from as_words((f"{node.id}.{port}" for port in node.outputs), "output")
