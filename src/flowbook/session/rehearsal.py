"""The code of a test run: mocks in place of nodes, answers to waits, and no effects outside."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from flowbook.errors import NotGranted, UsageError, WaitTimeout
from flowbook.graph import suspension
from flowbook.graph.node import NodeContext, Outputs, as_outputs
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.suspension import Resumption, Suspend
from flowbook.ids import NodeId, PortName
from flowbook.nodes.python import PythonNode
from flowbook.plan.plan import Plan, Step
from flowbook.run.work import Reuse, Work
from flowbook.session.checks import Checks
from flowbook.session.trials import TimedOut, Trial, in_turn

Inputs: TypeAlias = Mapping[PortName, Any]

_MOST_WAITS: Final = 100
"""How often one attempt may wait; a condition that time alone will not fulfil waits for ever."""
_UNCACHED: Final = "this is a test run"
_ABSENT: Final = object()


def rehearsed(
    plan: Plan, work: list[Work], spec: FlowSpec, kinds: Registry, trial: Trial
) -> list[Work]:
    """What the engine calls for each step of `plan` in a test run."""

    def of(step: Step, own: Work) -> Work:
        inside = dict(own.inside)
        if step.inside is not None:
            for block in step.inside.blocks.values():
                inside |= {one.node: of(one, own.inside[one.node]) for one in block.plan.steps}
        made = own if own.container is not None else _stood_in(spec.node(step.node), own)
        return replace(made, inside=inside, content=None, opaque=_UNCACHED)

    def _stood_in(node: NodeSpec, own: Work) -> Work:
        call = _mock(node, own, kinds, trial)
        if call is not None:
            return replace(own, call=call, is_async=False, pure=True)
        return replace(own, call=Answered(own.call, node.id, trial.answers))

    return [of(step, own) for step, own in zip(plan.steps, work, strict=True)]


def given_by_mocks(
    plan: Plan, kinds: Registry, spec: FlowSpec, trial: Trial
) -> dict[NodeId, Reuse]:
    """What containers that are mocked as a whole give; a container runs no function.

    Raises `UsageError` for a mock that cannot stand for one.
    """
    found: dict[NodeId, Reuse] = {}
    for step in plan.steps:
        mock = trial.mocks.get(step.node, _ABSENT)
        if step.inside is None or mock is _ABSENT:
            continue
        if callable(mock) or isinstance(mock, in_turn | BaseException):
            raise UsageError(
                f"{step.node!r} is a {step.kind}: a mock of it is a value, not {mock!r}",
                hint="mock the nodes inside of it",
            )
        ports = kinds[step.kind].ports(spec.node(step.node))
        found[step.node] = Reuse(_outputs(step, mock, ports), by_hand=True)
    return found


def _outputs(step: Step, mock: Any, ports: tuple[PortName, ...]) -> Outputs:
    """By port where the mock is so; else it is what the container gives by its own name."""
    by_port = isinstance(mock, Outputs) or (isinstance(mock, Mapping) and set(mock) <= set(ports))
    if not by_port:
        return Outputs({PortName(step.node): mock})
    return as_outputs(mock if isinstance(mock, Outputs) else Outputs(dict(mock)), ports)


def _mock(node: NodeSpec, own: Work, kinds: Registry, trial: Trial) -> Mocked | None:
    """What stands for a node; None where it runs itself."""
    kind = kinds[node.kind]
    checks = getattr(own.call, "checks", None)
    ports = kind.ports(node)
    if node.id in trial.mocks:
        return Mocked(ports, _from(node, trial.mocks[node.id]), checks)
    if not kind.external or node.id in trial.allow:
        return None
    seen = trial.seen
    if seen is not None:
        return Mocked(ports, lambda context, _: seen.given(context.path), checks)
    return Mocked(ports, _refuse(node), None)


def _from(node: NodeSpec, mock: Any) -> Callable[[NodeContext, Inputs], Any]:
    if isinstance(mock, in_turn):
        return lambda _context, _inputs: mock.next()
    if callable(mock) and not (isinstance(mock, type) and issubclass(mock, BaseException)):
        inner = PythonNode.from_function(node, mock)
        return inner.run
    return lambda _context, _inputs: mock


def _refuse(node: NodeSpec) -> Callable[[NodeContext, Inputs], Any]:
    def refuse(_context: NodeContext, _inputs: Inputs) -> Any:
        raise NotGranted(
            f"{node.id!r} ({node.kind}) may change something outside, and this is a test",
            hint=f"say what it gives: mocks={{{str(node.id)!r}: …}}, or let it: "
            f"allow=[{str(node.id)!r}]",
            grant="effects",
            what=node.kind,
        )

    return refuse


class Mocked:
    """Stands for a node: gives what a test says, on the node's ports, checked as its own."""

    def __init__(
        self,
        ports: tuple[PortName, ...],
        give: Callable[[NodeContext, Inputs], Any],
        checks: Checks | None,
    ) -> None:
        self._ports, self._give, self.checks = ports, give, checks

    def __call__(self, context: NodeContext, inputs: Inputs) -> Outputs:
        if self.checks is not None:
            self.checks.take(context, inputs)
        given = self._give(context, inputs)
        if inspect.isawaitable(given):
            raise UsageError(
                f"the mock of {context.node!r} is a coroutine function",
                hint="let it be a plain function, or a value",
            )
        if isinstance(given, type) and issubclass(given, BaseException):
            given = given()
        if isinstance(given, BaseException):
            raise given
        outputs = as_outputs(given, self._ports)
        if self.checks is not None:
            self.checks.give(context, outputs)
        return outputs


class Answered:
    """A node's own code whose waits end at once: times have come, signals are what a test says."""

    def __init__(
        self, call: Callable[[Any, Inputs], Any], node: NodeId, answers: Mapping[str, Any]
    ) -> None:
        self._call, self._node, self._answers = call, node, answers
        self.checks: Checks | None = getattr(call, "checks", None)
        self.ambient: frozenset[tuple[str, ...]] = getattr(call, "ambient", frozenset())
        """What it reads of the project: secrets among it are known before the run begins."""

    def __call__(self, context: Any, inputs: Inputs) -> Any:
        for _ in range(_MOST_WAITS):
            try:
                given = self._call(context, inputs)
            except Suspend as wait:
                ended, value = self._end(context, wait)
                if ended:
                    return value
                continue
            return self._waited(context, inputs, given) if inspect.isawaitable(given) else given
        raise self._waits_still()

    async def _waited(self, context: Any, inputs: Inputs, given: Awaitable[Any]) -> Any:
        for _ in range(_MOST_WAITS):
            try:
                return await given
            except Suspend as wait:
                ended, value = self._end(context, wait)
                if ended:
                    return value
            given = self._call(context, inputs)
        raise self._waits_still()

    def _end(self, context: Any, wait: Suspend) -> tuple[bool, Any]:
        """How the wait ends: with what the node gives then, or by running it again."""
        answer = self._answer(context, wait)
        if isinstance(answer, TimedOut):
            if wait.on_timeout == "fail":
                what = wait.reason or wait.signal
                raise WaitTimeout(f"it waited for {what}, which did not come", seconds=0.0)
            if wait.on_timeout != "continue":
                return True, wait.on_timeout
        came = _resumption(answer, wait)
        context.resumption = came
        suspension.current.set(came)
        return False, None

    def _answer(self, context: NodeContext, wait: Suspend) -> Any:
        for name in (wait.signal, context.path, str(self._node)):
            answer = self._answers.get(name or "", _ABSENT)
            if answer is not _ABSENT:
                return answer.next() if isinstance(answer, in_turn) else answer
        if wait.until is None and wait.signal:
            raise UsageError(
                f"{self._node!r} waits for {wait.reason or wait.signal}, and nobody answers a test",
                hint=f"say what comes: answers={{{str(self._node)!r}: …}}",
            )
        return _ABSENT if wait.until is not None else TimedOut()

    def _waits_still(self) -> UsageError:
        return UsageError(
            f"{self._node!r} has waited {_MOST_WAITS} times, and waits still",
            hint=f"say what it gives: mocks={{{str(self._node)!r}: …}}",
        )


def _resumption(answer: Any, wait: Suspend) -> Resumption:
    now = datetime.now(UTC)
    if isinstance(answer, TimedOut):
        return Resumption("timeout", data=wait.data, since=now, at=_moment(wait.timeout, now))
    if answer is _ABSENT:
        return Resumption("time", data=wait.data, since=now, at=_moment(wait.until, now))
    return Resumption("signal", answer, wait.data, now, now)


def _moment(given: datetime | timedelta | None, now: datetime) -> datetime:
    return now + given if isinstance(given, timedelta) else given or now
