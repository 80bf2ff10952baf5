"""`flowbook cache`: what nodes need not compute again, why they do, and taking it out of use."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from flowbook.cli.manual import manual
from flowbook.cli.opening import open_notebook, stand_in
from flowbook.cli.options import json_option, notebook_argument
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import (
    asked_of_all,
    confirm,
    project_option,
    with_history,
    yes_option,
)
from flowbook.errors import UsageError
from flowbook.events import TriggerKind
from flowbook.export.exits import ExitCode
from flowbook.run.recall import roughly

if TYPE_CHECKING:
    from flowbook.store.cache import CacheEntry

_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)


@click.group("cache")
@asked_of_all
@manual(
    "flowbook cache list --flow report",
    "flowbook cache clear --tag prices --dry-run",
    "flowbook cache warm report.ipynb --params cities.jsonl",
)
def command() -> None:
    """Look after the results that nodes with the option cache take from earlier runs."""


@command.command("list")
@click.option("--flow", metavar="NAME", help="Only results of this flow.")
@click.option("--node", metavar="NAME", help="Only results of nodes of this name.")
@project_option
@json_option
@click.pass_context
@manual("flowbook cache list", "flowbook cache list --flow report --json", codes=_CODES)
def entries(
    ctx: click.Context, flow: str | None, node: str | None, folder: Path | None, as_json: bool
) -> ExitCode:
    """List the results that can be taken, the newest first."""
    found = with_history(ctx, folder).cache.entries(flow, node)
    if as_json or ctx.obj.as_json:
        echo_json({"entries": [one.to_json() for one in found]})
    else:
        _tell(found)
    return ExitCode.OK


@command.command("why")
@click.argument("run_id", metavar="RUN_ID")
@click.argument("node", metavar="NODE")
@project_option
@json_option
@click.pass_context
@manual("flowbook cache why 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 clean", codes=_CODES)
def why(ctx: click.Context, run_id: str, node: str, folder: Path | None, as_json: bool) -> ExitCode:
    """Say whether NODE was taken from the cache in a run; if not, why."""
    found = with_history(ctx, folder).cache.why(run_id, node)
    if as_json or ctx.obj.as_json:
        told = {"hit": found.hit, "source": found.source, "why": found.why, "key": found.key}
        echo_json({"run": run_id, "node": node, **told})
    else:
        source = f", from run {found.source}" if found.source else ""
        click.echo(f"hit{source}" if found.hit else f"miss: {found.why}{source}")
    return ExitCode.OK


@command.command("clear")
@click.option("--flow", metavar="NAME", help="Only what this flow computed.")
@click.option("--node", metavar="NAME", help="Only what nodes of this name computed.")
@click.option("--tag", metavar="TAG", help="Only what nodes with this tag computed.")
@click.option("--dry-run", is_flag=True, help="Only say what would be cleared.")
@yes_option
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook cache clear --flow report --node clean",
    "flowbook cache clear --tag prices --dry-run",
    "flowbook cache clear --yes",
    codes=_CODES,
)
def clear(ctx: click.Context, /, folder: Path | None, as_json: bool, **asked: Any) -> ExitCode:
    """Let nothing be taken any more that was computed before.

    Without --flow, --node or --tag that is everything, and it asks first. Runs and values stay.
    """
    which = {name: asked[name] for name in ("flow", "node", "tag")}
    cache = with_history(ctx, folder).cache
    if not any(which.values()) and not asked["dry_run"]:
        confirm("Clear the whole cache of this project?", asked["yes"])
    cleared = cache.clear(**which, dry_run=asked["dry_run"])
    if as_json or ctx.obj.as_json:
        found = [one.to_json() for one in cleared.entries]
        echo_json({"count": cleared.count, "dry_run": cleared.dry_run, "entries": found})
        return ExitCode.OK
    if cleared.dry_run:
        _tell(cleared.entries)
    many = f"{cleared.count:,} result{'' if cleared.count == 1 else 's'}"
    click.echo(f"would clear {many}" if cleared.dry_run else f"cleared {many}")
    return ExitCode.OK


@command.command("warm")
@notebook_argument
@click.option(
    "--params",
    "sets",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A JSON object of parameters on each line.",
)
@click.option("--node", "nodes", multiple=True, metavar="NODE", help="Only this cached node.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Runs at once."
)
@json_option
@click.pass_context
@manual(
    "flowbook cache warm report.ipynb --params cities.jsonl --jobs 4",
    codes=(*_CODES, ExitCode.FAILED, ExitCode.INTERRUPTED),
)
def warm(
    ctx: click.Context, notebook: Path, sets: Path, nodes: tuple[str, ...], jobs: int, as_json: bool
) -> ExitCode:
    """Run the cached nodes of NOTEBOOK, and what they need, for many sets of parameters.

    What is in the cache already is not computed again.
    """
    opened = open_notebook(notebook)
    opened.refuse_errors()
    records = _records(sets)
    stand_in(opened.path.parent)
    cache = opened.flow.cache
    warmed = cache.warm(records, nodes or None, jobs=jobs, trigger=TriggerKind.CLI)
    if as_json or ctx.obj.as_json:
        echo_json(
            {
                "hits": warmed.hits,
                "computed": warmed.computed,
                "failed": [
                    {"params": dict(one.params), "run": one.run, "error": one.error}
                    for one in warmed.failed
                ],
                "runs": list(warmed.runs),
            }
        )
    else:
        for one in warmed.failed:
            click.echo(f"failed: {one.error} ({dict(one.params)})", err=True)
        click.echo(
            f"{warmed.hits:,} hits, {warmed.computed:,} computed, {len(warmed.failed):,} failed"
        )
    return ExitCode.FAILED if warmed.failed else ExitCode.OK


def _records(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(msgspec.json.decode(line, type=dict[str, Any]))
        except msgspec.DecodeError as error:
            raise UsageError(
                f"line {number} of {path} is no JSON object: {error}",
                hint='write one set of parameters on each line, such as {"city": "Oslo"}',
            ) from None
    return found


def _tell(found: tuple[CacheEntry, ...]) -> None:
    now = time.time()
    columns = ("flow", "node", "age", "took", "bytes", "hits", "run", "key")
    echo_table(
        columns,
        [
            (
                one.flow,
                one.node,
                roughly(max(0.0, now - one.computed_at.timestamp())),
                f"{one.ms:,.0f} ms",
                f"{one.bytes:,}",
                one.hits,
                one.run,
                one.key[:12],
            )
            for one in found
        ],
    )
