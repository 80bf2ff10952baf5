"""The test cells of a notebook, run together: one test run, a verdict for each.

What they look at is worked out once for all of them. Reading a notebook runs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from flowbook.errors import UsageError
from flowbook.events import NodeSkipped, RunCreated, SkipReason
from flowbook.graph.options import did_you_mean
from flowbook.ids import NodeId
from flowbook.run.rules.phase import Outcome

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.graph.spec import NodeSpec
    from flowbook.run.handle import Run


class Ending(StrEnum):
    """How a test cell ended."""

    HELD = "held"
    FAILED = "failed"
    SKIPPED = "skipped"
    """The branch it hangs on was not taken."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one test cell.

    `cell` and `line` say where it failed, `cell` as it counts in the notebook, from 1; `told` is a
    line of what to say, `traceback` the whole of an error.
    """

    test: str
    ending: Ending
    told: str = ""
    cell: int | None = None
    cell_id: str | None = None
    line: int | None = None
    traceback: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """Cell and line, in words; '' where none is known."""
        if self.cell is None:
            return ""
        line = "" if self.line is None else f", line {self.line}"
        return f"cell {self.cell} ({self.cell_id}){line}"


def judge(
    flow: Flow, tests: Collection[NodeSpec], given: Mapping[str, Any] | None = None, **said: Any
) -> dict[str, Verdict]:
    """Run `tests` of a flow in one test run, and say of each how it ended.

    `given` and `said` are those of `Flow.test`: parameters, mocks, leave. Raises `InvalidFlow` or
    `InvalidParameters` before anything starts.
    """
    run = flow.test(given, only=[str(one.id) for one in tests], **said)
    skips = {one.node: one for one in run.events() if isinstance(one, NodeSkipped)}
    failed = _failures(run, {one.id for one in tests})
    return {str(one.id): _verdict(run, one, skips.get(one.id), failed) for one in tests}


def chosen(tests: Collection[NodeSpec], names: Collection[str]) -> tuple[NodeSpec, ...]:
    """The tests of these names, all where none is named; `UsageError` for one that is no test."""
    known = {str(one.id): one for one in tests}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no test {name!r}", hint=did_you_mean(name, tuple(known)))
    return tuple(one for name, one in known.items() if not names or name in names)


def _verdict(
    run: Run, test: NodeSpec, skipped: NodeSkipped | None, failed: Mapping[NodeId, str]
) -> Verdict:
    name, of = str(test.id), run[test.id]
    if of.outcome in (Outcome.SUCCEEDED, Outcome.REUSED):
        return Verdict(name, Ending.HELD, str(of.output), *_place(test))
    if of.outcome is Outcome.FAILED and of.error is not None:
        error = of.error
        told = f"{error.type}: {error.message}"
        return Verdict(name, Ending.FAILED, told, *_place(test, error.line), error.traceback)
    if skipped is None or skipped.reason is SkipReason.UPSTREAM_FAILED:
        cause = None if skipped is None else skipped.cause
        why = [failed[cause]] if cause and cause in failed else list(failed.values())
        return Verdict(name, Ending.FAILED, "; ".join(["it did not run", *why]), *_place(test))
    told = f"it did not run: {skipped.reason.value.replace('_', ' ')}"
    return Verdict(name, Ending.SKIPPED, told, *_place(test))


def _failures(run: Run, tests: Collection[NodeId]) -> dict[NodeId, str]:
    """The nodes that failed, but for the tests themselves, each with what it failed by."""
    created = run.events()[0]
    nodes = created.nodes if isinstance(created, RunCreated) else ()
    errors = {node: run[node].error for node in nodes if node not in tests}
    return {
        node: f"{node} failed: {error.type}: {error.message}"
        + (f" ({error.hint})" if error.hint else "")
        for node, error in errors.items()
        if error is not None and run[node].outcome is Outcome.FAILED
    }


def _place(test: NodeSpec, line: int | None = None) -> tuple[int | None, str | None, int | None]:
    place = test.place
    return (None, None, line) if place is None else (place.index + 1, str(place.cell), line)
