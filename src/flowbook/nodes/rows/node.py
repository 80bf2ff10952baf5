"""What the nodes over rows have in common: which input they are about, and how they ask it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, ClassVar, Final

import traitlets
from traitlets import TraitError

from flowbook.errors import UsageError
from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.options import Options
from flowbook.ids import PortName
from flowbook.nodes.pointing import at_setting
from flowbook.nodes.router import nested
from flowbook.nodes.rows.columns import check_columns
from flowbook.nodes.rows.expressions import INDEX, ITEM, Asked, Question, is_expression, read
from flowbook.nodes.rows.shapes import Rows, Table, opened
from flowbook.nodes.rows.vectors import vectorised
from flowbook.nodes.tables import columnar

_ASKED: Final = "{{ items }}"
_ITEMS: Final = PortName("items")


class RowsNode(Node):
    """A node over the rows of one input.

    That is what `over` says, else the input called `items`, else the first input of the header.
    Every other input can be read by name in expressions.
    """

    family: ClassVar[str] = "data"
    defaults: ClassVar[Options] = Options(pure=True)
    single: ClassVar[bool] = False
    """True when a record may stand for a list of one."""

    over = traitlets.Any(
        _ASKED,
        help="The table or list it works on; without it the input called items, else the first "
        "input.",
    ).tag(config=True, examples=["{{ fetch.rows }}"])

    @property
    def place(self) -> str:
        """What errors call it."""
        return f"{self.kind} {self.name!r}"

    def subject(self, inputs: Mapping[PortName, Any]) -> Any:
        """The value it works on; `UsageError` when there is none."""
        if not (isinstance(self.over, str) and self.over == _ASKED):
            return self.over
        if _ITEMS in inputs:
            return inputs[_ITEMS]
        first = next((one.name for one in self.spec.inputs), next(iter(inputs), None))
        if first is None or first not in inputs:
            raise UsageError(
                f"{self.place} does not know what to work on",
                hint='name an input in its header, or say over: "{{ fetch.rows }}"',
            )
        return inputs[first]

    def rows(self, inputs: Mapping[PortName, Any]) -> Rows:
        """The rows it works on."""
        return opened(self.subject(inputs), self.place, single=self.single)

    def question(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Question:
        """Where its expressions are asked."""
        strict = getattr(self, "nulls", "pass") == "fail"
        return Question(context, nested(inputs), strict=strict)

    def asked(self, text: str, setting: str) -> Asked:
        """An expression of a setting."""
        name, _, key = setting.partition(".")
        return read(text, f"{setting} of {self.place}", (name, key) if key else (name,))

    def worked(
        self, rows: Rows, name: str, asked: Asked, question: Question, onto: Rows | None = None
    ) -> Rows:
        """`rows` with what an expression gives as `name`; or `onto`, which has as many rows."""
        target = rows if onto is None else onto
        if isinstance(rows, Table) and isinstance(target, Table) and not question.strict:
            with asked.at():
                question.check(asked, rows)
            expr = vectorised(asked, rows, question.others)
            if expr is not None:
                made = rows.frame.select(expr.alias(name))[name]
                return target.like(target.frame.with_columns(made))
        return target.put({name: question.values(asked, rows)})

    def keyed(self, rows: Rows, key: str, question: Question, setting: str) -> list[Any]:
        """A key of each row: its column of that name, else what the expression gives."""
        if rows.columns is not None and key in rows.columns:
            return rows.values(key)
        with at_setting(setting, text=key):
            self.check_key(rows, key, question.others, setting)
        return question.values(self.asked(key, setting), rows)

    def check_key(self, rows: Rows, key: str, others: Container[str], setting: str) -> None:
        """Refuse a key that can only be meant as a column, and is none."""
        known = (*(rows.columns or ()), ITEM, INDEX)
        named = key.isidentifier() or bool(is_expression(key))
        if named and key not in known and key not in others:
            check_columns(rows, [key], f"{setting} of {self.place}")

    def ask_sql(
        self, context: NodeContext, sql: str, rows: Rows, inputs: Mapping[PortName, Any]
    ) -> Rows:
        """What a query gives; the rows are the table `items`, and stand under the input's name."""
        tables: dict[str, Any] = {}
        parameters: dict[str, Any] = {}
        for name, value in inputs.items():
            table = columnar(value)
            if table is None:
                parameters[name] = value
            else:
                tables[name] = table
        tables["items"] = queryable(rows, self.place)
        try:
            # Arrow keeps whole numbers beside nulls, and dates; pandas stays itself.
            found = context.query(sql, tables, parameters, result=_result(rows))
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001  the database's errors are not ours to import
            raise UsageError(
                f"sql of {self.place}: {error}",
                hint="the rows are the table items; other inputs that are no tables are $name",
            ) from None
        return opened(found, f"sql of {self.place}")


def _result(rows: Rows) -> str:
    pandas = isinstance(rows, Table) and rows.frame.implementation.is_pandas_like()
    return "frame" if pandas else "arrow"


def queryable(rows: Rows, place: str) -> Any:
    """Rows as a table that a query can read in place."""
    if isinstance(rows, Table):
        return rows.frame.to_native()
    if rows.columns is None and len(rows):
        table = columnar([{"item": one} for one in rows.items()])
    else:
        table = columnar([dict(one) for one in rows.items()])
    if table is None:
        raise UsageError(
            f"sql of {place} cannot query a list without rows: nobody knows its columns",
            hint="give a table, which has columns even without rows",
        )
    return table


NULLS: Final = (
    "pass: an expression that cannot be worked out because a field is null gives null. fail: it is "
    "an error."
)


def shared_ports(node: Node, first: Rows, named: str, rest: Callable[[], Rows]) -> Any | Outputs:
    """`first` on every port, and `rest` on the one called `named`, if that is declared."""
    ports = type(node).ports(node.spec)
    if PortName(named) not in ports:
        return first.give()
    return Outputs({port: (rest() if port == named else first).give() for port in ports})


def check_key(setting: str, key: object) -> str:
    """A column or an expression as it was given, or nothing; `TraitError` for what is no text."""
    if not isinstance(key, str):
        raise TraitError(f"{setting}: {key!r} is neither a column nor an expression")
    return key


def check_text(setting: str, text: str) -> str:
    """An expression as it was given, or nothing; `TraitError` for what is none."""
    wrong = is_expression(text) if text.strip() else ""
    if wrong:
        raise TraitError(f"{setting}: {wrong}")
    return text


def one_of(node: Node, *settings: str) -> str:
    """The one of `settings` that is given; `UsageError` for none, or more than one."""
    given = [name for name in settings if getattr(node, name)]
    if len(given) != 1:
        told = " and ".join(given) or "none of them"
        raise UsageError(
            f"{node.kind} {node.name!r} takes one of {', '.join(settings)}, and has {told}",
            hint=f"write one of them, such as {settings[0]}",
        )
    return given[0]
