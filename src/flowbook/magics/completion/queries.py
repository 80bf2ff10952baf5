"""SQL bodies: nodes as tables, their columns, and `$` parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from flowbook.magics.completion.offers import Offer, Word, as_words, offer
from flowbook.magics.completion.place import Place, parts

_TAIL: Final = re.compile(r"\$?[\w.]*$")
_WORDS: Final = (
    "on|using|where|group|order|having|limit|join|left|right|full|inner|outer|cross|anti|semi"
    "|asof|positional|natural|union|except|intersect|qualify|select|window|sample|set"
)
_TABLE: Final = re.compile(
    rf"\b(?:from|join)\s+([A-Za-z_][\w.]*)(?:\s+(?:as\s+)?(?!(?:{_WORDS})\b)([A-Za-z_]\w*))?",
    re.IGNORECASE,
)
_MORE: Final = re.compile(
    rf",\s*([A-Za-z_][\w.]*)(?:\s+(?:as\s+)?(?!(?:{_WORDS})\b)([A-Za-z_]\w*))?", re.IGNORECASE
)
_COMMON: Final = re.compile(r"(?:\bwith|,)\s+([A-Za-z_]\w*)\s+as\s*(?:materialized\s*)?\(", re.I)
_CLAUSE: Final = re.compile(
    r"\b(from|join|select|where|on|by|having|using|limit|qualify|values|set)\b", re.IGNORECASE
)


def in_query(place: Place) -> Offer | None:
    """What may stand in SQL, where the cursor is."""
    tail = _TAIL.search(place.before)
    fragment = tail[0] if tail else ""
    if fragment.startswith("$"):
        return offer(fragment, (Word(f"${one.text}", one.type) for one in place.sources()))
    body = place.cell.body
    tables = _tables(body)
    root, dot, column = fragment.rpartition(".")
    if dot:
        named = tables.get(root, root)
        found = list(as_words(map(_quoted, place.columns(parts(named))), "column"))
        return offer(column, found) if found else offer(fragment, place.wires())
    if _clause(place) in ("from", "join"):
        common = as_words(_COMMON.findall(body), "table")
        return offer(fragment, (*_readable(place), *common))
    return offer(fragment, _columns(place, tables))


def _clause(place: Place) -> str:
    """The word of SQL that the cursor stands behind."""
    text = "\n".join([*place.above[place.cell.body_line - 1 :], place.before])
    found = _CLAUSE.findall(text)
    return found[-1].lower() if found else ""


def _tables(body: str) -> Mapping[str, str]:
    """What is read, by the name it has in the query."""
    found: dict[str, str] = {}
    for table, alias in (*_TABLE.findall(body), *_MORE.findall(body)):
        found[alias or table] = table
        found.setdefault(table, table)
    return found


def _readable(place: Place) -> Iterator[Word]:
    header = place.cell.header
    yield from (Word(one.name, "table") for one in (header.inputs if header else None) or ())
    yield from (Word(one.text, "table") for one in place.wires())


def _columns(place: Place, tables: Mapping[str, str]) -> Iterator[Word]:
    for table in dict.fromkeys(tables.values()):
        yield from as_words(map(_quoted, place.columns(parts(table))), "column")
    yield from as_words(
        (name for name, table in tables.items() if place.output(parts(table))), "table"
    )


def _quoted(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z_]\w*", column) else f'"{column}"'
