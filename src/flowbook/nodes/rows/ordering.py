"""Which rows, and in which order: sort, limit, dedupe.

One order for all kinds of rows: NaN is greater than every number, nulls stand last unless asked
for first, texts go by code points, and rows that are alike keep their order.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Enum, Int, TraitError, validate

from flowbook.errors import UsageError
from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.nodes.rows.columns import as_list, shortened
from flowbook.nodes.rows.expressions import Question
from flowbook.nodes.rows.items import parted
from flowbook.nodes.rows.measures import frozen
from flowbook.nodes.rows.node import RowsNode, check_key, shared_ports
from flowbook.nodes.rows.shapes import Items, Rows, Table, plain_values, spare

_KEY: Final = re.compile(
    r"(?P<by>.+?)(?:\s+(?P<order>asc|desc))?(?:\s+nulls\s+(?P<nulls>first|last))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_KEY_NAMES: Final = ("by", "order", "nulls")
_DUPLICATES: Final = "duplicates"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing to sort by."""

    by: str
    descending: bool = False
    nulls_first: bool = False


class SortNode(RowsNode):
    """Puts rows or items in order.

    `by` names columns or expressions, the first counts most. Each may say `desc`, and
    `nulls first`. Rows that are alike keep their order; nulls stand last, in either direction. A
    list of plain items is sorted by the items themselves when `by` is left out.
    """

    kind: ClassVar[str] = "sort"
    untemplated: ClassVar[tuple[str, ...]] = ("by",)
    example: ClassVar[str] = """\
%%flow orders()
return [{"city": "Oslo", "total": 3}, {"city": "Bergen", "total": 12}, {"city": "Oslo", "total": 9}]

%%flow sort by_city(orders)
by:
  - city
  - total desc
"""

    by = traitlets.Any(
        help="Columns or expressions, the first counts most: city, total desc, price desc nulls "
        "first; or records of by, order and nulls."
    ).tag(config=True, examples=["total desc", ["city", "len(name) desc nulls first"]])

    @validate("by")
    def _check_by(self, proposal: Any) -> Any:
        for one in as_list(proposal["value"]):
            check_key("by", as_key(one).by)
        return proposal["value"]

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The rows in order; `UsageError` names two that cannot be compared."""
        rows = self.rows(inputs)
        keys = [as_key(one) for one in as_list(self.by)]
        if not keys and not isinstance(rows, Items):
            if not len(rows):
                return rows.give()
            raise UsageError(
                f"{self.place} does not know what to sort by",
                hint=f"name columns, such as by: {(rows.columns or ['total'])[0]}",
            )
        if isinstance(rows, Table):
            return _sorted_table(self, rows, keys, self.question(context, inputs)).give()
        return rows.take(self._positions(rows, keys, self.question(context, inputs))).give()

    def _positions(self, rows: Rows, keys: Sequence[Key], question: Question) -> list[int]:
        if not keys:
            return ordered([(list(rows.items()), Key("item"))], len(rows), self.place)
        columns = [(self.keyed(rows, key.by, question, "by"), key) for key in keys]
        return ordered(columns, len(rows), self.place)


def as_key(given: Any) -> Key:
    """A key as it is written; `TraitError` for what is none.

    >>> as_key("len(name) desc nulls first")
    Key(by='len(name)', descending=True, nulls_first=True)
    """
    if isinstance(given, str) and (found := _KEY.fullmatch(given.strip())):
        given = found.groupdict()
    if not isinstance(given, dict) or not isinstance(given.get("by"), str):
        raise TraitError(f"by: {shortened(given)} is no key; write city, or total desc nulls first")
    unknown = [name for name in given if name not in _KEY_NAMES] or not given["by"].strip()
    order = str(given.get("order") or "asc").lower()
    nulls = str(given.get("nulls") or "last").lower()
    if unknown or order not in ("asc", "desc") or nulls not in ("first", "last"):
        raise TraitError(
            f"by: {shortened(given)} is no key; order is asc or desc, nulls is first or last"
        )
    return Key(given["by"].strip(), order == "desc", nulls == "first")


def ordered(columns: Sequence[tuple[list[Any], Key]], size: int, place: str) -> list[int]:
    """The positions of rows in order, by columns of values, the first counting most."""
    positions = list(range(size))
    for values, key in reversed(columns):
        nulls = [at for at in positions if values[at] is None]
        rest = [at for at in positions if values[at] is not None]
        nans = [at for at in rest if values[at] != values[at]]
        if nans:
            rest = [at for at in rest if values[at] == values[at]]
        try:
            rest.sort(key=values.__getitem__, reverse=key.descending)
        except TypeError:
            raise _incomparable(values, rest, key, place) from None
        rest = [*nans, *rest] if key.descending else [*rest, *nans]
        positions = [*nulls, *rest] if key.nulls_first else [*rest, *nulls]
    return positions


def _incomparable(values: list[Any], rest: list[int], key: Key, place: str) -> UsageError:
    at = sorted(rest)
    first = at[0]
    other = next((one for one in at if type(values[one]) is not type(values[first])), at[-1])
    told = [f"row {one} has {shortened(values[one])}" for one in (first, other)]
    return UsageError(
        f"{place} cannot compare what {key.by!r} gives: {' and '.join(told)}",
        hint="sort by something of one type, such as str(size)",
    )


def _sorted_table(node: SortNode, rows: Table, keys: Sequence[Key], question: Question) -> Table:
    """In order by the library's own sort; by ours where a column may hold anything."""
    import narwhals as nw

    made: Rows = rows
    names = []
    for number, key in enumerate(keys):
        if key.by in rows.columns:
            names.append(key.by)
            continue
        node.check_key(rows, key.by, question.others, "by")
        names.append(spare(made.columns or (), f"key{number}"))
        made = node.worked(rows, names[-1], node.asked(key.by, "by"), question, made)
    assert isinstance(made, Table)  # noqa: S101 - a table stays one
    if not all(sortable(made.frame[name].dtype) for name in names):
        columns = [(made.values(name), key) for name, key in zip(names, keys, strict=True)]
        return rows.take(ordered(columns, len(rows), node.place))
    position = spare(made.columns, "position")
    work = made.frame.select(*dict.fromkeys(names)).with_row_index(position)
    by: list[str] = []
    descending: list[bool] = []
    for number, (name, key) in enumerate(zip(names, keys, strict=True)):
        for mark, flag, down in _marks(nw, work, name, key):
            work = work.with_columns(flag.alias(f"{position}{mark}{number}"))
            by.append(f"{position}{mark}{number}")
            descending.append(down)
        by.append(name)
        descending.append(key.descending)
    work = work.sort(*by, position, descending=[*descending, False])
    return rows.like(rows.frame[work[position].to_list()])


def _marks(nw: Any, work: Any, name: str, key: Key) -> list[tuple[str, Any, bool]]:
    """Columns that say where nulls and NaN stand, whatever the library makes of them."""
    series, marks = work[name], []
    if series.null_count():
        marks.append(("null", nw.col(name).is_null(), key.nulls_first))
    if series.dtype.is_float() and series.is_nan().any():
        nan = nw.when(~nw.col(name).is_null()).then(nw.col(name).is_nan())
        marks.append(("nan", nan.fill_null(value=False), key.descending))
    return marks


def sortable(dtype: Any) -> bool:
    """True for a type of column that every library orders and compares alike."""
    import narwhals as nw

    plain = dtype in (nw.String, nw.Boolean, nw.Date, nw.Datetime, nw.Duration)
    return bool(dtype.is_integer() or dtype.is_float() or plain)


class LimitNode(RowsNode):
    """Takes so many rows or items: the first, the last, or some by chance.

    A sample is the same each time for the same `seed`, and keeps the order of the rows.
    """

    kind: ClassVar[str] = "limit"
    begins: ClassVar[str] = "count: 10"
    example: ClassVar[str] = """\
%%flow numbers()
return list(range(100))

%%flow limit second_page(numbers)
count: 5
offset: 5

%%flow limit last_two(numbers)
count: 2
take: last
"""

    count = Int(10, min=0, help="How many to take, at most.").tag(config=True)
    offset = Int(
        0, min=0, help="How many to pass over first, counted from the end that is taken from."
    ).tag(config=True)
    take = Enum(
        ("first", "last", "sample"),
        default_value="first",
        help="Which: the first, the last (in their order), or a sample by chance.",
    ).tag(config=True)
    seed = Int(0, help="Which sample: the same seed gives the same rows.").tag(config=True)

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """At most `count` rows."""
        rows = self.rows(inputs)
        size = len(rows)
        if self.take == "sample":
            some = random.Random(self.seed).sample(range(size), min(size, self.offset + self.count))  # noqa: S311  no secret
            return rows.take(sorted(some[self.offset :])).give()
        low, high = min(self.offset, size), min(self.offset + self.count, size)
        if self.take == "last":
            low, high = size - high, size - low
        if isinstance(rows, Table):
            return rows.like(rows.frame[low:high]).give()
        return rows.take(range(low, high)).give()


class DedupeNode(RowsNode):
    """Keeps each row or item once.

    Two are the same when the columns `by` agree, or all of them; nulls agree with each other, and
    so does NaN. A declared output called `duplicates` carries the rows that are left out.
    """

    kind: ClassVar[str] = "dedupe"
    untemplated: ClassVar[tuple[str, ...]] = ("by",)
    example: ClassVar[str] = """\
%%flow orders()
return [{"id": 1, "city": "Oslo"}, {"id": 2, "city": "Bergen"}, {"id": 1, "city": "Moss"}]

%%flow dedupe clean(orders) -> latest, duplicates
by: id
keep: last
"""

    by = traitlets.Any(
        help="The columns or expressions that must agree; all columns when left out."
    ).tag(config=True, examples=["id", ["city", "name.lower()"]])
    keep = Enum(
        ("first", "last", "none"),
        default_value="first",
        help="Which of those that are the same: the first, the last, or none of them.",
    ).tag(config=True)

    @validate("by")
    def _check_by(self, proposal: Any) -> Any:
        for one in as_list(proposal["value"]):
            check_key("by", one)
        return proposal["value"]

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """What is kept, by port."""
        rows = self.rows(inputs)
        by = [str(one) for one in as_list(self.by)]
        question = self.question(context, inputs)
        chosen = _native_once(rows, by, self.keep) if isinstance(rows, Table) else None
        if chosen is None:
            chosen = set(self._once(rows, by, question))
        kept, duplicates = parted(rows, chosen)
        context.log(f"kept {len(kept):,} of {len(rows):,}")
        return shared_ports(self, kept, _DUPLICATES, duplicates)

    def _once(self, rows: Rows, by: Sequence[str], question: Question) -> list[int]:
        if by:
            columns = [self.keyed(rows, key, question, "by") for key in by]
        elif isinstance(rows, Items):
            columns = [list(rows.items())]
        else:
            columns = [rows.values(name) for name in rows.columns or []]
        keys = [tuple(map(frozen, row)) for row in zip(*columns, strict=True)]
        if self.keep == "none":
            return _alone(keys)
        found: dict[Any, int] = {}
        for at, key in enumerate(keys):
            if self.keep == "last" or key not in found:
                found[key] = at
        return list(found.values()) if columns else list(range(len(rows)))


def _alone(keys: Sequence[Any]) -> list[int]:
    times: dict[Any, int] = {}
    for key in keys:
        times[key] = times.get(key, 0) + 1
    return [at for at, key in enumerate(keys) if times[key] == 1]


def _native_once(rows: Table, by: Sequence[str], keep: Any) -> set[int] | None:
    """The positions that the library keeps; None where ours must say what is the same."""
    columns = list(by) or rows.columns
    if not columns or any(name not in rows.columns for name in columns):
        return None
    if not all(sortable(rows.frame[name].dtype) for name in columns):
        return None
    if any(rows.frame[name].dtype.is_float() for name in columns):
        return None  # of -0.0 and NaN each library has its own opinion
    position = spare(rows.columns, "position")
    work = rows.frame.select(*dict.fromkeys(columns)).with_row_index(position)
    return set(plain_values(work.unique(columns, keep=keep)[position]))
