"""Which rows of two tables belong together: pairs of row numbers.

Keys are compared in one of two ways that give the same: small tables, and keys of types that
databases and Python compare differently, by a dict; all else by a query that sees the keys alone,
and not the columns beside them. Pairs come in the order of the left table, and of the right one
where they agree; what the right table has alone comes last (first and foremost in its own order
for a `right` join). NaN equals NaN.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from flowbook.errors import UsageError
from flowbook.nodes.tables import Family, Positions

Query: TypeAlias = Callable[[str, Mapping[str, Any], Mapping[str, Any]], Any]
_COMPARED: Final = ("int", "float", "string", "bool", "date")
_NUMBERS: Final = ("int", "float", "decimal")
_SHOWN: Final = 5
_MOST: Final = 200_000_000
_JOINS: Final = {"inner": "JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "outer": "FULL JOIN"}
_NAN: Final = object()


@dataclass(frozen=True, slots=True)
class Side:
    """A table and its columns that are compared; `name` is what it is called in messages."""

    name: str
    table: Any
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matcher:
    """How keys are compared: in tables of which family, and whether null equals null."""

    maker: Family
    nulls_match: bool
    query: Query | None = None
    """Runs SQL; None where nothing does."""
    small: int = 20_000
    """Rows of both tables below which a query would cost more than it saves."""

    def pairs(self, left: Side, right: Side, how: str) -> tuple[Positions, Positions]:
        """Row numbers of `left` and `right`, -1 where a row has no partner.

        `how` is inner, left, right, outer, semi or anti; of the last two the second is of no use.
        Raises `UsageError` for keys that cannot be compared.
        """
        self._check(left, right)
        found = self._asked(left, right, how)
        return self._by_hand(left, right, how) if found is None else found

    def repeated(self, side: Side) -> list[tuple[Any, ...]]:
        """The first keys that more than one row of a table has."""
        keys = self._keys(side)
        counted = Counter(key for key in keys if key is not None)
        return [_plain(key) for key, count in counted.items() if count > 1][:_SHOWN]

    def _check(self, left: Side, right: Side) -> None:
        for one, two in zip(left.keys, right.keys, strict=True):
            kinds = [self.maker.kind(left.table, one), self.maker.kind(right.table, two)]
            groups = {"number" if kind in _NUMBERS else kind for kind in kinds}
            if len(groups - {"category"}) > 1 and "" not in groups:
                raise UsageError(
                    f"{left.name!r} has {one!r} as {kinds[0]} and {right.name!r} has {two!r} as "
                    f"{kinds[1]}, which are never equal",
                    hint="cast one of them before, such as fields: {cast: {" + two + ": string}}",
                )

    # ------------------------------------------------------------ by a dict

    def _by_hand(self, left: Side, right: Side, how: str) -> tuple[Positions, Positions]:
        if how == "right":
            first, second = self._by_hand(right, left, "left")
            return second, first
        theirs: dict[Any, list[int]] = {}
        for number, key in enumerate(self._keys(right)):
            if key is not None:
                theirs.setdefault(key, []).append(number)
        mine = self._keys(left)
        if how in ("semi", "anti"):
            wanted = how == "semi"
            return [n for n, key in enumerate(mine) if (key in theirs) is wanted], []
        alone = [-1] if how in ("left", "outer") else []
        lefts: list[int] = []
        rights: list[int] = []
        for number, key in enumerate(mine):
            found = theirs.get(key, alone)
            lefts.extend([number] * len(found))
            rights.extend(found)
        if how == "outer":
            met = set(rights)
            rest = [n for n in range(self.maker.count(right.table)) if n not in met]
            lefts.extend([-1] * len(rest))
            rights.extend(rest)
        return lefts, rights

    def _keys(self, side: Side) -> list[Any]:
        """A key per row; None for one that equals no other, because of a null."""
        columns = [self._column(side, name) for name in side.keys]
        rows = list(zip(*columns, strict=True))
        if self.nulls_match or not any(None in column for column in columns):
            return rows
        return [None if any(one is None for one in row) else row for row in rows]

    def _column(self, side: Side, name: str) -> list[Any]:
        cells = self.maker.cells(side.table, name)
        for number, value in enumerate(cells):
            if value is None:
                continue
            if type(value).__hash__ is None:
                raise UsageError(
                    f"{side.name!r} has a {type(value).__name__} in {name!r}, row {number}, which "
                    "is no key",
                    hint="join by columns of numbers, texts or times",
                )
            if value != value:  # NaN alone is not itself
                cells[number] = _NAN
        return cells

    # ------------------------------------------------------------ by a query

    def _asked(self, left: Side, right: Side, how: str) -> tuple[Positions, Positions] | None:
        """None where a query would be slower, would compare otherwise, or cannot be made."""
        maker = self.maker
        counts = [maker.count(left.table), maker.count(right.table)]
        if (
            self.query is None
            or maker.name == "rows"
            or sum(counts) < self.small
            or not all(counts)
        ):
            return None
        for one, two in zip(left.keys, right.keys, strict=True):
            kinds = {maker.kind(left.table, one), maker.kind(right.table, two)}
            if len(kinds) > 1 or not kinds <= set(_COMPARED):
                return None
        import numpy as np

        tables = {
            "l": _keys_alone(maker, left, np.arange(counts[0], dtype="int32")),
            "r": _keys_alone(maker, right, np.arange(counts[1], dtype="int32")),
        }
        try:
            found = self.query(_statement(len(left.keys), how, self.nulls_match), tables, {})
        except UsageError:  # there is no query where this node runs
            return None
        lefts, rights = (np.asarray(found[name]).astype("int64") for name in ("l_row", "r_row"))
        if how in ("semi", "anti"):
            return np.sort(lefts), rights[:0]
        return _in_order(lefts, rights, how, counts)


def crossed(left: int, right: int) -> tuple[Positions, Positions]:
    """Every row with every other; `UsageError` when that is more than memory is for."""
    if left * right > _MOST:
        raise UsageError(
            f"{left:,} rows by {right:,} rows are {left * right:,} rows, which is too many",
            hint="join by_key, or cross fewer rows",
        )
    lefts = [number for number in range(left) for _ in range(right)]
    return lefts, list(range(right)) * left


def _plain(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(float("nan") if one is _NAN else one for one in key)


def _keys_alone(maker: Family, side: Side, numbers: Any) -> Any:
    """The keys as k0, k1 …, and which row each is of."""
    names = {f"k{at}": name for at, name in enumerate(side.keys)}
    keys = maker.chosen(side.table, names)
    if maker.name == "pandas":
        return keys.assign(row_number=numbers)
    if maker.name == "polars":
        import polars as pl

        return keys.with_columns(pl.Series("row_number", numbers))
    import pyarrow as pa

    return keys.append_column("row_number", pa.array(numbers))


def _statement(keys: int, how: str, nulls_match: bool) -> str:
    equal = "IS NOT DISTINCT FROM" if nulls_match else "="
    on = " AND ".join(f"l.k{at} {equal} r.k{at}" for at in range(keys))
    if how in ("semi", "anti"):
        return f"SELECT l.row_number AS l_row, 0 AS r_row FROM l {how} JOIN r ON {on}"  # noqa: S608  our own words
    lefts = "l.row_number" if how in ("inner", "left") else "coalesce(l.row_number, -1)"
    rights = "r.row_number" if how in ("inner", "right") else "coalesce(r.row_number, -1)"
    return f"SELECT {lefts} AS l_row, {rights} AS r_row FROM l {_JOINS[how]} r ON {on}"  # noqa: S608  our own words


def _in_order(
    lefts: Any, rights: Any, how: str, counts: Sequence[int]
) -> tuple[Positions, Positions]:
    """Sorted by the left row, then by the right one; rows of the right alone at the end."""
    import numpy as np

    first, second, most = (
        (rights, lefts, counts[1]) if how == "right" else (lefts, rights, counts[0])
    )
    width = max(counts) + 2
    if how == "outer":
        first = np.where(first < 0, most, first)
    both = first * width + (second + 1)
    both.sort()
    first, second = np.divmod(both, width)
    second -= 1
    if how == "outer":
        first = np.where(first == most, -1, first)
    return (second, first) if how == "right" else (first, second)
