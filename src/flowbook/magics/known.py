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
