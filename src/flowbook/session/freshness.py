"""Which known results are still true, and why the others are not: computed, never stored.

Of each result is remembered what it follows from, its *basis*: the code, the parameters and values
it was given, and the kernel's names it captured. A node whose basis is another one by now, or that
reads from such a node, is *stale*. Values are told apart by their content where that is kept, and
else by the run that made them: code that ran again and gave the same leaves what reads it fresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from flowbook.events.values import ValueRef
from flowbook.graph.spec import FlowSpec, Json, NodeSpec
from flowbook.ids import NodeId, PortName, RunId
from flowbook.plan.plan import FromParam, FromStep, Plan, Step
from flowbook.run.work import Reuse

_LONGEST = 24
"""Characters of a value in a reason."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a result follows from.

    `own`: a digest of the step's meaning, with its setup where that is text; `code`: what of that a
    user writes. `wires`: the output behind each input. `params`: name and value behind an input.
    `captured`: a digest of the value of each name that was taken from the kernel.
    """

    own: str
    code: str = ""
    wires: Mapping[PortName, tuple[NodeId, PortName]] = field(default_factory=dict)
    params: Mapping[PortName, tuple[PortName, str]] = field(default_factory=dict)
    captured: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """The last result of a node: what it gave, what that follows from, and the values it read.

    `given` tells them apart, by input.
    """

    basis: Basis
    reuse: Reuse
    given: Mapping[PortName, str] = field(default_factory=dict)


@dataclass(slots=True)
class Memory:
    """The last results of one live flow, by reference; lives and dies with the kernel.

    `values`: what tells the latest value of each output from others. `failed`: nodes whose last
    attempt to give another result failed. `runs`: the newest run that has dealt with a node.
    """

    known: dict[NodeId, Known] = field(default_factory=dict)
    values: dict[tuple[NodeId, PortName], str] = field(default_factory=dict)
    failed: set[NodeId] = field(default_factory=set)
    runs: dict[NodeId, RunId] = field(default_factory=dict)

    def copied(self) -> Memory:
        """The same results, for a variant of the flow."""
        return Memory(dict(self.known), dict(self.values), set(self.failed), dict(self.runs))

    def overtaken(self, node: NodeId, run: RunId) -> bool:
        """True when a run that began later has dealt with the node already; else `run` has."""
        if self.runs.get(node, run) > run:  # ids are in the order in which runs began
            return True
        self.runs[node] = run
        return False

    def fresh(
        self, plan: Plan, bases: Mapping[NodeId, Basis], rerun: Iterable[NodeId]
    ) -> dict[NodeId, Reuse]:
        """Results that a run of `plan` may take as given, leaving out the nodes to run again."""
        again = set(rerun)
        stale = self.stale(plan, bases)
        found: dict[NodeId, Reuse] = {}
        for step in plan.steps:
            known = self.known.get(step.node)
            if step.node in again or step.node in stale or known is None:
                continue
            if all(source in found for source in _told(plan, step)):
                found[step.node] = known.reuse
        return found

    def held(self, plan: Plan, rerun: Iterable[NodeId]) -> dict[NodeId, Reuse]:
        """The last results of all other nodes, stale or not."""
        again = set(rerun)
        steps = (step.node for step in plan.steps if step.node not in again)
        return {node: self.known[node].reuse for node in steps if node in self.known}

    def stale(self, plan: Plan, bases: Mapping[NodeId, Basis]) -> dict[NodeId, str]:
        """Nodes whose last result no longer follows from flow and parameters, and why."""
        found: dict[NodeId, str] = {}
        for step in plan.steps:
            known = self.known.get(step.node)
            if known is None:
                continue
            why = self._why(step.node, known, bases[step.node], found)
            if why:
                found[step.node] = why
        return found

    def _why(self, node: NodeId, known: Known, now: Basis, stale: Collection[NodeId]) -> str:
        changed = _changed(known.basis, now)
        if changed:
            return changed
        for name, source in now.wires.items():
            if source[0] in stale:
                return f"{source[0]} is stale"
            if known.given.get(name, "") != self.values.get(source, ""):
                moved = known.basis.wires.get(name) != source
                told = f"wire {name} now comes from {shown_wire(source)}"
                return told if moved else f"{source[0]} ran again"
        return "its last run failed" if node in self.failed else ""

    def renamed(self, old: NodeId, new: NodeId) -> None:
        """A node has another name now; what it gave is what it gave."""
        if old in self.known:
            self.known[new] = self.known.pop(old)
        if old in self.failed:
            self.failed.discard(old)
            self.failed.add(new)
        for node, port in [one for one in self.values if one[0] == old]:
            value = self.values.pop((node, port))
            self.values[new, PortName(new) if str(port) == old else port] = value


def value_key(ref: ValueRef | None, run: RunId | str | None, node: NodeId, port: PortName) -> str:
    """What tells a value from others: its content if that is kept whole, else who made it when."""
    if ref is not None and ref.exact and ref.hash:
        return f"{ref.type} {ref.hash}"
    return f"{run} {node}.{port}"


def shown_wire(source: tuple[NodeId, PortName]) -> str:
    """An output as people name it.

    >>> shown_wire((NodeId("clean"), PortName("df"))), shown_wire((NodeId("n"), PortName("n")))
    ('clean.df', 'n')
    """
    node, port = source
    return str(node) if str(port) == str(node) else f"{node}.{port}"


def _told(plan: Plan, step: Step) -> Iterator[NodeId]:
    """Whose endings a step is told: when one of them runs again it may end in another way."""
    if step.join is not None and not step.join.need:
        sources = (binding.source for binding in step.bindings)
        yield from (plan.steps[one.step].node for one in sources if isinstance(one, FromStep))


def _changed(was: Basis, now: Basis) -> str:
    """What differs between two bases, but for the values that were read; '' for nothing."""
    if was.own != now.own and was.code != now.code:
        return "its code changed"
    for name, (param, value) in now.params.items():
        before = was.params.get(name)
        if before is None:
            return f"wire {name} now comes from parameter {param}"
        if before[1] != value:
            return f"parameter {param} is {_shown(value)}, was {_shown(before[1])}"
    for name, source in now.wires.items():
        if name not in was.wires:
            return f"wire {name} now comes from {shown_wire(source)}"
    gone = [name for name in (*was.wires, *was.params) if name not in {**now.wires, **now.params}]
    if gone:
        return f"input {gone[0]} comes from nowhere now"
    changed = [name for name, one in now.captured.items() if was.captured.get(name) != one]
    changed += [name for name in was.captured if name not in now.captured]
    if changed:
        return f"captured name {changed[0]} changed"
    return "its definition changed" if was.own != now.own else ""


def _shown(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"


def bases(
    plan: Plan,
    spec: FlowSpec,
    params: Mapping[PortName, Json],
    captured: Mapping[str, str],
    shared: str = "",
) -> dict[NodeId, Basis]:
    """What a result of each step would follow from now; O(edges).

    `captured`: digests of what is captured of the kernel, by name. `shared`: the code of setup
    cells, where the names they make have no digest.
    """
    return {step.node: _basis(plan, spec, step, params, captured, shared) for step in plan.steps}


def _basis(
    plan: Plan,
    spec: FlowSpec,
    step: Step,
    params: Mapping[PortName, Json],
    captured: Mapping[str, str],
    shared: str,
) -> Basis:
    wires: dict[PortName, tuple[NodeId, PortName]] = {}
    given: dict[PortName, tuple[PortName, str]] = {}
    for binding in step.bindings:
        source = binding.source
        if isinstance(source, FromParam):
            value = msgspec.json.encode(params.get(source.name), enc_hook=repr)
            given[binding.input] = (source.name, value.decode())
        else:
            wires[binding.input] = (plan.steps[source.step].node, source.port)
    names = captured_by(plan, spec, step.node)
    own = step.own + (shared if names else "")
    return Basis(
        own=own,
        code=_code(spec.by_id.get(step.node)),
        wires=wires,
        params=given,
        captured={name: captured[name] for name in sorted(names) if name in captured},
    )


def captured_by(plan: Plan, spec: FlowSpec, node: NodeId) -> frozenset[str]:
    """The names of the kernel that a step captures, with those of the nodes inside of it."""
    blocks = plan.blocks
    waiting, names = [node], set[str]()
    while waiting:
        one = waiting.pop()
        found = spec.by_id.get(one)
        names.update(found.captures if found is not None else ())
        waiting += [inner for block in blocks.get(one, {}).values() for inner in block]
    return frozenset(names)


def _code(node: NodeSpec | None) -> str:
    """What its author wrote of a node, as far as it decides what the node gives."""
    if node is None:
        return ""
    said = msgspec.json.encode([node.kind, node.body, node.config], enc_hook=repr)
    return hashlib.blake2b(said, digest_size=16).hexdigest()
