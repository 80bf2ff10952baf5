"""Replaying a run: a new run that takes what an earlier one had done up to some point.

The earlier run is read and never written: a replay is a branch of it, and deleting it discards the
branch. What is taken is decided by `flowbook.session.replay_plan`; here is what that needs to know
(the run's story, what has changed since, which values are there), and the start.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from flowbook.errors import IllegalTransition, StoreError, UsageError
from flowbook.events import Event, NodeSkipped, RunCreated, SkipReason
from flowbook.graph.node import Outputs, as_outputs
from flowbook.graph.options import did_you_mean
from flowbook.graph.spec import FlowSpec, Json
from flowbook.ids import NodeId, PortName
from flowbook.plan.compile import compile_plan, version_of
from flowbook.plan.plan import FromParam, Plan
from flowbook.run.rules.stimulus import Origin
from flowbook.run.work import Carried, Reuse
from flowbook.session.begin import Office as BeginOffice
from flowbook.session.begin import Ready, set_out
from flowbook.session.checks import output_misfits
from flowbook.session.pins import called_by
from flowbook.session.recording import record_flow, recordable, recording_of, was_redacted
from flowbook.session.recovery import Office as RecoveryOffice
from flowbook.session.replay_asked import AS_RUN, Asked
from flowbook.session.replay_changes import changes_since
from flowbook.session.replay_items import carried, gone_items, refuse_additions, turns_of
from flowbook.session.replay_plan import (
    Fate,
    ReplayNode,
    ReplayPlan,
    Story,
    Terms,
    story_of,
    with_inputs_by_hand,
)
from flowbook.session.replay_values import Values
from flowbook.session.replay_warnings import Telling
from flowbook.session.saved import recorded_spec
from flowbook.session.start import Start
from flowbook.session.versions import code_behind, stored_spec
from flowbook.session.work import Implementation, kinds_of, work_for

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.graph.registry import Registry
    from flowbook.run.handle import Run
    from flowbook.store.recording import Recording


class Office(BeginOffice, RecoveryOffice, Protocol):
    """What replaying needs of its project; `flowbook.Project` is one."""


@dataclass(frozen=True, slots=True)
class _Definition:
    """The flow that is to run: as it is now, or as it was."""

    spec: FlowSpec
    version: str
    registry: Registry
    code: Mapping[NodeId, Implementation]
    live: bool
    """False for a definition taken from the history."""


@dataclass(frozen=True, slots=True)
class Case:
    """A replay, worked out: the report, and all that starting it takes."""

    report: ReplayPlan
    asked: Asked
    definition: _Definition
    spec: FlowSpec
    plan: Plan
    params: Mapping[PortName, Json]
    given: Mapping[NodeId, Reuse]
    carried: Carried
    recording: Recording | None
    called: Mapping[str, str]


def replay_plan(project: Office, flow: Flow, run_id: str, asked: Asked) -> ReplayPlan:
    """What the replay would take and run; executes and writes nothing, but reads values.

    Raises `UsageError` for a run or a point that is not there, and for edits of what is not.
    """
    return worked_out(project, flow, run_id, asked).report


def replay(project: Office, flow: Flow, run_id: str, asked: Asked) -> Run:
    """Start the replay and return at once; warns of results that are not taken.

    Raises as `replay_plan` does, and `UsageError` for whatever keeps the replay from starting.
    """
    case = worked_out(project, flow, run_id, asked)
    report, live = case.report, project.live.of(flow)
    if report.problems:
        raise UsageError(
            f"run {run_id} cannot be replayed so: {'; '.join(report.problems)}",
            hint="look at it first, with flow.replay_plan(…)",
        )
    if asked.failed and not report.runs:
        raise UsageError(
            f"nothing failed in run {run_id}: there is nothing to run again",
            hint=f"flow.replay({run_id!r}) runs all of it",
        )
    _warn(report)
    work = work_for(
        case.plan,
        case.spec,
        case.definition.registry,
        case.definition.code,
        live.namespace(case.definition.spec),
        flow.types if case.definition.live else None,
    )
    spec = recordable(case.definition.spec, case.params, case.recording)
    record_flow(project.store, case.plan, spec, project.environment)
    # What follows from data of somebody's own, or from code that is no more, is not what the flow
    # gives: a later run of some nodes must not go by it.
    own = case.definition.live and not (asked.trust or report.given)
    origin = Origin(report.origin, report.seq, asked.begin[0] if asked.begin else None)
    called = case.called if asked.calls == AS_RUN else {}
    made = case.plan, work, case.params, case.given, case.recording
    ready = Ready(*made, origin, own, called, case.carried)
    return set_out(project, flow, ready, Start(trigger=asked.trigger))


def _warn(report: ReplayPlan) -> None:
    for text in report.warnings:
        warnings.warn(f"replay of run {report.origin}: {text}", UserWarning, stacklevel=5)


def worked_out(project: Office, flow: Flow, run_id: str, asked: Asked) -> Case:
    """What the replay is to be, with the values it takes; raises as `replay_plan` does."""
    events = _events(project, flow, run_id)
    story = _story(events, asked)
    created = story.created
    definition = _definition(project, flow, created, asked)
    hand = _inputs_by_hand(definition.spec, created, asked)
    spec = with_inputs_by_hand(definition.spec, hand)
    before = recorded_spec(project.history, created.flow, created.version)
    plan = compile_plan(
        spec,
        definition.registry,
        targets=_targets(events, before, spec, definition.registry),
        version=definition.version,
    )
    recording = recording_of(plan.options, project.store, project.secrets)
    settled = _Settling(project, flow, story, asked, definition, plan, before, recording)
    return settled.case(spec)


# ------------------------------------------------------------ what is to be replayed


def _events(project: Office, flow: Flow, run_id: str) -> list[Event]:
    events = project.history.events(run_id)
    created = events[0]
    if not isinstance(created, RunCreated):
        raise StoreError(f"run {run_id} cannot be replayed: the history lacks its beginning")
    if created.flow != flow.spec().id:
        raise UsageError(
            f"run {run_id} is one of flow {created.flow!r}, not of {flow.name!r}",
            hint=f"replay it with the flow {created.flow!r}",
        )
    return events


def _story(events: Sequence[Event], asked: Asked) -> Story:
    last = events[-1].seq
    at = 0 if asked.from_start else last if asked.at is None else asked.at
    if not any(event.seq == at for event in events):
        raise UsageError(
            f"run {events[0].run} has no event {at}", hint=f"its events go from 0 to {last}"
        )
    try:
        return story_of(events, at)
    except IllegalTransition as hole:
        raise UsageError(
            f"run {events[0].run} can be replayed from its start only: what its nodes did is not "
            "recorded whole, as with journal=summary",
            hint="leave out from_, at and every change, or run the flow anew",
        ) from hole


def _definition(project: Office, flow: Flow, created: RunCreated, asked: Asked) -> _Definition:
    registry = kinds_of(flow, project.registry)
    now = flow.spec()
    if asked.version is None:
        return _Definition(now, version_of(now), registry, flow.implementations, live=True)
    which = created.version if asked.version == AS_RUN else asked.version
    found = stored_spec(project.history, created.flow, which)
    if found.version == version_of(now):
        return _Definition(now, found.version, registry, flow.implementations, live=True)
    spec = replace(found.spec, options=now.options)
    code = {node: one.implementation for node, one in code_behind(flow, spec).items()}
    return _Definition(spec, found.version, registry, code, live=False)


def _inputs_by_hand(spec: FlowSpec, created: RunCreated, asked: Asked) -> list[str]:
    """`node.input` for every input with a value of its own, now or in the replayed run."""
    for name in asked.inputs:
        node, _, port = name.partition(".")
        known = tuple(one.name for one in spec.node(NodeId(node)).inputs)
        if port not in known:
            raise UsageError(
                f"{name!r} is no input: name one as node.input",
                hint=did_you_mean(port, known),
            )
    inherited = [
        name
        for name in created.nodes
        if "." in name and name not in asked.begin and _has_input(spec, name)
    ]
    return list(dict.fromkeys([*inherited, *asked.inputs]))


def _has_input(spec: FlowSpec, name: str) -> bool:
    node, _, port = name.partition(".")
    found = spec.by_id.get(NodeId(node))
    return found is not None and found.input(PortName(port)) is not None


def _targets(
    events: Sequence[Event], before: FlowSpec | None, spec: FlowSpec, kinds: Registry
) -> tuple[NodeId, ...] | None:
    """The nodes of a run that was one of a part of its flow, or one with tests; None: the whole."""
    created = events[0]
    assert isinstance(created, RunCreated)  # noqa: S101 - `_events` has seen to it
    unasked = {
        event.node
        for event in events
        if isinstance(event, NodeSkipped) and event.reason is SkipReason.NOT_ASKED
    }
    ran = set(created.nodes) - unasked
    steps = () if before is None else _steps(before, kinds)
    if before is None or ran.issuperset(steps):
        tests = tuple(node for node in ran.difference(steps) if node in spec.by_id)
        return (*_steps(spec, kinds), *tests) if tests else None
    return tuple(node for node in created.nodes if node in ran and node in spec.by_id)


def _steps(spec: FlowSpec, kinds: Registry) -> tuple[NodeId, ...]:
    """The nodes that a run of the whole flow has: neither what is only read, nor tests."""
    found = ((node.id, kinds.get(node.kind)) for node in spec.nodes)
    return tuple(node for node, kind in found if not kind or not (kind.silent or kind.asserts))


# ---------------------------------------------------------------- what is different in it


@dataclass(frozen=True, slots=True)
class _Settling:
    """Brings together what was, what is asked and what the flow is now."""

    project: Office
    flow: Flow
    story: Story
    asked: Asked
    definition: _Definition
    plan: Plan
    before: FlowSpec | None
    recording: Recording | None

    def case(self, spec: FlowSpec) -> Case:
        created, asked = self.story.created, self.asked
        self._refuse_strangers()
        refuse_additions(self.plan, asked)
        vault = self.project.store.vault if self.recording is None else self.recording.vault
        values = Values(self.story, vault)
        by_hand = self._by_hand(values)
        hidden = {name for name, one in created.params.items() if was_redacted(one)}
        hidden -= set(asked.params)
        params = self._params(hidden)
        turns = turns_of(self.story, self.plan, vault)
        terms = replace(self._terms(by_hand, params), turns=turns)
        nodes, problems = values.settle(self.plan, terms)
        more = carried(self.story, nodes, turns, asked)
        problems += gone_items(self.story, more, vault)
        problems += [
            f"parameter {name} was redacted before it was written: give its value"
            for name in sorted(_read(self.plan, nodes) & hidden)
        ]
        problems += self._misfits(by_hand)
        told = Telling(self.story, self.definition.spec, self.plan, terms, nodes)
        report = ReplayPlan(
            origin=created.run,
            flow=created.flow,
            version=self.plan.version,
            seq=self.story.seq,
            nodes=nodes,
            warnings=tuple(told.warnings(self.project.history, by_hand)),
            problems=tuple(problems),
        )
        given = {} if problems else values.given(nodes, by_hand)
        called = called_by(self.project.history, created, spec)
        made = self.definition, spec, self.plan, params, given, more, self.recording
        return Case(report, asked, *made, called)

    def _terms(self, by_hand: Mapping[NodeId, Outputs], params: Mapping[PortName, Json]) -> Terms:
        now = recordable(self.definition.spec, params, self.recording)
        same = self.definition.version == self.story.created.version
        then = self.story.created.params
        return Terms(
            begin=frozenset(self.asked.begin),
            by_hand=frozenset(by_hand),
            moved=frozenset(
                name for name, value in params.items() if name not in then or then[name] != value
            ),
            changes={} if same else changes_since(self.before, now),
            trust=self.asked.trust,
            failed=self.asked.failed,
            more=frozenset(map(NodeId, self.asked.add)),
        )

    def _misfits(self, by_hand: Mapping[NodeId, Outputs]) -> Iterator[str]:
        """What is given by hand and no output of its node could be."""
        spec = self.definition.spec
        for node, outputs in by_hand.items():
            if node in spec.by_id:
                yield from output_misfits(spec.by_id[node], spec, outputs)

    def _refuse_strangers(self) -> None:
        """Every node that is named has to be there, and a part of what is replayed."""
        edited = (*self.asked.inputs, *self.asked.outputs)
        named = [*self.asked.begin, *(NodeId(name.partition(".")[0]) for name in edited)]
        for node in named:
            if node in self.plan.index or node in self.story.by_hand:
                continue
            self.definition.spec.node(node)
            raise UsageError(
                f"node {node!r} is no part of run {self.story.created.run}, which was one of a "
                "part of its flow",
                hint="replay a run of the whole flow",
            )

    def _params(self, hidden: set[str]) -> dict[PortName, Json]:
        """The parameters of that run, with those that are given; the hidden ones as they stand."""
        then, plan = self.story.created.params, self.plan
        known = {str(param.name) for param in plan.params}
        told = {
            PortName(name): value
            for name, value in then.items()
            if name in known and name not in hidden
        }
        told.update({PortName(name): value for name, value in self.asked.params.items()})
        rest = tuple(param for param in plan.params if param.name not in hidden)
        values = self.project.live.of(self.flow).parameters(replace(plan, params=rest), told)
        return values | {PortName(name): then[name] for name in hidden & known}

    def _by_hand(self, values: Values) -> dict[NodeId, Outputs]:
        found = {
            NodeId(name): Outputs({PortName(name): value})
            for name, value in self.asked.inputs.items()
        }
        for name, value in self.asked.outputs.items():
            node, _, port = name.partition(".")
            spec = self.definition.spec.node(NodeId(node))
            ports = self.plan.step(spec.id).outputs
            if port and port not in ports:
                hint = did_you_mean(port, ports)
                raise UsageError(f"node {node!r} has no output {port!r}", hint=hint)
            if port:
                others = found.get(spec.id) or _others(values, spec.id, ports, port)
                found[spec.id] = Outputs({**others.ports, PortName(port): value})
                continue
            try:
                found[spec.id] = as_outputs(value, ports)
            except TypeError as refused:
                raise UsageError(
                    f"{node!r} cannot give that: {refused}", hint="name one output as node.port"
                ) from refused
        return found


def _others(values: Values, node: NodeId, ports: tuple[PortName, ...], port: str) -> Outputs:
    """What the node gave on its other ports."""
    event = values.story.gave.get(node)
    if event is None or len(ports) == 1:
        return Outputs({})
    kept = {one: ref for one, ref in event.outputs.items() if one != port}
    return Outputs({one: values.vault.get(ref) for one, ref in kept.items()})


def _read(plan: Plan, nodes: Sequence[ReplayNode]) -> set[str]:
    """The parameters that nodes which run read."""
    return {
        str(binding.source.name)
        for step, one in zip(plan.steps, nodes, strict=True)
        if one.fate is Fate.RUNS
        for binding in step.bindings
        if isinstance(binding.source, FromParam)
    }
