"""`flowbook history`: the runs of a project, one of them, its events, or SQL over all of them."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from flowbook.cli.audit import audit
from flowbook.cli.compare import diff
from flowbook.cli.control import cancel, pause, resume
from flowbook.cli.keep import delete, pin, unpin
from flowbook.cli.look import echo_previews, previews
from flowbook.cli.manual import manual
from flowbook.cli.opening import has_history
from flowbook.cli.options import Command, json_option
from flowbook.cli.output import echo_json, echo_table, plain_record
from flowbook.cli.place import Asked, acting_here, asked_project, filter_options, project_option
from flowbook.cli.recovery import recover
from flowbook.cli.replay import checkpoints, replay
from flowbook.cli.streams import stream
from flowbook.cli.timing import stats, traced
from flowbook.cli.travel import failing, open_
from flowbook.cli.waiting import approve, reject, signal, waiting
from flowbook.errors import UsageError
from flowbook.events import Event
from flowbook.export.exits import ExitCode
from flowbook.run.view import turns_text
from flowbook.session.project import Project
from flowbook.store.schema import VIEWS

_NUMBER = re.compile(r"\[\d+\]")
_TAKEN = """
SELECT scope, node, round(sum(cpu_ms), 1), max(memory), bool_or(is_estimate) FROM attempts
WHERE run_id = $run AND cpu_ms IS NOT NULL AND memory IS NOT NULL GROUP BY scope, node"""
_UNDONE = "SELECT node, compensated FROM compensations WHERE run_id = $run ORDER BY position"
_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)


def _naming_views(function: Command) -> Command:
    """Append the views there are to the help of a command."""
    function.__doc__ = f"{function.__doc__}\n\n    There are {', '.join(VIEWS)}."
    return function


@click.group("history", invoke_without_command=True)
@filter_options
@click.option("--pinned/--not-pinned", default=None, help="Only runs that are pinned, or are not.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many runs a page has.",
)
@click.option("--cursor", metavar="CURSOR", help="The page after: `next` of the one before.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history --status failed --limit 5",
    "flowbook history --json",
    "flowbook history show 0197f3a2-…",
    'flowbook history sql "select flow, count(*) from runs group by all"',
    codes=_CODES,
)
def command(
    ctx: click.Context, /, folder: Path | None, limit: int, as_json: bool, **filters: Any
) -> ExitCode:
    """List the project's runs, the latest first."""
    ctx.obj = Asked(folder, as_json)
    acting_here(ctx)
    if ctx.invoked_subcommand is not None:
        return ExitCode.OK
    opened = asked_project(ctx, None)
    if not has_history(opened.path):
        page: dict[str, Any] = {"runs": [], "next": None}
    else:
        page = opened.history.runs(limit=limit, **filters).to_json()
    if as_json:
        echo_json(page)
    else:
        _tell_page(opened, page)
    return ExitCode.OK


@command.command("show")
@click.argument("run_id", metavar="RUN_ID")
@click.option("--node", metavar="NODE", help="What this node of it gave, in short.")
@click.option("--scope", metavar="TURN", help="Only what is in this turn of a container: each[3].")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history show 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --json",
    "flowbook history show 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --node clean",
    "flowbook history show 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --scope 'each[3]'",
    codes=_CODES,
)
def show(ctx: click.Context, /, run_id: str, **asked: Any) -> ExitCode:
    """Show one run, what became of its nodes and the runs they started, or what one node gave.

    What is inside of containers is summed up; --scope lists the nodes of one of their turns.
    """
    as_json = asked["as_json"] or ctx.obj.as_json
    opened, node, scope = asked_project(ctx, asked["folder"]), asked["node"], asked["scope"]
    if node is not None:
        name = f"{scope}.{node}" if scope else node
        return _show_node(opened, run_id, name, as_json=as_json)
    run = opened.history.run(run_id).to_json()
    nodes = [one.to_json() for one in opened.history.node_runs(run_id, scope=scope)]
    if scope and not nodes:
        raise UsageError(
            f"nothing ran in a turn {scope!r} of run {run_id}",
            hint="its turns are in the view `turns` of `flowbook history sql`",
        )
    children = [child.to_json() for child in opened.history.children(run_id)]
    if as_json:
        echo_json({"run": run, "nodes": nodes, "children": children})
        return ExitCode.OK
    for name, value in {**run, **_undone(opened, run_id)}.items():
        if value not in (None, {}):
            click.echo(f"{name:<12} {value}")
    click.echo()
    measured = _measured(opened, run_id)
    nodes = [{**one, **measured.get((one.get("scope", ""), one["node"]), {})} for one in nodes]
    _tell_nodes([one for one in nodes if (scope or "") == one.get("scope", "")])
    if scope is None:
        _tell_inside([one for one in nodes if one.get("scope")])
    _tell_children(children)
    return ExitCode.OK


def _undone(opened: Project, run_id: str) -> dict[str, str]:
    """Which nodes of a run were undone, in that order, and which should have been; if any."""
    _, rows = opened.history.table(_UNDONE, {"run": run_id})
    told = {"undone": True, "not undone": False}
    nodes = {word: [node for node, done in rows if done is was] for word, was in told.items()}
    return {word: ", ".join(found) for word, found in nodes.items() if found}


def _tell_children(children: Sequence[dict[str, Any]]) -> None:
    """The runs that nodes of a run started."""
    if children:
        click.echo()
        below = ("calling_node", "id", "flow", "status", "duration_ms", "error")
        echo_table(below, [[_brief(name, child.get(name)) for name in below] for child in children])


def _tell_nodes(nodes: Sequence[dict[str, Any]]) -> None:
    columns = ["node", "status", "attempts", "duration_ms", "reason", "cause", "error"]
    if any(one.get("turns_done") is not None for one in nodes):
        columns.insert(2, "turns")
    if any(one.get("cpu_ms") is not None for one in nodes):
        columns[columns.index("reason") : columns.index("reason")] = ["cpu_ms", "memory"]
    told = [{**one, "turns": _turns(one)} for one in nodes]
    echo_table(columns, [[one.get(name) for name in columns] for one in told])


def _measured(opened: Project, run_id: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What the attempts of each node took together, and the memory of the one that had most."""
    _, rows = opened.history.table(_TAKEN, {"run": run_id})
    return {
        (scope, node): {
            "cpu_ms": cpu,
            "memory": f"{'about ' if estimate else ''}{round(memory / 1e6):,} MB",
        }
        for scope, node, cpu, memory, estimate in rows
    }


def _turns(node: Mapping[str, Any]) -> str | None:
    done = node.get("turns_done")
    return None if done is None else turns_text(done, node["turns_total"], node["turns_failed"])


def _tell_inside(nodes: Sequence[dict[str, Any]]) -> None:
    """The nodes inside of containers, a line for all turns of each."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one in nodes:
        scope = _NUMBER.sub("[…]", one["scope"])
        counts.setdefault((scope, one["node"]), Counter())[one["status"]] += 1
    if counts:
        told = [
            (*key, ", ".join(f"{number} {word}" for word, number in some.most_common()))
            for key, some in counts.items()
        ]
        click.echo()
        echo_table(("inside", "node", "turns"), told)


def _show_node(opened: Project, run_id: str, node: str, *, as_json: bool) -> ExitCode:
    found, error = previews(opened, run_id, node), opened.state(run_id)[node].error
    if as_json:
        told = {"run": run_id, "node": node, "outputs": found}
        echo_json(told if error is None else {**told, "error": error})
        return ExitCode.OK
    echo_previews(node, found)
    if error is not None:
        click.echo(f"{error.name}: {error.message}")
        for name, value in error.inputs.items():
            click.echo(f"given: {name} = {value}")
    return ExitCode.OK


@command.command("sql")
@click.argument("query", metavar="QUERY")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@project_option
@json_option
@click.pass_context
@manual(
    'flowbook history sql "select flow, status, count(*) as n from runs group by all"',
    "flowbook history sql \"from node_runs where status = 'failed'\" --csv > failed.csv",
    codes=_CODES,
)
@_naming_views
def sql(
    ctx: click.Context, query: str, as_csv: bool, folder: Path | None, as_json: bool
) -> ExitCode:
    """Answer one SELECT over the views of the history."""
    as_json = as_json or ctx.obj.as_json
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    columns, rows = asked_project(ctx, folder).history.table(query)
    if as_json:
        records = [plain_record(columns, row) for row in rows]
        echo_json({"columns": list(columns), "rows": records})
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        echo_table(columns, rows)
    return ExitCode.OK


@command.command("events")
@click.argument("run_id", metavar="RUN_ID")
@click.option("--after", type=int, default=-1, metavar="N", help="Only those behind number N.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="How many to list.",
)
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook history events 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --after 99",
    codes=_CODES,
)
def events(ctx: click.Context, /, run_id: str, **asked: Any) -> ExitCode:
    """List what happened in a run, in order."""
    history, limit = asked_project(ctx, asked["folder"]).history, asked["limit"]
    found = history.events(run_id, after=asked["after"], limit=limit)
    following = found[-1].seq if len(found) == limit else None
    if asked["as_json"] or ctx.obj.as_json:
        echo_json({"events": found, "next": following})
        return ExitCode.OK
    rows = [
        (event.seq, datetime.fromtimestamp(event.at, UTC), event.__struct_config__.tag,
         _subject(event), getattr(event, "attempt", None),
         getattr(event, "ms", None), getattr(getattr(event, "error", None), "message", None))
        for event in found
    ]  # fmt: skip
    echo_table(("seq", "at (UTC)", "kind", "node", "attempt", "ms", "error"), rows)
    if following is not None:
        click.echo(f"more: flowbook history events {run_id} --after {following}", err=True)
    return ExitCode.OK


_OTHERS = (cancel, pause, resume, waiting, signal, approve, reject, delete, pin, unpin, audit)
_LATER = (diff, open_, failing, stats, traced)
for _other in (*_OTHERS, recover, checkpoints, replay, stream, *_LATER):
    command.add_command(_other)


def _tell_page(opened: Project, page: dict[str, Any]) -> None:
    if not page["runs"]:
        which = "such runs" if has_history(opened.path) else "runs yet"
        click.echo(f"no {which} in {opened.path}", err=True)
        click.echo("hint: another project is asked with --project FOLDER", err=True)
        return
    columns = ("id", "flow", "status", "trigger", "started_at", "duration_ms", "error")
    echo_table(columns, [[_brief(name, run.get(name)) for name in columns] for run in page["runs"]])
    if page["next"]:
        click.echo(f"more: flowbook history --cursor {page['next']}", err=True)


def _subject(event: Event) -> str | None:
    """The node an event is about, inside of what it is."""
    node, scope = getattr(event, "node", None), getattr(event, "scope", "")
    return f"{scope}.{node}" if scope else node


def _brief(name: str, value: Any) -> Any:
    if name == "started_at" and isinstance(value, str):
        return value[:19].replace("T", " ")
    return round(value) if name == "duration_ms" and value is not None else value
