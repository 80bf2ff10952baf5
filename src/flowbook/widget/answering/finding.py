"""Looks for a text in the cells of a flow and in what the current run gave.

Outputs are searched in their previews, so that a value in the store is not loaded for it, and what
a flow keeps back is not found. That takes as long as it may (`SECONDS`) and no longer; what was not
searched is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeAlias

from flowbook.graph.sources import setting_sources
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId
from flowbook.widget.closeup import latest_turns, outputs
from flowbook.widget.find_protocol import FindText, Found, Hit
from flowbook.widget.host import CanvasHost, CanvasRun
from flowbook.widget.views import (
    ArrayPreview,
    Preview,
    RichPreview,
    TablePreview,
    TextPreview,
    TreePreview,
)

Line: TypeAlias = tuple[str, str]
"""What a line is of, where that can be said (`days[3].rain`), and what it says."""

SECONDS: Final = 0.4
"""So long outputs are searched; whoever asks next waits for it."""
LEAST: Final = 2
"""Fewer letters are everywhere."""
_MOST_HITS: Final = 200
_MOST_IN_ONE: Final = 3
_WIDEST: Final = 160
_BEFORE: Final = 40


def find(host: CanvasHost, asked: FindText, clock: Callable[[], float] = time.monotonic) -> Found:
    """Where the text is; no hits for less than `LEAST` letters."""
    text = asked.text.strip().lower()
    if len(text) < LEAST:
        return Found(asked.view, asked.rid, (), (f"type at least {LEAST} letters",))
    spec = host.spec()
    inside = [hit for node in spec.nodes for hit in in_cell(node, spec, text)]
    given, notes = _in_run(host, spec, text, clock)
    hits = sorted(inside + given, key=_order(spec))
    if len(hits) > _MOST_HITS:
        notes = [*notes, f"{len(hits) - _MOST_HITS} more hits, which are not shown"]
    return Found(asked.view, asked.rid, tuple(hits[:_MOST_HITS]), tuple(notes))


def in_cell(node: NodeSpec, spec: FlowSpec, text: str) -> Iterator[Hit]:
    """Hits in the code of a node and in its settings; `text` is in lower case."""
    lines = enumerate(node.body.splitlines(), 1)
    found = ((number, line) for number, line in lines if text in line.lower())
    for number, line in islice(found, _MOST_IN_ONE):
        yield Hit(node.id, "code", _around(line.strip(), text), line=number)
    for one in setting_sources(node, spec):
        if text in one.text.lower():
            yield Hit(node.id, "setting", _around(one.text, text), one.name)


def in_value(shown: Preview, text: str) -> Iterator[str]:
    """The lines of a preview in which the text is; `text` is in lower case."""
    for what, said in _lines(shown):
        if text in said.lower():
            yield _around(f"{what}: {said}" if what else said, text)


def _in_run(
    host: CanvasHost, spec: FlowSpec, text: str, clock: Callable[[], float]
) -> tuple[list[Hit], list[str]]:
    run = host.current_run()
    if run is None:
        return [], ["no outputs: nothing has run yet"]
    end = clock() + SECONDS
    turns = latest_turns(run, spec)
    hits: list[Hit] = []
    partly = False
    for done, node in enumerate(spec.nodes):
        if clock() >= end:
            return hits, [f"outputs of {len(spec.nodes) - done} nodes: that took too long"]
        for port, shown in _shown(host, run, node, turns):
            partly = partly or _is_part(shown)
            found = islice(in_value(shown, text), _MOST_IN_ONE)
            hits.extend(Hit(node.id, "output", line, port) for line in found)
    return hits, ["of long outputs all but their first part"] if partly else []


def _shown(
    host: CanvasHost, run: CanvasRun, node: NodeSpec, turns: Mapping[NodeId, str]
) -> Iterator[tuple[str, Preview]]:
    for one in outputs(run, node, turns.get(node.id, ""), host.preview):
        if one.preview is not None:
            yield one.port, one.preview


def _lines(shown: Preview) -> Iterator[Line]:
    match shown:
        case TablePreview():
            yield from _cells(shown)
        case ArrayPreview():
            for number, value in enumerate(shown.values):
                yield f"[{number}]", str(value)
        case TreePreview():
            yield from _leaves(shown.value, "")
        case TextPreview(text=text) | RichPreview(data=str(text)):
            for line in text.splitlines():
                yield "", line.strip()
        case RichPreview():
            yield from _leaves(shown.data, "")
        case _:
            yield "", shown.alt


def _cells(table: TablePreview) -> Iterator[Line]:
    yield "", ", ".join(column.name for column in table.columns)
    for number, row in enumerate(table.rows):
        for column, cell in zip(table.columns, row, strict=False):
            if cell is not None:
                yield f"{column.name}[{number}]", str(cell)


def _leaves(value: Any, path: str) -> Iterator[Line]:
    """What is in plain data, with the way there; a key is as good as a value."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            way = f"{path}.{key}" if path else str(key)
            if not isinstance(inner, Mapping | list):
                yield "", f"{way}: {inner}"
            else:
                yield from _leaves(inner, way)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{number}]")
    else:
        yield path, str(value)


def _is_part(shown: Preview) -> bool:
    match shown:
        case TablePreview():
            return shown.total > len(shown.rows) or shown.width > len(shown.columns)
        case ArrayPreview():
            size = 1
            for length in shown.shape:
                size *= length
            return size > len(shown.values)
        case TreePreview() | TextPreview():
            return shown.cut
        case _:
            return False


def _around(line: str, text: str) -> str:
    """A long line, cut so that the text is still in it."""
    if len(line) <= _WIDEST:
        return line
    start = max(0, line.lower().find(text) - _BEFORE)
    cut = line[start : start + max(_WIDEST, _BEFORE + len(text))]
    return f"{'…' if start else ''}{cut}{'…' if start + len(cut) < len(line) else ''}"


def _order(spec: FlowSpec) -> Callable[[Hit], int]:
    at = {node.id: index for index, node in enumerate(spec.nodes)}
    return lambda hit: at[hit.node]


ANSWERS: Final[Mapping[type, Callable[[CanvasHost, Any], Found]]] = {FindText: find}
