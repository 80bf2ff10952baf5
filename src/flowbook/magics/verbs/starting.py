"""The verb that runs the flow."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any

import click

from flowbook.errors import UsageError
from flowbook.graph.asserting import with_tests
from flowbook.graph.nesting import Nesting
from flowbook.ids import NodeId
from flowbook.magics import stepping
from flowbook.magics.freezing import show_frozen
from flowbook.magics.identity import JobRun, given_run, trigger
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.verbs.group import PROGRAM, verbs
from flowbook.magics.verbs.words import NodeName, Parameter
from flowbook.plan.params import coerce_params
from flowbook.run.handle import Run
from flowbook.session.portions import behind
from flowbook.session.progress import narrate
from flowbook.session.recorded import RecordedRun
from flowbook.session.start import Start


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was said of a run."""

    nodes: tuple[NodeId, ...]
    params: tuple[str, ...]
    begin: tuple[NodeId, ...]
    force: bool
    bg: bool
    record: bool
    test: bool
    priority: int | None
    route: str | None
    steps: bool


@verbs.command()
@click.argument("nodes", nargs=-1, type=NodeName())
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    type=Parameter(),
    metavar="NAME=VALUE",
    help="A parameter of the run.",
)
@click.option(
    "--from",
    "begin",
    multiple=True,
    type=NodeName(),
    help="Run this node and all behind it, on the latest values in front of it.",
)
@click.option("--force", is_flag=True, help="Take nothing from the cache.")
@click.option("--bg", is_flag=True, help="Start it and return at once.")
@click.option("--record", is_flag=True, help="A run that does not succeed is the cell's error.")
@click.option("--test", is_flag=True, help="Run the test cells, too.")
@click.option("--priority", type=int, help="The higher goes first where limits bind.")
@click.option("--route", help="The version: published, pinned(3), canary(10), or draft.")
@click.option("--steps", is_flag=True, help="Run no node by itself: %flow step runs one.")
@click.pass_obj
def run(notebook: KernelNotebook, /, **said: Any) -> Run | RecordedRun:
    """Run the flow, or some of its nodes and what they need, with live progress."""
    asked = _Asked(**{field.name: said[field.name] for field in fields(_Asked)})
    started = _started(notebook, asked, given_run(asked.record))
    notebook.reopen(whole=True)
    if asked.steps:
        return stepping.begin(notebook, started)
    if asked.bg:
        return started
    if isinstance(started, RecordedRun):  # another process has the key
        return started.wait().raise_for_status()
    if not asked.record:
        narrate(started, sys.stdout.write, rests=True)
        return started.rest()
    try:
        narrate(started, sys.stdout.write)
        started.wait()
    finally:
        show_frozen(notebook, started)  # a report is read above all when a run went wrong
    return started.raise_for_status()


@verbs.command()
@click.argument("node", required=False, type=NodeName())
@click.pass_obj
def step(notebook: KernelNotebook, node: NodeId | None) -> Run | RecordedRun | None:
    """Run one node of the run begun with %flow run --steps; alone, all that is left of it."""
    if node is None:
        return stepping.finish(notebook)
    stepping.step(notebook, node)
    return None


def _started(notebook: KernelNotebook, asked: _Asked, job: JobRun) -> Run | RecordedRun:
    """The run, begun; a job's may be one that goes on."""
    if job.resumes is not None:
        (resumed,) = notebook.project.recover(notebook.flow, job.resumes)
        sys.stdout.write(f"going on with run {resumed.id}\n")
        if asked.steps:
            resumed.pause()
        return resumed
    how = _how(notebook, asked, job)
    plan = notebook.project.plan(notebook.flow, how.targets)
    typed = coerce_params(plan, list(asked.params))
    return notebook.project.start(notebook.flow, typed, how, key=job.key, route=asked.route)


def _how(notebook: KernelNotebook, asked: _Asked, job: JobRun) -> Start:
    targets: Collection[NodeId] | None = asked.nodes or None
    again: tuple[NodeId, ...] | None = None
    if asked.begin:
        again, targets = _from(notebook, asked, targets)
    if asked.test:
        targets = with_tests(notebook.flow.spec(), notebook.project.registry, targets)
    return Start(
        trigger(),
        targets,
        part=again is not None,
        rerun=again,
        run_id=job.run_id,
        routed=job.routed,
        priority=asked.priority,
        force=asked.force,
        paused=asked.steps,
    )


def _from(
    notebook: KernelNotebook, asked: _Asked, targets: Collection[NodeId] | None
) -> tuple[tuple[NodeId, ...], Collection[NodeId]]:
    """What is run again, and for what: all behind the nodes that `--from` names, by default."""
    plan = notebook.project.plan(notebook.flow)
    nesting = Nesting(notebook.flow.spec())
    outermost = [nesting.seen_from("", node) or node for node in asked.begin]
    again = tuple(behind(plan, outermost))
    if targets is None:
        return again, again
    needed = notebook.project.plan(notebook.flow, targets).index
    for node in outermost:
        if node not in needed:
            raise UsageError(
                f"{PROGRAM} run: {', '.join(targets)} does not need {node}",
                hint=f"leave out one of them: {PROGRAM} run --from {node}",
            )
    return again, targets
