"""A merge by key of 1M rows with 1M rows, against plain DuckDB that does the same join.

Both are given the same frames and give the same kind of frame: a key, and two columns beside it on
either side. The merge also keeps the order of the left table, which plain DuckDB does not. Rounds
are interleaved; each row is a median.
"""

from __future__ import annotations

import statistics
import time

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.nodes.merge import MergeNode
from flowbook.store.query import Tables

ROWS = 1_000_000
ROUNDS = 7
JOINS = {"inner": "JOIN", "left": "LEFT JOIN", "outer": "FULL JOIN"}
KEYS = {"int": lambda keys: keys, "text": lambda keys: np.char.add("customer-", keys.astype(str))}


class Asked:
    """As much of a context as a merge asks for."""

    def __init__(self, tables: Tables) -> None:
        self.query = tables.query


def frames(rows: int, key: str) -> dict[str, tuple[object, object]]:
    """The two tables in each kind."""
    random = np.random.default_rng(1)
    left = pd.DataFrame(
        {
            "k": KEYS[key](random.permutation(rows)),
            "a": random.random(rows),
            "s": random.integers(0, 1000, rows).astype(str),
        }
    )
    right = pd.DataFrame(
        {
            "k": KEYS[key](random.integers(0, rows, rows)),
            "b": random.random(rows),
            "t": random.integers(0, 1000, rows).astype(str),
        }
    )
    import polars as pl

    return {
        "pandas": (left, right),
        "polars": (pl.from_pandas(left), pl.from_pandas(right)),
        "arrow": tuple(pa.Table.from_pandas(one, preserve_index=False) for one in (left, right)),
    }


def plain(connection, kind: str, how: str):
    """DuckDB alone."""
    found = connection.sql(f"SELECT k, a, s, b, t FROM l {JOINS[how]} r USING (k)")
    made = {"pandas": "df", "polars": "pl", "arrow": "to_arrow_table"}[kind]
    return getattr(found, made)()


def timed(call, *arguments) -> float:
    began = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - began


def main(rows: int = ROWS, rounds: int = ROUNDS):
    """One row per kind of table, kind of key and kind of join."""
    tables = Tables()
    found = []
    inputs = (InputSpec(PortName("l")), InputSpec(PortName("r")))
    for key in KEYS:
        for kind, (left, right) in frames(rows, key).items():
            for how in JOINS:
                config = {"mode": "by_key", "key": "k", "how": how}
                spec = NodeSpec(NodeId("m"), kind="merge", inputs=inputs, config=config)
                node = MergeNode(spec, **config)
                given = {PortName("l"): left, PortName("r"): right}
                took = {"duckdb": [], "merge": []}
                with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
                    connection.register("l", left)
                    connection.register("r", right)
                    for _ in range(rounds):
                        took["duckdb"].append(timed(plain, connection, kind, how))
                        took["merge"].append(timed(node.run, Asked(tables), given))
                ours, theirs = (statistics.median(took[one]) for one in ("merge", "duckdb"))
                found.append(
                    {
                        "table": kind,
                        "key": key,
                        "how": how,
                        "rows": f"{rows:,}",
                        "merge ms": ours * 1e3,
                        "duckdb ms": theirs * 1e3,
                        "x duckdb": ours / theirs,
                    }
                )
    tables.close()
    return found
