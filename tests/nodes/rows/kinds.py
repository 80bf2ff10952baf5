"""Rows of every kind, a context with the real expressions, and nodes in one line."""

from __future__ import annotations

import math

import pandas as pd
import polars as pl
import pyarrow as pa

from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.session.work import evaluate_text
from flowbook.store.query import Tables

_TABLES = Tables()


class RealContext:
    """Expressions and queries as in a run."""

    def __init__(self):
        self.logged = []

    def log(self, text):
        self.logged.append(text)

    def cancelled(self):
        return False

    evaluate = staticmethod(evaluate_text)

    def query(self, sql, tables, parameters, result="frame"):
        return _TABLES.query(sql, tables, parameters, result=result)


MAKERS = {
    "pandas": pd.DataFrame,
    "polars": lambda rows: pl.DataFrame(rows, infer_schema_length=None),
    "arrow": pa.Table.from_pylist,
    "records": list,
}
KINDS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.Table, "records": list}


def plain(value):
    """A table of any kind as records, pandas' nulls as None."""
    if isinstance(value, pd.DataFrame):
        return [
            {name: _plain(one) for name, one in row.items()} for row in value.to_dict("records")
        ]
    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    return value.to_pylist() if isinstance(value, pa.Table) else value


def _plain(value):
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


def ran(kind, value, *, outputs="", context=None, others=None, **config):
    """What a node of that kind gives for one input called `items`, and others by name."""
    names = ["items", *(others or {})]
    spec = NodeSpec(
        NodeId("node"),
        kind=kind.kind,
        inputs=tuple(InputSpec(PortName(one)) for one in names),
        outputs=tuple(PortName(one) for one in outputs.split()),
        config=config,
    )
    node = kind(spec, **config)
    return node.run(context or RealContext(), {"items": value, **(others or {})})
