"""`flowbook store`: what lies in `.flowbook/`, and looking after it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import Duration, json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import (
    asked_of_all,
    asked_project,
    confirm,
    filter_options,
    project_option,
    with_history,
    yes_option,
)
from flowbook.export.exits import ExitCode
from flowbook.store.export import VIEWS_OUT, Format
from flowbook.store.settings import Origin

_SAID_BY = {
    Origin.DEFAULT: "nobody has set it",
    Origin.SET: "it was set",
    Origin.FLOW: "the flow's options say so",
}
_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE, ExitCode.INTERRUPTED)


@click.group("store")
@asked_of_all
@manual(
    "flowbook store status",
    "flowbook store export runs.csv --since 30d",
    "flowbook store settings retention 90d",
)
def command() -> None:
    """Look after the history: check, tidy, export, keep for how long."""


@command.command("status")
@project_option
@json_option
@click.pass_context
@manual("flowbook store status", "flowbook store status --json", codes=_CODES)
def status(ctx: click.Context, folder: Path | None, as_json: bool) -> ExitCode:
    """Say what the store holds and who is at work in it.

    Changes nothing, and works on a store that is busy, read-only or damaged.
    """
    found = asked_project(ctx, folder).store.status().to_json()
    if as_json or ctx.obj.as_json:
        echo_json(found)
    else:
        _tell_status(found)
    return ExitCode.INFRASTRUCTURE if found["problem"] else ExitCode.OK


@command.command("fold")
@project_option
@json_option
@click.pass_context
@manual("flowbook store fold", codes=_CODES)
def fold(ctx: click.Context, folder: Path | None, as_json: bool) -> ExitCode:
    """Move what is journalled into the database now.

    It happens by itself; before a backup of the folder it is of use.
    """
    opened = with_history(ctx, folder)
    facts = opened.store.fold()
    _tell(ctx, as_json, {"facts": facts}, f"{_count(facts, 'fact')} moved into the database")
    return ExitCode.OK


@command.command("verify")
@click.option("--deep", is_flag=True, help="Read every stored value and the archive too.")
@project_option
@json_option
@click.pass_context
@manual("flowbook store verify --deep", codes=(*_CODES[:2], ExitCode.FINDINGS, *_CODES[2:]))
def verify(ctx: click.Context, folder: Path | None, deep: bool, as_json: bool) -> ExitCode:
    """Check that everything in the store fits together.

    Changes nothing; each finding says what to do about it. Notes are harmless.
    """
    report = with_history(ctx, folder).store.verify(deep=deep)
    if as_json or ctx.obj.as_json:
        findings = [asdict(one) | {"harmless": one.harmless} for one in report.findings]
        echo_json({"ok": report.ok, "findings": findings, "counts": report.counts})
    else:
        for one in report.findings:
            click.echo(f"{'note' if one.harmless else 'finding'}: {one.message}")
        looked = ", ".join(f"{number:,} {name}" for name, number in report.counts.items() if number)
        click.echo(f"{'all fits' if report.ok else 'something does not fit'} ({looked or 'empty'})")
    return ExitCode.OK if report.ok else ExitCode.FINDINGS


@command.command("compact")
@project_option
@json_option
@click.pass_context
@manual("flowbook store compact", codes=_CODES)
def compact(ctx: click.Context, folder: Path | None, as_json: bool) -> ExitCode:
    """Make the database as small as its rows are.

    Writers go on meanwhile; readers wait. Needs room for a copy.
    """
    store = with_history(ctx, folder).store
    done = store.compact()
    text = f"{_size(done.before_bytes)} → {_size(done.after_bytes)} in {done.seconds:.1f} s"
    _tell(ctx, as_json, asdict(done), text)
    return ExitCode.OK


@command.command("gc")
@click.option(
    "--grace",
    type=Duration(),
    default="1h",
    show_default=True,
    help="Leave alone what is younger: 90, 30s, 5m, 2h.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@project_option
@json_option
@click.pass_context
@manual("flowbook store gc --dry-run", "flowbook store gc --grace 2h", codes=_CODES)
def gc(
    ctx: click.Context, folder: Path | None, grace: float, dry_run: bool, as_json: bool
) -> ExitCode:
    """Remove stored values that no run and no dataset needs any longer."""
    store = with_history(ctx, folder).store
    done = store.gc(grace_seconds=grace, dry_run=dry_run)
    verb = "would go" if dry_run else "removed"
    text = f"{_count(done.objects, 'value')} {verb}, {_size(done.bytes)}; {done.kept:,} stay"
    _tell(ctx, as_json, {**asdict(done), "dry_run": dry_run}, text)
    return ExitCode.OK


@command.command("export")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option(
    "--view",
    type=click.Choice(VIEWS_OUT),
    help="What to export.  [default: runs; all of them into .duckdb]",
)
@click.option("--query", metavar="SQL", help="Export the result of a SELECT instead.")
@filter_options
@click.option(
    "--format",
    type=click.Choice([one.value for one in Format]),
    help="How to write it.  [default: as the suffix says]",
)
@click.option("--overwrite", is_flag=True, help="Replace PATH if it is there.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook store export runs.csv --flow report --since 30d",
    "flowbook store export values.json --view values",
    "flowbook store export history.duckdb",
    codes=_CODES,
)
def export(
    ctx: click.Context, /, path: Path, folder: Path | None, as_json: bool, **wanted: Any
) -> ExitCode:
    """Write the history to PATH: .csv, .json, .jsonl, .parquet or .duckdb.

    The filters narrow every view to what belongs to such runs. The file appears whole or not at
    all. An export leaves an entry in the audit.
    """
    done = with_history(ctx, folder).history.export(path, **wanted)
    text = f"{_count(done.rows, 'row')}, {_size(done.bytes)}: {path}"
    _tell(ctx, as_json, done.to_json(), text)
    return ExitCode.OK


@command.command("rebuild")
@click.option(
    "--partial", is_flag=True, help="Also when the archive does not reach back to the start."
)
@yes_option
@project_option
@json_option
@click.pass_context
@manual("flowbook store rebuild --yes", codes=_CODES)
def rebuild(
    ctx: click.Context, folder: Path | None, partial: bool, yes: bool, as_json: bool
) -> ExitCode:
    """Make the database anew from the archive and the journal.

    The old one is kept beside it. Complete only if the setting archive was on from the start.
    """
    opened = with_history(ctx, folder)
    confirm(f"Make the database of {opened.path} anew?", yes)
    done = opened.store.rebuild(partial=partial)
    text = (
        f"{_count(done.facts, 'fact')} from {_count(done.segments, 'journal file')} "
        f"in {done.seconds:.1f} s"
    )
    _tell(ctx, as_json, asdict(done), text)
    return ExitCode.OK


@command.command("sizes")
@project_option
@json_option
@click.pass_context
@manual("flowbook store sizes", codes=_CODES)
def sizes(ctx: click.Context, folder: Path | None, as_json: bool) -> ExitCode:
    """Say how much room each flow takes up, the largest first."""
    found = [asdict(one) for one in with_history(ctx, folder).store.sizes()]
    if as_json or ctx.obj.as_json:
        echo_json({"flows": found})
        return ExitCode.OK
    rows = [
        [one["flow"] or "(of no run)", one["runs"], one["events"], _size(one["event_bytes"]),
         one["objects"], _size(one["object_bytes"])]
        for one in found
    ]  # fmt: skip
    echo_table(("flow", "runs", "events", "size", "values", "size of values"), rows)
    return ExitCode.OK


@command.command("settings")
@click.argument("name", metavar="[NAME", required=False)
@click.argument("value", metavar="[VALUE]]", required=False)
@click.option("--flow", metavar="NAME", help="What holds for this flow only.")
@click.option("--unset", is_flag=True, help="Take back what was set for NAME.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook store settings",
    "flowbook store settings retention 90d",
    "flowbook store settings retention last:50 --flow report",
    codes=_CODES,
)
def settings(ctx: click.Context, /, folder: Path | None, as_json: bool, **asked: Any) -> ExitCode:
    """List the settings of the project, or read or set one.

    retention and audit_retention say for how long runs and audit entries are kept (30d, 90d, 365d,
    any number of days, forever; runs also last:50), archive whether the journal is kept.
    """
    name, value, flow, unset = (asked[one] for one in ("name", "value", "flow", "unset"))
    if unset and (name is None or value is not None):
        raise click.UsageError("--unset takes back one setting: give its NAME and no VALUE")
    known = with_history(ctx, folder).store.settings
    if name is None:
        _tell_settings(ctx, as_json, [row for row in known.all() if flow in (None, row.flow)])
        return ExitCode.OK
    changes = unset or value is not None
    held = known.set(name, value, flow) if changes else known.get(name, flow)
    text = f"{name} is {_word(held)}{f' for {flow}' if flow else ''}"
    _tell(ctx, as_json, {"name": name, "flow": flow, "value": held}, text)
    return ExitCode.OK


@command.command("retention")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@yes_option
@project_option
@json_option
@click.pass_context
@manual("flowbook store retention --dry-run", "flowbook store retention --yes", codes=_CODES)
def retention(
    ctx: click.Context, folder: Path | None, dry_run: bool, yes: bool, as_json: bool
) -> ExitCode:
    """Delete now what has outlived the settings retention and audit_retention.

    It happens by itself once a day while something runs. Pinned runs stay.
    """
    opened = with_history(ctx, folder)
    store = opened.store
    due = store.retention.preview()
    told = {
        "dry_run": dry_run,
        "due": due,
        "audit_retention": store.settings.get("audit_retention"),
    }
    if dry_run:
        _tell(ctx, as_json, told, _due(due))
        return ExitCode.OK
    confirm(f"Delete {_due(due)} in {opened.path}?", yes)
    deleted, entries = store.retention.apply(), store.audit.prune()
    told |= {"runs": deleted.count, "audit_entries": entries}
    gone = f"{_count(deleted.count, 'run')} and {_count(entries, 'audit entry')} deleted"
    _tell(ctx, as_json, told, gone)
    return ExitCode.OK


# ---------------------------------------------------------------- for people


def _tell(ctx: click.Context, as_json: bool, data: Any, text: str) -> None:
    """`data` for programs, `text` for people."""
    if as_json or ctx.obj.as_json:
        echo_json(data)
    else:
        click.echo(text)


def _tell_status(found: dict[str, Any]) -> None:
    backlog = found["backlog_seconds"]
    waiting = f"; {found['tail_facts'] or 0:,} facts not folded yet" if found["tail_facts"] else ""
    lines = {
        "store": f"{found['root']} (format {found['format'] or 'none: nothing has run'})",
        "versions": f"flowbook {found['flowbook_version']}, DuckDB {found['duckdb_version']}",
        "runs": _known(found["runs"]),
        "events": _known(found["events"]),
        "database": f"{_size(found['database_bytes'])}, log {_size(found['wal_bytes'])}",
        "journal": f"{_count(found['journal_segments'], 'file')}, {_size(found['journal_bytes'])}"
        f"{waiting}" + (f", the oldest {backlog:.0f} s old" if backlog and waiting else ""),
        "values": f"{found['objects_count']:,}, {_size(found['objects_bytes'])}",
        "archive": f"{_count(found['archive_segments'], 'file')}, {_size(found['archive_bytes'])}",
    }
    for name, text in lines.items():
        click.echo(f"{name:<10} {text}")
    for writer in found["writers"]:
        state = "lives" if writer["alive"] else "is gone, its journal is not folded yet"
        click.echo(f"{'writer':<10} process {writer['pid'] or '?'} {state}")
    for holder in found["holders"]:
        click.echo(f"{'lock':<10} process {holder['pid']} may {holder['mode']} {holder['path']}")
    _tell_next(found)


def _tell_next(found: dict[str, Any]) -> None:
    """On stderr: what is wrong, and what to do."""
    if found["problem"]:
        click.echo(f"error: {found['problem']}", err=True)
    for path in found["quarantined"]:
        click.echo(f"warning: damaged journal lines are kept in {path}", err=True)
        click.echo("hint: flowbook store verify says what is lost", err=True)
    if (found["backlog_seconds"] or 0) > 60 and not found["problem"]:
        click.echo("hint: flowbook store fold moves the journal into the database", err=True)


def _tell_settings(ctx: click.Context, as_json: bool, rows: list[Any]) -> None:
    if as_json or ctx.obj.as_json:
        told = [asdict(row) | {"is_default": row.is_default} for row in rows]
        echo_json({"settings": told})
        return
    columns = ("name", "value", "holds for", "because")
    rows_of = [(row.name, _word(row.value), row.flow or "the project", _SAID_BY[row.origin])
               for row in rows]  # fmt: skip
    echo_table(columns, rows_of)


def _due(due: dict[str, int]) -> str:
    """How many runs of which flows."""
    if not due:
        return "no run"
    of = ", ".join(f"{count:,} of {flow}" for flow, count in due.items())
    return f"{_count(sum(due.values()), 'run')} ({of})"


def _word(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _known(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _count(number: int, what: str) -> str:
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"


def _size(number: int) -> str:
    """Bytes in the unit that suits them."""
    size = float(number)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
