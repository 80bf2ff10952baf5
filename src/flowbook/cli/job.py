"""`flowbook job run`: an exported notebook under papermill, as a scheduler calls it.

This loads no more than it takes to start the job's kernel; what reads and checks the job is loaded
while the kernel comes up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option, notebook_argument, params_option, timeout_option
from flowbook.errors import UsageError
from flowbook.export.about import (
    home_of,
    job_environment,
    job_metadata,
    mint_job_run,
    wanted_kernel,
)
from flowbook.export.exits import ExitCode
from flowbook.session.folder import root_of

if TYPE_CHECKING:
    from flowbook.export.kernel import Ahead


@click.group("job")
@manual(
    "flowbook job run jobs/report.ipynb -p city=Oslo",
)
def command() -> None:
    """Run exported notebooks."""


@command.command("run")
@notebook_argument
@params_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Where to write the executed notebook.  [default: .flowbook/reports/]",
)
@click.option(
    "--key", metavar="KEY", help="Run key: one run has it, however often the job is started."
)
@click.option("--resume", is_flag=True, help="Go on with the job's run that was killed, if any.")
@timeout_option
@json_option
@manual(
    "flowbook job run jobs/report.ipynb -p city=Oslo --timeout 1h",
    "flowbook job run jobs/report.ipynb -p day=2026-05-01 --key 2026-05-01",
    "flowbook job run jobs/report.ipynb --resume",
    codes=tuple(code for code in ExitCode if code is not ExitCode.FINDINGS),
)
def run(  # noqa: PLR0913 - one for each option
    notebook: Path,
    params: tuple[str, ...],
    output: Path | None,
    key: str | None,
    resume: bool,
    timeout: float | None,
    as_json: bool,
) -> ExitCode:
    """Run the exported NOTEBOOK under papermill.

    Parameters are checked before anything starts. The run lands in the same history as every
    other, with trigger papermill, and the executed notebook is its report.

    A run of the job that was killed is gone on with under its KEY, or with --resume: nodes that
    were done are not run again. What KEY says is done is not done again, and a run that goes on
    in another process is left to it (3). A run has the parameters it began with: other ones with
    its KEY are refused.
    """
    with _kernel_ahead(notebook, key) as ahead:
        from flowbook.cli.job_run import Asked, perform

        return perform(Asked(notebook, params, output, key, resume, timeout, as_json), ahead)


@contextmanager
def _kernel_ahead(job: Path, key: str | None) -> Iterator[Ahead | None]:
    """A kernel for a new run of the job; None where who reads the job will say what is wrong."""
    try:
        about = job_metadata(job)
        name = wanted_kernel(job)
        from flowbook.export import kernel
    except (UsageError, ModuleNotFoundError):
        yield None
        return
    root, run_id = root_of(home_of(job, str(about.get("source", "")))), mint_job_run()
    env = job_environment(job, root, run_id, key=key, resumes=False)
    with kernel.started(kernel.kernel_named(name), env, root) as begun:
        yield kernel.Ahead(run_id, begun)
