"""What a replay takes from the run it replays, what it runs anew, and why: pure, and told first.

The rule is one: a result is taken if it was there at the point that is replayed from, if it still
follows from the flow as it is, and if everything before it is taken too. All else runs. What was
given by hand is true because somebody says so, and whatever reads it runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from flowbook.events import (
    Event,
    ItemsAdded,
    NodeCompleted,
    NodeReused,
    RunCreated,
    ScopeReused,
    SkipReason,
)
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Wire
from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.plan.plan import FromParam, FromStep, Plan, Step
from flowbook.run.rules.evolve import fold
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState, scope_path

_GAVE = (Outcome.SUCCEEDED, Outcome.REUSED)
GONE = "what it gave is gone"


class Fate(StrEnum):
    """What becomes of a node in a replay."""

    TAKEN = "taken"
    """Its result is that of the run that is replayed."""
    GIVEN = "given"
    """Somebody gave its result by hand."""
    RUNS = "runs"
    SKIPPED = "skipped"
    """Its branch was not taken, and is not taken again."""


@dataclass(frozen=True, slots=True)
class ReplayNode:
    """One node of a replay.

    `why` it has this fate; `changes`: what differs from the node as the replayed run had it.
    """

    node: NodeId
    fate: Fate
    why: str = ""
    changes: tuple[str, ...] = ()
    items: int = 0
    """Of a container that runs: how many of its turns are taken."""


@dataclass(frozen=True, slots=True, repr=False)
class ReplayPlan:
    """A replay before it starts: nothing has been run for it, and nothing written.

    `seq` is the last event of the run `origin` that it goes by. `warnings` do not keep it from
    starting, `problems` do.
    """

    origin: RunId
    flow: FlowId
    version: str
    seq: int
    nodes: tuple[ReplayNode, ...]
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def __getitem__(self, node: str) -> ReplayNode:
        return next(one for one in self.nodes if one.node == node)

    @property
    def ok(self) -> bool:
        """True when it can start."""
        return not self.problems

    @property
    def taken(self) -> tuple[NodeId, ...]:
        """The nodes whose results are taken from the replayed run."""
        return self.of(Fate.TAKEN)

    @property
    def given(self) -> tuple[NodeId, ...]:
        """The nodes, or `node.input`, whose values somebody gave."""
        return self.of(Fate.GIVEN)

    @property
    def runs(self) -> tuple[NodeId, ...]:
        """The nodes that run."""
        return self.of(Fate.RUNS)

    @property
    def changed(self) -> Mapping[NodeId, tuple[str, ...]]:
        """What differs from the replayed run, for every node of which something does."""
        return {one.node: one.changes for one in self.nodes if one.changes}

    def of(self, fate: Fate) -> tuple[NodeId, ...]:
        """The nodes with that fate, in order."""
        return tuple(one.node for one in self.nodes if one.fate is fate)

    def to_json(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {
            "origin": self.origin,
            "flow": self.flow,
            "version": self.version,
            "seq": self.seq,
            "nodes": [
                {"node": one.node, "fate": one.fate.value, "why": one.why,
                 "changes": list(one.changes), "items": one.items}
                for one in self.nodes
            ],
            "warnings": list(self.warnings),
            "problems": list(self.problems),
        }  # fmt: skip

    def __repr__(self) -> str:
        width = max((len(one.node) for one in self.nodes), default=0)
        lines = [f"<replay of run {self.origin} of {self.flow!r}, by its event {self.seq}>"]
        lines += [f"  {one.node:<{width}}  {one.fate.value:<7}  {one.why}" for one in self.nodes]
        lines += [f"  warning: {text}" for text in self.warnings]
        lines += [f"  cannot start: {text}" for text in self.problems]
        return "\n".join(line.rstrip() for line in lines)


# ---------------------------------------------------------------- the run that is replayed


@dataclass(frozen=True, slots=True)
class Story:
    """A run up to some event: what its nodes had given, and what was given to them by hand.

    `by_hand` is of the whole run: like its parameters, it holds for every replay of it.
    """

    created: RunCreated
    seq: int
    state: RunState
    gave: Mapping[NodeId, NodeCompleted | NodeReused]
    by_hand: Mapping[NodeId, NodeReused]
    inside: Mapping[str, Event] = field(default_factory=dict)
    """What tells what nodes inside of containers gave, by key, and turns that did not run, by path.
    """
    added: Mapping[NodeId, Sequence[ItemsAdded]] = field(default_factory=dict)
    """Items that were added to containers of the flow itself."""


def story_of(events: Sequence[Event], at: int) -> Story:
    """The story that the events up to number `at` tell; the first one is the run's creation.

    Raises `IllegalTransition` for a log that has holes.
    """
    created = events[0]
    assert isinstance(created, RunCreated)  # noqa: S101 - the caller has seen to it
    before = [event for event in events if event.seq <= at]
    state = fold(before)
    gave = {
        event.node: event
        for event in before
        if isinstance(event, NodeCompleted | NodeReused)
        and not event.scope  # a container is taken as a whole, or run anew
        and state.outcome[state.index[event.node]] in _GAVE
    }
    hand = {one.node: one for one in events if isinstance(one, NodeReused) and one.by_hand}
    added: dict[NodeId, list[ItemsAdded]] = {}
    for event in events:
        # What somebody added from outside is of the whole run, as its parameters are.
        if isinstance(event, ItemsAdded) and not event.scope and (event.seq <= at or not event.by):
            added.setdefault(event.node, []).append(event)
    return Story(created, at, state, gave, hand, _inside(before), added)


def _inside(events: Sequence[Event]) -> dict[str, Event]:
    found: dict[str, Event] = {}
    for event in events:
        if isinstance(event, ScopeReused):
            found[scope_path(event.scope, event.node, event.block, event.index)] = event
        elif isinstance(event, NodeCompleted | NodeReused) and event.scope:
            found[f"{event.scope}.{event.node}"] = event
    return found


def _lacks(story: Story, node: NodeId) -> str:
    """Why the story has no result of the node; empty when it has, or when none is needed."""
    i = story.state.index.get(node)
    if i is None:
        return "it was no node of that run"
    if node in story.gave or _not_taken(story, node):
        return ""
    if story.state.phase[i] is Phase.DONE:
        outcome = story.state.outcome[i]
        return f"it {'was ' if outcome is not Outcome.FAILED else ''}{outcome}"
    return f"it was not done at event {story.seq}" if story.seq else "from the start"


def _not_taken(story: Story, node: NodeId) -> bool:
    i = story.state.index.get(node)
    return (
        i is not None
        and story.state.outcome[i] is Outcome.SKIPPED
        and story.state.reason[i] == SkipReason.BRANCH_NOT_TAKEN
    )


# ---------------------------------------------------------------- what is given by hand


def with_inputs_by_hand(spec: FlowSpec, names: Collection[str]) -> FlowSpec:
    """`spec` with a source of its own for each `node.input` of `names`, called like it.

    That source is never run: a run that has it is given its output.
    """
    nodes = list(spec.nodes)
    at = {node.id: i for i, node in enumerate(nodes)}
    added = []
    for name in names:
        node, _, port = name.partition(".")
        target = nodes[at[NodeId(node)]]
        wire = Wire(NodeId(name), PortName(name))
        inputs = tuple(
            InputSpec(one.name, wire, annotation=one.annotation, required=one.required)
            if one.name == port
            else one
            for one in target.inputs
        )
        nodes[at[target.id]] = replace(target, inputs=inputs)
        added.append(NodeSpec(NodeId(name), outputs=(PortName(name),), body="None"))
    return replace(spec, nodes=(*added, *nodes)) if added else spec


# ---------------------------------------------------------------- taken, or run anew


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides the fate of nodes, beyond the story.

    `begin`: the nodes to be replayed from; `by_hand`: what somebody gives now; `moved`: parameters
    that differ; `gone`: results that cannot be had, with the reason; `trust`: take the results of
    nodes that have changed; `failed`: failed items are run; `more`: containers that items are added
    to; `turns`: by container, the turns that can be taken.
    """

    begin: Collection[NodeId] = ()
    by_hand: Collection[NodeId] = ()
    moved: Collection[PortName] = ()
    changes: Mapping[NodeId, tuple[str, ...]] = field(default_factory=dict)
    gone: Mapping[NodeId, str] = field(default_factory=dict)
    trust: bool = False
    failed: bool = False
    more: Collection[NodeId] = ()
    turns: Mapping[NodeId, Collection[int]] = field(default_factory=dict)


def fates(plan: Plan, story: Story, terms: Terms) -> tuple[ReplayNode, ...]:
    """The fate of every node, in the plan's order; O(nodes + edges)."""
    found: list[ReplayNode] = []
    for step in plan.steps:
        changes = tuple(_changes(step, terms))
        if step.node in terms.by_hand:
            one = ReplayNode(step.node, Fate.GIVEN, "given by hand", changes)
        elif step.node in story.by_hand and step.node not in terms.begin:
            one = ReplayNode(step.node, Fate.GIVEN, "given by hand in that run", changes)
        elif why := _anew(step, story, terms, found):
            # A container that runs for no other reason has the turns that went well.
            whole = _pointed(step, changes, terms) or _moved(step, terms, found)
            items = 0 if whole else len(terms.turns.get(step.node, ()))
            why += f"; {items} of its items {'is' if items == 1 else 'are'} taken" if items else ""
            one = ReplayNode(step.node, Fate.RUNS, why, changes, items)
        elif step.node in story.gave:
            event = story.gave[step.node]
            why = f"as it was at event {event.seq}"
            one = ReplayNode(step.node, Fate.TAKEN, why, changes)
        else:
            one = ReplayNode(step.node, Fate.SKIPPED, "its branch was not taken", changes)
        found.append(one)
    return tuple(found)


def _anew(step: Step, story: Story, terms: Terms, before: Sequence[ReplayNode]) -> str:
    """Why the step has to run; empty when it need not."""
    changes = tuple(_changes(step, terms))
    return (
        _pointed(step, changes, terms)
        or _lacking(step, story, terms)
        or _moved(step, terms, before)
        or _items_lacking(step, story, terms)
    )


def _pointed(step: Step, changes: Sequence[str], terms: Terms) -> str:
    """That somebody wants it to run, or that it is another."""
    if step.node in terms.begin:
        return "replayed from here"
    told = [
        one
        for one in changes
        if not terms.trust or one.rpartition(": ")[2].startswith("outputs changed")
    ]
    return "; ".join(told)


def _lacking(step: Step, story: Story, terms: Terms) -> str:
    """Why it has no result."""
    if step.node in terms.gone:
        return f"{GONE}: {terms.gone[step.node]}"
    return _lacks(story, step.node)


def _items_lacking(step: Step, story: Story, terms: Terms) -> str:
    """Why the result of a container is not whole."""
    if step.node in terms.more:
        return "items are added"
    turning = story.state.turning.get(story.state.index.get(step.node, -1))
    policy = None if step.inside is None else step.inside.policy
    if not terms.failed or turning is None or policy is None or not policy.counts:
        return ""
    if policy.asks or policy.enough is not None:
        return ""  # it had enough, whatever became of the others
    lacking = len(turning.scopes) - len(terms.turns.get(step.node, ()))
    return f"{lacking} of its {len(turning.scopes)} items did not go well" if lacking else ""


def _changes(step: Step, terms: Terms) -> Iterator[str]:
    """What differs in a step, and in the nodes inside of it."""
    yield from terms.changes.get(step.node, ())
    for block in step.inside.blocks.values() if step.inside and terms.changes else ():
        for inner in block.plan.steps:
            yield from (f"{inner.node}: {one}" for one in _changes(inner, terms))


def _moved(step: Step, terms: Terms, before: Sequence[ReplayNode]) -> str:
    """Why what it reads is another."""
    for binding in step.bindings:
        source = binding.source
        if isinstance(source, FromParam) and source.name in terms.moved:
            return f"parameter {source.name} differs"
        if isinstance(source, FromStep):
            feeder = before[source.step]
            if feeder.fate is Fate.RUNS:
                return f"{feeder.node} runs"
            if feeder.fate is Fate.GIVEN and feeder.node in terms.by_hand:
                return f"{feeder.node} is given by hand"
    return ""


def read_by_what_runs(plan: Plan, nodes: Sequence[ReplayNode]) -> dict[NodeId, set[PortName]]:
    """The ports of results that are taken or given and that a node which runs reads."""
    read: dict[NodeId, set[PortName]] = {}
    for step, one in zip(plan.steps, nodes, strict=True):
        if one.fate is Fate.RUNS:
            for binding in step.bindings:
                if isinstance(binding.source, FromStep):
                    source = nodes[binding.source.step]
                    if source.fate in (Fate.TAKEN, Fate.GIVEN):
                        read.setdefault(source.node, set()).add(binding.source.port)
    return read
