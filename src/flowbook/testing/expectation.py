"""What has to hold of a node of a run: `expect(run, "clean").rows(3)`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Self

from flowbook.errors import FlowbookError, UsageError
from flowbook.expr.evaluate import evaluate
from flowbook.expr.parse import bare, parse
from flowbook.graph.schemas import COLUMNS, Columns, schema_of
from flowbook.ids import PortName
from flowbook.nodes.tables import columnar, rows_of
from flowbook.run.rules.phase import Outcome
from flowbook.session.frames import column_misfits, dtypes_of
from flowbook.session.verdicts import json_judge
from flowbook.store.query import Tables
from flowbook.testing.compare import MOST, Comparison, in_order
from flowbook.testing.seen import Seen

_GAVE = (Outcome.SUCCEEDED, Outcome.REUSED)


def expect(run: Any, node: Any, port: str | None = None) -> Expectation:
    """What is to hold of a node of `run`, or of one of its ports.

    >>> import flowbook
    >>> flow = flowbook.Flow("prices")
    >>> @flow.node
    ... def prices():
    ...     return [{"item": "tea", "price": 3.5}, {"item": "jam", "price": 4.25}]
    >>> run = flow.test()
    >>> _ = expect(run, "prices").rows(2).where("price > 0")
    >>> _ = expect(run, "prices").sql("select sum(price) = 7.75 from prices")
    """
    return Expectation(run, str(getattr(node, "name", node)), port)


@cache
def _duckdb() -> Tables:
    return Tables()


class Expectation:
    """Says what has to hold; each method raises `AssertionError` when it does not."""

    def __init__(self, run: Any, node: str, port: str | None = None) -> None:
        self._run, self.node, self.port = run, node, port
        self._of = run[node]

    @property
    def value(self) -> Any:
        """What the node gave, or the port has; `AssertionError` when it gave nothing."""
        self.succeeded()
        if self.port is None:
            return self._of.output
        outputs = self._of.outputs
        if self.port not in outputs:
            self._fail(f"gave nothing on {self.port!r}", f"live: {', '.join(outputs) or 'none'}")
        return outputs[PortName(self.port)]

    # ------------------------------------------------------------ how it ended

    def succeeded(self) -> Self:
        """It ran well, or gave what was known before."""
        if self._of.outcome not in _GAVE:
            error = self._of.error
            why = f"{error.type}: {error.message}" if error is not None else ""
            self._fail(f"is {self._word()}, not succeeded", why)
        return self

    def failed(self, told: str = "") -> Self:
        """It failed, with an error whose type or message has `told` in it."""
        error = self._of.error
        if self._of.outcome is not Outcome.FAILED:
            self._fail(f"is {self._word()}, not failed")
        text = "" if error is None else f"{error.type}: {error.message}"
        if told not in text:
            self._fail(f"failed, and not with {told!r}", text)
        return self

    def skipped(self) -> Self:
        """It was not run, since no branch led to it."""
        if self._of.outcome is not Outcome.SKIPPED:
            self._fail(f"is {self._word()}, not skipped")
        return self

    def logged(self, text: str) -> Self:
        """It printed or logged `text`, perhaps among other things."""
        if text not in self._of.logs:
            self._fail(f"never said {text!r}", self._of.logs or "it said nothing")
        return self

    # ------------------------------------------------------------ what it gave

    def equals(self, wanted: Any, *, tolerance: float = 0.0, ignore_order: bool = False) -> Self:
        """It gave `wanted`; numbers within `tolerance`, relative or absolute.

        A table equals the rows it has, whichever library made it; `ignore_order` compares rows and
        items as a bag.
        """
        found = self.value
        if ignore_order:
            found, wanted = in_order(found), in_order(wanted)
        differences = Comparison(tolerance).differences(found, wanted)
        if differences:
            self._fail("gave something else", *differences)
        return self

    def schema(self, wanted: Any) -> Self:
        """What it gave fits a schema: a type, columns, a class, or a JSON Schema."""
        value, schema = self.value, schema_of(wanted)
        if isinstance(schema, Mapping) and COLUMNS in schema:
            return self._columns(value, Columns.from_json(schema))
        found = json_judge(schema, wanted if isinstance(wanted, type) else None)(value)
        if found is not None:
            self._fail(f"at {found.path} is {found.shown}", f"expected {found.expected}")
        return self

    def _columns(self, value: Any, wanted: Columns) -> Self:
        table = value if dtypes_of(value) is not None else columnar(value)
        if table is None:
            self._fail(f"is a {type(value).__name__}, not a table")
        misfits = [
            f"column {one.column}: {one.there}, expected {one.expected}"
            for one in column_misfits(table, wanted)
        ]
        if misfits:
            self._fail("does not fit its columns", *misfits[:MOST])
        return self

    def rows(self, count: int) -> Self:
        """It has so many rows, or items."""
        found = len(rows_of(self.value, self.node))
        if found != count:
            self._fail(f"has {found:,} rows, expected {count:,}")
        return self

    def where(self, condition: str) -> Self:
        """A condition holds for every row: an expression over its fields, or over `item`."""
        parsed = parse(bare(condition))
        wrong = []
        for number, row in enumerate(rows_of(self.value, self.node)):
            names = {"item": row, **(row if isinstance(row, Mapping) else {})}
            if not evaluate(parsed, names):
                wrong.append(f"row {number}: {row!r}"[:200])
        if wrong:
            told = f"and {len(wrong) - MOST:,} more" if len(wrong) > MOST else ""
            self._fail(f"has rows where {condition} does not hold", *wrong[:MOST], told)
        return self

    def sql(self, statement: str) -> Self:
        """DuckDB gives one true value, and nothing false, for a statement over the node's name."""
        frame = self._asked(statement)
        values = [value for row in frame for value in row.values()]
        if not values or not all(value is True or value == 1 for value in values):
            self._fail(f"does not satisfy {statement!r}", *[f"gives {row}" for row in frame[:MOST]])
        return self

    def no_rows(self, statement: str) -> Self:
        """DuckDB finds no row for a statement over the node's name: say, the wrong ones."""
        frame = self._asked(statement)
        if frame:
            self._fail(f"has {len(frame):,} rows of {statement!r}", *map(str, frame[:MOST]))
        return self

    def matches(self, seen: Seen, *, tolerance: float = 0.0) -> Self:
        """It gave what it gave in a run that was seen."""
        scope = getattr(self._of, "scope", "")
        wanted = seen.given(f"{scope}.{self._of.node}" if scope else str(self._of.node))
        ports = {self.port: wanted.ports[PortName(self.port)]} if self.port else wanted.ports
        differences = Comparison(tolerance).differences(
            {name: self._of.outputs.get(PortName(str(name))) for name in ports}, dict(ports)
        )
        if differences:
            self._fail("gave something else than in the run that was seen", *differences)
        return self

    # ------------------------------------------------------------ telling

    def _asked(self, statement: str) -> list[dict[str, Any]]:
        table = columnar(self.value)
        if table is None:
            self._fail(f"is a {type(self._of.output).__name__}, not a table that SQL can read")
        try:
            found = _duckdb().query(statement, {self.node: table}, {})
        except Exception as error:
            if isinstance(error, FlowbookError):
                raise
            raise UsageError(f"{statement!r} cannot be asked: {error}") from None
        rows: list[dict[str, Any]] = list(rows_of(found, self.node)) if len(found) else []
        return rows

    def _word(self) -> str:
        outcome: Outcome | None = self._of.outcome
        return "not over" if outcome is None else outcome.value

    def _fail(self, what: str, *more: str) -> None:
        where = self.node if self.port is None else f"{self.node}.{self.port}"
        lines = [f"{where} {what}", *(f"  {line}" for line in more if line)]
        raise AssertionError("\n".join(lines))
