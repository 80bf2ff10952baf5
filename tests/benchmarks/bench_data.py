"""What nodes over rows cost over the library's own call (tables), and per item (lists).

Tables have a million rows of a whole number, a float, a text of a thousand and a flag; lists have
100,000 records of the same. Medians of rounds, both ways in turns. The context is the real one for
expressions; nothing is recorded.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from flowbook.graph.node import Node
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.nodes.rows.grouping import AggregateNode
from flowbook.nodes.rows.items import FilterNode, MapItemsNode, ReduceNode
from flowbook.nodes.rows.ordering import DedupeNode, SortNode
from flowbook.nodes.rows.splitting import SplitNode
from flowbook.nodes.rows.transform import TransformNode
from flowbook.session.work import evaluate_text

ROWS = 1_000_000
ITEMS = 100_000
ROUNDS = 5


class Context:
    """As much of a context as these nodes ask for."""

    evaluate = staticmethod(evaluate_text)

    def log(self, text: str) -> None:
        """Nobody reads it."""

    def cancelled(self) -> bool:
        """It never is."""
        return False


def node(kind: type[Node], **config: Any) -> Callable[[Any], Any]:
    """A node of that kind as a function of its rows."""
    spec = NodeSpec(NodeId("n"), kind=kind.kind, inputs=(InputSpec(PortName("items")),))
    made = kind(spec, **config)
    return lambda rows: made.run(Context(), {PortName("items"): rows})


def records(count: int) -> list[dict[str, Any]]:
    """Rows by chance, the same each time."""
    chance = random.Random(7)
    return [
        {
            "n": chance.randrange(1_000_000),
            "x": chance.random(),
            "s": f"k{chance.randrange(1000)}",
            "t": chance.random() < 0.5,
        }
        for _ in range(count)
    ]


def median(calls: list[Callable[[], Any]], rounds: int = ROUNDS) -> list[float]:
    """Seconds of each, taken in turns."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for times, call in zip(taken, calls, strict=True):
            began = time.perf_counter()
            call()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in taken]


def tables() -> list[dict[str, object]]:
    """One row per library and operation."""
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    import pyarrow.compute as pc

    arrow = pa.Table.from_pylist(records(ROWS))
    frame, polars = arrow.to_pandas(), pl.DataFrame(arrow)
    keep = node(FilterNode, where="n > 500000 and t")
    order = node(SortNode, by=["s", "n desc"])
    group = node(AggregateNode, by="s", measures={"n": "count", "total": "sum x"})
    work = node(TransformNode, fields={"y": "{{ n * 2 + x }}"})
    own: dict[str, tuple[Any, dict[str, Callable[[], Any]]]] = {
        "pandas": (frame, {
            "filter": lambda: frame[(frame["n"] > 500000) & frame["t"]],
            "sort": lambda: frame.sort_values(["s", "n"], ascending=[True, False]),
            "aggregate": lambda: frame.groupby("s", dropna=False, sort=False).agg(
                n=("s", "size"), total=("x", "sum")),
            "transform": lambda: frame.assign(y=frame["n"] * 2 + frame["x"]),
        }),
        "polars": (polars, {
            "filter": lambda: polars.filter((pl.col("n") > 500000) & pl.col("t")),
            "sort": lambda: polars.sort("s", "n", descending=[False, True], nulls_last=True),
            "aggregate": lambda: polars.group_by("s", maintain_order=True).agg(
                pl.len().alias("n"), pl.col("x").sum()),
            "transform": lambda: polars.with_columns((pl.col("n") * 2 + pl.col("x")).alias("y")),
        }),
        "arrow": (arrow, {
            "filter": lambda: arrow.filter((pc.field("n") > 500000) & pc.field("t")),
            "sort": lambda: arrow.sort_by([("s", "ascending"), ("n", "descending")]),
            "aggregate": lambda: arrow.group_by("s").aggregate([("s", "count"), ("x", "sum")]),
            "transform": lambda: arrow.append_column(
                "y", pc.add(pc.multiply(arrow["n"], 2), arrow["x"])),
        }),
    }  # fmt: skip
    ours = {"filter": keep, "sort": order, "aggregate": group, "transform": work}
    told: list[dict[str, object]] = []
    assert isinstance(frame, pd.DataFrame)
    for library, (table, calls) in own.items():
        for name, theirs in calls.items():
            call = ours[name]
            mine, other = median([lambda call=call, table=table: call(table), theirs])  # type: ignore[misc]  # a lambda with defaults has no type
            told.append({
                "rows": library, "what": name, "ms": mine * 1000, "library ms": other * 1000,
                "ratio": mine / other,
            })  # fmt: skip
    slow = node(FilterNode, where="s.endswith('7')")
    for library, (table, _) in own.items():
        (mine,) = median([lambda table=table: slow(table)], 1)  # type: ignore[misc]  # as above
        told.append({"rows": library, "what": "filter, row by row", "ms": mine * 1000,
                     "µs per item": mine / ROWS * 1e6})  # fmt: skip
    return told


def lists() -> list[dict[str, object]]:
    """One row per operation on a list of records."""
    rows = records(ITEMS)
    calls = {
        "filter": node(FilterNode, where="n > 500000 and t"),
        "map_items": node(MapItemsNode, expression="n * 2 + x"),
        "transform": node(TransformNode, fields={"y": "{{ n * 2 + x }}"}),
        "reduce": node(ReduceNode, initial=0, expression="total + n"),
        "reduce how": node(ReduceNode, how="sum", column="n"),
        "sort": node(SortNode, by=["s", "n desc"]),
        "dedupe": node(DedupeNode, by="s"),
        "aggregate": node(AggregateNode, by="s", measures={"n": "count", "total": "sum x"}),
        "split": node(SplitNode, into={"low": "x < 0.2", "mid": "x < 0.6"}),
    }
    told: list[dict[str, object]] = []
    for name, call in calls.items():
        (taken,) = median([lambda call=call: call(rows)], 3)  # type: ignore[misc]  # as above
        told.append({"rows": "records", "what": name, "ms": taken * 1000,
                     "µs per item": taken / ITEMS * 1e6})  # fmt: skip
    return told


def main() -> list[dict[str, object]]:
    """Tables, then lists."""
    return [*tables(), *lists()]
