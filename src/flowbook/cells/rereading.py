"""A node that has no cell yet, as its cell will be read: what its text says beside its body."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flowbook.cells.notebook import Cell
from flowbook.cells.taking import take_flow_cell
from flowbook.cells.writing import node_source
from flowbook.graph.registry import Registry
from flowbook.graph.spec import NodeSpec
from flowbook.ids import CellId

_NO_CELL: Final = CellId("")


def as_written(node: NodeSpec, registry: Registry) -> NodeSpec:
    """`node` with the settings and the outputs that its cell gives it; as it is if none can.

    >>> from flowbook.graph.registry import Registry
    >>> from flowbook.ids import NodeId
    >>> from flowbook.nodes.branches import IfNode
    >>> node = NodeSpec(NodeId("big"), kind="if", body="condition: value > 3")
    >>> as_written(node, Registry([IfNode])).config
    {'condition': 'value > 3'}
    """
    source = node_source(replace(node, inputs=()), (), registry)
    taken = take_flow_cell(Cell.code(_NO_CELL, source), 0, registry).spec
    if taken is None:
        return node
    outputs = node.outputs if node.returns else taken.outputs
    return replace(node, body=taken.body, config=taken.config, outputs=outputs)
