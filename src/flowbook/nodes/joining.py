"""Putting two tables side by side: which columns there are, and what becomes of clashes.

Who belongs to whom is said by `matching` in pairs of row numbers; here rows are picked by them.
The columns of the key are one each, under the name they have in the left table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flowbook.errors import UsageError
from flowbook.nodes.matching import Matcher, Query, Side, crossed
from flowbook.nodes.tables import Family, Positions
from flowbook.nodes.tables.family import has_nothing

HOWS: Final = ("inner", "left", "right", "outer", "full", "semi", "anti", "cross")
CLASHES: Final = ("suffix", "first", "last", "coalesce", "error")
EXPECTS: Final = ("", "one_to_one", "one_to_many", "many_to_one", "many_to_many")


@dataclass(frozen=True, slots=True)
class Rules:
    """How tables of a family are joined: kind, clashes, what is expected, and of nulls."""

    maker: Family
    how: str = "inner"
    clash: str = "suffix"
    expect: str = ""
    nulls_match: bool = False
    query: Query | None = None


def join(left: Side, right: Side, rules: Rules) -> Any:
    """Both tables as one. Raises `UsageError` for clashes and keys that the rules refuse.

    >>> from flowbook.nodes.tables import named_family
    >>> a, b = Side("a", [{"x": 1, "y": 2}], ("x",)), Side("b", [{"x": 1, "y": 3}], ("x",))
    >>> join(a, b, Rules(named_family("rows")))
    [{'x': 1, 'y': 2, 'y_b': 3}]
    """
    maker = rules.maker
    how = "outer" if rules.how == "full" else rules.how
    if how == "cross":
        lefts, rights = crossed(maker.count(left.table), maker.count(right.table))
        sides = Side(left.name, left.table, ()), Side(right.name, right.table, ())
        return paired(*sides, (lefts, rights), rules)
    left, right = _keyed(maker, left), _keyed(maker, right)
    matcher = Matcher(maker, rules.nulls_match, rules.query)
    _check_expected(matcher, left, right, rules.expect)
    lefts, rights = matcher.pairs(left, right, how)
    if how in ("semi", "anti"):
        return maker.picked(left.table, lefts)
    return paired(left, right, (lefts, rights), rules)


def paired(left: Side, right: Side, rows: tuple[Positions, Positions], rules: Rules) -> Any:
    """The picked rows of both side by side, with clashes as the rules say."""
    maker, (lefts, rights) = rules.maker, rows
    theirs = [name for name in maker.columns(right.table) if name not in right.keys]
    mine = maker.columns(left.table)
    clashing = [name for name in theirs if name in mine]
    if clashing and rules.clash == "error":
        raise UsageError(
            f"{left.name!r} and {right.name!r} both have a column {clashing[0]!r}",
            hint="say clash: suffix, first, last or coalesce",
        )
    table = left.table
    if not _is_all(lefts, maker.count(table)):
        table = maker.picked(table, lefts)
    if left.keys and has_nothing(lefts):
        table = _with_keys(maker, table, left, right, rows)
    if clashing and rules.clash in ("last", "coalesce"):
        both = maker.picked(maker.chosen(right.table, {one: one for one in clashing}), rights)
        table = _settled(maker, table, both, clashing, rules.clash)
    names = {
        new: old
        for old, new in _names(mine, theirs, f"_{right.name}")
        if rules.clash == "suffix" or old not in clashing
    }
    if not names:
        return table
    return maker.beside([table, maker.picked(maker.chosen(right.table, names), rights)])


def _keyed(maker: Family, side: Side) -> Side:
    """A table of no rows and no columns has whatever key it is asked for."""
    if maker.count(side.table) or maker.columns(side.table):
        return side
    table = side.table
    if maker.name != "rows":
        for name in side.keys:
            table = maker.with_column(table, name, [])
    return Side(side.name, table, side.keys)


def _is_all(rows: Positions, count: int) -> bool:
    """True when every row is picked once and in its place."""
    if len(rows) != count:
        return False
    if hasattr(rows, "dtype"):
        import numpy as np

        return bool((rows == np.arange(count)).all())
    return all(one == number for number, one in enumerate(rows))


def _with_keys(
    maker: Family, table: Any, left: Side, right: Side, rows: tuple[Positions, Positions]
) -> Any:
    """The keys from whichever side has the row, in their own type, not widened for nulls."""
    lefts, rights = rows
    count = maker.count(left.table)
    of_right = maker.chosen(right.table, dict(zip(left.keys, right.keys, strict=True)))
    if count:
        of_left = maker.chosen(left.table, {name: name for name in left.keys})
        of_right = maker.stack([of_left, of_right])
    keys = maker.picked(of_right, _either(lefts, rights, count))
    return _replaced(maker, table, keys, left.keys)


def _either(lefts: Positions, rights: Positions, count: int) -> Positions:
    if hasattr(lefts, "dtype"):
        import numpy as np

        return np.where(lefts < 0, rights + count, lefts)
    return [two + count if one < 0 else one for one, two in zip(lefts, rights, strict=True)]


def _settled(maker: Family, table: Any, both: Any, names: list[str], clash: str) -> Any:
    if clash == "last":
        return _replaced(maker, table, both, names)
    for name in names:
        try:
            table = maker.filled(table, both, name)
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"the columns {name!r} are of types that do not make one: {error}",
                hint="say clash: suffix, or cast one of them before",
            ) from error
    return table


def _replaced(maker: Family, table: Any, other: Any, names: Sequence[str]) -> Any:
    """`table` with columns of `other` in the place of its own."""
    order = maker.columns(table) or list(names)
    kept = {name: name for name in order if name not in names}
    if not kept:
        return other
    both = maker.beside([maker.chosen(table, kept), other])
    return maker.chosen(both, {name: name for name in order})


def _names(mine: list[str], theirs: list[str], suffix: str) -> Iterator[tuple[str, str]]:
    """Old and new names of the right table's columns: none that is taken."""
    taken = {*mine, *theirs}
    for name in theirs:
        new = name
        while new in taken and name in mine:
            new += suffix
        taken.add(new)
        yield name, new


def _check_expected(matcher: Matcher, left: Side, right: Side, expect: str) -> None:
    if expect in ("", "many_to_many"):
        return
    one, _, other = expect.partition("_to_")
    for side, wanted in ((left, one), (right, other)):
        if wanted == "one" and (keys := matcher.repeated(side)):
            told = ", ".join(
                ", ".join(f"{n}={v!r}" for n, v in zip(side.keys, key, strict=True))
                if len(key) > 1
                else repr(key[0])
                for key in keys
            )
            raise UsageError(
                f"expected {expect}, and {side.name!r} has several rows with the same "
                f"{', '.join(side.keys)}: {told}",
                hint="take out the rows that are too many, or say what to expect",
            )
