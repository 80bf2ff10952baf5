"""`flowbook history stats` and `flowbook history trace`: where the time of runs goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import asked_project, project_option, time_options, with_history
from flowbook.export.exits import ExitCode
from flowbook.run.trace import Trace, trace
from flowbook.run.trace_formats import to_chrome, to_otlp
from flowbook.session.notebooks import replace_text
from flowbook.store.display import took

_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)
_FORMATS = {"json": Trace.to_json, "otlp": to_otlp, "chrome": to_chrome}


@click.command("stats")
@click.argument("flow", metavar="FLOW")
@time_options
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history stats report",
    "flowbook history stats report --since 7d --json",
    codes=_CODES,
)
def stats(ctx: click.Context, /, flow: str, **asked: Any) -> ExitCode:
    """Sum up the runs of a flow: percentiles and failures by node, its critical path, its days."""
    opened = with_history(ctx, asked["folder"])
    found = opened.history.stats(flow, since=asked["since"], until=asked["until"])
    if asked["as_json"] or ctx.obj.as_json:
        echo_json(found.to_json())
        return ExitCode.OK
    if not found.overview.runs:
        click.echo(f"no such runs of {flow!r} in {opened.path}", err=True)
        return ExitCode.OK
    click.echo(found)
    click.echo()
    days = [
        (one.day, one.runs, one.failed or None, took(one.p50_ms), took(one.p95_ms))
        for one in found.days
    ]
    echo_table(("day (UTC)", "runs", "failed", "p50", "p95"), days)
    return ExitCode.OK


@click.command("trace")
@click.argument("run_id", metavar="RUN_ID")
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(_FORMATS)),
    help="Spans as JSON, as OpenTelemetry's OTLP/JSON, or for Chrome's tracing and Perfetto.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there, in place of what is there.",
)
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history trace 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
    "flowbook history trace 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --format chrome --output run.json",
    codes=_CODES,
)
def traced(ctx: click.Context, /, run_id: str, **asked: Any) -> ExitCode:
    """Show who ran when, where and inside of what; what is on the critical path has a star."""
    opened, output = asked_project(ctx, asked["folder"]), asked["output"]
    found = trace(opened.history.events(run_id))
    as_json = asked["as_json"] or ctx.obj.as_json or output is not None
    form = asked["form"] or ("json" if as_json else None)
    if form is None:
        _tell(found)
        return ExitCode.OK
    plain = _FORMATS[form](found)
    if output is None:
        echo_json(plain)
    else:
        replace_text(output, json.dumps(plain))
        click.echo(f"saved {output}", err=True)
    return ExitCode.OK


def _tell(found: Trace) -> None:
    base = found.spans[0].started_at
    rows = []
    for number, span in enumerate(found.spans):
        ended = found.ended_at if span.ended_at is None else span.ended_at
        name = f"{span.scope}.{span.name}" if span.scope and span.kind == "node" else span.name
        waited = None if span.queued_at is None else (span.started_at - span.queued_at) * 1e3
        rows.append(
            (
                f"{name}{' *' if number in found.critical else ''}",
                span.kind,
                span.status,
                span.attempt or None,
                took((span.started_at - base) * 1e3),
                took(waited),
                took((ended - span.started_at) * 1e3),
                span.on or None,
                span.error or None,
            )
        )
    head = ("span", "kind", "status", "attempt", "began", "waited", "took", "on", "error")
    echo_table(head, rows)
