"""Whether values are what ports say, on their way into a node and out of it.

Checks are made once for a plan's work and travel with the node, so they are made where it runs,
before an output is kept: what does not fit fails the attempt with `SchemaMismatch`, and is applied
nowhere. Values are checked, never changed. A node about whose ports nothing is said has no checks
and pays nothing.

How a value is checked depends on what is said. Columns are looked up in the table. A class that is
at hand checks by its own rules (msgspec's and pydantic's, strict about types); where it refuses,
and for plain JSON Schemas, the JSON Schema says what and where.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from flowbook.errors import SchemaMismatch, UsageError
from flowbook.graph.judging import Found, Judge, shown_value, type_judge
from flowbook.graph.node import NodeContext, Outputs
from flowbook.graph.schemas import COLUMNS, Columns, Validate
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.session.annotated import annotations_of
from flowbook.session.frames import column_misfits, dtypes_of
from flowbook.session.misfit_rows import is_missing
from flowbook.session.verdicts import json_judge

Types: TypeAlias = Mapping[tuple[str, str], Any]
_COLUMNS_SHOWN: Final = 8
_ARTICLES: Final = {"input": "refuses its input", "output": "gave an output that does not fit,"}


@dataclass(eq=False)
class PortCheck:
    """What one port says; the judge is made at first use, in each process anew.

    `schema` is a schema's text, None for an annotation; `native` is the class at hand, if one is.
    `hides`: names whose values nobody may see.
    """

    node: NodeId
    side: str
    port: PortName
    schema: str | None = None
    native: Any = None
    hides: tuple[str, ...] = ()
    hides_all: bool = False
    _judge: Judge | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_judge": None}

    def ready(self) -> Judge:
        """The judge; `UsageError` for a schema that is none."""
        if self._judge is None:
            self._judge = self._made()
        return self._judge

    def _made(self) -> Judge:
        if self.schema is None:
            return type_judge(self.native)
        schema = json.loads(self.schema)
        if isinstance(schema, dict) and COLUMNS in schema:
            return _table_judge(Columns.from_json(schema))
        try:
            return json_judge(schema, self.native)
        except ValueError as refused:
            raise UsageError(
                f"node {self.node!r}: the schema of {self.side} {self.port!r} is none: {refused}"
            ) from None

    def misfit(self, value: Any) -> SchemaMismatch | None:
        """Why the value does not fit; None when it does."""
        found = (self._judge or self.ready())(value)
        if found is None:
            return None
        told = found.value_type if self._hidden(found.path) else found.shown
        where = "" if found.path == "$" else f" at {found.path}"
        hint = (
            "look at what makes it, or correct what the port says"
            if self.side == "input"
            else f"give {found.expected}, or correct what the port says"
        )
        rows = [(row, "" if self._hidden(found.path) else one) for row, one in found.rows]
        return SchemaMismatch(
            f"node {self.node!r} {_ARTICLES[self.side]} {self.port!r}{where}: "
            f"expected {found.expected}, got {told}{_in_rows(rows)}{_beside(found.columns)}",
            hint=hint,
            node=self.node,
            port=self.port,
            side=self.side,
            path=found.path,
            expected=found.expected,
            found=told,
            rows=tuple(rows),
        )

    def _hidden(self, path: str) -> bool:
        words = _plain(f"{self.port}.{path}")
        return self.hides_all or any(name in words for name in self.hides)


def _in_rows(rows: Sequence[tuple[int, str]]) -> str:
    told = ", ".join(f"row {row}: {shown}" if shown else f"row {row}" for row, shown in rows)
    return f" ({told})" if told else ""


def _beside(columns: Sequence[str]) -> str:
    if not columns:
        return ""
    more = " and others" if len(columns) > _COLUMNS_SHOWN else ""
    names = ", ".join(columns[:_COLUMNS_SHOWN])
    return f"; {names}{more} {'does' if len(columns) == 1 else 'do'} not fit either"


def _plain(text: str) -> str:
    return text.lower().replace("-", "").replace("_", "").replace(" ", "")


def _table_judge(wanted: Columns) -> Judge:
    def judge(value: Any) -> Found | None:
        if dtypes_of(value) is None:
            return Found.of("$", "a table", value)
        misfits = tuple(column_misfits(value, wanted))
        if not misfits:
            return None
        first, *others = misfits
        rows = tuple((row, "" if is_missing(one) else shown_value(one)) for row, one in first.rows)
        columns = tuple(one.column for one in others)
        return Found(f"$.{first.column}", first.expected, first.there, first.there, rows, columns)

    return judge


@dataclass(frozen=True, slots=True)
class Checks:
    """All checks of one node. `warns`: a misfit is a line in its log, and no more."""

    inputs: tuple[PortCheck, ...]
    outputs: tuple[PortCheck, ...]
    warns: bool = False

    def take(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> None:
        """Look at what goes in; raises `SchemaMismatch`."""
        for check in self.inputs:
            if check.port in inputs:
                self._settle(context, check.misfit(inputs[check.port]))

    def give(self, context: NodeContext, outputs: Outputs) -> None:
        """Look at what came out; raises `SchemaMismatch`."""
        for check in self.outputs:
            if check.port in outputs.ports:
                self._settle(context, check.misfit(outputs.ports[check.port]))

    def _settle(self, context: NodeContext, misfit: SchemaMismatch | None) -> None:
        if misfit is None:
            return
        if not self.warns:
            raise misfit
        context.log(f"warning: {misfit.message}")


def checks_for(
    node: NodeSpec,
    flow: FlowSpec,
    code: Any = None,
    names: Mapping[str, Any] | None = None,
    types: Types | None = None,
) -> Checks | None:
    """The checks of a node, None where there is nothing to check.

    `code` is the function behind it, `names` what its annotations may mean, `types` the classes
    among its schemas. Raises `UsageError` for a schema that is none.
    """
    how = node.options.validate or flow.options.validate
    if how is Validate.OFF:
        return None
    found = {(one.side, one.port): one for one in _declared(node, flow, types or {})}
    if how is not Validate.SCHEMAS:
        for (side, port), native in annotations_of(node, code, names or {}).items():
            if (side, port) not in found:
                found[side, port] = _check(node, flow, side, port, native=native)
    if node.options.settled:  # it is given a record of each input
        found = {key: one for key, one in found.items() if one.side == "output"}
    if not found:
        return None
    for one in found.values():
        one.ready()
    return Checks(
        tuple(one for one in found.values() if one.side == "input"),
        tuple(one for one in found.values() if one.side == "output"),
        warns=how is Validate.WARN,
    )


def output_misfits(node: NodeSpec, flow: FlowSpec, outputs: Outputs) -> Iterator[str]:
    """What does not fit the node's schemas among values that somebody else gives for it."""
    for check in _declared(node, flow, {}):
        if check.side == "output" and check.port in outputs.ports:
            misfit = check.misfit(outputs.ports[check.port])
            if misfit is not None:
                yield misfit.message


def _declared(node: NodeSpec, flow: FlowSpec, types: Types) -> Iterator[PortCheck]:
    for side, schemas in (("input", node.options.inputs), ("output", node.options.outputs)):
        for port, text in schemas:
            native = types.get((side, port))
            yield _check(node, flow, side, PortName(port), text, native)


def _check(
    node: NodeSpec, flow: FlowSpec, side: str, port: PortName, text: str | None = None,
    native: Any = None,
) -> PortCheck:  # fmt: skip
    logged = flow.options.log_inputs if side == "input" else flow.options.log_outputs
    hides = tuple(map(_plain, flow.options.sensitive_fields))
    return PortCheck(node.id, side, port, text, native, hides, not logged)
