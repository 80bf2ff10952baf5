"""Which known results are still true: computed from content, never stored.

A result's fingerprint covers the step's own hash, the parameters it reads and the fingerprints
of everything upstream. A node whose fingerprint differs from that of its last result is *stale*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from flowbook.graph.spec import Json
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import FromParam, FromStep, Plan, Step
from flowbook.run.work import Reuse


@dataclass(frozen=True, slots=True)
class Known:
    """The last result of a node: what it gave, and under which fingerprint."""

    fingerprint: str
    reuse: Reuse


@dataclass(slots=True)
class Memory:
    """The last results of one live flow, by reference; lives and dies with the kernel."""

    known: dict[NodeId, Known] = field(default_factory=dict)

    def fresh(
        self, plan: Plan, params: Mapping[PortName, Json], rerun: Iterable[NodeId]
    ) -> dict[NodeId, Reuse]:
        """Results that a run of `plan` may take as given, leaving out the nodes to run again."""
        again = set(rerun)
        prints = fingerprints(plan, params)
        found: dict[NodeId, Reuse] = {}
        for step in plan.steps:
            known = self.known.get(step.node)
            if step.node in again or known is None or known.fingerprint != prints[step.node]:
                continue
            if all(source in found for source in _told(plan, step)):
                found[step.node] = known.reuse
        return found

    def stale(self, plan: Plan, params: Mapping[PortName, Json]) -> frozenset[NodeId]:
        """Nodes whose last result no longer follows from the definition and parameters."""
        prints = fingerprints(plan, params)
        return frozenset(
            node
            for node, known in self.known.items()
            if node in prints and known.fingerprint != prints[node]
        )


def _told(plan: Plan, step: Step) -> Iterator[NodeId]:
    """Whose endings a step is told: when one of them runs again it may end in another way."""
    if step.join is not None and not step.join.need:
        sources = (binding.source for binding in step.bindings)
        yield from (plan.steps[one.step].node for one in sources if isinstance(one, FromStep))


def fingerprints(plan: Plan, params: Mapping[PortName, Json]) -> dict[NodeId, str]:
    """The fingerprint of every step; O(edges)."""
    prints: list[str] = []
    for step in plan.steps:
        digest = hashlib.blake2b(step.hash.encode(), digest_size=16)
        for binding in step.bindings:
            source = binding.source
            if isinstance(source, FromParam):
                value = msgspec.json.encode(params.get(source.name), enc_hook=repr)
                digest.update(f"{binding.input}={source.name}:".encode() + value)
            elif isinstance(source, FromStep):
                digest.update(f"{binding.input}<{source.port}:{prints[source.step]}".encode())
        prints.append(digest.hexdigest())
    return {step.node: prints[step.index] for step in plan.steps}
