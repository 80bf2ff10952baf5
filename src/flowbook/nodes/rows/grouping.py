"""Bring rows together: a row per group, and a row per column that says what is in it.

Groups come in the order in which they are first met; null is a group of its own. A group is found
by content, so that lists and records can be grouped by, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Dict, TraitError, validate

from flowbook.errors import UsageError
from flowbook.graph.node import NodeContext
from flowbook.graph.options import did_you_mean
from flowbook.ids import PortName
from flowbook.nodes.rows.columns import as_list, shortened
from flowbook.nodes.rows.expressions import Question
from flowbook.nodes.rows.measures import MEASURES, frozen, measure
from flowbook.nodes.rows.moments import UNITS, each_once, truncated
from flowbook.nodes.rows.node import RowsNode, check_key
from flowbook.nodes.rows.ordering import sortable
from flowbook.nodes.rows.shapes import Rows, Table, evened, spare

_BY_NAMES: Final = ("column", "expression", "truncate", "as")
_MEASURE_NAMES: Final = ("fn", "column", "q", "separator")
_NATIVE: Final = ("sum", "mean", "min", "max", "count")


@dataclass(frozen=True, slots=True)
class Group:
    """One thing to group by: `name` is its column in what comes out."""

    name: str
    by: str
    truncate: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One column to work out for each group."""

    name: str
    fn: str
    column: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


class AggregateNode(RowsNode):
    """Makes one row of each group of rows.

    `by` says what the rows of a group have in common; without it all rows are one group.
    `measures` are the columns to work out: sum, mean, min, max, count, count_distinct, first, last,
    median, std, quantile, list and join. Nulls are left out of them, but by first, last and list; a
    count without a column counts rows. Null is a group of its own.
    """

    kind: ClassVar[str] = "aggregate"
    begins: ClassVar[str] = "measures:\n  rows: count"
    untemplated: ClassVar[tuple[str, ...]] = ("by", "measures")
    example: ClassVar[str] = """\
%%flow orders()
return [
    {"city": "Oslo", "total": 3, "at": "2026-01-30"},
    {"city": "Bergen", "total": 12, "at": "2026-01-31"},
    {"city": "Oslo", "total": 9, "at": "2026-02-01"},
]

%%flow aggregate by_city(orders)
by: city
measures:
  orders: count
  revenue: sum total
  largest: {fn: quantile, column: total, q: 0.9}

%%flow aggregate by_month(orders)
by: {column: at, truncate: month, as: month}
measures:
  revenue: sum total
"""

    by = traitlets.Any(
        help="Columns or expressions to group by; a record {column, truncate, as} groups moments "
        "by year, quarter, month, week, day or hour."
    ).tag(config=True, examples=["city", ["city", {"column": "at", "truncate": "month"}]])
    measures = Dict(
        help="The columns to work out, by name: sum total, or {fn: quantile, column: total, "
        "q: 0.9}."
    ).tag(config=True, examples=[{"orders": "count", "revenue": "sum total"}])

    @validate("by")
    def _check_by(self, proposal: Any) -> Any:
        for one in as_list(proposal["value"]):
            as_group(one)
        return proposal["value"]

    @validate("measures")
    def _check_measures(self, proposal: Any) -> Any:
        for name, one in proposal["value"].items():
            as_measured(name, one)
        return proposal["value"]

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """A row per group: what they have in common, then the measures."""
        rows, question = self.rows(inputs), self.question(context, inputs)
        groups = [as_group(one) for one in as_list(self.by)]
        measures = [as_measured(name, one) for name, one in self.measures.items()]
        names = [*(one.name for one in groups), *(one.name for one in measures)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None or not names:
            raise UsageError(
                f"{self.place} would make two columns {twice!r}"
                if names
                else f"{self.place} has nothing to work out",
                hint="give each measure a name of its own, such as measures: {revenue: sum total}",
            )
        return self.grouped(rows, groups, measures, question).give()

    def grouped(
        self,
        rows: Rows,
        groups: Sequence[Group],
        measures: Sequence[Measured],
        question: Question,
    ) -> Rows:
        """One row per group."""
        for group in groups:
            self.check_key(rows, group.by, question.others, "by")
        for one in measures:
            if one.column:
                self.check_key(rows, one.column, question.others, f"measures.{one.name}")
        if isinstance(rows, Table):
            told = self._native(rows, groups, measures, question)
            if told is not None:
                return told
        codes, firsts = self._codes(rows, groups, question)
        made: dict[str, list[Any]] = {}
        for group in groups:
            if not isinstance(rows, Table) or group.by not in rows.columns or group.truncate:
                values = self._keys(rows, group, question)
                made[group.name] = [values[at] for at in firsts]
            else:  # only those that are shown
                made[group.name] = rows.take(firsts).values(group.by)
        for one in measures:
            made[one.name] = self._measure(rows, one, codes, len(firsts), question)
        return self._typed(rows, groups, firsts, made)

    def _native(
        self,
        rows: Table,
        groups: Sequence[Group],
        measures: Sequence[Measured],
        question: Question,
    ) -> Table | None:
        """The same by the library's own grouping; None where ours has to say what is one group."""
        if not groups or not len(rows) or any(one.fn not in _NATIVE for one in measures):
            return None
        if not all(_plain_key(rows, one) for one in groups):
            return None
        at = spare(rows.columns, "at")
        work, columns = self._with_measured(rows, measures, question, at)
        if not all(
            _plain_measure(work.frame[name], one.fn)
            for name, one in zip(columns, measures, strict=True)
            if one.column
        ):
            return None
        return rows.like(_grouped(work.frame, at, groups, columns, measures))

    def _with_measured(
        self, rows: Table, measures: Sequence[Measured], question: Question, at: str
    ) -> tuple[Table, list[str]]:
        """`rows` with what the measures measure, and in which columns that is."""
        work, columns = rows, []
        for number, one in enumerate(measures):
            name = one.column
            if name and name not in rows.columns:
                name = f"{at}{number}"
                asked = self.asked(one.column, f"measures.{one.name}")
                made = self.worked(rows, name, asked, question, work)
                assert isinstance(made, Table)  # noqa: S101 - a table stays one
                work = made
            columns.append(name)
        return work, columns

    def _typed(
        self, rows: Rows, groups: Sequence[Group], firsts: list[int], made: dict[str, list[Any]]
    ) -> Rows:
        """Of the kind of `rows`; columns that are grouped by keep their type."""
        told = rows.make({name: evened(values) for name, values in made.items()})
        if not isinstance(rows, Table) or not isinstance(told, Table):
            return told
        kept = rows.take(firsts)
        same = [
            kept.frame[one.by].alias(one.name)
            for one in groups
            if one.by in rows.columns and not one.truncate
        ]
        return told.like(told.frame.with_columns(*[_fresh(one) for one in same])) if same else told

    def _keys(self, rows: Rows, group: Group, question: Question) -> list[Any]:
        values = self.keyed(rows, group.by, question, "by")
        if not group.truncate:
            return values
        place = f"by of {self.place}"

        def start(at: int, value: Any) -> Any:
            return truncated(value, group.truncate, f"{place}: row {at}")

        return each_once(values, start)

    def _codes(
        self, rows: Rows, groups: Sequence[Group], question: Question
    ) -> tuple[list[int], list[int]]:
        """The number of each row's group, and the first row of each group."""
        if not groups:
            return [0] * len(rows), [0] if len(rows) else []
        columns = [self._keys(rows, group, question) for group in groups]
        if len(columns) == 1:
            keys: Any = map(frozen, columns[0])
        else:
            keys = zip(*(map(frozen, column) for column in columns), strict=True)
        numbers: dict[Any, int] = {}
        firsts: list[int] = []
        codes: list[int] = []
        for at, key in enumerate(keys):
            code = numbers.get(key)
            if code is None:
                code = numbers[key] = len(numbers)
                firsts.append(at)
            codes.append(code)
        return codes, firsts

    def _measure(
        self, rows: Rows, one: Measured, codes: list[int], size: int, question: Question
    ) -> list[Any]:
        if one.fn == "count" and not one.column:
            counts = [0] * size
            for code in codes:
                counts[code] += 1
            return counts or [0] * (not self.by)
        found: list[list[Any]] = [[] for _ in range(size or (not self.by))]
        setting = f"measures.{one.name}"
        for code, value in zip(codes, self.keyed(rows, one.column, question, setting), strict=True):
            found[code].append(value)
        work = measure(one.fn, **one.more)
        try:
            return [work(values) for values in found]
        except UsageError as refused:
            raise UsageError(
                f"{setting} of {self.place}: {refused.message}", hint=refused.hint
            ) from None


def _grouped(
    frame: Any,
    at: str,
    groups: Sequence[Group],
    columns: Sequence[str],
    measures: Sequence[Measured],
) -> Any:
    """A row per group, in the order in which they are first met."""
    import narwhals as nw

    keys = [f"{at}k{number}" for number in range(len(groups))]
    taken = [nw.col(one.by).alias(key) for one, key in zip(groups, keys, strict=True)]
    aggregates, results = [nw.col(at).min()], []
    for number, (column, one) in enumerate(zip(columns, measures, strict=True)):
        name = f"{at}v{number}"
        results.append(f"{name}r")
        if column:
            taken.append(nw.col(column).alias(name))
        made = getattr(nw.col(name), one.fn)() if column else nw.len()
        aggregates.append(made.alias(results[-1]))
    told = frame.select(*taken).with_row_index(at).group_by(*keys).agg(*aggregates).sort(at)
    names = [*(one.name for one in groups), *(one.name for one in measures)]
    pairs = zip((*keys, *results), names, strict=True)
    return told.select(*(nw.col(old).alias(new) for old, new in pairs))


def _plain_key(rows: Table, group: Group) -> bool:
    """True where every library has the same idea of what is one group."""
    if group.truncate or group.by not in rows.columns:
        return False
    dtype = rows.frame[group.by].dtype
    return sortable(dtype) and not dtype.is_float()


def _plain_measure(series: Any, fn: str) -> bool:
    """True where every library works out the same."""
    dtype = series.dtype
    if dtype.is_float() and not series.implementation.is_pandas_like() and series.is_nan().any():
        return False
    return bool(dtype.is_integer() or dtype.is_float() or (fn == "count" and sortable(dtype)))


def _fresh(series: Any) -> Any:
    """Without the index of the rows that it was taken from."""
    if series.implementation.is_pandas_like():
        import narwhals as nw

        return nw.from_native(series.to_native().reset_index(drop=True), series_only=True)
    return series


def as_group(given: Any) -> Group:
    """A thing to group by, as it is written; `TraitError` for what is none.

    >>> as_group({"column": "at", "truncate": "month", "as": "month"})
    Group(name='month', by='at', truncate='month')
    """
    if isinstance(given, str):
        return Group(given, check_key("by", given))
    unknown = [name for name in given if name not in _BY_NAMES] if isinstance(given, dict) else [""]
    if unknown:
        raise TraitError(
            f"by: {shortened(given)} is nothing to group by; write a column, an expression, or "
            "{column: at, truncate: month, as: month}"
        )
    by = str(given.get("column") or given.get("expression") or "")
    unit = str(given.get("truncate") or "")
    if unit and unit not in UNITS:
        raise TraitError(f"by: cannot truncate to {unit!r}; {did_you_mean(unit, list(UNITS))}")
    return Group(str(given.get("as") or by), check_key("by", by), unit)


def as_measured(name: str, given: Any) -> Measured:
    """A measure as it is written; `TraitError` for what is none.

    >>> as_measured("revenue", "sum total")
    Measured(name='revenue', fn='sum', column='total', more={})
    """
    if isinstance(given, str):
        fn, _, column = given.strip().partition(" ")
        given = {"fn": fn, "column": column.strip()}
    if not isinstance(given, dict) or not isinstance(given.get("fn"), str):
        raise TraitError(f"measures: {name}: write sum total, or {{fn: sum, column: total}}")
    fn, column = given["fn"], str(given.get("column") or "")
    place = f"measures: {name}: "
    if fn not in MEASURES:
        raise TraitError(f"{place}there is no {fn!r}; {did_you_mean(fn, list(MEASURES))}")
    unknown = [one for one in given if one not in _MEASURE_NAMES]
    if unknown:
        raise TraitError(
            f"{place}{unknown[0]!r} is unknown; {did_you_mean(unknown[0], _MEASURE_NAMES)}"
        )
    if not column and fn != "count":
        raise TraitError(f"{place}{fn} needs a column, such as {fn} total")
    q = given.get("q", 0.5)
    if isinstance(q, bool) or not isinstance(q, int | float) or not 0 <= q <= 1:
        raise TraitError(f"{place}q is {q!r}; it lies from 0 to 1")
    more = {one: given[one] for one in ("q", "separator") if one in given}
    return Measured(name, fn, check_key("column", column) if column else "", more)
