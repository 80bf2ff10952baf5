"""What is in a table, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from traitlets import Int

from flowbook.errors import UsageError
from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.nodes.rows.measures import MEASURES, as_text, frozen, measure
from flowbook.nodes.rows.node import RowsNode
from flowbook.nodes.rows.shapes import Items, Records, Rows

_NUMBERS: Final = (int, float)


class SummariseNode(RowsNode):
    """Says what is in each column: a row per column, in a table of the same kind.

    Its columns are `column`, `type`, `count` (values that are not null), `nulls`, `distinct`, for
    numbers `mean`, `std`, `min`, `q25`, `median`, `q75` and `max`, for texts and moments `lowest`
    and `highest` as text, and `top`, the most frequent values with their counts.
    """

    kind: ClassVar[str] = "summarise"
    example: ClassVar[str] = """\
%%flow orders()
return [
    {"city": "Oslo", "total": 3},
    {"city": "Bergen", "total": 12},
    {"city": "Oslo", "total": None},
]

%%flow summarise profile(orders)
"""

    top = Int(3, min=0, max=100, help="How many of the most frequent values to name.").tag(
        config=True
    )

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """A row per column; a list of plain items has one, called item."""
        rows = self.rows(inputs)
        if isinstance(rows, Items):
            rows = Records([{"item": one} for one in rows.items()])
        told = [self._column(rows, name) for name in rows.columns or []]
        names = _profile("", [], 0)
        return rows.make({name: [one[name] for one in told] for name in names}).give()

    def _column(self, rows: Rows, name: str) -> dict[str, Any]:
        return _profile(name, rows.values(name), self.top)


def _profile(name: str, values: list[Any], top: int) -> dict[str, Any]:
    found = [one for one in values if one is not None]
    kinds = {type(one) for one in found}
    counts: dict[Any, int] = {}
    shown: dict[Any, Any] = {}
    for one in found:
        key = frozen(one)
        counts[key] = counts.get(key, 0) + 1
        shown.setdefault(key, one)
    frequent = sorted(counts, key=lambda key: -counts[key])[:top]
    numbers = found if kinds and kinds.issubset(_NUMBERS) else []
    return {
        "column": name,
        "type": _type(kinds),
        "count": len(found),
        "nulls": len(values) - len(found),
        "distinct": len(counts),
        **_numbers(numbers),
        **_ends([] if numbers else found),
        "top": [{"value": as_text(shown[key]), "count": counts[key]} for key in frequent],
    }


def _type(kinds: set[type]) -> str:
    """`int`, `float`, `str` and so on; `int | str` where a column has both."""
    names = {kind.__name__ for kind in kinds}
    if names == {"int", "float"}:
        return "float"
    return " | ".join(sorted(names)) or "null"


def _numbers(values: list[Any]) -> dict[str, float | None]:
    if all(one == one for one in values):  # NaN is not itself, and has no place in an order
        values = sorted(values)  # once, for all that need it
    return {
        "mean": _number(MEASURES["mean"](values)),
        "std": _number(MEASURES["std"](values)),
        "min": _number(MEASURES["min"](values)),
        "q25": _number(measure("quantile", q=0.25)(values)),
        "median": _number(MEASURES["median"](values)),
        "q75": _number(measure("quantile", q=0.75)(values)),
        "max": _number(MEASURES["max"](values)),
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _ends(values: list[Any]) -> dict[str, str | None]:
    try:
        ends = MEASURES["min"](values), MEASURES["max"](values)
    except UsageError:  # of what cannot be compared there is no least
        ends = None, None
    names = ("lowest", "highest")
    return {
        name: None if end is None else as_text(end) for name, end in zip(names, ends, strict=True)
    }
