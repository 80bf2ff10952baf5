"""`flowbook export`: a notebook's flow as a papermill job, and where that runs by itself."""

from __future__ import annotations

import os
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
from flowbook.cli.opening import json_option, notebook_argument, open_notebook
from flowbook.cli.output import echo_json
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode
from flowbook.export.notebook import captured, export_notebook
from flowbook.session.jobs import write_job


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
@target_options
@json_option
@manual(
    "flowbook export report.ipynb --to jobs/",
    "flowbook job run jobs/report.ipynb -p city=Oslo",
    "flowbook export report.ipynb --to jobs/ --target systemd --cron '30 2 * * *'",
    codes=(
        ExitCode.OK,
        ExitCode.USAGE,
    ),
)
def command(
    notebook: Path, folder: Path, with_tests: bool, as_json: bool, **asked: Any
) -> ExitCode:
    """Write the flow of NOTEBOOK as a job that papermill runs.

    With --target, also what makes somebody else's scheduler run it: the files lie beside the job,
    and what that scheduler cannot keep of the schedule is told. Exporting an unchanged flow again
    changes nothing. A flow with errors is refused.
    """
    if asked["target"] is None:
        refuse_without_target(asked)
    opened = open_notebook(notebook)
    target = folder / notebook.name
    if target.resolve() == opened.path:
        raise UsageError(
            f"the job would overwrite {notebook}", hint="export into another folder: --to jobs/"
        )
    source = Path(os.path.relpath(opened.path, folder.resolve())).as_posix()
    spec, registry = opened.flow.spec(), opened.project.registry
    text = export_notebook(
        opened.text, spec, registry, source=source, problems=opened.problems, tests=with_tests
    )
    for one in captured(opened.text, spec).left:
        where = f" (cell {one.cell})" if one.cell else ""
        click.echo(f"warning: {one.name}{where} is not in the job: {one.reason}", err=True)
    changed = write_job(target, text)
    made = deployed(opened, target, asked) if asked["target"] else None
    if as_json:
        said = {"job": str(target), "flow": spec.id, "changed": changed}
        echo_json(said | ({"target": as_data(made, folder)} if made else {}))
        return ExitCode.OK
    click.echo(str(target))
    click.echo("written" if changed else "unchanged", err=True)
    if made:
        tell(made, folder)
    return ExitCode.OK
