"""`flowbook sync`: a notebook and a Python module of the same flow, kept in step."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import click

from flowbook.cells.notebook import Notebook
from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode
from flowbook.ids import FlowId
from flowbook.session.kinds import installed_kinds
from flowbook.session.modules import in_step
from flowbook.session.notebooks import replace_text

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("sync")
@click.argument("notebook", metavar="NOTEBOOK", type=_FILE)
@click.option("--to", "module", required=True, type=_FILE, metavar="MODULE", help="The module.")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 and a diff if one differs.")
@click.option(
    "--prefer",
    type=click.Choice(("notebook", "module")),
    help="The side that is right where both have changed.",
)
@json_option
@manual(
    "flowbook sync report.ipynb --to report_flow.py",
    "flowbook sync report.ipynb --to report_flow.py --check",
    "flowbook sync report.ipynb --to report_flow.py --prefer notebook",
    codes=(
        ExitCode.OK,
        ExitCode.FAILED,
        ExitCode.USAGE,
    ),
)
def command(
    notebook: Path, module: Path, check: bool, prefer: str | None, as_json: bool
) -> ExitCode:
    """Write the flow of NOTEBOOK as an importable module, or what was changed there back.

    The side that is as it was takes the changes of the other, cell by cell; one that is not there
    is made. Neither is executed. Where both have changed, nothing is written.
    """
    texts = {"notebook": _text(notebook), "module": _text(module)}
    if texts["notebook"] is None and texts["module"] is None:
        raise UsageError(f"there is neither {notebook} nor {module}", hint="one of them has to be")
    read = None if texts["notebook"] is None else Notebook.parse(texts["notebook"])
    try:
        made = in_step(read, texts["module"], installed_kinds(), FlowId(notebook.stem), prefer)
    except UsageError as refused:
        refused.message = f"{notebook}, {module}: {refused.message}"
        raise
    now = {"notebook": made.notebook.text(), "module": made.module}
    paths = {"notebook": notebook, "module": module}
    changed = [side for side in paths if now[side] != texts[side]]
    if not check:
        for side in changed:
            _write(paths[side], now[side])
    if as_json:
        echo_json({"changed": changed, "written": not check})
    elif check:
        _show(paths, texts, now, changed)
    _tell(paths, changed, check=check)
    return ExitCode.FAILED if check and changed else ExitCode.OK


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as failure:
        raise UsageError(f"cannot read {path}: {failure.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"cannot read {path}: it is no text") from None


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, text)
    except OSError as failure:
        raise UsageError(f"cannot write {path}: {failure.strerror}") from None


def _show(
    paths: dict[str, Path], was: dict[str, str | None], now: dict[str, str], changed: list[str]
) -> None:
    for side in changed:
        before, after = (was[side] or "").splitlines(), now[side].splitlines()
        name = str(paths[side])
        for line in unified_diff(before, after, name, name, lineterm=""):
            click.echo(line)


def _tell(paths: dict[str, Path], changed: list[str], *, check: bool) -> None:
    word = "differs" if check else "written"
    for side in changed:
        click.echo(f"{word}: {paths[side]}", err=True)
    if not changed:
        click.echo("in step", err=True)
