"""`flowbook export`: a notebook's flow as a papermill job, and where that runs by itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from flowbook.cli.deploying import (
    as_data,
    deployed,
    refuse_without_target,
    target_options,
    tell,
)
from flowbook.cli.manual import manual
from flowbook.cli.opening import Opened, has_history, open_notebook
from flowbook.cli.options import json_option, notebook_argument
from flowbook.cli.output import echo_json
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode
from flowbook.export.notebook import Layout, captured, export_notebook
from flowbook.graph.spec import FlowSpec
from flowbook.session.jobs import version_job, write_job


@click.command("export")
@notebook_argument
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder for the job; made if need be.",
)
@click.option("--with-tests", is_flag=True, help="Let the job run the test cells, too.")
@click.option("--version", metavar="VERSION", help="Of this version.  [default: the published one]")
@click.option("--draft", is_flag=True, help="Of the notebook as it is.")
@click.option(
    "--layout",
    type=click.Choice([one.value for one in Layout]),
    default=Layout.RUNNER.value,
    show_default=True,
    help="One cell runs all nodes, or each node has a cell that runs it.",
)
@target_options
@json_option
@manual(
    "flowbook export report.ipynb --to jobs/",
    "flowbook export report.ipynb --to jobs/ --version 3",
    "flowbook export report.ipynb --to jobs/ --layout steps",
    "flowbook job run jobs/report.ipynb -p city=Oslo",
    "flowbook export report.ipynb --to jobs/ --target systemd --cron '30 2 * * *'",
    codes=(
        ExitCode.OK,
        ExitCode.USAGE,
        ExitCode.INFRASTRUCTURE,
    ),
)
def command(
    notebook: Path, folder: Path, with_tests: bool, as_json: bool, **asked: Any
) -> ExitCode:
    """Write the flow of NOTEBOOK as a job that papermill runs.

    The job is of the published version, whatever the notebook says by now; where nothing is
    published, of the notebook as it is. With --target, also what makes somebody else's scheduler
    run it: the files lie beside the job, and what that scheduler cannot keep of the schedule is
    told. Exporting it again changes nothing. A flow with errors is refused.
    """
    if asked["draft"] and asked["version"]:
        raise click.UsageError("--draft and --version exclude each other")
    if asked["target"] is None:
        refuse_without_target(asked)
    opened = open_notebook(notebook)
    target = folder / notebook.name
    if target.resolve() == opened.path:
        raise UsageError(
            f"the job would overwrite {notebook}", hint="export into another folder: --to jobs/"
        )
    wanted = None if asked["draft"] else _wanted(opened, asked["version"])
    source = Path(os.path.relpath(opened.path, folder.resolve())).as_posix()
    terms: Any = {"source": source, "tests": with_tests, "layout": Layout(asked["layout"])}
    text, number = _job(opened, wanted, terms, draft=asked["draft"])
    changed = write_job(target, text)
    made = deployed(opened, target, asked) if asked["target"] else None
    if as_json:
        said = {"job": str(target), "flow": opened.flow.name, "version": number, "changed": changed}
        echo_json(said | ({"target": as_data(made, folder)} if made else {}))
        return ExitCode.OK
    click.echo(str(target))
    click.echo("written" if changed else "unchanged", err=True)
    if made:
        tell(made, folder)
    return ExitCode.OK


def _job(
    opened: Opened, wanted: str | None, terms: Mapping[str, Any], *, draft: bool
) -> tuple[str, int | None]:
    """The job as text, and the number of its version; None for the notebook as it is."""
    spec, registry = opened.flow.spec(), opened.project.registry
    if wanted is None:
        _warn(opened, spec, draft=draft)
        problems = opened.problems
        return export_notebook(opened.text, spec, registry, problems=problems, **terms), None
    return version_job(opened.project.history, registry, spec.id, wanted, **terms)


def _wanted(opened: Opened, version: str | None) -> str | None:
    """The version that is asked for, else the published one; None where there is none."""
    if version is not None or not has_history(opened.project.path):
        return version
    found = opened.project.published(opened.flow)
    if found is not None and not found.current:
        click.echo("note: the notebook has changes that are not published", err=True)
    return None if found is None else found.version


def _warn(opened: Opened, spec: FlowSpec, *, draft: bool) -> None:
    why = "" if draft else ": nothing is published"
    click.echo(f"warning: the job is of the notebook as it is{why}", err=True)
    for one in captured(opened.text, spec).left:
        where = f" (cell {one.cell})" if one.cell else ""
        click.echo(f"warning: {one.name}{where} is not in the job: {one.reason}", err=True)
