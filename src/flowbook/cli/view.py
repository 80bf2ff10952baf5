"""`flowbook view`: a flow and its last run as one file that anybody can open."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path

import click

from flowbook.cli.manual import manual
from flowbook.cli.opening import open_notebook
from flowbook.cli.options import notebook_argument
from flowbook.export.exits import ExitCode
from flowbook.ids import RunId
from flowbook.session.notebooks import replace_text
from flowbook.session.stills import FORMS, latest_run, taken_away


@click.command("view")
@notebook_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the file here: a page, or a picture when it ends in .svg.",
)
@click.option("--form", type=click.Choice(FORMS), help="A page or a picture; as FILE ends, if not.")
@click.option("--run", "run_id", metavar="RUN", help="The run to show; the last one if not given.")
@click.option("--outputs", is_flag=True, help="With what the nodes gave, as previews tell it.")
@manual(
    "flowbook view report.ipynb",
    "flowbook view report.ipynb -o report.html --outputs",
    "flowbook view report.ipynb -o report.svg",
    codes=(ExitCode.OK, ExitCode.USAGE),
)
def command(
    notebook: Path, output: Path | None, form: str | None, run_id: str | None, outputs: bool
) -> ExitCode:
    """Show the flow of NOTEBOOK and a run of it as a canvas that nobody can change.

    Without FILE the page is opened in a browser. It needs no kernel, no server and no network.
    """
    opened = open_notebook(notebook)
    name = str(opened.flow.name)
    run = latest_run(opened.project, name) if run_id is None else RunId(run_id)
    kind = form or ("svg" if output is not None and output.suffix == ".svg" else "html")
    text = taken_away(opened.project, opened.flow, kind, run=run, outputs=outputs)
    place = output or Path(tempfile.mkdtemp(prefix="flowbook-")) / f"{notebook.stem}.{kind}"
    replace_text(place, text)
    click.echo(str(place))
    if output is None:
        webbrowser.open(place.as_uri())
    return ExitCode.OK
