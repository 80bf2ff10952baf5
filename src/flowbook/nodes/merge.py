"""Bring branches together: as many as there are, and with those that are live.

A merge runs once every branch before it is settled and at least one of them is live; a branch
that was not taken is simply absent. Inputs keep the order of the header, whichever came first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Bool, Dict, Enum, TraitError, Unicode, validate

from flowbook.errors import UsageError
from flowbook.graph.node import Node, NodeContext
from flowbook.graph.options import Options, did_you_mean
from flowbook.ids import PortName
from flowbook.nodes.asking import ask, kind_of_first
from flowbook.nodes.fields import check_fields, edit_fields
from flowbook.nodes.joining import CLASHES, EXPECTS, HOWS, Rules, join, paired
from flowbook.nodes.matching import Side
from flowbook.nodes.pointing import at_setting
from flowbook.nodes.router import bare, holds, nested
from flowbook.nodes.tables import Family, families, settled
from flowbook.nodes.tables.family import first_of_each

_MODES: Final = ("dict", "append", "by_key", "by_position", "choose", "sql")


class MergeNode(Node):
    """Joins any number of inputs into one value, the way `mode` says, and edits its fields.

    - `dict` (default): `{input: value}`.
    - `append`: tables one under the other by column names, lists end to end, other values
      in a list.
    - `by_key`: tables side by side where the columns `key` agree; `how` says which rows stay.
    - `by_position`: tables, or lists, side by side row by row.
    - `choose`: one of the inputs: the first that is live, the one that `take` names, or the first
      for which `when` holds.
    - `sql`: what one query over the inputs gives.

    Tables stay tables of the first live input's family (pandas, Polars, Arrow, or a list of dicts).
    With more than two inputs, each next one is joined to what is there.
    """

    kind: ClassVar[str] = "merge"
    family: ClassVar[str] = "data"
    version: ClassVar[str] = "2"
    tolerant: ClassVar[bool] = True
    defaults: ClassVar[Options] = Options(pure=True)
    untemplated: ClassVar[tuple[str, ...]] = ("fields", "when", "sql")
    example: ClassVar[str] = """\
%%flow orders
orders = [{"customer": 1, "total": 30}, {"customer": 2, "total": 12}, {"customer": 9, "total": 5}]

%%flow people
people = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bo"}]

%%flow merge told(orders, people)
mode: by_key
how: left
key: {orders: customer, people: id}
fields:
  set: {big: "{{ total > 20 }}"}
  order: [name]
"""

    mode = Enum(_MODES, default_value="dict", help="How the inputs become one value.").tag(
        config=True
    )
    key = traitlets.Any(
        [],
        help="Columns that must agree (by_key): a name, a list of names, or for each input its "
        "own, as a name, a list, or {column of the first: column of this one}.",
    ).tag(config=True, examples=["city", ["city", "day"], {"orders": "customer", "people": "id"}])
    how = Enum(
        HOWS,
        default_value="inner",
        help="Rows to keep (by_key): those that match (inner), all of the left, right or of both "
        "sides (left, right, outer or full), those of the left with or without a match (semi, "
        "anti), or every row with every other (cross, without a key).",
    ).tag(config=True)
    clash = Enum(
        CLASHES,
        default_value="suffix",
        help="What becomes of a column that an earlier input has, too: it gets the suffix _input, "
        "the first or the last stays, nulls of the first are filled (coalesce), or error.",
    ).tag(config=True)
    expect = Enum(
        EXPECTS,
        default_value="",
        help="How often a key may occur on either side (by_key); the merge fails if it does more.",
    ).tag(config=True)
    nulls = Enum(
        ("differ", "match"),
        default_value="differ",
        help="Whether a null in a key equals another null (by_key).",
    ).tag(config=True)
    length = Enum(
        ("strict", "shortest", "longest"),
        default_value="strict",
        help="What to do with inputs of different lengths (by_position): refuse them, cut them, "
        "or fill them with nulls.",
    ).tag(config=True)
    distinct = Bool(False, help="Leave out rows that were there before (append).").tag(config=True)
    source = Unicode(help="A column that names the input a row is from (append).").tag(config=True)
    take = Unicode(help="The input to take (choose).").tag(config=True, examples=["north"])
    when = Dict(
        help="A condition for each input (choose), over the inputs and its own value; an input "
        "without one is always taken.",
    ).tag(config=True, examples=[{"north": "value.ok"}])
    sql = Unicode(help="The query, over the inputs as tables and parameters (sql).").tag(
        config=True
    )
    fields = Dict(
        help="Edits of the merged fields: set, cast, drop, keep, rename and order, in this order. "
        "A set value in {{ }} is computed for each row, over its fields, row, index and inputs.",
    ).tag(config=True, examples=[{"drop": ["id"], "set": {"total": "{{ price * count }}"}}])

    @validate("key")
    def _check_key(self, proposal: dict[str, Any]) -> Any:
        key = proposal["value"]
        parts = list(key.values()) if isinstance(key, Mapping) else [key]
        for part in parts:
            named = list(part.values()) if isinstance(part, Mapping) else part
            listed = [named] if isinstance(named, str) else named
            if not isinstance(listed, list | tuple) or not all(isinstance(x, str) for x in listed):
                raise TraitError(f"key takes names of columns, not {part!r}")
        return key

    @validate("fields")
    def _check_fields(self, proposal: dict[str, Any]) -> dict[str, Any]:
        try:
            return check_fields(proposal["value"])
        except ValueError as refused:
            raise TraitError(f"fields: {refused}") from None

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The merged value; `UsageError` names the input that does not fit the mode."""
        live = {one.name: inputs[one.name] for one in self.spec.inputs if one.name in inputs}
        live |= {name: value for name, value in inputs.items() if name not in live}
        if not live:
            raise UsageError(f"merge {self.name!r} has no inputs", hint="wire at least one")
        merged = self._merged(context, live)
        if not self.fields:
            return merged
        asker = f"merge {self.name!r}"
        return edit_fields(merged, self.fields, context.evaluate, nested(live), asker)

    def _merged(self, context: NodeContext, live: dict[PortName, Any]) -> Any:
        if self.mode == "choose":
            return self._chosen(context, live)
        if self.mode == "sql":
            return self._asked(context, live)
        if self.mode == "dict":
            return live
        settled_ones = {name: settled(value) for name, value in live.items()}
        if self.mode == "append":
            return self._appended(settled_ones)
        if self.mode == "by_position":
            return self._by_position(settled_ones)
        return self._by_key(context, settled_ones)

    # ------------------------------------------------------------ by key

    def _by_key(self, context: NodeContext, live: dict[PortName, Any]) -> Any:
        keys = {name: keys_of(self.key, name, self._first(live)) for name in live}
        if self.how != "cross" and not all(keys.values()):
            without = next(name for name, key in keys.items() if not key)
            told = "no key" if not self.key else f"no key for input {without!r}"
            raise UsageError(
                f"merge {self.name!r} has mode by_key and {told}",
                hint="name the columns that must agree, such as key: [city, date]",
            )
        maker, tables = self._tables(live)
        self._check_keys(maker, tables, keys)
        query = getattr(context, "query", None)
        rules = Rules(maker, self.how, self.clash, self.expect, self.nulls == "match", query)
        (first, joined), *rest = tables.items()
        for name, table in rest:
            left = Side(first, joined, keys[first])
            joined = join(left, Side(name, table, keys[name]), rules)
        return joined

    def _first(self, live: Mapping[PortName, Any]) -> PortName:
        return next(iter(live))

    def _check_keys(
        self,
        maker: Family,
        tables: Mapping[PortName, Any],
        keys: Mapping[PortName, tuple[str, ...]],
    ) -> None:
        if self.how == "cross":
            return
        first = next(iter(keys))
        for name, table in tables.items():
            columns = maker.columns(table)
            absent = [key for key in keys[name] if key not in columns]
            if absent and (columns or maker.count(table)):
                raise UsageError(
                    f"input {name!r} of merge {self.name!r} has no column {absent[0]!r}",
                    hint=f"its columns: {', '.join(columns)}",
                )
            if len(keys[name]) != len(keys[first]):
                raise UsageError(
                    f"merge {self.name!r} has {len(keys[first])} columns in the key of {first!r} "
                    f"and {len(keys[name])} in that of {name!r}",
                    hint="name as many for each input",
                )

    def _tables(self, live: Mapping[PortName, Any]) -> tuple[Family, dict[PortName, Any]]:
        found = families(live.values())
        for (name, value), one in zip(live.items(), found, strict=True):
            if one is None:
                raise UsageError(
                    f"input {name!r} of merge {self.name!r} is a {type(value).__name__}, "
                    "and by_key needs tables",
                    hint="give a data frame, an Arrow table or a list of dicts",
                )
        maker = found[0]
        assert maker is not None  # noqa: S101  looked at just now
        return maker, {name: maker.take(value) for name, value in live.items()}

    # ------------------------------------------------------------ append, by position

    def _appended(self, live: dict[PortName, Any]) -> Any:
        found = families(live.values())
        if (maker := found[0]) is not None and all(found):
            tables = [maker.take(value) for value in live.values()]
            if self.source:
                tables = [
                    maker.with_column(table, self.source, [str(name)] * maker.count(table))
                    for name, table in zip(live, tables, strict=True)
                ]
            stacked = maker.stack(tables)
            return maker.distinct(stacked) if self.distinct else stacked
        if self.source:
            name = next(name for name, one in zip(live, found, strict=True) if one is None)
            raise UsageError(
                f"input {name!r} of merge {self.name!r} is a {type(live[name]).__name__}, and "
                "source is a column of tables",
                hint="leave source out, or give tables",
            )
        gathered: list[Any] = []
        for value in live.values():
            gathered.extend(value if isinstance(value, list | tuple) else [value])
        if not self.distinct:
            return gathered
        return [gathered[at] for at in first_of_each(gathered)]

    def _by_position(self, live: dict[PortName, Any]) -> Any:
        found = families(live.values())
        counts = {
            name: _length(name, value, one)
            for (name, value), one in zip(live.items(), found, strict=True)
        }
        if self.length == "strict" and len(set(counts.values())) > 1:
            told = ", ".join(f"{name} has {count}" for name, count in counts.items())
            raise UsageError(
                f"by_position needs inputs of one length, and {told}",
                hint="say length: shortest or longest, or join by_key",
            )
        most = max(counts.values()) if self.length == "longest" else min(counts.values())
        rows = {
            name: [*range(min(count, most)), *([-1] * (most - count))]
            for name, count in counts.items()
        }
        if (maker := found[0]) is None or not all(found):
            return [
                {name: live[name][rows[name][at]] if rows[name][at] >= 0 else None for name in live}
                for at in range(most)
            ]
        (first, value), *rest = live.items()
        joined = maker.picked(maker.take(value), rows[first])
        for name, more in rest:
            left, right = Side(first, joined, ()), Side(name, maker.take(more), ())
            joined = paired(
                left, right, (list(range(most)), rows[name]), Rules(maker, clash=self.clash)
            )
        return joined

    # ------------------------------------------------------------ choose, sql

    def _chosen(self, context: NodeContext, live: dict[PortName, Any]) -> Any:
        if self.take:
            known = [str(one.name) for one in self.spec.inputs] or [*map(str, live)]
            if self.take not in live:
                told = "was not taken" if self.take in known else "is no input"
                raise UsageError(
                    f"merge {self.name!r} takes {self.take!r}, which {told}",
                    hint=f"live: {', '.join(live)}; {did_you_mean(self.take, known)}",
                )
            return live[PortName(self.take)]
        for name, value in live.items():
            condition = self.when.get(name)
            if condition is None:
                return value
            told = f"when {name} of merge {self.name!r}:"
            with at_setting("when", name):
                chosen = holds(
                    context, told, bare(str(condition)), {**nested(live), "value": value}
                )
            if chosen:
                return value
        raise UsageError(
            f"merge {self.name!r} takes none of its inputs: no condition of when holds",
            hint="leave out the condition of the input that is to be taken then",
        )

    def _asked(self, context: NodeContext, live: dict[PortName, Any]) -> Any:
        if not self.sql.strip():
            raise UsageError(
                f"merge {self.name!r} has mode sql and no query",
                hint="write sql: SELECT … over its inputs",
            )
        kind = kind_of_first(live)
        return ask(context, self.sql, live, f"merge {self.name!r}", result=kind)


def keys_of(key: Any, name: PortName, first: PortName) -> tuple[str, ...]:
    """The columns that are compared in an input, in the order of those of the first."""
    if not isinstance(key, Mapping):
        return (key,) if isinstance(key, str) else tuple(key)
    if name in key:
        own = key[name]
        if isinstance(own, str):
            return (own,)
        return tuple(own.values()) if isinstance(own, Mapping) else tuple(own)
    pairs = next((one for one in key.values() if isinstance(one, Mapping)), None)
    return tuple(pairs) if pairs is not None and name == first else ()


def _length(name: PortName, value: Any, found: Family | None) -> int:
    if found is not None:
        return found.count(value)
    if isinstance(value, list | tuple):
        return len(value)
    raise UsageError(
        f"input {name!r} is a {type(value).__name__}, which has no positions",
        hint="give a table or a list, or use mode dict",
    )
