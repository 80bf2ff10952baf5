"""What this process holds of the last results of a flow's nodes; nothing is loaded or computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.ids import NodeId, PortName
from flowbook.magics.kernel_notebook import KernelNotebook


def last_outputs(notebook: KernelNotebook, node: NodeId) -> Mapping[PortName, Any]:
    """What a node gave last, by port; empty where that is not at hand."""
    known = notebook.project.live.of(notebook.flow).memory.known.get(node)
    outputs = None if known is None else known.reuse.outputs
    return {} if outputs is None else outputs.ports


def last_columns(notebook: KernelNotebook, node: NodeId, port: PortName) -> tuple[str, ...]:
    """The columns of a table that a node gave last and that is in the store only."""
    known = notebook.project.live.of(notebook.flow).memory.known.get(node)
    refs = None if known is None else known.reuse.refs
    ref = None if refs is None else refs.get(port)
    return () if ref is None or ref.columns is None else tuple(ref.columns)


def columns_of(value: Any) -> tuple[str, ...]:
    """The columns of a table of any library, of rows as mappings, or the keys of a mapping.

    >>> columns_of([{"city": "Oslo", "days": 3}]), columns_of({"a": 1}), columns_of(3)
    (('city', 'days'), ('a',), ())
    """
    names = getattr(value, "column_names", None)  # Arrow
    if names is None:
        names = getattr(value, "columns", None)  # pandas, polars, DuckDB
    if names is None and isinstance(value, list | tuple) and value:
        value = value[0]
    if isinstance(value, Mapping):
        names = value.keys()
    if names is None or callable(names):
        return ()
    return tuple(one for one in names if isinstance(one, str))
