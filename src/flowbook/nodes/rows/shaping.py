"""The columns themselves: names, which and in what order; from long to wide and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Bool, Dict, Enum, TraitError, Unicode, validate

from flowbook.errors import UsageError
from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.nodes.rows.columns import as_list, check_columns, listed, shortened
from flowbook.nodes.rows.measures import as_text, frozen, measure
from flowbook.nodes.rows.node import RowsNode
from flowbook.nodes.rows.shapes import Items, Records, Rows, Table

_MOST_COLUMNS: Final = 1000


def _snake(name: str) -> str:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^\w]+|_+", "_", apart).strip("_").lower()


def _camel(name: str) -> str:
    first, *rest = _snake(name).split("_")
    return first + "".join(word.capitalize() for word in rest)


_CASES: Final[Mapping[str, Callable[[str], str]]] = {
    "": lambda name: name,
    "snake": _snake,
    "camel": _camel,
    "lower": str.lower,
    "upper": str.upper,
}


class RenameNode(RowsNode):
    """Changes which columns there are, what they are called and in which order they stand.

    In this order: `select` or `drop`, then `columns`, `case`, `prefix` and `suffix`, then `order`.
    A column that `columns` names is called exactly so; the others take case, prefix and suffix. Two
    columns of one name are refused. A single record is taken, too.
    """

    kind: ClassVar[str] = "rename"
    single: ClassVar[bool] = True
    example: ClassVar[str] = """\
%%flow orders()
return [{"Order ID": 1, "cityName": "Oslo", "internal": True}]

%%flow rename clean(orders)
drop: internal
case: snake
columns: {"Order ID": id}
order: [city_name, id]
"""

    columns = Dict(help="New names by old ones.").tag(config=True, examples=[{"Order ID": "id"}])
    case = Enum(
        tuple(_CASES), default_value="", help="How the names of the other columns are written."
    ).tag(config=True)
    prefix = Unicode(help="What the names of the other columns begin with.").tag(config=True)
    suffix = Unicode(help="What the names of the other columns end with.").tag(config=True)
    select = traitlets.Any(help="The columns to keep, in this order; all when left out.").tag(
        config=True, examples=[["id", "city"]]
    )
    drop = traitlets.Any(help="The columns to leave out.").tag(config=True, examples=[["notes"]])
    order = traitlets.Any(help="The columns to put first, by their new names.").tag(
        config=True, examples=[["id"]]
    )

    @validate("columns")
    def _check_columns(self, proposal: Any) -> Any:
        odd = [one for one in proposal["value"].values() if not isinstance(one, str) or not one]
        if odd:
            raise TraitError(f"columns: {odd[0]!r} cannot name a column")
        return proposal["value"]

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The rows with their columns as told; `UsageError` for one that is not there."""
        rows = self.rows(inputs)
        if rows.columns is None:
            if not len(rows):
                return rows.give()
            rows.only([])  # which a list of plain items refuses
        wanted = self._wanted(rows)
        names = [self._named(name) for name in wanted]
        self._check_clash(wanted, names)
        first = [str(one) for one in as_list(self.order)]
        check_columns(Records([{}], names), first, f"order of {self.place}")
        places = [names.index(name) for name in first]
        places += [at for at in range(len(names)) if at not in places]
        pairs = {wanted[at]: names[at] for at in places}
        chosen = rows.only(list(pairs))
        if isinstance(chosen, Table):
            return chosen.like(chosen.frame.rename(pairs)).give()
        assert isinstance(chosen, Records)  # noqa: S101 - it has columns
        return chosen.renamed(list(pairs.values())).give()

    def _wanted(self, rows: Rows) -> list[str]:
        select, drop = ([str(one) for one in as_list(given)] for given in (self.select, self.drop))
        check_columns(rows, select, f"select of {self.place}")
        check_columns(rows, drop, f"drop of {self.place}")
        check_columns(rows, self.columns, f"columns of {self.place}")
        wanted = list(dict.fromkeys(select or rows.columns or []))
        return [name for name in wanted if name not in drop]

    def _named(self, name: str) -> str:
        if name in self.columns:
            return str(self.columns[name])
        return f"{self.prefix}{_CASES[self.case](name)}{self.suffix}"

    def _check_clash(self, wanted: Sequence[str], names: Sequence[str]) -> None:
        for name in names:
            same = [old for old, new in zip(wanted, names, strict=True) if new == name]
            if len(same) > 1:
                raise UsageError(
                    f"{self.place} would call {listed([repr(one) for one in same])} all {name!r}",
                    hint="name one of them in columns, or drop it",
                )


class PivotNode(RowsNode):
    """Makes a column of each value of a column: from long to wide.

    There is a row for each value of `index`, and a column for each value of `columns`, both in the
    order in which they are first met. A cell holds what `fn` makes of the `values` that meet there;
    where none do, it is null.
    """

    kind: ClassVar[str] = "pivot"
    example: ClassVar[str] = """\
%%flow sales()
return [
    {"city": "Oslo", "year": 2025, "total": 3},
    {"city": "Oslo", "year": 2026, "total": 4},
    {"city": "Bergen", "year": 2026, "total": 9},
]

%%flow pivot by_year(sales)
index: city
columns: year
values: total
fn: sum
"""

    index = traitlets.Any(help="The columns that name a row.").tag(
        config=True, examples=["city", ["city", "street"]]
    )
    columns = Unicode(help="The column whose values become columns.").tag(
        config=True, examples=["year"]
    )
    values = Unicode(help="The column whose values fill the cells.").tag(
        config=True, examples=["total"]
    )
    fn = Enum(
        ("first", "last", "sum", "mean", "min", "max", "count", "median", "list"),
        default_value="first",
        help="What a cell makes of several values.",
    ).tag(config=True)
    sort = Bool(False, help="Put the new columns in order of their names.").tag(config=True)

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """A row for each value of the index."""
        rows = self.rows(inputs)
        index = [str(one) for one in as_list(self.index)]
        if not (index and self.columns and self.values):
            raise UsageError(
                f"{self.place} needs index, columns and values",
                hint="such as index: city, columns: year, values: total",
            )
        check_columns(rows, [*index, self.columns, self.values], self.place)
        if rows.columns is None:
            return rows.give()
        keys = list(zip(*(map(frozen, rows.values(name)) for name in index), strict=True))
        numbers: dict[Any, int] = {}
        firsts = [at for at, key in enumerate(keys) if numbers.setdefault(key, at) == at]
        lines = {keys[at]: line for line, at in enumerate(firsts)}
        names, cells = self._cells(rows, [lines[key] for key in keys])
        clash = next((name for name in names if name in index), None)
        if clash is not None:
            raise UsageError(
                f"{self.place} would make a second column {clash!r}",
                hint="rename the index column first",
            )
        work = measure(self.fn)
        made = {
            name: [work(cells[line, name]) if (line, name) in cells else None
                   for line in range(len(firsts))]
            for name in (sorted(names) if self.sort else names)
        }  # fmt: skip
        return rows.take(firsts).only(index).put(made).give()

    def _cells(
        self, rows: Rows, lines: Sequence[int]
    ) -> tuple[list[str], dict[tuple[int, str], list[Any]]]:
        """The new columns, and the values by line and column."""
        names: dict[str, Any] = {}
        cells: dict[tuple[int, str], list[Any]] = {}
        columns = zip(lines, rows.values(self.columns), rows.values(self.values), strict=True)
        for line, given, value in columns:
            name = "null" if given is None else as_text(_whole(given))
            meant = names.setdefault(name, given)
            if frozen(meant) != frozen(given):
                raise UsageError(
                    f"{self.place}: {shortened(meant)} and {shortened(given)} would both be the "
                    f"column {name!r}",
                    hint="make them of one type first",
                )
            cells.setdefault((line, name), []).append(value)
            if len(names) > _MOST_COLUMNS:
                raise UsageError(
                    f"{self.place} would make more than {_MOST_COLUMNS:,} columns of "
                    f"{self.columns!r}",
                    hint="pivot by a column with fewer values",
                )
        return list(names), cells


def _whole(value: Any) -> Any:
    """A number without a fraction as a whole one: it is so that pandas holds those beside nulls."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class UnpivotNode(RowsNode):
    """Makes a row of each cell: from wide to long.

    The columns `keep` stay; each of the others (or of `columns`) gives a row with its name and its
    value. Rows come column by column.
    """

    kind: ClassVar[str] = "unpivot"
    example: ClassVar[str] = """\
%%flow sales()
return [{"city": "Oslo", "y2025": 3, "y2026": 4}, {"city": "Bergen", "y2025": None, "y2026": 9}]

%%flow unpivot by_year(sales)
keep: city
name_into: year
value_into: total
drop_nulls: true
"""

    keep = traitlets.Any(help="The columns that stay beside each value.").tag(
        config=True, examples=["city"]
    )
    columns = traitlets.Any(help="The columns that become rows; all others when left out.").tag(
        config=True, examples=[["y2025", "y2026"]]
    )
    name_into = Unicode("name", help="What the column with the names is called.").tag(config=True)
    value_into = Unicode("value", help="What the column with the values is called.").tag(
        config=True
    )
    drop_nulls = Bool(False, help="Leave out cells that are null.").tag(config=True)

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """A row for each cell."""
        rows = self.rows(inputs)
        keep, columns = ([str(one) for one in as_list(one)] for one in (self.keep, self.columns))
        check_columns(rows, [*keep, *columns], self.place)
        if rows.columns is None:
            rows = rows if not isinstance(rows, Items) else rows.only([])
            return rows.give()
        columns = columns or [name for name in rows.columns if name not in keep]
        names = [*keep, self.name_into, self.value_into]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UsageError(
                f"{self.place} would make two columns {twice!r}",
                hint="say other names in name_into and value_into",
            )
        lists = [rows.values(name) for name in columns]
        cells = [
            (at, name, value)
            for name, values in zip(columns, lists, strict=True)
            for at, value in enumerate(values)
            if value is not None or not self.drop_nulls
        ]
        made = {
            self.name_into: [name for _, name, _ in cells],
            self.value_into: [value for _, _, value in cells],
        }
        kept = rows.take([at for at, _, _ in cells]).only(keep)
        return (kept.put(made) if keep else rows.make(made)).give()
