"""New fields from old ones, for a record, each item of a list or each row of a table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Dict, TraitError, Unicode, validate

from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.nodes.rows.columns import check_columns
from flowbook.nodes.rows.expressions import Question, is_expression
from flowbook.nodes.rows.node import RowsNode, one_of
from flowbook.nodes.rows.shapes import Items, Records, Rows, Table, spare

_PART: Final = re.compile(r"\{\{((?:[^{}'\"]|'[^']*'|\"[^\"]*\"|\{[^{}]*\})*)\}\}")


class TransformNode(RowsNode):
    """Works out fields from the fields there are.

    `fields` says each by its name: a text with `{{ }}` is worked out, in which the fields of the
    row are names, `item` is the whole and `index` its number; everything else is a constant. All
    see the row as it came in, not each other. `keep` says which of the old fields stay. With `sql`
    a query over the table `items` (and the other inputs, by name) is run instead. A single record
    is taken, too.
    """

    kind: ClassVar[str] = "transform"
    begins: ClassVar[str] = "fields:\n  new: 1"
    untemplated: ClassVar[tuple[str, ...]] = ("fields", "keep", "sql")
    single: ClassVar[bool] = True
    example: ClassVar[str] = """\
%%flow orders()
return [{"id": 1, "price": 4.0, "count": 3}, {"id": 2, "price": 2.5, "count": 2}]

%%flow transform priced(orders)
fields:
  total: "{{ price * count }}"
  label: "order {{ id }}"
  currency: NOK
keep: [id]
"""

    fields = Dict(
        help="The new fields: an expression in {{ }}, a text with some, or a constant."
    ).tag(config=True, examples=[{"total": "{{ price * count }}", "currency": "NOK"}])
    keep = traitlets.Any(
        "all", help="Which fields of the row stay: all, only (the new ones), or a list of names."
    ).tag(config=True, examples=["all", "only", ["id", "city"]])
    sql = Unicode(help="One query over the table items and the other inputs instead.").tag(
        config=True, examples=["SELECT city, sum(total) AS total FROM items GROUP BY city"]
    )

    @validate("fields")
    def _check_fields(self, proposal: Any) -> Any:
        for name, value in proposal["value"].items():
            if not isinstance(value, str):
                continue
            for part in _parts(value):
                wrong = is_expression(part[1]) if part[0] == "asked" else ""
                if wrong:
                    raise TraitError(f"fields: {name}: {wrong}")
        return proposal["value"]

    @validate("keep")
    def _check_keep(self, proposal: Any) -> Any:
        keep = proposal["value"]
        if keep in ("all", "only") or isinstance(keep, list | tuple):
            return keep
        raise TraitError(f"keep: {keep!r} is neither all, only nor a list of names")

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The rows with their new fields; `ExpressionError` names the first rows that fail."""
        chosen = one_of(self, "fields", "sql")
        rows = self.rows(inputs)
        if chosen == "sql":
            return self._queried(context, rows, inputs)
        question = self.question(context, inputs)
        if isinstance(rows, Items):
            return self._of_items(rows, question)
        return self._of_rows(rows, question).give()

    def _queried(self, context: NodeContext, rows: Rows, inputs: Mapping[PortName, Any]) -> Any:
        found = self.ask_sql(context, self.sql, rows, inputs)
        if isinstance(rows, Table) and isinstance(found, Table):
            return rows.taken(found).give()
        return list(found.items())

    def _of_rows(self, rows: Rows, question: Question) -> Rows:
        keep = self._kept(rows)
        if isinstance(rows, Records):
            new = rows.make({name: self._values(rows, name, question) for name in self.fields})
            return rows.only(keep).beside(new)
        assert isinstance(rows, Table)  # noqa: S101 - plain items went another way
        made, names = rows, dict[str, str]()
        for number, name in enumerate(self.fields):
            # Under a name of its own until all are worked out: the old one may have to stay.
            names[name] = spare((*(made.columns or ()), *self.fields), f"field{number}")
            made = self._with_field(made, rows, names[name], name, question)
        behind = [name for name in names if name not in keep]
        shaped = made.only([names.get(name, name) for name in (*keep, *behind)])
        return shaped.like(shaped.frame.rename({names[name]: name for name in names}))

    def _kept(self, rows: Rows) -> list[str]:
        if self.keep == "only":
            return []
        if self.keep == "all":
            return list(rows.columns or [])
        names = [str(one) for one in self.keep]
        check_columns(rows, names, f"keep of {self.place}")
        return names

    def _with_field(
        self, made: Table, rows: Table, into: str, name: str, question: Question
    ) -> Table:
        text = _single(self.fields[name])
        if text is None:
            return made.put({into: self._values(rows, name, question)})
        told = self.worked(rows, into, self.asked(text, f"fields.{name}"), question, made)
        assert isinstance(told, Table)  # noqa: S101 - a table stays one
        return told

    def _values(self, rows: Rows, name: str, question: Question) -> list[Any]:
        """The field of each row."""
        value = self.fields[name]
        if not isinstance(value, str) or "{{" not in value:
            return [value] * len(rows)
        parts = [
            question.values(self.asked(part, f"fields.{name}"), rows)
            if how == "asked"
            else [part] * len(rows)
            for how, part in _parts(value)
        ]
        if _single(value) is not None:
            return parts[0]
        return ["".join(map(_written, row)) for row in zip(*parts, strict=True)]

    def _of_items(self, rows: Items, question: Question) -> list[Any]:
        columns = {name: self._values(rows, name, question) for name in self.fields}
        return list(Records([]).make(columns).give())


def _single(value: Any) -> str | None:
    """The expression of a text that is nothing else."""
    parts = _parts(value) if isinstance(value, str) else []
    return parts[0][1] if len(parts) == 1 and parts[0][0] == "asked" else None


def _parts(text: str) -> list[tuple[str, str]]:
    """A text as what stands there and what is asked."""
    parts, at = [], 0
    for found in _PART.finditer(text):
        if found.start() > at:
            parts.append(("text", text[at : found.start()]))
        parts.append(("asked", found[1].strip()))
        at = found.end()
    if at < len(text):
        parts.append(("text", text[at:]))
    if any(how == "text" and "{{" in part for how, part in parts):
        raise TraitError(f"fields: {text!r} has a {{{{ that is not closed")
    return parts


def _written(value: Any) -> str:
    """A value in a text, as templates write it: null is nothing, lists and records are JSON."""
    if value is None:
        return ""
    if isinstance(value, bool | list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if isinstance(value, date | time) else str(value)
