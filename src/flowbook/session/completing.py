"""The part of a project that reads what Python defines as the cell that would say it."""

from __future__ import annotations

from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec


class Completing:
    """Nodes as their cells would be read; `Project` is one."""

    @property
    def registry(self) -> Registry:
        """The kinds there are."""
        raise NotImplementedError  # a project has them

    def completed(
        self, spec: FlowSpec, node: NodeSpec, *, listed: bool = False
    ) -> tuple[NodeSpec, bool]:
        """The node as its cell would be read, and whether it reads what nobody makes yet."""
        from flowbook.cells.declaring import completed

        made = completed(spec, node, self.registry, listed=listed)
        return made.node, made.awaits
