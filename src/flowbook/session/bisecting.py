"""Bisecting: runs with half of the changes, until one is left that makes the difference.

Between two runs each try replays the good one with some of what is different in the bad one: the
code of a node, the setup cells, a parameter, or what a node had read from outside. Between two
versions each try runs the version in the middle. Which to try next is `flowbook.graph.halving`.

No replay changes the environment, but this process may have that of the bad run. Then the good one
is run anew as it was, and nothing of it taken: where that is bad, the environment may be why.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import InvalidFlow, InvalidParameters, UsageError
from flowbook.events import RunStatus
from flowbook.graph.comparing import Mark, NodeChange
from flowbook.graph.flow import Flow
from flowbook.graph.halving import Halving, Verdict
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.ids import NodeId, RunId
from flowbook.session.bisection import Bisection, Step, Trial
from flowbook.session.diff import Diff
from flowbook.session.diffing import Asked, Side, diff
from flowbook.session.failing import failing_node
from flowbook.session.recorded import RecordedRun
from flowbook.session.replay import Office as ReplayOffice
from flowbook.session.versions import as_it_was, code_behind, versions

if TYPE_CHECKING:
    from flowbook.run.handle import Run

Progress = Callable[[Trial, int], object]
"""Told each try, and how many more there are to be at most."""
Test = Callable[[Any], "bool | None"]
"""Says of a run whether it is good; None for one that tells nothing."""


class Office(ReplayOffice, Protocol):
    """What bisecting needs of its project; `flowbook.Project` is one."""

    def state(self, run: Any, *, at: int | None) -> Any: ...
    def replay(self, flow: Flow, run_id: str, **asked: Any) -> Run: ...
    def start(self, flow: Flow, params: Mapping[Any, Any] | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to tell good from bad; see `Flow.bisect`."""

    test: Test | None = None
    output: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress | None = None
    asked: Asked = field(default_factory=Asked)


class Tries(Protocol):
    """What can be tried: the changes in order, and a run with the first so many of them."""

    @property
    def steps(self) -> tuple[Step, ...]: ...
    def attempt(self, steps: Sequence[Step]) -> Trial: ...


def bisect(project: Office, flow: Flow, good: Any, bad: Any, wanted: Wanted) -> Bisection:
    """What made it bad, by runs, or by versions where both are numbers.

    Raises `UsageError` when nothing is different, when nothing says what is bad, or when the good
    one is not good.
    """
    if isinstance(good, int) and isinstance(bad, int):
        between: Any = _Versions(project, flow, good, bad, wanted)
        around: tuple[Step, ...]
        untried: tuple[str, ...]
        around, untried = (), ()
    else:
        between = _Runs(project, flow, str(good), str(bad), wanted)
        around = between.around
        here = {one.name for one in around}
        others = [one.name for one in between.diff.environment if one.name not in here]
        untried = tuple(f"environment {name}" for name in others)
    if not between.steps and not around:
        raise UsageError(
            f"nothing that is recorded differs between {good} and {bad}",
            hint=f"not to be tried: {', '.join(untried)}" if untried else "flow.diff shows both",
        )
    tries = _Tried(between, wanted.progress)
    found, alone = _searched(tries) if between.steps else ((), None)
    if around and all(one.kind == "input" for one in found):
        verdict = tries.attempt((), 0, told=around)
        found = (*found, *around) if verdict is Verdict.BAD else found
    return Bisection(
        str(good), str(bad), (*between.steps, *around), found, tuple(tries.trials), untried,
        alone if len(found) == 1 else None, project.history.delete,
    )  # fmt: skip


@dataclass
class _Tried:
    """The tries so far."""

    between: Tries
    progress: Progress | None
    trials: list[Trial] = field(default_factory=list)

    def attempt(self, steps: Sequence[Step], left: int, *, told: Sequence[Step] = ()) -> Verdict:
        """Try these changes; `told`: what is different by itself, and no replay makes so."""
        trial = self.between.attempt(steps)
        self.trials.append(replace(trial, steps=(*trial.steps, *told)))
        if self.progress is not None:
            self.progress(self.trials[-1], left)
        return trial.verdict


def _searched(tries: _Tried) -> tuple[tuple[Step, ...], bool | None]:
    """The change that makes it bad, several where that cannot be told, and whether alone."""
    steps, attempt = tries.between.steps, tries.attempt
    search = Halving.of(len(steps))
    reproduced = attempt(steps, search.left)
    while reproduced is not Verdict.GOOD and (first := search.next) is not None:
        search = search.told(first, attempt(steps[:first], search.left - 1))
    found = () if reproduced is Verdict.GOOD else tuple(steps[i] for i in search.suspects)
    alone = None
    if len(found) == 1 and search.good > 0 and found[0].kind != "version":
        verdict = attempt(found, 0)
        alone = None if verdict is Verdict.UNKNOWN else verdict is Verdict.BAD
    return found, alone


# ---------------------------------------------------------------- between two runs


@dataclass
class _Runs:
    """A good run, a bad one, and replays of the good one with changes of the bad one."""

    project: Office
    flow: Flow
    good: str
    bad: str
    wanted: Wanted

    def __post_init__(self) -> None:
        store = self.project
        self.sides = Side.of(store.history, self.good), Side.of(store.history, self.bad)
        self.diff: Diff = diff(store, self.good, self.bad, self.wanted.asked)
        if self._judged(self.good).verdict is not Verdict.GOOD:
            raise UsageError(f"run {self.good} is not good", hint="name another, or another test")

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        found: list[Step] = []
        before, after = self.sides[0].spec, self.sides[1].spec
        if before is not None and after is not None:
            if before.params != after.params:
                found.append(Step("setup", "parameters", "the flow declares others"))
            if [one.body for one in before.setup] != [one.body for one in after.setup]:
                found.append(Step("setup", "cells", "other setup cells"))
            found += [
                Step("code", str(one.node), _said(one.change), one.node)
                for one in self.diff.nodes
                if one.change.mark is not Mark.SAME
            ]
        found += [
            Step("parameter", one.name, f"{one.before!r} → {one.after!r}")
            for one in self.diff.params
        ]
        found += [
            Step("input", str(node), "what it had read or was given", node)
            for node in self.diff.first
            if set(self.diff[node].causes) <= {"given by hand in one of them"}
            and self.diff[node].turns is None
            and self.sides[1].outputs(node)
        ]
        return tuple(found)

    @cached_property
    def around(self) -> tuple[Step, ...]:
        """What the environments differ in and is in this process as it was in the bad run."""
        then = self.project.store.environments.get(self.sides[0].row.environment)
        if then is None or not self.diff.environment:
            return ()
        here = {name: now for name, _then, now in then.differences(self.project.environment.now())}
        return tuple(
            Step("environment", one.name, f"{one.before or 'none'} → {one.after or 'none'}")
            for one in self.diff.environment
            if one.name in here and here[one.name] == one.after
        )

    def attempt(self, steps: Sequence[Step]) -> Trial:
        """Replay the good run with these changes; without any, all of it."""
        kept = tuple(steps)
        try:
            flow = self._flow(kept)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of nodes that have changed: they do
                run = self.project.replay(
                    flow, self.good, params=self._params(kept), outputs=self._outputs(kept)
                ).wait()
        except (UsageError, InvalidFlow, InvalidParameters) as refused:
            return Trial(kept, Verdict.UNKNOWN, None, refused.message)
        return replace(self._judged(run.id, run), steps=kept)

    def _params(self, steps: Sequence[Step]) -> dict[str, Any] | None:
        then = self.sides[1].row.params
        names = [one.name for one in steps if one.kind == "parameter" and one.name in then]
        return {name: then[name] for name in names} or None

    def _outputs(self, steps: Sequence[Step]) -> dict[str, Any] | None:
        vault = self.project.store.vault
        found = {
            f"{one.name}.{port}": vault.get(ref)
            for one in steps
            if one.kind == "input"
            for port, ref in self.sides[1].outputs(one.name).items()
        }
        return found or None

    def _flow(self, steps: Sequence[Step]) -> Flow:
        before, after = self.sides[0].spec, self.sides[1].spec
        if before is None or after is None:
            raise UsageError("the definition of a run is not there to be read")
        marks = {one.node: one.change for one in self.diff.nodes}
        spec = mixed(before, after, steps, marks)
        flow = Flow(spec.id, host=self.flow.host)
        flow.replace_spec(
            replace(spec, options=self.flow.spec().options), code_behind(self.flow, spec)
        )
        live = self.project.live.of(flow)
        live.attached, live.former = self.project.live.of(self.flow).attached, True
        return flow

    def _judged(self, run_id: RunId | str, run: Any = None) -> Trial:
        """What a run shows."""
        run_id, wanted = RunId(str(run_id)), self.wanted
        if wanted.test is not None:
            return _tested(wanted.test, run or RecordedRun(self.project, run_id), run_id)
        row = self.project.history.run(run_id)
        if wanted.output is None and self.sides[1].row.status is RunStatus.FAILED:
            return self._by_failure(run_id, row.status)
        compared = diff(self.project, self.good, run_id, wanted.asked)
        if wanted.output is None:
            worse = [node for node in compared.diverging if node in self._ends]
            return Trial((), Verdict.BAD if worse else Verdict.GOOD, run_id, ", ".join(worse))
        node, _, port = wanted.output.partition(".")
        outputs = compared[node].outputs.values()
        told = [one for one in outputs if not port or one.port == port]
        other = any(one.difference.real for one in told) or not told
        return Trial((), Verdict.BAD if other else Verdict.GOOD, run_id)

    def _by_failure(self, run_id: RunId, status: RunStatus) -> Trial:
        if status is not RunStatus.FAILED:
            return Trial((), Verdict.GOOD, run_id)
        wanted = failing_node(self.project.history.events(self.bad))
        node = failing_node(self.project.history.events(run_id))
        verdict = Verdict.BAD if node == wanted else Verdict.UNKNOWN
        return Trial((), verdict, run_id, f"{node} failed")

    @cached_property
    def _ends(self) -> frozenset[NodeId]:
        """The nodes that nobody reads: what the flow is for."""
        fed = {source for feeds in self.diff.feeds.values() for source in feeds}
        return frozenset(one.node for one in self.diff.nodes if one.node not in fed)


def mixed(
    before: FlowSpec,
    after: FlowSpec,
    steps: Sequence[Step],
    marks: Mapping[NodeId, NodeChange],
) -> FlowSpec:
    """The definition `before` with some of the changes that lead to `after`.

    >>> from flowbook.ids import FlowId
    >>> one = FlowSpec(FlowId("f"), (NodeSpec(NodeId("a"), body="1"), NodeSpec(NodeId("b"))))
    >>> two = FlowSpec(FlowId("f"), (NodeSpec(NodeId("a"), body="2"),))
    >>> [node.body for node in mixed(one, two, [Step("code", "a", "", NodeId("a"))], {}).nodes]
    ['2', '']
    """
    kinds = {(one.kind, one.name) for one in steps}
    nodes: dict[NodeId, NodeSpec] = {node.id: node for node in before.nodes}
    for step in steps:
        if step.kind != "code" or step.node is None:
            continue
        was = marks[step.node].was if step.node in marks else None
        now = after.by_id.get(step.node)
        if now is None:
            nodes.pop(step.node, None)
            continue
        nodes = {
            (now.id if one == was else one): (now if one == was else node)
            for one, node in nodes.items()
        }
        nodes[now.id] = now
    return replace(
        before,
        nodes=tuple(nodes.values()),
        setup=after.setup if ("setup", "cells") in kinds else before.setup,
        params=after.params if ("setup", "parameters") in kinds else before.params,
    )


def _said(change: NodeChange) -> str:
    return change.mark.value if not change.parts else ", ".join(change.parts)


def _tested(test: Test, run: Any, run_id: RunId) -> Trial:
    told = test(run)
    verdict = Verdict.UNKNOWN if told is None else Verdict.GOOD if told else Verdict.BAD
    return Trial((), verdict, run_id)


# ---------------------------------------------------------------- between two versions


@dataclass
class _Versions:
    """The versions of a flow, each run in turn."""

    project: Office
    flow: Flow
    good: int
    bad: int
    wanted: Wanted

    def __post_init__(self) -> None:
        if self.wanted.test is None:
            raise UsageError(
                "between versions a test has to say which runs are good",
                hint="such as test=lambda run: run['total'].output > 0",
            )
        if self.good >= self.bad:
            raise UsageError(f"version {self.good} is not before version {self.bad}")

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        known = {one.number: one for one in versions(self.project.history, self.flow)}
        missing = [number for number in (self.good, self.bad) if number not in known]
        if missing:
            raise UsageError(
                f"flow {self.flow.name!r} has no version {missing[0]}",
                hint="flow.versions() lists them",
            )
        return tuple(
            Step("version", str(number), known[number].version)
            for number in range(self.good + 1, self.bad + 1)
            if number in known
        )

    def attempt(self, steps: Sequence[Step]) -> Trial:
        """Run the last of these versions."""
        kept = tuple(steps)
        assert self.wanted.test is not None  # noqa: S101 - refused above
        try:
            flow = as_it_was(self.project, self.flow, int(kept[-1].name))
            run = self.project.start(flow, self.wanted.params).wait()
        except (UsageError, InvalidFlow, InvalidParameters) as refused:
            return Trial(kept, Verdict.UNKNOWN, None, refused.message)
        return replace(_tested(self.wanted.test, run, run.id), steps=kept)
