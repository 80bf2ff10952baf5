"""How well tables fit together by a key, and which keys would do: looked at, and nothing joined.

Of large tables the first rows are looked at, and that is said. Values are counted, never paired, so
a key that is the same in every row costs no more than any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from flowbook.nodes.matching import Matcher, Side
from flowbook.nodes.tables import Family

MOST_ROWS: Final = 50_000
_SAMPLES: Final = 5
_COLUMNS: Final = 30
_ROWS: Final = 1_000
_LEAST: Final = 0.25
_NEVER: Final = ("float", "bool", "list", "struct", "binary")


@dataclass(frozen=True, slots=True)
class Fit:
    """Pairs of rows that match, rows on either side that do not, and a few keys of each."""

    matched: int
    left_alone: int
    right_alone: int
    both: tuple[str, ...]
    left: tuple[str, ...]
    right: tuple[str, ...]


def fit(left: Side, right: Side, maker: Family, *, nulls_match: bool = False) -> Fit:
    """How two tables of one family fit by their keys; `UsageError` for keys that never equal.

    >>> from flowbook.nodes.tables import named_family
    >>> rows = named_family("rows")
    >>> one = Side("a", [{"id": 1}, {"id": 2}], ("id",))
    >>> found = fit(one, Side("b", [{"n": 2}, {"n": 2}], ("n",)), rows)
    >>> found.matched, found.left_alone, found.right_alone, found.left
    (2, 1, 0, ('1',))
    """
    one, other = (
        Side(side.name, maker.picked(side.table, []), side.keys) for side in (left, right)
    )
    Matcher(maker, nulls_match).pairs(one, other, "inner")  # refuses what is never equal
    mine, theirs = (_counted(maker, one, nulls_match=nulls_match) for one in (left, right))
    both = [key for key in mine if key in theirs and key is not None]
    return Fit(
        matched=sum(mine[key] * theirs[key] for key in both),
        left_alone=sum(n for key, n in mine.items() if key is None or key not in theirs),
        right_alone=sum(n for key, n in theirs.items() if key is None or key not in mine),
        both=_shown(both),
        left=_shown([key for key in mine if key is not None and key not in theirs]),
        right=_shown([key for key in theirs if key is not None and key not in mine]),
    )


def _counted(maker: Family, side: Side, *, nulls_match: bool) -> Counter[Any]:
    """How often each key is there; None for those that equal no other."""
    columns = [maker.cells(side.table, name) for name in side.keys]
    keys = zip(*columns, strict=True)
    return Counter(
        None if not nulls_match and any(one is None or one != one for one in key) else key
        for key in keys
    )


def _shown(keys: Sequence[tuple[Any, ...]]) -> tuple[str, ...]:
    return tuple(", ".join(map(str, key))[:60] for key in keys[:_SAMPLES])


def suggested(tables: Mapping[str, Any], maker: Family, most: int = 4) -> list[Any]:
    """Keys that the tables might have in common, best first, as a merge's `key` has them.

    >>> from flowbook.nodes.tables import named_family
    >>> orders, people = [{"customer": 1}, {"customer": 2}], [{"id": 2}, {"id": 1}]
    >>> suggested({"orders": orders, "people": people}, named_family("rows"))
    [{'orders': 'customer', 'people': 'id'}]
    """
    (first, table), (second, other), *rest = tables.items()
    scored = sorted(_pairs(maker, table, other), key=lambda pair: -pair[0])
    found: list[Any] = []
    for _, one, two in scored:
        everywhere = all(one in maker.columns(more) for _, more in rest)
        if one == two and everywhere:
            found.append(one)
        elif not rest:
            found.append({first: one, second: two})
    return found[:most]


def _pairs(maker: Family, left: Any, right: Any) -> Iterator[tuple[float, str, str]]:
    mine, theirs = _values(maker, left), _values(maker, right)
    for (one, (kind, values)), (two, (its_kind, others)) in product(mine.items(), theirs.items()):
        if kind != its_kind or not values or not others:
            continue
        share = len(values & others) / min(len(values), len(others))
        alike = one == two
        if share >= _LEAST or alike:
            yield share + 0.5 * alike + 0.1 * (one in two or two in one), one, two


def _values(maker: Family, table: Any) -> dict[str, tuple[str, set[Any]]]:
    """The kind and the first values of each column that may be a key."""
    head = maker.picked(table, list(range(min(_ROWS, maker.count(table)))))
    found = {}
    for name in maker.columns(table)[:_COLUMNS]:
        kind = maker.kind(table, name)
        if kind not in _NEVER:
            cells = [one for one in maker.cells(head, name) if _is_key(one)]
            found[name] = (kind, set(cells))
    return found


def _is_key(value: Any) -> bool:
    return value is not None and value == value and type(value).__hash__ is not None
