"""Locks that nobody would ever get: held by the container around, or by each other's.

A container with a lock holds it for all that is inside. A node inside that asks for the same one
waits for ever; and so may two containers, each of which has the lock that a node of the other asks
for. Linear in the locks that are inside of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowbook.graph.nesting import Nesting
from flowbook.graph.placing import at
from flowbook.graph.problem import Problem
from flowbook.graph.spec import FlowSpec, NodeSpec


def lock_problems(spec: FlowSpec) -> Iterator[Problem]:
    """One problem for each node that asks for what is held around it, or by turns with others."""
    locking = [node for node in spec.nodes if node.options.lock]
    nesting = Nesting(spec) if locking else None
    held: dict[str, dict[str, NodeSpec]] = {}
    for node in locking:
        assert nesting is not None  # noqa: S101 - there is a lock
        for owner in sorted(nesting.owners(nesting.home(node.id))):
            for outer in spec.by_id[owner].options.lock:
                if outer in node.options.lock:
                    yield at(
                        node,
                        f"it waits for lock {outer!r}, which {owner!r} around it holds",
                        "take the lock out here",
                    )
                for inner in node.options.lock:
                    if inner != outer:
                        held.setdefault(outer, {})[inner] = node
    for lock, node in _knots(held):
        yield at(
            node,
            f"it asks for a lock while {lock!r} is held, and elsewhere it is the other way round",
            "ask for both at once, on the outer of the two: lock: a, b",
        )


def _knots(held: Mapping[str, Mapping[str, NodeSpec]]) -> Iterator[tuple[str, NodeSpec]]:
    """Locks from which one comes back to them, going from what is held to what is asked for."""
    for lock, asked in held.items():
        for inner, node in asked.items():
            seen, waiting = {inner}, [inner]
            for one in waiting:  # grows while it is walked
                more = [two for two in held.get(one, ()) if two not in seen]
                seen.update(more)
                waiting += more
            if lock in seen:
                yield lock, node
