"""Test runs: what nodes give in place of their own code, what they may do, how waits end.

A `Trial` goes with a run from its start, and with the runs its nodes call. Nodes that may change
something outside are not run unless a mock stands for them or the test allows them; what the flow
remembers is the test's own; nothing is taken from the cache or left in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from flowbook.errors import UsageError
from flowbook.graph.flow import Flow
from flowbook.graph.node import Outputs
from flowbook.graph.options import did_you_mean
from flowbook.graph.services import Scope
from flowbook.graph.spec import FlowSpec
from flowbook.ids import NodeId, RunId
from flowbook.session.trial_memory import TrialMemory


class Gives(Protocol):
    """What nodes gave once, by their path in the run."""

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters of that run."""
        ...

    def given(self, path: str) -> Outputs:
        """What the node gave; raises `UsageError` when it gave nothing or it was not kept."""
        ...


class TimedOut:
    """The answer to a wait that nobody answers in time."""

    def __repr__(self) -> str:
        return "TIMED_OUT"


TIMED_OUT: Final = TimedOut()


class in_turn:
    """A mock that gives one value after the other; an exception among them is raised.

    >>> answers = in_turn(ConnectionError("reset"), {"rows": 3})
    >>> answers.next()
    ConnectionError('reset')
    >>> answers.next()
    {'rows': 3}
    """

    def __init__(self, *values: Any) -> None:
        self._left: Iterator[Any] = iter(values)
        self._count = len(values)

    def next(self) -> Any:
        """The next value; `UsageError` when there is none left."""
        try:
            return next(self._left)
        except StopIteration:
            raise UsageError(
                f"the mock has given all of its {self._count} values",
                hint="give in_turn one value for each attempt and each item",
            ) from None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test says of a run.

    `mocks` are by node, or by `call/node` for the nodes of a flow that the node `call` calls.
    `seen` is what nodes gave in an earlier run, for those that may not run. `allow` names nodes, or
    kinds, that may change something outside. `answers` are by signal or by waiting node.
    """

    mocks: Mapping[str, Any] = field(default_factory=dict)
    seen: Gives | None = None
    allow: frozenset[str] = frozenset()
    answers: Mapping[str, Any] = field(default_factory=dict)
    memories: Mapping[Scope, TrialMemory] = field(
        default_factory=lambda: {scope: TrialMemory() for scope in Scope}
    )

    def within(self, call: NodeId) -> Trial:
        """The trial of the flow that a node of this one calls; it remembers what this one does."""
        start = f"{call}/"
        inner = {
            name.removeprefix(start): mock
            for name, mock in self.mocks.items()
            if name.startswith(start)
        }
        return replace(self, mocks=inner, seen=None)

    def settled(self, spec: FlowSpec) -> Trial:
        """The same, with the nodes of kinds that are allowed each by its name, too."""
        allowed = (str(one.id) for one in spec.nodes if one.kind in self.allow)
        return replace(self, allow=self.allow.union(allowed))

    def refuse_strangers(self, spec: FlowSpec, kinds: Collection[str]) -> None:
        """Raise `UsageError` for a mock, or leave, of what the flow has not."""
        nodes = [str(node.id) for node in spec.nodes]
        calls = {str(node.id) for node in spec.nodes if node.kind == "call"}
        for name in self.mocks:
            call, _, inner = name.partition("/")
            if name not in nodes and not (inner and call in calls):
                raise UsageError(
                    f"flow {spec.id!r} has no node {name!r} to mock", hint=did_you_mean(name, nodes)
                )
        known = [*nodes, *kinds]
        for name in self.allow:
            if name not in known:
                raise UsageError(
                    f"flow {spec.id!r} has no node {name!r} to allow",
                    hint=did_you_mean(name, known),
                )


class Trials:
    """The test runs of this process that are not over."""

    def __init__(self) -> None:
        self._known: dict[RunId, Trial] = {}

    def of(self, run: RunId) -> Trial | None:
        """What a test says of a run; None for one that is no test."""
        return self._known.get(run)

    def enter(self, run: RunId, trial: Trial) -> None:
        self._known[run] = trial

    def leave(self, run: RunId) -> None:
        self._known.pop(run, None)


def trial_of(flow: Flow, given: Mapping[str, Any], **said: Any) -> tuple[Trial, dict[str, Any]]:
    """The trial that a test asks for, and the parameters of its run.

    What is `given` by the name of a parameter is one, by the name of a node a mock of it: so a row
    of a dataset can be given as it is. `said`: as `Flow.test`. Raises `UsageError` for a name that
    is neither.
    """
    seen: Gives | None = said.get("seen")
    params = {**({} if seen is None else seen.params), **flow.given_params}
    mocks = {_named(name): mock for name, mock in (said.get("mocks") or {}).items()}
    spec, declared = flow.spec(), {str(param.name) for param in flow.params}
    for name, value in given.items():
        if name in declared:
            params[name] = value
        elif name in spec.by_id:
            mocks.setdefault(name, value)
        else:
            known = [*declared, *map(str, spec.by_id)]
            raise UsageError(
                f"flow {spec.id!r} has neither a parameter nor a node called {name!r}",
                hint=did_you_mean(name, known),
            )
    memory = said.get("memory") or {}
    memories = {scope: TrialMemory() for scope in Scope}
    memories[Scope.FLOW] = TrialMemory(memory)
    answers = {_named(name): one for name, one in (said.get("answers") or {}).items()}
    allow = frozenset(map(_named, _several(said.get("allow") or ())))
    return Trial(mocks, seen, allow, answers, memories), params


def _several(given: Any) -> Iterable[Any]:
    return given if isinstance(given, list | tuple | set | frozenset) else [given]


def _named(one: Any) -> str:
    return str(getattr(one, "name", one))
