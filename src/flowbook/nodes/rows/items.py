"""For each item: compute something, keep it or not, or bring all together to one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Enum, Unicode, validate

from flowbook.errors import ExpressionError, UsageError
from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.nodes.rows.expressions import INDEX, ITEM, Question
from flowbook.nodes.rows.measures import measure
from flowbook.nodes.rows.node import NULLS, RowsNode, check_text, one_of, shared_ports
from flowbook.nodes.rows.shapes import Items, Rows, Table, spare
from flowbook.nodes.rows.vectors import condition, vectorised

_DROPPED: Final = "dropped"
_HOWS: Final = ("sum", "min", "max", "mean", "count", "first", "last", "join")


class MapItemsNode(RowsNode):
    """Works out an expression for each item of a list or each row of a table.

    It gives the list of what came out, or, with `into`, the rows with it as a column. In the
    expression the fields of a row are names, `item` is the whole and `index` its number from 0.
    Over a table it takes whole columns at once where that gives the same: for arithmetic,
    comparisons and conditions of columns and constants; else it asks row by row.
    """

    kind: ClassVar[str] = "map_items"
    begins: ClassVar[str] = "expression: item"
    untemplated: ClassVar[tuple[str, ...]] = ("expression", "into", "nulls")
    example: ClassVar[str] = """\
%%flow orders()
return [{"price": 4.0, "count": 3}, {"price": 2.5, "count": 2}]

%%flow map_items priced(orders)
expression: price * count
into: total
"""

    expression = Unicode(help="What to work out, such as price * count.").tag(
        config=True, examples=["price * count", "item.name.upper()"]
    )
    into = Unicode(
        help="The column to put it in; without it the node gives a list of the values."
    ).tag(config=True)
    nulls = Enum(("pass", "fail"), default_value="pass", help=NULLS).tag(config=True)

    @validate("expression")
    def _check_expression(self, proposal: Any) -> str:
        return check_text("expression", proposal["value"])

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The values, or the rows with them; `ExpressionError` names the first rows that fail."""
        if not self.expression:
            raise UsageError(
                f"{self.place} has no expression", hint="write one, such as expression: item * 2"
            )
        rows, question = self.rows(inputs), self.question(context, inputs)
        asked = self.asked(self.expression, "expression")
        if self.into:
            if isinstance(rows, Items):
                raise UsageError(
                    f"into of {self.place} needs a table or a list of records",
                    hint="leave into out to get a list",
                )
            return self.worked(rows, self.into, asked, question).give()
        if not isinstance(rows, Table) or question.strict:
            return question.values(asked, rows)
        question.check(asked, rows)
        expr = vectorised(asked, rows, question.others)
        if expr is None:
            return question.values(asked, rows)
        name = spare(rows.columns, "value")
        return rows.like(rows.frame.select(expr.alias(name))).values(name)


class FilterNode(RowsNode):
    """Keeps the items or rows for which a condition holds.

    A declared output called `dropped` carries the others; every other output carries what is kept.
    A null counts as no: a condition that cannot be worked out because a field is null does not
    hold, so ask for it where it should: `amount is None or amount > 3`.
    """

    kind: ClassVar[str] = "filter"
    begins: ClassVar[str] = "where: 1 == 1"
    untemplated: ClassVar[tuple[str, ...]] = ("where", "sql", "nulls")
    example: ClassVar[str] = """\
%%flow orders()
return [{"city": "Oslo", "total": 12}, {"city": "Bergen", "total": 3}]

%%flow filter orders_by_size(orders) -> big, dropped
where: total > 10
"""

    where = Unicode(help="The condition, such as total > 10 and city != 'Oslo'.").tag(
        config=True, examples=["total > 10", "item > 3", "city in ['Oslo', 'Bergen']"]
    )
    sql = Unicode(
        help="The condition as SQL instead, what follows WHERE; other inputs are $name."
    ).tag(config=True, examples=["total > 10 and city ilike 'os%'"])
    nulls = Enum(("pass", "fail"), default_value="pass", help=NULLS).tag(config=True)

    @validate("where")
    def _check_where(self, proposal: Any) -> str:
        return check_text("where", proposal["value"])

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """What is kept, by port; `ExpressionError` names the first rows that fail."""
        one_of(self, "where", "sql")
        rows = self.rows(inputs)
        kept, dropped = self._parted(context, rows, inputs)
        context.log(f"kept {len(kept):,} of {len(rows):,}")
        return shared_ports(self, kept, _DROPPED, dropped)

    def _parted(
        self, context: NodeContext, rows: Rows, inputs: Mapping[PortName, Any]
    ) -> tuple[Rows, Callable[[], Rows]]:
        if self.sql:
            return parted(rows, set(self._found(context, rows, inputs)))
        question = self.question(context, inputs)
        asked = self.asked(self.where, "where")
        if isinstance(rows, Table) and not question.strict:
            question.check(asked, rows)
            expr = condition(asked, rows, question.others)
            if expr is not None:
                kept = rows.like(rows.frame.filter(expr))
                return kept, lambda: rows.like(rows.frame.filter(~expr))
        values = question.values(asked, rows)
        return parted(rows, {at for at, value in enumerate(values) if value})

    def _found(self, context: NodeContext, rows: Rows, inputs: Mapping[PortName, Any]) -> list[int]:
        """The positions of the rows that the database finds."""
        if not len(rows):
            return []
        name = spare(rows.columns or (), "row")
        if isinstance(rows, Items):
            from flowbook.nodes.rows.shapes import Records

            rows = Records([{ITEM: one} for one in rows.items()])
        numbered = rows.put({name: list(range(len(rows)))})
        query = f'SELECT "{name}" FROM items WHERE (\n{self.sql}\n) ORDER BY 1'  # noqa: S608  the user's own SQL
        found = self.ask_sql(context, query, numbered, inputs)
        return [int(at) for at in found.values(name)]


class ReduceNode(RowsNode):
    """Brings all items or rows to one value.

    Say `how` (and of which `column`), or an `expression` that gives the new `total` from `total`
    so far and the `item`, beginning with `initial`, or an aggregate in `sql`.
    """

    kind: ClassVar[str] = "reduce"
    begins: ClassVar[str] = "how: count"
    untemplated: ClassVar[tuple[str, ...]] = ("expression", "sql", "column", "how")
    example: ClassVar[str] = """\
%%flow orders()
return [{"city": "Oslo", "total": 12}, {"city": "Bergen", "total": 3}]

%%flow reduce revenue(orders)
how: sum
column: total

%%flow reduce longest(orders)
initial: ""
expression: "city if len(city) > len(total) else total"
"""

    how = Enum(
        ("", *_HOWS),
        default_value="",
        help="What to make of the column: sum, mean, join and so on.",
    ).tag(config=True)
    column = Unicode(
        help="The column it is made of, or an expression; left out for a list of plain values."
    ).tag(config=True, examples=["total", "price * count"])
    expression = Unicode(
        help="The new total, from total, item, index and the fields of the row."
    ).tag(config=True, examples=["total + item", "total if total > price else price"])
    initial = traitlets.Any(None, help="The total before the first item.").tag(
        config=True, examples=[0, ""]
    )
    sql = Unicode(help="An aggregate over the table items, such as sum(total).").tag(
        config=True, examples=["sum(total) / count(*)"]
    )
    separator = Unicode(", ", help="What join puts between the values.").tag(config=True)

    @validate("expression")
    def _check_expression(self, proposal: Any) -> str:
        return check_text("expression", proposal["value"])

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The one value; null for the mean, least or greatest of nothing."""
        chosen = one_of(self, "how", "expression", "sql")
        rows = self.rows(inputs)
        if chosen == "sql":
            found = self.ask_sql(context, f"SELECT {self.sql} FROM items", rows, inputs)  # noqa: S608  # it is the author's own query
            return found.values((found.columns or [""])[0])[0]
        question = self.question(context, inputs)
        return (
            self._folded(rows, question) if chosen == "expression" else self._made(rows, question)
        )

    def _made(self, rows: Rows, question: Question) -> Any:
        if self.how == "count" and not self.column:
            return len(rows)
        if not self.column:
            if not isinstance(rows, Items) and len(rows):
                raise UsageError(
                    f"{self.place} does not know what to {self.how}",
                    hint=f"name a column, such as column: {(rows.columns or ['total'])[0]}",
                )
            return self._measured(list(rows.items()))
        if isinstance(rows, Table) and self.column in rows.columns:
            series = rows.frame[self.column]
            if self.how in ("sum", "mean", "min", "max") and series.dtype.is_numeric():
                return native(series, self.how)
        return self._measured(self.keyed(rows, self.column, question, "column"))

    def _measured(self, values: list[Any]) -> Any:
        try:
            return measure(self.how, separator=self.separator)(values)
        except UsageError as refused:
            raise UsageError(f"{self.place}: {refused.message}", hint=refused.hint) from None

    def _folded(self, rows: Rows, question: Question) -> Any:
        asked = self.asked(self.expression, "expression")
        names = dict(question.others)
        blank = dict.fromkeys(rows.columns or [])
        total = self.initial
        for index, item in enumerate(rows.items()):
            if not isinstance(rows, Items):
                names.update(blank)
                names.update(item)
            names.update({ITEM: item, INDEX: index, "total": total})
            try:
                total = question.context.evaluate(asked.text, names)
            except ExpressionError as failed:
                hint = failed.hint or "rows count from 0; initial is the total before the first"
                with asked.at():
                    raise ExpressionError(
                        f"{asked.place}: `{asked.text}` fails in row {index}: {failed.message}",
                        hint=hint,
                        code=failed.code,
                        column=failed.column,
                    ) from None
        return total


def parted(rows: Rows, chosen: set[int]) -> tuple[Rows, Callable[[], Rows]]:
    """The rows at the chosen positions, and a way to the others, both in their order."""
    size = len(rows)
    if isinstance(rows, Table) and size:
        mask = [at in chosen for at in range(size)]
        kept: Rows = rows.like(rows.frame.filter(mask))
        return kept, lambda: rows.like(rows.frame.filter([not one for one in mask]))
    if len(chosen) == size:
        return rows, lambda: rows.take([])
    kept = rows.take([at for at in range(size) if at in chosen])
    return kept, lambda: rows.take([at for at in range(size) if at not in chosen])


def native(series: Any, how: str) -> Any:
    """What the library itself makes of a column of numbers, as Python's own number."""
    if series.null_count() == len(series):
        return 0 if how == "sum" else None
    found = getattr(series, how)()
    return found.item() if hasattr(found, "item") else found
