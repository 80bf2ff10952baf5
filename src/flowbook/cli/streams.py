"""`flowbook history stream`: what the nodes of a run streamed, and their artefacts as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json, echo_table, plain_record
from flowbook.cli.place import asked_project, project_option
from flowbook.errors import UsageError, ValueUnavailable
from flowbook.export.exits import ExitCode
from flowbook.session.project import Project
from flowbook.session.recorded import RecordedRun

_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)
_ASKED = """
SELECT concat(nullif(scope, '') || '.', node) AS node, attempt, channel, chunk_index, chunks, name,
       media_type, bytes, text, reason
FROM streams WHERE run_id = $run ORDER BY node, attempt, channel, chunk_index"""
_SHOWN = ("node", "attempt", "channel", "chunk_index", "chunks", "what", "bytes")
_MOST_TEXT = 60


@click.command("stream")
@click.argument("run_id", metavar="RUN_ID")
@click.option("--node", metavar="NODE", help="Only this node, with its whole text: each[3].ask.")
@click.option(
    "--save",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write the artefacts into this folder, those of each node into one of its own.",
)
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history stream 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
    "flowbook history stream 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --node ask",
    "flowbook history stream 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --save artefacts",
    codes=_CODES,
)
def stream(ctx: click.Context, /, run_id: str, **asked: Any) -> ExitCode:
    """List what the nodes of a run streamed: text, data, artefacts, how far they were."""
    opened, node = asked_project(ctx, asked["folder"]), asked["node"]
    opened.history.run(run_id)  # or that there is none
    columns, rows = opened.history.table(_ASKED, {"run": run_id})
    found = [plain_record(columns, row) for row in rows]
    found = [one for one in found if node in (None, one["node"])]
    saved = [] if asked["save"] is None else _saved(opened, run_id, found, asked["save"])
    if asked["as_json"] or ctx.obj.as_json:
        echo_json({"run": run_id, "streams": found, "saved": [str(path) for path in saved]})
        return ExitCode.OK
    if not found:
        click.echo(f"nothing was streamed in run {run_id}", err=True)
        return ExitCode.OK
    echo_table(_SHOWN, [[_cell(one, name) for name in _SHOWN] for one in found])
    if node is not None:
        _tell_text(opened, run_id, node)
    for path in saved:
        click.echo(f"saved {path}", err=True)
    return ExitCode.OK


def _cell(one: dict[str, Any], name: str) -> Any:
    if name != "what":
        return one[name]
    told = one["name"] or one["text"] or one["reason"] or ""
    told = " ".join(str(told).split())
    return told if len(told) <= _MOST_TEXT else f"{told[:_MOST_TEXT]}…"


def _tell_text(opened: Project, run_id: str, node: str) -> None:
    try:
        text = RecordedRun(opened, opened.history.run(run_id).id)[node].stream.text
    except ValueUnavailable as gone:
        text = f"({gone.message})"
    if text:
        click.echo()
        click.echo(text)


def _saved(
    opened: Project, run_id: str, found: Sequence[dict[str, Any]], folder: Path
) -> list[Path]:
    """Write the artefacts of the last attempts; where they are."""
    run = RecordedRun(opened, opened.history.run(run_id).id)
    nodes = dict.fromkeys(one["node"] for one in found if one["channel"] == "artefact")
    paths = []
    for node in nodes:
        for artefact in run[node].stream.artefacts.values():
            path = (folder / node / artefact.name).resolve()
            if not path.is_relative_to(folder.resolve()):
                raise UsageError(f"artefact {artefact.name!r} does not belong into {folder}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(artefact.content)
            paths.append(path)
    return paths
