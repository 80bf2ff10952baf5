"""Two tables of any size compared, in DuckDB: which rows came, went or changed.

Rows are told apart by a key, which is given or found: columns that look like one, and hold another
value in every row of both tables. Without a key whole rows are compared, as often as each is there.
A table that is stored is read where it lies, no more of it than a query needs, and what a query
cannot hold in memory it spills to disk. Into Python come counts, and a few rows of each sort.
"""

# ruff: noqa: S608  # every statement is assembled from names that are quoted

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from flowbook.errors import UsageError
from flowbook.store.frames import register
from flowbook.store.preview import MOST_COLUMNS, cell
from flowbook.store.table_change import ColumnChange, RowSamples, TableChange

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAMPLES: Final = 20
"""Rows of each sort to look at."""
_ZONED: Final = "TIMESTAMP WITH TIME ZONE"
_WHOLE: Final = frozenset(
    f"{sign}{name}"
    for sign in ("", "U")
    for name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
)
_NUMBER: Final = re.compile(r"FLOAT|DOUBLE|DECIMAL\(.*\)")
_KEY_TYPES: Final = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|VARCHAR|UUID|DATE|TIMESTAMP.*")
_INDEX: Final = re.compile(r"__index_level_\d+__")
_LIKE_A_KEY: Final = re.compile(
    r"(^|_)(id|ids|key|uuid|guid|pk|code|sku|isbn|email)$", re.IGNORECASE
)
_FEW: Final = 10_000
"""Rows that a column which is no key mostly gives itself away in."""
_TRIED: Final = 8
"""Columns without the name of a key that are tried as one."""


@dataclass(frozen=True, slots=True)
class Comparing:
    """How tables are to be compared.

    `key`: columns; None to find some, empty for whole rows. `tolerance`: numbers that differ by no
    more are the same, and so is a row that differs in nothing else. `samples`: how many rows of
    each sort.
    """

    key: tuple[str, ...] | None = None
    tolerance: float = 0.0
    samples: int = SAMPLES


def compare_tables(
    cursor: DuckDBPyConnection, before: Any, after: Any, how: Comparing | None = None
) -> TableChange:
    """What differs in the table `after`; each is the path of a Parquet file, or a table.

    Raises `UsageError` for a key that is not in both tables.

    >>> import duckdb
    >>> was = [{"id": 1, "mm": 3}, {"id": 2, "mm": 5}]
    >>> now = [{"id": 1, "mm": 4}, {"id": 3, "mm": 0}]
    >>> print(compare_tables(duckdb.connect(), was, now))
    1 row added, 1 removed, 1 changed (mm) by id
    """
    how = how or Comparing()
    two = _Tables(cursor, _opened(cursor, "a", before), _opened(cursor, "b", after))
    key = found_key(two) if how.key is None else _asked_key(two, how.key)
    try:
        if not two.common:
            return _nothing_in_common(two)
        return _Keyed(two, how, key).compared() if key else _by_row(two, how)
    finally:
        for table in ("pairs", "differing"):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


def _opened(cursor: DuckDBPyConnection, name: str, table: Any) -> dict[str, str]:
    """Make a table readable under a name; the types of its columns."""
    if isinstance(table, str):
        quoted = table.replace("'", "''")
        cursor.execute(
            f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM read_parquet('{quoted}')"
        )
    else:
        register(cursor, f"{name}_given", table)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {name}_given")
    return {row[0]: row[1] for row in cursor.execute(f"DESCRIBE {name}").fetchall()}


@dataclass
class _Tables:
    """Two tables, as the views `a` and `b`, with the types of their columns."""

    cursor: DuckDBPyConnection
    a: dict[str, str]
    b: dict[str, str]

    @cached_property
    def common(self) -> list[str]:
        """The columns that both have."""
        return [name for name in self.a if name in self.b]

    @property
    def columns(self) -> tuple[ColumnChange, ...]:
        """What became of the columns."""
        names = dict.fromkeys(chain(self.a, self.b))
        both = ((name, self.a.get(name, ""), self.b.get(name, "")) for name in names)
        return tuple(ColumnChange(shown(name), was, now) for name, was, now in both if was != now)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives."""
        return self.cursor.execute(sql).fetchall()

    def value(self, name: str, side: str = "") -> str:
        """A column as what compares with that of the other table, which may have another type."""
        one, other, quoted = self.a[name], self.b[name], f"{side}{_quoted(name)}"
        if one == other:
            return quoted
        if {one, other} <= _WHOLE:
            return f"CAST({quoted} AS HUGEINT)"
        if all(kind in _WHOLE or _NUMBER.fullmatch(kind) for kind in (one, other)):
            return f"CAST({quoted} AS DOUBLE)"
        return f"CAST({quoted} AS VARCHAR)"

    def hash(self, side: str = "") -> str:
        """What whole rows are told apart by."""
        return f"hash({', '.join(self.value(name, side) for name in self.common)})"

    def differs(self, name: str, tolerance: float) -> str:
        """Whether a column of `x` and `y` has two values."""
        x, y = self.value(name, "x."), self.value(name, "y.")
        differs = f"{x} IS DISTINCT FROM {y}"
        if tolerance and all(_NUMBER.fullmatch(kind) for kind in (self.a[name], self.b[name])):
            return f"({differs} AND NOT coalesce(abs({x} - {y}) <= {tolerance!r}, FALSE))"
        return differs

    def cells(self, names: Sequence[str], table: str, side: str = "") -> str:
        """Columns as Python may have them: it has no times with a zone, which are told in UTC."""
        kinds = self.a if table == "a" else self.b
        quoted = ((f"{side}{_quoted(name)}", kinds[name]) for name in names)
        return ", ".join(
            f"CAST(timezone('UTC', {one}) AS VARCHAR) || '+00:00'" if kind == _ZONED else one
            for one, kind in quoted
        )

    def sample(self, sql: str) -> tuple[tuple[Any, ...], ...]:
        """Rows to look at."""
        return tuple(tuple(cell(one) for one in row) for row in self.rows(sql))

    def counted(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])


# ---------------------------------------------------------------- what rows are known by


def found_key(two: _Tables) -> list[str]:
    """Columns that tell every row from every other in both tables; none where there are none.

    An index goes first, then columns that are called like a key, `id` before others, then all of
    these together; at last any column of which the two tables share at least half.
    """
    index = [name for name in two.common if _INDEX.fullmatch(name)]
    fit = [name for name in two.common if _KEY_TYPES.fullmatch(two.a[name])]
    named = [name for name in fit if _LIKE_A_KEY.search(name)]
    named.sort(key=lambda name: name.lower() != "id")
    several = [named] if len(named) > 1 else []
    for candidate in (*([index] if index else []), *([name] for name in named), *several):
        if _unique(two, candidate):
            return candidate
    others = [name for name in fit if name not in named and name not in index][:_TRIED]
    return next(([name] for name in others if _unique(two, [name]) and _meet(two, name)), [])


def _asked_key(two: _Tables, asked: Sequence[str]) -> list[str]:
    if missing := [name for name in asked if name not in two.common]:
        raise UsageError(
            f"there is no column {missing[0]!r} in both tables",
            hint=f"both have: {', '.join(map(shown, two.common)) or 'none'}",
        )
    return list(asked)


def _unique(two: _Tables, names: Sequence[str]) -> bool:
    """True when no two rows of either table have the same there, and none has nothing."""
    row = ", ".join(map(_quoted, names))
    there = " AND ".join(f"{_quoted(name)} IS NOT NULL" for name in names)
    for few in (f" LIMIT {_FEW}", ""):  # most of what is no key shows it at once
        for table in ("a", "b"):
            ((rows, told),) = two.rows(
                f"SELECT count(*), count(DISTINCT ({row})) FILTER ({there}) "
                f"FROM (SELECT {row} FROM {table}{few})"
            )
            if rows != told:
                return False
    return True


def _meet(two: _Tables, name: str) -> bool:
    """True when at least half of the rows of the smaller table are in the other one, too."""
    on = f"{two.value(name, 'a.')} = {two.value(name, 'b.')}"
    met = two.rows(f"SELECT count(*) FROM a SEMI JOIN b ON {on}")[0][0]
    least = min(two.counted("a"), two.counted("b"))
    return bool(least) and bool(met * 2 >= least)


# ---------------------------------------------------------------- comparing


def _nothing_in_common(two: _Tables) -> TableChange:
    before, after = two.counted("a"), two.counted("b")
    return TableChange(before, after, after, before, columns=two.columns)


def _by_row(two: _Tables, how: Comparing) -> TableChange:
    """Whole rows, each as often as it is there."""
    counted = "(SELECT {} AS h, count(*) AS n FROM {} GROUP BY ALL)"
    sides = [counted.format(two.hash(), table) for table in ("a", "b")]
    two.cursor.execute(
        "CREATE OR REPLACE TEMP TABLE pairs AS SELECT coalesce(x.h, y.h) AS h, "
        "coalesce(x.n, 0) AS was, coalesce(y.n, 0) AS now "
        f"FROM {sides[0]} AS x FULL JOIN {sides[1]} AS y ON x.h = y.h"
    )
    ((added, removed),) = two.rows(
        "SELECT coalesce(sum(greatest(now - was, 0)), 0), "
        "coalesce(sum(greatest(was - now, 0)), 0) FROM pairs"
    )
    names = two.common[:MOST_COLUMNS]

    def sample(table: str, where: str) -> tuple[tuple[Any, ...], ...]:
        return two.sample(
            f"SELECT {two.cells(names, table)} FROM {table} WHERE {two.hash()} IN "
            f"(SELECT h FROM pairs WHERE {where}) LIMIT {how.samples}"
        )

    samples = RowSamples(
        tuple(map(shown, names)), sample("b", "now > was"), sample("a", "was > now")
    )
    return TableChange(
        two.counted("a"), two.counted("b"), int(added), int(removed),
        columns=two.columns, moved=not (added or removed), samples=samples,
    )  # fmt: skip


@dataclass
class _Keyed:
    """Rows by key; where a key is there more than once, the first with the first, and so on.

    It works on the views `ka` and `kb`, which are the tables with `_k0`, `_k1`, … for the key,
    `_n` for its number among those with the same key, and `_h` for the whole row.
    """

    two: _Tables
    how: Comparing
    key: list[str]

    def compared(self) -> TableChange:
        """The counts, and some rows."""
        two = self.two
        rest = [name for name in two.common if name not in self.key]
        self._prepare()
        self._look_closer(rest)
        ((before, after, added, removed),) = two.rows(
            "SELECT count(*) FILTER (was), count(*) FILTER (now), "
            "count(*) FILTER (now AND NOT was), count(*) FILTER (was AND NOT now) FROM pairs"
        )
        counts = ["count(*)", *(f"count(*) FILTER (d{i})" for i in range(len(rest)))]
        ((changed, *each),) = two.rows(f"SELECT {', '.join(counts)} FROM differing")
        touched = {name: n for name, n in zip(rest, each, strict=True) if n}
        names = [*self.key, *sorted(rest, key=lambda name: name not in touched)][:MOST_COLUMNS]
        return TableChange(
            before, after, added, removed, changed,
            key=tuple(map(shown, self.key)),
            guessed=self.how.key is None,
            columns=two.columns,
            by_column={shown(name): n for name, n in touched.items()},
            moved=not (added or removed or changed),
            samples=self._samples(names),
        )  # fmt: skip

    @property
    def _names(self) -> list[str]:
        return [*(f"_k{i}" for i in range(len(self.key))), "_n"]

    def _prepare(self) -> None:
        """The views, and `pairs`: every key, in which tables it is, and whether its rows differ."""
        two = self.two
        alone = self.how.key is None or _unique(two, self.key)
        keys = [two.value(name) for name in self.key]
        told = ", ".join(f"{one} AS _k{i}" for i, one in enumerate(keys))
        order = f"row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY {two.hash()})"
        for table in ("a", "b"):
            two.cursor.execute(
                f"CREATE OR REPLACE TEMP VIEW k{table} AS SELECT *, {told}, "
                f"{'1' if alone else order} AS _n, {two.hash()} AS _h FROM {table}"
            )
        same = "=" if alone else "IS NOT DISTINCT FROM"
        on = " AND ".join(f"x.{name} {same} y.{name}" for name in self._names)
        names = ", ".join(f"coalesce(x.{name}, y.{name}) AS {name}" for name in self._names)
        two.cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE pairs AS SELECT {names}, x._h IS NOT NULL AS was, "
            "y._h IS NOT NULL AS now, coalesce(x._h <> y._h, FALSE) AS other "
            f"FROM ka AS x FULL JOIN kb AS y ON {on}"
        )

    def _look_closer(self, rest: Sequence[str]) -> None:
        """The table `differing`: the rows that changed, and in which columns."""
        told = [
            f"{self.two.differs(name, self.how.tolerance)} AS d{i}" for i, name in enumerate(rest)
        ]
        some = " OR ".join(f"d{i}" for i in range(len(rest))) or "FALSE"
        names = [f"p.{name}" for name in self._names]
        self.two.cursor.execute(
            "CREATE OR REPLACE TEMP TABLE differing AS SELECT * FROM ("
            f"SELECT {', '.join([*names, *told])} FROM (FROM pairs WHERE other) AS p "
            f"JOIN ka AS x ON {self._met('x')} JOIN kb AS y ON {self._met('y')}) WHERE {some}"
        )

    def _met(self, side: str) -> str:
        return " AND ".join(f"{side}.{name} IS NOT DISTINCT FROM p.{name}" for name in self._names)

    def _samples(self, names: Sequence[str]) -> RowSamples:
        def rows(table: str, source: str) -> tuple[tuple[Any, ...], ...]:
            order = ", ".join(self._names)
            return self.two.sample(
                f"SELECT {self.two.cells(names, table, 'x.')} FROM "
                f"(FROM {source} ORDER BY {order} LIMIT {self.how.samples}) AS p "
                f"JOIN k{table} AS x ON {self._met('x')} "
                f"ORDER BY {', '.join(f'p.{name}' for name in self._names)}"
            )

        was, now = rows("a", "differing"), rows("b", "differing")
        return RowSamples(
            tuple(map(shown, names)),
            rows("b", "(FROM pairs WHERE now AND NOT was)"),
            rows("a", "(FROM pairs WHERE was AND NOT now)"),
            tuple(zip(was, now, strict=True)),
        )


def shown(name: str) -> str:
    """What people call a column: an index has no name of its own."""
    return "index" if _INDEX.fullmatch(name) else name


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
