"""Answers to how the inputs of a merge fit together, from the last run's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from flowbook.errors import FlowbookError
from flowbook.ids import PortName
from flowbook.nodes.key_fit import MOST_ROWS, Fit, fit, suggested
from flowbook.nodes.matching import Side
from flowbook.nodes.merge import keys_of
from flowbook.nodes.tables import Family, family, settled
from flowbook.widget.completing import type_of
from flowbook.widget.form_protocol import AskMatch, Matched, SideView
from flowbook.widget.host import CanvasHost
from flowbook.widget.seen import LastValues, Seen
from flowbook.widget.views import Column

Answering: TypeAlias = Callable[[CanvasHost, Any], Any]
_NO_RUN: Final = "Run the flow to see its columns."


def match(host: CanvasHost, asked: AskMatch) -> Matched:
    """The inputs side by side, and how many of their rows match."""
    last = LastValues(host)
    node = last.spec.node(asked.node)
    seen = last.inputs(node)
    names = [one.name for one in node.inputs]
    sides = tuple(_side(name, seen.get(name)) for name in names)
    tables = {name: seen[name] for name in names if name in seen and _is_table(seen[name])}
    if len(tables) < 2:
        return Matched(asked.view, asked.rid, sides)
    maker, cut = _alike(tables)
    partly = any(one.partly for one in tables.values()) or any(
        (one.rows or 0) > MOST_ROWS for one in tables.values()
    )
    suggestions = tuple(_suggestions(maker, cut))
    key = asked.key or []
    try:
        keys = {name: keys_of(key, name, names[0]) for name in cut}
        found = _fits(maker, cut, keys, asked) if all(keys.values()) else {}
    except (FlowbookError, KeyError, TypeError, ValueError) as refused:
        error = getattr(refused, "message", "") or f"that is no key: {refused}"
        return Matched(asked.view, asked.rid, sides, suggestions, error=error, partly=partly)
    only = next(iter(found.values())) if len(found) == 1 else None
    first = next(iter(cut))
    told = tuple(
        _with_fit(one, found.get(one.name), only if one.name == first else None) for one in sides
    )
    total = sum(one.matched for one in found.values()) if found else None
    both = tuple(text for one in found.values() for text in one.both)[:5]
    return Matched(asked.view, asked.rid, told, suggestions, total, both, partly=partly)


def _is_table(seen: Seen) -> bool:
    return family(settled(seen.value)) is not None


def _alike(tables: Mapping[PortName, Seen]) -> tuple[Family, dict[PortName, Any]]:
    """The first rows of each, as tables of the first one's family."""
    made: dict[PortName, Any] = {}
    maker: Family | None = None
    for name, seen in tables.items():
        value = settled(seen.value)
        own = family(value)
        assert own is not None  # noqa: S101 - looked at just now
        if own.count(value) > MOST_ROWS:
            value = own.picked(value, list(range(MOST_ROWS)))
        maker = maker or own
        made[name] = maker.take(value)
    assert maker is not None  # noqa: S101 - there are two
    return maker, made


def _suggestions(maker: Family, tables: Mapping[PortName, Any]) -> list[Any]:
    try:
        return suggested({str(name): one for name, one in tables.items()}, maker)
    except (FlowbookError, TypeError, ValueError):
        return []  # of values that cannot be compared there is nothing to suggest


def _fits(
    maker: Family,
    tables: Mapping[PortName, Any],
    keys: Mapping[PortName, tuple[str, ...]],
    asked: AskMatch,
) -> dict[PortName, Fit]:
    """How the first fits each of the others."""
    for name, table in tables.items():
        absent = [one for one in keys[name] if one not in maker.columns(table)]
        if absent:
            raise KeyError(f"{name} has no column {absent[0]}")
    (first, left), *others = tables.items()
    side = Side(first, left, keys[first])
    return {
        name: fit(side, Side(name, one, keys[name]), maker, nulls_match=asked.nulls == "match")
        for name, one in others
    }


def _with_fit(side: SideView, found: Fit | None, only: Fit | None) -> SideView:
    """The side with its rows alone; of the first one where there is one other."""
    if found is not None:
        alone, samples = found.right_alone, found.right
    elif only is not None:
        alone, samples = only.left_alone, only.left
    else:
        return side
    return SideView(side.name, side.columns, side.rows, alone, samples, side.note)


def _side(name: PortName, seen: Seen | None) -> SideView:
    if seen is None:
        return SideView(name, note=_NO_RUN)
    value = settled(seen.value)
    own = family(value)
    if own is None:
        return SideView(name, note=f"a {type_of(seen)}, which has no columns")
    columns = seen.columns or tuple(
        Column(one, own.kind(value, one)) for one in own.columns(value)[:60]
    )
    rows = seen.rows if seen.rows is not None else own.count(value)
    return SideView(name, columns, rows)


ANSWERS: Final[Mapping[type, Answering]] = {AskMatch: match}
