"""`flowbook run`: run a notebook's flow here, without a kernel."""

from __future__ import annotations

from pathlib import Path

import click

from flowbook.cli.manual import manual
from flowbook.cli.opening import open_notebook
from flowbook.cli.options import json_option, notebook_argument, params_option, timeout_option
from flowbook.cli.output import echo_json
from flowbook.cli.running import RUN_CODES, Terms, run_opened, summary, tell
from flowbook.export.exits import ExitCode


@click.command("run")
@notebook_argument
@params_option
@click.option("--key", metavar="KEY", help="Run key: one run has it, however often it is started.")
@click.option(
    "--only", multiple=True, metavar="NODE", help="Run this node and what it needs; skip all else."
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Where to write the executed notebook.  [default: .flowbook/reports/]",
)
@click.option("--no-report", is_flag=True, help="Write no executed notebook.")
@click.option(
    "--priority", type=int, metavar="N", help="Where runs or nodes wait, the larger goes first."
)
@click.option(
    "--route",
    metavar="RULE",
    help="The version that runs: published, pinned(3), canary(10), or draft.",
)
@timeout_option
@json_option
@manual(
    "flowbook run report.ipynb -p city=Oslo -p days=14",
    "flowbook run report.ipynb --only clean --timeout 5m --json",
    "flowbook run report.ipynb -p day=2026-05-01 --key '{{ day }}'",
    codes=RUN_CODES,
)
def command(  # noqa: PLR0913 - one for each option
    notebook: Path,
    params: tuple[str, ...],
    key: str | None,
    only: tuple[str, ...],
    report: Path | None,
    no_report: bool,
    priority: int | None,
    route: str | None,
    timeout: float | None,
    as_json: bool,
) -> ExitCode:
    """Run the flow of NOTEBOOK in this process.

    Progress goes to stderr; what the last nodes gave goes to stdout. The run is kept in the
    history of the notebook's project, with trigger cli.

    KEY may hold {{ expressions }} over the run's parameters. When a run has that key already, it
    is waited for and told instead of another being started. Without RULE the notebook runs as it
    is.
    """
    if report and no_report:
        raise click.UsageError("--report and --no-report exclude each other")
    opened = open_notebook(notebook)
    opened.refuse_errors()
    wanted = None if report is None else report.resolve()
    terms = Terms(only, timeout, wanted, not no_report, key, priority, route)
    finished = run_opened(opened, opened.typed(params), terms)
    if as_json:
        echo_json(summary(opened, finished, only))
    else:
        tell(opened, finished, only)
    return finished.code
