"""Run an opened notebook in this process, live on stderr, and tell how it went on stdout."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from flowbook.cli.failures import say_error
from flowbook.cli.live import follow
from flowbook.cli.opening import Opened, stand_in
from flowbook.cli.output import as_json, echo_value
from flowbook.cli.reporting import write_drawn
from flowbook.errors import RunError, RunFailed, RunTimeout, UsageError
from flowbook.events import RunCreated, RunStatus, TriggerKind
from flowbook.export.exits import ExitCode
from flowbook.export.job import report_path
from flowbook.export.notebook import sinks
from flowbook.expr.template import Template
from flowbook.graph.spec import Json, Missing
from flowbook.ids import NodeId, PortName
from flowbook.run.rules.phase import Outcome
from flowbook.session.recorded import RecordedRun
from flowbook.session.start import Start

if TYPE_CHECKING:
    from flowbook.run.handle import Run

RUN_CODES: Final = (
    ExitCode.OK,
    ExitCode.FAILED,
    ExitCode.USAGE,
    ExitCode.INFRASTRUCTURE,
    ExitCode.TIMEOUT,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
)
"""How a command may end that runs a flow."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to run. `report` is where the executed notebook goes; `wanted` False: nowhere.

    `key` is a run key, its templates not rendered yet. `priority`: None leaves it to the flow.
    `route`: the rule by which a version is taken, None for the flow as it is.
    """

    only: Sequence[str] = ()
    timeout: float | None = None
    report: Path | None = None
    wanted: bool = True
    key: str | None = None
    priority: int | None = None
    route: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that was followed to its end, and where its report is."""

    run: Run | RecordedRun
    code: ExitCode
    report: Path | None


def run_opened(opened: Opened, params: Mapping[str, Json], terms: Terms) -> Finished:
    """Run the flow to its end; progress on stderr. Raises before anything starts, not after."""
    opened.refuse_errors()
    stand_in(opened.path.parent)
    targets = [NodeId(name) for name in terms.only] or None
    start = Start(trigger=TriggerKind.CLI, targets=targets, priority=terms.priority)
    key = None if terms.key is None else _rendered(opened, terms.key, params)
    run = opened.project.start(opened.flow, params, start, key=key, route=terms.route)
    if isinstance(run, RecordedRun):
        return Finished(run, _awaited(run, terms.timeout) or verdict(run), None)
    why = follow(run, sys.stderr, timeout=terms.timeout)
    return Finished(run, why or verdict(run), _report(opened, run, terms))


def _rendered(opened: Opened, key: str, params: Mapping[str, Json]) -> str:
    """A run key with its templates filled in from the run's parameters, defaults included."""
    defaults = {
        str(one.name): one.default
        for one in opened.project.plan(opened.flow).params
        if not isinstance(one.default, Missing)
    }
    return str(Template.parse(key).render({**defaults, **params}))


def _awaited(run: RecordedRun, timeout: float | None) -> ExitCode | None:
    """Wait for a run that was started before; why that ended early, if it did."""
    click.echo(f"run {run.id} has this key; it was started before", err=True)
    try:
        run.wait(timeout)
    except RunTimeout:
        return ExitCode.TIMEOUT
    return None


def verdict(run: Run | RecordedRun) -> ExitCode:
    """A run that failed without a failed node could not be recorded: the project's fault."""
    try:
        run.raise_for_status()
    except RunTimeout:
        return ExitCode.TIMEOUT
    except RunFailed as failure:
        return ExitCode.FAILED if failure.node else ExitCode.INFRASTRUCTURE
    except RunError:
        return ExitCode.FAILED
    return ExitCode.OK


def outputs(opened: Opened, run: Run | RecordedRun, only: Sequence[str] = ()) -> dict[str, Any]:
    """What the nodes at the flow's ends gave, or those asked for; others are left out."""
    targets = [NodeId(name) for name in only] or None
    created = next((one for one in run.events() if isinstance(one, RunCreated)), None)
    flow = opened.flow
    if created is not None:  # a rule may have taken another version than the notebook's
        flow = opened.project.at_version(flow, created.version)
    plan = opened.project.plan(flow, targets)
    found: dict[str, Any] = {}
    for name in only or sinks(flow.spec(), plan):
        try:
            found[name] = run[name].output
            if not isinstance(run, RecordedRun):  # what comes from the store is redacted
                found[name] = run[name].shown({PortName(name): found[name]})[PortName(name)]
        except RunError:
            continue  # it failed or was skipped: the summary says so
    return found


def summary(opened: Opened, finished: Finished, only: Sequence[str]) -> dict[str, Any]:
    """A finished run as JSON data."""
    run = finished.run
    history = opened.project.history
    return {
        "run": history.run(run.id).to_json(),
        "nodes": [row.to_json() for row in history.node_runs(run.id)],
        "outputs": {name: as_json(value) for name, value in outputs(opened, run, only).items()},
        "report": str(finished.report) if finished.report else None,
        "exit_code": int(finished.code),
    }


def tell(opened: Opened, finished: Finished, only: Sequence[str]) -> None:
    """A finished run for a person: what it gave, or why it gave nothing."""
    for name, value in outputs(opened, finished.run, only).items():
        echo_value(name, value)
    if finished.code is not ExitCode.OK:
        explain_end(finished)
    if finished.report is not None:
        click.echo(f"report: {show_path(finished.report)}", err=True)


def explain_end(finished: Finished) -> None:
    """Why a run did not end well: every node that failed, with its traceback, the first one last.

    The last lines are the ones a terminal still shows.
    """
    if finished.run.status is not RunStatus.FAILED:
        say_error(finished.code.meaning)
        return
    for failure in reversed(_failures(finished.run)):
        if isinstance(failure, RunFailed) and failure.frames():
            click.echo(failure.frames(), err=True)
        for line in failure.given() if isinstance(failure, RunFailed) else ():
            click.echo(line, err=True)
        say_error(failure.message, failure.hint)


def _failures(run: Run | RecordedRun) -> list[RunError]:
    """What made the run fail, the first failure first; then those of other nodes."""
    found: list[RunError] = []
    try:
        run.raise_for_status()
    except RunError as first:
        found.append(first)
    state = run.state
    for node, outcome in zip(state.nodes, state.outcome[: len(state.nodes)], strict=True):
        if outcome is Outcome.FAILED and node != getattr(found[0], "node", None):
            try:
                run[node].outputs  # noqa: B018 - asking a failed node raises its error
            except RunError as failure:
                found.append(failure)
    return found


def show_path(path: Path) -> str:
    """A path as short as it is still right from where the command was started."""
    try:
        return str(path.relative_to(STARTED_IN))
    except ValueError:
        return str(path)


STARTED_IN = Path.cwd()


def _report(opened: Opened, run: Run, terms: Terms) -> Path | None:
    if not terms.wanted:
        return None
    path = terms.report or report_path(opened.project.path, run.flow, run.id)
    try:
        return write_drawn(opened, run, path)
    except UsageError as refused:
        say_error(f"no report: {refused.message}", refused.hint)
        return None
