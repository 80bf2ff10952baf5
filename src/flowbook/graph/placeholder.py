"""Nodes of a kind that is not installed: drawn, edited and saved, and not run.

A placeholder keeps its cell as it is and everything the cell says: its head, its options, its body,
and its settings where the body reads as a mapping. It takes what its templates read and gives what
others ask of it, so that the wires around it stay; only who wants to run it is told.
"""

from __future__ import annotations

from flowbook.graph.placing import at
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.spec import NodeSpec


def absent(node: NodeSpec, registry: Registry) -> Problem:
    """The one problem of a placeholder: which kind is not there, and what to do about it."""
    fault = next((one for one in registry.faults if one.kind == node.kind_name), None)
    message = f"no node type is called {node.kind!r}"
    if fault is None:
        return at(node, message, registry.hint(node.kind))
    if fault.package:
        package = fault.package.split()[0]
        return at(
            node,
            f"{message}: {fault.package} should bring it, and {fault.message}",
            f"install it anew: pip install --force-reinstall {package}",
        )
    return at(node, f"{message}: {fault.message}", registry.hint(node.kind))
