"""One node of a run, as its user holds it: what it read and gave, how it went, what it said."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flowbook.errors import RunError, RunFailed, ValueUnavailable
from flowbook.events import NodeCompleted, NodeLogged, NodeReused
from flowbook.events.values import ErrorInfo
from flowbook.graph.node import Outputs
from flowbook.ids import NodeId, PortName, RunId
from flowbook.plan.plan import FromStep
from flowbook.run.failure import held
from flowbook.run.given import given, taken
from flowbook.run.lookups import NOT_YET, OFF, Lookup, lookup_of
from flowbook.run.perform import Performance
from flowbook.run.recall import Answer
from flowbook.run.rules.phase import Outcome, Phase
from flowbook.run.rules.state import RunState
from flowbook.run.streamed import Streamed, streamed_by
from flowbook.run.values import inputs_of


class NodeRun:
    """One node of a run."""

    def __init__(self, run_id: RunId, performance: Performance, index: int) -> None:
        self._run_id, self._performance, self._index = run_id, performance, index
        scopes = performance.state.scopes
        self.scope = scopes[performance.state.scope[index]].path if scopes else ""
        """Inside which turn of which containers it is."""
        self.step = performance.state.steps[index] if scopes else performance.plan.steps[index]
        self.node = self.step.node

    @property
    def phase(self) -> Phase:
        phases = self._performance.state.phase
        return phases[self._index] if phases else Phase.WAITING

    @property
    def outcome(self) -> Outcome | None:
        """None until the node is done."""
        outcomes = self._performance.state.outcome
        return outcomes[self._index] if outcomes else None

    @property
    def attempts(self) -> int:
        attempts = self._performance.state.attempt
        return attempts[self._index] if attempts else 0

    @property
    def duration(self) -> float | None:
        """Seconds the last attempt took; None before one has ended."""
        ms = self._performance.state.ms
        taken = ms[self._index] if ms else None
        return None if taken is None else taken / 1000

    @property
    def error(self) -> ErrorInfo | None:
        """What the last attempt raised, unless a later one succeeded."""
        errors = self._performance.state.error
        return errors[self._index] if errors else None

    @property
    def inputs(self) -> Mapping[PortName, Any]:
        """What the node reads, as far as it is there."""
        base, sources = self._sources()
        shelf = self._performance.shelf
        for source in sources:
            with suppress(ValueUnavailable):
                shelf.look(base + source)
        found = inputs_of(self.step, base, shelf.values, _names(self._performance, self._index))
        return given(self._performance.state, self._index, found)

    @property
    def outputs(self) -> Mapping[PortName, Any]:
        """The values of its live ports; raises as `output` does."""
        return dict(self.given.ports)

    @property
    def held_inputs(self) -> Mapping[PortName, Any]:
        """As `inputs`, and nothing is loaded: a `ValueRef` stands for what is in the store only."""
        base, sources = self._sources()
        held = {base + source: self._performance.shelf.held(base + source) for source in sources}
        found = inputs_of(self.step, base, held, _names(self._performance, self._index))
        return taken(self._performance.state, self._index, found)

    def _sources(self) -> tuple[int, tuple[int, ...]]:
        """The first slot of the node's scope, and the steps there that it reads."""
        state = self._performance.state
        base = state.scopes[state.scope[self._index]].base if state.scopes else 0
        sources = (binding.source for binding in self.step.bindings)
        return base, tuple(int(one.step) for one in sources if isinstance(one, FromStep))

    @property
    def held_outputs(self) -> Mapping[PortName, Any]:
        """As `outputs`, empty if there are none; a `ValueRef` for what is in the store only."""
        held = self._performance.shelf.held(self._index)
        return {} if held is None else dict(held.ports)

    @property
    def output(self) -> Any:
        """What the node gave: its result, or the value of its only port, or all ports by name.

        Raises `RunFailed` when it failed, `RunError` when it has no output for another reason.
        """
        given = self.given
        if given.result is not None:
            return given.result
        if len(self.step.outputs) == 1:
            return next(iter(given.ports.values()), None)
        return dict(given.ports)

    @property
    def cache(self) -> Lookup:
        """Whether the cache gave its outputs, and from which run; if not, why."""
        none = Answer(why=NOT_YET if self.step.options.cache else OFF)
        asked = self._performance.lookups.answers.get(self._index, none)
        return lookup_of(tuple(self._performance.events), self.node, asked, self.scope)

    @property
    def logs(self) -> str:
        """What it printed and logged, all attempts, in order."""
        return "".join(
            event.text
            for event in tuple(self._performance.events)
            if isinstance(event, NodeLogged)
            and (event.node, event.scope) == (self.node, self.scope)
        )

    @property
    def stream(self) -> Streamed:
        """What it streamed besides its outputs: tokens, data, artefacts, how far it was."""
        performance = self._performance
        found = streamed_by(tuple(performance.events), self.node, self.scope)
        tail = performance.streams.tails.get(self._index)
        return Streamed(found, performance.keeper.look, tail)

    @property
    def refs(self) -> Mapping[PortName, Any]:
        """References to the values of its live ports, as they are in the history."""
        for event in tuple(self._performance.events):
            if isinstance(event, NodeCompleted | NodeReused) and (
                (event.node, event.scope) == (self.node, self.scope)
            ):
                return dict(event.outputs)
        return {}

    def shown(self, values: Mapping[PortName, Any]) -> Mapping[PortName, Any]:
        """Inputs or outputs as they may leave the process, without what the flow keeps back."""
        recording = self._performance.recording
        return values if recording is None else recording.shown(values)

    @property
    def at_hand(self) -> bool:
        """True when what it gave is in memory, and not only in the store."""
        return self._performance.shelf.at_hand(self._index)

    @property
    def given(self) -> Outputs:
        """The outputs as they are passed on; raises as `output` does."""
        outcome = self.outcome
        try:
            found = self._performance.shelf.look(self._index)
        except ValueUnavailable as gone:
            raise RunError(
                f"node {self.node!r}: {gone.message}", hint=gone.hint, run_id=self._run_id
            ) from gone
        if outcome in (Outcome.SUCCEEDED, Outcome.REUSED) and found is not None:
            return found
        if outcome is Outcome.FAILED:
            raise failed_run(self._run_id, self.node, self.error)
        why = outcome_word(self._performance.state, self._index) if outcome else self.phase.value
        reason = self._performance.state.reason[self._index] if outcome else None
        raise RunError(
            f"node {self.node!r} has no output: it is {why}{f' ({reason})' if reason else ''}",
            hint=None if outcome else "wait for the run first",
            run_id=self._run_id,
        )

    def __repr__(self) -> str:
        word = self.outcome or self.phase
        took = "" if self.duration is None else f" in {shown_seconds(self.duration)}"
        return f"<NodeRun {self.node}: {word.value}{took}>"


def _names(performance: Performance, i: int) -> Mapping[PortName, Any]:
    """What parameters stand for where the step in slot `i` is."""
    state = performance.state
    return performance.containers.names(state.scope[i] if state.scopes else 0)


def failed_run(run_id: RunId, node: NodeId | None, error: ErrorInfo | None) -> RunFailed:
    """The exception that says what failed, and where."""
    kind = error.type if error else None
    what = f"{error.name}: {error.message}".rstrip(": ") if error else "it failed"
    where = ""
    if error and error.line:
        where = (
            f" (cell {error.cell}, line {error.line})" if error.cell else f" (line {error.line})"
        )
    failed = RunFailed(
        f"node {node!r} failed{where}: {what}" if node else f"run {run_id} failed: {what}",
        hint=error.hint if error else None,
        run_id=run_id,
        node=node,
        cell=error.cell if error else None,
        line=error.line if error else None,
        error_type=kind,
        traceback=error.traceback if error else None,
        inputs=error.inputs if error else None,
    )
    caught = held(error) if error else None
    if caught is not None:
        failed.__cause__, failed.redact = caught.error, caught.redact
    elif failed.frames():
        failed.add_note(failed.frames())
    return failed


def outcome_word(state: RunState, i: int) -> str:
    """How the step in a slot ended, else what it is doing."""
    return (state.outcome[i] or state.phase[i]).value


def shown_seconds(seconds: float) -> str:
    """A duration as people read it."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
