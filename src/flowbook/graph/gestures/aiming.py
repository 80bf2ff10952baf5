"""Where an output may lead, and why it may not lead elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from flowbook.graph.gestures.made import known, refused
from flowbook.graph.nesting import Nesting, container_of
from flowbook.graph.options import did_you_mean
from flowbook.graph.spec import FlowSpec
from flowbook.graph.topology import find_path, show_cycle
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId, PortName

Misfit: TypeAlias = Callable[[NodeId, PortName], str]
"""Why a value does not fit an input as far as types say; '' when it does, or nothing is said."""


@dataclass(frozen=True, slots=True)
class Aim:
    """An input, or '' for a new one of a node; why it may not be fed, and what feeds it now."""

    node: NodeId
    input: PortName
    refused: str = ""
    replaces: str = ""


def targets(
    spec: FlowSpec,
    source: NodeId,
    output: PortName,
    misfit: Misfit = lambda _node, _input: "",
) -> tuple[Aim, ...]:
    """Every input of every other node, and a new one of each, for an output that is dragged."""
    label = f"Connect {source}"
    (one,) = known(spec, label, [source])
    if output not in one.outputs:
        raise refused(
            label, f"{source!r} has no output {output!r}", did_you_mean(output, one.outputs)
        )
    aims = _Aims(spec, source)
    found: list[Aim] = []
    for node in spec.nodes:
        if node.id == source:
            continue
        why = aims.refused(node.id)
        for into in node.inputs:
            told = why or misfit(node.id, into.name)
            found.append(Aim(node.id, into.name, told, aims.fed.get((node.id, into.name), "")))
        found.append(Aim(node.id, PortName(""), why))
    return tuple(found)


class _Aims:
    """What of a whole spec is asked once for all inputs."""

    def __init__(self, spec: FlowSpec, source: NodeId) -> None:
        self.spec, self.source = spec, source
        self.nesting = Nesting(spec)
        wiring = resolve(spec)
        self.fed = {(e.target, e.input): f"{e.source}.{e.output}" for e in wiring.edges}
        self.fed |= {(use.target, use.input): f"parameter {use.param}" for use in wiring.params}
        pairs = [(edge.source, edge.target) for edge in wiring.edges]
        self.pairs = list(self.nesting.lifted(pairs)) if self.nesting.nested else pairs
        self.before = self._before(source)
        """All that `source` waits for, by whom it is waited for."""

    def refused(self, target: NodeId) -> str:
        """Why no wire can go to any input of `target`; '' when one can."""
        home = self.nesting.home(target)
        if self.spec.by_id[target].kind_name == "note":
            return "a note reads nothing"
        if not self.nesting.visible(self.source, home):
            inside = container_of(self.nesting.home(self.source))
            return f"it is inside of {inside!r}, and nobody outside reads it"
        if self.source in self.nesting.owners(home):
            return f"{target!r} is inside of it"
        waits = self.nesting.seen_from(self.nesting.home(self.source), target) or target
        if waits not in self.before:
            return ""
        loop = find_path(self.pairs, waits, self.source)
        return f"it would close a cycle: {show_cycle(loop)}" if loop else ""

    def _before(self, source: NodeId) -> set[NodeId]:
        feeders: dict[NodeId, list[NodeId]] = {}
        for first, then in self.pairs:
            feeders.setdefault(then, []).append(first)
        seen, left = {source}, [source]
        while left:
            for one in feeders.get(left.pop(), ()):
                if one not in seen:
                    seen.add(one)
                    left.append(one)
        return seen
